"""Bounded queues of readers: what is dropped, what is kept, who must go."""

import asyncio

from api.hub import QUEUE_BYTES_MAX, QUEUE_MAX, SLOW_READER, Hub, Reader


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
