"""Every action type against eth-account, which shares no code with ours but libsecp256k1."""

import msgspec
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallet.golden import DOMAINS, TYPE_STRINGS, documents, members_of, struct_of
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, digest, typed_data
from xyk.wallet.verify import verify_action

KINDS = [type_string.split("(")[0] for type_string in TYPE_STRINGS]
salts = st.binary(min_size=32, max_size=32)
keys = st.integers(1, 2**255).map(lambda number: number.to_bytes(32, "big"))


def reference(domain_type, domain_values, type_string, document):
    """eth-account's message, built from DESIGN's type string and nothing of ours."""
    kind = type_string.split("(")[0]
    return encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": _members(f"EIP712Domain({domain_type})"),
                kind: _members(type_string),
            },
            "primaryType": kind,
            "domain": domain_values,
            "message": document,
        }
    )


def eip191_hash(signable):
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def _members(type_string):
    return [{"name": name, "type": solidity} for solidity, name in members_of(type_string)]


def ledger(salt):
    values = {"name": "xyk", "version": "1", "salt": salt}
    return Domain(f"0x{salt.hex()}"), "string name,string version,bytes32 salt", values


def chain(salt, chain_id, contract):
    members = "string name,string version,uint256 chainId,address verifyingContract,bytes32 salt"
    values = {
        "name": "xyk",
        "version": "1",
        "chainId": chain_id,
        "verifyingContract": contract,
        "salt": salt,
    }
    return Domain(f"0x{salt.hex()}", chain_id, contract), members, values


def check(domain, domain_type, values, type_string, document, key):
    kind = type_string.split("(")[0]
    action = struct_of(kind, document)
    theirs = reference(domain_type, values, type_string, document)
    hashed = eip191_hash(theirs)
    assert digest(domain, action) == hashed

    account, wallet = Account.from_key(key), Wallet(key)
    assert wallet.address == account.address.lower()
    signed = account.sign_message(theirs).signature
    expected = (wallet.address, "0x" + hashed.hex())
    assert verify_action(domain, action, bytes(signed)) == expected
    assert wallet.sign(domain, action) == "0x" + bytes(signed).hex()

    wire = msgspec.json.decode(msgspec.json.encode(typed_data(domain, action)))
    assert eip191_hash(encode_typed_data(full_message=wire)) == hashed
    assert Account.recover_message(theirs, signature=wallet.sign(domain, action)) == account.address


@pytest.mark.parametrize("type_string", TYPE_STRINGS, ids=KINDS)
@given(data=st.data(), salt=salts, key=keys)
@settings(max_examples=25, deadline=None)
def test_ledger_mode_equals_eth_account(type_string, data, salt, key):
    document = data.draw(documents(type_string))
    check(*ledger(salt), type_string, document, key)


@pytest.mark.parametrize("type_string", TYPE_STRINGS, ids=KINDS)
@given(data=st.data(), salt=salts, key=keys)
@settings(max_examples=25, deadline=None)
def test_chain_mode_equals_eth_account(type_string, data, salt, key):
    document = data.draw(documents(type_string))
    chain_id = data.draw(st.sampled_from([1, 31337, 2**256 - 1]) | st.integers(1, 2**64))
    contract = data.draw(st.binary(min_size=20, max_size=20))
    check(*chain(salt, chain_id, f"0x{contract.hex()}"), type_string, document, key)


EXTREMES = {
    "uint256": (0, 2**256 - 1),
    "uint64": (0, 2**64 - 1),
    "uint32": (0, 2**32 - 1),
    "uint8": (0, 255),
    "int32": (-(2**31), 2**31 - 1),
    "address": ("0x" + "00" * 20, "0x" + "ff" * 20),
    "bytes32": ("0x" + "00" * 32, "0x" + "ff" * 32),
    "string": ("", "価格 🦄 \x00 é"),
    "bool": (False, True),
}


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("type_string", TYPE_STRINGS, ids=KINDS)
@pytest.mark.parametrize("end", [0, 1], ids=["lowest", "highest"])
def test_the_ends_of_every_type_equal_eth_account(type_string, end, name):
    document = {field: EXTREMES[solidity][end] for solidity, field in members_of(type_string)}
    salt = b"\x5a" * 32
    domain = ledger(salt) if name == "ledger" else chain(salt, 31337, "0x" + "c0" * 20)
    check(*domain, type_string, document, bytes(31) + b"\x01")
