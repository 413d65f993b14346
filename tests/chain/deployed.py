"""A whole deployment on a real EVM node, wallets that sign by themselves, and what they own.

Pools of tokens A, B, C (published ERC-20 of 18 decimals), of the wrapped coin and of odd tokens,
each as deep as the test says. Blocks are of today, as the server looks at their age, and the base
fee is a real one.
"""

import time
from collections.abc import Mapping
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.chain.anvil import Anvil
from tests.chain.contract import Contract, deployment, keccak
from tests.chain.odd_token import BUILD, SUPPLY
from tests.chain.packages import CORE, PERIPHERY, artifact
from xyk.chain.deployment import Deployment

E18 = 10**18
GWEI = 10**9
CHAIN_ID = 31337  # anvil's
UINT256_MAX = 2**256 - 1
RICH = 1_000 * E18  # of the native coin
FIELDS = ("name", "chain_id", "factory", "router", "wrapped", "stale_after_s", "poll_ms")
FOR_PEOPLE = ("kind", "description", "from")  # what a transaction has that is not signed

Json = dict[str, Any]


def wallet(name: str) -> LocalAccount:
    account: LocalAccount = Account.from_key(keccak(name.encode()))
    return account


class Deployed:
    """`pool` and `token` before `open`, whose blocks cost gas. Addresses are lower case."""

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.now_s = int(time.time()) - 600  # until all is set up
        self._deployer = node.accounts[0]
        self.factory = self._deploy(artifact(CORE, "UniswapV2Factory"), self._deployer)
        self.weth = self._deploy(artifact(PERIPHERY, "WETH9"))
        self.router = self._deploy(
            artifact(PERIPHERY, "UniswapV2Router02"), self.factory.address, self.weth.address
        )
        self.alice = wallet("alice")
        self.bob = wallet("bob")

    def token(self) -> Contract:
        return self._deploy(artifact(PERIPHERY, "ERC20"), SUPPLY)

    def deflating(self) -> Contract:
        """Burns a hundredth of what is sent: Uniswap's own test token."""
        return self._deploy(artifact(PERIPHERY, "DeflatingERC20"), SUPPLY)

    def odd(self, mode: int) -> Contract:
        made = self._deploy(BUILD, SUPPLY, mode)
        return Contract(made.address, artifact(PERIPHERY, "ERC20")["abi"])

    def pool(self, a: Contract, b: Contract, of_a: int, of_b: int) -> Contract:
        """With both tokens in it as they are sent; of the wrapped coin it is wrapped first."""
        self._send(self.factory, "createPair", a.address, b.address)
        pair = self.pair(a, b)
        for token, amount in ((a, of_a), (b, of_b)):
            if token is self.weth:
                self._send(token, "deposit", value=amount)
            if amount:
                self._send(token, "transfer", pair.address, amount)
        if of_a and of_b:
            self._send(pair, "mint", self._deployer)
        return pair

    def pair(self, a: Contract, b: Contract) -> Contract:
        [address] = self.ask(self.factory, "getPair", a.address, b.address)
        return Contract(address.lower(), artifact(CORE, "UniswapV2Pair")["abi"])

    def give(self, token: Contract, owner: str, amount: int) -> None:
        self._send(token, "transfer", owner.lower(), amount)

    def open(self) -> None:
        """From here on gas has its price; the wallets have coins for it."""
        for one in (self.alice, self.bob):
            self.node.rpc("anvil_setBalance", one.address, hex(RICH))
        self.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        self.now_s = max(self.now_s, int(time.time()))
        self.mine()

    def mine(self) -> None:
        self.now_s += 1
        self.node.rpc("evm_setNextBlockTimestamp", self.now_s)
        self.node.rpc("evm_mine")

    def configured(self, **changed: Any) -> Deployment:
        """Stale only after an hour: a slow machine is no weather."""
        settings: dict[str, Any] = {
            "name": "local",
            "rpc": (self.node.url,),
            "chain_id": CHAIN_ID,
            "factory": self.factory.address,
            "router": self.router.address,
            "wrapped": self.weth.address,
            "stale_after_s": 3_600,
            "poll_ms": 50,
        }
        return Deployment(**(settings | changed))

    def ask(self, contract: Contract, function: str, *arguments: object) -> tuple[Any, ...]:
        [answer] = self.node.read([contract.call(function, *arguments)])
        return contract.values(function, answer)

    def balance(self, token: Contract, owner: str) -> int:
        [amount] = self.ask(token, "balanceOf", owner.lower())
        return int(amount)

    def coins(self, owner: str) -> int:
        return int(self.node.rpc("eth_getBalance", owner, "latest"), 16)

    def allowance(self, token: Contract, owner: str) -> int:
        [amount] = self.ask(token, "allowance", owner.lower(), self.router.address)
        return int(amount)

    def sign_and_send(self, signer: LocalAccount, transactions: list[Json]) -> list[Json]:
        """All of them into one block, as they were built; their receipts."""
        hashes = []
        for transaction in transactions:
            assert transaction["from"] == signer.address
            fields = {name: transaction[name] for name in transaction if name not in FOR_PEOPLE}
            raw = signer.sign_transaction(fields).raw_transaction
            hashes.append(self.node.rpc("eth_sendRawTransaction", "0x" + raw.hex()))
        self.mine()
        receipts = [self.node.rpc("eth_getTransactionReceipt", one) for one in hashes]
        assert all(receipts), "one of them was not mined"
        return receipts

    def send(self, owner: str, call: tuple[str, bytes], value: int = 0) -> None:
        """A transaction of somebody's that is not ours to judge."""
        self.node.rpc("anvil_impersonateAccount", owner)
        to, data = call
        sent = self.node.rpc(
            "eth_sendTransaction",
            {
                "from": owner,
                "to": to,
                "data": "0x" + data.hex(),
                "value": hex(value),
                "gas": hex(4_000_000),
            },
        )
        self.mine()
        assert self.node.rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"

    def _deploy(self, build: Mapping[str, Any], *arguments: object) -> Contract:
        code = deployment(build, *arguments)
        address = self.node.deploy(sender=self._deployer, code=code, now_s=self._next_s())
        return Contract(address, build["abi"])

    def _send(self, contract: Contract, function: str, *arguments: object, value: int = 0) -> None:
        to, data = contract.call(function, *arguments)
        priced = {"from": self._deployer, "gas": hex(8_000_000), "gasPrice": "0x0"}
        call = {"to": to, "data": "0x" + data.hex(), "value": hex(value)}
        sent = self.node.rpc("eth_sendTransaction", priced | call)
        self.mine()
        assert self.node.rpc("eth_getTransactionReceipt", sent)["status"] == "0x1", function

    def _next_s(self) -> int:
        self.now_s += 1
        return self.now_s


def gas_price(receipts: list[Json]) -> int:
    """What the gas of all of them cost, wei."""
    return sum(int(one["gasUsed"], 16) * int(one["effectiveGasPrice"], 16) for one in receipts)


def chain_toml(one: Deployment, tokens: list[str]) -> str:
    """As a server reads it."""
    lines = [f"{name} = {getattr(one, name)!r}".replace("'", '"') for name in FIELDS]
    listed = ", ".join(f'"{token}"' for token in tokens)
    return "\n".join(["[[deployment]]", *lines, f'rpc = ["{one.rpc[0]}"]', f"tokens = [{listed}]"])
