"""Quotes: just what the swap then does, prices on the right side, and a message ready to sign."""

import csv
from decimal import Decimal, localcontext
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from amm.constant_product import get_amount_in, get_amount_out
from tests.api.desk import ETH, NOBODY, USDC, Desk, Json, encoded, fresh_pair, message_of, refusal
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.domain.tokens import token_address
from xyk.wallet.typed_data import checksum

PANCAKE = Path(__file__).resolve().parents[1] / "vectors" / "pancake_v2_quotes.csv"
MALFORMED = (400, "INVALID_CLIENT_REQUEST")


async def test_a_quote_of_an_exact_input_is_what_happens(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    for token_in, token_out in ((base, quote), (quote, base)):
        quoted = await alice.quote(token_in, token_out, amount_in=12_345_678, slippage_bps=1)
        out = int(quoted["amountOut"])
        with pytest.raises(Refused, match="SLIPPAGE_EXCEEDED"):
            await alice.sell(token_in, token_out, 12_345_678, out + 1)
        receipt = await alice.sell(token_in, token_out, 12_345_678, out)
        for name in ("amountIn", "amountOut", "fee", "fees", "route"):
            assert receipt[name] == quoted[name]


async def test_a_quote_of_an_exact_output_is_what_happens(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    for token_in, token_out in ((base, quote), (quote, base)):
        quoted = await alice.quote(token_in, token_out, amount_out=12_345_678)
        cost = int(quoted["amountIn"])
        with pytest.raises(Refused, match="SLIPPAGE_EXCEEDED"):
            await alice.buy(token_in, token_out, 12_345_678, cost - 1)
        receipt = await alice.buy(token_in, token_out, 12_345_678, cost)
        for name in ("amountIn", "amountOut", "fee", "fees", "route"):
            assert receipt[name] == quoted[name]


@pytest.mark.parametrize(
    ("slippage_bps", "least", "most"),
    [
        (None, "19644444", "10182063"),
        (0, "19743160", "10131405"),
        (1, "19741185", "10132419"),
        (10_000, "0", "20262810"),
    ],
)
async def test_slippage_is_taken_off_once_and_against_the_trader(
    operator: Client, alice: Client, slippage_bps: int | None, least: str, most: str
) -> None:
    """floor(out * (10^4 - s) / 10^4), ceil(in * (10^4 + s) / 10^4); 50 bps where none is named."""
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    selling = await alice.quote(base, quote, amount_in=10**7, slippage_bps=slippage_bps)
    assert selling["amountOut"] == "19743160"
    assert selling["minAmountOut"] == least
    assert "maxAmountIn" not in selling
    buying = await alice.quote(base, quote, amount_out=2 * 10**7, slippage_bps=slippage_bps)
    assert buying["amountIn"] == "10131405"
    assert buying["maxAmountIn"] == most
    assert "minAmountOut" not in buying


async def test_prices_of_one_hop_are_quote_per_base(operator: Client, alice: Client) -> None:
    """100 base at 18 decimals for 200,000 quote at 6; tick 0.01. The numbers by hand."""
    base, quote = f"B{alice.owner[2:12].upper()}", f"Q{alice.owner[2:12].upper()}"
    await operator.list_asset(quote, 6)
    await operator.list_asset(base, 18)
    await operator.list_market(base, quote, tick_size=10_000, lot_size=10**14)
    await alice.faucet(base, 10**20)
    await alice.faucet(quote, 2 * 10**11)
    await alice.add_liquidity(base, quote, 10**20, 2 * 10**11)

    selling = await alice.quote(base, quote, amount_in=10**18)
    assert selling["amountOut"] == str(get_amount_out(10**18, 10**20, 2 * 10**11, 30))
    assert selling["executionPrice"] == "1974.316068"
    assert selling["spotPrice"] == "2000"
    assert selling["worstPrice"] == "1954.82"  # 1954.8284..., down
    assert selling["priceImpactBps"] == 99  # 98.72 bps, up

    cost = get_amount_in(10**18, 2 * 10**11, 10**20, 30)
    buying = await alice.quote(quote, base, amount_out=10**18)
    assert buying["amountIn"] == str(cost)
    assert Decimal(buying["executionPrice"]) == Decimal(cost) / 10**6
    assert buying["spotPrice"] == "2000"
    assert buying["worstPrice"] == "2046.75"  # 2046.7426..., up
    assert buying["priceImpactBps"] == 100  # 1 in 100, exactly


async def test_prices_of_several_hops_are_out_per_in(operator: Client, alice: Client) -> None:
    base, middle = await fresh_pair(operator, alice, 10**9, 3 * 10**9)
    far = f"F{base[1:]}"
    await operator.list_asset(far, 6)
    await alice.faucet(far, 10**9)
    await alice.add_liquidity(middle, far, 10**9, 10**9)

    quoted = await alice.quote(far, base, amount_in=10**7)

    assert [hop["market"] for hop in quoted["route"]] == [f"{far}_{middle}", f"{base}_{middle}"]
    assert quoted["fee"] is None
    assert len(quoted["fees"]) == 2
    assert quoted["worstPrice"] is None
    assert quoted["spotPrice"] == "0.333333333333333333"
    with localcontext() as context:
        context.prec = 18
        exact = Decimal(quoted["amountOut"]) / Decimal(quoted["amountIn"])
    assert Decimal(quoted["executionPrice"]) == exact


async def test_a_tiny_swap_has_some_impact_and_no_negative_one(
    operator: Client, alice: Client
) -> None:
    base, quote = await fresh_pair(operator, alice, 10**12, 10**12)
    assert (await alice.quote(base, quote, amount_in=10**6))["priceImpactBps"] == 1


async def test_post_and_get_are_the_same(http: httpx.AsyncClient) -> None:
    wish = {
        "tokenIn": "ETH",
        "tokenOut": USDC.upper().replace("0X", "0x"),
        "amountIn": "1000000000",
    }
    posted = await http.post("/api/v1/quote", json=wish)
    got = await http.get("/api/v1/quote", params=wish)
    assert posted.status_code == got.status_code == 200
    varying = {"seq", "expiresAt", "amountOut", "minAmountOut", "executionPrice", "spotPrice"}
    assert posted.json().keys() == got.json().keys() >= varying


async def test_head_and_other_methods(http: httpx.AsyncClient) -> None:
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1000000000000"}
    head = await http.head("/api/v1/quote", params=wish)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 500
    assert head.headers["content-type"] == "application/json; charset=utf-8"
    for method in ("PUT", "PATCH", "DELETE"):
        refused = await http.request(method, "/api/v1/quote", params=wish)
        assert refusal(refused) == (405, "INVALID_CLIENT_REQUEST")
        assert refused.headers["allow"] == "GET, HEAD, POST"
    metrics = (await http.get("/metrics")).text
    for method, status in (("GET", 200), ("PUT", 405)):  # HEAD counts as the GET it stands for
        series = f'{{method="{method}",route="/api/v1/quote",status="{status}"}}'
        assert f"xyk_requests_total{series}" in metrics


async def test_what_a_query_string_leaves_open(http: httpx.AsyncClient) -> None:
    """Names without a value are not there, escapes are read, and a body of a GET means nothing."""
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1000000000000"}
    plain = (await http.get("/api/v1/quote", params=wish)).json()
    path = "/api/v1/quote?token%49n=%45TH&tokenIn=&tokenOut=USDC&amountIn=1000000000000&amountOut="
    for query in ("", "&slippageBps=50", "&=7", "&owner"):
        quoted = await http.request("GET", path + query, content=b"{")
        assert quoted.json()["route"] == plain["route"]


async def test_expiry_and_seq(http: httpx.AsyncClient) -> None:
    before = int((await http.get("/api/v1/time")).text)
    status = (await http.get("/api/v1/status")).json()
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1000000000000"}
    quoted = (await http.get("/api/v1/quote", params=wish)).json()
    after = int((await http.get("/api/v1/time")).text)
    assert quoted["seq"] >= status["seq"]
    assert before < quoted["expiresAt"] <= after + 30_000


@pytest.mark.parametrize("side", ["amountIn", "amountOut"])
async def test_the_typed_data_is_ready_to_sign(desk: Desk, side: str) -> None:
    """Signed by eth-account as a wallet would, posted as it is, accepted."""
    account = Account.from_key(desk.wallet.private_key)
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", side: "1000000", "owner": account.address}
    wish[side] = "1000000000000000" if side == "amountIn" else "1000000"
    quoted = (await desk.post("/api/v1/quote", wish)).json()
    document = quoted["typedData"]
    signed = account.sign_message(encode_typed_data(full_message=document))
    path = {"SwapExactIn": "/api/v1/sell", "SwapExactOut": "/api/v1/buy"}[document["primaryType"]]

    body = {"action": document["message"], "signature": "0x" + signed.signature.hex()}
    response = await desk.post(path, body)

    assert response.status_code == 201
    assert document["message"]["amountIn" if side == "amountIn" else "amountOut"] == wish[side]


async def test_each_typed_data_has_a_nonce_of_its_own(http: httpx.AsyncClient) -> None:
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1000000000000", "owner": NOBODY}
    nonces = set()
    for _ in range(20):
        quoted = (await http.get("/api/v1/quote", params=wish)).json()
        nonces.add(quoted["typedData"]["message"]["nonce"])
    assert len(nonces) == 20


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amountIn": "0"}, (422, "INVALID_QUANTITY")),
        ({"tokenIn": NOBODY}, (404, "INVALID_ASSET")),
        ({"tokenOut": "NOTHING"}, (404, "INVALID_ASSET")),
        ({"tokenOut": "ETH"}, (422, "SAME_TOKEN")),
        ({"tokenOut": ETH}, (422, "SAME_TOKEN")),
        ({"tokenOut": "LP:ETH_USDC"}, (404, "POOL_NOT_FOUND")),
        ({"amountIn": "1"}, (422, "INSUFFICIENT_LIQUIDITY")),
        ({"amountIn": str(2**112)}, (422, "RESERVE_OVERFLOW")),
        ({"amountIn": None, "amountOut": str(2**112)}, (422, "INSUFFICIENT_LIQUIDITY")),
        ({"amountOut": "1"}, MALFORMED),
        ({"amountIn": None}, MALFORMED),
        ({"amountIn": "1.5"}, MALFORMED),
        ({"slippageBps": "10001"}, MALFORMED),
        ({"slippageBps": "-1"}, MALFORMED),
        ({"owner": "me"}, MALFORMED),
        ({"tokenIn": "0x12"}, MALFORMED),
        ({"side": "buy"}, MALFORMED),
    ],
)
async def test_quotes_that_are_refused(
    http: httpx.AsyncClient, changes: Json, expected: tuple[int, str]
) -> None:
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1000000", **changes}
    wish = {name: value for name, value in wish.items() if value is not None}
    assert refusal(await http.post("/api/v1/quote", content=encoded(wish))) == expected
    assert refusal(await http.get("/api/v1/quote", params=wish)) == expected


