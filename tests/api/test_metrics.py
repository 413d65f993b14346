"""`/metrics`: what is there, and that it counts what happened."""

import asyncio

import httpx

from tests.api.desk import Desk, refusal
from tests.api.test_stream import PATIENCE_S, listening


async def metrics(http: httpx.AsyncClient) -> dict[str, float]:
    """By name with labels, as it is written."""
    lines = (await http.get("/metrics")).text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


async def test_what_is_there(http: httpx.AsyncClient, desk: Desk) -> None:
    await http.get("/an/unknown/path")
    text = (await http.get("/metrics")).text
    for line in (
        'xyk_requests_total{method="GET",route="unmatched",status="404"} ',
        "xyk_commit_seconds_bucket",
        "xyk_group_entries_bucket",
        "xyk_queue_depth 0.0",
        "xyk_subscriptions ",
        "xyk_sockets ",
        "xyk_projection_lag_entries ",
    ):
        assert line in text


async def test_requests_refusals_and_commits_are_counted(
    http: httpx.AsyncClient, desk: Desk
) -> None:
    before = await metrics(http)
    assert (await desk.sell(desk.body(desk.swap()))).status_code == 201
    assert refusal(await desk.sell(desk.body(desk.swap(amount_in=0))))[1] == "INVALID_QUANTITY"
    assert refusal(await desk.sell(b"{}"))[1] == "INVALID_CLIENT_REQUEST"
    batch = [{"type": "SwapExactIn", **desk.body(desk.swap())} for _ in range(3)]
    assert (await desk.post("/api/v1/actions", batch)).status_code == 200
    after = await metrics(http)

    route = 'xyk_requests_total{method="POST",route="/api/v1/sell",status="%d"}'
    for name, times in {
        route % 201: 1,
        route % 422: 1,
        route % 400: 1,
        'xyk_requests_total{method="POST",route="/api/v1/actions",status="200"}': 1,
        'xyk_refusals_total{code="INVALID_QUANTITY"}': 1,
        'xyk_refusals_total{code="INVALID_CLIENT_REQUEST"}': 1,
        "xyk_group_entries_sum": 4,
        "xyk_seq": 4,
    }.items():
        assert after[name] - before.get(name, 0) == times, name
    commits = after["xyk_commit_seconds_count"] - before["xyk_commit_seconds_count"]
    assert 2 <= commits <= 4
    assert after["xyk_group_entries_count"] - before["xyk_group_entries_count"] == commits
    assert after["xyk_journal_bytes_total"] > before["xyk_journal_bytes_total"]


async def test_nobody_is_subscribed_who_has_gone(url: str, http: httpx.AsyncClient) -> None:
    async with listening(url, "pool.ETH_USDC", "trade.ETH_USDC"):
        during = await metrics(http)
        assert during["xyk_subscriptions"] >= 2
        assert during["xyk_sockets"] >= 1
    async with asyncio.timeout(PATIENCE_S):
        while (await metrics(http))["xyk_sockets"]:
            pass
    assert (await metrics(http))["xyk_subscriptions"] == 0
