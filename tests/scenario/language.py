"""The table language: one line is one step, `what somebody does -> what comes of it`.

Amounts are whole tokens (`1_813.221787 USDC`), or base units with a u (`1u ETH`); shares have 18
decimals. A step without an arrow is set-up and must succeed. Where several things come of a step,
each has an arrow and a line of its own; a picture of the book goes on in lines that begin with |.
`by bot` at the end of a step signs it with an agent, `late` with a deadline that has passed;
`after 60 s` lets that time pass first, `3 times` repeats it. Every step also goes to the naive
twin, which must say the same, event by event, and every invariant is checked after it, number 6
too (`Minds`).
"""

import re
from collections.abc import Callable
from hashlib import sha256

from tests.naive.vault import Fields
from tests.simulation.cast import OPERATOR, START_MS, ZERO, sandbox
from tests.simulation.minds import Minds
from xyk.domain.events import OrderPlaced

NUMBER = r"[\d_.]+u?"
AMOUNT = rf"{NUMBER} [A-Za-z0-9]+"
Step = Callable[..., str]
VERBS: list[tuple[re.Pattern[str], Step]] = []


def verb(pattern: str) -> Callable[[Step], Step]:
    """The function reads the steps that match; it gets the stage and the groups."""

    def remember(step: Step) -> Step:
        VERBS.append((re.compile(pattern), step))
        return step

    return remember


NAMES = {OPERATOR: "operator", ZERO: "nobody"}


def address(name: str) -> str:
    known = {"operator": OPERATOR, "nobody": ZERO}
    found = known.get(name) or "0x" + sha256(name.encode()).hexdigest()[:40]
    return NAMES.setdefault(found, name) and found


def steps(table: str) -> list[str]:
    """A step with all its lines in one; comments are left out."""
    found: list[str] = []
    for line in filter(None, map(str.strip, table.splitlines())):
        if line.startswith(("->", "|")):
            both_arrows = line.startswith("->") and "->" in found[-1]
            found[-1] += f"; {line[2:].strip()}" if both_arrows else f" {line}"
        elif not line.startswith("#"):
            found.append(line)
    return found


class Stage:
    def __init__(self) -> None:
        self.minds = Minds(sandbox(), START_MS)
        self.now_ms = START_MS
        self.slot = 0
        self.signer = ""
        self.late = False
        self.before = 0  # entries before the last step
        self.placed: dict[tuple[str, str], OrderPlaced] = {}  # by owner's name and order's number

    def play(self, table: str) -> None:
        for line in steps(table):
            self.step(line)

    def step(self, line: str) -> None:
        sign = "->" if "->" in line else "|"
        act, arrow, expected = (" ".join(part.split()) for part in line.partition(sign))
        if arrow == "|":
            expected = f"| {expected}"
        self.late = act.endswith(" late")
        act = act.removesuffix(" late")
        by = re.search(r" by (\w+)$", act)
        self.signer = address(by[1]) if by else ""
        act = act[: by.start()] if by else act
        later = re.search(r" after (\d+) s$", act)
        if later:
            self.now_ms += 1_000 * int(later[1])
            act = act[: later.start()]
        often = re.search(r" (\d+) times$", act)
        act = act[: often.start()] if often else act
        found = [(step, match) for pattern, step in VERBS if (match := pattern.fullmatch(act))]
        assert len(found) == 1, f"{len(found)} verbs read: {line}"
        for _ in range(int(often[1]) if often else 1):
            outcome = found[0][0](self, *found[0][1].groups())
        expected = re.sub(r"(?<=\d)_(?=\d)", "", expected)
        assert outcome == expected if arrow else not outcome.startswith("rejected"), (
            f"{line}\n    -> {outcome}"
        )

    def send(self, kind: str, who: str, **fields: object) -> str | Fields:
        self.slot += 1
        now_s = self.now_ms // 1000
        signed = {"owner": address(who), **fields}
        if kind != "FaucetDeposit":
            signed["nonce"] = (now_s - self.slot // 256) << 8 | self.slot % 256
            signed["deadline"] = now_s - 1 if self.late else now_s + 60
        self.before = len(self.minds.entries)
        outcome = self.minds.do(kind, signed, self.signer or address(who), self.now_ms)
        return f"rejected {outcome}" if isinstance(outcome, str) else outcome

    def token(self, symbol: str) -> str:
        listed = {asset["symbol"]: asset["token"] for asset in self.minds.twin.assets}
        return str(listed.get(symbol, "0x" + "99" * 20))

    def units(self, text: str, symbol: str) -> int:
        digits = text.replace("_", "")
        if digits.endswith("u"):
            return int(digits[:-1])
        whole, _, part = digits.partition(".")
        places = self.places(symbol)
        assert len(part) <= places, f"{symbol} has {places} decimals"
        return int(whole + part.ljust(places, "0"))

    def both(self, text: str) -> tuple[str, int]:
        """Symbol and base units of `10 ETH`."""
        number, symbol = text.split()
        return symbol, self.units(number, symbol)

    def places(self, symbol: str) -> int:
        assets = self.minds.twin.assets
        return next((a["decimals"] for a in assets if a["symbol"] == symbol), 18)

    def show(self, units: int, symbol: str) -> str:
        places = self.places(symbol)
        digits = str(units).rjust(places + 1, "0")
        whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
        return f"{whole}.{part} {symbol}" if part else f"{whole} {symbol}"


def told(outcome: str | Fields, tell: Callable[[Fields], str]) -> str:
    return outcome if isinstance(outcome, str) else tell(outcome)
