"""The projection over what the exchange itself decides: its tables say what the state says."""

from random import Random

from tests.exchange.venue import ALICE, BOB, CAROL, OPERATOR, TREASURY, Venue
from tests.storage.naive_tables import naive_tables
from xyk.domain.commands import RemoveLiquidity, SetProtocolFee, Transfer, Withdraw
from xyk.domain.market import shares_symbol
from xyk.domain.rejections import Rejected
from xyk.engine.entry import GENESIS_HASH, Evidence, make_entry
from xyk.engine.journal import MemoryJournal
from xyk.storage.batch import DecodedEntry
from xyk.storage.connection import Database, reading_engine, writing_engine
from xyk.storage.history import History
from xyk.storage.projection import Projection

PAIRS = {"ETH_USDC": ("ETH", "USDC"), "ETH_BTC": ("ETH", "BTC"), "SOL_BTC": ("SOL", "BTC")}
PEOPLE = (ALICE, BOB, CAROL)
UNIT = {"ETH": 10**18, "USDC": 2_000 * 10**6, "BTC": 5 * 10**6, "SOL": 12 * 10**9}  # of like value


class RecordedVenue(Venue):
    """Keeps the journal that its commands make."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        super().__init__()

    def _run(self, command, scheme, signer):  # type: ignore[no-untyped-def]  # as the parent's
        outcome = super()._run(command, scheme, signer)
        if not isinstance(outcome, Rejected):
            entries = self.journal.entries
            seq, previous = len(entries) + 1, entries[-1].hash if entries else GENESIS_HASH
            digest = f"0x{seq:064x}" if signer else ""
            evidence = Evidence(scheme=scheme, signer=signer, digest=digest)
            entry = make_entry(seq, self.now_ms, command, evidence, outcome, previous)
            entries.append(entry)
        return outcome


def trade_at_random(steps: int) -> RecordedVenue:
    venue, random = RecordedVenue(), Random(8)
    for owner in PEOPLE:
        venue.fund(owner, **{symbol: 10_000 * unit for symbol, unit in UNIT.items()})
    venue.do(SetProtocolFee, OPERATOR, recipient=TREASURY)
    for base, quote in PAIRS.values():
        venue.add(ALICE, base, 100 * UNIT[base], quote, 100 * UNIT[quote])
    for _ in range(steps):
        venue.now_ms += random.choice([0, 1, 700, 20_000, 90_000])
        owner, market = random.choice(PEOPLE), random.choice(list(PAIRS))
        assets = random.sample(PAIRS[market], 2)
        shares = venue.has(owner, shares_symbol(market))
        match random.randrange(8):
            case 0:
                amounts = (random.randrange(1, 9 * UNIT[symbol]) for symbol in assets)
                venue.add(owner, assets[0], next(amounts), assets[1], next(amounts))
            case 1 if shares:
                base, quote = (venue.token(symbol) for symbol in assets)
                some = {"liquidity": random.randrange(1, shares + 1)}
                minimums = {"amount_a_min": 0, "amount_b_min": 0}
                venue.do(RemoveLiquidity, owner, token_a=base, token_b=quote, **some, **minimums)
            case 2 if shares:
                token = venue.token(shares_symbol(market))
                recipient, amount = random.choice(PEOPLE), random.randrange(1, shares + 1)
                venue.do(Transfer, owner, token=token, amount=amount, recipient=recipient)
            case 3:
                token, amount = venue.token(assets[0]), random.randrange(1, UNIT[assets[0]])
                venue.do(Withdraw, owner, token=token, amount=amount, recipient=CAROL)
            case _:
                ends = random.choice([tuple(assets), ("USDC", "BTC"), ("SOL", "ETH")])
                most = UNIT[ends[0]] // 10 ** random.randrange(8)
                venue.sell(owner, *ends, random.randrange(5 * most + 1))
    return venue


async def test_tables_agree_with_the_state(database: Database) -> None:
    venue = trade_at_random(300)
    writer, reader = writing_engine(database), reading_engine(database)
    await Projection(writer, venue.journal).catch_up()
    history, state = History(reader), venue.state
    expected = naive_tables([DecodedEntry.of(entry) for entry in venue.journal.entries])

    for market in PAIRS:
        pool = state.pools[market]
        [last] = await history.pools_before(market, [venue.now_ms + 1])
        assert last is not None
        assert (last.reserve_base, last.reserve_quote) == (pool.reserve_base, pool.reserve_quote)
        assert last.total_supply == pool.total_supply
        assert last.price_base_cumulative == pool.price_base_cumulative
        assert last.price_quote_cumulative == pool.price_quote_cumulative
        [trade] = await history.trades(market, limit=1)
        assert trade.trade_id <= state.trade_ids[market]
        assert (
            len([row for row in expected["trades"] if row[0] == market]) == state.trade_ids[market]
        )
        treasury = await history.position(TREASURY, market)
        assert treasury is not None
        for owner in (*PEOPLE, TREASURY):
            position = await history.position(owner, market)
            held = state.ledger.available(owner, shares_symbol(market))
            assert (position.position.shares if position else 0) == held
    for digest, seq, *_ in expected["actions"]:
        assert await history.find_action(digest) == seq
    await writer.dispose()
    await reader.dispose()
