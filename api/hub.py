"""Who listens to what: streams by name, and the bounded queue of every reader.

A frame is encoded once for all readers of a name, down to its bytes on the wire. What one turn of
the loop has for a reader goes out as one write: each is a call of the kernel, which costs several
times what we do. A reader that falls behind loses what a newer frame of the same stream replaces
(pool, ticker, bookTicker); where nothing may be lost (trade, depth, account) it is closed with a
reason.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

QUEUE_MAX = 4_096  # frames that wait for one reader; about 1 MB of trades
QUEUE_BYTES_MAX = 4 * 1024 * 1024  # of them; frames of a deep book are larger
SLOW_READER = (1008, "slow reader: subscribe again and ask for what was missed")

ACCOUNT = "account."  # how streams about an owner begin
KEY_MARK = " "  # between a private stream's name and the key that listens to it

WRITE_MAX = 16 * 1024  # bytes after which a write takes no further frame
TEXT = 0x81  # first byte of a websocket frame that is a whole text (RFC 6455, 5.2)

Message = dict[str, Any]  # what ASGI sends; one object for all readers of a frame
Write = Callable[[bytes], bool]  # whole frames; False where they must wait: nothing was written


class Frame:
    """`wire`: header and payload as a server sends them, unmasked. `replaceable`: a newer frame of
    the same stream makes this one worthless."""

    __slots__ = ("message", "name", "replaceable", "size", "wire")

    def __init__(self, name: str, text: str, replaceable: bool) -> None:
        self.name = name
        self.message: Message = {"type": "websocket.send", "text": text}
        self.wire = wire_of(text)
        self.replaceable = replaceable
        self.size = len(text)  # all of it is ASCII


class Reader:
    """One socket's subscriptions and what waits for it. `closing` is a code and a reason, once it
    must go; `on_closing` is called then. `write` goes past ASGI where the server lets us; `later`
    then has `flush` called in this turn of the loop.
    """

    __slots__ = (
        *("_bytes", "_is_idle", "_later", "_on_closing", "_waiting", "_write"),
        *("closing", "names", "queue"),
    )

    def __init__(
        self,
        on_closing: Callable[[], object],
        write: Write | None = None,
        later: "Callable[[Reader], None] | None" = None,
    ) -> None:
        self.names: set[str] = set()
        self.queue: deque[Frame] = deque()
        self.closing: tuple[int, str] | None = None
        self._on_closing = on_closing
        self._write = write
        self._later = later
        self._waiting: asyncio.Future[None] | None = None
        self._is_idle = False  # nothing waits, nothing is on its way
        self._bytes = 0  # no less than what waits

    def push(self, frame: Frame) -> bool:
        """False where the reader is too slow and is being closed for it."""
        if self.closing is not None:
            return True
        queue = self.queue
        queue.append(frame)
        if self._is_idle:
            self._is_idle = False
            self._bytes = frame.size
            if self._later is not None:
                self._later(self)
            else:
                self._wake()
        else:
            self._bytes += frame.size
            if (len(queue) > QUEUE_MAX or self._bytes > QUEUE_BYTES_MAX) and not self._has_room():
                self.close(*SLOW_READER)
                return False
        return True

    def flush(self) -> None:
        """Writes what waits; where there is no room for it, whoever awaits `ready` takes over."""
        if self.write_queue():
            self._is_idle = True
        else:
            self._wake()

    def write_queue(self) -> bool:
        """False where something is left, because it must wait for room or has to go by ASGI."""
        queue = self.queue
        while queue:
            if self._write is None:
                return False
            parts, size = [], 0
            for frame in queue:
                parts.append(frame.wire)
                size += frame.size
                if size >= WRITE_MAX:
                    break
            if not self._write(parts[0] if len(parts) == 1 else b"".join(parts)):
                return False
            for _ in parts:
                queue.popleft()
        return True

    def close(self, code: int, reason: str) -> None:
        self.queue.clear()
        self.closing = (code, reason)
        self._on_closing()
        self._wake()

    async def ready(self) -> None:
        """Returns when there is a frame, or a reason to close."""
        if not self.queue and self.closing is None:
            self._is_idle = True
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting

    def _has_room(self) -> bool:
        """Whether it has, or could be made: keep the newest of each replaceable stream."""
        self._bytes = sum(frame.size for frame in self.queue)
        if len(self.queue) <= QUEUE_MAX and self._bytes <= QUEUE_BYTES_MAX // 2:
            return True
        seen: set[str] = set()
        kept: list[Frame] = []
        for frame in reversed(self.queue):
            if not frame.replaceable:
                kept.append(frame)
            elif frame.name not in seen:
                seen.add(frame.name)
                kept.append(frame)
        self.queue.clear()
        self.queue.extend(reversed(kept))
        self._bytes = sum(frame.size for frame in kept)
        return len(kept) <= QUEUE_MAX // 2 and self._bytes <= QUEUE_BYTES_MAX // 2

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


class Hub:
    """Readers by the name that they subscribed with: `trade.S` and its alias `trades@S` are two
    names. Of a private stream readers know the part before KEY_MARK alone.
    """

    def __init__(self) -> None:
        # In the order in which they came, so that a simulation of one seed is the same each time.
        self._readers: dict[str, dict[Reader, None]] = {}
        self._by_key: dict[str, dict[str, None]] = {}  # key -> private streams that have readers
        self.subscriptions = 0
        self.account_readers = 0  # those of them that are about an owner
        self.sent = 0
        self.slow = 0
        self._due: list[Reader] = []  # whose frames are written at the end of this turn

    def subscribe(self, reader: Reader, name: str) -> None:
        """Harmless where it is subscribed already."""
        if name not in reader.names:
            reader.names.add(name)
            self._readers.setdefault(name, {})[reader] = None
            self.subscriptions += 1
            _, mark, key = name.partition(KEY_MARK)
            if mark:
                self._by_key.setdefault(key, {})[name] = None
            self.account_readers += name.startswith(ACCOUNT)

    def unsubscribe(self, reader: Reader, name: str) -> None:
        if name in reader.names:
            reader.names.remove(name)
            readers = self._readers[name]
            del readers[reader]
            if not readers:
                del self._readers[name]
                self._forget(name)
            self.subscriptions -= 1
            self.account_readers -= name.startswith(ACCOUNT)

    def leave(self, reader: Reader) -> None:
        for name in tuple(reader.names):
            self.unsubscribe(reader, name)

    def has_readers(self, name: str) -> bool:
        return name in self._readers

    def has_key(self, key: str) -> bool:
        """Whether any private stream of the key has readers."""
        return key in self._by_key

    def drop_key(self, key: str, text: str) -> None:
        """Ends the private streams of a key; `text` is the last that each of its readers gets."""
        readers: dict[Reader, None] = {}
        for name in list(self._by_key.get(key, ())):
            for reader in tuple(self._readers[name]):
                readers[reader] = None
                self.unsubscribe(reader, name)
        for reader in readers:
            if not reader.push(Frame("", text, replaceable=False)):
                self.slow += 1

    def tell_all(self, text: str) -> None:
        """To each reader of any stream, once."""
        readers = {reader: None for named in self._readers.values() for reader in named}
        for reader in readers:
            if not reader.push(Frame("", text, replaceable=False)):
                self.slow += 1

    def followed(self, begin: str) -> list[str]:
        """The names with readers that begin so."""
        return [name for name in self._readers if name.startswith(begin)]

    def push(self, names: tuple[str, ...], data: str, *, replaceable: bool) -> None:
        """`data`: the JSON of one frame's data; `names`: the stream's name and its aliases."""
        for name in names:
            readers = self._readers.get(name)
            if readers:
                shown = name.partition(KEY_MARK)[0]
                frame = Frame(name, f'{{"stream":"{shown}","data":{data}}}', replaceable)
                self.sent += len(readers)
                for reader in readers:
                    if not reader.push(frame):
                        self.slow += 1

    def later(self, reader: Reader) -> None:
        """Its `flush` is called when what runs now is done."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._flush)
        self._due.append(reader)

    def _flush(self) -> None:
        due, self._due = self._due, []
        for reader in due:
            reader.flush()

    def _forget(self, name: str) -> None:
        """A stream has lost its last reader."""
        _, mark, key = name.partition(KEY_MARK)
        if mark:
            names = self._by_key[key]
            del names[name]
            if not names:
                del self._by_key[key]


def wire_of(text: str) -> bytes:
    """A text as one websocket frame of a server (RFC 6455, 5.2): not masked, not compressed."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return b"%c%c%b" % (TEXT, size, payload)
    if size < 65_536:
        return b"%c\x7e%b%b" % (TEXT, size.to_bytes(2), payload)
    return b"%c\x7f%b%b" % (TEXT, size.to_bytes(8), payload)
