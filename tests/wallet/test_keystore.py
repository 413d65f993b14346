"""Keystores: those that others wrote, our own in the hands of others, and what is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_keyfile import create_keyfile_json

from xyk.wallet import keystore
from xyk.wallet.keystore import NoKeystore, WrongPassword, seal, unseal
from xyk.wallet.signer import Wallet

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/keystore.json").read_text())
KEY = VECTORS["privateKey"]
PASSWORD = "a pass word, ü"


def quick(key: bytes = bytes.fromhex(KEY[2:]), **changed: Any) -> str:
    """A keystore that opens fast, because its password is hashed twice only."""
    made = create_keyfile_json(key, PASSWORD.encode(), kdf="pbkdf2", iterations=2)
    return json.dumps(made | changed)


@pytest.mark.parametrize("kind", VECTORS["keystores"])
def test_the_published_vectors_open(kind: str) -> None:
    text = json.dumps(VECTORS["keystores"][kind])
    assert unseal(text, VECTORS["password"]).private_key == KEY
    with pytest.raises(WrongPassword, match="does not open"):
        unseal(text, VECTORS["password"] + " ")


@pytest.mark.slow  # the password is hashed for seconds, as it should
def test_what_is_sealed_opens_here_and_in_eth_account() -> None:
    wallet = Wallet.from_hex(KEY)
    text = seal(wallet, PASSWORD)
    assert KEY[2:] not in text and PASSWORD not in text
    assert json.loads(text)["crypto"]["kdf"] == "scrypt"
    assert unseal(text, PASSWORD).private_key == KEY
    assert "0x" + bytes(Account.decrypt(text, PASSWORD)).hex() == KEY
    assert seal(wallet, PASSWORD) != text, "salt and IV are new each time"


def test_names_in_capitals_open() -> None:
    document = json.loads(quick())
    document["Crypto"] = document.pop("crypto")
    assert unseal(json.dumps(document), PASSWORD).private_key == KEY


def test_a_key_without_its_zeros_in_front_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """As old versions of geth wrote it: eth-account gives 31 bytes then."""
    short = bytes.fromhex(KEY[2:])[:31]
    text = quick(b"\0" + short)
    monkeypatch.setattr(Account, "decrypt", lambda *_: short)
    assert unseal(text, PASSWORD).private_key == "0x00" + short.hex()


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEY,
        "[]",
        "[" * 10_000,
        "{" + " " * 70_000 + "}",
        json.dumps({"version": 3}),
        json.dumps({"version": 3, "crypto": {}}),
        json.dumps({"version": 3, "crypto": {"kdf": "none"}}),
        json.dumps({"version": 1, "crypto": json.loads(quick())["crypto"]}),
        json.dumps({"version": 4, "crypto": json.loads(quick())["crypto"]}),
        quick(crypto=json.loads(quick())["crypto"] | {"ciphertext": "zz"}),
        quick(crypto=json.loads(quick())["crypto"] | {"kdfparams": {"c": "two"}}),
    ],
)
def test_what_is_no_keystore_is_refused(text: str) -> None:
    with pytest.raises(NoKeystore) as refused:
        unseal(text, PASSWORD)
    assert KEY[2:] not in str(refused.value) and PASSWORD not in str(refused.value)


def test_an_address_of_another_key_is_refused() -> None:
    with pytest.raises(NoKeystore, match=f"holds the key of {Wallet.from_hex(KEY).address}"):
        unseal(quick(address="00" * 20), PASSWORD)
    mine = Wallet.from_hex(KEY).address
    assert unseal(quick(address=mine), PASSWORD).address == mine, "with 0x too"


@pytest.mark.parametrize("key", [b"\0" * 32, b"\xff" * 32, b"\1" * 33])
def test_what_is_no_key_of_the_curve_is_refused(
    key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "decrypt", lambda *_: key)
    with pytest.raises(NoKeystore, match="no key of secp256k1"):
        unseal(quick(), PASSWORD)


def test_eth_account_is_loaded_with_a_key_only() -> None:
    source = Path(keystore.__file__).read_text()
    assert "\nfrom eth_account" not in source and "\nimport eth_account" not in source
