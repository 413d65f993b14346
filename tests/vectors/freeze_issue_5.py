"""How journal_issue_5.jsonl was made: all that the exchange could do at issue 5, signed by real
keys.

Run in that commit's folder (`PYTHONPATH=. python tests/vectors/freeze_issue_5.py FOLDER`). Kept so
that a reader sees what the frozen journal holds; the file itself is never made anew.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from tests.cli.journal_maker import ETH, SALT, USDC
from tests.cli.order_maker import ALICE, BOB, LOT, OrderMaker
from tests.keys import Key
from xyk.domain import commands as c
from xyk.domain.request import SESSION
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.domain.tokens import token_address
from xyk.domain.units import ZERO_ADDRESS
from xyk.engine.entry import Evidence
from xyk.engine.replica import Replica
from xyk.exchange.state import State
from xyk.wallet.session import SignIn, session_id
from xyk.wallet.signer import Wallet

NAME = "journal_issue_5"
DIGEST_EVERY = 25
OPERATOR, CAROL, BOT = (Wallet(bytes([n]) * 32) for n in (1, 0xC0, 0xB7))
SOL = token_address("SOL")
KEY = Key(b"\x07" * 32)
FOREVER = 2**40
FEES = {"maker_fee_bps": -2, "taker_fee_bps": 5, "pool_fee_bps": 30, "book": True}


class Freezer(OrderMaker):
    def act(self, wallet: Wallet, kind: Any, **fields: Any) -> int:
        """What is due first, then this; its seq."""
        self.tick()
        fields = {"owner": wallet.address, **fields, **self.stamp()}
        self.sign(wallet, kind(**fields))
        return len(self.entries)

    def order(self, wallet: Wallet, lots: int, dollars: int, **fields: Any) -> int:
        self.tick()
        return self.place(wallet, lots, dollars, **fields)

    def add_liquidity(self, wallet: Wallet, other: str, amount: int, dollars: int) -> None:
        """`amount` of a token and USDC for it."""
        ends = {"token_a": other, "token_b": USDC, "amount_a_min": 0, "amount_b_min": 0}
        self.act(
            wallet,
            c.AddLiquidity,
            **ends,
            amount_a_desired=amount,
            amount_b_desired=dollars * 10**6,
        )

    def swap(self, wallet: Wallet, one: str, other: str, amount: int, owner: Wallet) -> None:
        ends = {"token_in": one, "token_out": other, "owner": owner.address}
        self.act(wallet, c.SwapExactIn, **ends, amount_in=amount, min_amount_out=0)

    def ask_by_key(self, instruction: str, *elements: dict[str, str], encodes: bool) -> None:
        self.tick()
        now_ms = self.now_ms
        for one in KEY.submissions(instruction, elements, now_ms, encodes=encodes):
            self.add(one.command, one.evidence)

    def by_session(self, command: c.Command, **evidence: str) -> None:
        self.tick()
        self.add(command, Evidence(scheme=SESSION, **evidence))


def govern(f: Freezer) -> None:
    """A second market with a rebate, and the operator's other actions; the office comes back."""
    f.act(OPERATOR, c.ListAsset, symbol="SOL", token=ZERO_ADDRESS, decimals=9)
    for wallet in (ALICE, BOB, CAROL):
        f.faucet(wallet.address, SOL, 10**13)
        f.faucet(wallet.address, USDC, 10**12)
        f.faucet(wallet.address, ETH, 10**21)
    terms = {"base": "SOL", "quote": "USDC", "tick_size": 10**4, "lot_size": 10**6, **FEES}
    f.act(OPERATOR, c.ListMarket, **terms)
    wider = {"market": "SOL_USDC", "tick_size": 10**4, "lot_size": 10**6, **FEES}
    f.act(OPERATOR, c.UpdateMarket, **{**wider, "maker_fee_bps": -3, "taker_fee_bps": 6})
    terms = {"market": "ETH_USDC", "tick_size": 10**4, "lot_size": LOT, **FEES}
    f.act(OPERATOR, c.UpdateMarket, **{**terms, "maker_fee_bps": 2})
    f.act(OPERATOR, c.SetMarketStatus, market="*", status="paused")
    f.act(OPERATOR, c.SetMarketStatus, market="*", status="open")
    f.act(OPERATOR, c.SetProtocolFee, recipient=CAROL.address)
    f.act(OPERATOR, c.SetOperator, operator=BOT.address)
    f.act(BOT, c.SetOperator, operator=OPERATOR.address)
    f.add_liquidity(ALICE, ETH, 10 * 10**18, 20_000)
    f.add_liquidity(BOB, SOL, 1_000 * 10**9, 150_000)


