"""The verbs of the table language, each a line of English and what it sends."""

import itertools

from tests.naive.vault import Fields
from tests.scenario.language import AMOUNT, NUMBER, Stage, address, told, verb
from tests.scenario.telling import tell

UINT256_MAX = 2**256 - 1
LIMITS = rf"(?: min ({AMOUNT}) ({AMOUNT}))?"
PAIR = r"([A-Z0-9]+)_([A-Z0-9]+)"


@verb(rf"(\w+) has ((?:{AMOUNT} ?)+)")
def has(stage: Stage, who: str, funds: str) -> str:
    words = funds.split()
    for number, symbol in zip(words[::2], words[1::2], strict=True):
        amount = stage.units(number, symbol)
        if amount:
            sent = stage.send("FaucetDeposit", who, token=stage.token(symbol), amount=amount)
            assert not isinstance(sent, str), sent
    return "ok"


@verb(rf"(\w+) sells ({AMOUNT}) for (\w+)(?: min ({NUMBER}))?")
def sells(stage: Stage, who: str, sold: str, bought: str, least: str | None) -> str:
    asset, amount = stage.both(sold)
    outcome = stage.send(
        "SwapExactIn",
        who,
        tokenIn=stage.token(asset),
        tokenOut=stage.token(bought),
        amountIn=amount,
        minAmountOut=stage.units(least or "0", bought),
    )
    return told(outcome, lambda done: _swapped(stage, done, asset, bought, amount, 0))


@verb(rf"(\w+) buys ({AMOUNT}) with (\w+)(?: max ({NUMBER}))?")
def buys(stage: Stage, who: str, bought: str, paid: str, most: str | None) -> str:
    asset, amount = stage.both(bought)
    outcome = stage.send(
        "SwapExactOut",
        who,
        tokenIn=stage.token(paid),
        tokenOut=stage.token(asset),
        amountOut=amount,
        maxAmountIn=stage.units(most, paid) if most else UINT256_MAX,
    )
    return told(outcome, lambda done: _swapped(stage, done, paid, asset, 0, amount))


def _swapped(
    stage: Stage, done: Fields, paid: str, bought: str, amount_in: int, amount_out: int
) -> str:
    """The amount that the trader did not name; beside a book what made it up, and what is over."""
    hops = done["route"]
    shown = (done["amountOut"], bought) if amount_in else (done["amountIn"], paid)
    lines = [stage.show(*shown)]
    if len(hops) > 1:
        lines[0] += f" via {' '.join(hop['market'] for hop in hops)}"
    if any(event["type"] != "PoolSwapped" for event in done["events"]):
        lines.append(tell(stage))
    if done["amountIn"] < amount_in:
        lines.append(f"{stage.show(amount_in - done['amountIn'], paid)} unspent")
    if done["amountOut"] > amount_out > 0:
        lines.append(f"{stage.show(done['amountOut'] - amount_out, bought)} over")
    for one, after in itertools.pairwise(hops):
        over = one["amountOut"] - after["amountIn"]
        asset = next(a for a in one["market"].split("_") if a in after["market"].split("_"))
        if over:
            lines.append(f"{stage.show(over, asset)} left on the way")
    return "; ".join(lines)


@verb(rf"(\w+) adds ({AMOUNT}) ({AMOUNT}){LIMITS}")
def adds(stage: Stage, who: str, a: str, b: str, least_a: str | None, least_b: str | None) -> str:
    (asset_a, amount_a), (asset_b, amount_b) = stage.both(a), stage.both(b)
    outcome = stage.send(
        "AddLiquidity",
        who,
        tokenA=stage.token(asset_a),
        tokenB=stage.token(asset_b),
        amountADesired=amount_a,
        amountBDesired=amount_b,
        amountAMin=stage.both(least_a)[1] if least_a else 0,
        amountBMin=stage.both(least_b)[1] if least_b else 0,
    )
    return told(outcome, lambda done: stage.show(done["liquidity"], "shares"))


@verb(rf"(\w+) removes (all|{NUMBER}) shares of {PAIR}{LIMITS}")
def removes(
    stage: Stage,
    who: str,
    share: str,
    base: str,
    quote: str,
    least_a: str | None,
    least_b: str | None,
) -> str:
    everything = stage.minds.twin.balance(address(who), f"LP:{base}_{quote}")
    outcome = stage.send(
        "RemoveLiquidity",
        who,
        tokenA=stage.token(base),
        tokenB=stage.token(quote),
        liquidity=everything if share == "all" else stage.units(share, "shares"),
        amountAMin=stage.both(least_a)[1] if least_a else 0,
        amountBMin=stage.both(least_b)[1] if least_b else 0,
    )
    return told(
        outcome,
        lambda done: (
            f"{stage.show(done['amountBase'], base)} {stage.show(done['amountQuote'], quote)}"
        ),
    )


