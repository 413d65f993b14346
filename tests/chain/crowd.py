"""Strangers who trade in a maze of pairs at random: swaps over one to three pairs, deposits and
withdrawals, gifts to a pool with or without a sync, shares sent to nobody. Some of it reverts."""

from random import Random

from tests.chain.contract import Contract, keccak
from tests.chain.maze import DECIMALS, UINT256_MAX, Maze
from tests.chain.packages import CORE, artifact

TRADERS = 5
GAS_EACH = 800_000
BLOCK_GAS = 1_000_000_000
NOBODY = "0x" + "0" * 39 + "1"

Call = tuple[str, tuple[str, bytes]]  # who, and (contract, data)
Pool = tuple[int, int, int]  # reserve0, reserve1, total supply


class Crowd:
    def __init__(self, maze: Maze, seed: int) -> None:
        self.maze = maze
        self.random = Random(seed)
        self.node = maze.node
        self.node.rpc("evm_setBlockGasLimit", hex(BLOCK_GAS))
        self.traders = self.node.accounts[1 : TRADERS + 1]
        abi = artifact(CORE, "UniswapV2Pair")["abi"]
        topic = {one["name"]: _topic(one) for one in abi if one["type"] == "event"}
        self._kinds = {topic[name]: name for name in ("Swap", "Mint", "Burn")}
        for trader in self.traders:
            for symbol, token in maze.tokens.items():
                if symbol == "WETH":
                    maze.send(token, "transfer", trader, 10**8 * 10**18)
                else:
                    maze._give(token, trader)
                self.send((trader, token.call("approve", maze.router.address, UINT256_MAX)))
            for pair in maze.pairs.values():
                [shares] = self._asked(pair, "balanceOf", maze.owner)
                maze.send(pair, "transfer", trader, shares // 10)
                self.send((trader, pair.call("approve", maze.router.address, UINT256_MAX)))
        maze.mine()

    def send(self, wish: Call) -> None:
        """It waits for its block."""
        sender, (to, data) = wish
        sent = {"from": sender, "to": to, "data": "0x" + data.hex()}
        self.node.rpc("eth_sendTransaction", sent | {"gas": hex(GAS_EACH), "gasPrice": "0x0"})

    def trade(self, blocks: int) -> None:
        """Blocks with none, a few or many wishes each."""
        for _ in range(blocks):
            self.crowd(self.random.choice((0, 1, 1, 2, 3, 5)))

    def crowd(self, wishes: int) -> int:
        """One block with so many wishes; its number."""
        for _ in range(wishes):
            self.send(self.wish())
        return self.maze.mine()

    def reorg(self, depth: int) -> None:
        """Others than happened, in as many of the newest blocks."""
        told = [
            [{"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(GAS_EACH)}, place]
            for place in range(depth)
            for sender, (to, data) in (self.wish() for _ in range(self.random.choice((1, 2, 3))))
        ]
        self.node.rpc("anvil_reorg", depth, told)

    def happened(self, block: int) -> list[str]:
        """Swap, Mint and Burn of the block, in order."""
        where = {"fromBlock": hex(block), "toBlock": hex(block), "topics": [[*self._kinds]]}
        return [self._kinds[log["topics"][0]] for log in self.node.rpc("eth_getLogs", where)]

    def pools(self, block: int) -> dict[str, Pool]:
        """What the contracts say at the block's end."""
        asked = [
            (pair, function, pair.call(function))
            for pair in self.maze.pairs.values()
            for function in ("getReserves", "totalSupply")
        ]
        answers = self.node.batch(
            [
                ("eth_call", ({"to": to, "data": "0x" + data.hex()}, hex(block)))
                for _, _, (to, data) in asked
            ]
        )
        values = [
            pair.values(function, bytes.fromhex(answer[2:]))
            for (pair, function, _), answer in zip(asked, answers, strict=True)
        ]
        addresses = [pair.address for pair in self.maze.pairs.values()]
        return {
            address: (*reserves[:2], supply)
            for address, reserves, (supply,) in zip(
                addresses, values[::2], values[1::2], strict=True
            )
        }

    def block_hash(self, number: int) -> str:
        return str(self.node.rpc("eth_getBlockByNumber", hex(number), False)["hash"])

    def wish(self) -> Call:
        random, maze = self.random, self.maze
        trader = random.choice(self.traders)
        couple = random.choice([*maze.pairs])
        pair, (a, b) = maze.pairs[couple], random.sample(couple, 2)
        end = (trader, UINT256_MAX)
        kinds = ("in", "out", "add", "remove", "give", "sync", "waste")
        match random.choices(kinds, (35, 20, 15, 15, 6, 5, 4))[0]:
            case "in":
                path = self._path(a, b)
                call = ("swapExactTokensForTokens", self._amount(a), 0, path, *end)
            case "out":
                path = self._path(a, b)
                call = ("swapTokensForExactTokens", self._amount(b), UINT256_MAX, path, *end)
            case "add":
                sides = (maze.tokens[a].address, maze.tokens[b].address)
                call = ("addLiquidity", *sides, self._amount(a), 2**110, 0, 0, *end)
            case "remove":
                sides = (maze.tokens[a].address, maze.tokens[b].address)
                shares = random.randrange(1, 10 ** random.randrange(2, 16))
                call = ("removeLiquidity", *sides, shares, 0, 0, *end)
            case "give":
                return trader, maze.tokens[a].call("transfer", pair.address, self._amount(a))
            case "sync":
                return trader, pair.call(*random.choice((("sync",), ("skim", trader))))
            case _:
                return trader, pair.call("transfer", NOBODY, random.randrange(1, 10**6))
        return trader, maze.router.call(*call)

    def _path(self, token_in: str, token_out: str) -> list[str]:
        path = self.random.choice([*self.maze.paths(token_in, token_out)])
        return [self.maze.tokens[symbol].address for symbol in path]

    def _amount(self, symbol: str) -> int:
        """From one unit to some thousand tokens."""
        unit: int = 10 ** DECIMALS.get(symbol, 18)
        return self.random.randrange(1, unit * self.random.choice((1, 50, 3_000)) + 2)

    def _asked(self, contract: Contract, function: str, *arguments: object) -> tuple[int, ...]:
        [answer] = self.node.read([contract.call(function, *arguments)])
        return contract.values(function, answer)


def _topic(event: dict) -> str:
    types = ",".join(one["type"] for one in event["inputs"])
    return "0x" + keccak(f"{event['name']}({types})".encode()).hex()
