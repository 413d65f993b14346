"""What the properties are tried on: pools of every order of magnitude up to uint112."""

from hypothesis import settings
from hypothesis import strategies as st

from xyk.domain.units import POOL_FEE_BPS_MAX, RESERVE_MAX

moderate = settings(deadline=None, max_examples=120)


def up_to(high: int, low: int = 1) -> st.SearchStrategy[int]:
    """Integers whose number of bits is even, so that small and huge ones are both common."""
    return st.integers(1, high.bit_length()).flatmap(
        lambda bits: st.integers(low, max(low, min(high, 2**bits - 1)))
    )


reserves = up_to(RESERVE_MAX)
amounts = up_to(RESERVE_MAX)
fees = st.integers(0, POOL_FEE_BPS_MAX)
prices = up_to(2**128)
