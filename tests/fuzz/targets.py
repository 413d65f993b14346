"""All targets by name. A target takes any bytes and returns, or raises: then a decoder of ours let
something through that it must not, or fell over it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import bodies, frames, rows, tokens

CORPUS = Path(__file__).parent / "corpus"
INPUT_MAX = 64 * 1024  # bytes; bodies that are longer are refused before they are decoded


class Target(NamedTuple):
    """`seeds` are valid inputs, from which the corpus and all mutations begin."""

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


TARGETS: dict[str, Target] = {
    "bodies": Target(bodies.bodies, bodies.body_seeds),
    "queries": Target(bodies.queries, bodies.query_seeds),
    "key_bodies": Target(bodies.key_bodies, bodies.key_body_seeds),
    "gateway": Target(bodies.gateway, bodies.gateway_seeds),
    "frames": Target(frames.frames, frames.frame_seeds),
    "rows": Target(rows.rows, rows.row_seeds),
    "snapshots": Target(rows.snapshots, rows.snapshot_seeds),
    "genesis": Target(rows.genesis, rows.genesis_seeds),
    "key_text": Target(tokens.key_text, tokens.key_text_seeds),
    "key_proof": Target(tokens.key_proof, tokens.key_proof_seeds),
    "tokens": Target(tokens.tokens, tokens.token_seeds),
    "sign_in": Target(tokens.sign_in, tokens.sign_in_seeds),
}


def corpus(name: str) -> Iterator[Path]:
    """The committed inputs of a target: what once failed, and what coverage found."""
    yield from sorted(path for path in (CORPUS / name).glob("*") if path.is_file())
