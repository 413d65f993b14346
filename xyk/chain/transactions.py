"""What a wallet may ask for by name, and who builds it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from xyk.chain.attempt import Attempt, Failed, attempt, attempt_approval
from xyk.chain.call import Call
from xyk.chain.deposits import build_add, build_remove
from xyk.chain.erc20 import holding
from xyk.chain.ground import Ground, contract_address, positive
from xyk.chain.refused import Refused, refused
from xyk.chain.reverts import rejected_revert
from xyk.chain.router_calls import unwrap, wrap
from xyk.chain.swaps import build_buy, build_sell
from xyk.chain.unsigned import UNWRAP, WRAP, Built, Step, unsigned
from xyk.chain.wishes import (
    AddLiquidityWish,
    ApproveWish,
    BuyWish,
    RemoveLiquidityWish,
    SellWish,
    UnwrapWish,
    Wish,
    WrapWish,
)
from xyk.domain.rejections import Code


async def build_approve(ground: Ground, wish: ApproveWish) -> Built:
    """Nothing to sign where the router's allowance is exactly that already."""
    asset = ground.asset(wish.token, "$.token")
    if asset.is_native:
        raise refused(
            Code.INVALID_ASSET, f"{asset.symbol} needs no approval; the router takes it as it comes"
        )
    if wish.spender not in (None, ground.router):
        raise refused(
            Code.INVALID_CLIENT_REQUEST,
            f"Only the router {ground.router} is approved here - at `$.spender`",
        )
    held = await holding(ground.rpc, asset.address, wish.owner, ground.router, ground.block.number)
    if held.allowance == wish.amount:
        return Built(block=ground.block, amounts={"amount": wish.amount})
    outcome = await attempt_approval(ground, wish.owner, asset, held.allowance, wish.amount)
    return await _built(ground, wish.owner, wish.amount, outcome)


async def build_wrap(ground: Ground, wish: WrapWish) -> Built:
    amount = positive(wish.amount, "$.amount")
    call = wrap(ground.deployment.wrapped, amount)
    return await _plain(ground, wish, amount, WRAP, call)


async def build_unwrap(ground: Ground, wish: UnwrapWish) -> Built:
    amount = positive(wish.amount, "$.amount")
    wrapped, number = ground.deployment.wrapped, ground.block.number
    held = await holding(ground.rpc, wrapped, wish.owner, ground.router, number)
    if held.balance < amount:
        coin = ground.coin()
        raise refused(
            Code.INSUFFICIENT_FUNDS,
            f"The owner has {coin.amount(held.balance)} wrapped, not {coin.amount(amount)}",
        )
    return await _plain(ground, wish, amount, UNWRAP, unwrap(wrapped, amount))


async def _plain(ground: Ground, wish: Wish, amount: int, kind: str, call: Call) -> Built:
    step = Step(kind, call, f"{kind.capitalize()} {ground.coin().amount(amount)}")
    outcome = await attempt(ground, wish.owner, [], step)
    return await _built(ground, wish.owner, amount, outcome)


async def _built(ground: Ground, owner: str, amount: int, outcome: Attempt | Failed) -> Built:
    if isinstance(outcome, Failed):
        raise Refused(rejected_revert(outcome.reason, outcome.step.description))
    transactions = await unsigned(ground, owner, outcome.steps, outcome.results)
    return Built(block=ground.block, transactions=transactions, amounts={"amount": amount})


class Verb(msgspec.Struct, frozen=True):
    name: str
    wish: type[Wish]
    build: Callable[[Ground, Any], Awaitable[Built]]


VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("sell", SellWish, build_sell),
        Verb("buy", BuyWish, build_buy),
        Verb("add-liquidity", AddLiquidityWish, build_add),
        Verb("remove-liquidity", RemoveLiquidityWish, build_remove),
        Verb("approve", ApproveWish, build_approve),
        Verb("wrap", WrapWish, build_wrap),
        Verb("unwrap", UnwrapWish, build_unwrap),
    )
}


async def build(ground: Ground, verb: Verb, wish: Wish) -> Built:
    """Raises Refused, RpcError and RpcDown."""
    contract_address(wish.owner, "$.owner")
    return await verb.build(ground, wish)
