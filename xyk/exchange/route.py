"""Which way a swap goes: every simple path of up to three markets, the best outcome wins.

Exact-in folds a path forwards and takes the most output, exact-out folds it backwards and takes the
least input; ties go to fewest hops, then to the markets' symbols. A market that is not open is no
edge. A path that some pool cannot serve (asleep, too shallow, reserve bound) is not a candidate.
"""

from collections.abc import Iterator

import msgspec

from amm.constant_product import get_amount_in, get_amount_out, swap_fee
from pools.pool import awake_floors
from xyk.domain.market import OPEN
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import HOPS_MAX, RESERVE_MAX
from xyk.exchange.state import Edge, Path, State


class Hop(msgspec.Struct, frozen=True):
    """One executed edge; reserves are those after. `fee` is in `asset_in`, rounded up."""

    edge: Edge
    amount_in: int
    amount_out: int
    fee: int
    reserve_base: int
    reserve_quote: int


class Route(msgspec.Struct, frozen=True):
    """`overflows`: some reserve would pass its bound: it can be priced but not executed."""

    hops: tuple[Hop, ...]
    amount_in: int
    amount_out: int
    overflows: bool = False


def open_paths(state: State, asset_in: str, asset_out: str) -> tuple[Path, ...] | Rejected:
    """Candidate paths, best-ranked first on a tie. Refuses where there is none, and says why.

    Sleeping pools do not make a way around a paused one: where nothing open is awake, the answer is
    TRADING_PAUSED as long as something closed would be.
    """
    paths = state.paths.get((asset_in, asset_out))
    if paths is None:
        found = [path for path in _walk(state, asset_in, asset_out, ()) if _is_open(path)]
        found.sort(key=lambda path: (len(path), [edge.market.symbol for edge in path]))
        paths = state.paths[asset_in, asset_out] = tuple(found)
    for path in paths:
        if _is_awake(path):
            return paths
    walked = tuple(_walk(state, asset_in, asset_out, ()))
    if walked and (not paths or any(_is_awake(path) for path in walked)):
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


def best_exact_in(state: State, asset_in: str, asset_out: str, amount_in: int) -> Route | Rejected:
    """The route that gives most for `amount_in` base units; each hop rounds down, as V2's
    getAmountsOut.

    A route that overflows is the answer only where no other one exists.
    """
    paths = open_paths(state, asset_in, asset_out)
    if isinstance(paths, Rejected):
        return paths
    best: list[int] = []
    best_path: Path = ()
    best_overflows = True
    for path in paths:
        amounts = [amount_in]
        amount = amount_in
        overflows = False
        for edge in path:
            pool = edge.pool
            if edge.sells_base:
                reserve_in, reserve_out = pool.reserve_base, pool.reserve_quote
            else:
                reserve_in, reserve_out = pool.reserve_quote, pool.reserve_base
            if reserve_in < edge.floor_in or reserve_out < edge.floor_out:
                break
            if reserve_in + amount > RESERVE_MAX:
                overflows = True
            amount = get_amount_out(amount, reserve_in, reserve_out, pool.fee_bps)
            if not amount:
                break
            amounts.append(amount)
        else:
            if (
                not best
                or overflows < best_overflows
                or (overflows == best_overflows and amount > best[-1])
            ):
                best, best_path, best_overflows = amounts, path, overflows
    if not best:
        return _too_shallow(asset_in, asset_out)
    return _route(best_path, best, best_overflows)


def best_exact_out(
    state: State, asset_in: str, asset_out: str, amount_out: int
) -> Route | Rejected:
    """The route that costs least for `amount_out` base units; each hop V2's floor + 1
    (getAmountsIn).

    A route that overflows is the answer only where no other one exists.
    """
    paths = open_paths(state, asset_in, asset_out)
    if isinstance(paths, Rejected):
        return paths
    best: list[int] = []
    best_path: Path = ()
    best_overflows = True
    for path in paths:
        amounts = [amount_out]
        amount = amount_out
        overflows = False
        for edge in reversed(path):
            pool = edge.pool
            if edge.sells_base:
                reserve_in, reserve_out = pool.reserve_base, pool.reserve_quote
            else:
                reserve_in, reserve_out = pool.reserve_quote, pool.reserve_base
            if reserve_in < edge.floor_in or reserve_out < edge.floor_out or amount >= reserve_out:
                break
            amount = get_amount_in(amount, reserve_in, reserve_out, pool.fee_bps)
            if reserve_in + amount > RESERVE_MAX:
                overflows = True
            amounts.append(amount)
        else:
            if (
                not best
                or overflows < best_overflows
                or (overflows == best_overflows and amount < best[-1])
            ):
                best, best_path, best_overflows = amounts, path, overflows
    if not best:
        return _too_shallow(asset_in, asset_out)
    best.reverse()
    return _route(best_path, best, best_overflows)


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
        f"No pool between {asset_in} and {asset_out} is deep enough for this amount; ask "
        "for a quote",
    )


def _route(path: Path, amounts: list[int], overflows: bool) -> Route:
    hops = tuple([_hop(edge, amounts[i], amounts[i + 1]) for i, edge in enumerate(path)])
    return Route(hops, amounts[0], amounts[-1], overflows)


def _hop(edge: Edge, amount_in: int, amount_out: int) -> Hop:
    pool = edge.pool
    fee = swap_fee(amount_in, pool.fee_bps)
    if edge.sells_base:
        base, quote = pool.reserve_base + amount_in, pool.reserve_quote - amount_out
    else:
        base, quote = pool.reserve_base - amount_out, pool.reserve_quote + amount_in
    return Hop(edge, amount_in, amount_out, fee, base, quote)


def _walk(state: State, asset: str, target: str, path: Path) -> Iterator[Path]:
    """Depth first over all simple paths (no asset and so no market twice)."""
    for symbol in state.neighbours.get(asset, ()):
        market = state.markets[symbol]
        sells_base = market.base == asset
        reached = market.quote if sells_base else market.base
        if any(edge.asset_in == reached for edge in path):
            continue
        floor_base, floor_quote = awake_floors(market.lot_size, market.book)
        floor_in, floor_out = (floor_base, floor_quote) if sells_base else (floor_quote, floor_base)
        edge = Edge(
            *(market, state.pools[symbol], sells_base, asset, reached, floor_in, floor_out),
            state.books.get(symbol),
        )
        if reached == target:
            yield (*path, edge)
        elif len(path) + 1 < HOPS_MAX:
            yield from _walk(state, reached, target, (*path, edge))


def _is_open(path: Path) -> bool:
    return all(edge.market.status == OPEN for edge in path)


def _is_awake(path: Path) -> bool:
    for edge in path:
        pool = edge.pool
        if edge.sells_base:
            reserve_in, reserve_out = pool.reserve_base, pool.reserve_quote
        else:
            reserve_in, reserve_out = pool.reserve_quote, pool.reserve_base
        if reserve_in < edge.floor_in or reserve_out < edge.floor_out:
            return False
    return True
