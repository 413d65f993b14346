"""Trades and candles of pairs, computed from the logs of a node alone; it imports nothing of ours.

    python candles_by_hand.py URL PAIRS FIRST_BLOCK LAST_BLOCK INTERVAL_S...

PAIRS is JSON: [{"symbol", "address", "base_is_0", "base_decimals", "quote_decimals"}]. Prints JSON:
{symbol: {"trades": [[id, price, quantity, quote quantity, unix ms, taker sold]], "candles":
{interval: [[unix s, open, high, low, close, volume, quote volume, fills]]}, "reserves"}}.

Slow and plain: every log is asked for, every candle is a list of fills.
"""

import json
import sys
import urllib.request
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
SWAP = "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"


def ask(url: str, method: str, *params: object) -> object:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)["result"]


def words(log: dict) -> list[int]:
    data = log["data"][2:]
    return [int(data[at : at + 64], 16) for at in range(0, len(data), 64)]


def plain(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def price_of(base: int, quote: int, pair: dict) -> str:
    """Half-even to the quote's decimals, or to 8 significant digits where those are more."""
    with localcontext(Context(prec=200)):
        exact = Decimal(quote) * 10 ** pair["base_decimals"] / (base * 10 ** pair["quote_decimals"])
        places = max(pair["quote_decimals"], 7 - exact.adjusted())
        return plain(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN))


def tokens(amount: int, decimals: int) -> str:
    with localcontext(Context(prec=200)):
        return plain(Decimal(amount).scaleb(-decimals))


def fills_of(pair: dict, logs: list[dict], times: dict[str, int]) -> tuple[list, list]:
    """[id, price or None, base, quote, unix ms, taker sold], and the last reserves."""
    fills: list = []
    lot, reserves = 0, [0, 0]
    for log in logs:
        values = words(log)
        if not pair["base_is_0"]:
            for at in range(0, len(values), 2):
                values[at], values[at + 1] = values[at + 1], values[at]
        if log["topics"][0] == SYNC:
            reserves = values
            if not lot and all(values):
                lot = 10 ** max(0, len(str(values[0])) - 10)
        elif lot:
            base_in, quote_in, base_out, quote_out = values
            base, quote = base_in - base_out, quote_in - quote_out
            forms = (base > 0 > quote or quote > 0 > base) and abs(base) >= lot
            forms = forms and abs(quote) >= min(10**4, 10 ** pair["quote_decimals"])
            price = price_of(abs(base), abs(quote), pair) if forms else None
            time_ms = times[log["blockNumber"]] * 1000
            fills.append([len(fills) + 1, price, abs(base), abs(quote), time_ms, base > 0])
    return fills, reserves


def candles_of(pair: dict, fills: list, interval_s: int) -> list:
    """Those with fills, from the first price on."""
    found, last = [], None
    by_start: dict[int, list] = {}
    for fill in fills:
        by_start.setdefault(fill[4] // 1000 // interval_s * interval_s, []).append(fill)
    for start, inside in sorted(by_start.items()):
        prices = [fill[1] for fill in inside if fill[1] is not None] or ([last] if last else [])
        if not prices:
            continue
        last = prices[-1]
        found.append(
            [
                start,
                prices[0],
                max(prices, key=Decimal),
                min(prices, key=Decimal),
                prices[-1],
                tokens(sum(fill[2] for fill in inside), pair["base_decimals"]),
                tokens(sum(fill[3] for fill in inside), pair["quote_decimals"]),
                len(inside),
            ]
        )
    return found


def by_hand(url: str, pairs: list[dict], first: int, last: int, intervals: list[int]) -> dict:
    times, told = {}, {}
    for number in range(first, last + 1):
        block = ask(url, "eth_getBlockByNumber", hex(number), False)
        times[block["number"]] = int(block["timestamp"], 16)
    for pair in pairs:
        asked = {
            "address": pair["address"],
            "topics": [[SYNC, SWAP]],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        logs = ask(url, "eth_getLogs", asked)
        logs.sort(key=lambda log: (int(log["blockNumber"], 16), int(log["logIndex"], 16)))
        fills, reserves = fills_of(pair, logs, times)
        base, quote = pair["base_decimals"], pair["quote_decimals"]
        told[pair["symbol"]] = {
            "trades": [
                [number, price, tokens(a, base), tokens(b, quote), time_ms, sold]
                for number, price, a, b, time_ms, sold in fills
                if price is not None
            ],
            "candles": {str(one): candles_of(pair, fills, one) for one in intervals},
            "reserves": reserves,
        }
    return told


if __name__ == "__main__":
    _, node, some, begin, end, *seconds = sys.argv
    told = by_hand(node, json.loads(some), int(begin), int(end), [int(one) for one in seconds])
    sys.stdout.write(json.dumps(told))
