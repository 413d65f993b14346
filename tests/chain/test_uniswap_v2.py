"""Ours against Uniswap V2's own contracts on a real EVM node: equal to the unit at each step."""

from random import Random

import pytest

from tests.chain.anvil import Anvil
from tests.chain.contract import keccak
from tests.chain.exchange import PureExchange
from tests.chain.lockstep import Lockstep
from tests.chain.packages import CORE, PERIPHERY, PERIPHERY_CORE, artifact
from tests.chain.steps import Add, Remove, SwapIn, SwapOut, Walk
from tests.chain.uniswap import Uniswap
from tests.chain.venue import LOCKED, PROTOCOL, Added, Refused, Removed, Swapped

pytestmark = [pytest.mark.slow, pytest.mark.chain]

EACH = 75  # steps of each of four kinds that change the pool; the refused ones come on top
RICH = (2**113, 2**113)  # enough to take a reserve past uint112
FUNDS = {"alice": RICH, "bob": RICH, "carol": (10**6, 10**9)}
OWNERS = {"alice": 50, "bob": 40, "carol": 5, PROTOCOL: 3}
E18 = 10**18

INIT_CODE_HASH = "96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"

# On a pool that alice opened with 10^6 A and 4 * 10^6 B: what each step is refused for.
OPENING = Add("alice", 10**6, 4 * 10**6)
FAULTS = (
    (Add("bob", 0, 5), "UniswapV2Library: INSUFFICIENT_AMOUNT"),
    (Add("bob", 1, 1), "UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED"),
    (Add("bob", 1_000, 5_000, 1_000, 4_001), "UniswapV2Router: INSUFFICIENT_B_AMOUNT"),
    (Add("bob", 2_000, 4_000, 1_001, 4_000), "UniswapV2Router: INSUFFICIENT_A_AMOUNT"),
    (Add("bob", 2**110, 2**112), "UniswapV2: OVERFLOW"),
    (Add("carol", 10**6 + 1, 10**9), "TransferHelper: TRANSFER_FROM_FAILED"),
    (Remove("bob", 1), "ds-math-sub-underflow"),
    (Remove("alice", 0), "UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED"),
    (Remove("alice", 1), "UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED"),
    (Remove("alice", 2 * 10**6 - 999), "ds-math-sub-underflow"),
    (Remove("alice", 1_000, 501, 2_000), "UniswapV2Router: INSUFFICIENT_A_AMOUNT"),
    (Remove("alice", 1_000, 500, 2_001), "UniswapV2Router: INSUFFICIENT_B_AMOUNT"),
    (SwapIn("bob", True, 0), "UniswapV2Library: INSUFFICIENT_INPUT_AMOUNT"),
    (SwapIn("bob", False, 1), "UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT"),
    (SwapIn("bob", True, 1_000, 3_985), "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT"),
    (SwapIn("bob", True, 2**112 - 10**6), "UniswapV2: OVERFLOW"),
    (SwapIn("carol", True, 10**6 + 1), "TransferHelper: TRANSFER_FROM_FAILED"),
    (SwapOut("bob", True, 0), "UniswapV2Library: INSUFFICIENT_OUTPUT_AMOUNT"),
    (SwapOut("bob", True, 4 * 10**6), "invalid opcode: INVALID"),
    (SwapOut("bob", True, 4 * 10**6 + 1), "ds-math-sub-underflow"),
    (SwapOut("bob", True, 1_000, 250), "UniswapV2Router: EXCESSIVE_INPUT_AMOUNT"),
)
# The same steps, one unit within the bound.
ALLOWED = (
    (Add("bob", 1_000, 5_000, 1_000, 4_000), Added(1_000, 4_000, 2_000)),
    (Remove("bob", 2_000, 1_000, 4_000), Removed(1_000, 4_000)),
    (Add("bob", 2_000, 4_000, 1_000, 4_000), Added(1_000, 4_000, 2_000)),
    (Remove("bob", 1_000, 500, 2_000), Removed(500, 2_000)),
    (Remove("bob", 1_000), Removed(500, 2_000)),
    (SwapIn("bob", True, 1_000, 3_984), Swapped(1_000, 3_984)),
    (
        SwapIn("bob", True, 2**112 - 1 - 10**6 - 1_000),
        Swapped(2**112 - 1 - 10**6 - 1_000, 3_996_015),
    ),
)
# On a pool that nobody opened yet.
FAULTS_OF_NO_POOL = (
    (Add("bob", 999, 1_000), "ds-math-sub-underflow"),
    (Add("bob", 1_000, 1_001), "UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED"),
    (Remove("bob", 1), "ds-math-sub-underflow"),
    (SwapIn("bob", True, 1_000), "UniswapV2Library: INSUFFICIENT_LIQUIDITY"),
    (SwapOut("bob", True, 1_000), "UniswapV2Library: INSUFFICIENT_LIQUIDITY"),
)


def venues(
    node: Anvil, *, a_is_token0: bool = True, a_is_base: bool = True
) -> tuple[PureExchange, Uniswap]:
    uniswap = Uniswap(node, funds=FUNDS, a_is_token0=a_is_token0)
    return PureExchange(funds=FUNDS, start_s=uniswap.now_s, a_is_base=a_is_base), uniswap


