"""What a wallet believes about a mirrored deployment, once and for good: whom it may sign for."""

import re
from typing import Any, Self

import msgspec

from xyk.client.signing import Json, WrongDeployment
from xyk.domain.units import parse_hex

COIN_DECIMALS = 18  # of the native coin of every EVM chain
DECIMALS_MAX = 255  # an ERC-20 tells them in eight bits
SYMBOL = re.compile(r"[A-Z0-9]{1,12}")


class ChainToken(msgspec.Struct, frozen=True):
    """`address` is lower case. `native`: the chain's own coin, with the wrapped coin's address.
    `decimals` is None where nobody said them."""

    address: str
    symbol: str
    decimals: int | None
    native: bool = False

    @property
    def name(self) -> str:
        """As the exchange is asked for it."""
        return self.symbol if self.native else self.address


class ChainPin(msgspec.Struct, frozen=True):
    """What must not change. `tokens`: by symbol, those that somebody meant by it; `pairs`: the
    address of the shares of two tokens, by their addresses in order."""

    chain_id: int
    router: str
    wrapped: str
    coin: str
    tokens: dict[str, ChainToken] = {}
    pairs: dict[str, str] = {}

    @classmethod
    def of(cls, deployment: Json, pairs: list[Json]) -> Self:
        """From an element of /api/v1/chain and its /pairs. ValueError, KeyError and TypeError for
        answers of another form."""
        sides = [token for pair in pairs for token in (pair["token0"], pair["token1"])]
        tokens: dict[str, ChainToken] = {}
        for one in sides:
            symbol, decimals = _symbol(one["symbol"]), int(one["decimals"])
            if not 0 <= decimals <= DECIMALS_MAX:
                raise ValueError(f"{symbol} says decimals that no token has")
            token = ChainToken(parse_hex(one["address"], 20), symbol, decimals)
            if tokens.setdefault(symbol, token) != token:
                raise ValueError(f"two tokens are called {symbol[:40]!r}")
        shares = {
            _both(pair["token0"]["address"], pair["token1"]["address"]): parse_hex(
                pair["address"], 20
            )
            for pair in pairs
        }
        return cls(
            int(deployment["chainId"]),
            parse_hex(deployment["router"], 20),
            parse_hex(deployment["wrapped"], 20),
            _symbol(deployment["coin"]),
            tokens,
            shares,
        )

    def joined(self, told: "ChainPin", name: str) -> "ChainPin":
        """With what is told besides. Raises WrongDeployment where that says anything else."""
        for what in ("chain_id", "router", "wrapped", "coin"):
            mine, theirs = getattr(self, what), getattr(told, what)
            if mine != theirs:
                raise _wrong(name, f"{what} {mine}", theirs)
        for symbol, token in self.tokens.items():
            said = told.tokens.get(symbol, token)
            if said != token:
                raise _wrong(name, f"{symbol} at {token.address}", said.address, token, said)
        for both, address in self.pairs.items():
            if told.pairs.get(both, address) != address:
                raise _wrong(name, f"the pair {address}", told.pairs[both])
        return msgspec.structs.replace(
            self, tokens=told.tokens | self.tokens, pairs=told.pairs | self.pairs
        )

    def token(self, name: str) -> ChainToken:
        """By symbol, by address, or the coin's name. ValueError for none."""
        if name == self.coin:
            return ChainToken(self.wrapped, self.coin, COIN_DECIMALS, native=True)
        if name.startswith("0x"):
            address = parse_hex(name, 20)
            known = (one for one in self.tokens.values() if one.address == address)
            return next(known, ChainToken(address, address, None))
        if name not in self.tokens:
            listed = ", ".join(sorted({self.coin, *self.tokens}))
            raise ValueError(f"No token {name[:40]!r} here; there are {listed}")
        return self.tokens[name]

    def pair(self, token_a: str, token_b: str) -> str:
        """The address of the shares of two tokens, by their addresses. ValueError for none."""
        shares = self.pairs.get(_both(token_a, token_b))
        if shares is None:
            raise ValueError(f"No pair of {token_a} and {token_b} is mirrored here")
        return shares


def _symbol(text: Any) -> str:
    """People read it beside what they sign: nothing in it may move their terminal's cursor, or pass
    for an address. ValueError."""
    if not isinstance(text, str) or not SYMBOL.fullmatch(text):
        raise ValueError(f"{text!r:.80} is no symbol")
    return text


def _both(token_a: str, token_b: str) -> str:
    return " ".join(sorted((parse_hex(token_a, 20), parse_hex(token_b, 20))))


def _wrong(
    name: str, mine: str, theirs: object, token: ChainToken | None = None, said: object = None
) -> WrongDeployment:
    if isinstance(said, ChainToken) and token is not None and said.address == token.address:
        return WrongDeployment(
            f"{name} was trusted with {mine} of {token.decimals} decimals, and says "
            f"{said.decimals} now; nothing is signed for it"
        )
    return WrongDeployment(
        f"{name} was trusted with {mine}, and says {theirs} now; nothing is signed for it"
    )
