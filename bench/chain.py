"""A mirror of 1,000 pairs before a local node that has every block ready: how fast it catches up,
and how long a block of 200 trades takes it, alone and with the market data that `xyk serve` makes
of it.

The node is a process of its own that answers from text made before. Each trade is a Sync and a
Swap, so a block has 400 logs.
"""

import asyncio
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.table import Row, at_least, at_most, middle, note
from contracts_abi.contract import contract
from tests.chain.scripted_mirror import market_data_of
from tests.server import ROOT
from xyk.chain.deployment import MULTICALL3, Deployment
from xyk.chain.logs import decode_logs
from xyk.chain.mirror import Mirror
from xyk.chain.node import Node
from xyk.chain.pair import Pair, Token
from xyk.chain.source import ADDRESSES_MAX
from xyk.storage.chain import ChainStore

PAIRS = 1_000
TRADES = 200  # of a block
HISTORY = 300  # blocks
LIVE = 30  # blocks that come while it follows
CONFIRMATIONS = 12
CHAIN_ID = 1337

EVENTS = contract("uniswap_v2_pair").events
SYNC, SWAP = ("0x" + EVENTS[name].topic.hex() for name in ("Sync", "Swap"))
GET_RESERVES = "0x" + contract("uniswap_v2_pair").functions["getReserves"].selector.hex()


def pair_address(index: int) -> str:
    return f"0x{index + 1:040x}"


def block_hash(number: int) -> str:
    return f"0x{number + 1:064x}"


def words(*values: int) -> str:
    return "0x" + "".join(f"{value:064x}" for value in values)


def reserves_of(pair: str) -> tuple[int, int]:
    return 10**24 + int(pair, 16), 3 * 10**24


def block_logs(number: int) -> list[dict[str, Any]]:
    logs = []
    for trade in range(TRADES):
        pair = pair_address((number * TRADES + trade * 7) % PAIRS)
        party = f"0x{0:024x}{trade:040x}"
        swapped = words(10**18 + trade, 0, 0, 2 * 10**18)
        for topics, data in (([SYNC], words(*reserves_of(pair))), ([SWAP, party, party], swapped)):
            logs.append(
                {
                    "address": pair,
                    "topics": topics,
                    "data": data,
                    "blockHash": block_hash(number),
                    "blockNumber": hex(number),
                    "blockTimestamp": hex(number),
                    "transactionHash": f"0x{number:032x}{trade:032x}",
                    "transactionIndex": hex(trade),
                    "logIndex": hex(len(logs)),
                    "removed": False,
                }
            )
    return logs


