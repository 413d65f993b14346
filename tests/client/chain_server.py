"""An exchange with one deployment, that builds as the real one does and may then lie about it.

Answers have the views of api/, calls the encoding of xyk/chain/; there is no node: what is relayed
is kept and taken to be mined at once.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec
from eth_abi.abi import decode, encode

from api.chain import ChainPairView, ChainTokenView, DeploymentView
from api.chain_transactions import built_view
from contracts_abi.contract import Function, contract
from xyk.chain import router_calls as calls
from xyk.chain.call import Call
from xyk.chain.pair import Block
from xyk.chain.permit import PermitDomain, signature_of
from xyk.chain.transactions import VERBS
from xyk.chain.unsigned import Built, Unsigned
from xyk.chain.wishes import (
    AddLiquidityWish,
    AnyWish,
    ApproveWish,
    BuyWish,
    RemoveLiquidityWish,
    SellWish,
    UnwrapWish,
    WrapWish,
)
from xyk.domain.units import decode_wire

CHAIN_ID = 31337
ROUTER, WETH, USDC, DAI, FACTORY, THIEF = ("0x" + digit * 40 for digit in "abcdef")
USDC_WETH, DAI_USDC = "0x" + "1" * 40, "0x" + "2" * 40
BLOCK = Block(7, "0x" + "7" * 64, "0x" + "6" * 64, 1_000)
AT = {"block": 7, "block_hash": BLOCK.hash, "age_ms": 500}
GWEI = 10**9

Json = Any
Lie = Callable[[str, Json], Json]  # (path, the honest answer) -> what is told


def honest(path: str, told: Json) -> Json:
    return told


class ChainServer:
    """`lacks`: tokens whose approval the router has not got, `resets`: of them those that want 0
    first. `permits`: whether shares take one. `refusal`: end of a path, status and answer. `sent`:
    raw transactions, `heard`: all that came."""

    def __init__(self) -> None:
        self.url = ""
        self.name = "local"
        self.lie: Lie = honest
        self.refusal: tuple[str, int, Json] | None = None
        self.lacks: set[str] = set()
        self.resets: set[str] = set()
        self.permits = True
        self.outcome: Json = {"status": "mined", "block": 8, "amounts": None, "reason": None}
        self.sent: list[str] = []
        self.heard: list[bytes] = []

    def answer(self, path: str, body: bytes) -> Json:
        verb = path.rpartition("/")[2]
        if path == "/api/v1/chain":
            told: Json = [deployment(self.name)]
        elif verb == "pairs":
            told = [
                pair("WETH_USDC", USDC_WETH, ("USDC", USDC, 6), ("WETH", WETH, 18)),
                pair("DAI_USDC", DAI_USDC, ("USDC", USDC, 6), ("DAI", DAI, 18)),
            ]
        elif verb == "quote":
            told = quote(json.loads(body))
        elif verb == "send":
            self.sent.append(json.loads(body)["raw"])
            told = {}
        elif verb.startswith("0x"):
            told = self.outcome | {"hash": verb}
        else:
            wish = msgspec.json.decode(body, type=VERBS[verb].wish, dec_hook=decode_wire)
            told = msgspec.json.encode(built_view(self._built(wish), 1_500))
            told = json.loads(told)
        return self.lie(path, json.loads(json.dumps(told)))

    def _built(self, wish: AnyWish) -> Built:
        approvals, wanted, amounts = self._calls(wish)
        if wanted is None:
            assert isinstance(wish, RemoveLiquidityWish) and wish.deadline is not None
            domain = PermitDomain("Uniswap V2", "1", CHAIN_ID, shares_of(wish), 0)
            permit = domain.typed_data(wish.owner, ROUTER, wish.liquidity, wish.deadline)
            return Built(block=BLOCK, permit=permit, deadline=wish.deadline)
        steps: list[Call] = []
        for token, amount in approvals:
            if token in self.lacks:
                steps += [calls.approve(token, ROUTER, 0)] if token in self.resets else []
                steps.append(calls.approve(token, ROUTER, amount))
        if isinstance(wish, ApproveWish) and asset(wish.token) in self.resets:
            steps.append(calls.approve(asset(wish.token), ROUTER, 0))
        return Built(
            block=BLOCK,
            transactions=tuple(
                unsigned(wish.owner, 3 + at, call) for at, call in enumerate([*steps, wanted])
            ),
            amounts=amounts,
            deadline=getattr(wish, "deadline", None),
            path=tuple(way_of(wish).path) if isinstance(wish, SellWish | BuyWish) else (),
            impact_bps=12 if isinstance(wish, SellWish | BuyWish) else None,
        )

    def _calls(
        self, wish: AnyWish
    ) -> tuple[Sequence[tuple[str, int]], Call | None, dict[str, int]]:
        """Approvals, what was asked for (None: a permit is missing), and expected amounts."""
        match wish:
            case SellWish():
                way, least = way_of(wish), wish.min_amount_out or 0
                needs = [] if way.native_in else [(way.path[0], wish.amount_in)]
                amounts = {"amount_in": wish.amount_in, "amount_out": least + 1}
                return needs, calls.sell(way, wish.amount_in, least), amounts
            case BuyWish():
                way, most = way_of(wish), wish.max_amount_in or 0
                needs = [] if way.native_in else [(way.path[0], most)]
                amounts = {"amount_in": most - 1, "amount_out": wish.amount_out}
                return needs, calls.buy(way, wish.amount_out, most), amounts
            case AddLiquidityWish():
                sides = sides_of(wish)
                amounts_ab = [wish.amount_a_desired, wish.amount_b_desired]
                if wish.token_a == "ETH":
                    amounts_ab.reverse()
                both = list(zip((sides.token_a, sides.token_b), amounts_ab, strict=True))
                needs = both[:1] if sides.native_b else both
                return needs, calls.add_liquidity(sides, *amounts_ab), {}
            case RemoveLiquidityWish():
                signed = isinstance(wish.permit, str)
                if self.permits and not signed and shares_of(wish) in self.lacks:
                    return (), None, {}
                permit = signature_of(wish.permit) if isinstance(wish.permit, str) else None
                call = calls.remove_liquidity(sides_of(wish), wish.liquidity, permit=permit)
                return [] if signed else [(shares_of(wish), wish.liquidity)], call, {}
            case ApproveWish():
                return [], calls.approve(asset(wish.token), ROUTER, wish.amount), {}
            case WrapWish():
                return [], calls.wrap(WETH, wish.amount), {}
            case UnwrapWish():
                return [], calls.unwrap(WETH, wish.amount), {}


def unsigned(owner: str, nonce: int, call: Call) -> Unsigned:
    return Unsigned(
        kind="a kind",
        description="what a liar says it is",
        sender=owner,
        to=call.to,
        data=call.data,
        value=call.value,
        nonce=nonce,
        gas=200_000,
        max_fee=30 * GWEI,
        tip=GWEI,
        chain_id=CHAIN_ID,
    )


def asset(name: str) -> str:
    return WETH if name == "ETH" else name


def way_of(wish: SellWish | BuyWish) -> calls.Way:
    ends = asset(wish.token_in), asset(wish.token_out)
    path = (ends[0], USDC, ends[1]) if USDC not in ends else ends
    assert wish.deadline is not None
    natives = (wish.token_in == "ETH", wish.token_out == "ETH")
    return calls.Way(ROUTER, path, wish.owner, wish.deadline, *natives)


def sides_of(wish: AddLiquidityWish | RemoveLiquidityWish) -> calls.Sides:
    assert wish.deadline is not None
    a, b = (wish.token_a, wish.amount_a_min or 0), (wish.token_b, wish.amount_b_min or 0)
    if wish.token_a == "ETH":
        a, b = b, a
    least = (a[1], b[1], wish.owner, wish.deadline)
    return calls.Sides(ROUTER, asset(a[0]), asset(b[0]), *least, b[0] == "ETH")


def shares_of(wish: RemoveLiquidityWish) -> str:
    return DAI_USDC if DAI in (wish.token_a, wish.token_b) else USDC_WETH


def deployment(name: str) -> Json:
    view = DeploymentView(
        name=name,
        chain_id=CHAIN_ID,
        coin="ETH",
        wrapped=WETH,
        factory=FACTORY,
        router=ROUTER,
        fee_bps=30,
        confirmations=1,
        status="live",
        reason=None,
        pairs=2,
        unusable=[],
        **AT,  # type: ignore[arg-type]
    )
    return json.loads(msgspec.json.encode(view))


def pair(symbol: str, address: str, *tokens: tuple[str, str, int]) -> Json:
    base, _, priced_in = symbol.partition("_")
    sides = [ChainTokenView(address=at, symbol=name, decimals=n) for name, at, n in tokens]
    view = ChainPairView(
        symbol=symbol,
        address=address,
        base=base,
        quote=priced_in,
        token0=sides[0],
        token1=sides[1],
        reserves=(str(2_000_000 * 10**6), str(1_000 * 10**18)),
        spot_price="2000",
        **AT,  # type: ignore[arg-type]
    )
    return json.loads(msgspec.json.encode(view))


def quote(wish: Json) -> Json:
    """2000 USDC for an ETH, either way and at any size."""
    amounts = (10**18, 2_000 * 10**6)
    given, got = amounts if wish["tokenIn"] in ("ETH", WETH) else amounts[::-1]
    if "amountIn" in wish:
        paid = int(wish["amountIn"])
        out = paid * got // given
    else:
        out = int(wish["amountOut"])
        paid = -(-out * given // got)
    hop = {"tokenIn": asset(wish["tokenIn"]), "tokenOut": asset(wish["tokenOut"]), "fee": "3"}
    return {
        "amountIn": str(paid),
        "amountOut": str(out),
        "executionPrice": "2000",
        "spotPrice": "2000",
        "minAmountOut": str(out * 995 // 1000),
        "priceImpactBps": 12,
        "route": [hop],
        "block": 7,
        "blockHash": BLOCK.hash,
        "ageMs": 500,
    }


def function_of(data: str) -> Function:
    for name in ("uniswap_v2_router02", "erc20", "weth9"):
        for function in contract(name).functions.values():
            if data.startswith("0x" + function.selector.hex()):
                return function
    raise AssertionError(data)


def arguments_of(data: str) -> dict[str, Any]:
    function = function_of(data)
    values = decode(function.input_types, bytes.fromhex(data[10:]))
    return dict(zip((one.name for one in function.inputs), values, strict=True))


def changed(data: str, **values: object) -> str:
    """The same call with other arguments."""
    function, arguments = function_of(data), arguments_of(data)
    assert values.keys() <= arguments.keys(), f"{function.name} has {', '.join(arguments)}"
    altered = list((arguments | values).values())
    return "0x" + (function.selector + encode(function.input_types, altered)).hex()


@contextmanager
def chain_server() -> Iterator[ChainServer]:
    chain = ChainServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            head = f"{self.requestline}\n{self.headers}".encode()
            chain.heard.append(head + body)
            status, answer = 200, None
            if chain.refusal and self.path.endswith(chain.refusal[0]):
                _, status, answer = chain.refusal
            told = json.dumps(answer or chain.answer(self.path, body)).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chain.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield chain
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
