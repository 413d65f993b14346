"""An honest journal with something of everything that may stand in one."""

from typing import Any

from tests.cli.journal_maker import ETH, SALT, START_MS, USDC
from tests.cli.order_maker import ALICE, BOB, OrderMaker
from tests.keys import Key
from xyk.domain.commands import (
    AddLiquidity,
    ApproveAgent,
    ApproveApiKey,
    CancelAllOrders,
    CancelOrder,
    Command,
    ListAsset,
    RemoveLiquidity,
    RevokeAgent,
    SwapExactIn,
    SwapExactOut,
    Transfer,
    Withdraw,
)
from xyk.domain.request import CLOCK, SESSION
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.domain.units import ZERO_ADDRESS
from xyk.engine.entry import Evidence
from xyk.exchange.state import Agent
from xyk.wallet.session import SignIn, session_id
from xyk.wallet.signer import Wallet

AGENT, KEY, OPERATOR = Wallet(b"\xaa" * 32), Key(b"\x07" * 32), Wallet(b"\x01" * 32)
BID = {"symbol": "ETH_USDC", "side": "Bid", "orderType": "Limit", "price": "1990", "quantity": "1"}


class WholeJournal(OrderMaker):
    """`named`: the seqs that tests speak of."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[str, int] = {}
        self._fund()
        self._trade()
        self._by_others()
        self._end()

    def mark(self, name: str) -> None:
        self.named[name] = len(self.entries)

    def act(self, kind: Any, wallet: Wallet, signer: Wallet | None = None, **fields: Any) -> None:
        action = kind(owner=wallet.address, **fields, **self.stamp())
        self.sign(signer or wallet, action)

    def add(self, command: Command, evidence: Evidence) -> None:
        """What is due comes first."""
        if evidence.scheme != CLOCK:
            self.tick()
        super().add(command, evidence)

    def _fund(self) -> None:
        for token, amount in ((ETH, 10**20), (USDC, 4 * 10**11)):
            self.faucet(ALICE.address, token, amount)
        pair = {"token_a": ETH, "token_b": USDC, "amount_a_min": 0, "amount_b_min": 0}
        amounts = {"amount_a_desired": 5 * 10**19, "amount_b_desired": 10**11}
        self.act(AddLiquidity, ALICE, **pair, **amounts)
        self.act(RemoveLiquidity, ALICE, **pair, liquidity=10**12)
        self.act(ListAsset, OPERATOR, symbol="DOGE", token=ZERO_ADDRESS, decimals=8)

    def _trade(self) -> None:
        self.place(ALICE, -300, 2_010)
        self.place(ALICE, 200, 1_990)
        self.place(BOB, 500, 2_020, time_in_force="IOC")  # book and pool
        self.good_till(BOB, 10, 1_500, seconds=4)
        self.place(BOB, -10, 1_980, trigger_price=1_985 * 10**6, trigger_above=False)
        way = {"token_in": USDC, "token_out": ETH}
        self.act(SwapExactIn, BOB, **way, amount_in=10**8, min_amount_out=10**16)
        self.mark("swap")
        self.act(SwapExactOut, BOB, **way, amount_out=10**15, max_amount_in=10**8)
        self.sell(ALICE, 40_000)
        self.act(Transfer, ALICE, token=USDC, amount=777, recipient=BOB.address)
        self.mark("transfer")
        self.act(Withdraw, BOB, token=ETH, amount=10**15, recipient=BOB.address)

    def _by_others(self) -> None:
        until = self.now_ms // 1000 + 600
        self.act(ApproveAgent, ALICE, agent=AGENT.address, valid_until=until)
        way = {"token_in": USDC, "token_out": ETH, "amount_in": 10**8, "min_amount_out": 0}
        self.act(SwapExactIn, ALICE, AGENT, **way)
        self.mark("by agent")
        self.act(ApproveApiKey, ALICE, public_key=KEY.public, valid_until=until)
        for encodes in (False, True):
            parameters = [{**BID, "price": "1500", "note": "a/b c"}, {**BID, "price": "1490.5"}]
            for one in KEY.submissions("orderExecute", parameters, self.now_ms, encodes=encodes):
                self.add(one.command, one.evidence)
        self.mark("by key")
        end = START_MS // 1000 + 86_400
        names = {"domain": "x.example", "uri": "https://x.example", "address": ALICE.address}
        text = SignIn(
            **names, chain_id=1, nonce="a" * 16, issued=START_MS // 1000, expires=end, salt=SALT
        ).text()
        opening = {"scheme": SESSION, "signer": ALICE.address, "text": text}
        signed = Evidence(**opening, signature=ALICE.sign_text(text))
        session = {"owner": ALICE.address, "session": session_id(text)}
        self.add(OpenSession(**session, expires=end), signed)
        self.mark("sign-in")
        asking = Evidence(scheme=SESSION, signer=session["session"])
        named = {"owner": ALICE.address, "nonce": 0, "deadline": 0}
        order = str(self.named["by key"])
        self.add(CancelOrder(order_id=order, client_id=0, **named), asking)
        self.mark("by session")
        self.add(CloseSession(**session), asking)

    def _end(self) -> None:
        self.act(RevokeAgent, ALICE, agent=AGENT.address)
        self.mark("revocation")
        self.act(CancelAllOrders, ALICE, market="")
        self.act(Transfer, BOB, token=USDC, amount=5, recipient=ALICE.address)
        self.mark("last")

    def forget_the_revocation(self) -> None:
        """In the state alone, so that a forger may decide on it."""
        self.state.agents[ALICE.address][AGENT.address] = Agent(2**40)
