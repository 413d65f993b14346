"""Private visibility, route by route from the OpenAPI document: whoever asks, no answer names an
owner whose accounts are not his to read."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.api.desk import Json
from tests.api.key_user import KeyUser
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.wallet.signer import Wallet

MARKET = "ETH_USDC"


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("routes") / "data"
    flags = ("--seed-demo", "--visibility", "private")
    with databases() as url, running_server(data, *flags, database_url=url) as running:
        yield running


@pytest.fixture
async def http(private: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=private.url, trust_env=False, timeout=30) as client:
        yield client


async def trader(url: str) -> Client:
    client = Client(url, Wallet.random())
    for token in ("ETH", "USDC"):
        await client.faucet(token)
    await client.sign_in()
    return client


class Owner:
    """Somebody with a trace of every kind: fills as taker and maker, shares, an order that rests
    and one that is over, a transfer, a withdrawal, an agent and a key."""

    def __init__(self, client: Client, key: KeyUser, order: Json, over: Json) -> None:
        self.client, self.key, self.order, self.over = client, key, order, over
        self.address = client.owner.lower()

    @property
    def secrets(self) -> list[str]:
        """What no stranger may read, in lower case."""
        return [self.address[2:], self.key.hex[2:], self.key.public.lower(), self.order["digest"]]


@pytest.fixture
async def owner(private: Server, http: httpx.AsyncClient) -> AsyncIterator[Owner]:
    async with await trader(private.url) as client, await trader(private.url) as taker:
        key = await KeyUser(http).approved(client)
        await client.approve_agent("0x" + "a9" * 20, 2**33)
        await client.sell("ETH", "USDC", 10**16)
        await client.add_liquidity("ETH", "USDC", 10**16, 10**9)
        await client.remove_liquidity("ETH", "USDC", 10**9)
        await client.transfer("USDC", 7, taker.owner)
        await client.withdraw("USDC", 9, client.owner)
        order = await placed(client, "100")
        over = await placed(client, "101")
        await client.cancel_order_by_session(over["id"])
        best = await client.bbo(MARKET)
        price = str(best["askPrice"])
        await client.place_order(MARKET, "Bid", price=price, quantity="0.05")
        await taker.sell("ETH", "USDC", 10**16)  # meets it
        yield Owner(client, key, order, over)
        await client.cancel_all_orders()


async def placed(client: Client, price: str) -> Json:
    receipt = await client.place_order(MARKET, "Bid", price=price, quantity="0.1", client_id=0)
    return dict(receipt["order"])


async def questions(http: httpx.AsyncClient, owner: Owner) -> list[tuple[str, Json, Json]]:
    """Every GET of the document: path, parameters as they are asked with, and its description."""
    latest = (await http.get("/listing/geckoterminal/latest-block")).json()["block"]
    names = {
        "symbol": MARKET,
        "market": MARKET,
        "owner": owner.address,
        "tokenIn": "ETH",
        "tokenOut": "USDC",
        "amountIn": str(10**15),
        "interval": "1m",
        "startTime": "0",
        "resolution": "1",
        "from": "0",
        "to": "9" * 10,
        "ticker_id": MARKET,
        "side": "Bid",
        "fromBlock": "0",
        "toBlock": str(latest["blockNumber"]),
        "blockchain": "Ethereum",
    }
    found = []
    for path, item in (await http.get("/schema")).json()["paths"].items():
        if "get" not in item:
            continue
        known = {one["name"] for one in item["get"].get("parameters", ())}
        for order_id in (owner.order["id"], owner.over["id"]):
            url = path.replace("{symbol}", MARKET).replace("{owner}", owner.address)
            url = url.replace("{order_id}", order_id).replace("{pair}", MARKET)
            asked = {name: value for name, value in names.items() if name in known}
            if "id" in known:
                asked["id"] = "ETH" if path.endswith("/asset") else MARKET
            if path == "/api/v1/account/limits/withdrawal":
                asked["symbol"] = "USDC"
            if path == "/api/v1/order":
                for one in ({"orderId": order_id}, {"digest": owner.order["digest"]}):
                    found.append((url, {"symbol": MARKET, **one}, item["get"]))
            found.append((url, asked, item["get"]))
            if "{order_id}" not in path:
                break
    return found


async def test_no_answer_to_a_stranger_names_an_owner(
    private: Server, http: httpx.AsyncClient, owner: Owner
) -> None:
    async with (
        await trader(private.url) as other,
        await trader(private.url) as gone,
        Client(private.url, read_wallet(private.data / OPERATOR)) as operator,
    ):
        token = await gone.access_token()
        await gone.sign_out()
        key = await KeyUser(http).approved(other)
        revoked = await KeyUser(http).approved(other)
        await other.revoke_api_key(revoked.hex)
        await operator.sign_in()
        strangers: dict[str, Json] = {
            "nobody": {},
            "another owner": {"authorization": f"Bearer {await other.access_token()}"},
            "a session that is over": {"authorization": f"Bearer {token}"},
            "a token that is none": {"authorization": "Bearer x.y.z"},
        }
        powers = {"authorization": f"Bearer {await operator.access_token()}"}
        seen_by_operator = set()
        for path, params, item in await questions(http, owner):
            instruction = instruction_of(item)
            answers = {
                who: await http.get(path, params=params, headers=headers)
                for who, headers in strangers.items()
            }
            for who, user in (("another's key", key), ("a revoked key", revoked)):
                for signed in {instruction, "accountQuery"}:
                    headers = user.headers(signed, [params])
                    answers[f"{who} {signed}"] = await http.get(
                        path, params=params, headers=headers
                    )
            for who, answer in answers.items():
                assert answer.status_code != 500, (path, who, answer.text)
                asked = f"{path} {params}".lower()
                for secret in owner.secrets:
                    if secret in asked and answer.status_code >= 400:
                        continue  # who names it may be told that it was named
                    assert secret not in answer.text.lower(), (path, params, who, answer.text)
            theirs = await http.get(path, params=params, headers=powers)
            if owner.address in theirs.text.lower():
                seen_by_operator.add(path)
        assert len(seen_by_operator) >= 5, seen_by_operator


def own_reads(owner: Owner) -> list[str]:
    """What the routes of the convention have not."""
    return [
        f"/api/v1/accounts/{owner.address}",
        f"/api/v1/pools/{MARKET}/positions/{owner.address}",
        f"/api/v1/order/{owner.order['id']}",
        f"/api/v1/order/{owner.over['id']}",
        f"/api/v1/quote?tokenIn=ETH&tokenOut=USDC&amountIn=1000000000000000&owner={owner.address}",
    ]


async def asked_by(user: KeyUser, path: str, instruction: str = "accountQuery") -> tuple[int, Json]:
    params = dict(parse_qsl(path.partition("?")[2]))
    answer = await user.http.get(path, headers=user.headers(instruction, [params]))
    return answer.status_code, answer.json()


async def test_an_owners_key_reads_its_own_and_the_operators_everything(
    private: Server, http: httpx.AsyncClient, owner: Owner
) -> None:
    """As its session does; another's, a revoked one and another signature read nothing."""
    async with (
        await trader(private.url) as other,
        Client(private.url, read_wallet(private.data / OPERATOR)) as operator,
    ):
        theirs, powers = await KeyUser(http).approved(other), await KeyUser(http).approved(operator)
        revoked = await KeyUser(http).approved(owner.client)
        await owner.client.revoke_api_key(revoked.hex)
        for path in own_reads(owner):
            for user in (owner.key, powers):
                status, answer = await asked_by(user, path)
                assert status == 200, (path, answer)
                assert owner.address in str(answer).lower(), path
            status, answer = await asked_by(theirs, path)
            by_id = "/order/" in path
            assert (status, answer["code"]) == (
                (404, "RESOURCE_NOT_FOUND") if by_id else (403, "FORBIDDEN")
            ), path
            for fault in (
                await asked_by(revoked, path),
                await asked_by(owner.key, path, "orderQueryAll"),
            ):
                assert (fault[0], fault[1]["code"]) in (
                    (401, "UNAUTHORIZED"),
                    (401, "INVALID_SIGNATURE"),
                ), path
        await operator.revoke_api_key(powers.hex)


