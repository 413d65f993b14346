"""What an operator watches, as Prometheus metrics; the engine reports here through its Observer."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from xyk.domain.rejections import Code

CONTENT_TYPE = CONTENT_TYPE_LATEST

_LATENCY_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


disable_created_metrics()  # a second series for each, of the moment when it was made


class Metrics:
    """One registry for one exchange. Implements `xyk.engine.observer.Observer`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Counter(
            "xyk_requests",
            "HTTP requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._request = {}  # type: dict[tuple[str, str, int], Counter]
        self._refusals = Counter(
            "xyk_refusals", "Requests refused, by code", ["code"], registry=self.registry
        )
        self._refusal = {code: self._refusals.labels(code.name) for code in Code}
        self._latency = Histogram(
            "xyk_commit_seconds",
            "Appending one group of entries to the journal, fsync included",
            buckets=_LATENCY_S,
            registry=self.registry,
        )
        self._group = Histogram(
            "xyk_group_entries",
            "Entries in one committed group",
            buckets=_SIZES,
            registry=self.registry,
        )
        self._bytes = Counter(
            "xyk_journal_bytes", "Bytes of the entries committed", registry=self.registry
        )
        self._clock_ahead = Gauge(
            "xyk_clock_ahead_milliseconds",
            "How far the wall clock ran ahead of monotonic time; above 0 the writer refuses",
            registry=self.registry,
        )
        self._crossed = Gauge(
            "xyk_crossed_markets",
            "Markets whose book and pool cross; above 0 something is wrong, though no balance",
            registry=self.registry,
        )
        self._writer_failed = Gauge(
            "xyk_writer_failed",
            "1 after the writer failed: the process is ending",
            registry=self.registry,
        )
        self._chain_block = Gauge(
            "xyk_chain_block",
            "Number of the newest mirrored block",
            ["deployment"],
            registry=self.registry,
        )
        self._chain_age = Gauge(
            "xyk_chain_age_seconds",
            "Since the time of the newest mirrored block",
            ["deployment"],
            registry=self.registry,
        )
        self._chain_reorgs = Counter(
            "xyk_chain_reorgs",
            "Times that mirrored blocks were undone",
            ["deployment"],
            registry=self.registry,
        )
        self.sockets = Gauge("xyk_sockets", "Open websockets", registry=self.registry)

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when somebody asks for it."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def watch_chain(
        self, deployment: str, *, block: Callable[[], float], age_s: Callable[[], float]
    ) -> None:
        self._chain_block.labels(deployment).set_function(block)
        self._chain_age.labels(deployment).set_function(age_s)
        self._chain_reorgs.labels(deployment)  # 0 before the first

    def chain_reorg(self, deployment: str) -> None:
        self._chain_reorgs.labels(deployment).inc()

    def count_request(self, method: str, route: str, status: int) -> None:
        key = (method, route, status)
        counter = self._request.get(key)
        if counter is None:
            counter = self._request[key] = self._requests.labels(method, route, str(status))
        counter.inc()

    def exposition(self) -> bytes:
        return generate_latest(self.registry)

    def committed(self, entries: int, size_bytes: int, latency_ms: float) -> None:
        self._group.observe(entries)
        self._bytes.inc(size_bytes)
        self._latency.observe(latency_ms / 1000)

    def refused(self, code: Code) -> None:
        self._refusal[code].inc()

    def clock_ahead(self, ahead_ms: int) -> None:
        self._clock_ahead.set(ahead_ms)

    def crossed(self, markets: int) -> None:
        self._crossed.set(markets)

    def stopped(self, error: BaseException) -> None:
        self._writer_failed.set(1)
