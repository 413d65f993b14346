"""Orders in a journal made in memory: signed as the others, and what the clock does about them."""

from typing import Any

from tests.cli.journal_maker import ETH, USDC, JournalMaker
from xyk.domain.commands import CancelAllAfter, PlaceOrder, SwapExactIn
from xyk.domain.request import CLOCK
from xyk.engine.entry import Evidence
from xyk.exchange.due import next_due
from xyk.wallet.signer import Wallet

LOT, LOT_AT_ONE = 10**14, 100  # base units; quote units of a lot at one dollar
ALICE, BOB = Wallet(b"\xa1" * 32), Wallet(b"\xb0" * 32)


class OrderMaker(JournalMaker):
    def __init__(self) -> None:
        super().__init__()
        for wallet in (ALICE, BOB):
            self.faucet(wallet.address, ETH, 10**19)
            self.faucet(wallet.address, USDC, 10**10)

    def place(self, wallet: Wallet, lots: int, dollars: int, **fields: Any) -> int:
        """A bid of `lots`, or an ask where they are negative; the order's id."""
        base, quote = (ETH, abs(lots) * LOT), (USDC, abs(lots) * dollars * LOT_AT_ONE)
        sold, bought = (quote, base) if lots > 0 else (base, quote)
        terms: dict[str, Any] = {
            "time_in_force": "",
            "post_only": False,
            "self_trade_prevention": "",
            "trigger_price": 0,
            "trigger_above": False,
            "client_id": 0,
            "expires": 0,
            **fields,
        }
        self.sign(
            wallet,
            PlaceOrder(
                owner=wallet.address,
                sell_token=sold[0],
                buy_token=bought[0],
                sell_amount=sold[1],
                buy_amount=bought[1],
                **terms,
                **self.stamp(),
            ),
        )
        return len(self.entries)

    def good_till(self, wallet: Wallet, lots: int, dollars: int, seconds: int) -> int:
        expires = self.now_ms // 1000 + seconds
        return self.place(wallet, lots, dollars, time_in_force="GTD", expires=expires)

    def switch(self, wallet: Wallet, seconds: int, market: str = "") -> None:
        fields = {"market": market, "timeout_seconds": seconds}
        self.sign(wallet, CancelAllAfter(owner=wallet.address, **fields, **self.stamp()))

    def sell(self, wallet: Wallet, lots: int) -> None:
        fields = {"token_in": ETH, "token_out": USDC, "amount_in": lots * LOT}
        owner, stamp = wallet.address, self.stamp()
        self.sign(wallet, SwapExactIn(owner=owner, **fields, min_amount_out=0, **stamp))

    def tick(self, activations: int = 100) -> int:
        """All that is due at the next entry's time, as entries; how many."""
        made = len(self.entries)
        while (command := next_due(self.state, self.now_ms, activations)) is not None:
            activations -= type(command).__name__ == "ActivateTrigger"
            self.add(command, Evidence(scheme=CLOCK))
        return len(self.entries) - made
