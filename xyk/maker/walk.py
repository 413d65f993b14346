"""A seeded random walk of a price in integers: the same seed, the same way."""

import random

from xyk.maker.quoting import Price

PPM = 1_000_000
STEP_PPM = 400  # the furthest that a step goes; all ways as likely
PULL = 2_000  # a step takes back one such part of the distance to the anchor


class Walk:
    """Around `anchor`, from `start`. Each step moves it by up to STEP_PPM millionths, and a little
    back to the anchor, so that after days it is still a price of the same kind."""

    def __init__(self, seed: int | str, anchor: Price, start: Price | None = None) -> None:
        self._chance = random.Random(seed)
        self._anchor = anchor
        first = start or anchor
        # Of the anchor, in parts of PPM * PPM, so that small steps are not lost by rounding.
        self._parts = first.quote * anchor.base * PPM * PPM // (first.base * anchor.quote)

    def price(self) -> Price:
        return Price(self._anchor.quote * self._parts, self._anchor.base * PPM * PPM)

    def step(self) -> Price:
        drawn = self._chance.randint(-STEP_PPM, STEP_PPM)
        back = (PPM * PPM - self._parts) // PULL
        self._parts = max(self._parts + self._parts * drawn // PPM + back, 1)
        return self.price()
