"""Every way a request can be refused: one table of code, HTTP status and precedence.

A refusal is a value, not an exception: it leaves no trace and spends no nonce. Where a request has
several faults the first member below names it, so the order of the members is part of the wire.
"""

from enum import Enum

import msgspec


class Code(Enum):
    """Members in descending precedence; value = (default HTTP status, what it means)."""

    INVALID_CLIENT_REQUEST = (
        400,
        "the request is malformed; the message has the path of the field",
    )
    TOO_LARGE = (413, "the body is larger than 256 KiB")
    NOT_IMPLEMENTED = (501, "the convention has it, a spot exchange has not")
    INVALID_SIGNATURE = (401, "the signature is malformed or was not made for this action here")
    UNAUTHORIZED = (
        401,
        "the agent or the session is revoked, closed or expired, or none was named",
    )
    FORBIDDEN = (403, "the signer is known but may not do this")
    EXPIRED = (422, "the deadline passed, or lies more than a day ahead")
    NONCE_OUT_OF_WINDOW = (422, "the nonce's second lies outside now - 2 days .. now + 300 s")
    NONCE_USED = (409, "another action of this signer used the nonce")
    INVALID_ASSET = (404, "no such asset; 409 where it exists already")
    INVALID_MARKET = (404, "no such market; 409 where it exists already")
    POOL_NOT_FOUND = (404, "no pool for these tokens")
    RESOURCE_NOT_FOUND = (404, "no such order, agent, key, owner or route")
    TRADING_PAUSED = (422, "the market is not open")
    SAME_TOKEN = (422, "both tokens are the same")
    INVALID_PRICE = (422, "a price, tick or ratio outside what is allowed")
    INVALID_QUANTITY = (422, "an amount, lot or parameter outside what is allowed")
    INVALID_ORDER = (422, "the order cannot be accepted in this form")
    ORDER_LIMIT = (422, "too many of them")
    INSUFFICIENT_FUNDS = (422, "the owner has less available than the action needs")
    INSUFFICIENT_LIQUIDITY = (422, "the pools cannot give this")
    RESERVE_OVERFLOW = (422, "a reserve or a supply would pass its bound")
    SLIPPAGE_EXCEEDED = (422, "the outcome is worse than the signed limit")
    INSUFFICIENT_ALLOWANCE = (422, "the chain's router may not take this much of the token yet")
    INVALID_TRANSACTION = (422, "the transaction is none that this deployment relays")
    NONCE_GAP = (409, "the account's transactions before this one are not on the chain yet")
    UNDERPRICED = (409, "a transaction of this nonce waits that pays as much or more")
    REVERTED = (422, "the chain's contracts refuse it; the message has their reason")
    NODE_UNAVAILABLE = (503, "the chain's nodes do not answer, or lag behind the chain")
    TOO_MANY_REQUESTS = (429, "slow down; Retry-After says how long")
    OVERLOADED = (503, "the queue is full or the server cannot accept now; retry the same bytes")
    SERVER_ERROR = (500, "a fault of ours; nothing was changed")

    @property
    def status(self) -> int:
        return self.value[0]


class Rejected(msgspec.Struct, frozen=True):
    """A refusal. `message` says what was wrong and what would be right; `status` overrides the
    code's.
    """

    code: Code
    message: str
    status: int = 0

    @property
    def http_status(self) -> int:
        return self.status or self.code.status
