"""A market maker: keeps a ladder of post-only orders around a reference price.

It signs with its agent's key alone. Each turn it looks at what the streams told, derives the wanted
ladder (quoting.py) and what to send for it (changes.py), and sends that as one batch. What it signs
is good for PERISH_S only and is sent again until then, so that after a silence nothing of it can
happen any more: it reads again what is open and goes on from there. Before it has orders, and
while it has, a dead man's switch is armed that cancels all of them should it fall silent.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from xyk.client.client import Client
from xyk.client.connection import Refused, Unanswered
from xyk.client.market_terms import OrderAmounts
from xyk.domain.commands import (
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    ReplaceOrder,
    SignedAction,
)
from xyk.domain.decimals import base_units
from xyk.domain.units import AGENT_BAND_BPS, BATCH_MAX, BPS
from xyk.maker.changes import Change, changes
from xyk.maker.exchange_clock import ExchangeClock
from xyk.maker.market_view import MarketView
from xyk.maker.quoting import Bounds, Quote, Style, ladder
from xyk.maker.reference import Reference

PERISH_S = 10  # after which a signed quote is refused
PATIENCE_S = PERISH_S + 3.0  # how long the same bytes are sent again: until they can do no more
CONTESTED_S = 5.0  # after a quote would have taken: how long the best prices are asked for
LAST_TRIES = 5  # of the last cancel
UNSETTLED_S = 2.0  # after a fill: how long the stream may take to tell of the funds
TROUBLE_MAX_S = 5.0  # the longest rest after refusals in a row
IDLE_S = 1.0  # after which it looks again though nothing changed: is it heard, is the switch armed

STARTING, QUOTING, WAITING, PAUSED, SILENT, ENDED = (
    *("starting", "quoting", "waiting", "paused", "silent", "ended"),
)
AUTHORITY = frozenset({"UNAUTHORIZED", "FORBIDDEN", "INVALID_SIGNATURE"})
GONE = frozenset({"INVALID_MARKET", "INVALID_ASSET"})

Json = dict[str, Any]


class Stopped(Exception):
    """It cannot go on; says why, and what becomes of its orders."""


class Pace(NamedTuple):
    """`refresh_s`: the least time between two turns. `timeout_s`: of the dead man's switch, which
    is armed anew after a third of it. `tolerance_bps`: how far a quote may be off before it is
    replaced. `valid_until`: unix seconds at which the agent's approval ends; 0: not known."""

    refresh_s: float
    timeout_s: int
    tolerance_bps: int
    valid_until: int = 0


