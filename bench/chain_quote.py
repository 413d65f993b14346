"""The best route over 1,000 mirrored pairs, in three shapes: every token with every other, all of
them with two hubs, and few with many as they are on a chain. No HTTP, and CPU time alone."""

import gc
import random
import time
from itertools import combinations

from bench.table import Row, at_most, middle, note
from xyk.chain.pair import Pair, Token
from xyk.chain.route import Graph, Route

PAIRS = 1_000
QUOTES = 300
TARGET_MS = 5.0
FEE_BPS = 30

Couples = list[tuple[int, int]]


def shapes(draw: random.Random) -> dict[str, Couples]:
    """Couples of tokens, by number."""
    hubs = [(0, 1), *((hub, token) for token in range(2, PAIRS // 2 + 2) for hub in (0, 1))]
    skewed: dict[tuple[int, int], None] = {}
    while len(skewed) < PAIRS:
        one, other = int(300 * draw.random() ** 3), int(300 * draw.random())
        if one != other:
            skewed[min(one, other), max(one, other)] = None
    return {
        "all with all": list(combinations(range(46), 2))[:PAIRS],
        "two hubs": hubs[:PAIRS],
        "as on a chain": list(skewed),
    }


def measured(couples: Couples, draw: random.Random) -> tuple[list[float], list[float]]:
    """CPU ms of each quote, either way, in order: of all, and of those that have three hops."""
    count = max(max(couple) for couple in couples) + 1
    tokens = [Token(f"0x{number + 1:040x}", f"T{number}", 18) for number in range(count)]
    pairs = [
        Pair(f"0x{10**6 + place:040x}", tokens[one], tokens[other], True)
        for place, (one, other) in enumerate(couples)
    ]
    reserves = {
        pair.address: (draw.randrange(10**21, 10**24), draw.randrange(10**21, 10**24))
        for pair in pairs
    }
    graph, taken, longest = Graph(pairs, FEE_BPS), [], []
    wishes = [draw.sample(tokens, 2) for _ in range(QUOTES)]
    gc.collect()
    for sold, bought in wishes:
        for find in (graph.best_exact_in, graph.best_exact_out):
            started = time.process_time()
            route = find(reserves, sold.address, bought.address, 10**18)
            taken.append((time.process_time() - started) * 1000)
            if isinstance(route, Route) and len(route.hops) == 3:
                longest.append(taken[-1])
    return sorted(taken), sorted(longest)


def rows() -> list[Row]:
    draw = random.Random(5)
    found = []
    for shape, couples in shapes(draw).items():
        taken, longest = measured(couples, draw)
        what = f"best route, {len(couples)} pairs, {shape}"
        found.append(at_most(what, middle(taken), TARGET_MS, "ms"))
        if longest:
            p99 = longest[len(longest) * 99 // 100]
            found.append(at_most(f"  of 3 hops ({len(longest)}), p99", p99, TARGET_MS, "ms"))
        found.append(note("  the slowest", f"{taken[-1]:.2f} ms"))
    return found
