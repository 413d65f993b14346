"""`POST /api/v1/chain/{deployment}/tx/{verb}`: unsigned transactions for a wallet of its own keys.

The wish is built upon the node's newest block (xyk/chain/transactions.py). What comes back is what
`eth_sendTransaction` and the signing libraries take: numbers of a transaction are JSON-RPC
quantities and its addresses have their checksum (eth-account refuses others); amounts are decimal
strings.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from api.chains import CHAIN_PATH, ChainPost, ChainView, live_age_ms, named_venue
from api.markets import View
from api.problems import JSON, Refused, decode
from api.services import Given
from api.views import address
from xyk.chain import refused as chain
from xyk.chain.ground import newest_ground
from xyk.chain.rpc import BadAnswer, RpcDown, RpcError
from xyk.chain.transactions import VERBS, Verb, build
from xyk.chain.unsigned import Built, Unsigned
from xyk.chain.venue import Venue
from xyk.chain.wishes import Wish
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import decode_wire

TX_PATH = CHAIN_PATH + "/{deployment}/tx"
TYPE = "0x2"  # EIP-1559

_encode = msgspec.json.Encoder().encode
_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    verb.name: msgspec.json.Decoder(verb.wish, dec_hook=decode_wire, strict=True)
    for verb in VERBS.values()
}


class UnsignedView(View, frozen=True, kw_only=True):
    """One transaction to sign. `gas` is a fifth above the estimate; `kind` and `description` are
    for people, the rest is what the wallet signs."""

    kind: str
    description: str
    type: str = TYPE
    chain_id: str
    sender: str = msgspec.field(name="from")
    to: str
    data: str
    value: str
    gas: str
    max_fee_per_gas: str
    max_priority_fee_per_gas: str
    nonce: str


class BuiltView(ChainView, frozen=True, kw_only=True, omit_defaults=True):
    """`transactions` in the order to sign and send. Where `permit` is there it is to be signed
    (eth_signTypedData_v4) and sent with the same request again; there are no transactions yet.
    Amounts are what happens on this block, the bounds what the contracts insist on. `path`: the
    tokens that a swap goes along; `priceImpactBps` without fees. `feeOnTransfer`: a token keeps
    part of what is sent, amounts are what arrives. `simulated` false: the node could not try what
    comes after an approval."""

    transactions: list[UnsignedView]
    permit: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    amount: str | msgspec.UnsetType = msgspec.UNSET
    amount_in: str | msgspec.UnsetType = msgspec.UNSET
    amount_out: str | msgspec.UnsetType = msgspec.UNSET
    min_amount_out: str | msgspec.UnsetType = msgspec.UNSET
    max_amount_in: str | msgspec.UnsetType = msgspec.UNSET
    amount_a: str | msgspec.UnsetType = msgspec.UNSET
    amount_b: str | msgspec.UnsetType = msgspec.UNSET
    amount_a_min: str | msgspec.UnsetType = msgspec.UNSET
    amount_b_min: str | msgspec.UnsetType = msgspec.UNSET
    liquidity: str | msgspec.UnsetType = msgspec.UNSET
    path: list[str] | msgspec.UnsetType = msgspec.UNSET
    price_impact_bps: int | msgspec.UnsetType = msgspec.UNSET
    deadline: int | msgspec.UnsetType = msgspec.UNSET
    fee_on_transfer: bool = False
    simulated: bool | msgspec.UnsetType = msgspec.UNSET


async def answer(venue: Venue, verb: Verb, body: bytes, now_ms: int) -> BuiltView:
    """Raises Refused."""
    wish: Wish | Rejected = decode(_DECODERS[verb.name], body)
    if isinstance(wish, Rejected):
        raise Refused(wish)
    try:
        ground = await newest_ground(venue, now_ms)
        return built_view(await build(ground, verb, wish), now_ms)
    except chain.Refused as fault:
        raise Refused(fault.rejected) from fault
    except (RpcDown, RpcError, BadAnswer) as fault:
        text = venue.without_urls(str(fault))[:300]
        raise Refused(
            Rejected(
                Code.NODE_UNAVAILABLE,
                f"The nodes of {venue.deployment.name} do not answer as they should: {text}",
            )
        ) from fault


def built_view(built: Built, now_ms: int) -> BuiltView:
    amounts = {name: str(amount) for name, amount in built.amounts.items()}
    return BuiltView(
        transactions=[unsigned_view(one) for one in built.transactions],
        permit=dict(built.permit) if built.permit else msgspec.UNSET,
        path=list(built.path) or msgspec.UNSET,
        price_impact_bps=msgspec.UNSET if built.impact_bps is None else built.impact_bps,
        deadline=built.deadline or msgspec.UNSET,
        fee_on_transfer=built.takes_fee,
        simulated=built.is_simulated,
        block=built.block.number,
        block_hash=built.block.hash,
        age_ms=max(0, now_ms - built.block.time_s * 1000),
        **amounts,
    )


def unsigned_view(one: Unsigned) -> UnsignedView:
    return UnsignedView(
        kind=one.kind,
        description=one.description,
        chain_id=hex(one.chain_id),
        sender=address(one.sender),
        to=address(one.to),
        data="0x" + one.data.hex(),
        value=hex(one.value),
        gas=hex(one.gas),
        max_fee_per_gas=hex(one.max_fee),
        max_priority_fee_per_gas=hex(one.tip),
        nonce=hex(one.nonce),
    )


SUMMARIES = {
    "sell": "Unsigned transactions: swap an exact amount in",
    "buy": "Unsigned transactions: swap for an exact amount out",
    "add-liquidity": "Unsigned transactions: give both tokens of a pair",
    "remove-liquidity": "Unsigned transactions: take both tokens out of a pair",
    "approve": "Unsigned transactions: let the router take an amount of a token",
    "wrap": "Unsigned transaction: the native coin to its token",
    "unwrap": "Unsigned transaction: the native coin's token back to the coin",
}


def _handler(verb: Verb) -> Any:
    @post(
        f"{CHAIN_PATH}/{{deployment:str}}/tx/{verb.name}",
        summary=SUMMARIES[verb.name],
        tags=["chain"],
        status_code=200,
        operation_id=f"Chain{verb.wish.__name__.removesuffix('Wish')}",
    )
    async def post_wish(
        request: Request[Any, Any, Any], services: Given, deployment: FromPath[str]
    ) -> Response[bytes]:
        venue = named_venue(services, deployment)
        live_age_ms(venue, services.now_ms())
        view = await answer(venue, verb, await request.body(), services.now_ms())
        return Response(_encode(view), media_type=JSON)

    return post_wish


TRANSACTIONS: tuple[Any, ...] = tuple(_handler(verb) for verb in VERBS.values())
TRANSACTION_POSTS: tuple[ChainPost, ...] = tuple(
    ChainPost(f"{TX_PATH}/{verb.name}", SUMMARIES[verb.name], verb.wish, BuiltView)
    for verb in VERBS.values()
)
