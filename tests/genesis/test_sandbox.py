"""The packaged sandbox genesis: what DESIGN says it lists, in that order, in the shape of the
Structs."""

import tomllib
from importlib import resources

import msgspec
import pytest

from xyk.domain.commands import Genesis
from xyk.domain.units import BPS

UNSET = "0x" + "00" * 32


@pytest.fixture
def sandbox() -> Genesis:
    text = resources.files("xyk.genesis").joinpath("sandbox.toml").read_text()
    made_at_first_start = {"salt": UNSET, "operator": UNSET[:42], "fee_recipient": UNSET[:42]}
    return msgspec.convert({**tomllib.loads(text), **made_at_first_start}, Genesis)


def test_assets_in_order_of_listing(sandbox: Genesis) -> None:
    assert sandbox.sandbox
    assert sandbox.chain_id == 0
    assert [(asset.symbol, asset.decimals) for asset in sandbox.assets] == [
        ("USDC", 6),
        ("BTC", 8),
        ("ETH", 18),
        ("SOL", 9),
    ]


def test_markets(sandbox: Genesis) -> None:
    assert [
        (
            f"{market.base}_{market.quote}",
            market.tick_size,
            market.lot_size,
            market.maker_fee_bps,
            market.taker_fee_bps,
            market.pool_fee_bps,
            market.book,
        )
        for market in sandbox.markets
    ] == [
        ("ETH_USDC", 10**4, 10**14, 2, 5, 30, True),
        ("BTC_USDC", 10**5, 10**3, 2, 5, 30, True),
        ("SOL_USDC", 10**4, 10**6, 2, 5, 30, True),
        ("ETH_BTC", 1, 10**12, 0, 0, 30, False),
    ]


def test_every_market_obeys_the_listing_rules(sandbox: Genesis) -> None:
    decimals = {asset.symbol: asset.decimals for asset in sandbox.assets}
    for market in sandbox.markets:
        assert {market.base, market.quote} <= decimals.keys()
        if market.book:
            assert market.tick_size * market.lot_size % 10 ** decimals[market.base] == 0
            assert (BPS - market.pool_fee_bps) ** 2 <= BPS * (BPS - market.taker_fee_bps)
