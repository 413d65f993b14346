"""`/api/v1/chain/{deployment}/tx`: a wallet's signed transaction on its way to the chain, and what
became of it."""

from collections.abc import Awaitable
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from api.chains import CHAIN_PATH, ChainPost, live_age_ms, named_venue
from api.limits import Limited
from api.markets import View
from api.problems import JSON, Refused, decode, malformed
from api.services import Given
from xyk.chain import outcome as oc
from xyk.chain.raw import RAW_BYTES_MAX, decode_raw
from xyk.chain.relay import Relay
from xyk.chain.rpc import BadAnswer, RpcDown, RpcError
from xyk.chain.venue import Venue
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import parse_hex

SEND_PATH = CHAIN_PATH + "/{deployment}/tx/send"

# Beside the 1 of any request: the calls of a node that one costs, which are somebody's money.
SEND_WEIGHT = 100
LOOK_WEIGHT = 20

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class RawTransaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`raw`: as a wallet signed it, 0x and hex; what eth_sendRawTransaction takes."""

    raw: str


class SwapHopView(View, frozen=True, kw_only=True):
    pair: str
    token_in: str
    token_out: str
    amount_in: str
    amount_out: str


class SwappedView(View, frozen=True, kw_only=True, tag_field="type", tag="swap"):
    """`amountIn` is what the sender paid, `amountOut` what the recipient got."""

    amount_in: str
    amount_out: str
    hops: list[SwapHopView]


class LiquidityView(View, frozen=True, kw_only=True, tag_field="type", tag="liquidity"):
    """`liquidity`: shares of the pair, minted or burned."""

    pair: str
    token_a: str
    token_b: str
    amount_a: str
    amount_b: str
    liquidity: str


class ApprovalView(View, frozen=True, kw_only=True, tag_field="type", tag="approval"):
    token: str
    spender: str
    amount: str


class WrappingView(View, frozen=True, kw_only=True, tag_field="type", tag="wrapping"):
    amount: str


AmountsView = SwappedView | LiquidityView | ApprovalView | WrappingView


class ReasonView(View, frozen=True, kw_only=True):
    code: str
    message: str


class TransactionView(View, frozen=True, kw_only=True):
    """`status`: pending (a node has it waiting), mined, failed (mined, and reverted for `reason`),
    replaced (`replacedBy` used its nonce or is about to), dropped (relayed here, and no node has it
    any more; it is sent again until `deadline`), unknown.

    `block` and `blockHash`: where it, or what replaced it, was mined; `confirmations`: blocks after
    that; once `isFinal` nothing changes any more. Before that a reorg may make it pending again.
    `head` is the newest block that the node had when it was asked and `ageMs` that block's age.
    `kind`: buy, sell, add-liquidity, remove-liquidity, approve, wrap or unwrap; null where it is no
    transaction for this deployment, `amounts` then too. Amounts are base units, taken from the
    transaction's own logs; `effectiveGasPrice` is wei per unit of gas. `foreignRecipient`: what
    comes out goes to somebody else than the sender.
    """

    hash: str
    status: str
    sender: str | None = msgspec.field(name="from")
    nonce: int | None
    to: str | None
    kind: str | None
    recipient: str | None
    foreign_recipient: bool
    deadline: int | None
    block: int | None
    block_hash: str | None
    confirmations: int
    is_final: bool
    gas_used: int | None
    effective_gas_price: str | None
    amounts: AmountsView | None
    reason: ReasonView | None
    replaced_by: str | None
    head: int
    age_ms: int


@post(
    CHAIN_PATH + "/{deployment:str}/tx/send",
    summary="Relay a signed transaction to the chain",
    status_code=200,
    tags=["chain"],
)
async def post_raw_transaction(
    services: Given, request: Request[Any, Any, Any], deployment: FromPath[str]
) -> Response[bytes]:
    """201 where it was sent, 200 with its state where the nodes or we had these bytes already."""
    venue = named_venue(services, deployment)
    _unless(services.limits.of_ip(dict(request.scope), SEND_WEIGHT))
    wanted = decode(_decoder, await request.body())
    if isinstance(wanted, Rejected):
        raise Refused(wanted)
    transaction = decode_raw(_bytes_of(wanted.raw))
    if isinstance(transaction, Rejected):
        raise Refused(transaction)
    # A purse of its own: who repeats somebody's old bytes must not use up what he may ask here.
    purse = f"{transaction.sender} {deployment}"
    _unless(services.limits.of_address(purse, SEND_WEIGHT))
    live_age_ms(venue, services.now_ms())
    answer = await _asked(venue, _relay(venue).send(transaction))
    if isinstance(answer, Rejected):
        raise Refused(answer)
    found, is_new = answer
    view = _encode(transaction_view(found, services.now_ms()))
    return Response(view, status_code=201 if is_new else 200, media_type=JSON)


@get(
    CHAIN_PATH + "/{deployment:str}/tx/{digest:str}",
    summary="What became of a transaction",
    tags=["chain"],
)
async def get_transaction(
    services: Given,
    request: Request[Any, Any, Any],
    deployment: FromPath[str],
    digest: FromPath[str],
) -> TransactionView:
    """Of any transaction that the chain's nodes know, by its hash."""
    venue = named_venue(services, deployment)
    try:
        digest = parse_hex(digest, 32)
    except ValueError as fault:
        raise Refused(malformed(f"{fault} - at `hash`")) from None
    _unless(services.limits.of_ip(dict(request.scope), LOOK_WEIGHT))
    found = await _asked(venue, _relay(venue).follower.outcome(digest))
    return transaction_view(found, services.now_ms())


