"""What can be asked of the exchange: the signed actions of DESIGN section 5, and the system's own
commands.

The Struct that a wallet signs is the one that the API decodes, that `decide` reads and that the
journal keeps. Field order is the EIP-712 order. Token, owner and agent are addresses; amounts are
base units; nonce is unix seconds << 8 | slot; deadline and validUntil are unix seconds, inclusive.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from xyk.domain.key_commands import KEY_COMMANDS, KeyCommand
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.domain.units import Address, Bytes32, Int32, Uint8, Uint32, Uint64, Uint256


class Action(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
    gc=False,
):
    """A command that a wallet signs; begins with its owner and ends with nonce and deadline. None
    is for the cyclic collector: they hold nothing but numbers and texts.
    """

    owner: Address


class SwapExactIn(Action, frozen=True, kw_only=True):
    token_in: Address
    token_out: Address
    amount_in: Uint256
    min_amount_out: Uint256
    nonce: Uint64
    deadline: Uint64


class SwapExactOut(Action, frozen=True, kw_only=True):
    token_in: Address
    token_out: Address
    amount_out: Uint256
    max_amount_in: Uint256
    nonce: Uint64
    deadline: Uint64


class AddLiquidity(Action, frozen=True, kw_only=True):
    token_a: Address
    token_b: Address
    amount_a_desired: Uint256
    amount_b_desired: Uint256
    amount_a_min: Uint256
    amount_b_min: Uint256
    nonce: Uint64
    deadline: Uint64


class RemoveLiquidity(Action, frozen=True, kw_only=True):
    token_a: Address
    token_b: Address
    liquidity: Uint256
    amount_a_min: Uint256
    amount_b_min: Uint256
    nonce: Uint64
    deadline: Uint64


class PlaceOrder(Action, frozen=True, kw_only=True):
    sell_token: Address
    buy_token: Address
    sell_amount: Uint256
    buy_amount: Uint256
    time_in_force: str
    post_only: bool
    self_trade_prevention: str
    trigger_price: Uint256
    trigger_above: bool
    client_id: Uint64
    expires: Uint64
    nonce: Uint64
    deadline: Uint64


class ReplaceOrder(Action, frozen=True, kw_only=True):
    order: Bytes32
    sell_token: Address
    buy_token: Address
    sell_amount: Uint256
    buy_amount: Uint256
    nonce: Uint64
    deadline: Uint64


class CancelOrder(Action, frozen=True, kw_only=True):
    order_id: str
    client_id: Uint64
    nonce: Uint64
    deadline: Uint64


class CancelAllOrders(Action, frozen=True, kw_only=True):
    market: str
    nonce: Uint64
    deadline: Uint64


class CancelAllAfter(Action, frozen=True, kw_only=True):
    market: str
    timeout_seconds: Uint64
    nonce: Uint64
    deadline: Uint64


class Transfer(Action, frozen=True, kw_only=True):
    token: Address
    amount: Uint256
    recipient: Address
    nonce: Uint64
    deadline: Uint64


class Withdraw(Action, frozen=True, kw_only=True):
    token: Address
    amount: Uint256
    recipient: Address
    nonce: Uint64
    deadline: Uint64


class ApproveAgent(Action, frozen=True, kw_only=True):
    agent: Address
    valid_until: Uint64
    nonce: Uint64
    deadline: Uint64


class RevokeAgent(Action, frozen=True, kw_only=True):
    agent: Address
    nonce: Uint64
    deadline: Uint64


class ApproveApiKey(Action, frozen=True, kw_only=True):
    public_key: Bytes32
    valid_until: Uint64
    nonce: Uint64
    deadline: Uint64


class RevokeApiKey(Action, frozen=True, kw_only=True):
    public_key: Bytes32
    nonce: Uint64
    deadline: Uint64


class ListAsset(Action, frozen=True, kw_only=True):
    symbol: str
    token: Address
    decimals: Uint8
    nonce: Uint64
    deadline: Uint64


class ListMarket(Action, frozen=True, kw_only=True):
    base: str
    quote: str
    tick_size: Uint256
    lot_size: Uint256
    maker_fee_bps: Int32
    taker_fee_bps: Int32
    pool_fee_bps: Uint32
    book: bool
    nonce: Uint64
    deadline: Uint64


class UpdateMarket(Action, frozen=True, kw_only=True):
    market: str
    tick_size: Uint256
    lot_size: Uint256
    maker_fee_bps: Int32
    taker_fee_bps: Int32
    pool_fee_bps: Uint32
    book: bool
    nonce: Uint64
    deadline: Uint64


class SetMarketStatus(Action, frozen=True, kw_only=True):
    market: str
    status: str
    nonce: Uint64
    deadline: Uint64


class SetProtocolFee(Action, frozen=True, kw_only=True):
    recipient: Address
    nonce: Uint64
    deadline: Uint64


class SetOperator(Action, frozen=True, kw_only=True):
    operator: Address
    nonce: Uint64
    deadline: Uint64


class GenesisAsset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`token` empty = the ledger-mode address of the symbol."""

    symbol: str
    decimals: int
    token: str = ""


