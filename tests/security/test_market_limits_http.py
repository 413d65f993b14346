"""The same edges over HTTP, on a real server with a real disk: whatever is signed is answered, no
read of a market at the edge fails, and what is left restarts and verifies.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.security.test_market_limits import numbers
from tests.server import Server, run_xyk, running_server
from xyk.client.client import Client
from xyk.domain.commands import ACTIONS, PlaceOrder, SignedAction
from xyk.domain.tokens import token_address
from xyk.domain.units import BATCH_MAX, RESERVE_MAX, UINT256_MAX
from xyk.wallet.signer import Wallet

ASSETS = ("USDC", "BTC", "ETH", "SOL")
TOKENS = {symbol: token_address(symbol) for symbol in ASSETS}
WORDS = {
    "market": "ETH_USDC",
    "status": "open",
    "symbol": "DOT",
    "base": "DOT",
    "quote": "USDC",
    "time_in_force": "GTC",
    "self_trade_prevention": "RejectMaker",
    "order_id": "1",
}


@asynccontextmanager
async def clients(server: Server) -> AsyncIterator[tuple[Client, Client]]:
    """The operator's, and that of somebody with 2^112-1 of everything."""
    key = Wallet.from_hex((server.data / "operator.key").read_text().strip())
    async with Client(server.url, key) as operator, Client(server.url, Wallet.random()) as rich:
        for symbol in ASSETS:
            await rich.faucet(symbol, RESERVE_MAX)
        yield operator, rich


