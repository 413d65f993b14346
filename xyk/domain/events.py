"""What happened: the journal's facts, in the past tense, each with its results.

`evolve` folds them and computes no amount. Accounts are owner addresses; assets and markets are
symbols; amounts, reserves and supplies are base units *after* the event where the name says so. New
fields only with defaults; a new meaning is a new event name.
"""

import msgspec


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    tag=True,
    rename="camel",
    gc=False,
):
    """Base of all events; the tag is the class name. None is for the cyclic collector: they hold
    nothing but numbers and texts.
    """


class ExchangeCreated(Event, frozen=True, kw_only=True):
    salt: str
    operator: str
    fee_recipient: str
    sandbox: bool
    chain_id: int
    contract: str


class AssetListed(Event, frozen=True, kw_only=True):
    symbol: str
    token: str
    decimals: int


class MarketListed(Event, frozen=True, kw_only=True):
    """A market came to be, or (same symbol) an implicit one was taken over by the operator."""

    market: str
    base: str
    quote: str
    tick_size: int
    lot_size: int
    maker_fee_bps: int
    taker_fee_bps: int
    pool_fee_bps: int
    book: bool
    implicit: bool


class MarketUpdated(Event, frozen=True, kw_only=True):
    market: str
    tick_size: int
    lot_size: int
    maker_fee_bps: int
    taker_fee_bps: int
    pool_fee_bps: int
    book: bool


class MarketStatusChanged(Event, frozen=True, kw_only=True):
    market: str
    status: str


class ProtocolFeeChanged(Event, frozen=True, kw_only=True):
    """`recipient` of V2's protocol shares; empty = off."""

    recipient: str


class OperatorChanged(Event, frozen=True, kw_only=True):
    operator: str


class NonceUsed(Event, frozen=True, kw_only=True):
    """First event of every entry that a wallet signed."""

    signer: str
    nonce: int


class RequestUsed(Event, frozen=True, kw_only=True):
    """First event of every entry that an API key signed: its digest cannot come again before
    `expires_ms`, and after it the request is too old."""

    public_key: str
    digest: str
    expires_ms: int


class Deposited(Event, frozen=True, kw_only=True):
    """From the outside account to `owner`."""

    owner: str
    asset: str
    amount: int


class Withdrawn(Event, frozen=True, kw_only=True):
    """From `owner` to the outside account, for `recipient`."""

    owner: str
    asset: str
    amount: int
    recipient: str


class Transferred(Event, frozen=True, kw_only=True):
    owner: str
    recipient: str
    asset: str
    amount: int


class PoolSwapped(Event, frozen=True, kw_only=True, omit_defaults=True):
    """One swap against one pool. `fee` is the part of `amount_in` that stays as V2's fee, rounded
    up.

    `trade_id` is sequential per market; `price_forming` says whether it sets last, open, high, low,
    close. `order_id`: the taker's order, 0 where the taker is a swap.
    """

    owner: str
    market: str
    asset_in: str
    asset_out: str
    amount_in: int
    amount_out: int
    fee: int
    reserve_base: int
    reserve_quote: int
    trade_id: int
    price_forming: bool
    order_id: int = 0


