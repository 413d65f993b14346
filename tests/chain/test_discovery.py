"""Pairs and tokens of a real factory, with tokens that no list would take."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from eth_abi.abi import encode

from contracts_abi.contract import contract
from tests.chain.anvil import GAS, Anvil
from tests.chain.market import CHAIN_ID, Market
from tests.chain.odd_contract import answering, token
from tests.chain.skies import seen
from tests.chain.weather import FINE, Weather, sky
from xyk.chain import discovery as discoveries
from xyk.chain.deployment import UNISWAP_INIT_CODE_HASH, Deployment
from xyk.chain.discovery import Discovery, Misconfigured, pair_address
from xyk.chain.node import Node
from xyk.chain.pair import Pair, Token

pytestmark = pytest.mark.chain

A, B, C, D, E = (f"0x{digit * 40}" for digit in "abcde")


@pytest.fixture(params=[True, False], ids=["multicall", "single calls"])
def market(node: Anvil, request: pytest.FixtureRequest) -> Market:
    return Market(node, tokens=2, has_multicall=request.param)


@pytest.fixture
async def rpc(node: Anvil) -> AsyncIterator[Node]:
    asked = Node([node.url], chain_id=CHAIN_ID)
    yield asked
    await asked.close()


def place(market: Market, code: dict[str, str]) -> None:
    for address, text in code.items():
        market.node.rpc("anvil_setCode", address, text)
    market.mine()


def create(market: Market, one: str, other: str) -> str:
    """A pair of the real factory; its address."""
    market.send(market.traders[0], market.factory.call("createPair", one, other), GAS)
    market.mine()
    [answer] = market.node.read([market.factory.call("getPair", one, other)])
    return "0x" + answer[-20:].hex()


async def test_tracked_tokens_and_their_pairs(market: Market, rpc: Node) -> None:
    """Both call themselves "TT"; they are told apart."""
    one, other = (contract.address for contract in market.tokens)
    found = await Discovery(rpc, market.deployment(tokens=(one, other))).find()
    [pair] = found
    assert pair.address == market.contracts[0].address
    assert (pair.token0.address, pair.token1.address) == tuple(sorted((one, other)))
    assert {pair.token0.symbol, pair.token1.symbol} == {"TT", "TT" + other[2:8].upper()}
    by_address = {pair.token0.address: pair.token0, pair.token1.address: pair.token1}
    assert by_address[one].symbol == "TT"
    assert pair.token0.decimals == pair.token1.decimals == 18


async def test_the_wrapped_coin_is_tracked_and_named(market: Market, rpc: Node) -> None:
    place(market, {A: token("USDC", 6)})
    address = create(market, A, market.weth)
    [pair] = await Discovery(rpc, market.deployment(tokens=(A,))).find()
    assert (pair.address, pair.symbol) == (address, "USDC_WETH")
    assert pair.base == Token(A, "USDC", 6)
    [pair] = await Discovery(rpc, market.deployment(tokens=(A,), quotes=(A,))).find()
    assert pair.symbol == "WETH_USDC"


async def test_tokens_of_all_kinds(market: Market, rpc: Node) -> None:
    """Old, odd and hostile ones: each is named uniquely or passed over with a reason."""
    odd = {
        A: token(b"MKR".ljust(32, b"\0"), 18),
        B: token("", 0),
        C: token("\x00\u202eUSDC", 36),
        D: token("A very long symbol indeed", 8),
        E: token("WETH", 18),
        "0x" + "f1" * 20: token(None, 18),
        "0x" + "f2" * 20: token("USDC", 37),
        "0x" + "f3" * 20: token("USDC", None),
        "0x" + "f4" * 20: token("USDC", 2**256 - 1),
        "0x" + "f5" * 20: token(b"\xff" * 64, 18),
        "0x" + "f6" * 20: token("ETH", 18),
        "0x" + "f7" * 20: token("usdc.e", 6),
        "0x" + "f8" * 20: token("USDCE", 6),
        "0x" + "f9" * 20: "0x",
        "0x" + "fa" * 20: token("x" * 5_000, 6),
        "0x" + "fb" * 20: token(b"MK\0R".ljust(32, b"\0"), 6),
    }
    place(market, odd)
    finder = Discovery(rpc, market.deployment(tokens=tuple(odd)))
    pairs = {one: create(market, one, market.weth) for one in odd}
    found = {pair.address: pair for pair in await finder.find()}
    symbols = {one: found[pair].base.symbol if pair in found else "" for one, pair in pairs.items()}
    assert list(symbols.values()) == [
        *("MKR", "TBBBBBB", "USDCCCCCCC", "AVERYLDDDDDD", "WETHEEEEEE", "TF1F1F1"),
        *("", "", "", "TF5F5F5", "ETHF6F6F6", "USDCE", "USDCEF8F8F8", "", "XXXXXXFAFAFA"),
        "MKRFBFBFB",
    ]
    assert all(pair.quote.symbol == "WETH" for pair in found.values())
    assert "37 decimals; at most 36" in finder.skipped["0x" + "f2" * 20]
    assert "more than 1000 decimals" in finder.skipped["0x" + "f4" * 20]
    for one in ("0x" + "f3" * 20, "0x" + "f9" * 20):
        assert "answers no decimals()" in finder.skipped[one]
        assert f"token {one}: it answers no decimals()" in finder.skipped[pairs[one]]
    assert found.keys() | finder.skipped.keys() >= set(pairs.values())
    assert not found.keys() & finder.skipped.keys()


async def test_a_symbol_once_given_stays(market: Market, rpc: Node) -> None:
    place(market, {A: token("USDC", 6), B: token("USDC", 6)})
    create(market, A, B)
    known = [Token(B, "USDC", 6)]
    [pair] = await Discovery(rpc, market.deployment(tokens=(A, B)), known).find()
    assert (pair.token0.symbol, pair.token1.symbol) == ("USDCAAAAAA", "USDC")


async def test_base_and_quote(market: Market, rpc: Node) -> None:
    place(market, {A: token("AAA", 6), B: token("BBB", 6), C: token("CCC", 6)})
    for one, other in ((A, B), (A, C), (B, C), (A, market.weth)):
        create(market, one, other)

    async def symbols(*quotes: str) -> set[str]:
        deployment = market.deployment(tokens=(A, B, C), quotes=quotes)
        return {pair.symbol for pair in await Discovery(rpc, deployment).find()}

    assert await symbols() == {"AAA_BBB", "AAA_CCC", "BBB_CCC", "AAA_WETH"}
    assert await symbols(B, A) == {"AAA_BBB", "CCC_AAA", "CCC_BBB", "WETH_AAA"}
    assert await symbols(market.weth, A) == {"BBB_AAA", "CCC_AAA", "BBB_CCC", "AAA_WETH"}


async def test_pairs_by_name(market: Market, rpc: Node) -> None:
    place(market, {A: token("AAA", 6), B: token("BBB", 6)})
    address = create(market, A, B)
    [pair] = await Discovery(rpc, market.deployment(pairs=(address,), quotes=(A,))).find()
    assert (pair.address, pair.symbol) == (address, "BBB_AAA")
    tracked = market.deployment(pairs=(address,), tokens=(A, B))
    assert len(await Discovery(rpc, tracked).find()) == 1, "found both ways, mirrored once"


async def test_a_pair_of_another_factory_is_refused(market: Market, rpc: Node) -> None:
    functions = contract("uniswap_v2_pair").functions
    told = {"factory": E, "token0": A, "token1": B}
    answers = {functions[name].selector: encode(["address"], [one]) for name, one in told.items()}
    place(market, {C: answering(answers), A: token("AAA", 6), B: token("BBB", 6)})
    with pytest.raises(Misconfigured, match=f"'local': pairs: {C} is of another factory, {E}"):
        await Discovery(rpc, market.deployment(pairs=(C,))).find()
    answers[functions["factory"].selector] = encode(["address"], [market.factory.address])
    place(market, {C: answering(answers)})
    with pytest.raises(Misconfigured, match="by CREATE2 of the factory and init_code_hash"):
        await Discovery(rpc, market.deployment(pairs=(C,))).find()
    with pytest.raises(Misconfigured, match=f"pairs: {D} answers no factory"):
        await Discovery(rpc, market.deployment(pairs=(D,))).find()


async def test_a_wrong_init_code_hash_is_named_with_both_addresses(
    market: Market, rpc: Node
) -> None:
    tokens = tuple(contract.address for contract in market.tokens)
    wrong = market.deployment(tokens=tokens, init_code_hash="0x" + "00" * 32)
    with pytest.raises(Misconfigured) as fault:
        await Discovery(rpc, wrong).find()
    assert market.contracts[0].address in str(fault.value)
    assert pair_address(wrong, *sorted(tokens)) in str(fault.value)


async def test_quotes_must_be_tokens_of_pairs(market: Market, rpc: Node) -> None:
    with pytest.raises(Misconfigured, match=rf"quotes\[0\]: {E} is no token of a mirrored pair"):
        pair = market.contracts[0].address
        await Discovery(rpc, market.deployment(pairs=(pair,), quotes=(E,))).find()


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("chain_id", 5, "chain_id: the node is of chain 31337, not 5"),
        ("factory", E, f"factory: there is no contract at {E}"),
        ("router", E, f"router: there is no contract at {E}"),
        ("wrapped", E, f"wrapped: there is no contract at {E}"),
        ("router", "factory", "answers no factory() as a Router02 does"),
        ("factory", "router", "is not what the router uses"),
        ("wrapped", "factory", "is not what the router uses"),
    ],
)
async def test_what_the_start_refuses(
    node: Anvil, rpc: Node, field: str, value: object, why: str
) -> None:
    market = Market(node, tokens=2)
    places = {"factory": market.factory.address, "router": market.router.address}
    deployment = market.deployment(**{field: places.get(str(value), value)})
    with pytest.raises(Misconfigured) as fault:
        await Discovery(rpc, deployment).check()
    assert why in str(fault.value)


async def test_pairs_that_are_created_later_are_found(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a node that is down for a while, too."""
    monkeypatch.setattr(discoveries, "RECHECK_S", 0)
    place(market, {A: token("AAA", 6), B: token("BBB", 6)})
    told: list[list[Pair]] = []
    with sky(market.node.port) as over:
        rpc = Node([over.url], chain_id=CHAIN_ID)
        looking = asyncio.create_task(
            Discovery(rpc, market.deployment(tokens=(A, B))).run(lambda some: told.append([*some]))
        )
        await asyncio.to_thread(create, market, A, market.weth)
        await seen(lambda: len(told) == 1)
        before = len(over.asked)
        await seen(lambda: len(over.asked) > before + 30)
        assert len(told) == 1, "nothing new is not told"
        over.weather = Weather(status=500)
        await asyncio.to_thread(create, market, A, B)
        over.weather = FINE
        await seen(lambda: len(told) == 2)
        assert [[pair.symbol for pair in some] for some in told] == [
            ["AAA_WETH"],
            ["AAA_WETH", "AAA_BBB"],
        ]
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await rpc.close()


def test_the_published_example_of_create2() -> None:
    """Mainnet's pair of USDC and WETH."""
    deployment = Deployment(
        name="mainnet",
        rpc=(),
        chain_id=1,
        factory="0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f",
        router="0x7a250d5630b4cf539739df2c5dacb4c659f2488d",
        wrapped="0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
    )
    usdc = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
    assert deployment.init_code_hash == UNISWAP_INIT_CODE_HASH
    assert pair_address(deployment, usdc, deployment.wrapped) == (
        "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"
    )
