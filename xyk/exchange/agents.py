"""Who may sign for an owner: agents (EIP-712 keys) and API keys (Ed25519)."""

from xyk.domain.commands import ApproveAgent, ApproveApiKey, RevokeAgent, RevokeApiKey
from xyk.domain.events import AgentApproved, AgentRevoked, AnyEvent, ApiKeyApproved, ApiKeyRevoked
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import AGENTS_PER_OWNER_MAX, API_KEYS_PER_OWNER_MAX, ZERO_ADDRESS
from xyk.exchange.state import State


def forbidden_agent(state: State, approve: ApproveAgent) -> Rejected | None:
    """The owner itself, nobody, or a dead agent: its old signatures must stay dead."""
    if approve.agent in (approve.owner, ZERO_ADDRESS):
        return Rejected(Code.FORBIDDEN, "agent must be another wallet's address than the owner's")
    known = state.agents.get(approve.owner, {}).get(approve.agent)
    if known is not None and known.revoked:
        return Rejected(
            Code.FORBIDDEN,
            f"{approve.agent} was revoked and stays so for ever; approve a fresh key",
        )
    return None


def forbidden_api_key(state: State, approve: ApproveApiKey) -> Rejected | None:
    known = state.api_keys.get(approve.public_key)
    if known is not None and known.owner != approve.owner:
        return Rejected(
            Code.FORBIDDEN, "This key belongs to another owner for ever; make a fresh key"
        )
    return None


def past_approval(request: Request, approve: ApproveAgent | ApproveApiKey) -> Rejected | None:
    now_s = request.now_ms // 1000
    if approve.valid_until >= now_s:
        return None
    return Rejected(
        Code.EXPIRED, f"validUntil {approve.valid_until} is past; the server's time is {now_s} s"
    )


def approve_agent(
    state: State, request: Request, approve: ApproveAgent
) -> tuple[AnyEvent, ...] | Rejected:
    """Approves, or prolongs. `decide` has asked `forbidden_agent` and `past_approval`."""
    agents = state.agents.get(approve.owner, {})
    if approve.agent not in agents and len(agents) >= AGENTS_PER_OWNER_MAX:
        return Rejected(
            Code.ORDER_LIMIT,
            f"An owner may approve {AGENTS_PER_OWNER_MAX} agents over time; use one of them",
        )
    return (
        AgentApproved(owner=approve.owner, agent=approve.agent, valid_until=approve.valid_until),
    )


def revoke_agent(
    state: State, request: Request, revoke: RevokeAgent
) -> tuple[AnyEvent, ...] | Rejected:
    known = state.agents.get(revoke.owner, {}).get(revoke.agent)
    if known is None or known.revoked:
        return Rejected(
            Code.RESOURCE_NOT_FOUND, f"{revoke.agent} is no approved agent of {revoke.owner}"
        )
    return (AgentRevoked(owner=revoke.owner, agent=revoke.agent),)


def approve_api_key(
    state: State, request: Request, approve: ApproveApiKey
) -> tuple[AnyEvent, ...] | Rejected:
    """Approves, prolongs or (same owner) approves again. `decide` has asked as for agents."""
    count = len(state.keys_of.get(approve.owner, ()))
    if approve.public_key not in state.api_keys and count >= API_KEYS_PER_OWNER_MAX:
        return Rejected(
            Code.ORDER_LIMIT,
            f"An owner may approve {API_KEYS_PER_OWNER_MAX} keys over time; use one of them",
        )
    return (
        ApiKeyApproved(
            owner=approve.owner, public_key=approve.public_key, valid_until=approve.valid_until
        ),
    )


def revoke_api_key(
    state: State, request: Request, revoke: RevokeApiKey
) -> tuple[AnyEvent, ...] | Rejected:
    known = state.api_keys.get(revoke.public_key)
    if known is None or known.owner != revoke.owner or known.revoked:
        return Rejected(
            Code.RESOURCE_NOT_FOUND, f"{revoke.public_key} is no approved key of {revoke.owner}"
        )
    return (ApiKeyRevoked(owner=revoke.owner, public_key=revoke.public_key),)
