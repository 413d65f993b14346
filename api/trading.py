"""The routes that change something: signed actions one by one, many in one request, and the faucet.

One table drives routing, OpenAPI and the human docs. The Struct that is decoded here is the one
that the wallet signed; who signed is proved here, whether that signer may is the exchange's to
decide.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Generic, TypeVar

import msgspec

from api.gateway import Endpoint, Scope
from api.limits import ACTION_WEIGHT, CANCELS, Limited
from api.order_log import OrderLog
from api.outcomes import BehindJournal, named_outcome
from api.problems import Answer, decode, hanging_up, malformed, problem
from api.receipts import Receipt, hide_makers, receipt
from api.refusals import counted, queue_full, refused
from api.services import PRIVATE, Services
from api.views import resolve_token, token_form_fault
from xyk.domain import commands as cm
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import EIP712, FAUCET
from xyk.domain.units import BATCH_MAX, ZERO_ADDRESS, Address, Uint256, decode_wire
from xyk.engine.entry import Evidence
from xyk.engine.submission import Committed, Submission
from xyk.wallet.verify import verify_action

A = TypeVar("A")

ACTIONS_PATH = "/api/v1/actions"
FAUCET_PATH = "/api/v1/faucet"
FAUCET_TOKENS = 1_000  # whole tokens where no amount is named
VERIFIED_AT_ONCE = 16  # signatures of a batch, about 0.7 ms, before other requests get their turn


class SignedRoute(msgspec.Struct, frozen=True):
    method: str
    path: str
    action: Any  # the Struct's class
    summary: str


SIGNED_ROUTES: tuple[SignedRoute, ...] = (
    SignedRoute(
        "POST", "/api/v1/sell", cm.SwapExactIn, "Swap an exact amount in for at least a minimum out"
    ),
    SignedRoute(
        "POST", "/api/v1/buy", cm.SwapExactOut, "Swap at most a maximum in for an exact amount out"
    ),
    SignedRoute(
        "POST", "/api/v1/add-liquidity", cm.AddLiquidity, "Deposit both tokens of a pool for shares"
    ),
    SignedRoute(
        "POST", "/api/v1/remove-liquidity", cm.RemoveLiquidity, "Burn shares for both tokens"
    ),
    SignedRoute("POST", "/api/v1/order", cm.PlaceOrder, "Place an order"),
    SignedRoute(
        "POST", "/api/v1/order/replace", cm.ReplaceOrder, "Change an order's price or quantity"
    ),
    SignedRoute("DELETE", "/api/v1/order", cm.CancelOrder, "Cancel an order"),
    SignedRoute(
        "DELETE", "/api/v1/orders", cm.CancelAllOrders, "Cancel all orders of one market or of all"
    ),
    SignedRoute(
        "POST",
        "/api/v1/orders/cancel-all-after",
        cm.CancelAllAfter,
        "Cancel all orders unless this is sent again in time",
    ),
    SignedRoute("POST", "/api/v1/transfer", cm.Transfer, "Move available funds to another owner"),
    SignedRoute("POST", "/api/v1/withdraw", cm.Withdraw, "Take funds out of the exchange"),
    SignedRoute("POST", "/api/v1/agents", cm.ApproveAgent, "Let another key trade for the owner"),
    SignedRoute("DELETE", "/api/v1/agents", cm.RevokeAgent, "Revoke an agent for ever"),
    SignedRoute("POST", "/api/v1/api-keys", cm.ApproveApiKey, "Approve an Ed25519 key"),
    SignedRoute("DELETE", "/api/v1/api-keys", cm.RevokeApiKey, "Revoke an Ed25519 key"),
    SignedRoute("POST", "/api/v1/assets", cm.ListAsset, "Operator: list an asset"),
    SignedRoute("POST", "/api/v1/markets", cm.ListMarket, "Operator: list a market"),
    SignedRoute(
        "POST", "/api/v1/markets/update", cm.UpdateMarket, "Operator: change a market's terms"
    ),
    SignedRoute(
        "POST", "/api/v1/markets/status", cm.SetMarketStatus, "Operator: open or pause markets"
    ),
    SignedRoute(
        "POST", "/api/v1/protocol-fee", cm.SetProtocolFee, "Operator: who gets V2's protocol fee"
    ),
    SignedRoute(
        "POST", "/api/v1/operator", cm.SetOperator, "Operator: hand over to another wallet"
    ),
)


class Signed(msgspec.Struct, Generic[A], frozen=True, forbid_unknown_fields=True):
    """The body of a signed route."""

    action: A
    signature: str


class FaucetRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`token`: an address or a symbol. `amount` in base units, 1,000 whole tokens by default."""

    owner: Address
    token: str
    amount: Uint256 | None = None


