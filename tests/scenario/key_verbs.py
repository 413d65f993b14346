"""Steps of API keys, in decimals as they are signed.

alice has a key
key of alice bids 2 ETH at 2_000 IOC     GTC IOC FOK, post-only, Reject..., as 7, once at 2_100
key of alice buys 1 ETH at market        or sells; `for 100 USDC` is by quote amount;
                                         within 1 % | within 3 ticks; once at 2_100 (a trigger)
key of alice cancels 7 | everything | what rests | what waits
"""

import re
from hashlib import sha256

from tests.naive.vault import Fields
from tests.scenario.language import AMOUNT, NUMBER, Stage, address, told, verb
from tests.scenario.telling import tell


def key_of(who: str) -> str:
    return "0x" + sha256(f"key of {who}".encode()).hexdigest()


@verb(r"(\w+) has a key")
def approves_key(stage: Stage, who: str) -> str:
    valid_until = stage.now_ms // 1000 + 86_400
    outcome = stage.send("ApproveApiKey", who, publicKey=key_of(who), validUntil=valid_until)
    return told(outcome, lambda done: "ok")


@verb(r"(\w+) revokes the key")
def revokes_key(stage: Stage, who: str) -> str:
    return told(stage.send("RevokeApiKey", who, publicKey=key_of(who)), lambda done: "ok")


@verb(rf"key of (\w+) (bids|asks) ({AMOUNT}) at ({NUMBER})((?: .+)?)")
def places_by_key(stage: Stage, who: str, side: str, what: str, price: str, terms: str) -> str:
    number, base = what.split()
    fields = {"symbol": f"{base}_USDC", "side": "Bid" if side == "bids" else "Ask"}
    fields |= {"orderType": "Limit", "price": plain(price), "quantity": plain(number)}
    return _execute(stage, who, fields, terms)


@verb(rf"key of (\w+) (buys|sells) ({AMOUNT}) at market((?: .+)?)")
def trades(stage: Stage, who: str, side: str, what: str, terms: str) -> str:
    number, base = what.split()
    fields = {"symbol": f"{base}_USDC", "side": "Bid" if side == "buys" else "Ask"}
    return _execute(stage, who, fields | {"orderType": "Market", "quantity": plain(number)}, terms)


@verb(rf"key of (\w+) (buys|sells) (\w+) for ({NUMBER}) USDC at market((?: .+)?)")
def trades_for(stage: Stage, who: str, side: str, base: str, quote: str, terms: str) -> str:
    fields = {"symbol": f"{base}_USDC", "side": "Bid" if side == "buys" else "Ask"}
    fields |= {"orderType": "Market", "quoteQuantity": plain(quote)}
    return _execute(stage, who, fields, terms)


@verb(r"key of (\w+) cancels (\w[\w ]*)")
def cancels_by_key(stage: Stage, who: str, what: str) -> str:
    if what.isdigit():
        cancel: Fields = {"symbol": "ETH_USDC", "clientId": int(what)}
        return told(_send(stage, who, "CancelOpenOrder", cancel), lambda done: tell(stage))
    which = {"everything": "", "what rests": "RestingLimitOrder", "what waits": "ConditionalOrder"}
    cancel = {"symbol": "ETH_USDC", "orderType": which[what]}
    return told(_send(stage, who, "CancelOpenOrders", cancel), lambda done: tell(stage))


def plain(number: str) -> str:
    return number.replace("_", "")


TERMS = (
    (r"within ([\d.]+) %", lambda value: {"slippageTolerance": value}, "Percent"),
    (r"within (\d+) ticks", lambda value: {"slippageTolerance": value}, "TickSize"),
    (rf"once at ({NUMBER})", lambda value: {"triggerPrice": plain(value)}, ""),
    (r"as ([\d_]+)", lambda value: {"clientId": int(value)}, ""),
    (r"(post-only)", lambda value: {"postOnly": True}, ""),
    (r"(Reject\w+)", lambda value: {"selfTradePrevention": value}, ""),
    (r"([A-Z]+)", lambda value: {"timeInForce": value}, ""),
)


def _execute(stage: Stage, who: str, fields: Fields, terms: str) -> str:
    for pattern, read, tolerance in TERMS:
        match = re.search(rf" {pattern}(?= |$)", terms)
        if match:
            terms = terms.replace(match[0], "", 1)
            fields |= read(match[1])
            if tolerance:
                fields["slippageToleranceType"] = tolerance
    assert not terms, f"not read: {terms}"
    if "triggerPrice" in fields:
        fields["triggerQuantity"] = fields.pop("quantity")
    return told(_send(stage, who, "ExecuteOrder", fields), lambda done: tell(stage))


def _send(stage: Stage, who: str, kind: str, fields: Fields) -> str | Fields:
    """Each with a window of its own, so that no two are the same request."""
    address(who)  # to be told by name
    stage.slot += 1
    fields = {"timestamp": stage.now_ms, "window": 5_000 + stage.slot, **fields}
    stage.before = len(stage.minds.entries)
    outcome = stage.minds.do(kind, fields, key_of(who), stage.now_ms)
    return f"rejected {outcome}" if isinstance(outcome, str) else outcome
