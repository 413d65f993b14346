"""Journals that a rich operator would forge: every hash and every signature in them is as it must
be, and what is false is the evidence's kind, or what the events say that was signed. Each is an
honest journal with one entry more, and gives that entry's seq."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from tests.cli.journal_maker import ETH, USDC
from tests.cli.order_maker import ALICE, BOB
from tests.tools.whole_journal import WholeJournal
from xyk.domain.commands import AddLiquidity, CancelAllAfter, PlaceOrder, SwapExactIn, Transfer
from xyk.engine.entry import Entry, encode, recompute_hash
from xyk.wallet.signer import Wallet

EVE = Wallet(b"\xee" * 32)
A, E = ALICE.address, EVE.address
Forged = tuple[list[Entry], int]
Text = dict[str, Any]


def put(entries: list[Entry], kind: str, command: Text, evidence: Text, *events: Text) -> Forged:
    """With an entry of these words at its end."""
    last = entries[-1]
    texts = [json.dumps(text).encode() for text in (command, evidence, events)]
    entry = Entry(last.seq + 1, last.time, 1, kind, *texts, last.hash, "")
    return [*entries, msgspec.structs.replace(entry, hash=recompute_hash(entry))], entry.seq


def signed(made: WholeJournal, wallet: Wallet, kind: Any, **fields: Any) -> tuple[str, Text, Text]:
    action = kind(owner=wallet.address, **fields, **made.stamp())
    command, evidence = (encode(one) for one in (action, made.evidence(wallet, action)))
    return kind.__name__, json.loads(command), json.loads(evidence)


def eve_swaps(made: WholeJournal, sold: str, amount: int) -> tuple[str, Text, Text]:
    made.faucet(E, sold, 10**18)
    fields = {"token_in": sold, "token_out": ETH if sold == USDC else USDC, "min_amount_out": 0}
    return signed(made, EVE, SwapExactIn, **fields, amount_in=amount)


def swapped(made: WholeJournal, owner: str, paid: int, got: int, **more: Any) -> Text:
    """USDC for ETH."""
    pool = made.state.pools["ETH_USDC"]
    event = {"type": "PoolSwapped", "owner": owner, "market": "ETH_USDC", "fee": 0, "tradeId": 99}
    event |= {"assetIn": "USDC", "amountIn": paid, "assetOut": "ETH", "amountOut": got}
    event |= {"reserveBase": pool.reserve_base - got, "reserveQuote": pool.reserve_quote + paid}
    return {**event, "priceForming": True, **more}


def filled(order_id: int, price: int, base: int, quote: int, **more: Any) -> Text:
    """Eve sells to a bid of Alice's."""
    event = {"type": "BookFilled", "market": "ETH_USDC", "makerOrderId": order_id, "maker": A}
    event |= {"taker": E, "takerBuys": False, "price": price, "quantity": 1, "baseAmount": base}
    event |= {"quoteAmount": quote, "takerFee": 0, "makerRemaining": 0, "tradeId": 1}
    return {**event, "priceForming": True, **more}


def transferred(recipient: str, amount: int) -> Text:
    return {
        "type": "Transferred",
        "owner": A,
        "recipient": recipient,
        "asset": "USDC",
        "amount": amount,
    }


def theft_by_the_clock() -> Forged:
    """The clock needs no signature, and moves nobody's funds."""
    command = {"owner": A, "token": USDC, "amount": 10**8, "recipient": E}
    command |= {"nonce": 0, "deadline": 2**50}
    entries = WholeJournal().entries
    return put(entries, "Transfer", command, {"scheme": "clock"}, transferred(E, 10**8))


def cancel_by_no_session() -> Forged:
    made = WholeJournal()
    order = made.place(ALICE, 10, 1_000)
    command = {"owner": A, "orderId": str(order), "clientId": 0, "nonce": 0, "deadline": 0}
    closed = {"type": "OrderClosed", "owner": A, "orderId": order, "market": "ETH_USDC"}
    closed |= {"status": "Cancelled", "remaining": 10, "released": 10**6}
    return put(made.entries, "CancelOrder", command, {"scheme": "session"}, closed)


def fill_of_an_order_that_is_not_there() -> Forged:
    """The event itself says whose it is."""
    made = WholeJournal()
    made.place(ALICE, 10_000, 1_000)
    event = filled(10**9, 1, 1, 10**8, owner=A, isBid=True, terms={}, sold=0)
    return put(made.entries, *eve_swaps(made, ETH, 1), event)


