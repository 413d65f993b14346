"""Numbers at the ends of what 53, 63 and 64 bits hold, in every query parameter of the OpenAPI
document: answered or refused, never a fault of ours."""

from typing import Any

import httpx

from tests.api.key_user import KeyUser, limit, placed
from xyk.client.client import Client

NUMBERS = [str(2**bits + by) for bits, by in ((53, 1), (63, -1), (63, 0), (64, -1), (64, 0))]
NUMBERS += ["-1", "253402300800"]  # the second after the last one that has a date
COMMON = {  # of the convention, also where a route does not document them
    *("limit", "offset", "from", "to", "startTime", "endTime", "window", "id", "clientId"),
    "orderId",
}


async def test_no_number_in_a_query_is_a_fault_of_ours(
    http: httpx.AsyncClient, alice: Client
) -> None:
    key = await KeyUser(http).approved(alice)
    order = await placed(key, limit("ETH_USDC", "Bid", "0.1", "1900"))
    latest = (await http.get("/listing/geckoterminal/latest-block")).json()["block"]
    values = {
        "symbol": "ETH_USDC",
        "owner": alice.owner,
        "tokenIn": "ETH",
        "tokenOut": "USDC",
        "amountIn": str(10**15),
        "interval": "1m",
        "startTime": "0",
        "resolution": "1",
        "from": "0",
        "to": "9" * 10,
        "ticker_id": "ETH_USDC",
        "side": "Bid",
        "fromBlock": "0",
        "toBlock": str(latest["blockNumber"]),
        "orderId": order["id"],
        "blockchain": "x",
    }
    asked = 0
    for path, item in (await http.get("/schema")).json()["paths"].items():
        if "get" not in item:
            continue
        known = {one["name"] for one in item["get"].get("parameters", ()) if one["in"] == "query"}
        params = {name: value for name, value in values.items() if name in known}
        instruction = instruction_of(item["get"])
        for name in sorted(known | COMMON if instruction else known):
            for number in NUMBERS:
                query = {**params, name: number}
                url = path.replace("{symbol}", "ETH_USDC").replace("{pair}", "ETH_USDC")
                url = url.replace("{owner}", alice.owner).replace("{order_id}", number)
                answer = await http.get(url, params=query)
                answers = [answer]
                if instruction:
                    headers = key.headers(instruction, [query])
                    answers.append(await http.get(url, params=query, headers=headers))
                for answer in answers:
                    assert answer.status_code < 500 or answer.status_code == 501, (url, query)
                asked += len(answers)
    assert asked > 500
    await alice.cancel_all_orders()


async def test_a_time_far_ahead_is_for_ever(http: httpx.AsyncClient, alice: Client) -> None:
    key = await KeyUser(http).approved(alice)
    for number in (2**53, 2**63, 2**64 - 1):
        for path, instruction in (
            ("/wapi/v1/capital/deposits", "depositQueryAll"),
            ("/wapi/v1/history/fills", "fillHistoryQueryAll"),
        ):
            found = await key.get(path, instruction, from_="0", to=str(number))
            assert found.status_code == 200
            none = await key.get(path, instruction, from_=str(number))
            assert (none.status_code, none.json()) == (200, [])
        deposits = await key.get(
            "/wapi/v1/capital/deposits", "depositQueryAll", from_="0", to=str(number)
        )
        assert len(deposits.json()) == 2


def instruction_of(item: dict[str, Any]) -> str:
    """What a key signs for the route; empty where none does."""
    text: str = item.get("description", "")
    return text.partition("instruction `")[2].partition("`")[0]
