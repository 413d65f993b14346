"""`account.orderUpdate`: what becomes of an owner's orders, and the real ids in `trade`."""

from tests.api.desk import Json
from tests.api.test_orders import maker, venue
from tests.api.test_stream import listening
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.wallet.typed_data import checksum

__all__ = ["maker", "venue"]


def brief(frame: Json) -> tuple[str, str, str, str, str]:
    data = frame["data"]
    return data["e"], data["i"], data["X"], data["z"], data["Z"]


async def test_both_sides_of_a_fill(url: str, alice: Client, maker: Client, venue: Venue) -> None:
    await venue.add_pool(maker)
    of_alice = f"account.orderUpdate@{alice.owner}"
    of_maker = f"account.orderUpdate.{venue.market}@{checksum(maker.owner)}"
    async with (
        listening(url, of_alice) as taking,
        listening(url, of_maker) as making,
        listening(url, f"trade.{venue.market}") as trades,
    ):
        ask = await venue.place(maker, "Ask", "3", "2012", client_id=8)
        bid = await venue.place(alice, "Bid", "15", "2025")
        await alice.act(venue.cancel(alice, bid["id"]))
        accepted, filled, from_pool, cancelled = await taking.frames(4)
        made, sold = await making.frames(2)
        first, second = await trades.frames(2)

    number = bid["id"]
    assert brief(accepted) == ("orderAccepted", number, "New", "0", "0")
    assert brief(filled) == ("orderFill", number, "PartiallyFilled", "3", "6036")
    done = bid["order"]
    assert brief(from_pool) == (
        *("orderFill", number, "PartiallyFilled"),
        *(done["executedQuantity"], done["executedQuoteQuantity"]),
    )
    assert brief(cancelled)[:3] == ("orderCancelled", number, "Cancelled")
    data = filled["data"]
    assert filled["stream"] == of_alice
    assert (data["S"], data["o"], data["f"], data["q"], data["p"]) == (
        *("Bid", "LIMIT", "GTC"),
        *("15", "2025"),
    )
    assert (data["l"], data["L"], data["m"]) == ("3", "2012", False)
    assert (data["n"], data["N"], data["t"]) == ("0.0015", venue.base, 1)
    assert data["T"] == bid["timestamp"] * 1000
    assert from_pool["data"]["N"] == venue.quote
    assert cancelled["data"]["R"] == "UserCancelled"

    assert made["stream"] == of_maker
    assert brief(made) == ("orderAccepted", ask["id"], "New", "0", "0")
    assert brief(sold) == ("orderFill", ask["id"], "Filled", "3", "6036")
    data = sold["data"]
    assert (data["c"], data["m"], data["n"], data["N"]) == (8, True, "1.2072", venue.quote)

    assert (first["data"]["b"], first["data"]["a"], first["data"]["m"]) == (
        *(number, ask["id"]),
        False,
    )
    assert (first["data"]["p"], first["data"]["q"]) == ("2012", "3")
    assert (second["data"]["b"], second["data"]["a"]) == (number, "0")


async def test_triggers_replacements_and_ends(
    url: str, alice: Client, maker: Client, venue: Venue
) -> None:
    await venue.place(maker, "Ask", "1", "2000")
    await venue.place(alice, "Bid", "0.1", "2000")
    async with listening(url, f"account.orderUpdate.{venue.market}@{alice.owner}") as socket:
        stop = await venue.place(
            alice, "Bid", "0.2", "2100", trigger_price=2050 * 10**6, trigger_above=True
        )
        await venue.place(maker, "Ask", "1", "2060")
        await venue.place(alice, "Bid", "1.2", "2060", time_in_force="IOC")
        frames = [frame["data"] for frame in await socket.frames(6)]
        rest = await venue.place(alice, "Bid", "0.5", "1900")
        await alice.act(venue.replacement(alice, rest["order"], "0.4", "1900"))
        await alice.act(venue.replacement(alice, rest["order"], "0.4", "1901"))
        changed = [frame["data"] for frame in await socket.frames(3)]
    assert (frames[0]["e"], frames[0]["X"], frames[0]["P"]) == (
        *("triggerPlaced", "TriggerPending"),
        "2050",
    )
    kinds = [(one["e"], one["X"]) for one in frames[1:]]
    assert kinds == [
        ("orderAccepted", "New"),
        ("orderFill", "PartiallyFilled"),
        ("orderFill", "Filled"),
        ("orderAccepted", "New"),
        ("orderFill", "Filled"),
    ]
    assert {one["i"] for one in frames[4:]} == {stop["id"]}
    assert [(one["e"], one["q"], one["p"]) for one in changed] == [
        ("orderAccepted", "0.5", "1900"),
        ("orderModified", "0.4", "1900"),
        ("orderModified", "0.4", "1901"),
    ]


async def test_names_that_are_none(url: str, alice: Client) -> None:
    async with listening(url) as socket:
        shown = checksum(alice.owner)
        good = (f"account.orderUpdate@{shown}", f"account.orderUpdate.ETH_USDC@{alice.owner}")
        assert await socket.ask("SUBSCRIBE", *good) == []
        wrong = (
            "account.orderUpdate@0x12",
            "account.orderUpdate@",
            f"account.orderUpdate.NO_SUCH@{alice.owner}",
            f"account.orderUpdateX@{alice.owner}",
            f"account.orderUpdate.@{alice.owner}",
            f"account.orderUpdate@{shown.swapcase().replace('0X', '0x')}",
        )
        answers = await socket.ask("SUBSCRIBE", *wrong)
        assert [answer["error"]["code"] for answer in answers] == [4006] * len(wrong)