def swap_of_somebody_elses() -> Forged:
    """It names an order of the signer, and another owner."""
    made = WholeJournal()
    made.faucet(E, USDC, 10**10)
    order = made.place(EVE, 10, 1_000)
    signing = eve_swaps(made, USDC, 10**8)
    return put(made.entries, *signing, swapped(made, A, 10**8, 1, orderId=order))


def agent_by_another_event() -> Forged:
    """The event of her own dead man's switch also names an agent, who then signs."""
    made = WholeJournal()
    signing = signed(made, ALICE, CancelAllAfter, market="", timeout_seconds=60)
    event = {"type": "CancelTimerSet", "owner": A, "market": "", "agent": E, "validUntil": 2**50}
    entries, _ = put(made.entries, *signing, {**event, "firesMs": made.now_ms + 60_000})
    fields = {"token_in": USDC, "token_out": ETH, "amount_in": 10**8, "min_amount_out": 0}
    action = SwapExactIn(owner=A, **fields, **made.stamp())
    texts = [json.loads(encode(one)) for one in (action, made.evidence(EVE, action))]
    return put(entries, "SwapExactIn", *texts, swapped(made, A, 10**8, 1))


def pool_emptied_for_a_unit() -> Forged:
    made = WholeJournal()
    signing = eve_swaps(made, USDC, 1)
    got = made.state.pools["ETH_USDC"].reserve_base - 1
    return put(made.entries, *signing, swapped(made, E, 1, got))


def shares_for_a_unit() -> Forged:
    made = WholeJournal()
    for token in (ETH, USDC):
        made.faucet(E, token, 10)
    amounts = {"amount_a_desired": 1, "amount_b_desired": 1, "amount_a_min": 0, "amount_b_min": 0}
    signing = signed(made, EVE, AddLiquidity, token_a=ETH, token_b=USDC, **amounts)
    pool = made.state.pools["ETH_USDC"]
    event = {"type": "LiquidityAdded", "owner": E, "market": "ETH_USDC", "protocolRecipient": ""}
    event |= {"amountBase": 1, "amountQuote": 1, "liquidity": 10**30, "locked": 0, "kLast": 0}
    event |= {"reserveBase": pool.reserve_base + 1, "reserveQuote": pool.reserve_quote + 1}
    event |= {"protocolLiquidity": 0, "totalSupply": 0}
    return put(made.entries, *signing, event)


def fill_at_no_price_of_the_order() -> Forged:
    made = WholeJournal()
    order = made.place(ALICE, 10_000, 1_000)
    return put(made.entries, *eve_swaps(made, ETH, 1), filled(order, 100_000, 1, 10**8))


def fill_of_more_than_the_order() -> Forged:
    """At its price, out of what is held for another."""
    made = WholeJournal()
    order = made.place(ALICE, 10, 1_000)
    made.place(ALICE, 10_000, 900)
    event = filled(order, 100_000, 10**17, 10**8)
    return put(made.entries, *eve_swaps(made, ETH, 10**17), event)


def order_in_another_direction() -> Forged:
    """She signs a purchase; the events make it a sale."""
    made = WholeJournal()
    terms = {"sell_token": USDC, "sell_amount": 10**7, "buy_token": ETH, "buy_amount": 10**14}
    terms |= {"time_in_force": "", "post_only": False, "self_trade_prevention": ""}
    terms |= {"trigger_price": 0, "trigger_above": False, "client_id": 0, "expires": 0}
    signing = signed(made, ALICE, PlaceOrder, **terms)
    number = made.entries[-1].seq + 1
    event = {"type": "OrderPlaced", "owner": A, "orderId": number, "digest": "", "isBid": False}
    event |= {"market": "ETH_USDC", "price": 1, "quantity": 1}
    rested = {"type": "OrderRested", "orderId": number, "remaining": 1, "held": 10**14}
    return put(made.entries, *signing, event, rested)


def action_that_was_held_back() -> Forged:
    """Until long after the deadline that she signed."""
    made = WholeJournal()
    fields = {"token": USDC, "amount": 5, "recipient": BOB.address}
    action = Transfer(owner=A, **fields, nonce=5 << 8, deadline=1_000)
    texts = [json.loads(encode(one)) for one in (action, made.evidence(ALICE, action))]
    return put(made.entries, "Transfer", *texts, transferred(BOB.address, 5))


FORGED: tuple[Callable[[], Forged], ...] = (
    *(theft_by_the_clock, cancel_by_no_session, fill_of_an_order_that_is_not_there),
    *(swap_of_somebody_elses, pool_emptied_for_a_unit),
    *(shares_for_a_unit, fill_at_no_price_of_the_order, fill_of_more_than_the_order),
    *(order_in_another_direction, action_that_was_held_back),
)
