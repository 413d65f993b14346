"""OpenAPI against the specification itself, and examples and answers against their schemas."""

import copy
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from api import order_examples
from tests.api.desk import ETH, USDC, Json
from tests.api.venue import Venue
from xyk.client.client import Client

DOCUMENT = "urn:xyk:openapi"


@pytest.fixture
async def schema(http: httpx.AsyncClient) -> Json:
    document = (await http.get("/schema")).json()
    assert isinstance(document, dict)
    return document


def absolute(node: Any) -> Any:
    """With references into the document instead of into the place where they stand."""
    if isinstance(node, dict):
        return {
            key: DOCUMENT + inner if key == "$ref" else absolute(inner)
            for key, inner in node.items()
        }
    return [absolute(inner) for inner in node] if isinstance(node, list) else node


class Forms:
    """The schemas of a document, to hold values against."""

    def __init__(self, document: Json) -> None:
        whole = DRAFT202012.create_resource(absolute(document))
        self._registry: Registry[Any] = Registry().with_resource(DOCUMENT, whole)

    def faults(self, schema: Json, value: object) -> list[str]:
        validator = OAS31Validator(absolute(schema), registry=self._registry)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def exemplified(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Json]]:
    """Everything that has a schema and an example of it, with the place where it stands."""
    if isinstance(node, dict):
        if "schema" in node and "example" in node:
            yield " ".join(path), node
        for key, inner in node.items():
            yield from exemplified(inner, (*path, key))


def faults(document: Json) -> list[str]:
    return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


async def test_the_document_keeps_to_the_specification(schema: Json) -> None:
    assert faults(schema) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one["components"]["schemas"]["BboView"]["properties"]["seq"].update(type="int"),
        lambda one: one["paths"]["/api/v1/bbo/{symbol}"]["get"].pop("parameters"),
        lambda one: one["paths"]["/api/v1/ping"]["get"].update(operationId="Faucet"),
        lambda one: one["info"].pop("title"),
    ],
    ids=["a type that is none", "a path without its name", "an id twice", "no title"],
)
async def test_a_document_that_does_not_is_found(
    schema: Json, spoil: Callable[[Json], object]
) -> None:
    spoilt = copy.deepcopy(schema)
    spoil(spoilt)
    assert faults(spoilt)


async def test_every_example_fits_its_schema(schema: Json) -> None:
    forms, seen = Forms(schema), 0
    for place, holder in exemplified(schema["paths"]):
        assert forms.faults(holder["schema"], holder["example"]) == [], place
        # Typed data of any kind, and a body that may have any member.
        if not place.startswith(("/api/v1/domain get", "/api/v1/account patch requestBody")):
            assert forms.faults(holder["schema"], {"no": "such field"}), f"{place} takes anything"
        seen += 1
    operations = sum(len(item) for item in schema["paths"].values())
    assert seen >= 3 * operations, "an answer and two refusals each"


async def test_every_answer_to_a_read_fits_its_schema(
    schema: Json, http: httpx.AsyncClient, alice: Client
) -> None:
    """Alice has balances, shares, an order, an agent and an API key, so that no list is empty."""
    await alice.add_liquidity("ETH", "USDC", 10**17, 10**9)
    await alice.sell("ETH", "USDC", 10**16)
    await alice.approve_agent("0x" + "a9" * 20, 2**33)
    await alice.approve_api_key("0x" + secrets.token_hex(32), 2**33)
    order = await Venue("ETH", "USDC", ETH, USDC).place(alice, "Bid", "0.01", "1000")
    forms = Forms(schema)
    names = {"symbol": "ETH_USDC", "owner": alice.owner, "tokenIn": "ETH", "tokenOut": "USDC"}
    names |= {"amountIn": "1000000000000000", "orderId": order["id"]}
    names |= dict(order_examples.QUERY)
    names |= {"interval": "1d", "startTime": "0", "resolution": "1", "from": "0", "to": "9" * 10}
    latest = (await http.get("/listing/geckoterminal/latest-block")).json()["block"]
    names |= {"ticker_id": "ETH_USDC", "fromBlock": "0", "toBlock": str(latest["blockNumber"])}
    for path, item in schema["paths"].items():
        if "get" not in item or item["get"].get("security") == [{"apiKey": []}]:
            continue  # what a key signs stands in test_key_schema
        if path.startswith(("/api/v1/proof", "/api/v1/chain/")):
            continue  # need a snapshot: test_proof; a chain: tests/chain/test_chain_reads.py
        url = path.replace("{symbol}", "ETH_USDC").replace("{owner}", alice.owner)
        url = url.replace("{order_id}", order["id"]).replace("{pair}", "ETH_USDC")
        names["id"] = "ETH" if path.endswith("/asset") else "ETH_USDC"
        known = {one["name"] for one in item["get"].get("parameters", ())}
        asked = {name: value for name, value in names.items() if name in known}
        response = await http.get(url, params=asked)
        assert response.status_code == 200, path
        [(kind, content)] = item["get"]["responses"]["200"]["content"].items()
        assert response.headers["content-type"].startswith(kind)
        value = response.json() if kind == "application/json" else response.text
        assert forms.faults(content["schema"], value) == [], path