ELEMENTS: Mapping[str, Any] = {
    route.action.__name__: msgspec.defstruct(
        f"Signed{route.action.__name__}",
        [("action", route.action), ("signature", str)],
        tag_field="type",
        tag=route.action.__name__,
        frozen=True,
        forbid_unknown_fields=True,
    )
    for route in SIGNED_ROUTES
}
Elements: Any = list[reduce(or_, ELEMENTS.values())]  # type: ignore[misc]

BEHIND = Rejected(
    Code.OVERLOADED, "The read tables trail behind this entry; retry the same bytes in a moment"
)

_encode = msgspec.json.Encoder().encode


def endpoints(services: Services, log: OrderLog) -> dict[tuple[str, str], Endpoint]:
    table: dict[tuple[str, str], Endpoint] = {
        (route.method, route.path): signed_endpoint(services, log, route.action)
        for route in SIGNED_ROUTES
    }
    table["POST", ACTIONS_PATH] = actions_endpoint(services, log)
    if services.state.sandbox:
        table["POST", FAUCET_PATH] = faucet_endpoint(services)
    return table


def signed_endpoint(services: Services, log: OrderLog, action: Any) -> Endpoint:
    """201 with the receipt, 200 with the first receipt of an action that was accepted before."""
    decoder = msgspec.json.Decoder(Signed[action], dec_hook=decode_wire, strict=True)
    submit = services.writer.submit

    async def endpoint(body: bytes, _: Scope) -> Answer:
        signed = decode(decoder, body)
        if isinstance(signed, Rejected):
            return refused(services, signed)
        submission = _proved(services, signed.action, signed.signature)
        if isinstance(submission, Rejected):
            return refused(services, submission)
        limited = services.limits.of_action(action, submission.evidence.signer)
        if limited is not None:
            return refused(services, limited)
        answer = await _answered(services, log, await submit(submission))
        if isinstance(answer, Rejected):
            return problem(answer)
        status, view = answer
        return Answer(status, _encode(view))

    return endpoint


def actions_endpoint(services: Services, log: OrderLog) -> Endpoint:
    """Each element its own outcome, in order; only what is no list of actions is refused as a
    whole.
    """
    decoder = msgspec.json.Decoder(Elements, dec_hook=decode_wire, strict=True)

    async def endpoint(body: bytes, scope: Scope) -> Answer:
        elements = decode(decoder, body)
        if isinstance(elements, Rejected):
            return refused(services, elements)
        if len(elements) > BATCH_MAX:
            return refused(
                services, malformed(f"{len(elements)} actions; send at most {BATCH_MAX} - at `$`")
            )
        proved: list[Submission | Rejected] = []
        for index, element in enumerate(elements):
            if index and index % VERIFIED_AT_ONCE == 0:
                await asyncio.sleep(0)
            proved.append(_allowed(services, scope, element))
        if proved and all(isinstance(one, Limited) for one in proved):
            assert isinstance(proved[0], Limited)
            return refused(services, proved[0])
        outcomes = await services.writer.submit_batch(
            [submission for submission in proved if isinstance(submission, Submission)]
        )
        full = queue_full(outcomes)
        if full is not None:
            return problem(full)
        answer = Answer(200, await _merged(services, log, proved, outcomes))
        failed = [one for one in (*proved, *outcomes) if isinstance(one, Rejected)]
        if len(failed) == len(elements) and all(one.http_status == 401 for one in failed):
            return _all_forged(services, scope) or answer
        return answer

    return endpoint


