"""What a person of the simulation might want next, knowing little more than the answers it got."""

from collections.abc import Callable
from random import Random
from typing import Any

from xyk.domain import commands as cm
from xyk.domain.units import ZERO_ADDRESS
from xyk.simulation.cast import DECIMALS, LOT, SHARES, TICK, TOKENS, Cast, Person

Wish = tuple[Any, dict[str, Any]]
USDC, BTC, ETH = (TOKENS[symbol] for symbol in ("USDC", "BTC", "ETH"))
PRICE = 2_000  # USDC of an ETH, about
REMEMBERED = 24

WEIGHTS = {
    "swap_in": 16,
    "swap_out": 10,
    "order": 26,
    "trigger": 8,
    "add": 6,
    "remove": 4,
    "replace": 8,
    "cancel": 7,
    "cancel_all": 2,
    "timer": 3,
    "transfer": 7,
    "withdraw": 4,
    "approve": 3,
    "revoke": 1,
    "approve_key": 3,
    "revoke_key": 1,
}


class Wishes:
    def __init__(
        self, person: Person, cast: Cast, chance: Random, now_s: Callable[[], int]
    ) -> None:
        self._person = person
        self._cast = cast
        self._chance = chance
        self._now_s = now_s
        self._orders: list[tuple[str, str, bool, int]] = []  # id, digest, is a bid, lots
        self._is_operator = person is cast.operator
        self._clients = 0
        self._kinds: dict[str, Callable[[], Wish]] = {
            "swap_in": self._swap_in,
            "swap_out": self._swap_out,
            "order": self._order_wish,
            "trigger": self._trigger,
            "add": self._add,
            "remove": self._remove,
            "replace": self._replace,
            "cancel": self._cancel,
            "cancel_all": self._cancel_all,
            "timer": self._timer,
            "transfer": self._transfer,
            "withdraw": self._withdraw,
            "approve": self.approve,
            "revoke": self._revoke,
            "approve_key": self.approve_key,
            "revoke_key": self._revoke_key,
        }

    def action(self) -> Wish:
        if self._is_operator and self._chance.random() < 0.3:
            return self._govern()
        [name] = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        wish: Wish = self._kinds[name]()
        return wish

    def gift(self, symbol: str = "") -> tuple[str, int]:
        symbol = symbol or self._chance.choice(list(TOKENS))
        return TOKENS[symbol], {"USDC": 200_000, "BTC": 10, "ETH": 100}[symbol] * 10 ** DECIMALS[
            symbol
        ]

    def learn(self, action: Any, view: dict[str, Any]) -> None:
        if isinstance(action, cm.PlaceOrder):
            self.placed(view["order"])

    def placed(self, order: dict[str, Any]) -> None:
        is_bid = order["side"] == "Bid"
        lots = int(float(order["quantity"]) * 10_000)
        self._orders.append((order["id"], order.get("digest") or "", is_bid, lots))
        del self._orders[:-REMEMBERED]

    def key_request(self) -> tuple[str, dict[str, Any]]:
        dice = self._chance.random()
        if dice < 0.1:
            return "orderCancelAll", {"symbol": "ETH_USDC"}
        if dice < 0.25 and self._orders:
            return "orderCancel", {"orderId": self._order()[0], "symbol": "ETH_USDC"}
        side = self._chance.choice(("Bid", "Ask"))
        body = {"symbol": "ETH_USDC", "side": side}
        lots = self._lots()
        body["quantity"] = f"{lots // 10_000}.{lots % 10_000:04}"
        if dice < 0.45:
            return "orderExecute", {**body, "orderType": "Market"}
        cents = self._cents(side == "Bid")
        body |= {"orderType": "Limit", "price": f"{cents // 100}.{cents % 100:02}"}
        if self._chance.random() < 0.3:
            body["timeInForce"] = self._chance.choice(("IOC", "FOK", "GTC"))
        return "orderExecute", body

    # Each gives an action and its fields.

    def _pair(self) -> tuple[str, str]:
        pairs = [(ETH, USDC), (USDC, ETH), (ETH, BTC), (BTC, ETH), (USDC, BTC), (BTC, USDC)]
        return self._chance.choice(pairs)

    def _amount(self, token: str) -> int:
        """Worth up to a few thousand dollars; now and then dust, or more than anybody has."""
        unit = {USDC: 10**6, BTC: 10**5 // 2, ETH: 10**18 // PRICE}[token]
        dice = self._chance.random()
        if dice < 0.06:
            return self._chance.randint(1, 1_000)
        if dice < 0.12:
            return unit * 10**6
        return self._chance.randint(1, 4_000 * unit)

    def _swap_in(self) -> Wish:
        one, other = self._pair()
        least = self._amount(other) if self._chance.random() < 0.1 else 0
        return cm.SwapExactIn, {
            "token_in": one,
            "token_out": other,
            "amount_in": self._amount(one),
            "min_amount_out": least,
        }

    def _swap_out(self) -> Wish:
        one, other = self._pair()
        return cm.SwapExactOut, {
            "token_in": one,
            "token_out": other,
            "amount_out": self._amount(other),
            "max_amount_in": self._amount(one) * 3,
        }

    def _lots(self) -> int:
        return self._chance.randint(1, 30_000)

    def _cents(self, is_bid: bool) -> int:
        """About the price; most orders would rest, some take."""
        away = self._chance.randint(-250, 350) * (-1 if is_bid else 1)
        return PRICE * 100 * (10_000 + away) // 10_000

    def _terms(self, is_bid: bool, lots: int, cents: int) -> dict[str, Any]:
        base, quote = lots * LOT, lots * LOT * cents * TICK // 10**18
        sell, buy = (USDC, ETH) if is_bid else (ETH, USDC)
        return {
            "sell_token": sell,
            "buy_token": buy,
            "sell_amount": quote if is_bid else base,
            "buy_amount": base if is_bid else quote,
        }

    def _order_fields(self) -> dict[str, Any]:
        is_bid = self._chance.random() < 0.5
        self._clients += 1
        return {
            **self._terms(is_bid, self._lots(), self._cents(is_bid)),
            "time_in_force": "",
            "post_only": False,
            "self_trade_prevention": self._chance.choice(("", "RejectMaker", "RejectBoth")),
            "trigger_price": 0,
            "trigger_above": False,
            "client_id": self._clients if self._chance.random() < 0.3 else 0,
            "expires": 0,
        }

    def _order(self) -> tuple[str, str, bool, int]:
        return self._chance.choice(self._orders)

    def _order_wish(self) -> Wish:
        fields = self._order_fields()
        dice = self._chance.random()
        if dice < 0.2:
            fields["time_in_force"] = "GTD"
            fields["expires"] = self._now_s() + self._chance.randint(2, 25)
        elif dice < 0.3:
            fields["time_in_force"] = "IOC"
        elif dice < 0.36:
            fields["time_in_force"] = "FOK"
        elif dice < 0.5:
            fields["post_only"] = True
        return cm.PlaceOrder, fields

    def _trigger(self) -> Wish:
        fields = self._order_fields()
        above = self._chance.random() < 0.5
        away = self._chance.randint(1, 120) * (1 if above else -1)
        fields["trigger_above"] = above
        fields["trigger_price"] = PRICE * 10**6 * (10_000 + away) // 10_000
        return cm.PlaceOrder, fields

    def _add(self) -> Wish:
        return self.deposit(self._chance.choice((USDC, BTC)), self._chance.randint(1, 3 * 10**18))

    def deposit(self, other: str, base: int) -> Wish:
        each = {USDC: PRICE * 10**6, BTC: 10**8 // 20}[other]
        return cm.AddLiquidity, {
            "token_a": ETH,
            "token_b": other,
            "amount_a_desired": base,
            "amount_b_desired": base * each // 10**18 + 1,
            "amount_a_min": 0,
            "amount_b_min": 0,
        }

    def _remove(self) -> Wish:
        other = self._chance.choice((USDC, BTC))
        return cm.RemoveLiquidity, {
            "token_a": ETH,
            "token_b": other,
            "liquidity": self._chance.randint(1, 10**13),
            "amount_a_min": 0,
            "amount_b_min": 0,
        }

    def _replace(self) -> Wish:
        known = [order for order in self._orders if order[1]]
        if not known:
            return self._order_wish()
        _, digest, is_bid, lots = self._chance.choice(known)
        wanted = max(1, lots // self._chance.randint(1, 3))
        return cm.ReplaceOrder, {
            "order": digest,
            **self._terms(is_bid, wanted, self._cents(is_bid)),
        }

    def _cancel(self) -> Wish:
        if not self._orders:
            return self._cancel_all()
        return cm.CancelOrder, {"order_id": self._order()[0], "client_id": 0}

    def _cancel_all(self) -> Wish:
        return cm.CancelAllOrders, {"market": self._chance.choice(("", "ETH_USDC"))}

    def _timer(self) -> Wish:
        seconds = self._chance.choice((0, 1, 3, 8))
        return cm.CancelAllAfter, {"market": "", "timeout_seconds": seconds}

    def _payment(self) -> dict[str, Any]:
        token = self._chance.choice((USDC, BTC, ETH, SHARES))
        others = [one.address for one in self._cast.people if one is not self._person]
        amount = self._chance.randint(1, 10**12) if token == SHARES else self._amount(token)
        return {"token": token, "amount": amount, "recipient": self._chance.choice(others)}

    def _transfer(self) -> Wish:
        return cm.Transfer, self._payment()

    def _withdraw(self) -> Wish:
        payment = self._payment()
        if payment["token"] == SHARES:
            payment = {**payment, "token": USDC}
        return cm.Withdraw, payment

    def approve(self) -> Wish:
        until = self._now_s() + self._chance.choice((20, 3_600))
        return cm.ApproveAgent, {"agent": self._person.agent.address, "valid_until": until}

    def _revoke(self) -> Wish:
        return cm.RevokeAgent, {"agent": self._person.agent.address}

    def approve_key(self) -> Wish:
        until = self._now_s() + self._chance.choice((20, 3_600))
        return cm.ApproveApiKey, {"public_key": self._person.key.public_key, "valid_until": until}

    def _revoke_key(self) -> Wish:
        return cm.RevokeApiKey, {"public_key": self._person.key.public_key}

    def _govern(self) -> Wish:
        if self._chance.random() < 0.3:
            recipient = self._chance.choice((ZERO_ADDRESS, self._person.address))
            return cm.SetProtocolFee, {"recipient": recipient}
        status = self._chance.choice(("open",) * 6 + ("cancel_only", "paused"))
        market = self._chance.choice(("*", "ETH_USDC"))
        return cm.SetMarketStatus, {"market": market, "status": status}
