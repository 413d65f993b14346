"""`/wapi/v1/capital/...`: what came to an owner and what left it, newest first.

A transfer between two owners of this exchange is `internal` at one end and `isInternal` at the
other. An API key never moves funds: withdrawing takes the wallet's signature.
"""

from typing import Any, NoReturn

import msgspec

from api.key_history import caught_up
from api.key_order_views import naive_ms
from api.key_reads import Asked, Paged, PageQuery, countable
from api.markets import BLOCKCHAIN
from api.problems import Refused
from api.views import address
from xyk.domain.decimals import whole_tokens
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import Uint64
from xyk.exchange.state import State
from xyk.storage.history import OwnTransfer, Page, TransferFilter

DEPOSITS, WITHDRAWALS = ("deposit", "in"), ("withdrawal", "out")
CONFIRMED = "confirmed"
ADMINISTRATOR, INTERNAL = "administrator", "internal"  # sources


class TransfersQuery(PageQuery, frozen=True, kw_only=True):
    """`from` and `to` in ms, inclusive; `id` of one of them."""

    id: Uint64 = 0
    from_ms: Uint64 = msgspec.field(default=0, name="from")
    to_ms: Uint64 = msgspec.field(default=0, name="to")


class Deposit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`id` is the seq of its entry; `source` internal for what another owner sent, administrator
    for what came from outside. `createdAt` is UTC without a zone."""

    id: int
    source: str
    status: str
    symbol: str
    quantity: str
    created_at: str
    from_address: str | None
    to_address: str
    transaction_hash: None = None
    subaccount_id: None = None
    confirmation_block_number: None = None
    platform_memo: None = None


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """As a Deposit; `isInternal` where another owner got it."""

    id: int
    blockchain: str
    quantity: str
    fee: str
    symbol: str
    status: str
    to_address: str
    created_at: str
    is_internal: bool
    client_id: None = None
    identifier: None = None
    transaction_hash: None = None
    subaccount_id: None = None
    trigger_at: None = None


async def deposits(asked: Asked) -> Paged:
    return await _transfers(asked, DEPOSITS)


async def withdrawals(asked: Asked) -> Paged:
    return await _transfers(asked, WITHDRAWALS)


async def deposit_address(asked: Asked) -> NoReturn:
    """The ledger keeps no chain, so nothing that is sent to an address would arrive."""
    raise Refused(
        Rejected(
            Code.NOT_IMPLEMENTED,
            "This exchange watches no blockchain, so there is no address to deposit to; another "
            "owner pays in with POST /api/v1/transfer, in a sandbox POST /api/v1/faucet does",
        )
    )


def no_withdrawal_by_key() -> Rejected:
    return Rejected(
        Code.FORBIDDEN,
        "An API key never withdraws; sign a Withdraw with the owner's wallet (EIP-712) and send it "
        "to POST /api/v1/withdraw",
    )


async def _transfers(asked: Asked, kinds: tuple[str, ...]) -> Paged:
    query = asked.query(TransfersQuery)
    limit, offset, ascending = query.checked()
    services = asked.services
    await caught_up(services)
    wanted = TransferFilter(
        owner=asked.owner,
        kinds=kinds,
        seq=countable(query.id),
        from_ms=countable(query.from_ms),
        to_ms=countable(query.to_ms),
    )
    total = await services.history.count_transfers(wanted)
    page = Page(limit=limit, offset=offset, ascending=ascending)
    rows = await services.history.transfers_page(wanted, page)
    show = _deposit if kinds == DEPOSITS else _withdrawal
    return Paged([show(services.state, asked.owner, row) for row in rows], total, limit, offset)


def _deposit(state: State, owner: str, moved: OwnTransfer) -> Any:
    return Deposit(
        id=moved.seq,
        source=INTERNAL if moved.kind == "in" else ADMINISTRATOR,
        status=CONFIRMED,
        symbol=moved.asset,
        quantity=whole_tokens(moved.amount, state.assets[moved.asset].decimals),
        created_at=naive_ms(moved.time_ms),
        from_address=address(moved.counterparty) or None,
        to_address=address(owner),
    )


def _withdrawal(state: State, owner: str, moved: OwnTransfer) -> Any:
    return Withdrawal(
        id=moved.seq,
        blockchain=BLOCKCHAIN,
        quantity=whole_tokens(moved.amount, state.assets[moved.asset].decimals),
        fee="0",
        symbol=moved.asset,
        status=CONFIRMED,
        to_address=address(moved.counterparty),
        created_at=naive_ms(moved.time_ms),
        is_internal=moved.kind == "out",
    )
