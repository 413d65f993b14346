"""A wallet on a chain, through an exchange that it does not trust: what it signs, for whom, and
what became of it."""

from typing import Any

import pytest
from eth_account import Account

from tests.client.chain_lies import (
    DEADLINE,
    E18,
    EVERY_TOKEN,
    KEY,
    VERBS,
    Json,
    lying,
)
from tests.client.chain_server import (
    CHAIN_ID,
    DAI,
    ROUTER,
    THIEF,
    USDC,
    WETH,
    ChainServer,
    arguments_of,
)
from xyk.client import chain_wallet
from xyk.client.chain_terms import ChainPin, ChainToken
from xyk.client.chain_wallet import ChainWallet, Undone
from xyk.client.connection import Connection, Refused, Unanswered
from xyk.client.signing import WrongDeployment
from xyk.wallet.signer import Wallet


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("verb", VERBS)
async def test_what_was_asked_for_is_signed_by_the_key_alone(
    chain: ChainServer, wallet: ChainWallet, verb: str, missing: bool
) -> None:
    if missing:
        chain.lacks, chain.resets, chain.permits = EVERY_TOKEN, {USDC}, False
    done = await VERBS[verb](wallet)
    assert done["status"] == "mined"
    assert chain.sent
    for raw in chain.sent:
        assert Account.recover_transaction(raw).lower() == wallet.address
    for heard in chain.heard:
        assert KEY[2:].encode() not in heard.lower()
        assert bytes.fromhex(KEY[2:]) not in heard


async def test_amounts_and_bounds_are_the_callers(chain: ChainServer, wallet: ChainWallet) -> None:
    chain.lacks = {DAI}
    seen: list[Json] = []
    chain.lie = lambda path, told: seen.append(told) or told if path.endswith("/sell") else told
    await wallet.sell("DAI", "WETH", E18, 990_000)
    [approve, swap] = seen[0]["transactions"]
    assert arguments_of(approve["data"]) == {"spender": ROUTER, "value": E18}
    assert arguments_of(swap["data"]) == {
        "amountIn": E18,
        "amountOutMin": 990_000,
        "path": (DAI, USDC, WETH),
        "to": wallet.address,
        "deadline": DEADLINE,
    }
    assert len(chain.sent) == 2


# Whom it signs for

PIN = ChainPin(CHAIN_ID, ROUTER, WETH, "ETH", {"USDC": ChainToken(USDC, "USDC", 6)})


def pinned(chain: ChainServer, pin: ChainPin) -> ChainWallet:
    return ChainWallet(Connection(chain.url, patience_s=0), "local", Wallet.from_hex(KEY), pin=pin)


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        (ChainPin(1, ROUTER, WETH, "ETH"), "chain_id 1, and says 31337 now"),
        (ChainPin(CHAIN_ID, THIEF, WETH, "ETH"), f"router {THIEF}"),
        (ChainPin(CHAIN_ID, ROUTER, THIEF, "ETH"), f"wrapped {THIEF}"),
        (ChainPin(CHAIN_ID, ROUTER, WETH, "USDC"), "coin USDC"),
        (
            ChainPin(CHAIN_ID, ROUTER, WETH, "ETH", {"USDC": ChainToken(DAI, "USDC", 6)}),
            f"USDC at {DAI}",
        ),
        (
            ChainPin(CHAIN_ID, ROUTER, WETH, "ETH", {"USDC": ChainToken(USDC, "USDC", 18)}),
            "of 18 decimals, and says 6 now",
        ),
        (ChainPin(CHAIN_ID, ROUTER, WETH, "ETH", {}, {f"{USDC} {DAI}": THIEF}), "the pair"),
    ],
)
async def test_another_deployment_than_the_pinned_one_is_not_signed_for(
    chain: ChainServer, pin: ChainPin, said: str
) -> None:
    with pytest.raises(WrongDeployment, match=said):
        await pinned(chain, pin).sell("ETH", "USDC", E18, 1)
    assert not any(b"/tx/" in heard for heard in chain.heard)


async def test_the_pinned_deployment_is_signed_for(chain: ChainServer) -> None:
    await pinned(chain, PIN).sell("ETH", "DAI", E18, 1)
    assert len(chain.sent) == 1


