"""A real EVM node for tests: anvil in its own process on a free port, spoken to in JSON-RPC.

Time and blocks are in the test's hands: a block is mined for each transaction, at the second that
the transaction names. The node signs for its own accounts, and gas costs nothing.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from eth_abi.abi import decode

GENESIS_S = 1_600_000_000  # unix seconds of block 0: before every test's clock
GAS = 8_000_000  # enough to deploy the router
START_TIMEOUT_S = 60
CALL_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
ERROR_STRING = bytes.fromhex("08c379a0")  # selector of Solidity's Error(string)


class RpcError(Exception):
    """The node refused a call; the message is the node's."""


@dataclass(frozen=True)
class Reverted:
    """A mined transaction that changed nothing. `reason`: the contract's text or the EVM's."""

    reason: str


class Anvil:
    """One running node. `accounts` are its unlocked accounts, lower case."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        # One connection for all calls, on the plain client: it takes a third of httpx's time.
        self._http = HTTPConnection("127.0.0.1", port, timeout=CALL_TIMEOUT_S)
        self.accounts: list[str] = [str(account) for account in self.rpc("eth_accounts")]

    def close(self) -> None:
        self._http.close()

    def rpc(self, method: str, *params: object) -> Any:
        """One call. Raises RpcError."""
        [result] = self.batch([(method, params)])
        return result

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Calls in one request, answers in their order; the node may run them in any order.

        Raises RpcError for the first one that failed.
        """
        body = [
            {"jsonrpc": "2.0", "id": index, "method": method, "params": list(params)}
            for index, (method, params) in enumerate(calls)
        ]
        self._http.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        response = self._http.getresponse()
        text = response.read()
        assert response.status == 200, text
        answers = {answer["id"]: answer for answer in json.loads(text)}
        for index, (method, _) in enumerate(calls):
            if "error" in answers[index]:
                raise RpcError(f"{method}: {answers[index]['error']['message']}")
        return [answers[index]["result"] for index in range(len(calls))]

    def deploy(self, *, sender: str, code: bytes, now_s: int) -> str:
        """Mine a contract; its address, lower case."""
        digest = self._mine({"from": sender, "data": _hex(code)}, now_s)
        receipt = self.rpc("eth_getTransactionReceipt", digest)
        assert receipt["status"] == "0x1", "the deployment reverted"
        return str(receipt["contractAddress"]).lower()

    def transact(self, *, sender: str, to: str, data: bytes, now_s: int) -> bytes | Reverted:
        """Mine a transaction in a block at `now_s`; what it returned, or why it reverted."""
        digest = self._mine({"from": sender, "to": to, "data": _hex(data)}, now_s)
        trace = self.rpc(
            "debug_traceTransaction",
            digest,
            {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}},
        )
        output = bytes.fromhex(str(trace.get("output", "0x")).removeprefix("0x"))
        if "error" not in trace:
            return output
        if output.startswith(ERROR_STRING):
            return Reverted(str(decode(["string"], output[4:])[0]))
        return Reverted(str(trace["error"]))

    def read(self, calls: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Constant calls (contract, data) on the newest block. Raises RpcError when one reverts."""
        answers = self.batch(
            [("eth_call", ({"to": to, "data": _hex(data)}, "latest")) for to, data in calls]
        )
        return [bytes.fromhex(answer.removeprefix("0x")) for answer in answers]

    def preview(self, *, sender: str, to: str, data: bytes) -> bytes | None:
        """What a transaction would return now, or None if it would revert; nothing is mined."""
        call = {"from": sender, "to": to, "data": _hex(data), "gas": hex(GAS)}
        try:
            answer = self.rpc("eth_call", call, "latest")
        except RpcError:
            return None
        return bytes.fromhex(answer.removeprefix("0x"))

    def _mine(self, transaction: dict[str, str], now_s: int) -> str:
        self.rpc("evm_setNextBlockTimestamp", now_s)
        priced = transaction | {"gas": hex(GAS), "gasPrice": "0x0"}
        digest = str(self.rpc("eth_sendTransaction", priced))
        self.rpc("evm_mine")
        return digest


@contextmanager
def running(binary: Path, folder: Path) -> Iterator[Anvil]:
    """A node until the block ends; its log and cache go to `folder`."""
    log = folder / "anvil.log"
    command = [str(binary), "--host", "127.0.0.1", "--port", "0", "--no-mining", "--color", "never"]
    command += ["--timestamp", str(GENESIS_S), "--gas-price", "0", "--block-base-fee-per-gas", "0"]
    command += ["--cache-path", str(folder)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        node = Anvil(_wait_until_listening(process, log))
        try:
            yield node
        finally:
            node.close()
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], log: Path) -> int:
    """The node chooses a free port itself and says which in its log."""
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up:
        if found := re.search(r"Listening on 127\.0\.0\.1:(\d+)\n", log.read_text()):
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise AssertionError(f"anvil did not start:\n{log.read_text()[-2000:]}")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
