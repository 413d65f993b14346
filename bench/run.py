"""`make bench`: one table, one run; compare ratios, not absolute times of a shared machine."""

import sys

from bench import (
    audit,
    book,
    chain,
    chain_quote,
    core,
    http,
    keys,
    klines,
    memory,
    orders,
    page,
    pause,
    reads,
    startup,
    stream,
)
from bench.table import Row, show

ALL = ["core", "book", "orders", "http", "keys", "reads", "klines", "stream", "page"]
ALL += ["chain", "audit", "memory", "pause", "startup"]


def main(parts: list[str]) -> None:
    wanted = parts or ALL
    rows: list[Row] = []
    if "core" in wanted or "http" in wanted:
        rows += core.rows()
        show(rows)
    if "book" in wanted:
        show(book.rows())
    if "orders" in wanted or "http" in wanted:
        ordered = orders.rows()
        show(ordered)
        rows += ordered
    if "http" in wanted:
        figures = {
            row.what: float(row.measured.split()[0]) for row in rows if " us" in row.measured
        }
        swap_us = sum(figures[name] for name in core.PARTS)
        show(http.rows(swap_us, sum(figures[name] for name in orders.PARTS)))
    if "keys" in wanted:
        show(keys.rows())
    if "reads" in wanted:
        show(reads.rows())
    if "stream" in wanted:
        show(stream.rows())
    if "page" in wanted:
        show(page.rows())
    if "klines" in wanted:
        show(klines.rows())
    if "chain" in wanted:
        show(chain.rows() + chain_quote.rows())
    if "audit" in wanted:
        show(audit.rows())
    if "memory" in wanted:
        show(memory.rows())
    if "pause" in wanted:
        show(pause.rows())
    if "startup" in wanted:
        show(startup.rows())


if __name__ == "__main__":
    main(sys.argv[1:])