@verb(rf"(\w+) sends ({AMOUNT}) to (\w+)")
def sends(stage: Stage, who: str, what: str, whom: str) -> str:
    asset, amount = stage.both(what)
    fields = {"token": stage.token(asset), "amount": amount, "recipient": address(whom)}
    return told(stage.send("Transfer", who, **fields), _ok)


@verb(r"(\w+) sends all shares of (\w+) to (\w+)")
def sends_shares(stage: Stage, who: str, market: str, whom: str) -> str:
    shares = f"LP:{market}"
    amount = stage.minds.twin.balance(address(who), shares)
    fields = {"token": stage.token(shares), "amount": amount, "recipient": address(whom)}
    return told(stage.send("Transfer", who, **fields), _ok)


@verb(rf"(\w+) withdraws ({AMOUNT})")
def withdraws(stage: Stage, who: str, what: str) -> str:
    asset, amount = stage.both(what)
    fields = {"token": stage.token(asset), "amount": amount, "recipient": address(who)}
    return told(stage.send("Withdraw", who, **fields), _ok)


@verb(r"(\w+) withdraws shares of (\w+)")
def withdraws_shares(stage: Stage, who: str, market: str) -> str:
    fields = {"token": stage.token(f"LP:{market}"), "amount": 1, "recipient": address(who)}
    return told(stage.send("Withdraw", who, **fields), _ok)


@verb(r"(\w+) approves (\w+) for (\d+) s")
def approves(stage: Stage, who: str, agent: str, seconds: str) -> str:
    until = stage.now_ms // 1000 + int(seconds)
    return told(stage.send("ApproveAgent", who, agent=address(agent), validUntil=until), _ok)


@verb(r"(\w+) revokes (\w+)")
def revokes(stage: Stage, who: str, agent: str) -> str:
    return told(stage.send("RevokeAgent", who, agent=address(agent)), _ok)


@verb(r"(\w+) sets ([\w*]+) to (open|paused|cancel_only)")
def sets_status(stage: Stage, who: str, market: str, status: str) -> str:
    return told(stage.send("SetMarketStatus", who, market=market, status=status), _ok)


@verb(r"(\w+) gives the protocol fee to (\w+)")
def gives_fee(stage: Stage, who: str, whom: str) -> str:
    return told(stage.send("SetProtocolFee", who, recipient=address(whom)), _ok)


@verb(r"(\w+) lists ([A-Z0-9]+) with (\d+) decimals")
def lists_asset(stage: Stage, who: str, symbol: str, decimals: str) -> str:
    fields = {"symbol": symbol, "token": address("nobody"), "decimals": int(decimals)}
    return told(stage.send("ListAsset", who, **fields), _ok)


@verb(rf"(\w+) lists {PAIR} with pool fee (\d+)")
def lists_market(stage: Stage, who: str, base: str, quote: str, fee: str) -> str:
    outcome = stage.send(
        "ListMarket",
        who,
        base=base,
        quote=quote,
        tickSize=1,
        lotSize=1,
        makerFeeBps=0,
        takerFeeBps=0,
        poolFeeBps=int(fee),
        book=False,
    )
    return told(outcome, _ok)


@verb(r"(\d+) s pass")
def time_passes(stage: Stage, seconds: str) -> str:
    """Tells what the clock did meanwhile."""
    stage.now_ms += 1_000 * int(seconds)
    stage.before = len(stage.minds.entries)
    stage.minds.now_ms = stage.now_ms
    stage.minds.let_the_clock_work()
    return tell(stage)


@verb(r"pool (\w+)")
def pool(stage: Stage, name: str) -> str:
    known = stage.minds.state.pools.get(name)
    if known is None:
        return "none"
    base, quote = name.split("_")
    return f"{stage.show(known.reserve_base, base)} {stage.show(known.reserve_quote, quote)}"


@verb(r"shares of (\w+)")
def all_shares(stage: Stage, market: str) -> str:
    return stage.show(stage.minds.state.pools[market].total_supply, "shares")


@verb(r"(\w+) owns")
def owns(stage: Stage, who: str) -> str:
    """Without shares, in the order of listing."""
    symbols = [asset["symbol"] for asset in stage.minds.twin.assets if ":" not in asset["symbol"]]
    amounts = [(stage.minds.state.ledger.available(address(who), one), one) for one in symbols]
    return " ".join(stage.show(amount, symbol) for amount, symbol in amounts if amount) or "nothing"


@verb(r"(\w+) owns shares of (\w+)")
def owns_shares(stage: Stage, who: str, market: str) -> str:
    amount = stage.minds.state.ledger.available(address(who), f"LP:{market}")
    return stage.show(amount, "shares")


def _ok(done: Fields) -> str:
    return "ok"
