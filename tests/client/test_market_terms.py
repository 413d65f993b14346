"""Human numbers to base units and back, exact, and what is refused before it is signed."""

import pytest

from xyk.client.market_terms import MarketTerms, Unfit
from xyk.domain.decimals import base_units, whole_tokens

ETH = MarketTerms(
    symbol="ETH_USDC",
    base="ETH",
    quote="USDC",
    base_token="0x" + "e7" * 20,
    quote_token="0x" + "5d" * 20,
    base_decimals=18,
    quote_decimals=6,
    tick_size=10_000,
    lot_size=10**14,
)
FINE = ETH._replace(tick_size=1, lot_size=10**12)  # as a market that was made with its pool


def test_a_bid_and_an_ask() -> None:
    base, quote = 1_500_000_000_000_000_000, 3_000_750_000
    assert ETH.amounts("Bid", "2000.50", "1.5") == (ETH.quote_token, ETH.base_token, quote, base)
    assert ETH.amounts("Ask", "2000.5", "1.5000") == (ETH.base_token, ETH.quote_token, base, quote)
    # A float would have lost these.
    huge = ETH.amounts("Ask", "123456789012.34", "98765432109876543210.1234")
    assert huge.sell_amount == 98765432109876543210_1234 * 10**14
    assert huge.buy_amount == 98765432109876543210_1234 * 12345678901234


@pytest.mark.parametrize(
    ("price", "nearest"),
    [
        ("2000.504", "2000.5"),
        ("2000.506", "2000.51"),
        ("2000.505", "2000.5"),
        ("2000.5050000000000000000000001", "2000.51"),
        ("0.001", "0.01"),
        ("0", "0.01"),
    ],
)
def test_off_the_ticks(price: str, nearest: str) -> None:
    with pytest.raises(
        Unfit, match=f"multiple of 0.01; the nearest to {price} is {nearest}$"
    ) as no:
        ETH.amounts("Bid", price, "1")
    assert no.value.nearest == nearest
    ETH.amounts("Bid", nearest, "1")


@pytest.mark.parametrize(
    ("quantity", "nearest"), [("1.00004", "1"), ("1.00006", "1.0001"), ("0.00001", "0.0001")]
)
def test_off_the_lots(quantity: str, nearest: str) -> None:
    with pytest.raises(Unfit, match=f"multiple of 0.0001 ETH.*is {nearest}$") as no:
        ETH.amounts("Ask", "2000", quantity)
    assert no.value.nearest == nearest


def test_where_one_lot_at_one_tick_is_a_fraction() -> None:
    """Only without a book: the value must be whole quote units, or the price could not be said."""
    with pytest.raises(Unfit) as no:
        FINE.amounts("Bid", "1.5", "0.000001")
    assert no.value.nearest == "0.000002"
    assert FINE.amounts("Bid", "1.5", "0.000002").sell_amount == 3
    assert FINE.amounts("Bid", "1", "0.000001").sell_amount == 1


@pytest.mark.parametrize("text", ["", "1e3", "-1", "+1", "1,5", ".5", "5.", "1.2.3", "nan", "٣"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="no decimal number"):
        ETH.amounts("Bid", text, "1")
    with pytest.raises(ValueError, match="no decimal number"):
        base_units(text, 6)


def test_what_is_no_side() -> None:
    with pytest.raises(ValueError, match="Bid or Ask, not 'buy'"):
        ETH.amounts("buy", "1", "1")


def test_base_units_are_the_inverse_of_whole_tokens() -> None:
    for amount in (0, 1, 10, 999_999, 1_000_000, 1_500_000, 2**256 - 1):
        for decimals in (0, 1, 6, 18, 36):
            assert base_units(whole_tokens(amount, decimals), decimals) == amount
    with pytest.raises(ValueError, match="at most 6 count"):
        base_units("0.0000001", 6)
    assert base_units("0.1000000000", 6) == 100_000
