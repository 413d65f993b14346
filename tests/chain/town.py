"""A deployment with three pools, a wallet that owns what they trade, and who builds for it."""

from eth_account.signers.local import LocalAccount

from tests.chain.contract import Contract
from tests.chain.deployed import E18, Deployed, Json, gas_price
from tests.chain.desk import Desk
from xyk.chain.pair import Token


class Town:
    """Pools A/B, B/C and A/coin; alice owns all three tokens and shares of two pools."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.a, self.b, self.c = (deployed.token() for _ in range(3))
        self.weth = deployed.weth
        deployed.pool(self.a, self.b, 1_000 * E18, 3_000 * E18)
        deployed.pool(self.b, self.c, 3_000 * E18, 500 * E18)
        deployed.pool(self.a, self.weth, 1_000 * E18, 50 * E18)
        self.alice = deployed.alice
        for token in (self.a, self.b, self.c):
            deployed.give(token, self.alice.address, 100 * E18)
        deployed.open()
        self.desk = Desk(deployed)
        self.desk.name(Token(self.a.address, "AAA", 18), Token(self.b.address, "BBB", 18))

    def owned(self, token: Contract | None, owner: str = "") -> int:
        """None is the native coin."""
        holder = owner or self.alice.address
        if token is None:
            return self.deployed.coins(holder)
        return self.deployed.balance(token, holder)

    def mined(self, built: Json, signer: LocalAccount | None = None) -> int:
        """Signs and sends all; the price of their gas. Every estimate covers what is used, and not
        by much."""
        receipts = self.deployed.sign_and_send(signer or self.alice, built["transactions"])
        for receipt, transaction in zip(receipts, built["transactions"], strict=True):
            assert receipt["status"] == "0x1", transaction["description"]
            used, limit = int(receipt["gasUsed"], 16), int(transaction["gas"], 16)
            assert used * 11 // 10 < limit < used * 2, (transaction["kind"], used, limit)
        return gas_price(receipts)


def kinds(built: Json) -> list[str]:
    return [transaction["kind"] for transaction in built["transactions"]]
