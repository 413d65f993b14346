"""Which pairs of a deployment there are: of every two tracked tokens the one that the factory
knows, and those that are tracked by name. What the chain says must agree with what is configured.

    discovery = Discovery(rpc, deployment)
    pairs = await discovery.find()
    await discovery.run(mirror.add_pairs)  # those that are created later
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any

from eth_abi.abi import encode
from sha3 import keccak_256

from contracts_abi.contract import contract
from xyk.chain.blocks import block_of
from xyk.chain.deployment import Deployment
from xyk.chain.multicall import Call, multicall
from xyk.chain.pair import Pair, Token
from xyk.chain.rpc import BadAnswer, Rpc, RpcDown, RpcError, quantity
from xyk.chain.tokens import Names, priced_in, read_tokens
from xyk.domain.units import ZERO_ADDRESS

RECHECK_S = 60  # between two looks for pairs that were created meanwhile

log = logging.getLogger(__name__)


class Misconfigured(Exception):
    """The chain contradicts `chain.toml`; the message says what of it, and what the chain says."""


class Discovery:
    """`known`: tokens whose symbols stay, as a mirror has kept them. `skipped`: by address of a
    token or a pair, why it is not mirrored."""

    def __init__(self, rpc: Rpc, deployment: Deployment, known: Iterable[Token] = ()) -> None:
        self.skipped: dict[str, str] = {}
        self._rpc = rpc
        self._deployment = deployment
        self._names = Names(deployment, known)
        self._quotes = {token: i for i, token in enumerate(deployment.quotes)}
        self._aggregator: str | None = None  # None before the check
        self._tokens: dict[str, Token] = {}
        self._pairs: dict[tuple[str, str], Pair] = {}  # by token0 and token1

    async def check(self) -> None:
        """That the deployment is what the chain has. Raises Misconfigured, and what an Rpc does."""
        one = self._deployment
        at = {"factory": one.factory, "router": one.router, "wrapped": one.wrapped}
        code = [("eth_getCode", (address, "latest")) for address in (*at.values(), one.multicall)]
        chain_id, *codes = await self._rpc.batch([("eth_chainId", ()), *code])
        if (number := _checked_quantity(chain_id)) != one.chain_id:
            raise self._fault("chain_id", f"the node is of chain {number}, not {one.chain_id}")
        for (field, address), found in zip(at.items(), codes, strict=False):
            if found in (None, "0x"):
                raise self._fault(field, f"there is no contract at {address}")
        self._aggregator = "" if codes[-1] in (None, "0x") else one.multicall
        block_hash = await self._head()
        router = contract("uniswap_v2_router02").functions
        calls = [(one.router, router[name].selector) for name in ("factory", "WETH")]
        answers = await multicall(self._rpc, self._aggregator, calls, block_hash)
        for name, field, expected, answer in zip(
            ("factory", "WETH"), ("factory", "wrapped"), (one.factory, one.wrapped), answers,
            strict=True,
        ):  # fmt: skip
            if answer is None:
                raise self._fault("router", f"{one.router} answers no {name}() as a Router02 does")
            if (told := _address(answer)) != expected:
                raise self._fault(field, f"{expected} is not what the router uses, which is {told}")

    async def find(self) -> list[Pair]:
        """All that there are now, in the order in which they were found; the first call checks.
        Raises Misconfigured, BadAnswer, and what an Rpc does."""
        if self._aggregator is None:
            await self.check()
        block_hash = await self._head()
        found = await self._of_factory(block_hash) | await self._by_name(block_hash)
        unread = [*self._deployment.tracked, *(t for pair in found.values() for t in pair)]
        await self._read_tokens(list(dict.fromkeys(unread)), block_hash)
        for pair, (token0, token1) in found.items():
            faults = [
                f"token {t}: {self.skipped[t]}" for t in (token0, token1) if t in self.skipped
            ]
            if faults:
                self._skip(pair, "; ".join(faults))
            else:
                self._pairs[token0, token1] = self._pair(pair, token0, token1)
        for i, quote in enumerate(self._deployment.quotes):
            if quote not in self._tokens and quote not in self.skipped:
                raise self._fault(f"quotes[{i}]", f"{quote} is no token of a mirrored pair")
        return list(self._pairs.values())

    async def run(self, found: Callable[[Iterable[Pair]], object]) -> None:
        """Look again and again, and tell `found` all pairs whenever there are more of them; until
        it is cancelled."""
        told = 0
        while True:
            try:
                pairs = await self.find()
            except (RpcDown, RpcError, BadAnswer) as fault:
                log.info("%s: pairs are looked for again: %s", self._deployment.name, fault)
            except Misconfigured as fault:
                log.error("%s", fault)
            else:
                if len(pairs) > told:
                    found(pairs)
                    told = len(pairs)
            await asyncio.sleep(RECHECK_S)

    async def _of_factory(self, block_hash: str) -> dict[str, tuple[str, str]]:
        """The new pairs of tracked tokens: token0 and token1 by address."""
        couples = [
            (token0, token1)
            for token0, token1 in combinations(sorted(self._deployment.tracked), 2)
            if (token0, token1) not in self._pairs
        ]
        function = contract("uniswap_v2_factory").functions["getPair"]
        calls = [
            (self._deployment.factory, function.selector + encode(function.input_types, couple))
            for couple in couples
        ]
        found = {}
        for couple, answer in zip(couples, await self._ask(calls, block_hash), strict=True):
            if answer is None:
                raise BadAnswer(f"the factory {self._deployment.factory} answers no getPair()")
            if (pair := _address(answer)) != ZERO_ADDRESS:
                self._check_place(pair, *couple)
                found[pair] = couple
        return found

    async def _by_name(self, block_hash: str) -> dict[str, tuple[str, str]]:
        """As `_of_factory`, of the `pairs` that were not read yet."""
        known = {pair.address for pair in self._pairs.values()}
        pairs = [pair for pair in self._deployment.pairs if pair not in known]
        functions = contract("uniswap_v2_pair").functions
        asked = [functions[name].selector for name in ("factory", "token0", "token1")]
        calls = [(pair, selector) for pair in pairs for selector in asked]
        answers = await self._ask(calls, block_hash)
        found = {}
        for i, pair in enumerate(pairs):
            told = answers[3 * i : 3 * i + 3]
            if any(answer is None for answer in told):
                raise self._fault("pairs", f"{pair} answers no factory(), token0() and token1()")
            factory, token0, token1 = (_address(answer) for answer in told if answer is not None)
            if factory != self._deployment.factory:
                raise self._fault("pairs", f"{pair} is of another factory, {factory}")
            self._check_place(pair, token0, token1)
            found[pair] = (token0, token1)
        return found

    def _check_place(self, pair: str, token0: str, token1: str) -> None:
        expected = pair_address(self._deployment, token0, token1)
        if pair != expected:
            raise self._fault(
                "init_code_hash",
                f"the pair of {token0} and {token1} is {pair}, but by CREATE2 of the factory and "
                f"init_code_hash it would be {expected}; give the hash of this fork's pair",
            )

    async def _read_tokens(self, addresses: Sequence[str], block_hash: str) -> None:
        """The wrapped coin first: it has the first choice of a symbol."""
        new = [t for t in addresses if t not in self._tokens]
        new.sort(key=lambda token: token != self._deployment.wrapped)
        tokens, faults = await read_tokens(
            self._rpc, self._aggregator or "", new, block_hash, self._names
        )
        self._tokens |= tokens
        for token in tokens:
            self.skipped.pop(token, None)
        for token, fault in faults.items():
            self._skip(token, fault)

    def _skip(self, address: str, why: str) -> None:
        if self.skipped.get(address) != why:
            log.warning("%s: %s is not mirrored: %s", self._deployment.name, address, why)
        self.skipped[address] = why

    def _pair(self, address: str, token0: str, token1: str) -> Pair:
        quote = priced_in(self._quotes, self._deployment.wrapped, token0, token1)
        return Pair(address, self._tokens[token0], self._tokens[token1], base_is_0=quote == token1)

    async def _ask(self, calls: Sequence[Call], block_hash: str) -> list[bytes | None]:
        return await multicall(self._rpc, self._aggregator or "", calls, block_hash)

    async def _head(self) -> str:
        return block_of(await self._rpc.call("eth_getBlockByNumber", "latest", False)).hash

    def _fault(self, field: str, why: str) -> Misconfigured:
        return Misconfigured(f"deployment {self._deployment.name!r}: {field}: {why}")


def pair_address(deployment: Deployment, token0: str, token1: str) -> str:
    """Where CREATE2 puts the pair of two tokens, the lower address first."""
    salt = keccak_256(bytes.fromhex(token0[2:] + token1[2:])).digest()
    factory, code = bytes.fromhex(deployment.factory[2:]), deployment.init_code_hash[2:]
    digest: bytes = keccak_256(b"\xff" + factory + salt + bytes.fromhex(code)).digest()
    return "0x" + digest[-20:].hex()


def _address(answer: bytes) -> str:
    """Of a call that returns one. Raises BadAnswer."""
    if len(answer) != 32 or any(answer[:12]):
        raise BadAnswer(f"0x{answer[:64].hex()} where an address was asked for")
    return "0x" + answer[12:].hex()


def _checked_quantity(answer: Any) -> int:
    try:
        return quantity(answer)
    except (TypeError, ValueError) as fault:
        raise BadAnswer(f"eth_chainId: {str(answer)[:80]!r}") from fault
