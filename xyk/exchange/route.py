"""Which way a swap goes: every simple path of up to three markets, the best outcome wins.

Exact-in folds a path forwards and takes the most output, exact-out folds it backwards and takes the
least input; ties go to fewest hops, then to the markets' symbols. A hop uses what its market has,
pool, book or both (walk.py). A market that is not open is no edge. A path that some market cannot
serve (asleep, too shallow, reserve bound) is not a candidate.
"""

from collections.abc import Iterable, Iterator

import msgspec

from amm.constant_product import get_amount_in, get_amount_out
from pools.pool import awake_floors
from xyk.domain.market import OPEN, Market
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import FILLS_MAX, HOPS_MAX, PATHS_MAX, RESERVE_MAX
from xyk.exchange.edge import Edge, Path
from xyk.exchange.state import State
from xyk.exchange.taken import Taken
from xyk.exchange.walk import take_exact_in, take_exact_out


class Route(msgspec.Struct, frozen=True):
    """`overflows`: some reserve would pass its bound: it can be priced but not executed."""

    hops: tuple[Taken, ...]
    amount_in: int
    amount_out: int
    overflows: bool = False


def open_paths(state: State, asset_in: str, asset_out: str) -> tuple[Path, ...] | Rejected:
    """Candidate paths, best-ranked first on a tie. Refuses where there is none, and says why.

    Sleeping pools do not make a way around a paused one: where nothing open is live, the answer is
    TRADING_PAUSED as long as something closed would be.
    """
    paths = state.paths.get((asset_in, asset_out))
    if paths is None:
        found = [path for path in _walk(state, asset_in, asset_out, ()) if _is_open(path)]
        found.sort(key=lambda path: (len(path), [edge.market.symbol for edge in path]))
        if sum([len(kept) for kept in state.paths.values()]) + len(found) > PATHS_MAX:
            state.paths.clear()
        paths = state.paths[asset_in, asset_out] = tuple(found)
    for path in paths:
        if _is_live(path):
            return paths
    walked = tuple(_walk(state, asset_in, asset_out, ()))
    if walked and (not paths or any(_is_live(path) for path in walked)):
        return Rejected(
            Code.TRADING_PAUSED,
            f"What trades between {asset_in} and {asset_out} is paused or cancel-only; "
            "wait until it opens",
        )
    if paths:
        return paths
    return Rejected(
        Code.POOL_NOT_FOUND,
        f"No pool connects {asset_in} and {asset_out} within {HOPS_MAX} hops; create one "
        "with AddLiquidity",
    )


def best_exact_in(
    state: State, asset_in: str, asset_out: str, amount_in: int, owner: str = ""
) -> Route | Rejected:
    """The route that gives most for `amount_in` base units, or for as much of it as can be spent;
    each pool rounds down, as V2's getAmountsOut. `owner`: whose own orders are not filled.

    A route that overflows is the answer only where no other one exists.
    """
    paths = open_paths(state, asset_in, asset_out)
    if isinstance(paths, Rejected):
        return paths
    best: list[Way] = []
    best_out = 0
    best_overflows = True
    first: Edge | None = None  # paths that begin alike are neighbours: one walk of it for all
    first_way: Way | None = None
    for path in paths:
        if best and not best_overflows and _gives_at_most(path[-1], best_out):
            continue
        ways: list[Way] = []
        amount = amount_in
        overflows = False
        for edge in path:
            if edge is first:
                way = first_way
            else:
                way = _way_in(edge, amount, owner)
                if edge.asset_in == asset_in:
                    first, first_way = edge, way
            if way is None:
                break
            ways.append(way)
            overflows |= way[3]
            amount = way[2]
        else:
            if (
                not best
                or overflows < best_overflows
                or (overflows == best_overflows and amount > best_out)
            ):
                best, best_out, best_overflows = ways, amount, overflows
    if not best:
        return _too_shallow(asset_in, asset_out)
    hops = tuple([_hop(*way) for way in best])
    return Route(hops, hops[0].amount_in, best_out, best_overflows)


def best_exact_out(
    state: State, asset_in: str, asset_out: str, amount_out: int, owner: str = ""
) -> Route | Rejected:
    """The route that costs least for `amount_out` base units net; each pool V2's floor + 1
    (getAmountsIn). `owner`: whose own orders are not filled.

    A route that overflows is the answer only where no other one exists.
    """
    paths = open_paths(state, asset_in, asset_out)
    if isinstance(paths, Rejected):
        return paths
    best: list[Way] = []
    best_in = 0
    best_overflows = True
    for path in paths:
        if _gives_at_most(path[-1], amount_out):
            continue
        ways: list[Way] = []
        amount = amount_out
        overflows = False
        for edge in reversed(path):
            way = _way_out(edge, amount, owner)
            if way is None:
                break
            ways.append(way)
            overflows |= way[3]
            amount = way[1]
        else:
            if (
                not best
                or overflows < best_overflows
                or (overflows == best_overflows and amount < best_in)
            ):
                best, best_in, best_overflows = ways, amount, overflows
    if not best:
        return _too_shallow(asset_in, asset_out)
    best.reverse()
    hops = tuple([_hop(*way) for way in best])
    return Route(hops, best_in, hops[-1].amount_out, best_overflows)


def _gives_at_most(edge: Edge, amount: int) -> bool:
    """Whether no input could get more out of this market: anybody may make pools of dust between
    any two assets, and a route may not cost a walk of each.
    """
    pool = edge.pool
    reserve_out = pool.reserve_quote if edge.sells_base else pool.reserve_base
    return reserve_out <= amount and not edge.has_orders


# Edge, amount in, amount out, whether it overflows, and the plan where there are orders to take:
# most ways are not the best one, and a plain tuple costs less than a plan.
Way = tuple[Edge, int, int, bool, Taken | None]


