"""A deployment as the exchange runs it: what it is, how to ask its chain, its mirrored state."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import structs

from xyk.chain.deployment import Deployment
from xyk.chain.endpoint_url import scrubbed, shown
from xyk.chain.market_data import MarketData
from xyk.chain.mirror import HALTED, Mirror, MirrorState
from xyk.chain.relay import Relay
from xyk.chain.route import Graph, Route
from xyk.chain.rpc import Rpc
from xyk.domain.rejections import Rejected

SOCKET_ADDRESS = re.compile(r"\('[^']*', \d+(, \d+)*\)")  # as Python words one


@dataclass(slots=True)
class Venue:
    """`fault`: why nothing of it may be believed, besides what the mirror itself says; empty while
    there is no reason. `relay`: None where only what is mirrored is read. `skipped`: by address of
    a token or a pair that is configured, why it cannot be used."""

    deployment: Deployment
    rpc: Rpc
    mirror: Mirror
    market_data: MarketData | None = None  # None: it is no market-data venue
    fault: str = ""
    relay: Relay | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    _graph: Graph = field(init=False, default_factory=lambda: Graph((), 0))
    _graph_pairs: int = field(init=False, default=0)

    def state(self, now_ms: int) -> MirrorState:
        """Unix milliseconds."""
        state = self.mirror.state(now_ms)
        return structs.replace(state, status=HALTED, reason=self.fault) if self.fault else state

    def best_exact_in(self, token_in: str, token_out: str, amount_in: int) -> Route | Rejected:
        """As of the mirrored block. Tokens by address."""
        reserves = self.mirror.reserves
        return self._routes().best_exact_in(reserves, token_in, token_out, amount_in)

    def best_exact_out(self, token_in: str, token_out: str, amount_out: int) -> Route | Rejected:
        reserves = self.mirror.reserves
        return self._routes().best_exact_out(reserves, token_in, token_out, amount_out)

    def without_urls(self, text: str) -> str:
        """`text` for strangers: where the nodes are is the operator's to know."""
        endpoints = filter(None, (*self.deployment.rpc, self.deployment.websocket))
        for number, url in enumerate(endpoints, start=1):
            place = shown(url)
            for known in (place, place.partition("://")[2]):
                text = text.replace(known, f"endpoint {number}")
            text = scrubbed(text, url)
        return SOCKET_ADDRESS.sub("its address", text)

    def _routes(self) -> Graph:
        """Of all pairs that there are; none of them ever goes away."""
        if self._graph_pairs != len(self.mirror.pairs):
            self._graph = Graph(self.mirror.pairs.values(), self.deployment.fee_bps)
            self._graph_pairs = len(self.mirror.pairs)
        return self._graph
