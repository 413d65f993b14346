"""A call of a contract that a wallet is ready to sign: what each argument may be.

The data of a transaction are decoded by the ABI, must be in its own form (nothing hidden behind
them), and each argument is held against what was asked for.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from contracts_abi.contract import Function, contract
from xyk.wallet.transaction import Transaction

HOPS_MAX = 3
SELECTOR_BYTES = 4


class Unasked(ValueError):
    """The exchange gave something else to sign than what was asked for."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Not signed: {what}")


class Rule(Protocol):
    def allows(self, given: Any) -> bool: ...


class Exactly(msgspec.Struct, frozen=True):
    value: Any

    def allows(self, given: Any) -> bool:
        return bool(given == self.value)

    def __str__(self) -> str:
        return str(self.value)


class AtLeast(msgspec.Struct, frozen=True):
    amount: int

    def allows(self, given: Any) -> bool:
        return bool(given >= self.amount)

    def __str__(self) -> str:
        return f"at least {self.amount}"


class AtMost(msgspec.Struct, frozen=True):
    amount: int

    def allows(self, given: Any) -> bool:
        return bool(given <= self.amount)

    def __str__(self) -> str:
        return f"at most {self.amount}"


class Between(msgspec.Struct, frozen=True):
    """A swap's path: its ends are meant, the way between them is the exchange's to find: the least
    that comes out bounds what a bad one costs."""

    first: str
    last: str

    def allows(self, given: Any) -> bool:
        ends = (given[0], given[-1]) if len(given) > 1 else ()
        is_plain = len(set(given)) == len(given) <= HOPS_MAX + 1
        return is_plain and ends == (self.first, self.last)

    def __str__(self) -> str:
        return f"{self.first} to {self.last} over at most {HOPS_MAX} pairs, none of them twice"


class Checked(msgspec.Struct, frozen=True):
    """What a transaction does, read from its own data. Arguments by the ABI's names."""

    function: str
    arguments: Mapping[str, Any]


class Call(msgspec.Struct, frozen=True):
    """`functions`: any of these, which take the same arguments. `rules`: one for each of them, and
    `value` for the wei that go with it. `abi` is one of contracts_abi's names."""

    abi: str
    to: str
    functions: tuple[str, ...]
    rules: Mapping[str, Rule]
    value: Rule = Exactly(0)

    def check(self, transaction: Transaction) -> Checked:
        """Raises Unasked."""
        if transaction.to != self.to:
            raise Unasked(f"it goes to {transaction.to}, not to {self.to}")
        function, arguments = self._read(transaction.data)
        for name, given in arguments.items():
            rule = self.rules[name]
            if not rule.allows(given):
                shown = " > ".join(given) if isinstance(given, tuple) else given
                raise Unasked(f"{function.name} has {name} {shown}, asked for was {rule}")
        if not self.value.allows(transaction.value):
            raise Unasked(f"it pays {transaction.value} wei, asked for was {self.value}")
        return Checked(function.name, arguments)

    def _read(self, data: bytes) -> tuple[Function, Mapping[str, Any]]:
        known = contract(self.abi).functions
        for function in (known[name] for name in self.functions):
            if data[:SELECTOR_BYTES] == function.selector:
                break
        else:
            raise Unasked(
                f"it calls 0x{data[:SELECTOR_BYTES].hex()}, not {' or '.join(self.functions)}"
            )
        try:
            values = decode(function.input_types, data[SELECTOR_BYTES:])
            is_exact = encode(function.input_types, values) == data[SELECTOR_BYTES:]
        except (DecodingError, OverflowError, ValueError):
            is_exact = False
        if not is_exact:
            raise Unasked(f"its data are no {function.signature} in the ABI's own form")
        names = (one.name for one in function.inputs)
        return function, dict(zip(names, values, strict=True))
