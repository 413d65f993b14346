"""`evolve`: fold events into the state. Touches and never decides; every amount comes from the
event.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from pools.pool import Pool
from xyk.domain import events as ev
from xyk.domain.market import LOCKED, OUTSIDE, Asset, Market, pool_account, shares_symbol
from xyk.domain.tokens import token_address
from xyk.domain.units import LP_DECIMALS, NONCE_PAST_S, NONCE_SLOTS
from xyk.exchange import fold_orders
from xyk.exchange.sessions import prune_sessions, session_closed, session_opened
from xyk.exchange.state import Agent, ApiKey, State


def apply(state: State, seq: int, now_ms: int, events: Sequence[ev.AnyEvent]) -> None:
    """One entry. `seq` follows the last one; time never goes back."""
    assert seq == state.seq + 1, "seq only grows by one"
    assert now_ms >= state.now_ms, "time only grows"
    if state.requests and now_ms // 1000 > state.now_ms // 1000:
        _prune_requests(state, now_ms // 1000)
    state.seq = seq
    if state.sessions:
        prune_sessions(state, now_ms)
    if now_ms != state.now_ms:
        state.now_ms = now_ms
        floor = now_ms // 1000 - NONCE_PAST_S
        if floor > state.nonce_floor:
            _prune_nonces(state, floor)
    for event in events:
        _FOLD[type(event)](state, event)


def _prune_nonces(state: State, floor: int) -> None:
    """Words before the floor are refused anyway, so they need not be remembered."""
    if floor - state.nonce_floor > len(state.nonces):
        state.nonces = {second: word for second, word in state.nonces.items() if second >= floor}
    else:
        for second in range(state.nonce_floor, floor):
            state.nonces.pop(second, None)
    state.nonce_floor = floor


def _prune_requests(state: State, now_s: int) -> None:
    """What expired before this second is refused anyway. Windows and clocks are bounded, and so
    are the seconds kept."""
    for second in [second for second in state.requests if second < now_s]:
        del state.requests[second]


def _exchange_created(state: State, event: ev.ExchangeCreated) -> None:
    state.salt = event.salt
    state.operator = event.operator
    state.fee_recipient = event.fee_recipient
    state.sandbox = event.sandbox
    state.chain_id = event.chain_id
    state.contract = event.contract


def _asset_listed(state: State, event: ev.AssetListed) -> None:
    state.add_asset(
        Asset(
            symbol=event.symbol, token=event.token, decimals=event.decimals, index=len(state.assets)
        )
    )


def _market_listed(state: State, event: ev.MarketListed) -> None:
    known = state.markets.get(event.market)
    market = Market(
        symbol=event.market,
        base=event.base,
        quote=event.quote,
        tick_size=event.tick_size,
        lot_size=event.lot_size,
        maker_fee_bps=event.maker_fee_bps,
        taker_fee_bps=event.taker_fee_bps,
        book=event.book,
        implicit=event.implicit,
        created_ms=known.created_ms if known else state.now_ms,
        **({"status": known.status} if known else {}),
    )
    if known is None:
        state.pools[event.market] = Pool.new(event.market, event.pool_fee_bps)
        state.trade_ids[event.market] = 0
        shares = shares_symbol(event.market)
        state.add_asset(
            Asset(
                symbol=shares,
                token=token_address(shares),
                decimals=LP_DECIMALS,
                index=len(state.assets),
            )
        )
    else:
        state.pools[event.market].fee_bps = event.pool_fee_bps
    state.add_market(market)


def _market_updated(state: State, event: ev.MarketUpdated) -> None:
    state.pools[event.market].fee_bps = event.pool_fee_bps
    state.add_market(
        msgspec.structs.replace(
            state.markets[event.market],
            tick_size=event.tick_size,
            lot_size=event.lot_size,
            maker_fee_bps=event.maker_fee_bps,
            taker_fee_bps=event.taker_fee_bps,
            book=event.book,
        )
    )


def _market_status_changed(state: State, event: ev.MarketStatusChanged) -> None:
    state.add_market(msgspec.structs.replace(state.markets[event.market], status=event.status))


def _protocol_fee_changed(state: State, event: ev.ProtocolFeeChanged) -> None:
    state.protocol_recipient = event.recipient


def _operator_changed(state: State, event: ev.OperatorChanged) -> None:
    state.operator = event.operator


def _nonce_used(state: State, event: ev.NonceUsed) -> None:
    nonce, signer = event.nonce, event.signer
    second = nonce // NONCE_SLOTS
    word = state.nonces.get(second)
    if word is None:
        word = state.nonces[second] = {}
    bits, bit = word.get(signer, 0), 1 << nonce % NONCE_SLOTS
    assert not bits & bit, "a nonce is used once"
    word[signer] = bits | bit


def _request_used(state: State, event: ev.RequestUsed) -> None:
    known = state.requests.setdefault(event.expires_ms // 1000, {})
    assert event.digest not in known, "a request is used once"
    known[event.digest] = None


def _deposited(state: State, event: ev.Deposited) -> None:
    state.ledger.transfer(OUTSIDE, event.owner, event.asset, event.amount)


def _withdrawn(state: State, event: ev.Withdrawn) -> None:
    state.ledger.transfer(event.owner, OUTSIDE, event.asset, event.amount)


def _transferred(state: State, event: ev.Transferred) -> None:
    state.ledger.transfer(event.owner, event.recipient, event.asset, event.amount)


def _pool_swapped(state: State, event: ev.PoolSwapped) -> None:
    account = pool_account(event.market)
    state.ledger.transfer(event.owner, account, event.asset_in, event.amount_in)
    state.ledger.transfer(account, event.owner, event.asset_out, event.amount_out)
    state.pools[event.market].set_reserves(
        event.reserve_base, event.reserve_quote, state.now_ms // 1000
    )
    state.trade_ids[event.market] = event.trade_id
    if event.order_id:
        order = state.open_orders.by_id[event.order_id]
        base, quote = event.amount_in, event.amount_out
        if order.is_bid:
            base, quote = quote, base
        order.filled += base // state.markets[event.market].lot_size
        order.executed_quote += quote
    if event.price_forming:
        is_buy = event.asset_out == state.markets[event.market].base
        two = event.amount_in, event.amount_out
        state.last_fills[event.market] = two if is_buy else two[::-1]


def _liquidity_added(state: State, event: ev.LiquidityAdded) -> None:
    market, ledger = state.markets[event.market], state.ledger
    account, shares = pool_account(event.market), shares_symbol(event.market)
    ledger.transfer(event.owner, account, market.base, event.amount_base)
    ledger.transfer(event.owner, account, market.quote, event.amount_quote)
    _mint_protocol_shares(state, event, shares)
    ledger.transfer(OUTSIDE, LOCKED, shares, event.locked)
    ledger.transfer(OUTSIDE, event.owner, shares, event.liquidity)
    _set_pool(state, event)


def _liquidity_removed(state: State, event: ev.LiquidityRemoved) -> None:
    market, ledger = state.markets[event.market], state.ledger
    account, shares = pool_account(event.market), shares_symbol(event.market)
    _mint_protocol_shares(state, event, shares)
    ledger.transfer(event.owner, OUTSIDE, shares, event.liquidity)
    ledger.transfer(account, event.owner, market.base, event.amount_base)
    ledger.transfer(account, event.owner, market.quote, event.amount_quote)
    _set_pool(state, event)


def _mint_protocol_shares(
    state: State, event: ev.LiquidityAdded | ev.LiquidityRemoved, shares: str
) -> None:
    if event.protocol_liquidity:
        state.ledger.transfer(OUTSIDE, event.protocol_recipient, shares, event.protocol_liquidity)


def _set_pool(state: State, event: ev.LiquidityAdded | ev.LiquidityRemoved) -> None:
    pool = state.pools[event.market]
    pool.set_reserves(event.reserve_base, event.reserve_quote, state.now_ms // 1000)
    pool.total_supply = event.total_supply
    pool.k_last = event.k_last


def _agent_approved(state: State, event: ev.AgentApproved) -> None:
    state.agents.setdefault(event.owner, {})[event.agent] = Agent(event.valid_until)


def _agent_revoked(state: State, event: ev.AgentRevoked) -> None:
    agents = state.agents[event.owner]
    agents[event.agent] = Agent(agents[event.agent].valid_until, revoked=True)


def _api_key_approved(state: State, event: ev.ApiKeyApproved) -> None:
    state.add_api_key(event.public_key, ApiKey(event.owner, event.valid_until))


def _api_key_revoked(state: State, event: ev.ApiKeyRevoked) -> None:
    known = state.api_keys[event.public_key]
    state.api_keys[event.public_key] = ApiKey(known.owner, known.valid_until, revoked=True)


_FOLD: Mapping[type, Callable[[State, Any], None]] = {
    ev.ExchangeCreated: _exchange_created,
    ev.AssetListed: _asset_listed,
    ev.MarketListed: _market_listed,
    ev.MarketUpdated: _market_updated,
    ev.MarketStatusChanged: _market_status_changed,
    ev.ProtocolFeeChanged: _protocol_fee_changed,
    ev.OperatorChanged: _operator_changed,
    ev.NonceUsed: _nonce_used,
    ev.RequestUsed: _request_used,
    ev.Deposited: _deposited,
    ev.Withdrawn: _withdrawn,
    ev.Transferred: _transferred,
    ev.PoolSwapped: _pool_swapped,
    ev.LiquidityAdded: _liquidity_added,
    ev.LiquidityRemoved: _liquidity_removed,
    ev.AgentApproved: _agent_approved,
    ev.AgentRevoked: _agent_revoked,
    ev.ApiKeyApproved: _api_key_approved,
    ev.ApiKeyRevoked: _api_key_revoked,
    ev.SessionOpened: session_opened,
    ev.SessionClosed: session_closed,
    **fold_orders.FOLD,
}
