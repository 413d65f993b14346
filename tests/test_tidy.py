"""The code checks itself: layers, purity, sizes, bans. Every rule is also shown a file that breaks
it."""

import ast
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import tidy
from tests.set_order import set_iterations

ROOT = Path(__file__).resolve().parent.parent

# Who may import whom of ours, besides itself; "*" is everything. DESIGN section 3.
MAY_IMPORT = {
    "amm": (),
    "pools": ("amm", "xyk.domain"),
    "contracts_abi": (),
    "xyk.domain": (),
    "xyk.genesis": (),
    "xyk.book": ("xyk.domain",),
    "xyk.ledger": ("xyk.domain",),
    "xyk.exchange": ("amm", "pools", "xyk.domain", "xyk.book", "xyk.ledger"),
    "xyk.wallet": ("xyk.domain",),
    "xyk.engine": ("xyk.exchange", "xyk.domain"),
    "xyk.storage": ("xyk.engine", "xyk.domain"),
    # Who signed a transaction is recovered as who signed an action is.
    "xyk.chain": ("xyk.storage", "xyk.domain", "contracts_abi", "amm", "xyk.wallet.verify"),
    # A wallet reads what it signs for a chain by the same ABI that the exchange wrote it with.
    "xyk.client": ("xyk.domain", "xyk.wallet", "contracts_abi"),
    "xyk.maker": ("xyk.client", "xyk.domain"),
    "api": (
        *("xyk.engine", "xyk.exchange", "xyk.wallet", "xyk.storage.history", "xyk.domain"),
        "xyk.chain",
    ),
    "xyk.simulation": (
        *("api", "xyk.engine", "xyk.exchange", "xyk.storage.journal", "xyk.storage.lock"),
        *("xyk.wallet", "xyk.domain"),
    ),
    "xyk.cli": ("*",),
    "xyk.__main__": ("xyk.cli",),
    "alembic": ("xyk.storage",),
    "bench": ("*",),
    "tools": ("*",),
    "tests": ("*",),
}
PURE = (
    *("amm", "pools", "xyk.domain", "xyk.book", "xyk.ledger", "xyk.exchange"),
    *("xyk.maker.quoting", "xyk.maker.changes"),
)
# The twin, the rules above and the simulation's auditor must not lean on what they check.
INDEPENDENT = (
    *("tests.naive", "tests.tidy", "tests.set_order", "tests.chain.candles_by_hand"),
    *("xyk.simulation.auditor", "xyk.simulation.books", "xyk.simulation.violation"),
)

# Libraries with one home. Tests, bench and tools may use any.
HOMES = {
    "litestar": ("api", "xyk.cli.compose"),
    "web3": ("xyk.chain.node",),  # so that who serves without a chain never loads it
    "aiohttp": ("xyk.chain.node",),
    "pydantic": ("xyk.storage.tables",),
    "sqlmodel": ("xyk.storage.tables", "xyk.storage.chain_tables", "alembic"),
    "sqlalchemy": ("xyk.storage", "alembic"),
    "aiosqlite": ("xyk.storage",),
    "asyncpg": ("xyk.storage",),
    "sqlite3": ("xyk.storage",),
    "apsw": ("xyk.simulation",),
    "coincurve": ("xyk.wallet",),
    "cryptography": ("xyk.wallet",),
    "nacl": ("xyk.wallet",),
    "jwt": ("xyk.wallet",),
    "typer": ("xyk.cli",),
    "rich": ("xyk.cli",),
}
ANY_LIBRARY = ("tests", "bench", "tools")
MAY_PRINT = (
    *("xyk.cli", "bench", "tools"),
    *(f"tests.{folder}" for folder in ("simulation", "mutants", "crash", "soak", "clients")),
    *("tests.browser", "tests.web"),
)

# Packages whose tests are being written. Empty is the only good value.
AWAITING_TESTS: tuple[str, ...] = ()

NOT_OURS = {".git", ".venv", "node_modules", "data", "build", "htmlcov", "__pycache__"}
TEXT_BYTES_MAX = 4 * 1024 * 1024


