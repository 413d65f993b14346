"""Who trades what in the simulation: owners, agents, and the exchange that they start on."""

from random import Random

from tests.naive.vault import Fields

ALICE, BOB, CAROL, DAVE = ("0x" + byte * 20 for byte in ("a1", "b0", "ca", "da"))
OPERATOR = "0x" + "0f" * 20
MALLORY = "0x" + "66" * 20  # approved by nobody
ALICES_BOT, SHARED_BOT = "0x" + "a6" * 20, "0x" + "b6" * 20
OWNERS = (ALICE, BOB, CAROL, DAVE)  # Dave is funded by others, if at all
AGENTS = (ALICES_BOT, SHARED_BOT, BOB)  # Bob trades for himself and may trade for others
KEYS = tuple("0x" + byte * 32 for byte in ("01", "02", "03"))
UNLISTED = "0x" + "99" * 20
ZERO = "0x" + "0" * 40

START_MS = 1_795_200_000_123

ASSETS: dict[str, int] = {"USDC": 6, "BTC": 8, "ETH": 18, "SOL": 9, "COW": 0}
LATER: dict[str, int] = {"DAI": 18, "GEM": 2}  # the operator lists these on the way


def market(base: str, quote: str, tick: int, lot: int, book: bool, pool_fee: int = 30) -> Fields:
    return {
        "base": base,
        "quote": quote,
        "tickSize": tick,
        "lotSize": lot,
        "makerFeeBps": 2 if book else 0,
        "takerFeeBps": 5 if book else 0,
        "poolFeeBps": pool_fee,
        "book": book,
    }


def sandbox() -> Fields:
    return {
        "operator": OPERATOR,
        "sandbox": True,
        "assets": [{"symbol": name, "decimals": places} for name, places in ASSETS.items()],
        "markets": [
            market("ETH", "USDC", 10**4, 10**14, book=True),
            market("BTC", "USDC", 10**5, 10**3, book=True),
            market("ETH", "BTC", 1, 10**12, book=False),
        ],
    }


def random_bits(random: Random) -> int:
    """How large a world's amounts are."""
    return random.choice((16, 26, 28, 30, 32, 34, 40, 40, 52, 52, 70, 70, 112))


def random_genesis(random: Random, bits: int) -> Fields:
    """Markets with a book and without; lots, ticks and fees at all scales, some at their bounds."""
    genesis = sandbox()
    if random.random() < 0.8:
        genesis["markets"] = [
            random_market(random, bits, base, quote)
            for base, quote in (("ETH", "USDC"), ("BTC", "USDC"), ("ETH", "BTC"), ("COW", "USDC"))
            if (base, quote) != ("COW", "USDC") or random.random() < 0.5
        ]
    elif random.random() < 0.6:
        genesis["markets"].append(market("SOL", "USDC", 10**4, 10**6, random.random() < 0.5))
    return genesis


def random_market(random: Random, bits: int, base: str, quote: str) -> Fields:
    """With lots from a unit to a hundredth of what an owner has, and ticks to suit: where lots are
    large, the pool's band of fees is less than a lot wide."""
    digits, decimals = bits * 3 // 10, ASSETS[base]
    places = max(random.choice((0, 1, 2, 2, 2)), random.randint(0, max(1, min(6, digits - 4))))
    if random.random() < 0.4:
        places = max(0, digits - random.randint(2, 4))
    lot = random.choice((1, 1, 2, 3)) * 10**places
    tick = 10 ** max(0, decimals - places) * random.choice((1, 1, 1, 2, 5, 7))
    listed = market(base, quote, tick, lot, random.random() < 0.75)
    listed["poolFeeBps"] = pool = random.choice((30, 30, 30, 5, 100, 0))
    bound = 10**4 - -(-((10**4 - pool) ** 2) // 10**4)
    taker = random.choice((0, min(5, bound), bound, bound))
    listed["takerFeeBps"] = taker
    listed["makerFeeBps"] = random.choice((0, min(2, taker), -min(2, taker), -taker, taker))
    return listed
