"""`make fuzz`: one target under atheris, which looks for inputs that reach new branches.

`python -m tests.fuzz.run TARGET SECONDS`: begins with the committed corpus, keeps what it finds in
build/fuzz/TARGET. An input that fails is written to build/fuzz/crashes and ends it with exit 77;
with the fix it is added to tests/fuzz/corpus/TARGET.
"""

import os
import sys
from pathlib import Path

import atheris

BUILD = Path("build") / "fuzz"
INSTRUMENTED = ("amm", "pools", "api", "xyk", "jwt", "tomllib", "urllib", "base64")
SLOW_S = 20  # for one input: longer is a find

with atheris.instrument_imports(include=list(INSTRUMENTED)):
    from tests.fuzz.targets import INPUT_MAX, TARGETS, corpus


def main() -> None:
    name, seconds = sys.argv[1], int(sys.argv[2])
    found, crashes, seeds = BUILD / name, BUILD / "crashes", BUILD / "seeds" / name
    for folder in (found, crashes, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    target = TARGETS[name]
    for number, data in enumerate((*target.seeds(), *(p.read_bytes() for p in corpus(name)))):
        (seeds / f"{number:04}").write_bytes(data)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={INPUT_MAX}",
        f"-timeout={SLOW_S}",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        f"-artifact_prefix={crashes}/{name}-",
    ]
    atheris.Setup([sys.argv[0], *options, str(found), str(seeds)], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    os.nice(10)
    main()
