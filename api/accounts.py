"""What an owner has and who may sign for it; public, as everything on a chain, unless visibility is
private."""

from litestar import get
from litestar.params import FromPath

from api.markets import View
from api.pools import SharesView, parse_owner, shares_view
from api.services import Given
from api.views import address, token_of
from api.visibility import GivenVisitor
from xyk.domain.units import LP_PREFIX
from xyk.exchange.state import State


class BalanceView(View, frozen=True, kw_only=True):
    """Base units; `locked` is what open orders hold."""

    symbol: str
    token: str
    decimals: int
    available: str
    locked: str


class AgentView(View, frozen=True, kw_only=True):
    """`validUntil` in unix seconds, inclusive."""

    agent: str
    valid_until: int
    revoked: bool


class ApiKeyView(View, frozen=True, kw_only=True):
    public_key: str
    valid_until: int
    revoked: bool


class AccountView(View, frozen=True, kw_only=True):
    owner: str
    balances: list[BalanceView]
    positions: list[SharesView]
    agents: list[AgentView]
    api_keys: list[ApiKeyView]
    seq: int


@get("/api/v1/accounts/{owner:str}", summary="Balances, positions, agents, keys", tags=["accounts"])
async def get_account(services: Given, visitor: GivenVisitor, owner: FromPath[str]) -> AccountView:
    """An owner that nobody heard of has empty lists."""
    holder = parse_owner(owner)
    await visitor.may_read(holder)
    return await services.committed(account_view(services.state, holder))


def account_view(state: State, owner: str) -> AccountView:
    balances = list(state.ledger.assets_of(owner))
    return AccountView(
        owner=address(owner),
        balances=[
            BalanceView(
                symbol=asset,
                token=token_of(state, asset),
                decimals=state.assets[asset].decimals,
                available=str(available),
                locked=str(held),
            )
            for asset, available, held in balances
        ],
        positions=[
            shares_view(state, state.markets[asset.removeprefix(LP_PREFIX)], owner)
            for asset, _, _ in balances
            if state.assets[asset].is_shares
        ],
        agents=[
            AgentView(agent=address(key), valid_until=agent.valid_until, revoked=agent.revoked)
            for key, agent in state.agents.get(owner, {}).items()
        ],
        api_keys=[
            ApiKeyView(public_key=public, valid_until=key.valid_until, revoked=key.revoked)
            for public in state.keys_of.get(owner, ())
            for key in (state.api_keys[public],)
        ],
        seq=state.seq,
    )
