"""What the writer tells whoever measures it; the API exports these as Prometheus metrics."""

from typing import Protocol

from xyk.domain.rejections import Code


class Observer(Protocol):
    """Called on the event loop; must be quick and must not raise."""

    def committed(self, entries: int, size_bytes: int, latency_ms: float) -> None:
        """A group is on disk; the latency is that of its append alone."""
        ...

    def refused(self, code: Code) -> None: ...

    def clock_ahead(self, ahead_ms: int) -> None:
        """An alarm: the wall clock jumped and the writer refuses; 0 when it came back."""
        ...

    def crossed(self, markets: int) -> None:
        """An alarm: in how many markets book and pool cross now (invariant 6); 0 when in none."""
        ...

    def stopped(self, error: BaseException) -> None:
        """An alarm: the writer failed and the process must end."""
        ...


class NoObserver:
    def committed(self, entries: int, size_bytes: int, latency_ms: float) -> None:
        return None

    def refused(self, code: Code) -> None:
        return None

    def clock_ahead(self, ahead_ms: int) -> None:
        return None

    def crossed(self, markets: int) -> None:
        return None

    def stopped(self, error: BaseException) -> None:
        return None
