"""What somebody wants of a deployment: how the exchange is asked for its transactions, and which
calls may come back.

Amounts are base units. Each bound is the caller's own: a quote is an opinion of the exchange.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from xyk.client.chain_call import AtLeast, AtMost, Between, Call, Exactly, Rule
from xyk.client.chain_terms import ChainPin, ChainToken

ROUTER = "uniswap_v2_router02"
FEE_ON_TRANSFER = "SupportingFeeOnTransferTokens"


class Signer(msgspec.Struct, frozen=True):
    """Who signs, for which deployment, and until when (unix seconds) at most."""

    owner: str
    pin: ChainPin
    deadline: int

    def tail(self) -> Mapping[str, Rule]:
        """The last arguments of what the router is asked for."""
        return {"to": Exactly(self.owner), "deadline": AtMost(self.deadline)}


class Intent(msgspec.Struct, frozen=True):
    """`verb` is the route's. `expires`: whether a deadline is part of it."""

    verb: ClassVar[str]
    expires: ClassVar[bool] = True

    def body(self) -> dict[str, Any]:
        """Of the request, but for owner and deadline."""
        raise NotImplementedError

    def call(self, signer: Signer) -> Call:
        """The transaction that does it."""
        raise NotImplementedError

    def allowances(self, signer: Signer) -> tuple[tuple[str, int], ...]:
        """The tokens that the router may have to be approved for before, each for exactly this."""
        return ()


class Sell(Intent, frozen=True):
    verb: ClassVar[str] = "sell"
    token_in: ChainToken
    token_out: ChainToken
    amount_in: int
    min_amount_out: int

    def body(self) -> dict[str, Any]:
        return {
            "tokenIn": self.token_in.name,
            "tokenOut": self.token_out.name,
            "amountIn": str(self.amount_in),
            "minAmountOut": str(self.min_amount_out),
        }

    def call(self, signer: Signer) -> Call:
        rules: dict[str, Rule] = {
            "amountOutMin": AtLeast(self.min_amount_out),
            "path": Between(self.token_in.address, self.token_out.address),
            **signer.tail(),
        }
        value = Exactly(self.amount_in if self.token_in.native else 0)
        name = _swap_name("swapExact{}For{}", self.token_in, self.token_out)
        if not self.token_in.native:
            rules["amountIn"] = Exactly(self.amount_in)
        return Call(ROUTER, signer.pin.router, (name, name + FEE_ON_TRANSFER), rules, value)

    def allowances(self, signer: Signer) -> tuple[tuple[str, int], ...]:
        return _allowances((self.token_in, self.amount_in))


class Buy(Intent, frozen=True):
    verb: ClassVar[str] = "buy"
    token_in: ChainToken
    token_out: ChainToken
    amount_out: int
    max_amount_in: int

    def body(self) -> dict[str, Any]:
        return {
            "tokenIn": self.token_in.name,
            "tokenOut": self.token_out.name,
            "amountOut": str(self.amount_out),
            "maxAmountIn": str(self.max_amount_in),
        }

    def call(self, signer: Signer) -> Call:
        rules: dict[str, Rule] = {
            "amountOut": Exactly(self.amount_out),
            "path": Between(self.token_in.address, self.token_out.address),
            **signer.tail(),
        }
        name = _swap_name("swap{}ForExact{}", self.token_in, self.token_out)
        most = AtMost(self.max_amount_in)
        if self.token_in.native:
            return Call(ROUTER, signer.pin.router, (name,), rules, most)
        return Call(ROUTER, signer.pin.router, (name,), rules | {"amountInMax": most})

    def allowances(self, signer: Signer) -> tuple[tuple[str, int], ...]:
        return _allowances((self.token_in, self.max_amount_in))


class Sides(Intent, frozen=True):
    """Both tokens of a pair, at most one of them native, with the least to be put in or got."""

    token_a: ChainToken
    token_b: ChainToken
    amount_a_min: int
    amount_b_min: int

    def _named(self) -> dict[str, Any]:
        return {
            "tokenA": self.token_a.name,
            "tokenB": self.token_b.name,
            "amountAMin": str(self.amount_a_min),
            "amountBMin": str(self.amount_b_min),
        }

    def _has_coin(self) -> bool:
        return self.token_a.native or self.token_b.native

    def _in_order(self, of_a: Any, of_b: Any) -> tuple[Any, Any]:
        """The native coin's is the router's second."""
        return (of_b, of_a) if self.token_a.native else (of_a, of_b)

    def _rules(self, signer: Signer) -> dict[str, Rule]:
        token_a, token_b = self._in_order(self.token_a, self.token_b)
        least_a, least_b = self._in_order(self.amount_a_min, self.amount_b_min)
        if self._has_coin():
            return {
                "token": Exactly(token_a.address),
                "amountTokenMin": AtLeast(least_a),
                "amountETHMin": AtLeast(least_b),
                **signer.tail(),
            }
        return {
            "tokenA": Exactly(token_a.address),
            "tokenB": Exactly(token_b.address),
            "amountAMin": AtLeast(least_a),
            "amountBMin": AtLeast(least_b),
            **signer.tail(),
        }