def _way_in(edge: Edge, amount_in: int, owner: str) -> Way | None:
    book, pool = edge.book, edge.pool
    if edge.sells_base:
        reserve_in, reserve_out = pool.reserve_base, pool.reserve_quote
        has_orders = book is not None and book.bids.best is not None
    else:
        reserve_in, reserve_out = pool.reserve_quote, pool.reserve_base
        has_orders = book is not None and book.asks.best is not None
    if has_orders:
        return _planned(take_exact_in(edge, amount_in, owner))
    if reserve_in < edge.floor_in or reserve_out < edge.floor_out:
        return None
    amount_out = get_amount_out(amount_in, reserve_in, reserve_out, pool.fee_bps)
    if not amount_out:
        return None
    return edge, amount_in, amount_out, reserve_in + amount_in > RESERVE_MAX, None


def _way_out(edge: Edge, amount_out: int, owner: str) -> Way | None:
    book, pool = edge.book, edge.pool
    if edge.sells_base:
        reserve_in, reserve_out = pool.reserve_base, pool.reserve_quote
        has_orders = book is not None and book.bids.best is not None
    else:
        reserve_in, reserve_out = pool.reserve_quote, pool.reserve_base
        has_orders = book is not None and book.asks.best is not None
    if has_orders:
        return _planned(take_exact_out(edge, amount_out, owner))
    if reserve_in < edge.floor_in or reserve_out < edge.floor_out or amount_out >= reserve_out:
        return None
    amount_in = get_amount_in(amount_out, reserve_in, reserve_out, pool.fee_bps)
    return edge, amount_in, amount_out, reserve_in + amount_in > RESERVE_MAX, None


def _planned(taken: Taken | None) -> Way | None:
    if taken is None:
        return None
    return taken.edge, taken.amount_in, taken.amount_out, taken.overflows, taken


def _hop(
    edge: Edge, amount_in: int, amount_out: int, overflows: bool, taken: Taken | None
) -> Taken:
    """A hop whose book has nothing to take goes through the pool alone."""
    if taken is not None:
        return taken
    return Taken(edge, amount_in, amount_out, amount_in, amount_out, overflows=overflows)


def reserve_overflow(route: Route) -> Rejected:
    """The refusal of a route that `overflows`."""
    names = ", ".join(hop.edge.market.symbol for hop in route.hops)
    return Rejected(
        Code.RESERVE_OVERFLOW,
        f"A reserve of {names} would pass 2^112-1 base units; use a smaller amount",
    )


def is_paused_around(state: State, asset: str) -> bool:
    """Whether the asset has markets and none of them is open."""
    symbols = state.neighbours.get(asset, ())
    return bool(symbols) and all(state.markets[symbol].status != OPEN for symbol in symbols)


def _too_shallow(asset_in: str, asset_out: str) -> Rejected:
    return Rejected(
        Code.INSUFFICIENT_LIQUIDITY,
        f"Nothing between {asset_in} and {asset_out} is deep enough for this amount, a book within "
        f"{FILLS_MAX} orders; use another amount, or ask for a quote",
    )


def edge_of(state: State, market: Market, sells_base: bool) -> Edge:
    edge = state.edges.get((market.symbol, sells_base))
    if edge is not None:
        return edge
    floor_base, floor_quote = awake_floors(market.lot_size, market.book)
    decimals = state.assets[market.base].decimals
    edge = state.edges[market.symbol, sells_base] = Edge(
        market=market,
        pool=state.pools[market.symbol],
        sells_base=sells_base,
        asset_in=market.base if sells_base else market.quote,
        asset_out=market.quote if sells_base else market.base,
        floor_in=floor_base if sells_base else floor_quote,
        floor_out=floor_quote if sells_base else floor_base,
        book=state.books.get(market.symbol),
        lot_value=market.lot_value(decimals),
        whole_base=10**decimals,
    )
    return edge


def edge_between(state: State, sold: str, bought: str) -> Edge | None:
    """The way of an order that sells one token for another, by their addresses; None without a
    market of both."""
    edge = state.token_edges.get((sold, bought))
    if edge is None:
        asset = state.tokens.get(sold, "")
        symbol = state.pairs.get((asset, state.tokens.get(bought, "")))
        if symbol is not None:
            market = state.markets[symbol]
            edge = edge_of(state, market, sells_base=asset == market.base)
            state.token_edges[sold, bought] = edge
    return edge


def _walk(state: State, asset: str, target: str, path: Path) -> Iterator[Path]:
    """Depth first over all simple paths (no asset and so no market twice)."""
    symbols: Iterable[str] = state.neighbours.get(asset, ())
    if len(path) + 1 == HOPS_MAX:  # only one can close the path: the square of all, not the cube
        symbol = state.pairs.get((asset, target))
        symbols = () if symbol is None else (symbol,)
    for symbol in symbols:
        market = state.markets[symbol]
        sells_base = market.base == asset
        reached = market.quote if sells_base else market.base
        if any(edge.asset_in == reached for edge in path):
            continue
        edge = edge_of(state, market, sells_base)
        if reached == target:
            yield (*path, edge)
        else:
            yield from _walk(state, reached, target, (*path, edge))


def _is_open(path: Path) -> bool:
    return all(edge.market.status == OPEN for edge in path)


def _is_live(path: Path) -> bool:
    for edge in path:
        pool = edge.pool
        if edge.sells_base:
            reserve_in, reserve_out = pool.reserve_base, pool.reserve_quote
        else:
            reserve_in, reserve_out = pool.reserve_quote, pool.reserve_base
        is_asleep = reserve_in < edge.floor_in or reserve_out < edge.floor_out
        if is_asleep and not edge.has_orders:
            return False
    return True
