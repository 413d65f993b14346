"""The sign-in message: letter by letter as EIP-4361 has it, hashed as eth-account does, parsed only
in the form that is built."""

import msgspec
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from xyk.domain.rejections import Code, Rejected
from xyk.domain.session_commands import OpenSession
from xyk.wallet.session import (
    SignIn,
    personal_hash,
    recover_sign_in,
    session_fault,
    session_id,
)
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, keccak256
from xyk.wallet.verify import CURVE_ORDER

ALICE, BOB = Wallet(b"\xa1" * 32), Wallet(b"\xb0" * 32)
SALT = "0x" + "5a" * 32
DOMAIN = Domain(SALT)
HONEST = SignIn(
    domain="127.0.0.1:8000",
    uri="http://127.0.0.1:8000",
    address="0x7e5f4552091a69125d5dfcb7b8c2659029395bdf",
    chain_id=1,
    nonce="0123456789abcdef",
    issued=1_763_640_000,
    expires=1_763_640_000 + 86_400,
    salt=SALT,
)
# Written by hand from the EIP; the address is that of the private key 1.
TEXT = (
    "127.0.0.1:8000 wants you to sign in with your Ethereum account:\n"
    "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\n"
    "\n"
    "Sign in to read your account and cancel orders. This cannot trade, move or withdraw funds.\n"
    "\n"
    "URI: http://127.0.0.1:8000\n"
    "Version: 1\n"
    "Chain ID: 1\n"
    "Nonce: 0123456789abcdef\n"
    "Issued At: 2025-11-20T12:00:00Z\n"
    "Expiration Time: 2025-11-21T12:00:00Z\n"
    "Resources:\n"
    f"- urn:xyk:{SALT}"
)


def test_the_text_is_that_of_the_eip() -> None:
    assert HONEST.text() == TEXT
    assert SignIn.parse(TEXT) == HONEST
    assert session_id(TEXT) == "0x" + keccak256(TEXT.encode()).hex()


def test_the_hash_and_the_signature_are_those_of_personal_sign() -> None:
    signed = Account.sign_message(encode_defunct(text=TEXT), b"\xa1" * 32)
    assert personal_hash(TEXT) == signed.message_hash
    assert ALICE.sign_text(TEXT) == "0x" + signed.signature.hex().removeprefix("0x")
    assert recover_sign_in(TEXT, ALICE.sign_text(TEXT)) == ALICE.address
    assert recover_sign_in(TEXT + " ", ALICE.sign_text(TEXT)) != ALICE.address


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "\n"),
        ("wants you to", "wants  you to"),
        ("0x7E5F", "0x7e5f"),  # not its checksum
        ("cannot trade", "can trade"),
        ("Version: 1", "Version: 2"),
        ("Chain ID: 1", "Chain ID: 01"),
        ("Nonce: 0123456789abcdef", "Nonce: 0123"),
        ("Nonce: 0123456789abcdef", "Nonce: 0123456789abcd_f"),
        ("2025-11-20T12:00:00Z", "2025-11-20T12:00:00z"),
        ("2025-11-20T12:00:00Z", "2025-11-20T1:00:000Z"),
        ("2025-11-21T12:00:00Z", "2025-02-30T12:00:00Z"),
        ("Resources:", "Not Before: 2025-11-21T12:00:00Z\nResources:"),
        ("Resources:", "Request ID: 7\nResources:"),
        ("5a5a", "5A5A"),
        ("\n- urn", "\n- https://example.org\n- urn"),
        ("\n\nURI", "\nURI"),
        ("\n", "\r\n"),
    ],
)
def test_any_other_form_is_not_parsed(old: str, new: str) -> None:
    text = TEXT.replace(old, new) if old else TEXT + new
    assert text != TEXT
    with pytest.raises(ValueError, match="no sign-in message"):
        SignIn.parse(text)


def test_an_impossible_date_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        SignIn.parse(TEXT.replace("2025-11-21T", "2025-13-21T"))


def fault(**changes: object) -> str:
    """What is wrong with Alice's honest sign-in once `changes` are made."""
    message = msgspec.structs.replace(HONEST, address=ALICE.address)
    of_message = {k: v for k, v in changes.items() if k in SignIn.__struct_fields__}
    text = msgspec.structs.replace(message, **of_message).text()  # type: ignore[arg-type]
    given = {"owner": ALICE.address, "session": session_id(text), "expires": HONEST.expires}
    of_command = {k: v for k, v in changes.items() if k in given}
    if "expires" in of_message:
        of_command.pop("expires", None)
    command = OpenSession(**{**given, **of_command})  # type: ignore[arg-type]
    signature = changes.get("signature", ALICE.sign_text(text))
    signer = changes.get("signer", ALICE.address)
    return session_fault(DOMAIN, command, text, str(signature), str(signer))


def test_an_honest_sign_in_has_no_fault() -> None:
    assert fault() == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"owner": BOB.address}, "address"),
        ({"address": BOB.address}, "address"),
        ({"salt": "0x" + "00" * 32}, "deployment"),
        ({"chain_id": 10}, "chain"),
        ({"expires": HONEST.expires + 1}, "end"),
        ({"session": "0x" + "00" * 32}, "session"),
        ({"signature": BOB.sign_text(HONEST.text())}, "the signature is"),
        ({"signature": "0x00"}, "malformed"),
        ({"signer": BOB.address}, "the signature is"),
    ],
)
def test_every_difference_is_a_fault(changes: dict[str, object], says: str) -> None:
    found = fault(**changes)
    assert says in found


def test_a_text_that_cannot_be_parsed_is_a_fault() -> None:
    command = OpenSession(owner=ALICE.address, session=session_id("hello"), expires=7)
    found = session_fault(DOMAIN, command, "hello", ALICE.sign_text("hello"), ALICE.address)
    assert found == "its text is no sign-in message of this exchange"


def test_high_s_is_refused() -> None:
    raw = bytes.fromhex(ALICE.sign_text(TEXT)[2:])
    s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
    twin = raw[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - raw[64]])
    refused = recover_sign_in(TEXT, "0x" + twin.hex())
    assert isinstance(refused, Rejected) and refused.code is Code.INVALID_SIGNATURE


def test_a_chain_deployment_names_its_chain() -> None:
    domain = Domain(SALT, 10, "0x" + "c0" * 20)
    text = msgspec.structs.replace(HONEST, address=ALICE.address, chain_id=10).text()
    command = OpenSession(owner=ALICE.address, session=session_id(text), expires=HONEST.expires)
    assert session_fault(domain, command, text, ALICE.sign_text(text), ALICE.address) == ""
    why = session_fault(DOMAIN, command, text, ALICE.sign_text(text), ALICE.address)
    assert why == "the message's chain is 10, the entry says 1"
