"""Two venues that take the same steps and must stay equal: ours and Uniswap's.

Ours goes first, because its clock may be the wall's; Uniswap's block is then mined at that second.
"""

from collections import Counter

from tests.chain.steps import Add, Done, Remove, Step, SwapOut, Walk, perform
from tests.chain.uniswap import Uniswap
from tests.chain.venue import PROTOCOL, Refused, Snapshot, Venue

KINDS = ("Add", "Remove", "SwapIn", "SwapOut")
STEPS_MAX_FOR_ONE = 40

# V2's revert text -> what ours may call the same fault. A pool that nobody seeded does not exist in
# ours, and that comes before a fault of the amount.
REFUSALS = {
    "UniswapV2Library: INSUFFICIENT_AMOUNT": {"INVALID_QUANTITY"},
    "UniswapV2Library: INSUFFICIENT_INPUT_AMOUNT": {"INVALID_QUANTITY", "POOL_NOT_FOUND"},
    "UniswapV2Library: INSUFFICIENT_OUTPUT_AMOUNT": {"INVALID_QUANTITY", "POOL_NOT_FOUND"},
    "UniswapV2Library: INSUFFICIENT_LIQUIDITY": {"POOL_NOT_FOUND"},
    "UniswapV2Router: EXPIRED": {"EXPIRED"},
    "UniswapV2Router: INSUFFICIENT_A_AMOUNT": {"SLIPPAGE_EXCEEDED"},
    "UniswapV2Router: INSUFFICIENT_B_AMOUNT": {"SLIPPAGE_EXCEEDED"},
    "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT": {"SLIPPAGE_EXCEEDED"},
    "UniswapV2Router: EXCESSIVE_INPUT_AMOUNT": {"SLIPPAGE_EXCEEDED"},
    "UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT": {"INSUFFICIENT_LIQUIDITY"},
    "UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED": {"INSUFFICIENT_LIQUIDITY", "INVALID_QUANTITY"},
    "UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED": {"INSUFFICIENT_LIQUIDITY", "INVALID_QUANTITY"},
    "UniswapV2: OVERFLOW": {"RESERVE_OVERFLOW"},
    "TransferHelper: TRANSFER_FROM_FAILED": {"INSUFFICIENT_FUNDS", "INVALID_QUANTITY"},
}

# Where V2 stumbles over its own arithmetic instead of checking.
UNDERFLOW = "ds-math-sub-underflow"
STUMBLES = {
    (Add, UNDERFLOW): {"INSUFFICIENT_LIQUIDITY"},  # a first deposit below MINIMUM_LIQUIDITY
    (Remove, UNDERFLOW): {"INSUFFICIENT_FUNDS", "POOL_NOT_FOUND"},  # more shares than owned
    (Remove, "execution reverted"): {"POOL_NOT_FOUND"},  # divides by the supply of an empty pool
    (SwapOut, UNDERFLOW): {"INSUFFICIENT_LIQUIDITY"},  # more than the reserve
    (SwapOut, "invalid opcode: INVALID"): {"INSUFFICIENT_LIQUIDITY"},  # the whole reserve
}


class Lockstep:
    """`accepted` counts steps by kind, `refused` V2's reasons; `now` is Uniswap's newest state.

    `protocol_minted` says whether the protocol's account has grown by any step.
    """

    def __init__(self, ours: Venue, uniswap: Uniswap, *, name: str) -> None:
        self._ours = ours
        self._uniswap = uniswap
        self._name = name
        self._count = 0
        self.protocol_minted = False
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.now: Snapshot = self._compare("start")

    def set_protocol_fee(self, *, on: bool) -> None:
        self._ours.set_protocol_fee(on=on)
        self._uniswap.set_protocol_fee(on=on)

    def step(self, step: Step, *, wait_s: int = 0) -> Done:
        """Both take the step; what Uniswap did. Fails where that or anything after it differs."""
        self._count += 1
        self._ours.wait(wait_s)
        ours = perform(self._ours, step)
        self._uniswap.now_s = self._ours.now_s
        theirs = perform(self._uniswap, step)
        told = f"{self._name}, step {self._count}: {step}\nours: {ours}\nUniswap: {theirs}"
        if isinstance(theirs, Refused):
            self.refused[theirs.reason] += 1
            assert isinstance(ours, Refused), f"only Uniswap refused\n{told}"
            allowed = REFUSALS.get(theirs.reason) or STUMBLES.get(
                (type(step), theirs.reason), set()
            )
            assert ours.reason in allowed, f"refused for another reason\n{told}"
        else:
            self.accepted[type(step).__name__] += 1
            assert ours == theirs, f"the outcomes differ\n{told}"
        before, self.now = self.now, self._compare(told)
        self.protocol_minted |= self.now.shares[PROTOCOL] > before.shares[PROTOCOL]
        return theirs

    def walk(self, walk: Walk, *, each: int) -> None:
        """Random steps until so many more of each kind were accepted.

        The refused ones are compared too, and come on top.
        """
        goals = {kind: self.accepted[kind] + each for kind in KINDS}
        give_up = self._count + STEPS_MAX_FOR_ONE * each
        while any(self.accepted[kind] < goal for kind, goal in goals.items()):
            assert self._count < give_up, f"{self._name}: the walk is stuck at {self.now}"
            self.step(walk.step(self.now), wait_s=walk.wait_s())

    def _compare(self, told: str) -> Snapshot:
        theirs = self._uniswap.snapshot()
        differences = self._ours.snapshot().differences(theirs)
        assert not differences, "\n".join([f"ours != Uniswap's after {told}", *differences])
        return theirs
