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


def random_genesis(random: Random) -> Fields:
    """The sandbox, some of its books closed and pool fees changed, perhaps with a fourth market."""
    genesis = sandbox()
    if random.random() < 0.6:
        genesis["markets"].append(market("SOL", "USDC", 10**4, 10**6, random.random() < 0.5))
    for listed in genesis["markets"]:
        listed["book"] = listed["book"] and random.random() < 0.6
        listed["poolFeeBps"] = random.choice((30, 30, 30, 5, 100, 0))
        if listed["poolFeeBps"] == 0:
            listed["makerFeeBps"] = listed["takerFeeBps"] = 0
    return genesis