def trade(f: Freezer) -> None:
    """Orders of every kind, with fills on book and pool, and each way in which one ends."""
    f.order(ALICE, 40, 1_990, client_id=1)
    f.order(ALICE, -40, 2_010, client_id=2, time_in_force="GTC")
    f.order(BOB, 10, 1_985, post_only=True, client_id=3)
    f.order(CAROL, -20, 1_980, time_in_force="IOC")
    f.order(CAROL, 70, 2_012, time_in_force="FOK")
    f.order(BOB, 30, 2_011, time_in_force="IOC", client_id=4)
    f.order(CAROL, -500, 1_988, time_in_force="IOC")
    named = f.state.open_orders.by_id[f.order(ALICE, -60, 2_015, client_id=5)]
    for lots, dollars in ((50, 2_015), (60, 2_018), (55, 2_018)):
        ends = {"sell_token": ETH, "buy_token": USDC}
        amounts = {"sell_amount": lots * LOT, "buy_amount": lots * dollars * 100}
        f.act(ALICE, c.ReplaceOrder, order=named.digest, **ends, **amounts)
    for prevention in ("RejectTaker", "RejectMaker", "RejectBoth"):
        f.order(BOB, -15, 1_996, post_only=False)
        f.order(CAROL, -5, 1_995)
        f.order(BOB, 25, 1_999, self_trade_prevention=prevention, client_id=0)
        f.act(BOB, c.CancelAllOrders, market="ETH_USDC")
        f.act(CAROL, c.CancelAllOrders, market="")
    f.good_till(BOB, 5, 1_900, 3)
    for _ in range(5):  # seconds in which it expires
        f.act(CAROL, c.Transfer, token=USDC, amount=1, recipient=BOB.address)
    kept = f.order(BOB, 7, 1_905, client_id=9)
    f.act(BOB, c.CancelOrder, order_id=str(kept), client_id=0)
    f.order(BOB, 7, 1_906, client_id=10)
    f.act(BOB, c.CancelOrder, order_id="", client_id=10)
    f.order(BOB, 8, 1_907)
    f.act(BOB, c.CancelAllAfter, market="ETH_USDC", timeout_seconds=2)
    for _ in range(4):
        f.act(CAROL, c.Transfer, token=USDC, amount=1, recipient=BOB.address)


def trigger(f: Freezer) -> None:
    """One that fires and rests, one that fires and takes, one that fires and cannot, one that
    waits."""
    for lots, dollars, at, above in (
        (-30, 1_950, 1_970, False),
        (-5, 1_500, 1_968, False),
        (20, 2_100, 2_060, True),
    ):
        f.order(BOB, lots, dollars, trigger_price=at * 10**6, trigger_above=above, client_id=0)
    f.order(
        *(CAROL, 12, 1_500), trigger_price=1_966 * 10**6, trigger_above=False, time_in_force="FOK"
    )
    f.swap(CAROL, ETH, USDC, 5 * 10**17, CAROL)
    f.tick()
    ends = {"token_in": USDC, "token_out": ETH}
    f.act(CAROL, c.SwapExactOut, **ends, amount_out=10**17, max_amount_in=10**10)
    f.swap(CAROL, SOL, ETH, 10**9, CAROL)


