"""One HTTP connection pool to an exchange, with retries that never change what is sent.

A signed action executes at most once however often its bytes arrive, because the server keys it
by its digest; so after a lost connection, a time-out or a 503 the same bytes are sent again until
there is an answer. Requests that are not idempotent (the faucet) are repeated only if they cannot
have arrived.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

import httpx
import msgspec

TIMEOUT_S = 10.0  # of one attempt
PATIENCE_S = 30.0  # of all attempts of one request
BACKOFF_S = 0.05  # doubles with each attempt
BACKOFF_MAX_S = 2.0
BUSY = frozenset({429, 503})  # refused before anything was done
LOST = frozenset({502, 504})  # from a proxy on the way: the request may have arrived
ANSWER_MAX = 64 * 1024 * 1024  # bytes, unpacked; a page of the journal has little more than 1 MiB
FAULTS = (httpx.TransportError, httpx.DecodingError)
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Params = Mapping[str, str | int]


class Refused(Exception):
    """The exchange said no: `code` as in DESIGN section 6, its `message`, the HTTP `status`."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Unanswered(Exception):
    """No answer within the patience: the action may or may not have happened. Post the same bytes
    again.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 201 = accepted now, 200 = a read, or the first receipt of an action known before.
    `is_first`: the bytes had not been sent before, so that no attempt of ours can have done what
    this one asked for."""

    status: int
    body: bytes
    is_first: bool = field(default=True, compare=False)

    def json(self) -> Any:
        """The decoded body; raises Refused for an error."""
        if self.status >= 400:
            raise refusal(self)
        return msgspec.json.decode(self.body)


def refusal(answer: Answer) -> Refused:
    try:
        fault = msgspec.json.decode(answer.body, type=dict[str, Any])
        code, message = str(fault["code"]), str(fault["message"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        code, message = "SERVER_ERROR", answer.body[:200].decode(errors="replace")
    return Refused(code, message, answer.status)


class Connection:
    """`patience_s` bounds the whole of one request with its retries; 0 = a single attempt."""

    def __init__(
        self, base_url: str, *, timeout_s: float = TIMEOUT_S, patience_s: float = PATIENCE_S
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.patience_s = patience_s
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            timeout=timeout_s,
            trust_env=not _is_loopback(self.base_url),  # a proxy cannot reach our own machine
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        params: Params | None = None,
        is_repeatable: bool = True,
        bearer: str = "",
    ) -> Answer:
        """The first answer that is final. Raises Unanswered where there is none. `bearer`: a
        session's token; never with what is signed."""
        give_up = time.monotonic() + self.patience_s
        pause_s = BACKOFF_S
        headers = {"content-type": "application/json"} if body is not None else {}
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        is_first = True
        while True:
            least_s = 0.0
            try:
                last, least_s = await self._ask(
                    method, path, content=body, params=params, headers=headers
                )
            except FAULTS as fault:
                if not is_repeatable and not isinstance(fault, NOT_SENT):
                    raise Unanswered(f"{method} {path}: {fault!r}; it may have happened") from fault
                fallen: Exception | None = fault
                is_first &= isinstance(fault, NOT_SENT)
            else:
                fallen = None
                last = replace(last, is_first=is_first)
                is_first = False
                if last.status not in BUSY and not (is_repeatable and last.status in LOST):
                    return last
            wait_s = max(
                least_s, pause_s * random.uniform(0.5, 1.0)
            )  # spread those that retry together
            if time.monotonic() + wait_s > give_up:
                if fallen is None:
                    return last
                raise Unanswered(f"{method} {self.base_url}{path}: {fallen!r}") from fallen
            await asyncio.sleep(wait_s)
            pause_s = min(pause_s * 2, BACKOFF_MAX_S)

    async def _ask(self, method: str, path: str, **given: Any) -> tuple[Answer, float]:
        """One attempt, and after how many seconds the server wants the next one. A liar's answer
        that unpacks to more than memory holds is not read to its end."""
        async with self._http.stream(method, path, **given) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > ANSWER_MAX:
                    raise Unanswered(f"{method} {self.base_url}{path}: over {ANSWER_MAX} bytes")
            return Answer(response.status_code, bytes(body)), _retry_after_s(response)

    async def close(self) -> None:
        await self._http.aclose()


def _retry_after_s(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _is_loopback(base_url: str) -> bool:
    host = httpx.URL(base_url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