def instruction_of(item: Json) -> str:
    """What a key signs for it."""
    text: Any = item.get("description", "")
    name = text.partition("instruction `")[2].partition("`")[0]
    return name or "accountQuery"


async def test_no_command_tells_a_foreign_order_from_none(
    private: Server, http: httpx.AsyncClient, owner: Owner
) -> None:
    """By a signature, a session or a key of somebody else: it is as if it were not there."""
    async with await trader(private.url) as other:
        key = await KeyUser(http).approved(other)
        bearer = {"authorization": f"Bearer {await other.access_token()}"}
        made_up = {"id": "999999999", "digest": "0x" + "77" * 32}
        for one in (owner.order, owner.over):
            answers: list[list[tuple[int, bytes]]] = []
            for order in (one, made_up):
                cancel = {"symbol": MARKET, "orderId": order["id"]}
                said = [
                    await key.cancel(cancel),
                    await key.get("/api/v1/order", "orderQuery", **cancel),
                    await key.get("/wapi/v1/history/orders", "orderHistoryQueryAll", **cancel),
                    await key.get("/wapi/v1/history/fills", "fillHistoryQueryAll", **cancel),
                    await http.request(
                        "DELETE", "/api/v1/order", headers=bearer, json={"orderId": order["id"]}
                    ),
                ]
                answers.append([(answer.status_code, answer.content) for answer in said])
                usdc, eth = await other.token("USDC"), await other.token("ETH")
                amounts = (order["digest"], usdc, eth, 99 * 10**5, 10**17)
                for refuses, named in (
                    (other.cancel_order, (order["id"],)),
                    (other.replace_order_amounts, amounts),
                ):
                    with pytest.raises(Refused) as refused:
                        await refuses(*named)
                    fault = refused.value
                    answers[-1].append((fault.status, f"{fault.code} {fault}".encode()))
                named_it = (order["id"].encode(), order["digest"].encode())
                answers[-1] = [
                    # The digest first: the digits of an id may stand in it.
                    (status, text.replace(named_it[1], b"DIGEST").replace(named_it[0], b"ID"))
                    for status, text in answers[-1]
                ]
            assert answers[0] == answers[1]
            assert [status for status, _ in answers[0]] == [404, 404, 200, 200, 404, 404, 404]
