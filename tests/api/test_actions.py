"""POST /api/v1/actions: elements are separate commands, in order, each with its own outcome."""

from typing import Any

import pytest

from tests.api.desk import NOBODY, USDC, Desk, Json, message_of, refusal
from xyk.client.client import Client
from xyk.domain.commands import SignedAction, Transfer
from xyk.wallet.signer import Wallet

PATH = "/api/v1/actions"


def element(desk: Desk, action: SignedAction, **options: Any) -> Json:
    return {"type": type(action).__name__, **desk.body(action, **options)}


def transfer(desk: Desk, amount: int = 1) -> Transfer:
    return Transfer(
        owner=desk.wallet.address,
        token=USDC,
        amount=amount,
        recipient=NOBODY,
        **desk.alice.stamp(),
    )


async def test_each_element_has_its_own_outcome(desk: Desk) -> None:
    swap, known = desk.swap(), desk.swap()
    first = await desk.sell(desk.body(known))
    elements = [
        element(desk, swap),
        element(desk, desk.swap(), wallet=Wallet.random()),
        element(desk, transfer(desk, 10**30)),
        element(desk, known),
        element(desk, transfer(desk)),
        element(desk, swap),
    ]

    response = await desk.post(PATH, elements)

    assert response.status_code == 200
    outcomes = response.json()
    assert [one["status"] for one in outcomes] == [201, 401, 422, 200, 201, 200]
    assert [one.get("code") for one in outcomes[1:3]] == ["INVALID_SIGNATURE", "INSUFFICIENT_FUNDS"]
    assert {**first.json(), "status": 200} == outcomes[3]
    assert {**outcomes[0], "status": 200} == outcomes[5]
    assert outcomes[0]["seq"] < outcomes[4]["seq"]
    assert outcomes[0]["amountIn"] == str(swap.amount_in)


async def test_they_are_decided_in_order(desk: Desk, bob: Client) -> None:
    """Bob passes on what Alice sends him in the element before."""
    to_bob = Transfer(
        owner=desk.wallet.address, token=USDC, amount=9, recipient=bob.owner, **desk.alice.stamp()
    )
    onward = Transfer(owner=bob.owner, token=USDC, amount=9, recipient=NOBODY, **bob.stamp())
    response = await desk.post(
        PATH, [element(desk, to_bob), element(desk, onward, wallet=bob.wallet)]
    )
    assert [one["status"] for one in response.json()] == [201, 201]


async def test_a_hundred_and_none(desk: Desk) -> None:
    body = [element(desk, transfer(desk)) for _ in range(100)]
    response = await desk.post(PATH, body)
    assert [one["status"] for one in response.json()] == [201] * 100
    assert (await desk.post(PATH, [])).json() == []


async def test_a_malformed_batch_is_refused_as_a_whole(desk: Desk) -> None:
    good = element(desk, transfer(desk))
    bad = element(desk, transfer(desk))
    bad["action"]["amount"] = 1
    for body, path in (
        ([good, bad], "$[1].action.amount"),
        ([good, {**good, "type": "Gift"}], "$[1].type"),
        ([good, desk.body(transfer(desk))], "$[1].type"),
        ([good, 5], "$[1]"),
        ([{**good, "more": 1}], "$[0].more"),
        ({"actions": [good]}, "$"),
        ([good] * 101, "$"),
    ):
        response = await desk.post(PATH, body)
        assert refusal(response) == (400, "INVALID_CLIENT_REQUEST")
        assert f"`{path}`" in message_of(response)
    assert (await desk.post(PATH, [good])).json()[0]["status"] == 201  # not executed before


@pytest.mark.parametrize("amount", [1, 2])
async def test_the_same_twice_in_one_batch_happens_once(desk: Desk, amount: int) -> None:
    one = element(desk, transfer(desk, amount))
    first, second = (await desk.post(PATH, [one, one])).json()
    assert (first["status"], second["status"]) == (201, 200)
    assert first["seq"] == second["seq"]
