"""`decide`: what a command does, as events, or why it is refused. Looks at the state and never
touches it.

Authority first, in the order of the refusals' precedence (rejections.Code): signer, role, deadline,
nonce; then the command's own module. The writer has already answered digests that it knows.
"""

from collections.abc import Callable, Mapping
from typing import Any

from xyk.domain.commands import (
    ActivateTrigger,
    AddLiquidity,
    ApproveAgent,
    ApproveApiKey,
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    ExpireOrder,
    FaucetDeposit,
    FireCancelTimer,
    Genesis,
    ListAsset,
    ListMarket,
    PlaceOrder,
    RemoveLiquidity,
    ReplaceOrder,
    RevokeAgent,
    RevokeApiKey,
    SetMarketStatus,
    SetOperator,
    SetProtocolFee,
    SwapExactIn,
    SwapExactOut,
    Transfer,
    UpdateMarket,
    Withdraw,
)
from xyk.domain.events import AnyEvent, NonceUsed
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import CLOCK, ED25519, EIP712, FAUCET, GENESIS, Request
from xyk.domain.units import DEADLINE_AHEAD_S, NONCE_FUTURE_S, NONCE_PAST_S, NONCE_SLOTS
from xyk.exchange.agents import (
    approve_agent,
    approve_api_key,
    forbidden_agent,
    forbidden_api_key,
    past_approval,
    revoke_agent,
    revoke_api_key,
)
from xyk.exchange.cancels import (
    cancel_all_after,
    cancel_all_orders,
    cancel_order,
    expire_order,
    fire_cancel_timer,
)
from xyk.exchange.custody import faucet, transfer, withdraw
from xyk.exchange.due import next_due
from xyk.exchange.key_requests import decide_by_key
from xyk.exchange.liquidity import add_liquidity, creates_pool, remove_liquidity
from xyk.exchange.listings import (
    create_exchange,
    forbidden_operator,
    list_asset,
    list_market,
    set_market_status,
    set_operator,
    set_protocol_fee,
    update_market,
)
from xyk.exchange.orders import place_order, replace_order
from xyk.exchange.state import State
from xyk.exchange.swaps import swap_exact_in, swap_exact_out
from xyk.exchange.triggers import activate_trigger

Outcome = tuple[AnyEvent, ...] | Rejected
Decider = Callable[[State, Request, Any], Outcome]

SIGNED: Mapping[type, Decider] = {
    SwapExactIn: swap_exact_in,
    SwapExactOut: swap_exact_out,
    AddLiquidity: add_liquidity,
    RemoveLiquidity: remove_liquidity,
    PlaceOrder: place_order,
    ReplaceOrder: replace_order,
    CancelOrder: cancel_order,
    CancelAllOrders: cancel_all_orders,
    CancelAllAfter: cancel_all_after,
    Transfer: transfer,
    Withdraw: withdraw,
    ApproveAgent: approve_agent,
    RevokeAgent: revoke_agent,
    ApproveApiKey: approve_api_key,
    RevokeApiKey: revoke_api_key,
    ListAsset: list_asset,
    ListMarket: list_market,
    UpdateMarket: update_market,
    SetMarketStatus: set_market_status,
    SetProtocolFee: set_protocol_fee,
    SetOperator: set_operator,
}
# What comes due by time alone. It has no signer and no nonce, and is never refused.
BY_CLOCK: Mapping[type, Decider] = {
    ExpireOrder: expire_order,
    FireCancelTimer: fire_cancel_timer,
    ActivateTrigger: activate_trigger,
}
OPERATOR_ONLY = frozenset(
    {ListAsset, ListMarket, UpdateMarket, SetMarketStatus, SetProtocolFee, SetOperator}
)
# Whom a command may not name. Asked early, because FORBIDDEN comes before deadline and nonce.
FORBIDS: Mapping[type, Callable[[State, Any], Rejected | None]] = {
    ApproveAgent: forbidden_agent,
    ApproveApiKey: forbidden_api_key,
    SetOperator: forbidden_operator,
}
# What an owner's own signature alone does not authorise.
GUARDED = OPERATOR_ONLY | frozenset(FORBIDS)
APPROVALS: frozenset[type] = frozenset((ApproveAgent, ApproveApiKey))
AGENT_MAY = frozenset(
    {
        SwapExactIn,
        SwapExactOut,
        AddLiquidity,
        RemoveLiquidity,
        PlaceOrder,
        ReplaceOrder,
        CancelOrder,
        CancelAllOrders,
        CancelAllAfter,
    }
)