@pytest.mark.usefixtures("anvil")
def test_the_router_looks_for_the_pairs_of_this_factory() -> None:
    """The router finds a pair by the hash of its creation code; another build has no pools."""
    for folder in (CORE, PERIPHERY_CORE):
        pair = bytes.fromhex(artifact(folder, "UniswapV2Pair")["bytecode"].removeprefix("0x"))
        assert keccak(pair).hex() == INIT_CODE_HASH
    assert INIT_CODE_HASH in artifact(PERIPHERY, "UniswapV2Router02")["bytecode"]


@pytest.mark.parametrize(
    ("seed", "a_is_token0", "a_is_base"), [(1, True, True), (2, False, True), (3, True, False)]
)
def test_random_steps_are_equal_to_the_last_unit(
    node: Anvil, seed: int, a_is_token0: bool, a_is_base: bool
) -> None:
    ours, uniswap = venues(node, a_is_token0=a_is_token0, a_is_base=a_is_base)
    both = Lockstep(ours, uniswap, name=f"seed {seed}")

    both.walk(Walk(Random(seed), uniswap, owners=OWNERS), each=EACH)

    assert both.accepted.total() >= 320
    assert len(both.refused) >= 10
    assert both.protocol_minted
    assert None not in vars(ours.snapshot()).values()


def test_every_refusal_of_the_router_is_one_of_ours(node: Anvil) -> None:
    both = Lockstep(*venues(node), name="faults")
    for step, reason in FAULTS_OF_NO_POOL:
        assert both.step(step) == Refused(reason), step
    assert both.step(OPENING) == Added(10**6, 4 * 10**6, 2 * 10**6 - 1_000)
    for step, reason in FAULTS:
        assert both.step(step) == Refused(reason), step
    for step, done in ALLOWED:
        assert both.step(step) == done


def test_switching_the_protocol_fee_is_equal(node: Anvil) -> None:
    """Off forgets kLast at the next deposit or withdrawal; on counts from the next one."""
    ours, uniswap = venues(node)
    both = Lockstep(ours, uniswap, name="switching")
    swap, add = SwapIn("bob", True, 100 * E18), Add("alice", 1_000 * E18, 1_000 * E18)
    shares = []
    for on in (False, True, True, False, False, True, True):
        both.set_protocol_fee(on=on)
        both.step(swap)
        assert isinstance(both.step(add), Added)
        assert (both.now.k_last != 0) == on
        shares.append(both.now.shares[PROTOCOL])
    assert (
        0 == shares[0] == shares[1] < shares[2] == shares[3] == shares[4] == shares[5] < shares[6]
    )

    walk = Walk(Random(4), uniswap, owners=OWNERS)
    for turn in range(10):
        both.set_protocol_fee(on=turn % 2 == 0)
        both.walk(walk, each=2)


def test_the_protocol_fee_is_the_published_one(node: Anvil) -> None:
    """v2-core's own test `feeTo:on`, so that not only the two sides agree."""
    both = Lockstep(*venues(node), name="feeTo:on")
    assert both.step(Add("alice", 1_000 * E18, 1_000 * E18)) == Added(
        1_000 * E18, 1_000 * E18, 1_000 * E18 - 1_000
    )
    swap = SwapOut("bob", sell_a=False, amount_out=996006981039903216)
    assert both.step(swap) == Swapped(E18, 996006981039903216)
    assert isinstance(both.step(Remove("alice", both.now.shares["alice"])), Removed)
    assert both.now.total_supply == 1_000 + 249750499251388
    assert both.now.shares[PROTOCOL] == 249750499251388
    assert both.now.shares[LOCKED] == 1_000
    assert both.now.reserve_a == 1_000 + 249501683697445
    assert both.now.reserve_b == 1_000 + 250000187312969


def test_an_exact_division_costs_one_unit_more(node: Anvil) -> None:
    """V2's getAmountIn is floor + 1, which is not the ceiling where the division leaves nothing."""
    both = Lockstep(*venues(node), name="floor + 1")
    both.step(Add("alice", 997_000, 2_000))
    assert both.step(SwapOut("bob", True, 1_000)) == Swapped(10**6 + 1, 1_000)


@pytest.mark.parametrize(("deadline_in_s", "refused"), [(1, False), (0, False), (-1, True)])
def test_a_deadline_includes_its_second(node: Anvil, deadline_in_s: int, refused: bool) -> None:
    ours, uniswap = venues(node)
    both = Lockstep(ours, uniswap, name="deadline")
    both.step(Add("alice", E18, E18))
    ours.deadline_in_s = uniswap.deadline_in_s = deadline_in_s
    done = both.step(SwapIn("bob", True, 10**9), wait_s=10)
    assert isinstance(done, Refused) == refused
    assert both.refused.keys() == ({"UniswapV2Router: EXPIRED"} if refused else set())


def test_prices_accumulate_over_the_seconds_between_steps(node: Anvil) -> None:
    """Of several steps in a second the state before the first counts; a refused one is nothing."""
    both = Lockstep(*venues(node), name="clock")
    both.step(Add("alice", 3 * E18, 3 * E18))
    both.step(SwapIn("bob", True, 10**9), wait_s=1)
    assert (both.now.cumulative_a, both.now.cumulative_b) == (2**112, 2**112)
    both.step(SwapIn("bob", False, 10**9))
    both.step(SwapIn("carol", False, 10**12), wait_s=7)
    assert both.refused.keys() == {"TransferHelper: TRANSFER_FROM_FAILED"}
    assert (both.now.cumulative_a, both.now.cumulative_b) == (2**112, 2**112)
