"""What is made of a node's bytes, whatever they are."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.chain.answers import (
    BatchRefused,
    Busy,
    Unusable,
    Verdict,
    decode,
    pause_s,
    refusal,
    verdict,
)
from xyk.chain.rpc import RpcError

ERROR_NO = "08c379a0" + f"{32:064x}" + f"{2:064x}" + b"no".hex().ljust(64, "0")
RAW = bytes.fromhex(ERROR_NO)
CUSTOM = {"data": "0xdeadbeef"}
BEEF = bytes.fromhex("deadbeef")
HASH = "0x" + "ab" * 32

# How nodes say what a contract returned: geth and anvil; geth's words alone; Parity; Hardhat;
# Ganache now and before; OpenEthereum in words; wrapped by a gateway.
REVERTS: list[tuple[Any, bytes]] = [
    ({"code": 3, "message": "execution reverted: no", "data": "0x" + ERROR_NO}, RAW),
    ({"code": 3, "message": "execution reverted", "data": "0x"}, b""),
    ({"code": -32000, "message": "execution reverted: no"}, b""),
    ({"code": -32015, "message": "VM execution error.", "data": f"Reverted 0x{ERROR_NO}"}, RAW),
    ({"code": -32603, "message": "reverted", "data": {"message": "x"} | CUSTOM}, BEEF),
    ({"code": -32000, "message": "revert no", "data": {"result": "0x" + ERROR_NO}}, RAW),
    ({"code": -32000, "message": "revert", "data": {HASH: {"return": "0x" + ERROR_NO}}}, RAW),
    ({"code": -32000, "message": f"execution reverted: 0x{ERROR_NO}"}, RAW),
    ({"code": -32000, "message": f"tx {HASH} reverted with 0x{ERROR_NO}"}, RAW),
    ({"code": -32603, "message": "reverted", "data": {"originalError": CUSTOM}}, BEEF),
    ({"code": 3, "message": "execution reverted", "data": "0xzz"}, b""),
    ({"code": 3, "message": "execution reverted", "data": "0x123"}, b""),
    ({"code": 3, "message": "execution reverted", "data": ["0x" + ERROR_NO]}, b""),
    ({"code": 3, "message": "execution reverted", "data": 7}, b""),
]  # fmt: skip


@pytest.mark.parametrize(("error", "data"), REVERTS)
def test_what_a_contract_returned(error: Any, data: bytes) -> None:
    fault = refusal(error)
    assert fault.data == data
    assert verdict("eth_call", fault) is Verdict.TRUE


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ("overloaded", 0, "overloaded"),
        (None, 0, "an error without a message"),
        (["x"], 0, "an error without a message"),
        ({}, 0, "an error without a message"),
        ({"code": "3", "message": 7}, 0, "an error without a message"),
        ({"code": True, "message": "x"}, 0, "x"),
        ({"code": -1, "message": "y" * 5000}, -1, "y" * 2000),
    ],
)
def test_errors_of_no_form(error: Any, code: int, message: str) -> None:
    fault = refusal(error)
    assert (fault.code, fault.message) == (code, message)


@pytest.mark.parametrize(
    ("method", "code", "message", "expected"),
    [
        ("eth_sendRawTransaction", -32000, "nonce too low: next nonce 7, tx nonce 6", "TRUE"),
        ("eth_sendRawTransaction", -32000, "already known", "TRUE"),
        ("eth_sendRawTransaction", -32000, "insufficient funds for gas * price + value", "TRUE"),
        ("eth_sendRawTransaction", -32000, "replacement transaction underpriced", "TRUE"),
        ("eth_sendRawTransaction", -32000, "max fee per gas less than block base fee", "TRUE"),
        ("eth_sendRawTransaction", -32000, "txpool is full", "ELSEWHERE"),
        ("eth_estimateGas", -32000, "gas required exceeds allowance (0)", "TRUE"),
        ("eth_estimateGas", -32000, "something nobody ever said", "TRUE"),
        ("eth_call", -32602, "invalid argument 0: hex string has odd length", "TRUE"),
        ("eth_getLogs", -32005, "query returned more than 10000 results", "TRUE"),
        ("eth_getLogs", -32005, "limit exceeded", "TRUE"),
        ("eth_getLogs", -32602, "eth_getLogs is limited to a 10,000 range", "TRUE"),
        ("eth_getLogs", -32614, "eth_getLogs is limited to 500 blocks", "TRUE"),
        ("eth_getLogs", -32000, "exceed maximum block range: 5000", "TRUE"),
        ("eth_getLogs", -32602, "Log response size exceeded.", "TRUE"),
        ("eth_getLogs", -32000, "query timeout exceeded", "TRUE"),
        ("eth_getLogs", -32000, "requested too many blocks from 1 to 9, maximum is 2", "TRUE"),
        ("eth_getLogs", -32005, "rate limit exceeded", "BUSY"),
        ("eth_getLogs", 429, "Your app has exceeded its compute units per second", "BUSY"),
        ("eth_call", -32005, "limit exceeded", "BUSY"),
        ("eth_call", 429, "slow", "BUSY"),
        ("eth_call", -32005, "daily request count exceeded, request rate limited", "BUSY"),
        ("eth_call", -32000, "Too Many Requests", "BUSY"),
        ("eth_call", -32000, "header not found", "ELSEWHERE"),
        ("eth_call", -32000, "missing trie node 12ab (path ) is not available", "ELSEWHERE"),
        ("eth_getLogs", -32000, "unknown block", "ELSEWHERE"),
        ("eth_call", -32603, "Internal error", "ELSEWHERE"),
        ("eth_feeHistory", -32601, "the method eth_feeHistory does not exist", "ELSEWHERE"),
        ("eth_call", -32000, "upstream connect error", "ELSEWHERE"),
        ("eth_call", -32000, "Must be authenticated!", "ELSEWHERE"),
    ],
)  # fmt: skip
def test_who_may_know_better(method: str, code: int, message: str, expected: str) -> None:
    assert verdict(method, RpcError(code, message)).name == expected


def test_what_a_contract_returned_is_true_in_whatever_words() -> None:
    assert verdict("eth_call", RpcError(3, "no")) is Verdict.TRUE
    assert verdict("eth_call", RpcError(-32603, "Internal error", b"\1")) is Verdict.TRUE


def test_a_result_is_no_refusal() -> None:
    assert verdict("eth_call", {"error": "x"}) is Verdict.TRUE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"id":1,"result":1',
        b'{"id":1}',
        b'{"id":1,"error":null}',
        b'{"id":2,"result":1}',
        b'{"id":2,"error":{}}',
        b'{"id":"1","result":1}',
        b'{"id":true,"result":1}',
        b'{"id":null,"result":1}',
        b'[{"id":1,"result":1},{"id":2,"result":1}]',
        b"[" * 100_000,
        b'{"id":1,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id":1,"error":' + b'{"data":' * 100_000,
    ],
)
def test_no_answer_to_one_call(body: bytes) -> None:
    with pytest.raises(Unusable):
        decode(body, [1])


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'[{"id":1,"result":1}]',
        b'[{"id":1,"result":1},{"id":1,"result":1}]',
        b'[{"id":1,"result":1},{"id":3,"result":1}]',
        b'[{"id":1,"result":1},{"id":2,"result":1},{"id":3,"result":1}]',
        b'[{"id":1,"result":1},{"id":2}]',
        b'[{"id":1,"result":1},null]',
        b'[{"id":1,"result":1},{"id":[],"result":1}]',
        b'{"id":1,"error":{"code":-32000,"message":"internal"}}',
        b'{"id":1,"result":[]}',
    ],
)
def test_no_answer_to_a_batch(body: bytes) -> None:
    with pytest.raises(Unusable):
        decode(body, [1, 2])


def test_a_batch_in_any_order() -> None:
    body = b'[{"id":2,"error":{"code":3,"message":"revert"}},{"id":1,"result":null,"error":null}]'
    first, second = decode(body, [1, 2])
    assert first is None
    assert isinstance(second, RpcError)


def test_a_batch_of_one_that_comes_as_a_list() -> None:
    assert decode(b'[{"id":1,"result":5}]', [1]) == [5]


def test_one_answer_to_a_batch() -> None:
    with pytest.raises(BatchRefused):
        decode(b'{"id":null,"error":{"code":-32600,"message":"no"}}', [1, 2])
    with pytest.raises(BatchRefused):
        decode(b'{"id":null,"error":{"code":-1,"message":"Batch of more than 1 calls"}}', [1, 2])
    with pytest.raises(Busy):
        decode(b'{"id":null,"error":{"code":-32005,"message":"batch rate limit"}}', [1, 2])


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("", 0, 0),
        ("7", 7, 7),
        ("9" * 5_000, 999_999_999, 999_999_999),
        ("-1", 0, 0),
        ("1.5", 0, 0),
        ("\u0663", 0, 0),
        ("soon", 0, 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
        ("Thu, 01 Jan 2970 00:00:00 GMT", 10**9, 10**11),
        ("Thu, 99 Jan 2970 00:00:00 GMT", 0, 0),
    ],
)
def test_retry_after(header: str, least: int, most: int) -> None:
    assert least <= pause_s(header) <= most


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=9) | st.just("0x" + ERROR_NO),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "result", "error", "code", "message", "data", "0x1"]), inner
        )
    ),
    max_leaves=12,
)


@given(value=JSON, count=st.integers(1, 3))
def test_any_json_is_an_answer_or_none(value: Any, count: int) -> None:
    ids = list(range(1, count + 1))
    try:
        outcomes = decode(msgspec.json.encode(value), ids)
    except (Unusable, BatchRefused):
        return
    assert len(outcomes) == count
    for outcome in outcomes:
        assert verdict("eth_call", outcome) in Verdict


@given(body=st.binary(max_size=99))
def test_any_bytes_are_an_answer_or_none(body: bytes) -> None:
    try:
        assert len(decode(body, [1])) == 1
    except Unusable:
        return