def transaction_view(found: oc.Outcome, now_ms: int) -> TransactionView:
    reason = found.reason
    return TransactionView(
        hash=found.hash,
        status=found.status,
        sender=found.sender or None,
        nonce=found.nonce,
        to=found.to or None,
        kind=found.kind or None,
        recipient=found.recipient or None,
        foreign_recipient=found.recipient not in ("", found.sender),
        deadline=found.deadline_s,
        block=found.block,
        block_hash=found.block_hash or None,
        confirmations=found.confirmations,
        is_final=found.is_final,
        gas_used=found.gas_used,
        effective_gas_price=_text(found.effective_gas_price),
        amounts=_amounts(found.amounts),
        reason=ReasonView(code=reason.code, message=reason.message) if reason else None,
        replaced_by=found.replaced_by or None,
        head=found.head.number,
        age_ms=max(0, now_ms - found.head.time_s * 1000),
    )


def _amounts(moved: oc.Amounts | None) -> AmountsView | None:
    match moved:
        case oc.Swapped():
            hops = [
                SwapHopView(
                    pair=hop.pair,
                    token_in=hop.token_in,
                    token_out=hop.token_out,
                    amount_in=str(hop.amount_in),
                    amount_out=str(hop.amount_out),
                )
                for hop in moved.hops
            ]
            paid, got = str(moved.amount_in), str(moved.amount_out)
            return SwappedView(amount_in=paid, amount_out=got, hops=hops)
        case oc.LiquidityMoved():
            return LiquidityView(
                pair=moved.pair,
                token_a=moved.token_a,
                token_b=moved.token_b,
                amount_a=str(moved.amount_a),
                amount_b=str(moved.amount_b),
                liquidity=str(moved.liquidity),
            )
        case oc.Approved():
            amount = str(moved.amount)
            return ApprovalView(token=moved.token, spender=moved.spender, amount=amount)
        case oc.Wrapped():
            return WrappingView(amount=str(moved.amount))
    return None


def _relay(venue: Venue) -> Relay:
    assert venue.relay is not None
    return venue.relay


async def _asked(venue: Venue, asking: Awaitable[T]) -> T:
    """What the nodes make of it. Raises Refused where they cannot be asked."""
    try:
        return await asking
    except (RpcDown, RpcError, BadAnswer) as fault:
        why = venue.without_urls(str(fault))
        raise Refused(Rejected(Code.NODE_UNAVAILABLE, f"The chain's nodes fail: {why}")) from fault


def _unless(limited: Limited | None) -> None:
    if limited is not None:
        raise Refused(limited)


def _bytes_of(text: str) -> bytes:
    """Raises Refused."""
    size = len(text) // 2 - 1
    if text.startswith("0x") and 0 < size <= RAW_BYTES_MAX:
        try:
            return bytes.fromhex(parse_hex(text, size)[2:])
        except ValueError:
            pass  # said below
    raise Refused(malformed(f"Expected 0x and the hex of 1 to {RAW_BYTES_MAX} bytes - at `$.raw`"))


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


_decoder = msgspec.json.Decoder(RawTransaction, strict=True)

RELAY: tuple[Any, ...] = (post_raw_transaction, get_transaction)
RELAY_POSTS: tuple[ChainPost, ...] = (
    ChainPost(
        SEND_PATH, "Relay a signed transaction to the chain", RawTransaction, TransactionView, True
    ),
)
