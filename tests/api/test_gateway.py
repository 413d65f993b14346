"""The gateway alone: what it reads of a body that is too large, and when it stops reading."""

from typing import Any

import pytest

from api.gateway import Gateway
from api.limits import Limits, LimitSettings
from api.metrics import Metrics
from api.problems import Answer
from xyk.domain.units import BODY_MAX


async def never(*_: Any) -> Any:
    raise AssertionError("a body that is too large goes nowhere")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
async def test_nothing_is_received_after_the_end_of_a_large_body(announced: bool) -> None:
    """Who asks for more after the last part waits for the client's next move, and so does the
    client's next request.
    """
    parts = [b"x" * BODY_MAX, b"x"]  # the last one is the one too much
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        assert parts, "received after the end"
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def endpoint(body: bytes, scope: object) -> Answer:
        return await never()

    gateway = Gateway(
        endpoints={("POST", "/x"): endpoint},
        queries={},
        keyed={},
        shared=frozenset(),
        methods={},
        reads=never,
        stream=never,
        metrics=Metrics(),
        limits=Limits(LimitSettings()),
        chains={},
    )
    headers = [(b"content-length", b"%d" % (BODY_MAX + 1))] if announced else []
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": headers}
    await gateway(scope, receive, send)
    assert sent[0]["status"] == 413
    assert not parts, "the whole body was read away"
    assert not sent[-1].get("more_body", False)
