"""OpenAPI, the page for people, and the way there: whole, consistent, and from nowhere else."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from api import examples, order_examples
from api import listing_coingecko as coingecko
from api import listing_coinmarketcap as coinmarketcap
from api import listing_geckoterminal as geckoterminal
from api.accounts import AccountView
from api.chain import CHAIN_POSTS, ChainPairView, DeploymentView
from api.chain_quotes import ChainQuoteView
from api.chain_relay import TransactionView
from api.depth import BboView, DepthView
from api.history import FillsView, LiquidityPageView, OrdersView, TransfersView
from api.journal import EntryView
from api.key_routes import KEY_ROUTES
from api.klines import KlineView
from api.markets import AssetView, MarketView
from api.order_quotes import OrderQuoteView
from api.order_views import OrderView
from api.pool_history import PoolHistoryView
from api.pools import PoolView, PositionView
from api.problems import Problem
from api.proof import ProofView, RootView
from api.quotes import QuoteRequest, QuoteView
from api.receipts import Receipt
from api.schema import RECEIPTS
from api.spot_only import WalletView
from api.system import HealthView, StatusView
from api.tickers import TickerView
from api.trades import TradeView
from api.trading import SIGNED_ROUTES, Elements, FaucetRequest, Signed
from api.udf import UdfConfig, UdfFound, UdfSymbol
from tests.api.desk import ETH, USDC, Desk, Json, encoded, refusal
from tests.api.venue import Venue
from xyk.domain.rejections import Code
from xyk.domain.units import decode_wire

LISTING_VIEWS: dict[str, Any] = {
    "/listing/coingecko/pairs": list[coingecko.CoingeckoPair],
    "/listing/coingecko/tickers": list[coingecko.CoingeckoTicker],
    "/listing/coingecko/orderbook": coingecko.CoingeckoBook,
    "/listing/coingecko/historical_trades": coingecko.CoingeckoTrades,
    "/listing/coinmarketcap/summary": list[coinmarketcap.CmcSummary],
    "/listing/coinmarketcap/assets": dict[str, coinmarketcap.CmcAsset],
    "/listing/coinmarketcap/ticker": dict[str, coinmarketcap.CmcTicker],
    "/listing/coinmarketcap/orderbook/{pair}": coinmarketcap.CmcBook,
    "/listing/coinmarketcap/trades/{pair}": list[coinmarketcap.CmcTrade],
    "/listing/geckoterminal/latest-block": geckoterminal.LatestBlockView,
    "/listing/geckoterminal/asset": geckoterminal.ListedAssetView,
    "/listing/geckoterminal/pair": geckoterminal.ListedPairView,
    "/listing/geckoterminal/events": geckoterminal.EventsView,
}
VIEWS: dict[str, Any] = {
    "/api/v1/assets": list[AssetView],
    "/api/v1/markets": list[MarketView],
    "/api/v1/market": MarketView,
    "/api/v1/bbo/{symbol}": BboView,
    "/api/v1/depth": DepthView,
    "/api/v1/klines": list[KlineView],
    "/udf/config": UdfConfig,
    "/udf/history": dict[str, Any],  # its numbers are text that is written as it stands
    "/udf/search": list[UdfFound],
    "/udf/symbols": UdfSymbol,
    "/udf/time": str,
    "/api/v1/ticker": TickerView,
    "/api/v1/tickers": list[TickerView],
    "/api/v1/trades": list[TradeView],
    "/api/v1/trades/history": list[TradeView],
    "/api/v1/securities": list[str],
    "/api/v1/wallets": list[WalletView],
    "/api/v1/order": OrderView,
    "/api/v1/order/{order_id}": OrderView,
    "/api/v1/orders": list[OrderView],
    "/api/v1/quote/order": OrderQuoteView,
    "/api/v1/history/fills": FillsView,
    "/api/v1/history/orders": OrdersView,
    "/api/v1/history/liquidity": LiquidityPageView,
    "/api/v1/history/transfers": TransfersView,
    "/api/v1/pools/{symbol}/history": PoolHistoryView,
    "/api/v1/pools": list[PoolView],
    "/api/v1/pools/{symbol}": PoolView,
    "/api/v1/pools/{symbol}/positions/{owner}": PositionView,
    "/api/v1/accounts/{owner}": AccountView,
    "/api/v1/status": StatusView,
    "/api/v1/journal": list[EntryView],
    "/api/v1/proof": RootView,
    "/api/v1/proof/{owner}": ProofView,
    "/healthz": HealthView,
    "/readyz": HealthView,
    "/api/v1/domain": dict[str, Any],
    **LISTING_VIEWS,
    "/api/v1/chain": list[DeploymentView],
    "/api/v1/chain/{deployment}/pairs": list[ChainPairView],
    "/api/v1/chain/{deployment}/tx/{digest}": TransactionView,
    "/api/v1/chain/{deployment}/quote": ChainQuoteView,
    "/api/v1/ping": str,
    "/api/v1/time": str,
}
# Whose answer has no fields of its own, or none in a sandbox.
OF_A_SNAPSHOT = ("/api/v1/proof", "/api/v1/proof/{owner}")  # tests/api/test_proof.py makes one
ONE_OF_SEVERAL = ("/udf/symbols", "/udf/history", "/udf/time")  # an answer, a fault, a text
UNDOCUMENTED = {
    *("/api/v1/domain", "/api/v1/ping", "/api/v1/time", "/api/v1/securities", "/api/v1/wallets"),
    *("/listing/coinmarketcap/assets", "/listing/coinmarketcap/ticker"),
}


@pytest.fixture
async def schema(http: httpx.AsyncClient) -> Json:
    response = await http.get("/schema")
    assert response.status_code == 200
    assert (await http.get("/schema/openapi.json")).content == response.content
    document = response.json()
    assert isinstance(document, dict)
    return document


def operations(schema: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


async def test_every_route_is_there_with_a_body_an_example_and_its_refusals(schema: Json) -> None:
    assert schema["openapi"].startswith("3.1")
    known = {(method, path) for method, path, _ in operations(schema)}
    signed = {(route.method, route.path) for route in SIGNED_ROUTES}
    assert known == {
        *signed,
        *((route.method, route.path) for route in KEY_ROUTES),
        ("POST", "/api/v1/actions"),
        ("POST", "/api/v1/faucet"),
        *(
            ("POST", f"/api/v1/auth/{name}")
            for name in ("challenge", "signin", "refresh", "signout")
        ),
        ("POST", "/api/v1/quote"),
        ("GET", "/api/v1/quote"),
        *(("GET", path) for path in VIEWS),
        *(("POST", route.path) for route in CHAIN_POSTS),
    }
    names = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(schema):
        assert operation["summary"], path
        assert set(operation["responses"]) - {"200", "201", "204"} == {"4XX", "5XX"}
        if "requestBody" in operation or method != "GET":
            [content] = operation["requestBody"]["content"].values()
            assert content["example"]
        for status in {"200", "201"} & set(operation["responses"]):
            if (method, path) == ("PATCH", "/api/v1/account"):
                continue  # an empty body
            [content] = operation["responses"][status]["content"].values()
            assert "example" in content, (method, path)


async def test_every_reference_leads_somewhere(schema: Json) -> None:
    found = set(references(schema))
    assert found
    for reference in found:
        node: Any = schema
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node["type"]


async def test_refusals_are_enumerated(schema: Json) -> None:
    code = schema["components"]["schemas"]["Problem"]["properties"]["code"]
    assert code["enum"] == [code.name for code in Code]


@pytest.mark.parametrize("route", SIGNED_ROUTES, ids=lambda route: route.action.__name__)
async def test_the_examples_are_signed_for_this_exchange(
    schema: Json, desk: Desk, route: Any
) -> None:
    """Posted as they stand they are refused for their deadline, or because their key is nobody."""
    operation = schema["paths"][route.path][route.method.lower()]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    decoded = msgspec.json.decode(encoded(example), type=Signed[route.action], dec_hook=decode_wire)
    assert decoded.action == examples.action(route.action)
    response = await desk.post(route.path, example, route.method)
    assert refusal(response) in {(422, "EXPIRED"), (403, "FORBIDDEN")}
    receipt = operation["responses"]["201"]["content"]["application/json"]["example"]
    msgspec.convert(receipt, RECEIPTS.get(route.action, Receipt), strict=True)


async def test_the_other_examples_are_what_they_illustrate(schema: Json) -> None:
    paths = schema["paths"]

    def request(path: str) -> bytes:
        [content] = paths[path]["post"]["requestBody"]["content"].values()
        return encoded(content["example"])

    msgspec.json.decode(request("/api/v1/actions"), type=Elements, dec_hook=decode_wire)
    msgspec.json.decode(request("/api/v1/faucet"), type=FaucetRequest, dec_hook=decode_wire)
    msgspec.json.decode(request("/api/v1/quote"), type=QuoteRequest, dec_hook=decode_wire)
    msgspec.convert(examples.QUOTED, QuoteView, strict=True)
    msgspec.convert(examples.PROBLEM, Problem, strict=True)
    for path, view in VIEWS.items():
        msgspec.convert(examples.READS[path], view, strict=True)


async def test_answers_have_the_fields_that_are_documented(
    schema: Json, http: httpx.AsyncClient, desk: Desk
) -> None:
    def documented(path: str) -> Json:
        response = schema["paths"][path]["get"]["responses"]["200"]
        node = response["content"]["application/json"]["schema"]
        node = node.get("anyOf", [node])[0]  # the native form, where there are two
        node = node.get("items", node)
        name = node["$ref"].rpartition("/")[2]
        found = schema["components"]["schemas"][name]
        assert isinstance(found, dict)
        return found

    address = "0x" + "11" * 20
    await desk.sell(desk.body(desk.swap(amount_in=10**16)))  # so that there is a price
    resting = Venue("ETH", "USDC", ETH, USDC).order(desk.alice, "Bid", "0.01", "1000")
    order = (await desk.post("/api/v1/order", desk.body(resting))).json()
    for path in VIEWS:
        if path in (*UNDOCUMENTED, *ONE_OF_SEVERAL, *OF_A_SNAPSHOT):
            continue
        if path.startswith("/api/v1/chain"):
            continue  # has no deployment here: tests/chain/test_chain_reads.py
        url = path.replace("{symbol}", "ETH_USDC").replace("{owner}", address)
        url = url.replace("{pair}", "ETH_USDC")
        params = {"symbol": "ETH_USDC", "ticker_id": "ETH_USDC"}
        params["id"] = "ETH" if path.endswith("/asset") else "ETH_USDC"
        params |= {"fromBlock": "0", "toBlock": "1"}
        params |= {"interval": "1d", "startTime": "0"}
        if "/history/" in path:
            params |= {"owner": address}
        if path == "/api/v1/history/transfers":
            del params["symbol"]
        if path == "/api/v1/quote/order":
            params = dict(order_examples.QUERY)
        if path == "/api/v1/order":
            params["digest"] = order["digest"]
        answer = (await http.get(url.replace("{order_id}", order["id"]), params=params)).json()
        answer = answer[0] if isinstance(answer, list) else answer
        assert set(documented(path)["properties"]) == set(answer), path
    quoted = (await http.get("/api/v1/quote", params=examples.QUOTE)).json()
    assert set(quoted) <= set(documented("/api/v1/quote")["properties"])


async def test_the_page_for_people(http: httpx.AsyncClient) -> None:
    root = await http.get("/")
    assert root.status_code == 200 and 'href="/docs"' in root.text
    response = await http.get("/docs")
    page = response.text
    assert response.headers["content-type"].startswith("text/html")
    for route in SIGNED_ROUTES:
        assert route.path in page
    for code in Code:
        assert code.name in page
    assert "trades@SYMBOL" in page
    assert not re.search(r"<(script|link|img)|https?://(?!127)", page), (
        "loads nothing from anywhere"
    )