def valid(kind: type[Any], owner: str) -> dict[str, Any]:
    """Fields that decode; small amounts."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name in WORDS:
            values[field.name] = WORDS[field.name]
        elif field.name.startswith(("token_a", "token_in", "sell_token")):
            values[field.name] = TOKENS["ETH"]
        elif field.name.startswith("token") or field.name == "buy_token":
            values[field.name] = TOKENS["USDC"]
        elif field.name in ("public_key", "order"):
            values[field.name] = "0x" + "ab" * 32
        elif hasattr(field.type, "low"):
            values[field.name] = min(10**6, field.type.high) if field.type.high > 300 else 6
        else:
            values[field.name] = field.type is bool or owner
    return values


def at_the_edges(kind: type[Any], client: Client) -> list[SignedAction]:
    return [
        kind(**{**valid(kind, client.owner), **client.stamp(), field: value})
        for field, values in numbers(kind).items()
        for value in values
    ]


async def asked(client: Client, actions: Sequence[SignedAction]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    for start in range(0, len(actions), BATCH_MAX):
        answers += await client.actions(actions[start : start + BATCH_MAX])
    return answers


@pytest.mark.slow
async def test_every_edge_of_every_action_is_answered_and_the_journal_verifies(
    tmp_path: Path,
) -> None:
    with running_server(tmp_path / "data", "--seed-demo", "--no-limits") as server:
        async with clients(server) as (operator, rich):
            for name, kind in ACTIONS.items():
                if name == "SetOperator":
                    continue
                for client in (operator, rich):
                    actions = at_the_edges(kind, client)
                    for action, answer in zip(actions, await asked(client, actions), strict=True):
                        assert answer["status"] < 500, (action, answer)
            assert (await rich.status())["status"] == "Ok"
        assert server.stop() == 0
    code, told = run_xyk("verify", "--data", str(tmp_path / "data"))
    assert code == 0, told


async def test_a_number_one_beyond_its_type_is_400_in_every_field(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-limits") as server:
        async with clients(server) as (_, rich):
            for name, kind in ACTIONS.items():
                plain = kind(**{**valid(kind, rich.owner), **rich.stamp()})
                signed = msgspec.json.decode((await rich.sign(plain)).body)
                for field in msgspec.structs.fields(kind):
                    if not hasattr(field.type, "low"):
                        continue
                    for value in (field.type.low - 1, field.type.high + 1):
                        wrong = str(value) if field.type.high >= 2**63 else value
                        action = {**signed["action"], field.encode_name: wrong}
                        body = msgspec.json.encode([{**signed, "type": name, "action": action}])
                        answer = await rich.connection.request("POST", "/api/v1/actions", body=body)
                        assert answer.status == 400, (name, field.name, answer)


@pytest.mark.slow
async def test_reads_of_markets_at_the_edges_never_fail(tmp_path: Path) -> None:
    """Reserves of one unit beside 2^112-1, prices no decimal was meant for, a trigger at 2^256-1,
    an order good until 2^64-1; before and after a restart."""
    data = tmp_path / "data"
    with running_server(data, "--no-limits", "--snapshot-every", "1") as server:
        async with clients(server) as (operator, rich):
            await operator.list_asset("WIDE", 36)
            await operator.list_asset("BARE", 0)
            for symbol in ("WIDE", "BARE"):
                await rich.faucet(symbol, RESERVE_MAX)
            await rich.add_liquidity("ETH", "USDC", RESERVE_MAX - 10**20, 10**6)
            await rich.add_liquidity("BTC", "USDC", 10**6, RESERVE_MAX // 2 - 10**9)
            await rich.add_liquidity("WIDE", "BARE", RESERVE_MAX - 10**20, 1)
            await rich.add_liquidity("WIDE", "SOL", 10**6, 10**30)
            await rich.sell("BARE", "WIDE", 10**6)
            await rich.sell("BTC", "USDC", 10**9)
            await rich.sell("USDC", "BTC", 10**25)
            await rich.sell("WIDE", "SOL", 10**3)
            orders = [
                place(rich, ("BTC", 10**3), ("USDC", 2**111), expires=2**64 - 1),
                place(rich, ("BTC", 10**3), ("USDC", 2**111), trigger_price=UINT256_MAX),
                place(rich, ("USDC", 10**4), ("BTC", 10**5), expires=2**63),
            ]
            answers = await asked(rich, orders)
            assert [answer["status"] for answer in answers] == [201, 201, 201], answers
            await read_everything(server, rich.owner)
        assert server.stop() == 0
        server.start()
        await read_everything(server, rich.owner)
        assert server.stop() == 0
    for command in ("verify", "replay"):
        code, told = run_xyk(command, "--data", str(data))
        assert code == 0, told


def place(
    client: Client, sold: tuple[str, int], bought: tuple[str, int], **fields: Any
) -> PlaceOrder:
    plain = {"post_only": False, "self_trade_prevention": "", "trigger_price": 0, "client_id": 0}
    when = "GTD" if fields.get("expires") else "GTC"
    return PlaceOrder(
        owner=client.owner,
        sell_token=TOKENS[sold[0]],
        sell_amount=sold[1],
        buy_token=TOKENS[bought[0]],
        buy_amount=bought[1],
        time_in_force=when,
        **{**plain, "trigger_above": True, "expires": 0, **fields, **client.stamp()},
    )


async def read_everything(server: Server, owner: str) -> None:
    """Every GET of the OpenAPI document with what it takes, for every market."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        document = (await http.get("/schema/openapi.json")).json()
        markets = [one["symbol"] for one in (await http.get("/api/v1/markets")).json()]
        asked = dict.fromkeys(
            filled(path, routes["get"].get("parameters", []), market, owner)
            for path, routes in document["paths"].items()
            if "get" in routes
            for market in markets
        )
        answered = 0
        for path, query in asked:
            answer = await http.get(path, params=dict(query))
            assert answer.status_code < 500, (path, query, answer.text)
            answered += answer.status_code == 200
        assert answered > 80


Query = tuple[tuple[str, str | int], ...]


def filled(
    path: str, parameters: list[dict[str, Any]], market: str, owner: str
) -> tuple[str, Query]:
    base, _, quote = market.partition("_")
    known: dict[str, str | int] = {
        "symbol": market,
        "market": market,
        "owner": owner,
        "address": owner,
        "window": 3_600,
        "tokenIn": base,
        "tokenOut": quote,
        "amountIn": "1000000",
        "ticker_id": market,
        "startTime": 1,
        "resolution": "1",
        "from": 1,
        "to": 2**32,
        "id": market,
        "fromBlock": 0,
        "toBlock": 100,
    }
    query: dict[str, str | int] = {"interval": "1m"} if "klines" in path else {}
    for parameter in parameters:
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace("{" + name + "}", str(known.get(name, 1)))
        elif parameter["in"] == "query" and name in known:
            query[name] = known[name]
    return path, tuple(query.items())
