"""Proofs of liabilities from a real server: complete, checked by nobody's code but the test's, the
same after a restart and what a replay of the public journal gives."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.api.desk import Json, refusal
from tests.api.test_journal import bearer
from tests.api.test_openapi import Forms
from tests.databases import Databases
from tests.proofs import holds
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.cli.remote import entry_of
from xyk.client.client import Client
from xyk.domain.market import OUTSIDE
from xyk.engine.replica import Replica
from xyk.engine.sum_tree import commitment
from xyk.exchange.state import State
from xyk.wallet.signer import Wallet

PATIENCE_S = 60
EVERY = 20
NOBODY = "0x" + "99" * 20


@pytest.fixture(scope="module", params=["public", "private"])
def owing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("owing") / "data"
    flags = ("--seed-demo", "--visibility", request.param, "--snapshot-every", str(EVERY))
    with databases() as url, running_server(data, *flags, database_url=url) as running:
        yield running


@pytest.fixture
async def http(owing: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=owing.url, trust_env=False, timeout=30) as client:
        yield client


async def until_published(http: httpx.AsyncClient, least: int) -> Json:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            mark = (await http.get("/api/v1/status")).json()["liabilities"]
            if mark is not None and mark["seq"] >= least:
                return dict(mark)
            await asyncio.sleep(0.05)


async def fund(owing: Server, wallet: Wallet) -> int:
    """Entries enough for a snapshot; the seq of the last one."""
    async with Client(owing.url, wallet) as client:
        for _ in range(EVERY + 1):
            receipt = await client.faucet("USDC", 10**6)
        order = await client.faucet("ETH", 10**18)
        assert order["seq"] > receipt["seq"]
        return int(order["seq"])


async def test_every_owner_is_proved_and_the_root_is_the_journals(
    owing: Server, http: httpx.AsyncClient
) -> None:
    wallet = Wallet.random()
    operator = await bearer(owing.url, read_wallet(owing.data / OPERATOR))
    least = await fund(owing, wallet) - EVERY
    mark = await until_published(http, least)
    entries = (await http.get("/api/v1/journal?limit=1000", headers=operator)).json()
    replica = Replica(State())
    for entry in entries[: mark["seq"]]:
        replica.apply(entry_of(entry))
    root = (await http.get("/api/v1/proof")).json()
    expected = commitment(replica.state, replica.head_hash)
    assert (root["seq"], root["root"]) == (mark["seq"], mark["root"])
    assert (expected.seq, expected.root, expected.hash) == (
        *(root["seq"], root["root"]),
        entries[root["seq"] - 1]["hash"],
    )
    ledger = replica.state.ledger
    accounts = {one for asset in ledger.assets() for one, _, _ in ledger.balances(asset)}
    accounts.discard(OUTSIDE)
    assert {"locked", "pool:ETH_USDC", wallet.address} < accounts
    assert root["leaves"] == len(accounts)
    for account in accounts:
        proof = (await http.get(f"/api/v1/proof/{account}", headers=operator)).json()
        assert holds(proof), account
        assert {name: proof[name] for name in root} == root
        owned = {asset: str(one + held) for asset, one, held in ledger.assets_of(account)}
        assert proof["balances"] == owned
    for asset, total in root["totals"].items():
        assert int(total) == -ledger.available(OUTSIDE, asset)


async def test_answers_fit_their_schemas(owing: Server, http: httpx.AsyncClient) -> None:
    document = (await http.get("/schema")).json()
    forms, wallet = Forms(document), Wallet.random()
    await until_published(http, await fund(owing, wallet) - EVERY)
    headers = await bearer(owing.url, wallet)
    for path in ("/api/v1/proof", "/api/v1/proof/{owner}", "/api/v1/status"):
        answer = await http.get(path.format(owner=wallet.address), headers=headers)
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        assert forms.faults(content["application/json"]["schema"], answer.json()) == [], path


async def test_it_is_there_after_a_restart(owing: Server, http: httpx.AsyncClient) -> None:
    wallet = Wallet.random()
    await until_published(http, await fund(owing, wallet) - EVERY)
    assert owing.stop() == 0
    owing.start()
    before = await until_published(http, 1)
    headers = await bearer(owing.url, wallet)
    proof = (await http.get(f"/api/v1/proof/{wallet.address}", headers=headers)).json()
    assert holds(proof)
    assert proof["seq"] >= before["seq"]


async def test_who_may_read_it(owing: Server, http: httpx.AsyncClient) -> None:
    wallet = Wallet.random()
    await until_published(http, await fund(owing, wallet) - EVERY)
    own, stranger = await bearer(owing.url, wallet), await bearer(owing.url, Wallet.random())
    path = f"/api/v1/proof/{wallet.address}"
    is_private = (await http.get(path)).status_code == 401
    assert holds((await http.get(path, headers=own)).json())
    mixed_case = await http.get("/api/v1/proof/0x" + wallet.address[2:].upper(), headers=own)
    assert mixed_case.json()["owner"] == wallet.address
    assert (await http.get("/api/v1/proof")).status_code == 200, "totals are for all"
    if is_private:
        for one in (path, f"/api/v1/proof/{NOBODY}", "/api/v1/proof/pool:ETH_USDC"):
            assert refusal(await http.get(one)) == (401, "UNAUTHORIZED")
            assert refusal(await http.get(one, headers=stranger)) == (403, "FORBIDDEN")
    operator = await bearer(owing.url, read_wallet(owing.data / OPERATOR))
    unknown = await http.get(f"/api/v1/proof/{NOBODY}", headers=operator)
    assert refusal(unknown) == (404, "RESOURCE_NOT_FOUND")
    assert "has nothing at seq" in unknown.json()["message"]
    for name in ("nobody", "0x12", "outside", OUTSIDE):
        bad = await http.get(f"/api/v1/proof/{name}", headers=operator)
        assert refusal(bad) == (400, "INVALID_CLIENT_REQUEST"), name


async def test_before_the_first_one_it_says_so(http: httpx.AsyncClient, server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as fresh:
        assert (await fresh.get("/api/v1/status")).json()["liabilities"] is None
        for path in ("/api/v1/proof", f"/api/v1/proof/{NOBODY}"):
            answer = await fresh.get(path)
            assert refusal(answer) == (404, "RESOURCE_NOT_FOUND")
            assert "first snapshot" in answer.json()["message"]
