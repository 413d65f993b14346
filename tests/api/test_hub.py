"""Bounded queues of readers: what is dropped, what is kept, who must go."""

import asyncio
from typing import Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from api.hub import (
    KEY_MARK,
    QUEUE_BYTES_MAX,
    QUEUE_MAX,
    SLOW_READER,
    WRITE_MAX,
    Hub,
    Reader,
    wire_of,
)
from api.stream import _send_frames


def reader_of(hub: Hub, *names: str) -> Reader:
    reader = Reader(lambda: None)
    for name in names:
        hub.subscribe(reader, name)
    return reader


def texts(reader: Reader) -> list[str]:
    return [frame.message["text"] for frame in reader.queue]


def push(hub: Hub, name: str, data: object, *, replaceable: bool) -> None:
    hub.push((name,), str(data), replaceable=replaceable)


def framed(name: str, data: object) -> str:
    return f'{{"stream":"{name}","data":{data}}}'


def test_a_frame_is_encoded_once_for_all_readers_of_a_name() -> None:
    hub = Hub()
    one, other = reader_of(hub, "trade.A"), reader_of(hub, "trade.A")
    push(hub, "trade.A", 1, replaceable=False)
    assert one.queue[0].message is other.queue[0].message


def test_all_frames_wait_while_there_is_room() -> None:
    hub = Hub()
    reader = reader_of(hub, "pool.A")
    for n in range(QUEUE_MAX):
        push(hub, "pool.A", n, replaceable=True)
    assert texts(reader) == [framed("pool.A", n) for n in range(QUEUE_MAX)]


def test_states_are_conflated_and_trades_kept_in_order() -> None:
    hub = Hub()
    reader = reader_of(hub, "pool.A", "ticker.A", "trade.A")
    for n in range(3):
        push(hub, "trade.A", n, replaceable=False)
        push(hub, "ticker.A", n, replaceable=True)
    for n in range(QUEUE_MAX - 5):
        push(hub, "pool.A", n, replaceable=True)
    assert texts(reader) == [
        framed("trade.A", 0),
        framed("trade.A", 1),
        framed("trade.A", 2),
        framed("ticker.A", 2),
        framed("pool.A", QUEUE_MAX - 6),
    ]
    assert reader.closing is None


def test_who_would_lose_a_trade_must_go() -> None:
    hub = Hub()
    calls: list[int] = []
    reader = Reader(lambda: calls.append(1))
    hub.subscribe(reader, "trade.A")
    for n in range(QUEUE_MAX):
        push(hub, "trade.A", n, replaceable=False)
    assert (reader.closing, hub.slow) == (None, 0)

    push(hub, "trade.A", "one too many", replaceable=False)
    push(hub, "trade.A", "later", replaceable=False)

    assert reader.closing == SLOW_READER
    assert not reader.queue
    assert (hub.slow, calls) == (1, [1])


def test_who_lets_too_many_bytes_wait_must_go() -> None:
    hub = Hub()
    reader = reader_of(hub, "depth.A")
    size = QUEUE_BYTES_MAX // 64
    for _ in range(63):
        push(hub, "depth.A", "x" * (size - 100), replaceable=False)
    assert reader.closing is None
    for _ in range(2):
        push(hub, "depth.A", "x" * (size - 100), replaceable=False)
    assert reader.closing == SLOW_READER
    assert not reader.queue


