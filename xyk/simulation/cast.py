"""Who trades in a simulation, on what exchange; all keys come from the seed."""

from random import Random

from xyk.domain.commands import Genesis, GenesisAsset, GenesisMarket
from xyk.domain.tokens import token_address
from xyk.wallet.key_pair import SEED_BYTES, KeyPair
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain

OWNERS = 4
DECIMALS = {"USDC": 6, "BTC": 8, "ETH": 18}
TOKENS = {symbol: token_address(symbol) for symbol in DECIMALS}
SHARES = token_address("LP:ETH_USDC")
SYMBOLS = {token: symbol for symbol, token in TOKENS.items()} | {SHARES: "LP:ETH_USDC"}
TICK, LOT = 10**4, 10**14  # of ETH_USDC: 0.01 USDC and 0.0001 ETH
STREAMS = [
    *("trade.ETH_USDC", "depth.ETH_USDC", "bookTicker.ETH_USDC", "pool.ETH_USDC"),
    *("trade.ETH_BTC", "pool.ETH_BTC", "ticker.ETH_USDC"),
]


class Person:
    """An owner with a wallet, an agent and an API key."""

    def __init__(self, chance: Random) -> None:
        self.wallet = Wallet(chance.randbytes(32))
        self.agent = Wallet(chance.randbytes(32))
        self.key = KeyPair(chance.randbytes(SEED_BYTES))

    @property
    def address(self) -> str:
        return self.wallet.address


class Cast:
    def __init__(self, chance: Random) -> None:
        self.people = [Person(chance) for _ in range(OWNERS)]
        self.operator = Person(chance)
        salt = "0x" + chance.randbytes(32).hex()
        self.domain = Domain(salt)
        fees = chance.choice([(2, 5, 30), (-1, 5, 30), (0, 0, 0), (5, 9, 5)])
        maker, taker, pool = fees
        self.genesis = Genesis(
            salt=salt,
            operator=self.operator.address,
            fee_recipient=self.operator.address,
            sandbox=True,
            assets=tuple(
                GenesisAsset(symbol=symbol, decimals=decimals)
                for symbol, decimals in DECIMALS.items()
            ),
            markets=(
                GenesisMarket(
                    base="ETH",
                    quote="USDC",
                    tick_size=TICK,
                    lot_size=LOT,
                    maker_fee_bps=maker,
                    taker_fee_bps=taker,
                    pool_fee_bps=pool,
                    book=True,
                ),
                GenesisMarket(base="ETH", quote="BTC", tick_size=1, lot_size=10**12),
            ),
        )
