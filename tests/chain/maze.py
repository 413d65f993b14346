"""A deployment with tokens of many decimals and pairs of random depths between some of them, on a
real node at the time of today: Uniswap's own factory, router, pairs and wrapped coin.

The tokens are the published ERC-20 under other names: code at their addresses answers symbol() and
decimals() and leaves all else to it.
"""

import time
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise, permutations
from pathlib import Path
from random import Random
from typing import Any

from tests.chain.anvil import GAS, Anvil, RpcError
from tests.chain.contract import Contract, deployment, keccak
from tests.chain.market import multicall_code
from tests.chain.packages import CORE, PERIPHERY, artifact
from xyk.chain.deployment import MULTICALL3

UINT256_MAX = 2**256 - 1
SUPPLY = 2**120
CHAIN_ID = 31337  # anvil's
DECIMALS: Mapping[str, int] = {"USDC": 6, "BTC": 10, "SOL": 9, "DOT": 0, "AAA": 18, "BBB": 18}
BALANCES_SLOT = 1  # in the published ERC20's storage

Path3 = tuple[str, ...]


class Maze:
    """`tokens`: contracts by symbol, the wrapped coin as WETH. `pairs`: by two symbols in order.
    Blocks are of the present time, or `block_s` apart from `ago_s` ago on."""

    def __init__(
        self,
        node: Anvil,
        seed: int = 1,
        density: float = 0.6,
        *,
        ago_s: int = 300,
        block_s: int = 0,
        late_s: int = 60,
    ) -> None:
        self.node = node
        self.block_s = block_s
        self.late_s = late_s  # how old a block is when it is mined
        self.random = Random(seed)
        self.owner = node.accounts[0]
        self.untracked: tuple[str, ...] = ()  # symbols that the deployment does not mirror
        self._now_s = int(time.time()) - ago_s
        self.factory = self._deploy(CORE, "UniswapV2Factory", self.owner)
        weth = self._deploy(PERIPHERY, "WETH9")
        self.router = self._deploy(
            PERIPHERY, "UniswapV2Router02", self.factory.address, weth.address
        )
        node.rpc("anvil_setCode", MULTICALL3, multicall_code())
        erc20 = self._deploy(PERIPHERY, "ERC20", 1)
        abi = artifact(PERIPHERY, "ERC20")["abi"]
        self.tokens = {"WETH": weth}
        for symbol, decimals in DECIMALS.items():
            token = Contract("0x" + self.random.randbytes(20).hex(), abi)
            node.rpc("anvil_setCode", token.address, _named(erc20.address, symbol, decimals))
            self._give(token, self.owner)
            self.tokens[symbol] = token
        node.rpc("anvil_setBalance", self.owner, hex(2**100))
        self.send(weth, "deposit", value=2**99)
        couples = list(combinations(self.tokens, 2))
        chosen = [one for one in couples if self.random.random() < density or "WETH" in one]
        self.pairs = self._open([one for one in chosen if one != ("WETH", "DOT")])

    def mine(self) -> int:
        """A block of all that waits, `late_s` ago or a second after the last; its number."""
        if self.block_s:
            self._now_s += self.block_s
        else:
            self._now_s = max(self._now_s + 1, int(time.time()) - self.late_s)
        self.node.rpc("evm_setNextBlockTimestamp", self._now_s)
        self.node.rpc("evm_mine")
        return self.head()

    def head(self) -> int:
        return int(self.node.rpc("eth_blockNumber"), 16)

    def send(self, contract: Contract, function: str, *arguments: object, value: int = 0) -> str:
        """It waits for its block."""
        to, data = contract.call(function, *arguments)
        sent = {"from": self.owner, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
        priced = sent | {"gas": hex(GAS), "gasPrice": "0x0"}
        return str(self.node.rpc("eth_sendTransaction", priced))

    def disturb(self, times: int = 8) -> int:
        """Others trade and move liquidity, in one block; its number."""
        draw = self.random
        for _ in range(times):
            couple = draw.choice(list(self.pairs))
            a, b = draw.sample([self.tokens[symbol].address for symbol in couple], 2)
            amount = draw.randrange(1, 10 ** draw.randrange(3, 18))
            wishes: dict[str, tuple[object, ...]] = {
                "swapExactTokensForTokens": (amount, 0, [a, b]),
                "addLiquidity": (a, b, amount, 2**116, 0, 0),
                "removeLiquidity": (a, b, amount, 0, 0),
            }
            [function] = draw.choices(list(wishes), (2, 1, 1))
            self.send(self.router, function, *wishes[function], self.owner, UINT256_MAX)
        return self.mine()

    def paths(self, token_in: str, token_out: str) -> Iterator[Path3]:
        """All simple ones of up to three pairs, of symbols."""
        left_out = (token_in, token_out, *self.untracked)
        others = [symbol for symbol in self.tokens if symbol not in left_out]
        for size in range(3):
            for between in permutations(others, size):
                path = (token_in, *between, token_out)
                if all(hop in self.pairs or hop[::-1] in self.pairs for hop in pairwise(path)):
                    yield path

    def amounts(self, function: str, amount: int, path: Path3, block: int) -> list[int] | None:
        """What the router's getAmountsOut or getAmountsIn says at the block; None: it reverts."""
        addresses = [self.tokens[symbol].address for symbol in path]
        to, data = self.router.call(function, amount, addresses)
        try:
            answer = self.node.rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, hex(block))
        except RpcError:
            return None
        [amounts] = self.router.values(function, bytes.fromhex(answer[2:]))
        return list(amounts)

    def best(self, token_in: str, token_out: str, *, block: int, **amount: int) -> int | None:
        """The best of what the router says of all paths: the most for `given`, the least for
        `wanted`; None where it gives nothing."""
        if "given" in amount:
            told = [
                self.amounts("getAmountsOut", amount["given"], path, block)
                for path in self.paths(token_in, token_out)
            ]
            return max((one[-1] for one in told if one), default=0) or None
        told = [
            self.amounts("getAmountsIn", amount["wanted"], path, block)
            for path in self.paths(token_in, token_out)
        ]
        return min((one[0] for one in told if one), default=None)

    def toml(self, name: str = "maze", **changed: Any) -> str:
        """Of chain.toml. Stale only after an hour: a slow machine is no weather."""
        settings: dict[str, Any] = {
            "name": name,
            "rpc": [self.node.url],
            "chain_id": CHAIN_ID,
            "factory": self.factory.address,
            "router": self.router.address,
            "wrapped": self.tokens["WETH"].address,
            "tokens": [
                one.address for symbol, one in self.tokens.items() if symbol not in self.untracked
            ],
            "quotes": [self.tokens["USDC"].address],
            "confirmations": 3,
            "stale_after_s": 3_600,
            "poll_ms": 50,
        }
        fields = "\n".join(f"{key} = {_toml(one)}" for key, one in (settings | changed).items())
        return f"[[deployment]]\n{fields}\n"

    def write(self, folder: Path, **changed: Any) -> Path:
        file = folder / "chain.toml"
        file.write_text(self.toml(**changed))
        return file

    def _open(self, couples: list[tuple[str, str]]) -> dict[tuple[str, str], Contract]:
        """With liquidity of some hundred thousands of whole tokens, in no relation to any price."""
        for couple in couples:
            addresses = [self.tokens[symbol].address for symbol in couple]
            self.send(self.factory, "createPair", *addresses)
            self.mine()
        abi, found = artifact(CORE, "UniswapV2Pair")["abi"], {}
        for couple in couples:
            addresses = [self.tokens[symbol].address for symbol in couple]
            [answer] = self.node.read([self.factory.call("getPair", *addresses)])
            [address] = self.factory.values("getPair", answer)
            pair = found[couple] = Contract(address.lower(), abi)
            for symbol in couple:
                unit = 10 ** DECIMALS.get(symbol, 18)
                amount = self.random.randrange(200_000 * unit, 400_000 * unit)
                self.send(self.tokens[symbol], "transfer", pair.address, amount)
            self.send(pair, "mint", self.owner)
            self.mine()
        for one in (*self.tokens.values(), *found.values()):
            self.send(one, "approve", self.router.address, UINT256_MAX)
        self.mine()
        return found

    def _give(self, token: Contract, owner: str) -> None:
        place = keccak(bytes(12) + bytes.fromhex(owner[2:]) + BALANCES_SLOT.to_bytes(32, "big"))
        amount = "0x" + SUPPLY.to_bytes(32, "big").hex()
        self.node.rpc("anvil_setStorageAt", token.address, "0x" + place.hex(), amount)

    def _deploy(self, folder: Any, name: str, *arguments: object) -> Contract:
        build = artifact(folder, name)
        self._now_s += 1
        code = deployment(build, *arguments)
        address = self.node.deploy(sender=self.owner, code=code, now_s=self._now_s)
        return Contract(address, build["abi"])


def _named(implementation: str, symbol: str, decimals: int) -> str:
    """Code that answers symbol() (32 bytes, as the oldest tokens do) and decimals() and delegates
    the rest."""
    head = "60003560e01c"  # the selector
    head += "806395d89b4114604f57" + "63313ce56714607957"
    head += "3660006000376000600036600073" + implementation[2:] + "5af4"
    head += "3d600060003e"
    head += "604a57" + "3d6000fd" + "5b3d6000f3"
    assert len(head) // 2 == 0x4F, hex(len(head) // 2)
    answer = "60005260206000f3"
    named = "5b7f" + symbol.encode().ljust(32, b"\0").hex() + answer
    assert len(head + named) // 2 == 0x79, hex(len(head + named) // 2)
    return "0x" + head + named + f"5b60{decimals:02x}" + answer


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
