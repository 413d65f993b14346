"""What happened: the journal's facts, in the past tense, each with its results.

`evolve` folds them and computes no amount. Accounts are owner addresses; assets and markets are
symbols; amounts, reserves and supplies are base units *after* the event where the name says so. New
fields only with defaults; a new meaning is a new event name.
"""

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True, rename="camel"):
    """Base of all events; the tag is the class name."""


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
    """First event of every signed entry."""

    signer: str
    nonce: int


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


class PoolSwapped(Event, frozen=True, kw_only=True):
    """One swap against one pool. `fee` is the part of `amount_in` that stays as V2's fee, rounded
    up.

    `trade_id` is sequential per market; `price_forming` says whether it sets last, open, high, low,
    close.
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


AnyEvent = (
    ExchangeCreated
    | AssetListed
    | MarketListed
    | MarketUpdated
    | MarketStatusChanged
    | ProtocolFeeChanged
    | OperatorChanged
    | NonceUsed
    | Deposited
    | Withdrawn
    | Transferred
    | PoolSwapped
    | LiquidityAdded
    | LiquidityRemoved
    | AgentApproved
    | AgentRevoked
    | ApiKeyApproved
    | ApiKeyRevoked
)
