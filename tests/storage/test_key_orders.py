"""What API keys placed, in the read tables of both databases: types, quote amounts, and the ends of
orders that found nothing."""

from pathlib import Path

import msgspec
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select

from tests.exchange.venue import ALICE, BOB, BOBS_KEY, CAROL
from tests.storage.test_exchange import RecordedVenue
from xyk.domain.commands import ApproveApiKey
from xyk.domain.rejections import Rejected
from xyk.engine.order_record import OrderRecord, OrderRecords, record_of
from xyk.exchange.state import State
from xyk.storage.connection import Database, read_database, reading_engine, writing_engine
from xyk.storage.history import History, OrderFilter, Page
from xyk.storage.migrate import alembic_config
from xyk.storage.projection import Projection
from xyk.storage.tables import ORDERS


def traded() -> RecordedVenue:
    """Bob's key: 1,000 USDC spent on the pool, an IOC and a market order by quote amount that find
    nothing, a market order that waits for 2,100 and a limit order that rests."""
    venue = RecordedVenue()
    for owner in (ALICE, BOB, CAROL):
        venue.fund(owner, ETH=1_000 * 10**18, USDC=10_000_000 * 10**6)
    venue.add(ALICE, "ETH", 100 * 10**18, "USDC", 200_000 * 10**6)
    valid_until = venue.now_ms // 1000 + 60
    venue.do(ApproveApiKey, BOB, public_key=BOBS_KEY, valid_until=valid_until)
    for order in (
        {"order_type": "Market", "quote_quantity": "1000"},
        {"price": "1900", "quantity": "1", "time_in_force": "IOC"},
        {"order_type": "Market", "quote_quantity": "0.02", "side": "Ask"},
        {"order_type": "Market", "trigger_price": "2100", "trigger_quantity": "1"},
        {"price": "1900", "quantity": "1", "client_id": 9},
    ):
        outcome = venue.by_key(BOBS_KEY, **order)
        assert not isinstance(outcome, Rejected), outcome
    return venue


def told(order: OrderRecord) -> tuple[object, ...]:
    return order.order_type, order.status, order.reason, order.quantity, order.quote_quantity


async def test_history_has_every_order_with_its_type_and_end(database: Database) -> None:
    venue = traded()
    writer, reader = writing_engine(database), reading_engine(database)
    await Projection(writer, venue.journal).catch_up()
    history, lot = History(reader), 10**14
    wanted = OrderFilter(owner=BOB, up_to=venue.state.seq)
    found = {one.order_id: one for one in await history.orders_page(wanted, Page(limit=9))}
    assert [told(found[number]) for number in sorted(found)] == [
        ("Market", "Filled", "", 4_960 * lot, 10**9),
        ("Limit", "Expired", "ImmediateOrCancel", 10**18, 0),
        ("Market", "Expired", "InvalidQuantity", 0, 20_000),
        ("Market", "TriggerPending", "", 10**18, 0),
        ("Limit", "New", "", 10**18, 0),
    ]
    expired = sorted(found.values(), key=lambda order: order.order_id)[1]
    assert await history.order(expired.order_id) == expired
    assert await history.find_action(expired.digest) == expired.order_id
    assert (expired.executed_base, expired.executed_quote) == (0, 0)
    actions = "SELECT signer, nonce FROM actions WHERE kind = 'ExecuteOrder'"
    async with reader.connect() as connection:
        rows = list(await connection.exec_driver_sql(actions))
    assert [tuple(row) for row in rows] == [(BOBS_KEY, None)] * 5
    await writer.dispose()
    await reader.dispose()


def test_what_is_open_is_known_from_the_state_alone() -> None:
    venue = traded()
    records = OrderRecords.of(State.load(msgspec.json.decode(venue.state.encode())))
    waiting, resting = sorted(records.open)
    for number, kind in ((waiting, "Market"), (resting, "Limit")):
        assert records.open[number] == record_of(venue.state, number)
        assert records.open[number].order_type == kind


OLD_ORDER = {
    **dict.fromkeys(("seq", "client_id", "triggered_ms", "created_ms", "updated_ms"), "0"),
    **dict.fromkeys(("price", "quantity", "executed_base", "executed_quote"), "'1'"),
    **dict.fromkeys(("expires", "trigger_price"), "'0'"),
    **dict.fromkeys(("digest", "owner", "market", "status", "reason"), "''"),
    **dict.fromkeys(("time_in_force", "self_trade_prevention"), "''"),
    **dict.fromkeys(("is_bid", "post_only", "trigger_above"), "false"),
    "order_id": "7",
}


async def test_orders_of_before_were_limit_orders(database_url: str, tmp_path: Path) -> None:
    database = read_database(tmp_path, database_url)
    engine = writing_engine(database)

    def upgraded(connection: Connection) -> None:
        config = alembic_config(database.name)
        config.attributes["connection"] = connection
        script = ScriptDirectory.from_config(config).get_revision("read_0005")
        assert script is not None and isinstance(script.down_revision, str)
        command.upgrade(config, script.down_revision)
        names, values = ", ".join(OLD_ORDER), ", ".join(OLD_ORDER.values())
        connection.exec_driver_sql(f"INSERT INTO orders ({names}) VALUES ({values})")
        command.upgrade(config, "read_0005")

    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{database.name}"')
        await connection.run_sync(upgraded)
        new = select(ORDERS.c.order_id, ORDERS.c.order_type, ORDERS.c.quote_quantity)
        assert [tuple(row) for row in await connection.execute(new)] == [(7, "Limit", 0)]
    await engine.dispose()
