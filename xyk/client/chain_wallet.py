"""A wallet that trades on a chain through an exchange that it does not trust.

The exchange finds the way, builds the transactions and relays them; the key stays here. Whatever it
gives to sign is read first, and signed only where it does what was asked for: on the pinned chain,
through the pinned router, for the own address, within the caller's bounds, with approvals for the
exact amount and gas below a cap. Amounts are base units, tokens are addresses or symbols; bots
should name addresses, since a symbol means what the exchange said first.

    async with Client("http://127.0.0.1:8000") as client:
        wallet = ChainWallet(client.connection, "mainnet", Wallet.from_hex(key))
        quote = await wallet.quote("ETH", "USDC", amount_in=10**18)
        done = await wallet.sell("ETH", "USDC", 10**18, int(quote["minAmountOut"]))
"""

import asyncio
import time
from collections.abc import Callable

import msgspec

from xyk.client.chain_call import Checked
from xyk.client.chain_check import check, read_permit, read_transactions
from xyk.client.chain_intent import (
    AddLiquidity,
    Approve,
    Buy,
    Intent,
    RemoveLiquidity,
    Sell,
    Signer,
    Unwrap,
    Wrap,
)
from xyk.client.chain_reads import CHAIN, chain_pairs, chain_quote, told_pin
from xyk.client.chain_terms import ChainPin, ChainToken
from xyk.client.connection import Connection, Refused, Unanswered
from xyk.client.signing import Json
from xyk.wallet.signer import Wallet
from xyk.wallet.transaction import SignedTransaction, Transaction, sign_permit, sign_transaction

DEADLINE_S = 20 * 60
GAS_COST_MAX = 5 * 10**16  # wei of one transaction: 200,000 gas at 250 gwei
WAIT_S = 300.0
PAUSE_S = 0.25  # doubles with each look
PAUSE_MAX_S = 2.0
MINED, FAILED, REPLACED = "mined", "failed", "replaced"
ENDED = (MINED, FAILED, REPLACED)


class Undone(Exception):
    """A transaction was mined and reverted, or another one took its nonce. `outcome` as GET
    tx/{hash} answers; what came before it stays done."""

    def __init__(self, outcome: Json) -> None:
        reason = outcome.get("reason") or {}
        why = f": {reason.get('code')}: {reason.get('message')}" if reason else ""
        by = f" by {outcome['replacedBy']}" if outcome.get("replacedBy") else ""
        super().__init__(f"Transaction {outcome['hash']} is {outcome['status']}{by}{why}")
        self.outcome = outcome


class Plan(msgspec.Struct, frozen=True):
    """Transactions that were checked, in the order to sign, and what each of them does. `told`:
    the whole answer, whose expected amounts are the exchange's word alone."""

    transactions: tuple[Transaction, ...]
    calls: tuple[Checked, ...]
    told: Json

    @property
    def gas_cost(self) -> int:
        """Wei, at most, of all of them."""
        return sum(one.gas_cost for one in self.transactions)


