"""What an exchange tells of its mirrored deployments, without a wallet."""

import msgspec

from xyk.client.chain_terms import ChainPin
from xyk.client.connection import Connection, Refused
from xyk.client.signing import Json

CHAIN = "/api/v1/chain"


async def told_deployment(connection: Connection, deployment: str) -> Json:
    """An element of GET /api/v1/chain. ValueError for an unknown deployment."""
    listed: list[Json] = (await connection.request("GET", CHAIN)).json()
    for one in listed:
        if one["name"] == deployment:
            return one
    names = ", ".join(one["name"] for one in listed) or "none"
    raise ValueError(f"No deployment {deployment[:40]!r} there; there is {names}")


async def told_pin(connection: Connection, deployment: str) -> ChainPin:
    """What the exchange says now. ValueError for an unknown deployment."""
    told = await told_deployment(connection, deployment)
    pairs = await chain_pairs(connection, deployment)
    try:
        return ChainPin.of(told, pairs)
    except (KeyError, TypeError, ValueError) as fault:
        raise Refused("SERVER_ERROR", f"GET {CHAIN} makes no sense: {fault!r}", 200) from None


async def chain_pairs(connection: Connection, deployment: str) -> list[Json]:
    return list((await connection.request("GET", f"{CHAIN}/{deployment}/pairs")).json())


async def chain_quote(
    connection: Connection,
    deployment: str,
    token_in: str,
    token_out: str,
    *,
    amount_in: int | None = None,
    amount_out: int | None = None,
    slippage_bps: int | None = None,
) -> Json:
    """Tokens as the exchange knows them."""
    wish: Json = {"tokenIn": token_in, "tokenOut": token_out}
    if amount_in is not None:
        wish["amountIn"] = str(amount_in)
    if amount_out is not None:
        wish["amountOut"] = str(amount_out)
    if slippage_bps is not None:
        wish["slippageBps"] = slippage_bps
    path, body = f"{CHAIN}/{deployment}/quote", msgspec.json.encode(wish)
    return dict((await connection.request("POST", path, body=body)).json())
