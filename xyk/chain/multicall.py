"""Many constant calls at one block: in few eth_calls where the deployment has a Multicall3, else in
one each."""

from collections.abc import Sequence

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from contracts_abi.contract import contract
from xyk.chain.rpc import BadAnswer, Rpc, RpcError

CALLS_MAX = 400  # of one aggregate: far below the gas that nodes give an eth_call

Call = tuple[str, bytes]  # the contract and the data


async def multicall(
    rpc: Rpc, aggregator: str, calls: Sequence[Call], block_hash: str
) -> list[bytes | None]:
    """What each call returned at the block; None where it failed. `aggregator`: a Multicall3's
    address, or empty where there is none. Raises RpcError, RpcDown and BadAnswer."""
    at = {"blockHash": block_hash, "requireCanonical": False}
    if not aggregator:
        answers = await rpc.each([_request(*call, at) for call in calls])
        return [None if isinstance(one, RpcError) else _bytes(one) or None for one in answers]
    parts = [calls[start : start + CALLS_MAX] for start in range(0, len(calls), CALLS_MAX)]
    answers = await rpc.batch([_request(aggregator, _aggregate(part), at) for part in parts])
    results: list[bytes | None] = []
    for part, answer in zip(parts, answers, strict=True):
        results += _results(_bytes(answer), len(part))
    return results


Request = tuple[str, Sequence[object]]


def _request(to: str, data: bytes, at: object) -> Request:
    return "eth_call", ({"to": to, "data": "0x" + data.hex()}, at)


def _aggregate(calls: Sequence[Call]) -> bytes:
    function = contract("multicall3").functions["aggregate3"]
    arguments = [(to, True, data) for to, data in calls]
    return function.selector + encode(function.input_types, [arguments])


def _results(answer: bytes, count: int) -> list[bytes | None]:
    if not answer:  # the aggregator was deployed after this block
        return [None] * count
    function = contract("multicall3").functions["aggregate3"]
    try:
        [results] = decode(function.output_types, answer)
    except DecodingError as fault:
        raise BadAnswer(f"aggregate3: {fault}") from fault
    if len(results) != count:
        raise BadAnswer(f"aggregate3: {len(results)} results of {count} calls")
    return [data if is_done and data else None for is_done, data in results]


def _bytes(answer: object) -> bytes:
    if not isinstance(answer, str):
        raise BadAnswer(f"eth_call: {answer!r} where hex text was asked for")
    try:
        return bytes.fromhex(answer[2:])
    except ValueError as fault:
        raise BadAnswer(f"eth_call: {fault}") from fault
