"""Finds code that depends on the order of a set, which differs from run to run.

Works on names: what is annotated or assigned as a set in a function, in the module or on `self`
counts as one. It does not follow values through calls.
"""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef

_TYPES = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})
_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
_OPERATORS = (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub)
_VIEWS = frozenset({"keys", "items"})
_ORDERED = frozenset({"list", "tuple", "iter", "enumerate", "zip", "map", "filter"})
_ORDERED_METHODS = frozenset({"fromkeys", "join", "extend"})
_UNORDERED = frozenset({"sorted", "set", "frozenset", "sum", "any", "all", "len", "min", "max"})


def _is_set_annotation(node: ast.expr | None) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _TYPES
        case ast.Subscript(value=value):
            return _is_set_annotation(value)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_set_annotation(left) or _is_set_annotation(right)
    return False


def _key(node: ast.AST) -> str | None:
    """`x` for a name, `.x` for an attribute of anything."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return "." + name
    return None


class _Scope:
    """The names that hold sets in one function, those of the module and all attributes included."""

    def __init__(self, outer: frozenset[str], nodes: list[ast.AST]) -> None:
        self.names = set(outer)
        for node in nodes:
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.AnnAssign(target=target, annotation=annotation):
                if _is_set_annotation(annotation) and (key := _key(target)):
                    self.names.add(key)
            case ast.arg(arg=name, annotation=annotation):
                if _is_set_annotation(annotation):
                    self.names.add(name)
            case ast.Assign(targets=targets, value=value) if self.is_set(value):
                self.names.update(key for target in targets if (key := _key(target)))
            case ast.NamedExpr(target=ast.Name(id=name), value=value) if self.is_set(value):
                self.names.add(name)

    def is_set(self, node: ast.AST) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in ("set", "frozenset")
            case ast.Call(func=ast.Attribute(attr=name)):
                return name in _METHODS
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
                return any(self.is_set(side) or _is_view(side) for side in (left, right))
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_set(body) or self.is_set(orelse)
            case ast.NamedExpr(value=value):
                return self.is_set(value)
        return _key(node) in self.names


def _is_view(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=[]):
            return name in _VIEWS
    return False


def _own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    """The nodes of one scope, in source order, without the functions inside it."""
    for child in ast.iter_child_nodes(root):
        if isinstance(child, Function):
            continue
        yield child
        yield from _own_nodes(child)


def _forgiven(nodes: list[ast.AST]) -> set[ast.AST]:
    """Comprehensions whose order does not matter: the only argument of sorted, sum, any, ..."""
    found: set[ast.AST] = set()
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _UNORDERED:
                found.add(first)
            case ast.SetComp():
                found.add(node)
    return found


def _walked(node: ast.AST, forgiven: set[ast.AST]) -> list[ast.expr]:
    """The expressions whose order this node makes visible."""
    match node:
        case ast.For(iter=walked) | ast.AsyncFor(iter=walked) | ast.YieldFrom(value=walked):
            return [walked]
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp() if node not in forgiven:
            return [generator.iter for generator in node.generators]
        case ast.Call(func=ast.Name(id=name), args=args) if name in _ORDERED:
            return args
        case ast.Call(func=ast.Attribute(attr=name), args=args) if name in _ORDERED_METHODS:
            return args
        case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[], keywords=[]):
            return [value]
        case ast.Starred(value=walked):
            return [walked]
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=walked):
            return [walked]
    return []


def set_iterations(tree: ast.Module) -> list[tuple[int, str]]:
    """(line, complaint) for every place where the order of a set shows."""
    attributes = frozenset(
        key
        for node in ast.walk(tree)
        for key in _Scope(frozenset(), [node]).names
        if key.startswith(".")
    )
    fields = frozenset(
        "." + node.target.id
        for parent in ast.walk(tree)
        if isinstance(parent, ast.ClassDef)
        for node in parent.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if _is_set_annotation(node.annotation)
    )
    module = _Scope(attributes | fields, list(_own_nodes(tree)))
    scopes = [(list(_own_nodes(tree)), module)]
    for node in ast.walk(tree):
        if isinstance(node, Function):
            nodes = list(_own_nodes(node))
            scopes.append((nodes, _Scope(frozenset(module.names), nodes)))
    found = []
    for nodes, scope in scopes:
        forgiven = _forgiven(nodes)
        for node in nodes:
            for walked in _walked(node, forgiven):
                if scope.is_set(walked):
                    found.append((walked.lineno, f"order of the set {ast.unparse(walked)}"))
    return found