class GenesisMarket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    base: str
    quote: str
    tick_size: int
    lot_size: int
    maker_fee_bps: int = 0
    taker_fee_bps: int = 0
    pool_fee_bps: int = 30
    book: bool = False


class Genesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entry 1 of every journal. `salt`: 0x and 32 bytes. `chain_id` 0 = ledger mode."""

    salt: str
    operator: str
    fee_recipient: str
    sandbox: bool
    assets: tuple[GenesisAsset, ...]
    markets: tuple[GenesisMarket, ...]
    chain_id: int = 0
    contract: str = ""


class FaucetDeposit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sandbox only: test funds from the outside account. `amount` in base units."""

    owner: Address
    token: Address
    amount: Uint256


class ExpireOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By the clock: a GTD order whose time has come."""

    order_id: int


class FireCancelTimer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By the clock: a dead man's switch (CancelAllAfter) whose time has come."""

    owner: Address
    market: str


class ActivateTrigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By the clock: a trigger order whose price was reached takes its turn."""

    order_id: int


SignedAction = (
    SwapExactIn
    | SwapExactOut
    | AddLiquidity
    | RemoveLiquidity
    | PlaceOrder
    | ReplaceOrder
    | CancelOrder
    | CancelAllOrders
    | CancelAllAfter
    | Transfer
    | Withdraw
    | ApproveAgent
    | RevokeAgent
    | ApproveApiKey
    | RevokeApiKey
    | ListAsset
    | ListMarket
    | UpdateMarket
    | SetMarketStatus
    | SetProtocolFee
    | SetOperator
)
ClockCommand = ExpireOrder | FireCancelTimer | ActivateTrigger
Command = (
    SignedAction | Genesis | FaucetDeposit | ClockCommand | KeyCommand | OpenSession | CloseSession
)

ACTIONS: Mapping[str, type[SignedAction]] = {
    kind.__name__: kind
    for kind in (
        SwapExactIn,
        SwapExactOut,
        AddLiquidity,
        RemoveLiquidity,
        PlaceOrder,
        ReplaceOrder,
        CancelOrder,
        CancelAllOrders,
        CancelAllAfter,
        Transfer,
        Withdraw,
        ApproveAgent,
        RevokeAgent,
        ApproveApiKey,
        RevokeApiKey,
        ListAsset,
        ListMarket,
        UpdateMarket,
        SetMarketStatus,
        SetProtocolFee,
        SetOperator,
    )
}
CLOCK: Mapping[str, type[ClockCommand]] = {
    kind.__name__: kind for kind in (ExpireOrder, FireCancelTimer, ActivateTrigger)
}
COMMANDS: Mapping[str, Any] = {
    **ACTIONS,
    **CLOCK,
    **KEY_COMMANDS,
    **{kind.__name__: kind for kind in (OpenSession, CloseSession)},
    "Genesis": Genesis,
    "FaucetDeposit": FaucetDeposit,
}
