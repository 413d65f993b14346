"""Random sign-ins, sign-outs and cancels by sessions, to the exchange and to its naive twin."""

from collections import Counter
from random import Random

import pytest

from tests.naive.vault import Fields
from tests.simulation.cast import ALICE, BOB, OWNERS, START_MS, sandbox
from tests.simulation.minds import Minds

DAY_S = 86_400
SEEDS = range(12)
NAMES = [f"0x{number:064x}" for number in range(1, 13)]


class Desk:
    """Who signs in, and what orders there are to cancel."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.minds = Minds(sandbox(), START_MS)
        self.now_ms = START_MS
        self.nonce = 0
        for owner in OWNERS[:2]:
            fields = {"owner": owner, "token": self.minds.twin.token("USDC"), "amount": 10**12}
            self.minds.do("FaucetDeposit", fields, "", self.now_ms)

    def place(self, owner: str) -> None:
        now_s, twin = self.now_ms // 1000, self.minds.twin
        self.nonce += 1
        fields: Fields = {
            "owner": owner,
            "sellToken": twin.token("USDC"),
            "buyToken": twin.token("ETH"),
            "sellAmount": 2_000 * 10**6,
            "buyAmount": 10**18,
            "timeInForce": "GTC",
            "postOnly": False,
            "selfTradePrevention": "",
            "triggerPrice": 0,
            "triggerAbove": False,
            "clientId": self.random.choice((0, self.nonce)),
            "expires": 0,
            "nonce": (now_s << 8) + self.nonce % 256,
            "deadline": now_s + 60,
        }
        self.minds.do("PlaceOrder", fields, owner, self.now_ms)

    def step(self) -> tuple[str, str]:
        """The kind, and the code of refusal or nothing."""
        pick = self.random.choice
        self.now_ms += pick((0, 1, 1_000, 60_000, 3_600_000, DAY_S * 1000))
        now_s, owner, name = self.now_ms // 1000, pick(OWNERS[:2]), pick(NAMES)
        if self.random.random() < 0.4:
            self.place(owner)
        kind = pick(("OpenSession", "OpenSession", "CloseSession", "CancelOrder", "CancelOrder"))
        kind = pick((kind, kind, kind, "CancelAllOrders", "CancelAllAfter"))
        signer, fields = name, {"owner": owner}
        if kind == "OpenSession":
            ends = (0, -1, 1, 600, DAY_S, 30 * DAY_S, 30 * DAY_S + 1)
            fields |= {"session": name, "expires": now_s + pick(ends)}
            signer = pick((owner, owner, owner, BOB, ALICE))
        elif kind == "CloseSession":
            fields["session"] = pick((name, name, name, pick(NAMES)))
        else:
            stamp = pick((0, 0, 0, 0, 1))
            fields |= {"nonce": stamp * now_s << 8, "deadline": pick((0, 0, 0, stamp)) * now_s}
            if kind == "CancelOrder":
                orders = [order["id"] for order in self.minds.twin.orders] or [1]
                fields |= {"orderId": str(pick(orders)), "clientId": 0}
            else:
                fields["market"] = pick(("", "ETH_USDC", "BTC_USDC", "NO_SUCH"))
                if kind == "CancelAllAfter":
                    fields["timeoutSeconds"] = 60
        outcome = self.minds.do_by_session(kind, fields, signer, self.now_ms)
        return kind, outcome if isinstance(outcome, str) else ""


@pytest.mark.parametrize("seed", SEEDS)
def test_both_minds_agree_on_sessions(seed: int) -> None:
    desk = Desk(seed)
    for _ in range(250):
        desk.step()
    assert desk.minds.replayed().digest() == desk.minds.state.digest()


def test_the_seeds_meet_every_outcome() -> None:
    met: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        desk = Desk(seed)
        met.update(desk.step() for _ in range(250))
    expected = {
        ("OpenSession", ""),
        *(("OpenSession", code) for code in ("INVALID_SIGNATURE", "EXPIRED", "NONCE_USED")),
        *(("CloseSession", code) for code in ("", "UNAUTHORIZED", "FORBIDDEN")),
        *(("CancelAllOrders", c) for c in ("", "UNAUTHORIZED", "FORBIDDEN", "INVALID_MARKET")),
        *(("CancelOrder", c) for c in ("", "UNAUTHORIZED", "FORBIDDEN", "RESOURCE_NOT_FOUND")),
        *(("CancelAllAfter", code) for code in ("UNAUTHORIZED", "FORBIDDEN")),
    }
    assert set(met) == expected