class MarketMaker:
    """`client` signs as the agent, for the owner, with PATIENCE_S. `state` and `note`
    are for people; `sent` counts what was sent by kind, `refused` what was refused by code."""

    def __init__(
        self,
        client: Client,
        view: Callable[[Callable[[], None]], MarketView],
        reference: Callable[[MarketView], Reference],
        style: Style,
        pace: Pace,
        clock: ExchangeClock,
    ) -> None:
        self.client = client
        self.style = style
        self.pace = pace
        self.clock = clock
        self._wakeup = asyncio.Event()
        self.view = view(self._wakeup.set)
        self.reference = reference(self.view)
        self._size = style.lots * self.view.terms.lot_size  # stays what it is if the lot changes
        self.state = STARTING
        self.note = ""
        self.sent: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._armed_s = 0.0  # monotonic; 0: not at all
        self._asked_s = 0.0  # monotonic: when the terms were read
        self._contested_s = 0.0
        self._troubles = 0
        self._unsettled_s = 0.0

    async def run(self, ending: asyncio.Event, show: Callable[[], None] = lambda: None) -> None:
        """Until `ending`, then everything is cancelled. `show` is called after each turn. Raises
        Stopped where it cannot go on, Unanswered where the last cancel got no answer."""
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(self.view.follow()),
            asyncio.create_task(self.reference.follow(self._wakeup.set)),
        ]
        end = asyncio.create_task(ending.wait())
        end.add_done_callback(lambda _: self._wakeup.set())
        try:
            while not ending.is_set():
                self._wakeup.clear()
                for task in tasks:
                    if task.done():
                        task.result()
                await self._turn()
                show()
                await self._rest(ending)
            await self._withdraw_all()
            self._is(ENDED, "all orders are cancelled")
            show()
        except Refused as refused:
            if refused.code in AUTHORITY:
                raise self._without_authority(refused.message) from None
            with suppress(Refused, Unanswered, Stopped):  # what it may still do, it does
                await self._withdraw_all()
            raise Stopped(f"{refused.code}: {refused.message}") from None
        finally:
            for task in (*tasks, end):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _turn(self) -> None:
        left_s = self.pace.valid_until - self.clock.now_s()
        if self.pace.valid_until and left_s < PERISH_S:
            await self._withdraw_all()
            raise Stopped(
                "the agent's approval ends now, so all orders are cancelled; start again with the "
                "wallet's key to approve it for longer"
            )
        try:
            if not self.view.is_heard:
                if self.state != STARTING:
                    self._is(SILENT, f"no connection to {self.client.connection.base_url}")
                self._armed_s = 0.0
            elif not self.view.is_fresh:
                await self.clock.measure(self.client)
                await self.view.read()
                self._armed_s = 0.0
                await self._quote()
            elif self._waits_for_funds():
                return
            else:
                await self._ask_for_terms()
                await self._quote()
        except Unanswered as fault:
            self.view.is_fresh = False
            self._is(SILENT, str(fault))
        except Refused as refused:
            if refused.status < 500 and refused.status != 429:
                raise
            self._trouble(refused.code, refused.message)
            self.view.is_fresh = False

    async def _ask_for_terms(self) -> None:
        """No stream tells of a pause: it is asked for as often as the switch is armed."""
        if time.monotonic() - self._asked_s > self.pace.timeout_s / 3:
            self._asked_s = time.monotonic()
            await self.view.read_terms()

    def _waits_for_funds(self) -> bool:
        """After a fill, until the stream told of the funds too: else the base that a bid bought
        would count nowhere. Should the stream fail to, everything is read again."""
        now_s = time.monotonic()
        if self.view.is_settled:
            self._unsettled_s = 0.0
        elif not self._unsettled_s:
            self._unsettled_s = now_s
        elif now_s - self._unsettled_s > UNSETTLED_S:
            self.view.is_fresh, self._unsettled_s = False, 0.0
        return self._unsettled_s > 0

    async def _quote(self) -> None:
        view = self.view
        if not view.is_open:
            await view.read_terms()
        price = self.reference.price()
        if not view.is_open:
            self._is(PAUSED, f"{view.terms.symbol} is not open for trading")
            await self._withdraw()
        elif price is None:
            self._is(WAITING, self.reference.why)
            await self._withdraw()
        else:
            bounds = await self._bounds()
            if not view.is_settled:
                return  # a fill came meanwhile: first its funds count
            grid, stock = view.grid(), view.stock()
            style = self.style._replace(lots=self._size // grid.lot_size)
            wanted = ladder(grid, style, price, stock, bounds)
            have = [one for one in view.orders.open.values() if one.id not in view.orders.strange]
            todo = changes(grid, style, wanted, have, stock, self.pace.tolerance_bps)
            is_clean = await self._send(todo)
            if view.is_open and is_clean:
                self._is(QUOTING, "" if wanted else "funds and limits allow no order")

    async def _bounds(self) -> Bounds:
        """The pool's, and after a quote would have met somebody's order also the best prices."""
        bounds = self.view.bounds()
        if time.monotonic() - self._contested_s > CONTESTED_S:
            return bounds
        best = await self.client.bbo(self.view.terms.symbol)
        terms, own = self.view.terms, self.view.orders.open.values()
        bid, ask = (
            base_units(text, terms.quote_decimals) // terms.tick_size if text else None
            for text in (best["bidPrice"], best["askPrice"])
        )
        highest, lowest = bounds
        if ask is not None and not any(one.ticks == ask and not one.is_bid for one in own):
            highest = _least(highest, ask - 1)
        if bid is not None and not any(one.ticks == bid and one.is_bid for one in own):
            lowest = _most(lowest, bid + 1)
        if self.view.pool is None and bid is not None and ask is not None:
            # Spot is the middle of the book then. After a jump the quotes come by several steps,
            # each of which takes the middle along.
            highest = _least(highest, (bid + ask) * (BPS + AGENT_BAND_BPS) // (2 * BPS))
            lowest = _most(lowest, -(-(bid + ask) * (BPS - AGENT_BAND_BPS) // (2 * BPS)))
        return Bounds(highest, lowest)

    async def _withdraw(self) -> None:
        """Takes every quote back, if there is any."""
        if self.view.orders.open or self.view.orders.strange:
            symbol = self.view.terms.symbol
            cancel = CancelAllOrders(owner=self.client.owner, market=symbol, **self._stamp())
            await self._answers([cancel])

    async def _withdraw_all(self) -> None:
        """Also what it does not know of, and then the switch, which stays armed unless all is
        cancelled. For the end. Raises Stopped where the cancel is refused."""
        owner, symbol = self.client.owner, self.view.terms.symbol
        for _ in range(LAST_TRIES):  # another process of the same agent may have used the nonce
            if await self._answers([CancelAllOrders(owner=owner, market=symbol, **self._stamp())]):
                break
        else:
            raise Stopped(
                f"the last cancel was refused ({self.note}). Orders that are open are cancelled by "
                f"the switch within {self.pace.timeout_s} s"
            )
        disarm = CancelAllAfter(owner=owner, market=symbol, timeout_seconds=0, **self._stamp())
        await self._answers([disarm])

    async def _send(self, todo: Sequence[Change]) -> bool:
        """Whether nothing was refused. What does not fit into one batch comes in the next turn."""
        strange: list[SignedAction] = [
            CancelOrder(owner=self.client.owner, order_id=one, client_id=0, **self._stamp())
            for one in list(self.view.orders.strange)[: BATCH_MAX // 2]
        ]
        chosen = list(todo)[: BATCH_MAX - 1 - len(strange)]
        actions: list[SignedAction] = []
        has_orders = bool(chosen or strange or self.view.orders.open)
        if has_orders and self._is_to_arm():
            actions.append(
                CancelAllAfter(
                    owner=self.client.owner,
                    market=self.view.terms.symbol,
                    timeout_seconds=self.pace.timeout_s,
                    **self._stamp(),
                )
            )
        actions += strange
        for change in chosen:
            actions.append(self._action(change))
        if not actions:
            self._troubles = 0
            return True
        return await self._answers(actions)

    def _is_to_arm(self) -> bool:
        return time.monotonic() - self._armed_s > self.pace.timeout_s / 3

    def _action(self, change: Change) -> SignedAction:
        owner, order, quote = self.client.owner, change.order, change.quote
        if quote is None:
            assert order is not None
            return CancelOrder(owner=owner, order_id=order.id, client_id=0, **self._stamp())
        lots = quote.lots + (0 if order is None else order.filled)
        sold, bought, sell_amount, buy_amount = self._amounts(quote._replace(lots=lots))
        if order is not None:
            return ReplaceOrder(
                owner=owner,
                order=order.digest,
                sell_token=sold,
                buy_token=bought,
                sell_amount=sell_amount,
                buy_amount=buy_amount,
                **self._stamp(),
            )
        return PlaceOrder(
            owner=owner,
            sell_token=sold,
            buy_token=bought,
            sell_amount=sell_amount,
            buy_amount=buy_amount,
            time_in_force="GTC",
            post_only=True,
            self_trade_prevention="",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
            **self._stamp(),
        )

    def _amounts(self, quote: Quote) -> OrderAmounts:
        terms, grid = self.view.terms, self.view.grid()
        base, worth = quote.lots * grid.lot_size, grid.value(quote.ticks, quote.lots)
        if quote.is_bid:
            return OrderAmounts(terms.quote_token, terms.base_token, worth, base)
        return OrderAmounts(terms.base_token, terms.quote_token, base, worth)

    async def _answers(self, actions: Sequence[SignedAction]) -> bool:
        """Sends a batch and learns from its receipts; whether nothing was refused."""
        armed_s = time.monotonic()
        answers = await self.client.actions(actions)
        is_clean = True
        for action, answer in zip(actions, answers, strict=True):
            if "code" in answer:
                is_clean = False
                self._was_refused(answer["code"], answer["message"])
                continue
            self.sent[type(action).__name__] += 1
            if isinstance(action, CancelAllAfter):
                self._armed_s = armed_s if action.timeout_seconds else 0.0
            for order in answer.get("orders", [answer["order"]] if "order" in answer else []):
                self.view.orders.learn(order)
        if is_clean:
            self._troubles = 0
        return is_clean

    def _was_refused(self, code: str, message: str) -> None:
        """What to do about it: in the next turn, by what is read then."""
        if code in AUTHORITY:
            raise self._without_authority(message)
        if code in GONE:
            raise Stopped(message)
        self._trouble(code, message)
        if code == "TRADING_PAUSED":
            self.view.is_open = False
            self._is(PAUSED, message)
        elif code == "INVALID_ORDER":  # it would take, or meet an own order that did not move
            self._contested_s = time.monotonic()
        elif code == "INVALID_PRICE":  # further from spot than an agent's order may be
            self._contested_s, self.view.is_fresh = time.monotonic(), False
        elif code not in ("TOO_MANY_REQUESTS", "OVERLOADED", "NONCE_USED"):
            self.view.is_fresh = False

    def _trouble(self, code: str, message: str) -> None:
        self.refused[code] += 1
        self._troubles += 1
        self.note = f"{code}: {message}"

    def _without_authority(self, message: str) -> Stopped:
        return Stopped(
            f"{message}. Orders that are open are cancelled by the switch within "
            f"{self.pace.timeout_s} s"
        )

    async def _rest(self, ending: asyncio.Event) -> None:
        """Until something changes, but at least `refresh_s`, longer after refusals in a row."""
        least_s = self.pace.refresh_s * 2 ** min(self._troubles, 8)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(least_s, max(TROUBLE_MAX_S, self.pace.refresh_s))):
                await ending.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._wakeup.wait()

    def _is(self, state: str, note: str) -> None:
        self.state, self.note = state, note

    def _stamp(self) -> dict[str, int]:
        return {**self.client.stamp(), "deadline": int(self.clock.now_s()) + PERISH_S}


def _least(bound: int | None, other: int) -> int:
    return other if bound is None else min(bound, other)


def _most(bound: int | None, other: int) -> int:
    return other if bound is None else max(bound, other)