def decide(state: State, request: Request) -> Outcome:
    command: Any = request.command
    if request.scheme == EIP712:
        if request.signer != command.owner or type(command) in GUARDED:
            fault = _authority_fault(state, request, command)
            if fault is not None:
                return fault
        fault = _time_fault(state, request, command)
        if fault is not None:
            return fault
        outcome = SIGNED[type(command)](state, request, command)
        if isinstance(outcome, tuple):  # asked of a Struct this would take four times as long
            return (NonceUsed(signer=request.signer, nonce=command.nonce), *outcome)
        return outcome
    if request.scheme == ED25519:
        return decide_by_key(state, request, command)
    if request.scheme == CLOCK:
        assert command == next_due(state, request.now_ms, 1), "the clock does what is due next"
        return BY_CLOCK[type(command)](state, request, command)
    if request.scheme == FAUCET:
        assert isinstance(command, FaucetDeposit), "the faucet only deposits"
        return faucet(state, request, command)
    assert request.scheme == GENESIS and isinstance(command, Genesis), "evidence schemes are closed"
    return create_exchange(state, request, command)


def _authority_fault(state: State, request: Request, command: Any) -> Rejected | None:
    """Whether the signer may sign this for the owner. A stranger's signature proves nothing about
    the owner.
    """
    owner = command.owner
    kind = type(command)
    if request.signer != owner:
        agent = state.agents.get(owner, {}).get(request.signer)
        if agent is None:
            return Rejected(
                Code.INVALID_SIGNATURE,
                f"The signature gives {request.signer}, which is neither the owner "
                f"{owner} nor an agent of it; "
                "sign the same values under the domain of GET /api/v1/domain",
            )
        if agent.revoked:
            return Rejected(
                Code.UNAUTHORIZED, f"Agent {request.signer} was revoked; approve a fresh key"
            )
        if request.now_ms // 1000 > agent.valid_until:
            return Rejected(
                Code.UNAUTHORIZED,
                f"Agent {request.signer} expired at {agent.valid_until}; approve it again",
            )
        fault = _agent_fault(state, command)
        if fault is not None:
            return fault
    if kind in OPERATOR_ONLY and owner != state.operator:
        return Rejected(Code.FORBIDDEN, f"Only the operator {state.operator} may do this")
    forbids = FORBIDS.get(kind)
    return forbids(state, command) if forbids is not None else None


def _agent_fault(state: State, command: Any) -> Rejected | None:
    if type(command) not in AGENT_MAY:
        return Rejected(
            Code.FORBIDDEN,
            f"An agent may not sign {type(command).__name__}; the owner's own key must",
        )
    if isinstance(command, AddLiquidity):
        if creates_pool(state, command):
            return Rejected(
                Code.FORBIDDEN,
                "An agent may not create a pool; the owner's own key must sign the first deposit",
            )
    return None


def _time_fault(state: State, request: Request, command: Any) -> Rejected | None:
    now_s = request.now_ms // 1000
    if now_s > command.deadline:
        return Rejected(
            Code.EXPIRED, f"The deadline {command.deadline} passed; the server's time is {now_s} s"
        )
    if command.deadline > now_s + DEADLINE_AHEAD_S:
        return Rejected(
            Code.EXPIRED,
            f"The deadline {command.deadline} is more than a day ahead of the server's "
            f"time {now_s} s; "
            "sign a nearer one",
        )
    if type(command) in APPROVALS:
        past = past_approval(request, command)
        if past is not None:
            return past
    second = command.nonce // NONCE_SLOTS
    if not now_s - NONCE_PAST_S <= second <= now_s + NONCE_FUTURE_S:
        return Rejected(
            Code.NONCE_OUT_OF_WINDOW,
            f"The nonce's second {second} must lie within {now_s - NONCE_PAST_S} .. "
            f"{now_s + NONCE_FUTURE_S}; "
            "a nonce is unix seconds << 8 | slot",
        )
    if state.nonce_used(request.signer, command.nonce):
        return Rejected(
            Code.NONCE_USED,
            f"Nonce {command.nonce} was used by another action of this signer; take the next slot",
        )
    return None