class OrderPlaced(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An order was accepted; its fills, and what becomes of the rest, follow in the same entry.

    `order_id` is the seq of the entry, `digest` that of the action that placed it. `price` in
    ticks, `quantity` in lots. `expires` in unix seconds (GTD). `trigger_price` in quote base units
    per whole base token, 0 = none. `by_agent`: not signed by the owner's own key (an API key is an
    agent in this). `order_type` Market: `price` is the worst one; by quote amount `quote_quantity`
    is what it names, in base units, and `quantity` the lots that this came to.
    """

    owner: str
    order_id: int
    digest: str
    market: str
    is_bid: bool
    price: int
    quantity: int
    time_in_force: str = "GTC"
    post_only: bool = False
    self_trade_prevention: str = "RejectTaker"
    client_id: int = 0
    expires: int = 0
    trigger_price: int = 0
    trigger_above: bool = False
    by_agent: bool = False
    order_type: str = "Limit"
    quote_quantity: int = 0


class BookFilled(Event, frozen=True, kw_only=True, omit_defaults=True):
    """One maker order filled by one taker, at the maker's price in ticks; `quantity` in lots.

    `base_amount` and `quote_amount` are gross. `taker_fee` is taken from what the taker receives
    (base where it buys), `maker_fee` from what the maker receives, both rounded up. `maker_rebate`
    (instead of a maker fee, rounded down) is in the asset that the taker receives and comes out of
    `taker_fee`; the fee recipient gets the rest. `maker_remaining` in lots after the fill; at 0 the
    order is closed as Filled. `order_id`: the taker's order, 0 where the taker is a swap.
    """

    market: str
    maker_order_id: int
    maker: str
    taker: str
    taker_buys: bool
    price: int
    quantity: int
    base_amount: int
    quote_amount: int
    taker_fee: int
    maker_remaining: int
    trade_id: int
    price_forming: bool
    maker_fee: int = 0
    maker_rebate: int = 0
    order_id: int = 0


class OrderRested(Event, frozen=True, kw_only=True):
    """What is left of the order, `remaining` lots, stands in the book, last in its level; `held` is
    what was moved from available to held for it: quote base units of a bid, base of an ask.
    """

    order_id: int
    remaining: int
    held: int


class TriggerArmed(Event, frozen=True, kw_only=True):
    """The order waits off the book for its trigger price; `held` as in OrderRested."""

    order_id: int
    held: int


class TriggersReached(Event, frozen=True, kw_only=True):
    """Price-forming fills of this entry reached these orders' trigger prices, in the order in
    which clock entries will activate them."""

    market: str
    orders: tuple[int, ...]


class OrderTriggered(Event, frozen=True, kw_only=True):
    """A waiting order takes its turn as a new order would; its hold was released."""

    order_id: int
    released: int


class OrderReduced(Event, frozen=True, kw_only=True):
    """Replaced by a smaller total `quantity` (lots) at the same price: its place is kept."""

    order_id: int
    quantity: int
    remaining: int
    released: int


class OrderReplaced(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The order left book or waiting list with its whole hold released and has a new price (ticks)
    and total quantity (lots); fills and OrderRested, TriggerArmed or OrderClosed follow.

    `by_agent`: somebody else than the owner named these terms, so that the agents' band holds for
    them when a waiting order's trigger is activated.
    """

    order_id: int
    price: int
    quantity: int
    released: int
    by_agent: bool = False


class OrderClosed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The order is over, other than a maker by its last fill. `status` is Filled, Cancelled,
    Expired or TriggerFailed; `remaining` in lots; `released` from its hold, in base units.
    """

    owner: str
    order_id: int
    market: str
    status: str
    reason: str = ""
    remaining: int = 0
    released: int = 0


class CancelTimerSet(Event, frozen=True, kw_only=True):
    """The owner's dead man's switch for the market (empty: all) fires at `fires_ms`; 0: disarmed,
    or it has fired."""

    owner: str
    market: str
    fires_ms: int


class LiquidityAdded(Event, frozen=True, kw_only=True):
    """`liquidity` went to the owner, `locked` (first deposit only) to nobody for ever,
    `protocol_liquidity` to `protocol_recipient` before that. Reserves, supply and kLast are those
    after."""

    owner: str
    market: str
    amount_base: int
    amount_quote: int
    liquidity: int
    locked: int
    protocol_recipient: str
    protocol_liquidity: int
    reserve_base: int
    reserve_quote: int
    total_supply: int
    k_last: int


class LiquidityRemoved(Event, frozen=True, kw_only=True):
    """`liquidity` was burned from the owner for both amounts; otherwise as LiquidityAdded."""

    owner: str
    market: str
    amount_base: int
    amount_quote: int
    liquidity: int
    protocol_recipient: str
    protocol_liquidity: int
    reserve_base: int
    reserve_quote: int
    total_supply: int
    k_last: int


class AgentApproved(Event, frozen=True, kw_only=True):
    owner: str
    agent: str
    valid_until: int


class AgentRevoked(Event, frozen=True, kw_only=True):
    owner: str
    agent: str


class ApiKeyApproved(Event, frozen=True, kw_only=True):
    owner: str
    public_key: str
    valid_until: int


class ApiKeyRevoked(Event, frozen=True, kw_only=True):
    owner: str
    public_key: str


class SessionOpened(Event, frozen=True, kw_only=True):
    """`expires` in unix seconds, inclusive."""

    owner: str
    session: str
    expires: int


class SessionClosed(Event, frozen=True, kw_only=True):
    owner: str
    session: str


AnyEvent = (
    ExchangeCreated
    | AssetListed
    | MarketListed
    | MarketUpdated
    | MarketStatusChanged
    | ProtocolFeeChanged
    | OperatorChanged
    | NonceUsed
    | RequestUsed
    | Deposited
    | Withdrawn
    | Transferred
    | PoolSwapped
    | OrderPlaced
    | BookFilled
    | OrderRested
    | TriggerArmed
    | TriggersReached
    | OrderTriggered
    | OrderReduced
    | OrderReplaced
    | OrderClosed
    | CancelTimerSet
    | LiquidityAdded
    | LiquidityRemoved
    | AgentApproved
    | AgentRevoked
    | ApiKeyApproved
    | ApiKeyRevoked
    | SessionOpened
    | SessionClosed
)
