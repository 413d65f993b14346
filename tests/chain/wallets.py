"""Uniswap V2 with the wrapped coin on a real node, and wallets that sign for themselves.

Blocks are made by the test: what is sent waits until `mine`.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from tests.chain.anvil import GAS, Anvil
from tests.chain.contract import Contract, deployment, keccak
from tests.chain.market import multicall_code
from tests.chain.packages import CORE, PERIPHERY, artifact
from xyk.chain.deployment import MULTICALL3, Deployment
from xyk.chain.pair import Pair, Token

E18 = 10**18
CHAIN_ID = 31337  # anvil's
CONFIRMATIONS = 3
UINT256_MAX = 2**256 - 1
FUNDS = 10**6 * E18  # of each token and of the coin, of each wallet
POOL = 10**5 * E18  # of each side of a pair
GAS_PRICE = 10**9
GAS_EACH = 400_000
BLOCK_S = 12


def wallet(name: str) -> LocalAccount:
    """The same each time; such a key is nobody's."""
    account: LocalAccount = Account.from_key(keccak(name.encode()))
    return account


class Chain:
    """Tokens A, B, C and the wrapped coin W; pairs AB, BC and AW hold as much of each side. Wallets
    have the coin and every token, and the router may take nothing yet. With `is_now` blocks are of
    the present time, as a server wants them."""

    def __init__(self, node: Anvil, *names: str, is_now: bool = False) -> None:
        self.node = node
        self._is_now = is_now
        self.wallets = {name: wallet(name) for name in names}
        self._owner = node.accounts[0]
        latest = node.rpc("eth_getBlockByNumber", "latest", False)
        self.now_s = int(latest["timestamp"], 16)
        node.rpc("anvil_setCode", MULTICALL3, multicall_code())
        self.factory = self._deploy(CORE, "UniswapV2Factory", self._owner)
        self.weth = self._deploy(PERIPHERY, "WETH9")
        self.router = self._deploy(
            PERIPHERY, "UniswapV2Router02", self.factory.address, self.weth.address
        )
        self.tokens = {
            name: self._deploy(PERIPHERY, "ERC20", UINT256_MAX) for name in ("A", "B", "C")
        } | {"W": self.weth}
        node.rpc("anvil_setBalance", self._owner, hex(10**9 * E18))
        self.run(self.weth.call("deposit"), value=10**7 * E18)
        self.run(*(one.call("approve", self.router.address, UINT256_MAX) for one in self.all))
        self.pairs = {couple: self._open(*couple) for couple in ("AB", "BC", "AW")}
        for name in names:
            address = self.address(name)
            node.rpc("anvil_setBalance", address, hex(FUNDS))
            self.run(*(one.call("transfer", address, FUNDS) for one in self.all))

    @property
    def all(self) -> list[Contract]:
        return list(self.tokens.values())

    def address(self, name: str) -> str:
        return self.wallets[name].address.lower()

    def deployment(self, **changed: Any) -> Deployment:
        settings: dict[str, Any] = {
            "name": "local",
            "rpc": (self.node.url,),
            "chain_id": CHAIN_ID,
            "factory": self.factory.address,
            "router": self.router.address,
            "wrapped": self.weth.address,
            "tokens": tuple(one.address for one in self.all),
            "confirmations": CONFIRMATIONS,
            "poll_ms": 20,
        }
        return Deployment(**(settings | changed))

    def toml(self, folder: Path) -> Path:
        """The deployment, as a server reads it."""
        fields = msgspec.structs.asdict(self.deployment(poll_ms=50))
        wanted = ("name", "rpc", "chain_id", "factory", "router", "wrapped", "tokens")
        lines = [f"{name} = {json.dumps(fields[name])}" for name in wanted]
        lines += [f"{name} = {fields[name]}" for name in ("confirmations", "poll_ms")]
        file = folder / "chain.toml"
        file.write_text("\n".join(["[[deployment]]", *lines, ""]))
        return file

    def mirrored(self) -> list[Pair]:
        known = {name: Token(one.address, name, 18) for name, one in self.tokens.items()}
        return [
            Pair(
                pair.address,
                *sorted((known[a], known[b]), key=lambda token: token.address),
                known[a].address < known[b].address,
            )
            for (a, b), pair in self.pairs.items()
        ]

    def path(self, names: str) -> list[str]:
        return [self.tokens[name].address for name in names]

    def nonce(self, name: str, block: str = "latest") -> int:
        return int(self.node.rpc("eth_getTransactionCount", self.address(name), block), 16)

    def signed(self, name: str, call: tuple[str, bytes], **changed: Any) -> bytes:
        """A raw transaction of type 2, of the wallet's next nonce."""
        to, data = call
        fields: dict[str, Any] = {
            "chainId": CHAIN_ID,
            "nonce": self.nonce(name, "pending"),
            "maxFeePerGas": GAS_PRICE,
            "maxPriorityFeePerGas": GAS_PRICE,
            "gas": GAS_EACH,
            "to": to_checksum_address(to),
            "value": 0,
            "data": data,
        }
        return bytes(self.wallets[name].sign_transaction(fields | changed).raw_transaction)

    def approve(self, name: str, *tokens: str) -> None:
        """Mined at once, for everything."""
        for token in tokens:
            one = self.pairs.get(token) or self.tokens[token]
            raw = self.signed(name, one.call("approve", self.router.address, UINT256_MAX))
            self.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
            self.mine()

    def sell(
        self, name: str, path: str, amount: int, least: int, *, ahead_s: int = 600, to: str = ""
    ) -> tuple[str, bytes]:
        end = (self.path(path), to or self.address(name), self.now_s + ahead_s)
        return self.router.call("swapExactTokensForTokens", amount, least, *end)

    def front_run(self, path: str, amount: int) -> str:
        """Somebody's swap of the same way, at a price that comes first; it waits to be mined."""
        end = (self.path(path), self._owner, UINT256_MAX)
        to, data = self.router.call("swapExactTokensForTokens", amount, 1, *end)
        priced = {"gas": hex(GAS), "gasPrice": hex(100 * GAS_PRICE)}
        sent = {"from": self._owner, "to": to, "data": "0x" + data.hex()} | priced
        return str(self.node.rpc("eth_sendTransaction", sent))

    def mine(self, blocks: int = 1) -> int:
        """A block of all that waits, and empty ones; the number of the first of them."""
        first = 0
        for _ in range(blocks):
            self.now_s += BLOCK_S
            if self._is_now:
                self.now_s = max(self.now_s - BLOCK_S + 1, int(time.time()))
            self.node.rpc("evm_setNextBlockTimestamp", self.now_s)
            self.node.rpc("evm_mine")
            first = first or self.head()
        return first

    def head(self) -> int:
        return int(self.node.rpc("eth_blockNumber"), 16)

    def balances(self, name: str) -> Mapping[str, int]:
        """Of tokens A to W, shares of the pairs, and the coin as COIN."""
        holder = self.address(name)
        named = {**self.tokens, **self.pairs}
        answers = self.node.read([one.call("balanceOf", holder) for one in named.values()])
        known = {
            key: int.from_bytes(answer, "big") for key, answer in zip(named, answers, strict=True)
        }
        return known | {"COIN": int(self.node.rpc("eth_getBalance", holder, "latest"), 16)}

    def _open(self, a: str, b: str) -> Contract:
        sides = self.path(a + b)
        end = (POOL, POOL, 1, 1, self._owner, UINT256_MAX)
        self.run(self.router.call("addLiquidity", *sides, *end))
        [answer] = self.node.read([self.factory.call("getPair", *sides)])
        [address] = self.factory.values("getPair", answer)
        return Contract(address.lower(), artifact(CORE, "UniswapV2Pair")["abi"])

    def _deploy(self, folder: Any, name: str, *arguments: object) -> Contract:
        build = artifact(folder, name)
        code = deployment(build, *arguments)
        self.now_s += BLOCK_S
        address = self.node.deploy(sender=self._owner, code=code, now_s=self.now_s)
        return Contract(address, build["abi"])

    def run(self, *calls: tuple[str, bytes], value: int = 0) -> None:
        """Mined in one block, by the owner of everything."""
        for to, data in calls:
            sent = {"from": self._owner, "to": to, "data": "0x" + data.hex()}
            priced = {"gas": hex(GAS), "gasPrice": "0x0", "value": hex(value)}
            self.node.rpc("eth_sendTransaction", sent | priced)
        self.mine()
