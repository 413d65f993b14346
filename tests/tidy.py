"""The rules of this repository that a parser can check. `test_tidy.py` applies and proves them.

Every rule takes a parsed file, or its text, and gives complaints: (line, what is wrong). None of
them imports what it checks.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping

Complaint = tuple[int, str]

LINES_MAX = 400  # of a file
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

OURS = ("amm", "api", "contracts_abi", "pools", "tests", "xyk", "bench", "tools")

# What pure code may use besides our own packages: nothing that reads a clock, draws a number,
# touches the machine or depends on the run.
PURE_STDLIB = frozenset(
    {"bisect", "collections", "copy", "dataclasses", "enum", "functools", "hashlib", "heapq"}
    | {"itertools", "math", "operator", "re", "types", "typing"}
)
PURE_LIBRARIES = frozenset({"msgspec", "sha3"})
PURE_MATH = frozenset({"isqrt", "gcd", "lcm", "prod", "comb"})  # the rest of math is floating point
IMPURE_CALLS = frozenset(
    {"float", "complex", "hash", "id", "open", "input", "eval", "exec", "__import__"}
)

# Written so that no line of this file matches itself.
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:work|root|tmp|home|opt|Users)/")
REGISTRY_HOST = re.compile(
    r"\b(?:pypi|pythonhosted)\.org\b|\bregistry\.(?:npmjs|yarnpkg)\.(?:org|com)\b|\bnpmjs\.com\b"
)
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported; `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def within(name: str, packages: Iterable[str]) -> bool:
    """Whether the dotted `name` is one of the packages or lies below one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def package_of(module: str) -> str:
    """The unit that the layer table speaks of: `xyk.storage` for xyk.storage.history, else the
    top."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "xyk" else parts[0]


def layer_breaches(
    module: str, tree: ast.AST, may_import: Mapping[str, Collection[str]]
) -> list[Complaint]:
    """Imports of our own packages that the layer table does not grant to `module`."""
    package = package_of(module)
    if package not in may_import and module != "xyk":
        return [(1, f"{package} is not in the layer table")]
    granted = may_import.get(package, ())
    found = []
    for line, name in imports(tree):
        if name.startswith("."):
            found.append((line, f"relative import {name}; write the whole name"))
        elif name == "xyk":
            continue  # the marker alone, for the path of the package
        elif within(name, OURS) and not within(name, (package, *granted)) and "*" not in granted:
            found.append((line, f"{package} may not import {name}"))
    return found


def borrowings(tree: ast.AST, allowed: Collection[str]) -> list[Complaint]:
    """Imports of our own packages by a file that must stand alone."""
    return [
        (line, f"{name} is what this file checks, or leans on it")
        for line, name in imports(tree)
        if within(name, OURS) and not within(name, allowed)
    ]


def library_breaches(
    module: str, tree: ast.AST, homes: Mapping[str, Collection[str]]
) -> list[Complaint]:
    """Imports of libraries that have a home elsewhere."""
    return [
        (line, f"{library} is imported only by {', '.join(homes[library])}")
        for line, name in imports(tree)
        if (library := name.split(".")[0]) in homes and not within(module, homes[library])
    ]


def impurities(tree: ast.AST) -> list[Complaint]:
    """What pure code may not do: clocks, chance, the machine, threads, floats, the order of a
    set."""
    found: list[Complaint] = []
    for line, name in imports(tree):
        top, _, member = name.partition(".")
        ours = top in OURS
        if not (ours or top in PURE_STDLIB or top in PURE_LIBRARIES or top.startswith(".")):
            kind = "standard module" if top in sys.stdlib_module_names else "library"
            found.append((line, f"{kind} {top} in pure code"))
        elif top == "math" and member not in PURE_MATH:
            found.append((line, f"{name or 'math'}: import isqrt, gcd, lcm, prod or comb by name"))
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex()):
                found.append((node.lineno, f"float literal {node.value!r}"))
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                found.append((node.lineno, "true division; // says which way it rounds"))
            case ast.Call(func=ast.Name(id=called)) if called in IMPURE_CALLS:
                found.append((node.lineno, f"{called}() in pure code"))
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                found.append((node.lineno, "async in pure code"))
    return found


def prints(tree: ast.AST) -> list[Complaint]:
    return [
        (node.lineno, "print; a log line or a return value instead")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("print", "pprint")
    ]


def sizes(text: str, tree: ast.AST) -> list[Complaint]:
    """Files, functions and lines that are too long."""
    lines = text.splitlines()
    found = [
        (number, f"{len(line)} columns, at most {COLUMNS_MAX}")
        for number, line in enumerate(lines, start=1)
        if len(line) > COLUMNS_MAX
    ]
    if len(lines) > LINES_MAX:
        found.append((1, f"{len(lines)} lines, at most {LINES_MAX} a file"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                long = f"{node.name} has {length} lines, at most {FUNCTION_LINES_MAX} a function"
                found.append((node.lineno, long))
    return found


def leaks(text: str) -> list[Complaint]:
    """Paths of one machine, hosts of package registries, private keys."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := MACHINE_PATH.search(line):
            found.append((number, f"machine path {match.group()}"))
        if match := REGISTRY_HOST.search(line):
            found.append((number, f"registry host {match.group()}"))
        if PRIVATE_KEY.search(line):
            found.append((number, "a private key"))
    return found


def shadowed_libraries(paths: Iterable[str]) -> list[Complaint]:
    """alembic/ is a folder of ours and a library of others: only without __init__.py do both
    work."""
    return [(1, f"{path} hides the library") for path in paths if path == "alembic/__init__.py"]


def words(tree: ast.AST) -> set[str]:
    """Every name, attribute and word of a string in a file."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.Constant(value=str(text)):
                found.update(re.findall(r"\w+", text))
    return found


def members_used(tree: ast.AST, enum: str) -> set[str]:
    """The X of every `enum.X` in a file."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == enum
    }
