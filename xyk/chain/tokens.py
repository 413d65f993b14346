"""Names and decimals of a deployment's tokens, whatever their contracts say.

A symbol of ours is [A-Z0-9]{1,12} and unique within the deployment. Where the contract's own one
cannot be that, or another token has it already, part of the address is in its place: two tokens
that call themselves USDC are USDC and USDCA0B869. Once given, a symbol stays.
"""

from collections.abc import Iterable, Mapping, Sequence

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from contracts_abi.contract import contract
from xyk.chain.deployment import Deployment
from xyk.chain.multicall import multicall
from xyk.chain.pair import Token
from xyk.chain.rpc import Rpc
from xyk.domain.units import DECIMALS_MAX

SYMBOL_MAX = 12
TEXT_MAX = 64  # characters of a contract's symbol that are looked at
HEX_MIN = 6  # digits of the address that tell two tokens apart
HEX_MAX = SYMBOL_MAX - 1
PUNCTUATION = frozenset(" .-_+$/'()")  # of honest symbols such as USDC.e; it is left out


class Names:
    """Symbols by token. Those of `known` tokens stay theirs."""

    def __init__(self, deployment: Deployment, known: Iterable[Token] = ()) -> None:
        self._by_token = {token.address: token.symbol for token in known}
        self._taken = set(self._by_token.values())
        self._coin = deployment.coin
        self._wrapped = deployment.wrapped

    def name(self, address: str, text: str) -> str:
        """The symbol of the token whose contract calls itself `text`, first come, first served.
        The coin's own one is kept for the token that wraps it."""
        if address not in self._by_token:
            is_wrapped = address == self._wrapped
            symbol = _plain(text) or (_plain("W" + self._coin) if is_wrapped else "")
            is_free = symbol not in self._taken and (symbol != self._coin or is_wrapped)
            if not symbol or not is_free:
                symbol = self._told_apart(_letters(text) or "T", address)
            self._by_token[address] = symbol
            self._taken.add(symbol)
        return self._by_token[address]

    def _told_apart(self, letters: str, address: str) -> str:
        digits = address[2:].upper()
        for size in range(HEX_MIN, HEX_MAX + 1):
            symbol = letters[: SYMBOL_MAX - size] + digits[:size]
            if symbol not in self._taken and symbol != self._coin:
                return symbol
        raise ValueError(f"token {address}: every symbol made of its address is taken")


async def read_tokens(
    rpc: Rpc, aggregator: str, addresses: Sequence[str], block_hash: str, names: Names
) -> tuple[dict[str, Token], dict[str, str]]:
    """By address: the tokens, and why the others cannot be used. `aggregator` as in `multicall`,
    which says what is raised."""
    functions = contract("erc20").functions
    asked = (functions["decimals"].selector, functions["symbol"].selector)
    calls = [(address, selector) for address in addresses for selector in asked]
    results = await multicall(rpc, aggregator, calls, block_hash)
    tokens: dict[str, Token] = {}
    faults: dict[str, str] = {}
    for address, decimals, symbol in zip(addresses, results[::2], results[1::2], strict=True):
        if decimals is None or len(decimals) < 32:
            faults[address] = "it answers no decimals(), as a token does"
        elif (number := int.from_bytes(decimals[:32], "big")) > DECIMALS_MAX:
            told = str(number) if number < 1000 else "more than 1000"
            faults[address] = f"it has {told} decimals; at most {DECIMALS_MAX} are supported"
        else:
            tokens[address] = Token(address, names.name(address, text_of(symbol)), number)
    return tokens, faults


def text_of(answer: bytes | None) -> str:
    """The text in what symbol() returned: a string, or 32 bytes that end in zeros as the oldest
    tokens have it. Empty where it is neither."""
    if answer is None:
        return ""
    if len(answer) == 32:
        raw = answer.rstrip(b"\0")
    else:
        try:
            [raw] = decode(["bytes"], answer)
        except (DecodingError, OverflowError):  # the latter for a length above 2^63
            return ""
    return str(raw[: 4 * TEXT_MAX].decode("utf-8", errors="replace"))[:TEXT_MAX]


def priced_in(quotes: Mapping[str, int], wrapped: str, token0: str, token1: str) -> str:
    """Which of the two prices the other: the earlier one of `quotes` (position by address), else
    the wrapped coin, else token1."""
    ranked = [(quotes[token], token) for token in (token0, token1) if token in quotes]
    if ranked:
        return min(ranked)[1]
    return token0 if token0 == wrapped else token1


def _plain(text: str) -> str:
    """The contract's symbol as ours where nobody could take it for another one, else empty."""
    letters = _letters(text)
    kept = [char for char in text.strip() if char not in PUNCTUATION]
    return letters if len(kept) == len(letters) <= SYMBOL_MAX else ""


def _letters(text: str) -> str:
    return "".join(char.upper() for char in text if char.isascii() and char.isalnum())
