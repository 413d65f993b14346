"""Proof that what an owner has is part of what the exchange says it owes: `xyk/engine/sum_tree.py`
says how each hash is made."""

import asyncio
from typing import Any

from litestar import get
from litestar.params import FromPath

from api.markets import View
from api.pools import parse_owner
from api.problems import Refused
from api.services import Given, Services
from api.visibility import GivenVisitor
from xyk.domain.market import LOCKED, pool_account
from xyk.domain.rejections import Code, Rejected
from xyk.engine.liabilities import Liabilities
from xyk.engine.sum_tree import Root, Sums


class RootView(View, frozen=True, kw_only=True):
    """All accounts but the outside world's at `seq`, whose entry has the hash `hash`. `root` is the
    SHA-256 of the lines "xyk liabilities root", seq, hash, leaves, top and totals (written
    `ETH=5,USDC=7`); `totals` are base units by asset, held parts and pools included.
    """

    seq: int
    hash: str
    root: str
    leaves: int
    top: str
    totals: dict[str, str]


class StepView(View, frozen=True, kw_only=True):
    """The node beside the way up, and the side on which it stands: left or right."""

    side: str
    hash: str
    sums: dict[str, str]


class ProofView(RootView, frozen=True, kw_only=True):
    """A leaf is the SHA-256 of the lines "xyk liabilities leaf", owner (lower case) and balances,
    a node that of "xyk liabilities node", left hash, left sums, right hash and right sums. Its sums
    are those of both added up; the last node is the top.
    """

    owner: str
    balances: dict[str, str]
    path: list[StepView]


@get("/api/v1/proof", summary="What the exchange owes, in one hash", tags=["audit"])
async def get_root_of_all(services: Given) -> RootView:
    """At the newest snapshot's seq; 404 before the first one."""
    return RootView(**_root(_published(services).root))


@get("/api/v1/proof/{owner:str}", summary="Proof of an owner's part", tags=["audit"])
async def get_proof(services: Given, visitor: GivenVisitor, owner: FromPath[str]) -> ProofView:
    """What the owner had at the newest snapshot's seq, available and held together, with the path
    to the root. Pools (`pool:ETH_USDC`) and their locked shares (`locked`) are accounts too."""
    account = owner if owner == LOCKED or owner.startswith(pool_account("")) else ""
    account = account or parse_owner(owner)
    await visitor.may_read(account)
    published = _published(services)
    proof = await asyncio.to_thread(published.prove, account)
    if proof is None:
        raise Refused(
            Rejected(
                Code.RESOURCE_NOT_FOUND,
                f"{account[:80]} has nothing at seq {published.root.seq}, up to which the newest "
                "liabilities go; a later balance is proved by the next ones",
            )
        )
    path = [StepView(side=step.side, hash=step.hash, sums=_texts(step.sums)) for step in proof.path]
    return ProofView(**_root(published.root), owner=account, balances=_texts(proof.sums), path=path)


def _published(services: Services) -> Liabilities:
    published = services.liabilities()
    if published is None:
        raise Refused(
            Rejected(
                Code.RESOURCE_NOT_FOUND,
                "No liabilities are published yet; the first come with the first snapshot, when "
                "/api/v1/status has a stateDigest",
            )
        )
    return published


def _root(root: Root) -> dict[str, Any]:
    return {
        "seq": root.seq,
        "hash": root.hash,
        "root": root.root,
        "leaves": root.leaves,
        "top": root.top,
        "totals": _texts(root.totals),
    }


def _texts(sums: Sums) -> dict[str, str]:
    return {asset: str(amount) for asset, amount in sorted(sums.items()) if amount}