def delegate(f: Freezer) -> None:
    """An agent, an API key with orders of both forms and a batch, a session that cancels."""
    f.act(ALICE, c.ApproveAgent, agent=BOT.address, valid_until=FOREVER)
    f.swap(BOT, USDC, ETH, 50 * 10**6, ALICE)
    f.act(ALICE, c.RevokeAgent, agent=BOT.address)
    f.act(ALICE, c.ApproveApiKey, public_key=KEY.public, valid_until=FOREVER)
    bid = {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "price": "140",
        "quantity": "2",
    }
    market = {"symbol": "SOL_USDC", "side": "Ask", "orderType": "Market", "quantity": "3"}
    f.ask_by_key("orderExecute", {**bid, "clientId": "7", "note": "12.5% a/b"}, encodes=True)
    f.ask_by_key("orderExecute", market, encodes=False)
    f.ask_by_key("orderExecute", {**bid, "price": "149"}, encodes=False)
    f.swap(CAROL, SOL, USDC, 10**9, CAROL)  # pays the key's owner a rebate
    by_quote = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Market", "quoteQuantity": "50"}
    f.ask_by_key("orderExecute", by_quote, encodes=False)
    f.ask_by_key("orderExecute", bid, {**bid, "price": "141", "postOnly": "true"}, encodes=True)
    f.ask_by_key("orderCancel", {"symbol": "SOL_USDC", "clientId": "7"}, encodes=False)
    f.ask_by_key("orderCancelAll", {"symbol": "SOL_USDC"}, encodes=False)
    f.ask_by_key("orderExecute", {**bid, "clientId": "8"}, encodes=False)
    other = "0x" + "02" * 32
    f.act(BOB, c.ApproveApiKey, public_key=other, valid_until=FOREVER)
    f.act(BOB, c.RevokeApiKey, public_key=other)
    now_s = f.now_ms // 1000
    text = SignIn(
        domain="exchange.example",
        uri="https://exchange.example",
        address=BOB.address,
        chain_id=1,
        nonce="a" * 16,
        issued=now_s,
        expires=now_s + 86_400,
        salt=SALT,
    ).text()
    session, owner = session_id(text), BOB.address
    f.by_session(
        OpenSession(owner=owner, session=session, expires=now_s + 86_400),
        signer=owner,
        signature=BOB.sign_text(text),
        text=text,
    )
    stamp = {"nonce": 0, "deadline": 0}
    for client_id in (21, 22):
        f.order(BOB, 9, 1_800, client_id=client_id)
    one = c.CancelOrder(owner=owner, order_id="", client_id=21, **stamp)
    f.by_session(one, signer=session)
    f.by_session(c.CancelAllOrders(owner=owner, market="", **stamp), signer=session)
    f.by_session(CloseSession(owner=owner, session=session), signer=session)


def rest(f: Freezer) -> None:
    """Money out, and what is open when the next version takes over: orders on both sides, a
    trigger, an order and a switch that are long due by then."""
    f.act(CAROL, c.Withdraw, token=SOL, amount=10**9, recipient=CAROL.address)
    ends = {"token_a": ETH, "token_b": USDC, "amount_a_min": 0, "amount_b_min": 0}
    f.act(ALICE, c.RemoveLiquidity, **ends, liquidity=10**13)
    f.add_liquidity(CAROL, ETH, 10**17, 10_000)
    f.order(CAROL, 11, 1_850, client_id=31)
    f.order(CAROL, -11, 2_300, client_id=32)
    f.order(CAROL, -3, 1_500, trigger_price=1_600 * 10**6, client_id=33)
    f.good_till(CAROL, 4, 1_700, 600)
    f.order(BOB, 6, 1_750, client_id=34)
    f.act(BOB, c.CancelAllAfter, market="", timeout_seconds=900)


def write(folder: Path, f: Freezer) -> None:
    """Rows as they stand in the table, and state's digest and entry's hash on the way."""
    marks, replica = [], Replica(State())
    with (folder / f"{NAME}.jsonl").open("wb") as file:
        for entry in f.entries:
            row = msgspec.structs.asdict(entry)
            text = {name: row[name].decode() for name in ("command", "evidence", "events")}
            file.write(msgspec.json.encode({**row, **text}) + b"\n")
            replica.apply(entry)
            if entry.seq == 1 or entry.seq % DIGEST_EVERY == 0 or entry is f.entries[-1]:
                mark = {"seq": entry.seq, "hash": entry.hash, "digest": replica.state.digest()}
                marks.append(mark)
    assert marks[-1]["digest"] == f.state.digest()
    lines = ",\n".join(json.dumps(mark, separators=(",", ":")) for mark in marks)
    (folder / f"{NAME}_digests.json").write_text(f"[\n{lines}\n]\n")


def freeze() -> Freezer:
    freezer = Freezer()
    for part in (govern, trade, trigger, delegate, rest):
        part(freezer)
    return freezer


if __name__ == "__main__":
    write(Path(sys.argv[1]), freeze())
