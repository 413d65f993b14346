"""Digests, type strings and documents against DESIGN's literals and the published vectors."""

import importlib
import json
import sys

import msgspec
import pytest

from tests.wallet.golden import (
    DOMAINS,
    FILE,
    OWNER,
    TYPE_STRINGS,
    VECTOR_IDS,
    VECTORS,
    action_of,
    members_of,
)
from xyk.domain import commands
from xyk.domain.commands import ACTIONS, CancelAllOrders, ListAsset, SetOperator
from xyk.domain.tokens import token_address
from xyk.domain.units import ZERO_ADDRESS, decode_wire
from xyk.wallet import typed_data as module
from xyk.wallet.typed_data import (
    Domain,
    checksum,
    digest,
    domain_document,
    keccak256,
    message,
    typed_data,
)

SALT = "0x" + "5a" * 32
CONTRACT = "0x" + "c0" * 20
BURN = CancelAllOrders(owner=OWNER, market="", nonce=459571200007, deadline=1795200300)


def test_type_strings_are_those_of_the_design():
    assert list(module.TYPE_STRINGS.values()) == TYPE_STRINGS


def test_every_action_has_vectors_in_both_domains():
    assert sorted(VECTOR_IDS) == sorted(f"{kind}-{name}" for kind in ACTIONS for name in DOMAINS)


@pytest.mark.parametrize("vector", VECTORS, ids=VECTOR_IDS)
def test_digest_equals_the_vector(vector):
    assert "0x" + digest(DOMAINS[vector["domain"]], action_of(vector)).hex() == vector["digest"]
    assert module.TYPE_STRINGS[vector["type"]] == vector["encodeType"]


@pytest.mark.parametrize("vector", VECTORS, ids=VECTOR_IDS)
def test_message_is_the_wire_form_and_decodes_to_the_same_action(vector):
    action = action_of(vector)
    sent = msgspec.json.encode(message(action))
    decoder = msgspec.json.Decoder(ACTIONS[vector["type"]], dec_hook=decode_wire, strict=True)
    assert decoder.decode(sent) == action
    lower = {k: v.lower() if str(v).startswith("0x") else v for k, v in vector["action"].items()}
    assert json.loads(sent) == lower


@pytest.mark.parametrize("name", DOMAINS)
def test_domain_values_are_those_of_the_vectors(name):
    values = DOMAINS[name].values()
    assert list(values) == list(FILE["domains"][name])
    assert {k: str(v).lower() for k, v in values.items()} == {
        k: str(v).lower() for k, v in FILE["domains"][name].items()
    }


def test_domain_document_names_every_type_and_the_domain():
    document = domain_document(Domain(SALT))
    assert document["domain"] == {"name": "xyk", "version": "1", "salt": SALT}
    types = document["types"]
    assert isinstance(types, dict)
    assert list(types) == ["EIP712Domain", *ACTIONS]
    assert types["EIP712Domain"] == [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "salt", "type": "bytes32"},
    ]
    for type_string in TYPE_STRINGS:
        kind = type_string.split("(")[0]
        assert types[kind] == [
            {"name": name, "type": solidity} for solidity, name in members_of(type_string)
        ]


def test_chain_mode_has_the_standard_order_and_the_chain_id_as_a_number():
    document = domain_document(Domain(SALT, 31337, CONTRACT))
    assert document["domain"] == {
        "name": "xyk",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": checksum(CONTRACT),
        "salt": SALT,
    }
    members = document["types"]["EIP712Domain"]
    assert [member["name"] for member in members] == [
        "name",
        "version",
        "chainId",
        "verifyingContract",
        "salt",
    ]


def test_typed_data_names_only_its_own_types_and_is_json():
    document = typed_data(Domain(SALT), BURN)
    assert document["primaryType"] == "CancelAllOrders"
    assert list(document["types"]) == ["EIP712Domain", "CancelAllOrders"]
    assert json.loads(msgspec.json.encode(document)) == document


def test_another_salt_chain_or_contract_gives_another_digest():
    domains = [
        Domain(SALT),
        Domain("0x" + "5b" * 32),
        Domain(SALT, 31337, CONTRACT),
        Domain(SALT, 1, CONTRACT),
        Domain(SALT, 31337, "0x" + "c1" * 20),
        Domain("0x" + "5b" * 32, 31337, CONTRACT),
    ]
    assert len({digest(domain, BURN) for domain in domains}) == len(domains)
    assert len({domain.separator for domain in domains}) == len(domains)


def test_actions_of_one_shape_and_different_name_have_different_digests():
    owned = {"owner": OWNER, "nonce": 1, "deadline": 2}
    operator = SetOperator(operator=ZERO_ADDRESS, **owned)
    recipient = commands.SetProtocolFee(recipient=ZERO_ADDRESS, **owned)
    assert digest(Domain(SALT), operator) != digest(Domain(SALT), recipient)


def test_case_of_hex_does_not_matter():
    upper = msgspec.structs.replace(BURN, owner="0x" + OWNER[2:].upper())
    assert digest(Domain(SALT), upper) == digest(Domain(SALT), BURN)
    assert Domain("0x" + "5A" * 32).separator == Domain(SALT).separator


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("0x" + "5a" * 31,),
        ("5a" * 32,),
        (SALT, 1, ""),
        (SALT, 0, CONTRACT),
        (SALT, -1, CONTRACT),
        (SALT, 1, "0x" + "c0" * 19),
    ],
)
def test_domain_refuses_what_is_not_one(arguments):
    with pytest.raises(ValueError, match="Expected"):
        Domain(*arguments)


@pytest.mark.parametrize(
    "change",
    [
        {"token": "0x12"},
        {"token": "0x" + "12" * 21},
        {"token": "0x" + "zz" * 20},
        {"decimals": 256},
        {"decimals": -1},
        {"nonce": 2**64},
        {"deadline": -1},
    ],
)
def test_a_value_outside_its_type_has_no_digest(change):
    listing = ListAsset(
        owner=OWNER, symbol="ARB", token=ZERO_ADDRESS, decimals=18, nonce=1, deadline=2
    )
    with pytest.raises((ValueError, OverflowError, AssertionError)):
        digest(Domain(SALT), msgspec.structs.replace(listing, **change))


def test_token_addresses_are_those_of_the_vectors():
    assert {symbol: checksum(token_address(symbol)) for symbol in FILE["assets"]} == FILE["assets"]


@pytest.mark.parametrize(
    "address",
    [  # the examples of EIP-55
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_checksum_is_eip_55(address):
    assert checksum(address) == address
    assert checksum(address.lower()) == address


def test_checksum_refuses_what_is_not_an_address():
    with pytest.raises(ValueError, match="40 hex digits"):
        checksum("0x1234")


def test_keccak_is_ethereums_and_not_sha3():
    assert keccak256(b"abc").hex() == (
        "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    )


@pytest.mark.parametrize(
    ("library", "ours"), [("sha3", "xyk.wallet.typed_data"), ("coincurve", "xyk.wallet.verify")]
)
def test_without_the_fast_libraries_the_import_fails(monkeypatch, library, ours):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, ours)
    with pytest.raises(ImportError, match=library):
        importlib.import_module(ours)
