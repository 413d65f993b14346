"""Decoy triggers against the real server and its clock: never more than 100 activations between two
commands of users, across a restart in the middle of them, and the auditor says yes.
"""

from pathlib import Path

import pytest

from tests.cli.traded import Traded
from tests.security.test_market_limits_http import clients, place
from tests.server import run_xyk, running_server
from xyk.client.client import Client
from xyk.domain.commands import CLOCK, ActivateTrigger, CancelAllOrders
from xyk.domain.units import TRIGGERS_BETWEEN_MAX

DECOYS = 350
LOT = 10**14
CENT = 10**4  # of USDC, a tick of ETH_USDC


async def trade(seller: Client, buyer: Client, ticks: int) -> None:
    """One lot at this price."""
    for client, sold, bought in (
        (seller, ("ETH", LOT), ("USDC", ticks)),
        (buyer, ("USDC", ticks), ("ETH", LOT)),
    ):
        await client.act(place(client, sold, bought))


@pytest.mark.slow
async def test_decoys_wait_their_turn_across_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data, "--no-limits") as server:
        async with clients(server) as (operator, thief):
            for symbol in ("ETH", "USDC"):
                await operator.faucet(symbol, 10**24)
            await trade(thief, operator, 200_000)
            decoys = [
                place(
                    thief,
                    ("ETH", LOT),
                    ("USDC", 150_000),
                    trigger_price=190_000 * CENT,
                    trigger_above=False,
                )
                for _ in range(DECOYS)
            ]
            for start in range(0, DECOYS, 50):
                answers = await thief.actions(decoys[start : start + 50])
                assert {answer["status"] for answer in answers} == {201}
            await trade(operator, thief, 189_000)
            await operator.act(CancelAllOrders(owner=operator.owner, market="", **operator.stamp()))
        assert server.stop() == 0
        server.start()
        async with clients(server) as (operator, _):
            for _ in range(4):
                burn = CancelAllOrders(owner=operator.owner, market="", **operator.stamp())
                await operator.act(burn)
        assert server.stop() == 0
    runs = [0]
    for entry in Traded(data, "").entries():
        if entry.kind == ActivateTrigger.__name__:
            runs[-1] += 1
        elif entry.kind not in CLOCK:
            runs.append(0)
    assert max(runs) == TRIGGERS_BETWEEN_MAX and sum(runs) == DECOYS, runs
    code, told = run_xyk("verify", "--data", str(data))
    assert code == 0, told
