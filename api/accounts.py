"""What an owner has and who may sign for it; public, as everything on a chain."""

from typing import Any

from litestar import Response, get

from api.markets import json_response
from api.pools import parse_owner, position_view
from api.services import Services
from api.views import address, token_of
from xyk.domain.market import shares_symbol
from xyk.exchange.state import State


@get("/api/v1/accounts/{owner:str}", summary="Balances, positions, agents, keys", tags=["accounts"])
async def get_account(services: Services, owner: str) -> Response[bytes]:
    view = account_view(services.state, parse_owner(owner))
    return json_response(await services.committed(view))


def account_view(state: State, owner: str) -> dict[str, Any]:
    """Amounts in base units; an owner that nobody heard of has empty lists."""
    return {
        "owner": address(owner),
        "balances": [
            {
                "symbol": asset,
                "token": token_of(state, asset),
                "available": str(available),
                "locked": str(held),
            }
            for asset, available, held in state.ledger.assets_of(owner)
        ],
        "positions": [
            position_view(state, market, owner)
            for market in state.markets.values()
            if state.ledger.available(owner, shares_symbol(market.symbol))
        ],
        "agents": [
            {"agent": address(key), "validUntil": agent.valid_until, "revoked": agent.revoked}
            for key, agent in state.agents.get(owner, {}).items()
        ],
        "apiKeys": [
            {"publicKey": public, "validUntil": key.valid_until, "revoked": key.revoked}
            for public, key in state.api_keys.items()
            if key.owner == owner
        ],
        "seq": state.seq,
    }
