"""A few tokens and a pair of every two of them on a real EVM node, traded by strangers at random.

Blocks are made by the test: transactions wait until `mine`, so that a block has none or several.
"""

from collections.abc import Sequence
from itertools import combinations
from random import Random
from typing import Any

from tests.chain.anvil import GAS, Anvil
from tests.chain.contract import Contract, deployment
from tests.chain.packages import CORE, MODULES, PERIPHERY, artifact
from xyk.chain.deployment import MULTICALL3, Deployment
from xyk.chain.pair import Pair, Token

UINT256_MAX = 2**256 - 1
ZERO_ADDRESS = "0x" + "0" * 40
E18 = 10**18
CONFIRMATIONS = 12
GAS_EACH = 500_000
BLOCK_GAS = 1_000_000_000
CHAIN_ID = 31337  # anvil's

# Of one pool: reserve0, reserve1 and the total supply.
Pool = tuple[int, int, int]


class Market:
    def __init__(self, node: Anvil, tokens: int = 3, *, has_multicall: bool = True) -> None:
        self.node = node
        node.rpc("evm_setBlockGasLimit", hex(BLOCK_GAS))
        self._owner, *self.traders = node.accounts
        self._clock_s = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        self.factory = self._deploy(CORE, "UniswapV2Factory", self._owner)
        weth = self._deploy(PERIPHERY, "WETH9")
        self.weth = weth.address
        self.router = self._deploy(
            PERIPHERY, "UniswapV2Router02", self.factory.address, weth.address
        )
        if has_multicall:
            node.rpc("anvil_setCode", MULTICALL3, multicall_code())
        self.tokens = [self._deploy(PERIPHERY, "ERC20", UINT256_MAX) for _ in range(tokens)]
        self.contracts = [self._pair(a, b) for a, b in combinations(self.tokens, 2)]
        for trader in self.traders:
            for token in self.tokens:
                self.send(self._owner, token.call("transfer", trader, 2**200))
            for one in (*self.tokens, *self.contracts):
                self.send(trader, one.call("approve", self.router.address, UINT256_MAX))
        self.mine()

    def deployment(self, **changed: Any) -> Deployment:
        settings: dict[str, Any] = {
            "name": "local",
            "rpc": (self.node.url,),
            "chain_id": CHAIN_ID,
            "factory": self.factory.address,
            "router": self.router.address,
            "wrapped": self.weth,
            "confirmations": CONFIRMATIONS,
            "poll_ms": 20,
        }
        return Deployment(**(settings | changed))

    def pairs(self) -> list[Pair]:
        tokens = [Token(one.address, f"T{i}", 18) for i, one in enumerate(self.tokens)]
        found = []
        for contract, (a, b) in zip(self.contracts, combinations(tokens, 2), strict=True):
            first, second = sorted((a, b), key=lambda token: int(token.address, 16))
            found.append(Pair(contract.address, first, second, True))
        return found

    def open(self) -> None:
        """The first liquidity of every pair, in one block."""
        for a, b in combinations(self.tokens, 2):
            self._add(self.traders[0], a, b, 10**6 * E18, 3 * 10**6 * E18)
        self.mine()

    def send(self, sender: str, call: tuple[str, bytes], gas: int = GAS_EACH) -> str:
        """It waits for its block; the hash."""
        to, data = call
        transaction = {"from": sender, "to": to, "data": "0x" + data.hex()}
        priced = transaction | {"gas": hex(gas), "gasPrice": "0x0"}
        return str(self.node.rpc("eth_sendTransaction", priced))

    def mine(self) -> int:
        """A block of all that waits; its number."""
        self._clock_s += 12
        self.node.rpc("evm_setNextBlockTimestamp", self._clock_s)
        self.node.rpc("evm_mine")
        return self.head()

    def trade(self, random: Random, blocks: int) -> None:
        """Blocks of what strangers do, some of them empty."""
        for _ in range(blocks):
            for _ in range(random.choice((0, 1, 1, 2, 5))):
                self.send(*self.wish(random))
            self.mine()

    def reorg(self, depth: int, calls: Sequence[Sequence[tuple[str, tuple[str, bytes]]]]) -> None:
        """Replaces the newest `depth` blocks by as many, with these calls in each."""
        told = [
            [{"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(GAS_EACH)}, place]
            for place, some in enumerate(calls)
            for sender, (to, data) in some
        ]
        self.node.rpc("anvil_reorg", depth, told)

    def now_ms(self) -> int:
        """The newest block's time."""
        return int(self.node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * 1000

    def block_hash(self, number: int) -> str:
        return str(self.node.rpc("eth_getBlockByNumber", hex(number), False)["hash"])

    def head(self) -> int:
        return int(self.node.rpc("eth_blockNumber"), 16)

    def pools(self, block: int) -> dict[str, Pool]:
        """What the contracts themselves say at the block's end."""
        asked = [
            (one, function, one.call(function))
            for one in self.contracts
            for function in ("getReserves", "totalSupply")
        ]
        answers = self.node.batch(
            [
                ("eth_call", ({"to": to, "data": "0x" + data.hex()}, hex(block)))
                for _, _, (to, data) in asked
            ]
        )
        values = [
            one.values(function, bytes.fromhex(answer[2:]))
            for (one, function, _), answer in zip(asked, answers, strict=True)
        ]
        return {
            one.address: (*reserves[:2], supply)
            for one, reserves, (supply,) in zip(
                self.contracts, values[::2], values[1::2], strict=True
            )
        }

    def wish(self, random: Random) -> tuple[str, tuple[str, bytes]]:
        """Something that a stranger might do now: sender and call. It may revert."""
        trader = random.choice(self.traders)
        place = random.randrange(len(self.contracts))
        a, b = list(combinations(self.tokens, 2))[place]
        if random.random() < 0.5:
            a, b = b, a
        amount = random.randrange(1, 10 ** random.randrange(1, 24))
        pair = self.contracts[place]
        kind = random.choices(
            ("in", "out", "add", "remove", "give", "sync", "waste"), (30, 20, 15, 15, 8, 4, 4)
        )[0]
        end = (trader, UINT256_MAX)
        router, path = self.router, [a.address, b.address]
        match kind:
            case "in":
                return trader, router.call("swapExactTokensForTokens", amount, 0, path, *end)
            case "out":
                return trader, router.call(
                    "swapTokensForExactTokens", amount, UINT256_MAX, path, *end
                )
            case "add":
                return trader, self._added(trader, a, b, amount, 4 * amount)
            case "remove":
                return trader, router.call("removeLiquidity", *path, amount, 0, 0, *end)
            case "give":  # a donation, and the pool learns of it with the next sync
                return trader, a.call("transfer", pair.address, amount)
            case "sync":
                return trader, pair.call(*random.choice((("sync",), ("skim", trader))))
            case _:  # shares that nobody can redeem, and that stay in the supply all the same
                to = random.choice((ZERO_ADDRESS, pair.address, self.traders[1]))
                return trader, pair.call("transfer", to, amount % 10**9)

    def sale(self, random: Random) -> tuple[str, tuple[str, bytes]]:
        """One that does not revert."""
        a, b = random.sample(self.tokens, 2)
        path, end = [a.address, b.address], (self.traders[0], UINT256_MAX)
        return self.traders[0], self.router.call(
            "swapExactTokensForTokens", random.randrange(10**15, 10**18), 0, path, *end
        )

    def _add(self, trader: str, a: Contract, b: Contract, first: int, second: int) -> None:
        self.send(trader, self._added(trader, a, b, first, second))

    def _added(
        self, trader: str, a: Contract, b: Contract, first: int, second: int
    ) -> tuple[str, bytes]:
        sides = (a.address, b.address, first, second, 0, 0)
        return self.router.call("addLiquidity", *sides, trader, UINT256_MAX)

    def _pair(self, a: Contract, b: Contract) -> Contract:
        self.send(self._owner, self.factory.call("createPair", a.address, b.address), GAS)
        self.mine()
        [answer] = self.node.read([self.factory.call("getPair", a.address, b.address)])
        [address] = self.factory.values("getPair", answer)
        return Contract(address.lower(), artifact(CORE, "UniswapV2Pair")["abi"])

    def _deploy(self, folder: Any, name: str, *arguments: object) -> Contract:
        build = artifact(folder, name)
        code = deployment(build, *arguments)
        self._clock_s += 12
        address = self.node.deploy(sender=self._owner, code=code, now_s=self._clock_s)
        return Contract(address, build["abi"])


def multicall_code() -> str:
    """The published Multicall3 as it stands on a chain: the creation code without its beginning."""
    text = (MODULES / "viem/_cjs/constants/contracts.js").read_text()
    created = text.partition("exports.multicall3Bytecode = '0x")[2].partition("'")[0]
    begin = created.index("60806040", 2)  # what the constructor returns begins as it did
    return "0x" + created[begin:]
