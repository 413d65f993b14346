"""Uniswap V2 itself as a venue: the published Factory, Pair and Router02 on a real EVM node.

Every step is a mined transaction to the router by the owner's own account; amounts come from what
the router returned, everything else is read from the contracts afterwards.
"""

from collections.abc import Sequence
from typing import Any

from tests.chain.anvil import Anvil, Reverted
from tests.chain.contract import Contract, deployment
from tests.chain.packages import CORE, PERIPHERY, artifact
from tests.chain.venue import LOCKED, PROTOCOL, Added, Refused, Removed, Snapshot, Swapped

ZERO_ADDRESS = "0x" + "0" * 40
UINT256_MAX = 2**256 - 1
NEVER = UINT256_MAX  # a deadline that does not pass
DEADLINE_S = 60


class Uniswap:
    """A fresh factory, router and pair of two test tokens; the protocol fee is on from the start.

    `funds` are each trader's tokens A and B, base units; the protocol's account has none. With
    `a_is_token0` false A has the higher address, which is what V2 sorts a pair by.
    """

    def __init__(
        self, node: Anvil, *, funds: dict[str, tuple[int, int]], a_is_token0: bool = True
    ) -> None:
        self.deadline_in_s = DEADLINE_S  # counted from now_s
        self._node = node
        self._a_is_token0 = a_is_token0
        self._deployer, *others = node.accounts
        self._accounts = dict(zip([*funds, PROTOCOL], others, strict=False))
        assert len(self._accounts) == len(funds) + 1, "the node has too few accounts"
        self.now_s = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

        self.factory = self._deploy(CORE, "UniswapV2Factory", self._deployer)
        weth = self._deploy(PERIPHERY, "WETH9")
        self.router = self._deploy(
            PERIPHERY, "UniswapV2Router02", self.factory.address, weth.address
        )
        first, second = sorted(
            (self._deploy(PERIPHERY, "ERC20", UINT256_MAX) for _ in range(2)),
            key=lambda token: int(token.address, 16),
        )
        self.token_a, self.token_b = (first, second) if a_is_token0 else (second, first)
        self._send(self._deployer, self.factory, "createPair", first.address, second.address)
        [pair] = self._ask(self.factory, "getPair", first.address, second.address)
        self.pair = Contract(pair.lower(), artifact(CORE, "UniswapV2Pair")["abi"])
        self.set_protocol_fee(on=True)
        for name, (amount_a, amount_b) in ({PROTOCOL: (0, 0)} | funds).items():
            self._fund(self._accounts[name], amount_a, amount_b)

    def wait(self, seconds: int) -> None:
        self.now_s += seconds

    def set_protocol_fee(self, *, on: bool) -> None:
        recipient = self._accounts[PROTOCOL] if on else ZERO_ADDRESS
        self._send(self._deployer, self.factory, "setFeeTo", recipient)

    def add(
        self, owner: str, *, a_desired: int, b_desired: int, a_min: int, b_min: int
    ) -> Added | Refused:
        done = self._route(
            owner, "addLiquidity", *self._tokens(True), a_desired, b_desired, a_min, b_min
        )
        return done if isinstance(done, Refused) else Added(*done)

    def remove(self, owner: str, *, liquidity: int, a_min: int, b_min: int) -> Removed | Refused:
        done = self._route(owner, "removeLiquidity", *self._tokens(True), liquidity, a_min, b_min)
        return done if isinstance(done, Refused) else Removed(*done)

    def swap_exact_in(
        self, owner: str, *, sell_a: bool, amount_in: int, min_out: int
    ) -> Swapped | Refused:
        path = self._tokens(sell_a)
        done = self._route(owner, "swapExactTokensForTokens", amount_in, min_out, path)
        return done if isinstance(done, Refused) else Swapped(*done[0])

    def swap_exact_out(
        self, owner: str, *, sell_a: bool, amount_out: int, max_in: int
    ) -> Swapped | Refused:
        path = self._tokens(sell_a)
        done = self._route(owner, "swapTokensForExactTokens", amount_out, max_in, path)
        return done if isinstance(done, Refused) else Swapped(*done[0])

    def snapshot(self) -> Snapshot:
        names = list(self._accounts)
        holders = [self._accounts[name] for name in names]
        pair, a, b = self.pair, self.token_a, self.token_b
        questions: list[tuple[Contract, str, tuple[object, ...]]] = [
            (pair, "getReserves", ()),
            (pair, "totalSupply", ()),
            (pair, "kLast", ()),
            (pair, "price0CumulativeLast", ()),
            (pair, "price1CumulativeLast", ()),
            (a, "balanceOf", (pair.address,)),
            (b, "balanceOf", (pair.address,)),
            *((pair, "balanceOf", (holder,)) for holder in [*holders, ZERO_ADDRESS]),
            *((a, "balanceOf", (holder,)) for holder in holders),
            *((b, "balanceOf", (holder,)) for holder in holders),
        ]
        reserves, *singles = self._ask_all(questions)
        supply, k_last, cumulative_0, cumulative_1, pair_a, pair_b, *balances = (
            value for [value] in singles
        )
        reserve_a, reserve_b = self._sorted(reserves[0], reserves[1])
        assert (pair_a, pair_b) == (reserve_a, reserve_b), "the pair holds its reserves, no more"
        cumulative_a, cumulative_b = self._sorted(cumulative_0, cumulative_1)
        of_a = len(names) + 1
        of_b = of_a + len(names)
        return Snapshot(
            reserve_a=reserve_a,
            reserve_b=reserve_b,
            total_supply=supply,
            shares=dict(zip([*names, LOCKED], balances[:of_a], strict=True)),
            balances_a=dict(zip(names, balances[of_a:of_b], strict=True)),
            balances_b=dict(zip(names, balances[of_b:], strict=True)),
            k_last=k_last,
            cumulative_a=cumulative_a,
            cumulative_b=cumulative_b,
            last_s=reserves[2],
        )

    def preview_add(self, owner: str, *, a_desired: int, b_desired: int) -> Added | None:
        """What `add` would do now without minimums; None if it would revert."""
        done = self._preview(owner, "addLiquidity", *self._tokens(True), a_desired, b_desired, 0, 0)
        return None if done is None else Added(*done)

    def preview_remove(self, owner: str, *, liquidity: int) -> Removed | None:
        done = self._preview(owner, "removeLiquidity", *self._tokens(True), liquidity, 0, 0)
        return None if done is None else Removed(*done)

    def preview_exact_in(self, owner: str, *, sell_a: bool, amount_in: int) -> Swapped | None:
        done = self._preview(owner, "swapExactTokensForTokens", amount_in, 0, self._tokens(sell_a))
        return None if done is None else Swapped(*done[0])

    def preview_exact_out(self, owner: str, *, sell_a: bool, amount_out: int) -> Swapped | None:
        done = self._preview(
            owner, "swapTokensForExactTokens", amount_out, UINT256_MAX, self._tokens(sell_a)
        )
        return None if done is None else Swapped(*done[0])

    def _deploy(self, folder: Any, name: str, *arguments: object) -> Contract:
        build = artifact(folder, name)
        code = deployment(build, *arguments)
        address = self._node.deploy(sender=self._deployer, code=code, now_s=self.now_s)
        return Contract(address, build["abi"])

    def _fund(self, account: str, amount_a: int, amount_b: int) -> None:
        self._send(self._deployer, self.token_a, "transfer", account, amount_a)
        self._send(self._deployer, self.token_b, "transfer", account, amount_b)
        for token in (self.token_a, self.token_b, self.pair):
            self._send(account, token, "approve", self.router.address, UINT256_MAX)

    def _send(self, sender: str, contract: Contract, function: str, *arguments: object) -> None:
        to, data = contract.call(function, *arguments)
        answer = self._node.transact(sender=sender, to=to, data=data, now_s=self.now_s)
        assert not isinstance(answer, Reverted), f"{function}: {answer}"

    def _route(self, owner: str, function: str, *arguments: object) -> tuple[Any, ...] | Refused:
        account = self._accounts[owner]
        deadline_s = self.now_s + self.deadline_in_s
        to, data = self.router.call(function, *arguments, account, deadline_s)
        answer = self._node.transact(sender=account, to=to, data=data, now_s=self.now_s)
        if isinstance(answer, Reverted):
            return Refused(answer.reason)
        return self.router.values(function, answer)

    def _preview(self, owner: str, function: str, *arguments: object) -> tuple[Any, ...] | None:
        account = self._accounts[owner]
        to, data = self.router.call(function, *arguments, account, NEVER)
        answer = self._node.preview(sender=account, to=to, data=data)
        return None if answer is None else self.router.values(function, answer)

    def _ask(self, contract: Contract, function: str, *arguments: object) -> tuple[Any, ...]:
        [values] = self._ask_all([(contract, function, arguments)])
        return values

    def _ask_all(
        self, questions: Sequence[tuple[Contract, str, tuple[object, ...]]]
    ) -> list[tuple[Any, ...]]:
        answers = self._node.read(
            [contract.call(function, *arguments) for contract, function, arguments in questions]
        )
        return [
            contract.values(function, answer)
            for (contract, function, _), answer in zip(questions, answers, strict=True)
        ]

    def _tokens(self, a_first: bool) -> list[str]:
        first, second = (self.token_a, self.token_b) if a_first else (self.token_b, self.token_a)
        return [first.address, second.address]

    def _sorted(self, of_token0: int, of_token1: int) -> tuple[int, int]:
        """A pair of values in V2's order as (A's, B's)."""
        return (of_token0, of_token1) if self._a_is_token0 else (of_token1, of_token0)
