"""All that an exchange knows, in one vocabulary, asked of each mind on its own."""

from fractions import Fraction
from operator import attrgetter, itemgetter

from tests.naive.twin import Twin
from tests.naive.vault import Fields, left
from xyk.exchange.state import State

WINDOW_S = 2 * 24 * 60 * 60  # a nonce before now less this is refused, so it may be forgotten

OPEN = (
    *("id", "digest", "owner", "market", "is_bid", "price", "quantity", "filled"),
    *("time_in_force", "post_only", "self_trade_prevention", "client_id", "expires"),
    *("trigger_price", "trigger_above", "by_agent", "priority"),
)
_open = attrgetter(*OPEN)
_named = itemgetter(
    *(first + "".join(map(str.title, more)) for first, *more in (n.split("_") for n in OPEN))
)


def by_level(orders: list[Fields]) -> dict[int, list[Fields]]:
    levels: dict[int, list[Fields]] = {}
    for order in orders:
        levels.setdefault(order["price"], []).append(order)
    return levels


def known_by_state(state: State) -> Fields:
    ledger = state.ledger
    return {
        "balances": {
            (account, asset): (available, held)
            for asset in ledger.assets()
            for account, available, held in ledger.balances(asset)
            if available or held
        },
        "books": {
            (market, is_bid): [
                (level.price, level.lots, [_open(order) for order in level])
                for level in book.side(is_bid)
            ]
            for market, book in state.books.items()
            for is_bid in (True, False)
        },
        "waiting": {
            order.id: _open(order)
            for order in state.open_orders.by_id.values()
            if order.level is None
        },
        "due": list(state.open_orders.due),
        "timers": dict(state.open_orders.timers),
        "last": {market: Fraction(*fill) for market, fill in state.last_fills.items()},
        "pools": {
            pool.market: (
                (pool.reserve_base, pool.reserve_quote),
                pool.total_supply,
                pool.k_last,
                pool.fee_bps,
                (pool.price_base_cumulative, pool.price_quote_cumulative),
            )
            for pool in state.pools.values()
        },
        "markets": {
            market.symbol: (
                *(market.base, market.quote, market.implicit, market.status, market.book),
                *(market.tick_size, market.lot_size, market.maker_fee_bps, market.taker_fee_bps),
            )
            for market in state.markets.values()
        },
        "assets": [(asset.symbol, asset.token, asset.decimals) for asset in state.assets.values()],
        "agents": {
            (owner, agent): (known.valid_until, known.revoked)
            for owner, agents in state.agents.items()
            for agent, known in agents.items()
        },
        "sessions": {
            (owner, name): (known.expires, known.closed)
            for owner, sessions in state.sessions.items()
            for name, known in sessions.items()
            if known.expires >= state.now_ms // 1000
        },
        "api keys": {
            key: (known.owner, known.valid_until, known.revoked)
            for key, known in state.api_keys.items()
        },
        "trades": {market: last for market, last in state.trade_ids.items() if last},
        "operator": state.operator,
        "protocol": state.protocol_recipient,
    }


def known_by_twin(twin: Twin) -> Fields:
    return {
        "balances": {
            key: (available, twin.held.get(key, 0))
            for key, available in twin.balances.items()
            if available or twin.held.get(key)
        },
        "books": {
            (market, is_bid): [
                (price, sum(map(left, orders)), [_named(order) for order in orders])
                for price, orders in by_level(twin.resting(market, is_bid)).items()
            ]
            for market, terms in twin.markets.items()
            if terms["book"]
            for is_bid in (True, False)
        },
        "waiting": {order["id"]: _named(order) for order in twin.orders if order["waits"]},
        "due": twin.due,
        "timers": twin.timers,
        "last": twin.last,
        "pools": {
            name: (
                tuple(pair.reserves),
                pair.supply,
                pair.k_last,
                pair.fee_bps,
                tuple(pair.cumulative),
            )
            for name, pair in twin.pairs.items()
        },
        "markets": {
            name: (
                *(terms["base"], terms["quote"], terms["implicit"], terms["status"], terms["book"]),
                *(terms["tickSize"], terms["lotSize"], terms["makerFeeBps"], terms["takerFeeBps"]),
            )
            for name, terms in twin.markets.items()
        },
        "assets": [(asset["symbol"], asset["token"], asset["decimals"]) for asset in twin.assets],
        "agents": {
            key: (known["validUntil"], known["revoked"]) for key, known in twin.agents.items()
        },
        "sessions": {
            (one["owner"], one["session"]): (one["expires"], one["closed"])
            for one in twin.sessions
            if one["expires"] >= twin.now_ms // 1000
        },
        "api keys": {
            key: (known["owner"], known["validUntil"], known["revoked"])
            for key, known in twin.api_keys.items()
        },
        "trades": twin.trades,
        "operator": twin.operator,
        "protocol": twin.protocol_recipient,
    }


def nonces_of_state(state: State, now_ms: int) -> set[tuple[str, int]]:
    return {
        (signer, second << 8 | slot)
        for second, word in state.nonces.items()
        if second >= now_ms // 1000 - WINDOW_S
        for signer, bits in word.items()
        for slot, bit in enumerate(reversed(bin(bits)))
        if bit == "1"
    }


def nonces_of_twin(twin: Twin, now_ms: int) -> set[tuple[str, int]]:
    floor_s = now_ms // 1000 - WINDOW_S
    return {(signer, nonce) for signer, nonce in twin.nonces if nonce >> 8 >= floor_s}