class Chain:
    """`texts`: by block and part of the addresses, its logs as JSON without the brackets."""

    def __init__(self) -> None:
        self.head = HISTORY
        parts = range(-(-PAIRS // ADDRESSES_MAX))
        self.texts = [
            [
                json.dumps([x for x in logs if _part_of(x["address"]) == part])[1:-1]
                for part in parts
            ]
            for logs in map(block_logs, range(HISTORY + LIVE + 1))
        ]

    def answer(self, method: str, params: list[Any]) -> str:
        match method:
            case "eth_chainId":
                return f'"{CHAIN_ID:#x}"'
            case "eth_getCode":
                return '"0x"' if params[0] == MULTICALL3 else '"0x60"'
            case "eth_getBlockByNumber":
                number = self.head if params[0] == "latest" else int(params[0], 16)
                return self._block(number) if number <= self.head else "null"
            case "eth_getLogs":
                return f"[{', '.join(filter(None, self._logs(params[0])))}]"
            case "eth_call":
                asked = params[0]
                if asked["data"] == GET_RESERVES:
                    return f'"{words(*reserves_of(asked["to"]), 0)}"'
                return f'"{words(10**24)}"'
            case "bench_advance":
                self.head += 1
                return "true"
        raise LookupError(method)

    def _block(self, number: int) -> str:
        block = {
            "number": hex(number),
            "hash": block_hash(number),
            "parentHash": block_hash(number - 1),
            "timestamp": hex(int(time.time())),
            "transactions": [f"0x{number:032x}{one:032x}" for one in range(TRADES)],
        }
        return json.dumps(block)

    def _logs(self, where: Mapping[str, Any]) -> list[str]:
        part = _part_of(where["address"][0])
        if "blockHash" in where:
            return [self.texts[int(where["blockHash"], 16) - 1][part]]
        first, last = int(where["fromBlock"], 16), int(where["toBlock"], 16)
        return [self.texts[number][part] for number in range(first, last + 1)]


def _part_of(pair: str) -> int:
    return (int(pair, 16) - 1) // ADDRESSES_MAX


def serve() -> None:
    """Until it is ended; the first line that it prints is its port."""
    chain = Chain()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls = asked if isinstance(asked, list) else [asked]
            answers = [
                f'{{"jsonrpc":"2.0","id":{one["id"]},"result":'
                f"{chain.answer(one['method'], one['params'])}}}"
                for one in calls
            ]
            text = f"[{','.join(answers)}]" if isinstance(asked, list) else answers[0]
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """The mirror hangs up on answers that are too large."""

    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


class Counter:
    """A listener that counts."""

    def __init__(self) -> None:
        self.events = 0

    def applied(self, events: Any) -> None:
        self.events += len(events.events)

    def dropped(self, ancestor: Any) -> None: ...
    async def final(self, block: Any) -> None: ...


def pairs() -> list[Pair]:
    base = Token("0x" + "f0" * 20, "BASE", 18)
    return [
        Pair(pair_address(i), Token(f"0x{i + 2**100:040x}", f"T{i}", 18), base, True)
        for i in range(PAIRS)
    ]


async def follow(port: int, data: Path, has_feed: bool) -> tuple[float, float, float, float]:
    """Events a second of catching up, by the wall clock and by the mirror's own process time;
    seconds of a block at the tip, the middle one and the slowest."""
    url = f"http://127.0.0.1:{port}"
    other = dict.fromkeys(("factory", "router", "wrapped"), "0x" + "12" * 20)
    deployment = Deployment(
        name="bench",
        rpc=(url,),
        chain_id=CHAIN_ID,
        start_block=1,
        poll_ms=5,
        confirmations=CONFIRMATIONS,
        **other,
    )
    node, counter = Node([url]), Counter()
    store = await ChainStore.open(data, "bench")
    mirror = Mirror(deployment, node, pairs(), store=store)
    mirror.listeners.append(counter)
    await mirror.start()
    async with AsyncExitStack() as stack:
        if has_feed:
            data_of = market_data_of(data, mirror, lambda: time.time_ns() // 1_000_000)
            await stack.enter_async_context(data_of)
        measured = await _measured(port, mirror, counter)
    await node.close()
    await store.close()
    return measured


async def _measured(
    port: int, mirror: Mirror, counter: Counter
) -> tuple[float, float, float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    running = asyncio.create_task(mirror.run())
    await _reached(mirror, HISTORY)
    rate = counter.events / (time.perf_counter() - began)
    own_rate = counter.events / (time.process_time() - cpu)
    while len(mirror.total_supply) < PAIRS:
        await asyncio.sleep(0.01)
    control = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    for number in range(HISTORY + 1, HISTORY + LIVE + 1):
        began = time.perf_counter()
        await _advance(*control)
        await _reached(mirror, number)
        taken.append(time.perf_counter() - began)
    assert counter.events == 2 * TRADES * (HISTORY + LIVE), counter.events
    control[1].close()
    await mirror.stop()
    await running
    return rate, own_rate, middle(taken), max(taken)


async def _reached(mirror: Mirror, number: int) -> None:
    while mirror.block.number < number:
        await asyncio.sleep(0.001)


async def _advance(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"bench_advance","params":[]}'
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    await reader.readexactly(length)


def decoding() -> float:
    """Logs a second of process time, checks included, from what the JSON was read into."""
    logs = [log for number in range(50) for log in block_logs(number)]
    known = frozenset(map(pair_address, range(PAIRS)))
    rates = []
    for _ in range(5):
        began = time.process_time()
        decode_logs(logs, known)
        rates.append(len(logs) / (time.process_time() - began))
    return middle(rates)


def followed(has_feed: bool) -> tuple[float, float, float, float]:
    """Before a node of its own."""
    node = subprocess.Popen(
        [sys.executable, "-m", "bench.chain"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert node.stdout
        port = int(node.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(follow(port, Path(folder), has_feed))
    finally:
        node.terminate()
        node.wait()


def rows() -> list[Row]:
    logging.getLogger("xyk.chain").setLevel(logging.ERROR)
    found = [at_least("logs decoded", decoding(), 50_000, "logs/s")]
    for has_feed, what in ((False, "mirror alone"), (True, "with market data")):
        rate, own_rate, block_s, slowest_s = followed(has_feed)
        found += [
            at_least(f"catch-up, 1,000 pairs, {what}", rate, 5_000, "events/s"),
            note("  by its own process time", f"{own_rate:,.0f} events/s"),
            at_most(f"block of 200 Syncs, one a second, {what}", block_s * 1000, 1_000, "ms"),
            at_most(f"  the slowest of {LIVE}", slowest_s * 1000, 1_000, "ms"),
            at_most(f"  the slowest of {LIVE}, one every 12 s", slowest_s * 1000, 12_000, "ms"),
        ]
    return found


if __name__ == "__main__":
    serve()
