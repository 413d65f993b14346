"""Target for what a websocket sends us: the real frame handling, which must go on after anything
and answer with JSON.
"""

import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec
from structlog.testing import capture_logs

from tests.fuzz.exchange import KEY, exchange

FRAMES_MAX = 8
ERRORS = {4000, 4001, 4003, 4006, 4008}


def frames(data: bytes) -> None:
    """Frames with newlines between them; the first byte: as text, as bytes, or as text that our
    key signed. After all of them a subscription is still heard."""
    first, rest = (data[0], data[1:]) if data else (0, b"")
    sent = [_message(first, frame) for frame in rest.split(b"\n")[:FRAMES_MAX]]
    last = {"method": "SUBSCRIBE", "params": ["trade.ETH_USDC"], "id": "fuzz-end"}
    sent.append({"type": "websocket.receive", "text": msgspec.json.encode(last).decode()})
    target = exchange()
    with capture_logs() as logs:
        answered = target.run(target.socket(sent))
    assert not [log for log in logs if log["log_level"] in ("error", "critical")], logs
    assert answered[0] == {"type": "websocket.accept"}
    said = [msgspec.json.decode(one["text"]) for one in answered[1:] if "text" in one]
    assert {"id": "fuzz-end", "result": None} in said, said
    for one in said:
        assert isinstance(one, dict), one
        if "error" in one:
            assert one["error"]["code"] in ERRORS and one["error"]["message"], one


def _message(first: int, frame: bytes) -> dict[str, Any]:
    if first % 3 == 1:
        return {"type": "websocket.receive", "bytes": frame}
    text = frame.decode("utf-8", "replace")  # as the protocol hands it on
    if first % 3 == 2:
        text = text.replace("$SIGNED", _signature())
    return {"type": "websocket.receive", "text": text}


def _signature() -> str:
    now_ms = time.time_ns() // 1_000_000
    text = f"instruction=subscribe&timestamp={now_ms}&window=5000"
    public = b64encode(bytes.fromhex(KEY.public[2:])).decode()
    return f'["{public}","{KEY.sign(text)}","{now_ms}","5000"]'


def frame_seeds() -> Iterator[bytes]:
    names = (
        *("depth.ETH_USDC", "depth.200ms.ETH_USDC", "bookTicker.ETH_USDC", "trade.ETH_USDC"),
        *("trades@ETH_USDC", "ticker.ETH_USDC", "kline.1m.ETH_USDC", "pool.ETH_USDC"),
        "account.orderUpdate@0x" + "11" * 20,
    )
    for number, name in enumerate(names):
        asked = {"method": "SUBSCRIBE", "params": [name], "id": number}
        gone = {"method": "UNSUBSCRIBE", "params": [name, "nothing"]}
        yield b"\x00" + msgspec.json.encode(asked) + b"\n" + msgspec.json.encode(gone)
    yield b"\x01" + msgspec.json.encode({"method": "SUBSCRIBE", "params": [], "token": "a.b.c"})
    yield (
        b'\x02{"method":"SUBSCRIBE","params":["account.orderUpdate","account.balanceUpdate",'
        b'"account.positionUpdate"],"signature":$SIGNED,"id":null}'
    )
    yield b'\x00{"method":"SUBSCRIBE","params":["account.orderUpdate"],"signature":[1,"",2,3]}'
