"""Over HTTP: who signs what, until when, and what happens when that is over."""

import time
from pathlib import Path

import pytest

from tests.maker.conftest import Makers
from tests.maker.desk import Desk, until
from tests.maker.maker import Maker
from tests.server import running_server
from xyk.cli.keys import kept_wallet
from xyk.maker.market_maker import PERISH_S

FLAGS = ("--size", "0.5", "--levels", "1", "--timeout", "5")


def signers(maker: Maker) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in maker.actions():
        if one.signer:
            found.setdefault(one.kind, set()).add(one.signer)
    return found


def test_the_wallet_signs_once_and_its_agent_all_the_rest(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market())
    for _ in range(2):
        maker.start(*FLAGS)
        maker.until_quoting(1, 1)
        assert maker.stop() == 0
    found = signers(maker)
    assert found.pop("ApproveAgent") == {maker.owner}
    assert {"PlaceOrder", "CancelAllOrders", "CancelAllAfter"} <= set(found)
    assert all(who == {maker.agent} for who in found.values())
    assert sum(one.kind == "ApproveAgent" for one in maker.actions()) == 1
    assert maker.key_file.with_name("maker.key.agent").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_an_agents_key_alone_is_enough_until_it_ends(
    desk: Desk, makers: Makers, tmp_path: Path
) -> None:
    """Before its approval ends it takes its orders back, while it still may."""
    maker = makers(desk.market())
    agent = kept_wallet(tmp_path, "only.agent")
    until_s = int(time.time()) + PERISH_S + 20
    desk.act(maker.wallet, lambda client: client.approve_agent(agent.address, until_s))
    flags = (*FLAGS, "--owner", maker.owner)
    maker.start(*flags, key_file=tmp_path / "only.agent")
    maker.until_quoting(1, 1)
    assert maker.wait() == 1
    assert maker.open == []
    assert "xyk: the agent's approval ends now, so all orders are cancelled" in maker.shown
    assert signers(maker)["PlaceOrder"] == {agent.address}

    assert maker.start(*flags, key_file=tmp_path / "only.agent").wait() == 1
    assert f"{agent.address} may not sign for {maker.owner}" in maker.shown
    assert "Traceback" not in maker.shown


@pytest.mark.slow
def test_a_revoked_agent_ends_it_and_the_switch_its_orders(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market()).start(*FLAGS)
    maker.until_quoting(1, 1)
    agent = maker.agent
    desk.act(maker.wallet, lambda client: client.revoke_agent(agent))
    assert maker.wait() == 1
    assert "was revoked" in maker.shown
    assert "cancelled by the switch within 5 s" in maker.shown
    until(lambda: not maker.open)
    assert maker.start(*FLAGS).wait() == 1
    assert f"remove {maker.key_file}.agent and a fresh key is made" in maker.shown
    maker.key_file.with_name("maker.key.agent").unlink()
    maker.start(*FLAGS)
    maker.until_quoting(1, 1)


@pytest.mark.slow
def test_on_a_private_exchange_the_wallet_signs_in(tmp_path: Path, makers: Makers) -> None:
    with running_server(tmp_path / "data", "--visibility", "private") as server:
        desk = Desk(server)
        maker = makers(desk.market(), on=desk).start(*FLAGS)
        maker.until_state("quoting", "bid 0.5 at 1998 (1) ask 0.5 at 2002 (1)")
        assert maker.stop() == 0
        assert sum(one.kind == "PlaceOrder" for one in maker.actions()) == 2
