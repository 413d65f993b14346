"""Which methods the paths of an application take."""

from collections.abc import Iterable, Iterator

from litestar import Litestar


def places_of(reads: Litestar) -> Iterator[tuple[str, str]]:
    for route in reads.routes:
        yield from ((method, route.path) for method in getattr(route, "methods", ()))


def methods_of(reads: Litestar, table: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """All methods of the paths that have a signed route, so that any other one is answered 405."""
    methods: dict[str, set[str]] = {}
    for method, path in table:
        methods.setdefault(path, set()).add(method)
    for route in reads.routes:
        if route.path in methods:
            methods[route.path] |= set(getattr(route, "methods", ()))
    return {path: frozenset(known) for path, known in methods.items()}
