"""The client's routes are the server's, and what it posts is what the wallet signed."""

import msgspec

from api.trading import SIGNED_ROUTES
from xyk.client.signed import ROUTES, sign, sign_batch
from xyk.domain.commands import SwapExactIn, Transfer
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain
from xyk.wallet.verify import verify_action

HERE = Domain("0x" + "5a" * 32)
ALICE = Wallet(b"\xa1" * 32)
SWAP = SwapExactIn(
    owner=ALICE.address,
    token_in="0x" + "01" * 20,
    token_out="0x" + "02" * 20,
    amount_in=2**200,
    min_amount_out=0,
    nonce=1_750_000_000 << 8,
    deadline=1_750_000_060,
)


def test_the_routes_are_the_servers() -> None:
    served = {route.action: (route.method, route.path) for route in SIGNED_ROUTES}
    assert served == ROUTES


def test_amounts_travel_as_text_and_small_integers_as_numbers() -> None:
    signed = sign(ALICE, HERE, SWAP)
    body = msgspec.json.decode(signed.body)
    assert body["action"]["amountIn"] == str(2**200)
    assert body["action"]["nonce"] == 1_750_000_000 << 8
    assert verify_action(HERE, SWAP, body["signature"]) == (ALICE.address, signed.digest)
    assert (signed.method, signed.path) == ("POST", "/api/v1/sell")


def test_the_same_intent_is_the_same_bytes() -> None:
    assert sign(ALICE, HERE, SWAP) == sign(ALICE, HERE, SWAP)


def test_a_batch_names_each_type() -> None:
    move = Transfer(
        owner=ALICE.address,
        token="0x" + "01" * 20,
        amount=1,
        recipient="0x" + "02" * 20,
        nonce=1,
        deadline=2,
    )
    batch = msgspec.json.decode(sign_batch(ALICE, HERE, [SWAP, move]))
    assert [element["type"] for element in batch] == ["SwapExactIn", "Transfer"]
    assert all(set(element) == {"type", "action", "signature"} for element in batch)
