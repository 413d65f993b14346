"""Integer types of the wire and the limits of the exchange, in one place.

Inside, every number is a plain `int` and every address a plain lower-case `str`; the classes below
are only annotations. They say how EIP-712 encodes a field and how its value may look on the wire:
uint256 travels as a decimal string (numbers above 2^53 break in JavaScript), smaller integers as
JSON numbers or strings of digits. `decode_wire` is the hook for requests, `decode_journal` the one
for rows that we wrote ourselves.
"""

from typing import TYPE_CHECKING, Any

UINT256_MAX = 2**256 - 1
RESERVE_MAX = 2**112 - 1  # base units; Uniswap V2 keeps reserves in uint112
SUPPLY_MAX = 2**128  # base units of one asset over all accounts
FAUCET_MAX = 2**112 - 1  # base units a faucet call

BPS = 10_000
POOL_FEE_BPS_DEFAULT = 30
POOL_FEE_BPS_MAX = 100
BOOK_FEE_BPS_MAX = 1_000  # either way; the pool's fee bounds the taker's fee further
AGENT_BAND_BPS = 1_000  # how far from spot a taker signed by an agent may trade
MARKET_BAND_BPS = 500  # how far beyond the best price a market order goes where it names no limit
AGENT_MINIMUM_BPS = (
    9_500  # share of the desired amounts that an agent's AddLiquidity must insist on
)

MINIMUM_LIQUIDITY = 1_000  # shares locked for ever by the first deposit, as V2
MINIMUM_RESERVE = 10**6  # base units; below it a pool beside a book is dormant
MINIMUM_FILL_QUOTE = 10**4  # quote base units; a smaller fill does not form the price

MINIMUM_ORDER_QUOTE = 10**4  # quote base units; quantity times price of an order
ORDERS_PER_OWNER_MAX = 1_000  # open orders, waiting triggers included
ORDERS_PER_MARKET_MAX = 2_000_000
CLIENT_ID_MAX = 2**32 - 1
CANCEL_AFTER_MAX_S = 24 * 60 * 60
FILLS_MAX = 10_000  # orders that one command may meet in one market: it bounds a sweep's time
TRIGGERS_BETWEEN_MAX = 100  # activations between two commands of users

HOPS_MAX = 3
PATHS_MAX = 100_000  # remembered in all, about 7 MB; they are the square of the listed assets
AGENTS_PER_OWNER_MAX = 64
API_KEYS_PER_OWNER_MAX = 64
SESSIONS_PER_OWNER_MAX = 256  # until they expire, closed ones included
SESSION_MAX_S = 30 * 24 * 60 * 60
DECIMALS_MAX = 36
BATCH_MAX = 100  # elements of one POST /api/v1/actions
BODY_MAX = 256 * 1024  # bytes of a request body
SUBSCRIPTIONS_MAX = 256  # streams that one websocket may follow

NONCE_SLOTS = 256
NONCE_PAST_S = 2 * 24 * 60 * 60
NONCE_FUTURE_S = 300
DEADLINE_AHEAD_S = 24 * 60 * 60
# How far the clock of a key's client may run ahead: as far as the convention's window of 5 s lets
# it run behind.
TIMESTAMP_AHEAD_MS = 5_000

ZERO_ADDRESS = "0x" + "0" * 40
LP_DECIMALS = 18
LP_PREFIX = "LP:"


class _Int(type):
    """Makes `isinstance` accept exactly `int`, so that msgspec keeps what the hook returns."""

    solidity: str
    low: int
    high: int

    def __instancecheck__(cls, value: object) -> bool:
        return type(value) is int


class _Str(type):
    solidity: str

    def __instancecheck__(cls, value: object) -> bool:
        return type(value) is str


if TYPE_CHECKING:
    Uint256 = int
    Uint64 = int
    Uint32 = int
    Uint8 = int
    Int32 = int
    Address = str
    Bytes32 = str
else:

    class Uint256(metaclass=_Int):
        solidity, low, high = "uint256", 0, UINT256_MAX

    class Uint64(metaclass=_Int):
        solidity, low, high = "uint64", 0, 2**64 - 1

    class Uint32(metaclass=_Int):
        solidity, low, high = "uint32", 0, 2**32 - 1

    class Uint8(metaclass=_Int):
        solidity, low, high = "uint8", 0, 2**8 - 1

    class Int32(metaclass=_Int):
        solidity, low, high = "int32", -(2**31), 2**31 - 1

    class Address(metaclass=_Str):
        """20 bytes as 0x and 40 hex digits; lower case inside, any case on the wire."""

        solidity = "address"

    class Bytes32(metaclass=_Str):
        """32 bytes as 0x and 64 hex digits; lower case inside, any case on the wire."""

        solidity = "bytes32"


def parse_hex(text: object, size: int) -> str:
    """`0x` and exactly `size` bytes in hex, as lower case; ValueError says what would be right."""
    if type(text) is str and len(text) == 2 + 2 * size and text.startswith("0x"):
        try:  # it skips blanks, and then has fewer bytes
            is_hex = len(bytes.fromhex(text[2:])) == size
        except ValueError:
            is_hex = False
        if is_hex:
            return text.lower()
    raise ValueError(f"Expected 0x and {2 * size} hex digits")


def parse_uint256(text: object) -> int:
    """A decimal string of 0 to 2^256-1 in ASCII digits without a leading zero, sign, point or
    exponent.
    """
    if type(text) is str and text.isascii() and text.isdigit() and len(text) <= 78:
        value = int(text)
        if value > UINT256_MAX:
            raise ValueError("Expected at most 2^256-1")
        if text[0] != "0" or text == "0":
            return value
    raise ValueError(
        'Expected a decimal string of base units such as "1000000", no sign, point or exponent'
    )


def _small(kind: Any, value: object) -> int:
    low, high = kind.low, kind.high
    if type(value) is str:
        digits = value[1:] if low < 0 and value.startswith("-") else value
        plain = digits.isascii() and digits.isdigit() and len(digits) <= 20
        if plain and (digits[0] != "0" or value == "0"):
            value = int(value)
    if type(value) is int and low <= value <= high:
        return value
    raise ValueError(f"Expected an integer from {low} to {high}")


def decode_wire(kind: Any, value: object) -> Any:
    """msgspec `dec_hook` for requests: strict about form, bounds checked here and nowhere else."""
    if kind is Uint256:
        return parse_uint256(value)
    if kind is Address:
        return parse_hex(value, 20)
    if kind is Bytes32:
        return parse_hex(value, 32)
    return _small(kind, value)


def decode_journal(kind: Any, value: object) -> Any:
    """msgspec `dec_hook` for our own rows, where every integer is a JSON number of any size."""
    return value
