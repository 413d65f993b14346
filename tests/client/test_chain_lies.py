"""Every lie about what a wallet is to sign: it is refused, and nothing is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.client.chain_lies import (
    DEADLINE,
    E18,
    EVERY_TOKEN,
    KEY,
    PATHS,
    UINT256_MAX,
    VERBS,
    Change,
    Json,
    argument,
    field,
    first,
    last,
    lying,
)
from tests.client.chain_server import DAI, GWEI, ROUTER, THIEF, USDC, WETH, ChainServer
from xyk.client.chain_call import Unasked
from xyk.client.chain_wallet import GAS_COST_MAX, ChainWallet
from xyk.client.connection import Connection, Refused
from xyk.wallet.signer import Wallet


async def refuses(chain: ChainServer, wallet: ChainWallet, verb: str, said: str) -> None:
    with pytest.raises(Unasked) as refused:
        await VERBS[verb](wallet)
    assert said in str(refused.value)
    assert not chain.sent


SWAPS = [verb for verb in VERBS if verb.startswith(("sell", "buy"))]
ROUTED = [verb for verb in VERBS if verb not in ("approve", "wrap", "unwrap")]

# (verb, change of the last transaction, what is said)
LIES: list[tuple[str, Change, str]] = [
    *((verb, argument("to", THIEF), f"has to {THIEF}") for verb in ROUTED),
    *((verb, argument("deadline", DEADLINE + 1), "has deadline") for verb in ROUTED),
    *((verb, field("to", THIEF), f"goes to {THIEF}, not to") for verb in VERBS),
    *((verb, field("chainId", "0x1"), "is for chain 1, not 31337") for verb in VERBS),
    *((verb, field("from", THIEF), f"from {THIEF}") for verb in VERBS),
    *((verb, field("type", "0x4"), "of type 0x4") for verb in VERBS),
    *((verb, argument("path", (DAI, THIEF)), "has path") for verb in SWAPS),
    *((verb, argument("path", (THIEF, USDC, WETH)), "has path") for verb in SWAPS),
    ("sell", argument("path", (DAI,)), "has path"),
    ("sell", argument("path", (DAI, WETH, DAI, USDC)), "none of them twice"),
    ("sell", argument("path", (DAI, THIEF, WETH, ROUTER, USDC)), "at most 3 pairs"),
    ("sell", argument("amountIn", E18 + 1), f"has amountIn {E18 + 1}"),
    ("sell", argument("amountIn", E18 - 1), f"has amountIn {E18 - 1}"),
    ("sell", argument("amountOutMin", 989_999), "has amountOutMin 989999, asked for was at least"),
    ("sell coin", argument("amountOutMin", 0), "has amountOutMin 0"),
    ("sell coin", field("value", hex(E18 + 1)), f"pays {E18 + 1} wei"),
    ("sell", field("value", "0x1"), "pays 1 wei, asked for was 0"),
    ("sell for coin", argument("amountOutMin", E18 - 1), "has amountOutMin"),
    ("buy", argument("amountOut", E18 - 1), "has amountOut"),
    ("buy", argument("amountInMax", 1_010_001), "at most 1010000"),
    ("buy", field("value", "0x1"), "pays 1 wei"),
    ("buy with coin", field("value", hex(E18 // 1_000 + 1)), "at most 1000000000000000"),
    ("buy with coin", argument("amountOut", 1), "has amountOut 1"),
    ("buy coin", argument("amountInMax", UINT256_MAX), "has amountInMax"),
    ("add", argument("tokenA", THIEF), "has tokenA"),
    ("add", argument("tokenB", THIEF), "has tokenB"),
    ("add", argument("amountADesired", E18 + 1), "has amountADesired"),
    ("add", argument("amountBDesired", 1), "has amountBDesired"),
    ("add", argument("amountAMin", E18 - 10), "has amountAMin"),
    ("add", argument("amountBMin", 0), "has amountBMin"),
    ("add coin", argument("token", THIEF), "has token"),
    ("add coin", argument("amountTokenDesired", 1), "has amountTokenDesired"),
    ("add coin", argument("amountTokenMin", 1), "has amountTokenMin"),
    ("add coin", argument("amountETHMin", E18 - 10), "has amountETHMin"),
    ("add coin", field("value", hex(2 * E18)), "pays"),
    ("remove", argument("tokenA", USDC), "has tokenA"),
    ("remove", argument("liquidity", 10**12 + 1), "has liquidity"),
    ("remove", argument("amountAMin", 4), "has amountAMin"),
    ("remove", argument("amountBMin", 5), "has amountBMin"),
    ("remove coin", argument("token", DAI), "has token"),
    ("remove coin", argument("amountTokenMin", 4), "has amountTokenMin"),
    ("remove coin", argument("amountETHMin", 5), "has amountETHMin"),
    ("approve", argument("spender", THIEF), "has spender"),
    ("approve", argument("value", UINT256_MAX), "has value"),
    ("approve", field("value", "0x1"), "pays 1 wei"),
    ("wrap", field("value", hex(2 * E18)), "pays"),
    ("wrap", field("data", "0x"), "it calls 0x, not deposit"),
    ("unwrap", argument("value", E18 + 1), "has value"),
]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_lie_is_not_signed(chain: ChainServer, wallet: ChainWallet, verb: str) -> None:
    lies = [(change, said) for lied, change, said in LIES if lied == verb]
    assert len(lies) > 4
    for change, said in lies:
        lying(chain, PATHS[verb], last(change))
        await refuses(chain, wallet, verb, said)


@pytest.mark.parametrize(
    ("verb", "change"),
    [
        ("sell", argument("amountOutMin", 990_001)),
        ("sell", argument("deadline", DEADLINE - 1)),
        ("buy", argument("amountInMax", 1_009_999)),
        ("buy with coin", field("value", "0x1")),
        ("add", argument("amountAMin", E18 - 8)),
    ],
)
async def test_better_than_asked_for_is_signed(
    chain: ChainServer, wallet: ChainWallet, verb: str, change: Change
) -> None:
    lying(chain, PATHS[verb], last(change))
    await VERBS[verb](wallet)
    assert len(chain.sent) == 1


APPROVAL_LIES: list[tuple[Change, str]] = [
    (argument("value", UINT256_MAX), f"has value {UINT256_MAX}"),
    (argument("value", E18 - 1), "has value"),
    (argument("spender", THIEF), f"has spender {THIEF}"),
    (field("to", WETH), "1 more transactions came"),
    (field("chainId", "0x1"), "is for chain 1"),
    (field("value", "0x1"), "pays 1 wei"),
    (field("nonce", "0x9"), "nonces do not follow"),
]


@pytest.mark.parametrize("verb", ["sell", "add", "remove"])
async def test_a_lie_in_the_approval_is_not_signed(
    chain: ChainServer, wallet: ChainWallet, verb: str
) -> None:
    chain.lacks, chain.permits = EVERY_TOKEN, False
    for change, said in APPROVAL_LIES:
        lying(chain, PATHS[verb], first(change))
        await refuses(chain, wallet, verb, said)


def hidden(at: int, data: str, to: str) -> Callable[[Json], None]:
    """One transaction more, at a place."""

    def change(told: Json) -> None:
        listed = told["transactions"]
        more = listed[-1] | {"to": to, "data": data, "value": "0x0"}
        listed.insert(at, more)
        for place, one in enumerate(listed):
            one["nonce"] = hex(3 + place)

    return change


TRANSFER = "0xa9059cbb" + THIEF[2:].rjust(64, "0") + f"{E18:064x}"


@pytest.mark.parametrize("verb", VERBS)
async def test_nothing_is_signed_besides(
    chain: ChainServer, wallet: ChainWallet, verb: str
) -> None:
    for to in (DAI, USDC, ROUTER, THIEF):
        for at in (0, 99):
            lying(chain, PATHS[verb], hidden(at, TRANSFER, to))
            await refuses(chain, wallet, verb, "Not signed: ")


async def test_a_second_swap_and_a_third_approval_are_not_signed(
    chain: ChainServer, wallet: ChainWallet
) -> None:
    def twice(told: Json) -> None:
        told["transactions"].append(told["transactions"][-1] | {"nonce": "0x4"})

    lying(chain, "/tx/sell", twice)
    with pytest.raises(Unasked, match="1 more transactions came"):
        await wallet.sell("DAI", "USDC", E18, 990_000)

    def thrice(told: Json) -> None:
        told["transactions"].insert(0, dict(told["transactions"][0]))
        for place, one in enumerate(told["transactions"]):
            one["nonce"] = hex(place)

    chain.lacks, chain.resets = {DAI}, {DAI}
    lying(chain, "/tx/sell", thrice)
    with pytest.raises(Unasked, match="1 more transactions came"):
        await wallet.sell("DAI", "USDC", E18, 990_000)
    assert not chain.sent


ODD: list[tuple[Change, str]] = [
    (field("gas", hex(2 * 10**6)), "may cost"),
    (field("maxFeePerGas", hex(251 * GWEI)), f"at most {GAS_COST_MAX} is allowed"),
    (field("maxPriorityFeePerGas", hex(31 * GWEI)), "tip"),
    (field("gas", "0x1"), "gas 1"),
    (field("nonce", hex(2**64)), "nonce"),
    (field("gas", "-0x1"), "no transaction"),
    (field("gas", 200_000), "no transaction"),
    (field("gas", "0x" + "1" * 65), "no transaction"),
    (field("value", "0x"), "no transaction"),
    (field("data", "0x123"), "no transaction"),
    (field("data", "0x12 34"), "no transaction"),
    (field("to", None), "no transaction"),
    (lambda one: one.pop("chainId"), "no transaction"),
    (lambda one: one.update(data=one["data"] + "00" * 32), "ABI's own form"),
    (lambda one: one.update(data=one["data"][:-64]), "ABI's own form"),
    (field("data", "0x38ed1739"), "ABI's own form"),
    (field("data", "0xdeadbeef"), "calls 0xdeadbeef"),
]


async def test_what_is_too_dear_or_no_transaction_is_not_signed(
    chain: ChainServer, wallet: ChainWallet
) -> None:
    for change, said in ODD:
        lying(chain, "/tx/sell", last(change))
        await refuses(chain, wallet, "sell", said)


@pytest.mark.parametrize("told", [None, {}, "all"])
async def test_an_answer_without_transactions_is_not_signed(
    chain: ChainServer, wallet: ChainWallet, told: Any
) -> None:
    lying(chain, "/tx/sell", lambda answer: answer.update(transactions=told))
    with pytest.raises(Unasked, match="lists no transactions"):
        await wallet.sell("DAI", "USDC", E18, 990_000)
    lying(chain, "/tx/sell", lambda answer: answer.update(transactions=[]))
    with pytest.raises(Unasked, match="built nothing"):
        await wallet.sell("DAI", "USDC", E18, 990_000)
    lying(chain, "/tx/approve", lambda answer: answer.update(transactions=[]))
    assert await wallet.approve("USDC", 77) == {}, "the router may take that already"


SPOOFS: list[tuple[str, Any]] = [
    ("symbol", "USDC\x1b[1A\x1b[2K"),  # writes over the line above it
    ("symbol", "USDC\nyou get"),
    ("symbol", "0x" + "a" * 40),
    ("symbol", "USDC "),
    ("symbol", ["USDC"]),
    ("symbol", ""),
    ("decimals", -1),
    ("decimals", 10**9),
    ("decimals", "1" * 4_000),
    ("decimals", "1" * 5_000),
]


@pytest.mark.parametrize(("name", "lie"), SPOOFS)
async def test_what_people_read_is_no_trick(chain: ChainServer, name: str, lie: Any) -> None:
    """Symbols stand beside what somebody signs; decimals say how much it is."""
    lying(chain, "/pairs", lambda told: told[0]["token0"].update({name: lie}))
    wallet = ChainWallet(Connection(chain.url, patience_s=0), "local", Wallet.from_hex(KEY))
    with pytest.raises(Refused, match="makes no sense"):
        await wallet.sell(USDC, WETH, 1, 1)
    lying(chain, "/api/v1/chain", lambda told: told[0].update(coin="ETH\x1b[2K"))
    with pytest.raises(Refused, match="makes no sense"):
        await wallet.sell(USDC, WETH, 1, 1)
    assert not chain.sent