def test_who_reads_may_be_sent_any_number_of_bytes() -> None:
    hub = Hub()
    reader = reader_of(hub, "depth.A")
    for _ in range(1_000):
        push(hub, "depth.A", "x" * (QUEUE_BYTES_MAX // 64), replaceable=False)
        if len(reader.queue) > 20:  # never without any, so that it is never idle
            reader.queue.popleft()
    assert reader.closing is None
    assert len(reader.queue) == 20


def test_large_states_are_conflated() -> None:
    hub = Hub()
    reader = reader_of(hub, "pool.A")
    for _ in range(200):
        push(hub, "pool.A", "x" * (QUEUE_BYTES_MAX // 64), replaceable=True)
    assert reader.closing is None
    assert len(reader.queue) <= 64


async def test_a_waiting_reader_wakes_for_a_frame_and_for_its_end() -> None:
    hub = Hub()
    reader = reader_of(hub, "trade.A")
    waiting = asyncio.create_task(reader.ready())
    await asyncio.sleep(0)
    assert not waiting.done()
    push(hub, "trade.A", 1, replaceable=False)
    push(hub, "trade.A", 2, replaceable=False)
    await waiting
    assert len(reader.queue) == 2
    reader.queue.clear()

    waiting = asyncio.create_task(reader.ready())
    await asyncio.sleep(0)
    reader.close(1001, "bye")
    await waiting
    await reader.ready()


def test_subscriptions_are_counted_once() -> None:
    hub = Hub()
    reader = reader_of(hub, "trade.A", "trade.A", "pool.A")
    assert hub.subscriptions == 2
    hub.unsubscribe(reader, "pool.A")
    hub.unsubscribe(reader, "pool.A")
    assert hub.subscriptions == 1
    assert hub.has_readers("trade.A")
    hub.leave(reader)
    assert (hub.subscriptions, hub.has_readers("trade.A")) == (0, False)


def test_a_key_that_ends_leaves_nothing_behind() -> None:
    """Its private streams alone, and each of its readers is told once."""
    hub, one, other = Hub(), Reader(lambda: None), Reader(lambda: None)
    mine, also, foreign = (
        f"{name}{KEY_MARK}{key}"
        for name, key in (("account.a", "k"), ("account.b", "k"), ("account.a", "m"))
    )
    for name in (mine, also, "trade.S"):
        hub.subscribe(one, name)
    for name in (mine, foreign):
        hub.subscribe(other, name)
    hub.drop_key("k", "over")
    assert [len(one.queue), len(other.queue)] == [1, 1]
    assert (one.names, other.names) == ({"trade.S"}, {foreign})
    assert not hub.has_key("k") and not hub.has_readers(mine) and hub.has_key("m")
    assert (hub.subscriptions, hub.account_readers) == (2, 1)
    hub.push((mine, foreign), "1", replaceable=False)
    assert other.queue[-1].message["text"] == '{"stream":"account.a","data":1}'
    assert len(one.queue) == 1
    hub.leave(other)
    assert not hub.has_key("m")


class Socket:
    """A reader whose bytes are written past ASGI as long as there is room; `seen` is what a client
    would read, whichever way it came."""

    def __init__(self, hub: Hub, *names: str) -> None:
        self.room = asyncio.Event()
        self.room.set()
        self.writes: list[list[str]] = []  # the texts of each
        self.seen: list[str] = []
        self.reader = Reader(lambda: None, self._write, hub.later)
        self._sender = asyncio.create_task(_send_frames(self.reader, self._send))
        for name in names:
            hub.subscribe(self.reader, name)

    async def settled(self) -> None:
        """All that can happen by itself has."""
        for _ in range(10):
            await asyncio.sleep(0)

    async def close(self) -> None:
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)

    def _write(self, frames: bytes) -> bool:
        if not self.room.is_set():
            return False
        self.writes.append(parsed(frames))
        self.seen += self.writes[-1]
        return True

    async def _send(self, message: dict[str, Any]) -> None:
        await self.room.wait()
        self.seen.append(message.get("text", message["type"]))


def parsed(wire: bytes) -> list[str]:
    """As the library of the clients reads it."""
    stream = StreamReader()
    stream.feed_data(wire)
    texts = []
    while stream.buffer:
        with pytest.raises(StopIteration) as done:
            next(Frame.parse(stream.read_exact, mask=False))
        frame = done.value.value
        assert (frame.opcode, frame.fin) == (Opcode.TEXT, True)
        texts.append(bytes(frame.data).decode())
    return texts


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_what_the_library_of_the_clients_reads(size: int) -> None:
    text = ("0123456789" * (size // 10 + 1))[:size]
    assert parsed(wire_of(text) + wire_of("next")) == [text, "next"]


async def test_what_one_turn_has_goes_out_as_one_write() -> None:
    hub = Hub()
    sockets = [Socket(hub, "trade.A", "pool.A") for _ in range(3)]
    await sockets[0].settled()
    for turn in range(2):
        for n in range(3):
            push(hub, "trade.A", (turn, n), replaceable=False)
            push(hub, "pool.A", (turn, n), replaceable=True)
        await sockets[0].settled()
    for socket in sockets:
        names = ("trade.A", "pool.A")
        turns = [[framed(a, (turn, n)) for n in range(3) for a in names] for turn in range(2)]
        assert socket.writes == turns
        await socket.close()


async def test_a_write_has_its_bound() -> None:
    """No more is written at once than a frame beyond it, so that a full buffer is noticed."""
    hub = Hub()
    socket = Socket(hub, "trade.A")
    await socket.settled()
    data = "x" * 1_000
    for _ in range(100):
        push(hub, "trade.A", data, replaceable=False)
    await socket.settled()
    assert len(socket.seen) == 100
    sizes = [sum(map(len, write)) for write in socket.writes]
    assert max(sizes) < WRITE_MAX + 2_000
    assert len(sizes) == -(-sum(sizes) // max(sizes))
    await socket.close()


async def test_nothing_overtakes_what_waits_for_room() -> None:
    """In the turn in which room comes back the oldest frame is still on its way."""
    hub = Hub()
    socket = Socket(hub, "trade.A")
    await socket.settled()
    socket.room.clear()
    for n in range(4):
        push(hub, "trade.A", n, replaceable=False)
        if n:  # the first two come in one turn
            await socket.settled()
    assert socket.seen == []
    socket.room.set()
    push(hub, "trade.A", 4, replaceable=False)
    await socket.settled()
    push(hub, "trade.A", 5, replaceable=False)
    await socket.settled()
    assert socket.seen == [framed("trade.A", n) for n in range(6)]
    await socket.close()


async def test_without_room_states_are_conflated_and_a_trade_too_many_ends_it() -> None:
    hub = Hub()
    socket = Socket(hub, "trade.A", "pool.A")
    await socket.settled()
    socket.room.clear()
    push(hub, "trade.A", "first", replaceable=False)
    await socket.settled()  # on its way, and no longer in the queue
    for n in range(2 * QUEUE_MAX):
        push(hub, "pool.A", n, replaceable=True)
        assert len(socket.reader.queue) <= QUEUE_MAX
    assert socket.reader.closing is None
    for n in range(QUEUE_MAX + 1):
        push(hub, "trade.A", n, replaceable=False)
    assert (socket.reader.closing, hub.slow) == (SLOW_READER, 1)
    socket.room.set()
    await socket.settled()
    assert socket.seen == [framed("trade.A", "first"), "websocket.close"]
    await socket.close()


async def test_who_is_told_to_go_before_the_turn_ends_gets_nothing_more() -> None:
    hub = Hub()
    socket = Socket(hub, "trade.A")
    await socket.settled()
    push(hub, "trade.A", 1, replaceable=False)
    socket.reader.close(1008, "bye")
    await socket.settled()
    assert socket.seen == ["websocket.close"]
    await socket.close()