async def test_the_first_answer_is_believed_and_no_other(
    chain: ChainServer, wallet: ChainWallet
) -> None:
    await wallet.sell("ETH", "USDC", E18, 1)
    lying(chain, "/api/v1/chain", lambda told: told[0].update(router=THIEF))
    await wallet.sell("ETH", "USDC", E18, 1)
    with pytest.raises(WrongDeployment, match="router"):  # asked again for a token that is new
        await wallet.sell("ETH", "NEW", E18, 1)
    assert len(chain.sent) == 2


async def test_unknown_names_are_said(chain: ChainServer, wallet: ChainWallet) -> None:
    with pytest.raises(ValueError, match="No token 'DOGE' here; there are DAI, ETH, USDC, WETH"):
        await wallet.quote("DOGE", "ETH", amount_in=1)
    with pytest.raises(ValueError, match="No pair of"):
        await wallet.remove_liquidity("DAI", "ETH", 1, 1, 1)
    other = ChainWallet(Connection(chain.url, patience_s=0), "moon", Wallet.from_hex(KEY))
    with pytest.raises(ValueError, match="No deployment 'moon' there; there is local"):
        await other.wrap(1)
    lying(chain, "/api/v1/chain", lambda told: told[0].pop("router"))
    other = ChainWallet(Connection(chain.url, patience_s=0), "local", Wallet.from_hex(KEY))
    with pytest.raises(Refused, match="makes no sense"):
        await other.wrap(1)


# What became of it


async def test_what_failed_or_was_replaced_is_undone(
    chain: ChainServer, wallet: ChainWallet
) -> None:
    chain.lacks = {DAI}
    reason = {"code": "SLIPPAGE_EXCEEDED", "message": "INSUFFICIENT_OUTPUT_AMOUNT"}
    chain.outcome = {"status": "failed", "block": 8, "amounts": None, "reason": reason}
    with pytest.raises(Undone, match="is failed: SLIPPAGE_EXCEEDED: INSUFFICIENT") as undone:
        await wallet.sell("DAI", "USDC", E18, 990_000)
    assert undone.value.outcome["status"] == "failed"
    assert len(chain.sent) == 1, "the swap was not signed after its approval failed"
    chain.outcome = {"status": "replaced", "replacedBy": "0x" + "9" * 64}
    with pytest.raises(Undone, match="is replaced by 0x999"):
        await wallet.wrap(1)


async def test_what_waits_is_followed(
    chain: ChainServer, wallet: ChainWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_wallet, "PAUSE_S", 0.001)
    said = ["pending", "dropped", "unknown", "pending", "mined"]
    looks: list[str] = []

    def lie(path: str, told: Any) -> Any:
        if "/tx/0x" in path:
            looks.append(path)
            told["status"] = said[min(len(looks), len(said)) - 1]
        return told

    chain.lie = lie
    assert (await wallet.wrap(1))["status"] == "mined"
    assert len(looks) == 5
    said[:] = ["pending"]
    with pytest.raises(Unanswered, match="still pending"):
        await wallet.wait("0x" + "1" * 64, patience_s=0)


@pytest.mark.parametrize("change", [{"hash": "0x" + "0" * 64}, {"status": None}, {"status": 1}])
async def test_an_outcome_of_something_else_is_none(
    chain: ChainServer, wallet: ChainWallet, change: Json
) -> None:
    chain.lie = lambda path, told: told | change if "/tx/0x" in path else told
    with pytest.raises(Refused, match="An answer"):
        await wallet.wrap(1)


async def test_quotes_and_pairs_are_read(chain: ChainServer, wallet: ChainWallet) -> None:
    found = await wallet.quote("ETH", "USDC", amount_in=E18)
    assert found["amountOut"] == "2000000000"
    found = await wallet.quote("ETH", "USDC", amount_out=10**6, slippage_bps=1)
    assert found["amountIn"] == "500000000000000"
    assert [one["symbol"] for one in await wallet.pairs()] == ["WETH_USDC", "DAI_USDC"]


def test_the_key_shows_nowhere() -> None:
    connection = Connection("http://127.0.0.1:1")
    wallet = ChainWallet(connection, "local", Wallet.from_hex(KEY))
    shown = f"{wallet!r} {wallet.wallet!r} {vars(wallet)}"
    assert KEY[2:] not in shown
