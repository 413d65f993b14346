"""`make bench`: one table, one run; compare ratios, not absolute times of a shared machine."""

import sys

from bench import core, http, memory, pause, startup, stream
from bench.table import Row, show


def main(parts: list[str]) -> None:
    wanted = parts or ["core", "http", "stream", "memory", "pause", "startup"]
    rows: list[Row] = []
    if "core" in wanted or "http" in wanted:
        rows += core.rows()
        show(rows)
    if "http" in wanted:
        figures = {row.what: float(row.measured.split()[0]) for row in rows if row.ratio is None}
        core_us = figures["decide + evolve + invariants"] + figures["entry and hash"]
        show(http.rows(core_us, figures["journal, groups of 64, fsync"]))
    if "stream" in wanted:
        show(stream.rows())
    if "memory" in wanted:
        show(memory.rows())
    if "pause" in wanted:
        show(pause.rows())
    if "startup" in wanted:
        show(startup.rows())


if __name__ == "__main__":
    main(sys.argv[1:])