def tracked() -> list[str]:
    """Paths of all files that git tracks or would; where there is no git, of all that look like
    it."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
        return sorted(n for n in names.decode().split("\0") if n and (ROOT / n).is_file())
    return sorted(_walk())


def _walk() -> Iterator[str]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info", "hypothesis"))
        ]
        for file in files:
            if not file.startswith(".coverage") and not file.endswith(".pyc"):
                yield (Path(folder) / file).relative_to(ROOT).as_posix()


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


TRACKED = tracked()
SOURCES = {
    module_name(path): (ROOT / path).read_text(encoding="utf-8")
    for path in TRACKED
    if path.endswith(".py")
}
TREES = {module: ast.parse(text, filename=module) for module, text in SOURCES.items()}


def everywhere(
    check: Callable[[str], list[tidy.Complaint]], where: Callable[[str], bool] = lambda _: True
) -> str:
    """The complaints of `check(module)` over the modules that `where` accepts, one a line."""
    return "\n".join(
        f"{module}:{line}: {what}"
        for module in SOURCES
        if where(module)
        for line, what in check(module)
    )


def test_layers() -> None:
    assert not everywhere(lambda m: tidy.layer_breaches(m, TREES[m], MAY_IMPORT))


def test_libraries_stay_at_home() -> None:
    assert not everywhere(
        lambda m: tidy.library_breaches(m, TREES[m], HOMES),
        lambda m: not tidy.within(m, ANY_LIBRARY),
    )


def test_pure_packages_are_pure() -> None:
    assert not everywhere(
        lambda m: tidy.impurities(TREES[m]) + set_iterations(TREES[m]),
        lambda m: tidy.within(m, PURE),
    )


def test_the_twin_imports_nothing_of_ours() -> None:
    assert not everywhere(
        lambda m: tidy.borrowings(TREES[m], INDEPENDENT),
        lambda m: tidy.within(m, INDEPENDENT),
    )


def test_sizes() -> None:
    assert not everywhere(lambda m: tidy.sizes(SOURCES[m], TREES[m]))


def test_no_print() -> None:
    assert not everywhere(lambda m: tidy.prints(TREES[m]), lambda m: not tidy.within(m, MAY_PRINT))


def test_alembic_is_not_a_package() -> None:
    assert not tidy.shadowed_libraries(TRACKED)


def test_no_machine_paths_hosts_or_keys() -> None:
    found: list[str] = []
    for path in TRACKED:
        data = (ROOT / path).read_bytes()
        if len(data) <= TEXT_BYTES_MAX and b"\0" not in data:
            complaints = tidy.leaks(data.decode(errors="replace"))
            found += [f"{path}:{line}: {what}" for line, what in complaints]
    assert not "\n".join(found)


def untested_codes(trees: dict[str, ast.Module], awaited: tuple[str, ...] = ()) -> set[str]:
    """The refusals that our code can give and no test names; `awaited` packages may, for now."""
    given: set[str] = set()
    named: set[str] = set()
    for module, tree in trees.items():
        if not tidy.within(module, ("tests", "bench", "tools", *awaited)):
            given |= tidy.members_used(tree, "Code")
        elif module.rpartition(".")[2].startswith("test_") and module != "tests.test_tidy":
            named |= tidy.words(tree)
    return given - named


def test_every_refusal_is_tested() -> None:
    assert not untested_codes(TREES, AWAITING_TESTS)


def test_nothing_awaits_tests_that_are_there() -> None:
    for package in AWAITING_TESTS:
        folder = ROOT / "tests" / package.rpartition(".")[2]
        assert not list(folder.glob("test_*.py")), f"take {package} out of AWAITING_TESTS"


# From here on: each rule complains about what it forbids, and about nothing else.


def lines(complaints: list[tidy.Complaint]) -> list[int]:
    return sorted(line for line, _ in complaints)


@pytest.mark.parametrize(
    ("module", "text", "complains"),
    [
        ("amm.oracle", "from xyk.domain.units import BPS", True),
        ("amm.oracle", "from math import isqrt", False),
        ("amm.oracle", "import amm.liquidity", False),
        ("pools.pool", "from amm import oracle", False),
        ("xyk.domain.market", "from xyk import exchange", True),
        ("xyk.storage.migrate", "import xyk", False),
        ("xyk.domain.market", "from .units import BPS", True),
        ("xyk.domain.market", "def f():\n    import api.app", True),
        ("xyk.wallet.verify", "from xyk.domain.units import BPS", False),
        ("xyk.wallet.verify", "from xyk.domain_of_others import BPS", True),
        ("api.markets", "from xyk.storage.history import trades", False),
        ("api.markets", "from xyk.storage.journal import Journal", True),
        ("xyk.cli.compose", "import api.app, xyk.storage.journal", False),
        ("xyk.engine.writer", "import tests.naive", True),
        ("xyk.news", "x = 1", True),
        ("xyk", "", False),
    ],
)
def test_layer_rule(module: str, text: str, complains: bool) -> None:
    assert bool(tidy.layer_breaches(module, ast.parse(text), MAY_IMPORT)) is complains


@pytest.mark.parametrize(
    ("module", "text", "complains"),
    [
        ("xyk.engine.writer", "from litestar import get", True),
        ("api.app", "from litestar.di import Provide", False),
        ("api.app", "import web3", True),
        ("xyk.chain.node", "from web3 import Web3", False),
        ("xyk.chain.mirror", "from web3 import Web3", True),
        ("xyk.storage.journal", "import pydantic", True),
        ("xyk.storage.tables", "import pydantic", False),
    ],
)
def test_library_rule(module: str, text: str, complains: bool) -> None:
    assert bool(tidy.library_breaches(module, ast.parse(text), HOMES)) is complains


def test_independence_rule() -> None:
    text = "import msgspec\nfrom tests import naive\nfrom tests import conftest\nimport amm"
    assert lines(tidy.borrowings(ast.parse(text), INDEPENDENT)) == [3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio",
        "import time",
        "from datetime import datetime",
        "import random",
        "import os.path",
        "import logging",
        "import structlog",
        "import math",
        "from math import sqrt",
        "x = 1.0",
        "x = 1e18",
        "x = a / b",
        "x /= 2",
        "x = float(a)",
        "x = hash('a')",
        "async def f(): ...",
    ],
)
def test_purity_rule_complains(text: str) -> None:
    assert lines(tidy.impurities(ast.parse(text))) == [1]


def test_purity_rule_lets_integers_pass() -> None:
    text = "from math import isqrt\nimport msgspec\nfrom amm import oracle\nx = isqrt(10**18) // 3"
    assert not tidy.impurities(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "for x in {1, 2}: ...",
        "for x in set(a): ...",
        "x = list({1, 2})",
        "x = [y for y in frozenset(a)]",
        "x = {y: 1 for y in {1, 2}}",
        "def f(a: set[int]):\n    yield from a",
        "def f(a: frozenset[int] | None):\n    return tuple(a)",
        "def f():\n    a = {1}\n    return [*a]",
        "def f():\n    a = {1} | b\n    return a.pop()",
        "def f(a, b):\n    for x in a.keys() & b.keys(): ...",
        "class C:\n    a: set[int]\n    def f(self):\n        return ','.join(self.a)",
        "class C:\n    def __init__(self):\n        self.a = set()\n"
        "    def f(self):\n        for x in self.a: ...",
        "a, b = {1, 2}",
        "x = list(a.difference(b))",
    ],
)
def test_set_order_rule_complains(text: str) -> None:
    assert len(set_iterations(ast.parse(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "for x in sorted({1, 2}): ...",
        "x = 1 in {1, 2}",
        "x = sum(y for y in {1, 2})",
        "x = {y for y in {1, 2}}",
        "x = all(y > 0 for y in set(a))",
        "for x in {1: 2}: ...",
        "def f(a: list[int]):\n    for x in a: ...",
        "def f():\n    a = {1}\n\ndef g(a):\n    for x in a: ...",
        "x = a.pop(0)",
    ],
)
def test_set_order_rule_lets_pass(text: str) -> None:
    assert not set_iterations(ast.parse(text))


def test_size_rule() -> None:
    wide = "x = '" + "y" * 95 + "'"
    assert len(wide) == tidy.COLUMNS_MAX + 1
    function = "def f():\n" + "    x = 1\n" * 70
    file = "x = 1\n" * 401
    for text in (wide, function, file):
        assert lines(tidy.sizes(text, ast.parse(text))) == [1]
    for text in (wide.replace("yy", "y", 1), function[: -len("    x = 1\n")], file[6:]):
        assert not tidy.sizes(text, ast.parse(text))


def test_print_rule() -> None:
    assert lines(tidy.prints(ast.parse("def f():\n    print(1)"))) == [2]
    assert not tidy.prints(ast.parse("blueprint(1)\nlog.print = 2"))


@pytest.mark.parametrize(
    "text",
    [
        "cd /" + "root/xyk",
        "open('/" + "tmp/x')",
        "data=/" + "home/me/data",
        "index = https://pypi" + ".org/simple",
        "resolved: https://registry" + ".npmjs.org/a.tgz",
        "-----BEGIN EC " + "PRIVATE KEY-----",
    ],
)
def test_leak_rule_complains(text: str) -> None:
    assert lines(tidy.leaks(f"first line\n{text}\n")) == [2]


def test_leak_rule_lets_pass() -> None:
    assert not tidy.leaks("GET https://example.org/home/ and framework/root/x, ./tmp/y, tmp_path")


def test_alembic_rule() -> None:
    assert tidy.shadowed_libraries(["alembic/env.py", "alembic/__init__.py"])
    assert not tidy.shadowed_libraries(["alembic/env.py", "api/__init__.py"])


def test_refusal_rule() -> None:
    def files(**texts: str) -> dict[str, ast.Module]:
        return {name.replace("_of_", "."): ast.parse(text) for name, text in texts.items()}

    given = {"xyk_of_a": "raise_(Code.EXPIRED)"}
    assert untested_codes(files(**given)) == {"EXPIRED"}
    assert not untested_codes(files(**given), awaited=("xyk.a",))
    assert untested_codes(files(**given, tests_of_naive="'EXPIRED'")) == {"EXPIRED"}
    assert not untested_codes(files(**given, tests_of_test_a="table = 'swap -> EXPIRED'"))
    assert not untested_codes(files(**given, tests_of_test_a="assert code is Code.EXPIRED"))


def test_the_rules_see_the_files() -> None:
    assert {"xyk.domain.units", "tests.test_tidy"} <= SOURCES.keys()
    assert {"pyproject.toml", "Makefile"} <= set(TRACKED)
