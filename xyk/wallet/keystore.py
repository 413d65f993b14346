"""A private key at rest: Ethereum's Web3 Secret Storage, which geth, MetaMask and eth-account keep
keys in, sealed with a password.

eth-account does the cryptography. It takes a second to load, so it is loaded where a key is opened.
"""

import json
from typing import Any

from xyk.domain.units import parse_hex
from xyk.wallet.signer import Wallet

VERSION = 3
SIZE_MAX = 64 * 1024  # bytes of a keystore's text; a real one has 500


class NoKeystore(ValueError):
    """The text is no keystore of an Ethereum key."""


class WrongPassword(ValueError):
    """The keystore does not open with it."""


def seal(wallet: Wallet, password: str) -> str:
    """A new keystore, as text."""
    from eth_account import Account

    return json.dumps(Account.encrypt(bytes.fromhex(wallet.private_key[2:]), password), indent=2)


def unseal(keystore: str, password: str) -> Wallet:
    """Raises NoKeystore and WrongPassword; neither ever shows the key or the password."""
    document = _document(keystore)
    from eth_account import Account

    try:
        key = bytes(Account.decrypt(document, password))
    except ValueError as fault:
        if "MAC mismatch" in str(fault):
            raise WrongPassword("The password does not open the keystore") from None
        raise NoKeystore("The keystore is damaged, or of a kind unknown here") from None
    except Exception:  # whatever a field that is missing or has another form leads to
        raise NoKeystore("The keystore is damaged, or of a kind unknown here") from None
    try:
        wallet = Wallet(key.rjust(32, b"\0"))  # old files leave out zeros in front
    except ValueError:
        raise NoKeystore("The keystore holds no key of secp256k1") from None
    says = document.get("address")
    if says is not None and _address(says) != wallet.address:
        raise NoKeystore(f"The keystore says {says!r:.60} but holds the key of {wallet.address}")
    return wallet


def _document(text: str) -> dict[str, Any]:
    """By lower-case names, as old files of other wallets had them in capitals."""
    try:
        found = json.loads(text) if len(text) <= SIZE_MAX else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NoKeystore("Expected the JSON of a keystore (Web3 Secret Storage)")
    document = {str(name).lower(): value for name, value in found.items()}
    if document.get("version") != VERSION or not isinstance(document.get("crypto"), dict):
        raise NoKeystore(f"Expected a keystore of version {VERSION} with its part `crypto`")
    return document


def _address(text: object) -> str:
    """Lower case with 0x; empty where it is none."""
    try:
        return parse_hex("0x" + str(text).removeprefix("0x"), 20)
    except ValueError:
        return ""
