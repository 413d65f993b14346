"""JSON-RPC endpoints of one chain, over web3's own HTTP provider; the next one where one fails.

An endpoint is used after it told the right chain id, and again after it was down. One that is down,
slow, rate limited, of another chain or behind the others is left alone for a while and then checked
on the side; the first usable one in the order of preference is asked. What a node truly answers, a
revert or a nonce that is too low, is the answer: no other endpoint is asked for a better one.

This is the only file that imports web3, and only an exchange with a `chain.toml` loads it. Its
provider keeps the HTTP session; requests and answers are ours, as its formatters take longer over a
large eth_getLogs than the node does.
"""

import asyncio
import itertools
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from aiohttp import (
    ClientConnectorError,
    ClientOSError,
    ClientSession,
    ClientTimeout,
    ServerDisconnectedError,
    TCPConnector,
)
from web3 import AsyncHTTPProvider

from xyk.chain.answers import (
    LIMIT_EXCEEDED,
    BatchRefused,
    Busy,
    Unusable,
    Verdict,
    decode,
    pause_s,
    verdict,
)
from xyk.chain.deployment import Deployment
from xyk.chain.endpoint_url import readable, shown
from xyk.chain.rpc import RpcDown, RpcError, WrongChain, quantity
from xyk.chain.standing import Head, Standing, State

# Below web3, py_ecc raises it to 100,000, where nested JSON overflows the stack of C: one answer of
# a node, or one request of a stranger, would kill the process.
sys.setrecursionlimit(1_000)

log = logging.getLogger(__name__)
logging.getLogger("web3").setLevel(logging.WARNING)  # below, it tells whole URLs

# All that is ever asked. Nothing here makes a node sign, unlock or name an account of its own.
METHODS = frozenset(
    {"eth_blockNumber", "eth_call", "eth_chainId", "eth_estimateGas", "eth_feeHistory"}
    | {"eth_gasPrice", "eth_getBalance", "eth_getBlockByNumber", "eth_getCode", "eth_getLogs"}
    | {"eth_getTransactionByHash", "eth_getTransactionCount", "eth_getTransactionReceipt"}
    | {"eth_maxPriorityFeePerGas", "eth_sendRawTransaction"}
)

TIMEOUT_S = 10.0  # of one attempt at one endpoint
PATIENCE_S = 3.0  # that a call waits where all endpoints are rate limited
ROUND_S = 15.0  # between two looks at the heads of all endpoints
BEHIND_S = 60
FUTURE_S = 60  # a head that is newer than our clock by more than this proves nothing
ANSWER_MAX = 32 * 1024 * 1024  # bytes, unpacked; some 40,000 logs
BATCH_MAX = 100  # calls in one request; less where an endpoint refuses that many
CONNECTIONS_MAX = 32  # to one endpoint
READ_BUFFER = 1024 * 1024  # bytes
REFUSED_BATCH = frozenset({400, 404, 405, 413, 415, 422, 501})  # HTTP statuses
REFUSED_KEY = frozenset({401, 402, 403, 407})

Call = tuple[str, Sequence[object]]
Response = tuple[int, Mapping[str, str], bytes]


class EndpointState(NamedTuple):
    """`host`: its URL as far as people may see it. `why`: empty where `state` is "good"."""

    host: str
    state: str
    why: str


class TooLarge(Unusable):
    """Logs of more bytes than we read: the range is at fault, not the endpoint."""


