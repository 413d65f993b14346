"""Permits of shares: signed for what was asked for, used as they were signed."""

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.client.chain_lies import (
    DEADLINE,
    EVERY_TOKEN,
    UINT256_MAX,
    VERBS,
    Change,
    Json,
    argument,
    lying,
)
from tests.client.chain_server import DAI, THIEF, USDC, ChainServer
from xyk.client.chain_call import Unasked
from xyk.client.chain_wallet import ChainWallet


@pytest.mark.parametrize("coin", [False, True])
async def test_shares_leave_by_a_permit(
    chain: ChainServer, wallet: ChainWallet, coin: bool
) -> None:
    chain.lacks = EVERY_TOKEN
    documents: list[Json] = []

    def note(path: str, told: Any) -> Any:
        documents.extend([told["permit"]] if "permit" in told else [])
        return told

    chain.lie = note
    await VERBS["remove coin" if coin else "remove"](wallet)
    posted = [heard for heard in chain.heard if b"/tx/remove-liquidity" in heard]
    assert len(posted) == 2 and len(chain.sent) == 1
    body = json.loads(posted[1][posted[1].index(b"{") :])
    signable = encode_typed_data(full_message=documents[0])
    signer = Account.recover_message(signable, signature=body["permit"])
    assert signer.lower() == wallet.address, "our document is the exchange's, to the bit"
    assert body["deadline"] == DEADLINE == int(documents[0]["message"]["deadline"])


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("domain", "verifyingContract", USDC),
        ("domain", "chainId", 1),
        ("domain", "chainId", "one"),
        ("message", "owner", THIEF),
        ("message", "spender", THIEF),
        ("message", "value", str(UINT256_MAX)),
        ("message", "deadline", str(DEADLINE + 1)),
        ("message", "nonce", "-1"),
        ("message", "nonce", None),
    ],
)
async def test_a_permit_for_anything_else_is_not_signed(
    chain: ChainServer, wallet: ChainWallet, part: str, name: str, value: object
) -> None:
    chain.lacks = EVERY_TOKEN
    lying(chain, "remove-liquidity", lambda told: told["permit"][part].update({name: value}))
    with pytest.raises(Unasked, match="permit"):
        await VERBS["remove"](wallet)
    assert len([heard for heard in chain.heard if b"/tx/remove-liquidity" in heard]) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (argument("approveMax", True), "approveMax"),
        (argument("r", b"\1" * 32), "has r"),
        (argument("s", b"\1" * 32), "has s"),
        (argument("v", 29), "has v"),
        (argument("deadline", DEADLINE - 1), "has deadline"),
    ],
)
async def test_a_permit_is_used_as_it_was_signed(
    chain: ChainServer, wallet: ChainWallet, change: Change, said: str
) -> None:
    chain.lacks = EVERY_TOKEN

    def lie(path: str, told: Any) -> Any:
        if told and "transactions" in told and told["transactions"]:
            change(told["transactions"][-1])
        return told

    chain.lie = lie
    with pytest.raises(Unasked, match=said):
        await VERBS["remove"](wallet)
    assert not chain.sent


async def test_a_permit_is_signed_once(chain: ChainServer, wallet: ChainWallet) -> None:
    """An exchange that only asks for permits gets one."""
    chain.lacks = EVERY_TOKEN
    wish = json.dumps(
        {
            "owner": wallet.address,
            "tokenA": DAI,
            "tokenB": USDC,
            "amountAMin": "5",
            "amountBMin": "6",
            "liquidity": str(10**12),
            "deadline": DEADLINE,
        }
    ).encode()
    chain.lie = lambda path, told: told
    asked = chain.answer("/api/v1/chain/local/tx/remove-liquidity", wish)
    chain.lie = lambda path, told: asked if path.endswith("remove-liquidity") else told
    with pytest.raises(Unasked, match="built nothing"):
        await VERBS["remove"](wallet)