def _all_forged(services: Services, scope: Scope) -> Answer | None:
    """For a batch of which nothing was signed by who may."""
    limited = services.limits.of_failure(scope)
    if limited is None:
        return None
    services.metrics.refused(limited.code)
    return hanging_up(limited)


def faucet_endpoint(services: Services) -> Endpoint:
    """Test funds in a sandbox; not idempotent, so its receipt has no digest."""
    decoder = msgspec.json.Decoder(FaucetRequest, dec_hook=decode_wire, strict=True)
    state = services.state

    async def endpoint(body: bytes, _: Scope) -> Answer:
        wish = decode(decoder, body)
        if isinstance(wish, Rejected):
            return refused(services, wish)
        if wish.owner == ZERO_ADDRESS:  # what is there nobody can sign for
            return refused(services, malformed("Expected the address of a wallet - at `$.owner`"))
        fault = token_form_fault(wish.token, "$.token")
        if fault is not None:
            return refused(services, fault)
        token = resolve_token(state, wish.token)
        if isinstance(token, Rejected):
            return refused(services, await services.committed(token))
        amount = wish.amount
        if amount is None:
            symbol = state.tokens.get(token)
            amount = FAUCET_TOKENS * 10 ** state.assets[symbol].decimals if symbol else 1
        outcome = await services.writer.submit(
            Submission(
                cm.FaucetDeposit(owner=wish.owner, token=token, amount=amount),
                Evidence(scheme=FAUCET),
            )
        )
        if isinstance(outcome, Rejected):
            return problem(outcome)
        return Answer(201, _encode(receipt(state, outcome)))

    return endpoint


def _proved(services: Services, action: Any, signature: str) -> Submission | Rejected:
    """The action with the proof of who signed it."""
    proof = verify_action(services.domain, action, signature)
    if isinstance(proof, Rejected):
        return proof
    signer, digest = proof
    return Submission(
        action, Evidence(scheme=EIP712, signer=signer, digest=digest, signature=signature)
    )


def _allowed(services: Services, scope: Scope, element: Any) -> Submission | Rejected:
    """The same for an element among others: what is no cancel pays for itself."""
    limits, kind = services.limits, type(element.action)
    limited = None if kind in CANCELS else limits.of_ip(scope, ACTION_WEIGHT)
    if limited is not None:
        return limited
    submission = _proved(services, element.action, element.signature)
    if isinstance(submission, Rejected):
        return submission
    return limits.of_action(kind, submission.evidence.signer) or submission


async def _answered(
    services: Services, log: OrderLog, outcome: Committed | Rejected
) -> tuple[int, Receipt] | Rejected:
    """Status and receipt."""
    if isinstance(outcome, Rejected):
        return outcome
    try:
        orders = await named_outcome(services, log, outcome)
    except BehindJournal:
        return counted(services, BEHIND)
    view = receipt(services.state, outcome, orders)
    if services.settings.visibility == PRIVATE:
        hide_makers(view)
    return 201 if outcome.is_new else 200, view


async def _merged(
    services: Services,
    log: OrderLog,
    proved: list[Submission | Rejected],
    outcomes: Sequence[Committed | Rejected],
) -> bytes:
    """A JSON array, one object an element: what was refused here, and what the writer said of the
    rest.
    """
    answered = iter(outcomes)
    parts: list[bytes] = []
    for one in proved:
        outcome: Committed | Rejected = one if isinstance(one, Rejected) else next(answered)
        if outcome is one:
            assert isinstance(outcome, Rejected)
            counted(services, outcome)
        answer = await _answered(services, log, outcome)
        if isinstance(answer, Rejected):
            parts.append(b'{"status":%d,%b' % (answer.http_status, problem(answer).body[1:]))
        else:
            parts.append(_element(*answer))
    return b"[%b]" % b",".join(parts)


def _element(status: int, view: Receipt) -> bytes:
    """The receipt with `status` in front, which stands for the HTTP status here also where the
    receipt has one of its own: that of an order is in `order`."""
    element: dict[str, Any] = {"status": status}
    names, values = view.__struct_encode_fields__, msgspec.structs.astuple(view)
    element |= {name: value for name, value in zip(names, values, strict=True) if name != "status"}
    return _encode(element)
