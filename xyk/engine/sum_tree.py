"""A Merkle tree whose nodes carry sums: what the exchange owes, committed to in one hash.

A node's hash covers the hash and the sums of each child apart. (Of trees that hash only what both
come to, two leaves can be shown with sums that were never added: "Broken Proofs of Solvency".) Sums
are base units by asset, at least 0 and below 2^256, so that adding more accounts never makes the
exchange owe less. What is hashed is text, so that anybody can do it again:

    leaf   SHA-256 of "xyk liabilities leaf", owner, sums
    node   SHA-256 of "xyk liabilities node", left hash, left sums, right hash, right sums
    root   SHA-256 of "xyk liabilities root", seq, hash of that entry, leaves, top hash, top sums

with newlines between, and sums as `ETH=5,USDC=7`, in order of the symbols, zeros left out. Leaves
stand in order of their owners, each owner once. Where a level has an odd number of nodes the last
one goes up as it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from xyk.domain.market import OUTSIDE
from xyk.domain.units import UINT256_MAX
from xyk.exchange.state import State

Sums = Mapping[str, int]  # asset -> base units

LEFT, RIGHT = "left", "right"
NOTHING = "0" * 64  # the top's hash where nobody has anything


class Node(NamedTuple):
    """`hash` is hex SHA-256."""

    hash: str
    sums: Sums


class Step(msgspec.Struct, frozen=True):
    """A node beside the way to the top; `side` is the one on which it stands."""

    side: str
    hash: str
    sums: Sums


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """What all accounts have together at `seq`, whose entry has the hash `hash`."""

    seq: int
    hash: str
    root: str
    leaves: int
    top: str
    totals: Sums


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """That `sums` are the owner's part of the root's totals."""

    owner: str
    sums: Sums
    path: tuple[Step, ...]


def sums_text(sums: Sums) -> str:
    """Raises ValueError for what is no sum."""
    if not all(0 <= amount <= UINT256_MAX for amount in sums.values()):
        raise ValueError("a sum is at least 0 and below 2^256")
    return ",".join(f"{asset}={sums[asset]}" for asset in sorted(sums) if sums[asset])


def leaf(owner: str, sums: Sums) -> Node:
    return Node(_hash("leaf", owner, sums_text(sums)), sums)


def parent(left: Node, right: Node) -> Node:
    sums = dict(left.sums)
    for asset, amount in right.sums.items():
        sums[asset] = sums.get(asset, 0) + amount
    sums_text(sums)  # bounded as those of its children
    return Node(
        _hash("node", left.hash, sums_text(left.sums), right.hash, sums_text(right.sums)), sums
    )


def level_above(nodes: Sequence[Node]) -> list[Node]:
    above = [parent(nodes[at], nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
    return [*above, nodes[-1]] if len(nodes) % 2 else above


def root_of(seq: int, entry_hash: str, leaves: int, top: Node) -> Root:
    digest = _hash("root", str(seq), entry_hash, str(leaves), top.hash, sums_text(top.sums))
    totals = {asset: top.sums[asset] for asset in sorted(top.sums)}
    return Root(seq=seq, hash=entry_hash, root=digest, leaves=leaves, top=top.hash, totals=totals)


def climb(proof: Proof) -> Node:
    """The top that the proof leads to. Raises ValueError."""
    node = leaf(proof.owner, proof.sums)
    for step in proof.path:
        beside = Node(step.hash, step.sums)
        node = parent(beside, node) if step.side == LEFT else parent(node, beside)
    return node


def proves(proof: Proof, root: Root) -> bool:
    """Whether the root commits to the proof, and its totals are what it commits to."""
    try:
        return root_of(root.seq, root.hash, root.leaves, climb(proof)) == root
    except ValueError:
        return False


def accounts_of(state: State) -> Iterator[tuple[str, Sums]]:
    """All but the outside one, available and held together, in order of their names."""
    owed: dict[str, dict[str, int]] = {}
    for asset in state.ledger.assets():
        for account, available, held in state.ledger.balances(asset):
            if account != OUTSIDE:
                owed.setdefault(account, {})[asset] = available + held
    return iter(sorted(owed.items()))


def commitment(state: State, entry_hash: str, leaves: Iterable[Node] | None = None) -> Root:
    """The root of the state, whose last entry has that hash. Raises AssertionError unless all of it
    is what was paid in."""
    if leaves is None:
        leaves = [leaf(owner, sums) for owner, sums in accounts_of(state)]
    nodes = list(leaves)
    count = len(nodes)
    while len(nodes) > 1:
        nodes = level_above(nodes)
    return checked(state, root_of(state.seq, entry_hash, count, nodes[0] if nodes else EMPTY))


def checked(state: State, root: Root) -> Root:
    """Raises AssertionError unless the totals are minus the outside account's."""
    for asset in state.ledger.assets():
        total = root.totals.get(asset, 0)
        assert total == state.ledger.supply(asset), f"{asset}: owed {total}"
    return root


def _hash(kind: str, *lines: str) -> str:
    return sha256("\n".join((f"xyk liabilities {kind}", *lines)).encode()).hexdigest()


EMPTY = Node(NOTHING, {})