class Node:
    """An `Rpc`; made by `Node.of(deployment)`. `urls` in order of preference. `chain_id` None takes
    whatever chain they are of. `behind_s`: how much older, by the chain's time, the head of an
    endpoint may be than the newest one seen.

    A raw transaction goes to the next endpoint too where one did not answer, and may have arrived
    at both: it is the same transaction, so "already known" then means that it was sent.
    """

    def __init__(
        self,
        urls: Sequence[str],
        timeout_s: float = TIMEOUT_S,
        *,
        chain_id: int | None = None,
        behind_s: int = BEHIND_S,
    ) -> None:
        self._chain_id = chain_id
        self._behind_s = behind_s
        self._endpoints = [_Endpoint(url, timeout_s) for url in urls]
        self._checks: dict[_Endpoint, asyncio.Task[None]] = {}
        self._round_at = 0.0

    @classmethod
    def of(cls, deployment: Deployment) -> "Node":
        one = deployment
        return cls(one.rpc, chain_id=one.chain_id, behind_s=one.stale_after_s)

    async def start(self) -> None:
        """Check all endpoints. Raises WrongChain where each of them is of another chain; ones that
        are down are no reason not to start."""
        self._begin_checks(self._endpoints)
        await asyncio.wait(self._checks.values())
        if all(endpoint.standing.state is State.FOREIGN for endpoint in self._endpoints):
            raise WrongChain("; ".join(f"{one.host}: {one.why}" for one in self.endpoints()))

    def endpoints(self) -> list[EndpointState]:
        return [
            EndpointState(endpoint.shown, endpoint.standing.state.value, endpoint.standing.why)
            for endpoint in self._endpoints
        ]

    async def call(self, method: str, *params: object) -> Any:
        return (await self.batch([(method, params)]))[0]

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        outcomes = await self.each(calls)
        for outcome in outcomes:
            if isinstance(outcome, RpcError):
                raise outcome
        return outcomes

    async def each(self, calls: Sequence[Call]) -> list[Any]:
        for method, _ in calls:
            assert method in METHODS, f"{method} is nothing that we ask of a node"
        give_up = _now() + PATIENCE_S
        tried: dict[_Endpoint, str] = {}
        refused: list[Any] | None = None
        while endpoint := await self._next(tried, give_up):
            asked = _now()
            try:
                outcomes = await endpoint.ask(calls)
            except TooLarge as fault:
                outcomes = [RpcError(LIMIT_EXCEEDED, str(fault))] * len(calls)
            except Unusable as fault:
                self._failed(endpoint, fault, asked)
                if not isinstance(fault, Busy):
                    tried[endpoint] = str(fault)
                continue
            else:
                endpoint.standing.worked(asked)
                if all(answer is Verdict.TRUE for answer in _verdicts(calls, outcomes)):
                    return outcomes
            tried[endpoint] = "it does not know"
            refused = refused or outcomes
        if refused is not None:
            return refused  # an answer after all: nobody knows better
        raise RpcDown("; ".join(self._reasons(tried)))

    async def close(self) -> None:
        checks = list(self._checks.values())
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)
        for endpoint in self._endpoints:
            await endpoint.close()

    async def _next(self, tried: dict["_Endpoint", str], give_up: float) -> "_Endpoint | None":
        """The most preferred endpoint that may be asked. Waits for checks, and for the end of a
        rate limit until `give_up`, where there is none right now."""
        while True:
            now = _now()
            self._look_after(now)
            left = [endpoint for endpoint in self._endpoints if endpoint not in tried]
            for endpoint in left:
                if endpoint.standing.is_usable(now):
                    return endpoint
            checks = [self._checks[endpoint] for endpoint in left if endpoint in self._checks]
            if checks:
                await asyncio.wait(checks, return_when=asyncio.FIRST_COMPLETED)
                continue
            pauses = [e.standing.until for e in left if e.standing.state is State.BUSY]
            if not pauses or min(pauses) > give_up:
                return None
            await asyncio.sleep(min(pauses) - now)

    def _look_after(self, now: float) -> None:
        """Check on the side what is due; where there are several endpoints, all of them every now
        and then, for the sake of their heads."""
        if len(self._endpoints) > 1 and now >= self._round_at:
            self._round_at = now + ROUND_S
            self._begin_checks([e for e in self._endpoints if now >= e.standing.until])
        self._begin_checks([e for e in self._endpoints if e.standing.is_due(now)])

    def _begin_checks(self, endpoints: Sequence["_Endpoint"]) -> None:
        for endpoint in endpoints:
            if endpoint not in self._checks:
                check = asyncio.create_task(self._check(endpoint))
                self._checks[endpoint] = check
                check.add_done_callback(partial(self._end_check, endpoint))

    def _end_check(self, endpoint: "_Endpoint", _: asyncio.Task[None]) -> None:
        del self._checks[endpoint]

    async def _check(self, endpoint: "_Endpoint") -> None:
        """Its chain id and its newest block."""
        asked = _now()
        try:
            [chain] = await endpoint.ask([("eth_chainId", ())])
            [block] = await endpoint.ask([("eth_getBlockByNumber", ("latest", False))])
            chain_id, fields = _uint64(_given(chain)), _given(block)
            head = Head(_uint64(fields["number"]), _uint64(fields["timestamp"]))
        except Unusable as fault:
            self._failed(endpoint, fault, asked)
            return
        except (LookupError, TypeError, ValueError):
            self._failed(endpoint, Unusable("no sane chain id or newest block"), asked)
            return
        before = {one: one.standing.state for one in self._endpoints}
        if self._chain_id is not None and chain_id != self._chain_id:
            why = f"its chain id is {chain_id}, expected {self._chain_id}"
            endpoint.standing.foreign(why, _now())
        else:
            endpoint.standing.checked(head, asked)
            self._compare_heads()
        for one, state in before.items():
            one.tell(state)

    def _compare_heads(self) -> None:
        """Set aside who is far behind the newest head that any endpoint was seen to have."""
        seen = [e for e in self._endpoints if e.standing.head is not None]
        future = time.time() + FUTURE_S
        heads = [e.standing.head for e in seen if e.standing.head is not None]
        told = [head for head in heads if head.time_s <= future]
        newest = max(told, key=lambda head: head.time_s, default=None)
        for endpoint in seen:
            head = endpoint.standing.head
            if newest is None or head is None or not endpoint.standing.is_usable(_now()):
                continue
            if newest.time_s - head.time_s > self._behind_s:
                why = f"its newest block is {head.number}, another endpoint has {newest.number}"
                endpoint.standing.behind(why, _now() + ROUND_S)

    def _failed(self, endpoint: "_Endpoint", fault: Unusable, asked: float) -> None:
        before = endpoint.standing.state
        if isinstance(fault, Busy):
            endpoint.standing.busy(str(fault), fault.pause_s, asked, _now())
        else:
            endpoint.standing.failed(str(fault), asked, _now())
        endpoint.tell(before)

    def _reasons(self, tried: dict["_Endpoint", str]) -> list[str]:
        return [f"{e.shown}: {tried.get(e) or e.standing.why}" for e in self._endpoints]