async def test_a_parameter_twice_is_malformed(http: httpx.AsyncClient) -> None:
    response = await http.get("/api/v1/quote?tokenIn=ETH&tokenIn=BTC&tokenOut=USDC&amountIn=1")
    assert refusal(response) == MALFORMED
    assert "tokenIn" in message_of(response)


async def test_the_quotes_of_a_real_router(operator: Client, alice: Client) -> None:
    """PancakeSwap V2 at 25 bps: the same outputs, to the unit."""
    with PANCAKE.open(newline="") as file:
        rows = [{name: int(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert len(rows) == 24
    pools: dict[tuple[int, int], tuple[str, str]] = {}
    for row in rows:
        assert row["fee_bps"] == 25
        reserve_in, reserve_out = row["reserve_in"], row["reserve_out"]
        if (reserve_in, reserve_out) not in pools:
            base, quote = await fresh_pair(operator, alice, reserve_in, reserve_out)
            await operator.list_market(base, quote, tick_size=1, lot_size=1, pool_fee_bps=25)
            pools[reserve_in, reserve_out] = base, quote
        base, quote = pools[reserve_in, reserve_out]
        if row["amount_out"] == 0:  # two rows: the router says 0, we say what that means
            with pytest.raises(Refused, match="INSUFFICIENT_LIQUIDITY"):
                await alice.quote(base, quote, amount_in=row["amount_in"])
            continue
        quoted = await alice.quote(base, quote, amount_in=row["amount_in"])
        assert quoted["amountOut"] == str(row["amount_out"])
        assert quoted["route"][0]["tokenIn"] == checksum(token_address(base))