class ChainWallet:
    """`pin`: what the deployment must be and say; without it the first answer is believed.
    `gas_cost_max`: wei that one transaction may cost. `deadline_s`: seconds from now after which
    the router takes nothing any more. `now_s` gives unix seconds."""

    def __init__(
        self,
        connection: Connection,
        deployment: str,
        wallet: Wallet,
        *,
        pin: ChainPin | None = None,
        gas_cost_max: int = GAS_COST_MAX,
        deadline_s: int = DEADLINE_S,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.deployment = deployment
        self.wallet = wallet
        self._connection = connection
        self._given = pin
        self._pin: ChainPin | None = None
        self._gas_cost_max = gas_cost_max
        self._deadline_s = deadline_s
        self._now_s = now_s

    @property
    def address(self) -> str:
        return self.wallet.address

    async def pin(self, *, again: bool = False) -> ChainPin:
        """What is believed, asked once, or `again` for pairs that are new. Raises WrongDeployment
        where the exchange says anything else than before."""
        if self._pin is None or again:
            told = await told_pin(self._connection, self.deployment)
            known = self._pin or self._given
            self._pin = told if known is None else known.joined(told, self.deployment)
        return self._pin

    async def token(self, name: str) -> ChainToken:
        """ValueError for none."""
        try:
            return (await self.pin()).token(name)
        except ValueError:  # it may be mirrored by now
            return (await self.pin(again=True)).token(name)

    # Reads

    async def quote(
        self,
        token_in: str,
        token_out: str,
        *,
        amount_in: int | None = None,
        amount_out: int | None = None,
        slippage_bps: int | None = None,
    ) -> Json:
        """What a swap would give at the mirrored block: exactly one of the two amounts is named."""
        given, wanted = await self.token(token_in), await self.token(token_out)
        return await chain_quote(
            self._connection,
            self.deployment,
            given.name,
            wanted.name,
            amount_in=amount_in,
            amount_out=amount_out,
            slippage_bps=slippage_bps,
        )

    async def pairs(self) -> list[Json]:
        return await chain_pairs(self._connection, self.deployment)

    # What changes something: built, checked, signed, relayed and followed to its receipt. The
    # outcome of the last transaction; Unasked, Undone, Refused or Unanswered.

    async def sell(
        self, token_in: str, token_out: str, amount_in: int, min_amount_out: int
    ) -> Json:
        given, wanted = await self.token(token_in), await self.token(token_out)
        return await self.act(Sell(given, wanted, amount_in, min_amount_out))

    async def buy(self, token_in: str, token_out: str, amount_out: int, max_amount_in: int) -> Json:
        given, wanted = await self.token(token_in), await self.token(token_out)
        return await self.act(Buy(given, wanted, amount_out, max_amount_in))

    async def add_liquidity(
        self,
        token_a: str,
        token_b: str,
        amount_a_desired: int,
        amount_b_desired: int,
        amount_a_min: int,
        amount_b_min: int,
    ) -> Json:
        tokens = await self.token(token_a), await self.token(token_b)
        desired = amount_a_desired, amount_b_desired
        return await self.act(AddLiquidity(*tokens, amount_a_min, amount_b_min, *desired))

    async def remove_liquidity(
        self, token_a: str, token_b: str, liquidity: int, amount_a_min: int, amount_b_min: int
    ) -> Json:
        """With a permit instead of an approval where the shares take one."""
        tokens = await self.token(token_a), await self.token(token_b)
        return await self.act(RemoveLiquidity(*tokens, amount_a_min, amount_b_min, liquidity))

    async def approve(self, token: str, amount: int) -> Json:
        """That the router may take exactly so much; empty where it may already."""
        return await self.act(Approve(await self.token(token), amount))

    async def wrap(self, amount: int) -> Json:
        return await self.act(Wrap(amount))

    async def unwrap(self, amount: int) -> Json:
        return await self.act(Unwrap(amount))

    # The same in steps

    async def act(self, intent: Intent) -> Json:
        return await self.execute(await self.prepare(intent))

    async def prepare(self, intent: Intent) -> Plan:
        """Nothing is signed but a permit of shares, which alone moves nothing. Raises Unasked where
        what the exchange built is not what was asked for."""
        deadline = int(self._now_s()) + self._deadline_s
        signer = Signer(self.address, await self.pin(), deadline)
        if isinstance(intent, RemoveLiquidity):
            try:
                intent.shares(signer.pin)
            except ValueError:
                signer = Signer(self.address, await self.pin(again=True), deadline)
                intent.shares(signer.pin)
        told = await self._build(intent, signer)
        if isinstance(intent, RemoveLiquidity) and told.get("permit"):
            permit = read_permit(told["permit"], intent, signer)
            signature = sign_permit(self.wallet, permit)
            intent = msgspec.structs.replace(intent, permit=signature)
            told = await self._build(intent, signer)
        transactions = read_transactions(told, self.address, self._gas_cost_max)
        if not transactions and isinstance(intent, Approve):  # the allowance is that already
            return Plan((), (), told)
        return Plan(transactions, check(transactions, intent, signer), told)

    async def execute(self, plan: Plan) -> Json:
        """Signs one after the other, each when the one before it is mined. Raises Undone."""
        outcome: Json = {}
        for transaction in plan.transactions:
            outcome = await self.wait(await self.send(self.sign(transaction)))
            if outcome["status"] != MINED:
                raise Undone(outcome)
        return outcome

    def sign(self, transaction: Transaction) -> SignedTransaction:
        return sign_transaction(self.wallet, transaction)

    async def send(self, signed: SignedTransaction) -> str:
        """Posts the same bytes until there is an answer; the hash, which is made of them."""
        body = msgspec.json.encode({"raw": signed.raw})
        (await self._connection.request("POST", f"{self._path}/tx/send", body=body)).json()
        return signed.hash

    async def status(self, digest: str) -> Json:
        """As GET tx/{hash} answers. What it says of amounts is the exchange's word."""
        answer = await self._connection.request("GET", f"{self._path}/tx/{digest}")
        outcome = dict(answer.json())
        if outcome.get("hash") != digest or not isinstance(outcome.get("status"), str):
            raise Refused("SERVER_ERROR", f"An answer for {digest} that is none", answer.status)
        return outcome

    async def wait(self, digest: str, patience_s: float = WAIT_S) -> Json:
        """What became of it: mined, failed or replaced. Raises Unanswered where nothing did yet;
        it may still happen, until its deadline."""
        give_up = time.monotonic() + patience_s
        pause_s = PAUSE_S
        while True:
            outcome = await self.status(digest)
            if outcome["status"] in ENDED:
                return outcome
            if time.monotonic() + pause_s > give_up:
                raise Unanswered(f"Transaction {digest} is still {outcome['status']}")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    @property
    def _path(self) -> str:
        return f"{CHAIN}/{self.deployment}"

    async def _build(self, intent: Intent, signer: Signer) -> Json:
        body = intent.body() | {"owner": self.address}
        if intent.expires:
            body["deadline"] = signer.deadline
        encoded = msgspec.json.encode(body)
        path = f"{self._path}/tx/{intent.verb}"
        return dict((await self._connection.request("POST", path, body=encoded)).json())