class _Endpoint:
    def __init__(self, url: str, timeout_s: float) -> None:
        self.shown = shown(url)
        self.standing = Standing()
        self._url = url
        self._timeout_s = timeout_s
        self._provider = AsyncHTTPProvider(
            url,
            request_kwargs={"timeout": ClientTimeout(total=timeout_s), "allow_redirects": False},
            exception_retry_configuration=None,
        )
        self._session: ClientSession | None = None
        self._options = self._provider.get_request_kwargs()
        self._batch_max = BATCH_MAX
        self._ids = itertools.count(1)

    def tell(self, before: State) -> None:
        """Into the log, where its state is another one now."""
        if self.standing.state is not before:
            level = logging.WARNING if self.standing.why else logging.INFO
            log.log(level, "%s: %s", self.shown, self.standing.why or "usable")

    async def ask(self, calls: Sequence[Call]) -> list[Any]:
        """Results and RpcErrors in the order of the calls. Raises Unusable."""
        outcomes: list[Any] = []
        while len(outcomes) < len(calls):
            part = calls[len(outcomes) : len(outcomes) + self._batch_max]
            try:
                outcomes += await self._ask_at_once(part)
            except BatchRefused:
                self._batch_max = max(1, len(part) // 10)
        return outcomes

    async def close(self) -> None:
        await self._provider.disconnect()

    async def _ask_at_once(self, calls: Sequence[Call]) -> list[Any]:
        ids = [next(self._ids) for _ in calls]
        requests = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, (method, params) in zip(ids, calls, strict=True)
        ]
        is_of_logs = any(method == "eth_getLogs" for method, _ in calls)
        body = msgspec.json.encode(requests if len(requests) > 1 else requests[0])
        status, headers, answer = await self._post(body, is_of_logs)
        if status == 429 or (status == 503 and "Retry-After" in headers):
            raise Busy(f"HTTP {status}", pause_s(headers.get("Retry-After", "")))
        if len(calls) > 1 and status in REFUSED_BATCH:
            raise BatchRefused
        if status in REFUSED_KEY:
            raise Unusable(f"HTTP {status}: it does not accept our key")
        try:
            outcomes = decode(answer, ids)
        except Unusable as fault:
            why = str(fault) if status == 200 else f"HTTP {status}"
            fault.args = (readable(why, self._url),)
            raise
        if status != 200 and not all(isinstance(outcome, RpcError) for outcome in outcomes):
            raise Unusable(f"HTTP {status}")
        for outcome in outcomes:
            if isinstance(outcome, RpcError):
                outcome.message = readable(outcome.message, self._url)
                outcome.args = (outcome.message,)
        for one, outcome in zip(_verdicts(calls, outcomes), outcomes, strict=True):
            if one is Verdict.BUSY:
                raise Busy(outcome.message)
        return outcomes

    async def _post(self, body: bytes, is_of_logs: bool) -> Response:
        for is_repeated in (False, True):
            try:
                return await self._post_once(body, is_of_logs)
            except Unusable:
                raise
            except TimeoutError:
                raise Unusable(f"no answer within {self._timeout_s:g} s") from None
            except (ServerDisconnectedError, ClientOSError) as fault:
                # It may have closed a connection that we kept; a fresh one shows whether it lives.
                if is_repeated or isinstance(fault, ClientConnectorError):
                    raise Unusable(_words(fault)) from None
            except Exception as fault:  # whatever a transport raises; it names our URL
                raise Unusable(_words(fault)) from None
        raise AssertionError("the second attempt returns or raises")

    async def _post_once(self, body: bytes, is_of_logs: bool) -> Response:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=CONNECTIONS_MAX), read_bufsize=READ_BUFFER
            )
            await self._provider.cache_async_session(self._session)  # which closes it
        pieces: list[bytes] = []
        size = 0
        async with self._session.post(self._url, data=body, **self._options) as response:
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > ANSWER_MAX:
                    response.close()
                    kind = TooLarge if is_of_logs else Unusable
                    raise kind(f"an answer larger than {ANSWER_MAX} bytes")
                pieces.append(piece)
            return response.status, response.headers, b"".join(pieces)


def _verdicts(calls: Sequence[Call], outcomes: Sequence[Any]) -> list[Verdict]:
    return [verdict(call[0], outcome) for call, outcome in zip(calls, outcomes, strict=True)]


def _given(outcome: Any) -> Any:
    """A result. Raises Unusable for a refusal."""
    if isinstance(outcome, RpcError):
        raise Unusable(outcome.message)
    return outcome


def _uint64(answer: Any) -> int:
    """Raises TypeError and ValueError."""
    number = quantity(answer)
    if not 0 <= number < 2**64:
        raise ValueError("outside of 64 bits")
    return number


def _words(fault: Exception) -> str:
    """Of a fault of the transport, without the URL that it may name."""
    reason = fault.strerror if isinstance(fault, OSError) else None
    if isinstance(fault, ClientConnectorError):  # asyncio words it with the address
        number = fault.errno or 0
        return f"cannot connect: {os.strerror(number) if number > 0 else reason}"
    return f"{type(fault).__name__}: {reason}" if reason else type(fault).__name__


def _now() -> float:
    return asyncio.get_running_loop().time()
