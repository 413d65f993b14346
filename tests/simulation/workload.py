"""Seeded random commands: most plausible, many exactly at an edge or one unit beyond it.

The workload looks at the twin to aim (balances, reserves, what a swap would give), never to judge.
Everything follows from the seed.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from tests.naive.pair import RESERVE_MAX
from tests.naive.twin import Twin
from tests.naive.vault import Fields
from tests.simulation.cast import AGENTS, ASSETS, KEYS, MALLORY, OPERATOR, OWNERS, ZERO
from tests.simulation.key_verbs import KEY_KINDS, KeyVerbs
from tests.simulation.operator_verbs import OperatorVerbs
from tests.simulation.swap_verbs import SwapVerbs

DAY_S = 24 * 60 * 60

WEIGHTS = {
    "PlaceOrder": 56,
    "ReplaceOrder": 14,
    "CancelOrder": 5,
    "CancelAllOrders": 1,
    "CancelAllAfter": 2,
    "SwapExactIn": 20,
    "SwapExactOut": 16,
    "AddLiquidity": 10,
    "RemoveLiquidity": 6,
    "FaucetDeposit": 6,
    "Transfer": 5,
    "Withdraw": 4,
    "ApproveAgent": 5,
    "RevokeAgent": 1,
    "ApproveApiKey": 2,
    "RevokeApiKey": 1,
    "ExecuteOrder": 24,
    "CancelOpenOrder": 3,
    "CancelOpenOrders": 1,
    "ListAsset": 2,
    "ListMarket": 3,
    "UpdateMarket": 2,
    "SetMarketStatus": 2,
    "SetProtocolFee": 3,
    "SetOperator": 1,
}
SYSTEM = ("FaucetDeposit",)


Couple = tuple[str, str]  # an owner and an agent of it
Draft = tuple[str, Fields]  # a kind, and its fields without signer, nonce and deadline


class Step(NamedTuple):
    kind: str
    fields: Fields
    signer: str
    now_ms: int


class Workload(OperatorVerbs, KeyVerbs, SwapVerbs):
    def __init__(self, random: Random, twin: Twin, bits: int) -> None:
        super().__init__(random, twin, bits)
        self.steps = 0
        self.slot = 0
        self.opening = self._opening() if random.random() < 0.85 else []
        self.used: list[tuple[str, int]] = []  # (signer, nonce) of what was sent

    def _opening(self) -> list[Callable[[], Draft]]:
        """Three owners get some of everything, and most markets a first deposit."""
        funding: list[Callable[[], Draft]] = [
            partial(self._first_funds, owner, asset) for asset in ASSETS for owner in OWNERS[:3]
        ]
        deposits: list[Callable[[], Draft]] = [
            partial(self._first_deposit, market)
            for market in self.twin.markets
            if self.random.random() < 0.75
        ]
        approvals: list[Callable[[], Draft]] = [partial(self._first_agent, a) for a in OWNERS[:3]]
        approvals += [partial(self._first_key, *one) for one in zip(OWNERS, KEYS, strict=False)]
        return [*funding, *deposits, *approvals][::-1]

    def _first_key(self, owner: str, key: str) -> Draft:
        approval = {"owner": owner, "publicKey": key}
        return "ApproveApiKey", approval | {"validUntil": self.twin.now_ms // 1000 + 10**7}

    def _first_agent(self, owner: str) -> Draft:
        approval = {"owner": owner, "agent": self.random.choice(AGENTS[:2])}
        return "ApproveAgent", approval | {"validUntil": self.twin.now_ms // 1000 + 10**7}

    def _first_funds(self, owner: str, asset: str) -> Draft:
        amount = self.random.randint(1 << self.bits - 3, (1 << self.bits) - 1)
        return "FaucetDeposit", self.deposit(owner, asset, amount)

    def _first_deposit(self, name: str) -> Draft:
        market, owner = self.twin.markets[name], self.random.choice(OWNERS[:3])
        fields: Fields = {"owner": owner}
        for side, asset in (("A", market["base"]), ("B", market["quote"])):
            fields[f"token{side}"] = self.twin.token(asset)
            have = self.twin.balance(owner, asset)
            fields[f"amount{side}Desired"] = have >> self.random.choice((0, 1, 2, 4, 8))
            fields[f"amount{side}Min"] = 0
        return "AddLiquidity", fields

    def step(self) -> Step:
        now_ms, called = self._later()
        if self.opening:
            kind, fields = self.opening.pop()()
        else:
            self.aims_at_band = False
            weights = dict(WEIGHTS)
            if any(market["status"] != "open" for market in self.twin.markets.values()):
                weights["SetMarketStatus"] = 30
            kind = self.random.choices(list(weights), list(weights.values()))[0]
            fields = getattr(self, f"make_{kind}")()
        if kind in SYSTEM:
            return Step(kind, fields, "", now_ms)
        if kind in KEY_KINDS:
            kind, fields, signer, now_ms = self.by_key(kind, fields, now_ms)
            return Step(kind, fields, signer, now_ms)
        fields.setdefault("owner", self.random.choice(OWNERS))
        if called is not None:
            fields["owner"] = called[0]
        return self._sign(kind, fields, now_ms, called)

    # -- time, signer, nonce -----------------------------------------------------------------

    def _later(self) -> tuple[int, Couple | None]:
        """The next stamp; with an owner and an agent where it is chosen for an agent's end."""
        now_ms, dice = self.twin.now_ms, self.random.random()
        ends = [
            (int(agent["validUntil"]) * 1000 + 999, couple)
            for couple, agent in self.twin.agents.items()
            if now_ms <= agent["validUntil"] * 1000 + 999 <= now_ms + DAY_S * 1000
        ]
        if ends and dice < 0.06:  # the last millisecond of an agent, or the first one after it
            end_ms, couple = self.random.choice(ends)
            return end_ms + self.random.choice((0, 1)), couple
        alarms = [order["expires"] * 1000 for order in self.twin.orders if order["expires"]]
        alarms += self.twin.timers.values()
        if alarms and dice < 0.12:  # the last millisecond before the clock strikes, or its own
            return max(now_ms, min(alarms) + self.random.choice((-1, 0))), None
        if dice < 0.35:
            return now_ms, None
        if dice < 0.7:
            return now_ms + self.random.randint(1, 999), None
        if dice < 0.95:
            return now_ms + self.random.randint(1_000, 60_000), None
        if dice < 0.99:
            return now_ms + self.random.randint(60_000, 3_600_000), None
        return now_ms + self.random.randint(3_600_000, 3 * DAY_S * 1000), None

    def _sign(self, kind: str, fields: Fields, now_ms: int, called: Couple | None) -> Step:
        owner, now_s = fields["owner"], now_ms // 1000
        signer = owner
        live = self.random.random() < 0.9
        own = [
            agent
            for (of, agent), known in self.twin.agents.items()
            if of == owner and live != (known["revoked"] or known["validUntil"] < now_s)
        ]
        if called is not None:
            signer = called[1]
        elif own and self.random.random() < (0.8 if self.aims_at_band else 0.3):
            signer = self.random.choice(own)
        elif self.random.random() < 0.02:
            signer = self.random.choice((*AGENTS, MALLORY))
        self.slot += 1
        fields["nonce"] = (now_s - self.slot // 256) << 8 | self.slot % 256
        fields["deadline"] = now_s + self.random.choice((0, 60, 60, 60, DAY_S))
        if self.random.random() < 0.05:
            fields["deadline"] = now_s + self.random.choice((-1, DAY_S + 1))
        if self.random.random() < 0.04:
            second = now_s + self.random.choice((300, 301, -2 * DAY_S, -2 * DAY_S - 1))
            fields["nonce"] = second << 8 | self.random.randrange(256)
        used = self.random.choice(self.used) if self.used else None
        if used in self.twin.nonces and self.random.random() < 0.04:
            signer, fields["nonce"] = used
            if (owner, signer) not in self.twin.agents:
                fields["owner"] = signer
            if self.random.random() < 0.5:  # wait until the nonce is at the end of its window
                end_ms = ((fields["nonce"] >> 8) + 2 * DAY_S) * 1000
                now_ms = max(now_ms, end_ms + self.random.choice((-1, 0, 999, 1000)))
                fields["deadline"] = now_ms // 1000 + 60
        self.used.append((signer, fields["nonce"]))
        return Step(kind, fields, signer, now_ms)

    # -- verbs -------------------------------------------------------------------------------

    def make_AddLiquidity(self) -> Fields:
        one, other = self.couple()
        owner = self.holder(one)
        desired = [self.spend(owner, one), self.spend(owner, other)]
        if (seeded := self.seeded_between(one, other)) and self.random.random() < 0.5:
            pair, side = seeded
            if self.random.random() < 0.2:
                desired[0] = self.near(RESERVE_MAX - pair.reserves[side])
            # in the pool's ratio, to the unit or one off
            desired[1] = self.near(desired[0] * pair.reserves[1 - side] // pair.reserves[side])
        elif (edge := self.crossing_edge(one, other, desired[0])) and self.random.random() < 0.8:
            desired = [desired[0], self.near(edge)]
        elif self.random.random() < 0.1:
            desired = [self.random.randint(990, 1010)] * 2  # around the locked minimum
        elif self.twin.market_of(one, other) and self.random.random() < 0.2:
            # around the floors of a pool beside a book
            desired = [self.near(self.random.choice((10**6, self.lot(one, other)))) for _ in "ab"]
        fields: Fields = {
            "owner": owner,
            "tokenA": self.token(one),
            "tokenB": self.token(other),
            "amountADesired": desired[0],
            "amountBDesired": desired[1],
            "amountAMin": 0,
            "amountBMin": 0,
        }
        dice = self.random.random()
        if dice < 0.3:  # what an agent must insist on, or a unit less
            fields["amountAMin"] = self.near(-(-desired[0] * 95 // 100))
            fields["amountBMin"] = self.near(-(-desired[1] * 95 // 100))
        elif dice < 0.6 and (outcome := self.twin.imagine("AddLiquidity", fields)):
            amounts = self.a_and_b(outcome, one)
            fields["amountAMin"], fields["amountBMin"] = map(self.near, amounts)
        return fields

    def make_RemoveLiquidity(self) -> Fields:
        held = [key for key, amount in self.twin.balances.items() if amount and "LP:" in key[1]]
        held = [key for key in held if key[0] in OWNERS]
        if not held or self.random.random() < 0.1:
            one, other = self.couple()
            owner, liquidity = self.random.choice(OWNERS), self.amount()
        else:
            owner, shares = self.random.choice(held)
            market = self.twin.markets[shares.removeprefix("LP:")]
            one, other = self.random.sample((market["base"], market["quote"]), 2)
            everything = self.random.random() < 0.2
            liquidity = (
                self.twin.balance(owner, shares) if everything else self.spend(owner, shares)
            )
        fields: Fields = {
            "owner": owner,
            "tokenA": self.token(one),
            "tokenB": self.token(other),
            "liquidity": liquidity,
            "amountAMin": 0,
            "amountBMin": 0,
        }
        if self.random.random() < 0.4 and (outcome := self.twin.imagine("RemoveLiquidity", fields)):
            amounts = self.a_and_b(outcome, one)
            fields["amountAMin"], fields["amountBMin"] = map(self.near, amounts)
        return fields

    def make_FaucetDeposit(self) -> Fields:
        owner, asset = self.random.choice(OWNERS[:3]), self.random.choice(self.assets())
        amount = 1 << self.random.randint(max(1, self.bits - 12), self.bits - 1)
        if self.random.random() < 0.1:
            amount = self.random.choice((0, self.near(2**112 - 1)))
        return self.deposit(owner, asset, amount)

    def deposit(self, owner: str, asset: str, amount: int) -> Fields:
        return {"owner": owner, "token": self.token(asset), "amount": amount}

    def make_Transfer(self) -> Fields:
        every = [asset["symbol"] for asset in self.twin.assets]
        asset = self.random.choice(every)
        owner = self.holder(asset)
        return {
            "owner": owner,
            "token": self.token(asset),
            "amount": self.spend(owner, asset),
            "recipient": self.random.choice((*OWNERS, *OWNERS, OPERATOR, ZERO)),
        }

    def make_Withdraw(self) -> Fields:
        return self.make_Transfer()

    def make_ApproveAgent(self) -> Fields:
        lasts_s = self.random.choice((0, 1, 30, 600, DAY_S, 10**7, 10**7))
        valid_until = self.twin.now_ms // 1000 + lasts_s
        return {"agent": self.random.choice(AGENTS), "validUntil": valid_until}

    def make_RevokeAgent(self) -> Fields:
        return {"agent": self.random.choice(AGENTS)}

    def make_ApproveApiKey(self) -> Fields:
        valid_until = self.twin.now_ms // 1000 + self.random.choice((0, 600, 10**7))
        return {"publicKey": self.random.choice(KEYS), "validUntil": valid_until}

    def make_RevokeApiKey(self) -> Fields:
        return {"publicKey": self.random.choice(KEYS)}