class AddLiquidity(Sides, frozen=True):
    verb: ClassVar[str] = "add-liquidity"
    amount_a_desired: int
    amount_b_desired: int

    def body(self) -> dict[str, Any]:
        return self._named() | {
            "amountADesired": str(self.amount_a_desired),
            "amountBDesired": str(self.amount_b_desired),
        }

    def call(self, signer: Signer) -> Call:
        rules = self._rules(signer)
        of_a, of_b = self._in_order(self.amount_a_desired, self.amount_b_desired)
        if self._has_coin():
            rules["amountTokenDesired"] = Exactly(of_a)
            return Call(ROUTER, signer.pin.router, ("addLiquidityETH",), rules, Exactly(of_b))
        rules |= {"amountADesired": Exactly(of_a), "amountBDesired": Exactly(of_b)}
        return Call(ROUTER, signer.pin.router, ("addLiquidity",), rules)

    def allowances(self, signer: Signer) -> tuple[tuple[str, int], ...]:
        wanted = (self.token_a, self.amount_a_desired), (self.token_b, self.amount_b_desired)
        return _allowances(*wanted)


class RemoveLiquidity(Sides, frozen=True):
    """`permit`: 65 bytes as 0x hex, once the wallet has signed it."""

    verb: ClassVar[str] = "remove-liquidity"
    liquidity: int
    permit: str = ""

    def body(self) -> dict[str, Any]:
        named = self._named() | {"liquidity": str(self.liquidity)}
        return named | {"permit": self.permit} if self.permit else named

    def call(self, signer: Signer) -> Call:
        rules = self._rules(signer) | {"liquidity": Exactly(self.liquidity)}
        name = "removeLiquidityETH" if self._has_coin() else "removeLiquidity"
        if self.permit:
            name += "WithPermit"
            signature = bytes.fromhex(self.permit[2:])
            rules["approveMax"] = Exactly(False)
            rules["deadline"] = Exactly(signer.deadline)  # the permit's own
            rules |= {"r": Exactly(signature[:32]), "s": Exactly(signature[32:64])}
            rules["v"] = Exactly(signature[64])
        names = (name, name + FEE_ON_TRANSFER) if self._has_coin() else (name,)
        return Call(ROUTER, signer.pin.router, names, rules)

    def allowances(self, signer: Signer) -> tuple[tuple[str, int], ...]:
        if self.permit:
            return ()
        return ((self.shares(signer.pin), self.liquidity),)

    def shares(self, pin: ChainPin) -> str:
        """The pair's address, which is its shares'. ValueError where none is mirrored."""
        return pin.pair(self.token_a.address, self.token_b.address)


class Approve(Intent, frozen=True):
    """That the router may take so much; 0 takes it back."""

    verb: ClassVar[str] = "approve"
    expires: ClassVar[bool] = False
    token: ChainToken
    amount: int

    def body(self) -> dict[str, Any]:
        return {"token": self.token.name, "amount": str(self.amount)}

    def call(self, signer: Signer) -> Call:
        return approval(signer.pin, self.token.address, self.amount)

    def allowances(self, signer: Signer) -> tuple[tuple[str, int], ...]:
        return ((self.token.address, 0),)  # some tokens go from one amount to another by it alone


class Wrap(Intent, frozen=True):
    """The native coin into its token."""

    verb: ClassVar[str] = "wrap"
    expires: ClassVar[bool] = False
    amount: int

    def body(self) -> dict[str, Any]:
        return {"amount": str(self.amount)}

    def call(self, signer: Signer) -> Call:
        return Call("weth9", signer.pin.wrapped, ("deposit",), {}, Exactly(self.amount))


class Unwrap(Intent, frozen=True):
    verb: ClassVar[str] = "unwrap"
    expires: ClassVar[bool] = False
    amount: int

    def body(self) -> dict[str, Any]:
        return {"amount": str(self.amount)}

    def call(self, signer: Signer) -> Call:
        return Call("weth9", signer.pin.wrapped, ("withdraw",), {"value": Exactly(self.amount)})


def approval(pin: ChainPin, token: str, amount: int) -> Call:
    rules: dict[str, Rule] = {"spender": Exactly(pin.router), "value": Exactly(amount)}
    return Call("erc20", token, ("approve",), rules)


def _swap_name(form: str, token_in: ChainToken, token_out: ChainToken) -> str:
    return form.format(*("ETH" if one.native else "Tokens" for one in (token_in, token_out)))


def _allowances(*wanted: tuple[ChainToken, int]) -> tuple[tuple[str, int], ...]:
    return tuple((token.address, amount) for token, amount in wanted if not token.native)
