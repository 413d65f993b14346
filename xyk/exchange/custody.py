"""Value in, out and between owners: sandbox faucet, Withdraw (to the outside account), Transfer."""

from xyk.domain.commands import FaucetDeposit, Transfer, Withdraw
from xyk.domain.events import AnyEvent, Deposited, Transferred, Withdrawn
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import FAUCET_MAX, SUPPLY_MAX, ZERO_ADDRESS
from xyk.exchange.listings import asset_of
from xyk.exchange.state import State
from xyk.exchange.swaps import insufficient_funds


def faucet(
    state: State, request: Request, deposit: FaucetDeposit
) -> tuple[AnyEvent, ...] | Rejected:
    """Test funds from the outside account, where genesis says sandbox. Needs no signature."""
    if not state.sandbox:
        return Rejected(Code.RESOURCE_NOT_FOUND, "There is no faucet outside the sandbox")
    asset = asset_of(state, deposit.token)
    if isinstance(asset, Rejected):
        return asset
    if state.assets[asset].is_shares:
        return Rejected(Code.INVALID_ASSET, f"{asset} are pool shares; add liquidity to get some")
    if not 1 <= deposit.amount <= FAUCET_MAX:
        return Rejected(Code.INVALID_QUANTITY, "amount must be 1 to 2^112-1 base units")
    if state.ledger.supply(asset) + deposit.amount > SUPPLY_MAX:
        return Rejected(
            Code.RESERVE_OVERFLOW,
            f"The supply of {asset} would pass 2^128 base units; ask for less",
        )
    return (Deposited(owner=deposit.owner, asset=asset, amount=deposit.amount),)


def transfer(state: State, request: Request, move: Transfer) -> tuple[AnyEvent, ...] | Rejected:
    checked = _checked(state, move)
    if isinstance(checked, Rejected):
        return checked
    return (
        Transferred(owner=move.owner, recipient=move.recipient, asset=checked, amount=move.amount),
    )


def withdraw(state: State, request: Request, move: Withdraw) -> tuple[AnyEvent, ...] | Rejected:
    """Ledger mode: final in one entry. Works in every market status. Pool shares cannot leave."""
    checked = _checked(state, move)
    if isinstance(checked, Rejected):
        return checked
    return (
        Withdrawn(owner=move.owner, asset=checked, amount=move.amount, recipient=move.recipient),
    )


def _checked(state: State, move: Transfer | Withdraw) -> str | Rejected:
    """The asset's symbol, or the first fault."""
    asset = asset_of(state, move.token)
    if isinstance(asset, Rejected):
        return asset
    if isinstance(move, Withdraw) and state.assets[asset].is_shares:
        return Rejected(
            Code.INVALID_ASSET, f"{asset} are pool shares; remove liquidity, then withdraw"
        )
    if move.amount == 0:
        return Rejected(Code.INVALID_QUANTITY, "amount is 0; it must be at least 1 base unit")
    if move.recipient == ZERO_ADDRESS:
        return Rejected(
            Code.INVALID_ORDER, "Nobody can sign for the zero address; name another recipient"
        )
    available = state.ledger.available(move.owner, asset)
    if available < move.amount:
        return insufficient_funds(asset, move.amount, available)
    return asset
