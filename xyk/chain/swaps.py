"""Transactions of a swap through Router02, for exactly so much in or out.

What the swap gives is what the router itself answers for the block. A token that keeps part of what
is sent (fee on transfer) shows when the swap is tried: the pair gets less than it should, or the
recipient does. Such a token can be sold, with the router's own functions for it, which hold the
minimum against what arrives; an exact amount of it cannot be bought.
"""

import msgspec
from msgspec.structs import replace

from xyk.chain.admission import is_target
from xyk.chain.attempt import Allowance, Attempt, Failed, attempt
from xyk.chain.call import Call, bytes_of, call_of, values_of
from xyk.chain.erc20 import holding
from xyk.chain.ground import (
    Asset,
    Ground,
    at_least,
    at_most,
    check_minimum,
    contract_address,
    positive,
    slippage,
)
from xyk.chain.hop_pools import Pool, impact_bps, pools_along
from xyk.chain.refused import Refused, refused
from xyk.chain.reverts import code_of, rejected_revert, revert_of
from xyk.chain.route import Route
from xyk.chain.router_calls import ROUTER, Way, buy, sell
from xyk.chain.rpc import BadAnswer, RpcError, hexed
from xyk.chain.simulation import balance_call
from xyk.chain.unsigned import HOP_BOUND, SWAP, SWAP_BOUND, Built, Step, unsigned
from xyk.chain.wishes import BuyWish, SellWish, SwapWish
from xyk.domain.rejections import Code
from xyk.domain.units import HOPS_MAX, RESERVE_MAX


class Plan(msgspec.Struct, frozen=True):
    """A swap with its amounts by the reserves. `amounts`: along the path."""

    ground: Ground
    owner: str
    asset_in: Asset
    asset_out: Asset
    way: Way
    pools: list[Pool]
    amounts: list[int]

    @property
    def amount_in(self) -> int:
        return self.amounts[0]

    @property
    def amount_out(self) -> int:
        return self.amounts[-1]

    @property
    def bound(self) -> int:
        return SWAP_BOUND + HOP_BOUND * len(self.pools)


async def build_sell(ground: Ground, wish: SellWish) -> Built:
    amount_in = positive(wish.amount_in, "$.amountIn")
    check_minimum(wish.min_amount_out, "$.minAmountOut")
    plan = await _plan(ground, wish, amount_in=amount_in)
    allowances = await _affordable(plan, amount_in, amount_in)
    sold = plan.asset_in.amount(amount_in)

    async def tried(expected: int, min_out: int, takes_fee: bool) -> Attempt | Failed:
        least = plan.asset_out.amount(min_out)
        if expected < min_out:
            raise refused(
                Code.SLIPPAGE_EXCEEDED,
                f"{sold} would give {plan.asset_out.amount(expected)}, less than {least}",
            )
        call = sell(plan.way, amount_in, min_out, fee_on_transfer=takes_fee)
        step = Step(SWAP, call, f"Swap {sold} for at least {least}", plan.bound)
        return await attempt(ground, wish.owner, allowances, step, _watched(plan))

    def least(expected: int) -> int:
        if wish.min_amount_out is not None:
            return wish.min_amount_out
        return at_least(expected, wish.slippage_bps)

    expected, min_out, takes_fee = plan.amount_out, least(plan.amount_out), False
    outcome = await tried(expected, min_out, takes_fee)
    if _short(outcome, expected):
        bare = await tried(expected, 0, True)
        if isinstance(bare, Failed):
            raise _failed(outcome if isinstance(outcome, Failed) else bare)
        if not bare.got:
            raise _unseen(plan)
        expected, takes_fee = bare.got[0], True
        min_out = least(expected)
        outcome = await tried(expected, min_out, takes_fee)
    if isinstance(outcome, Failed):
        raise _failed(outcome)
    return await _built(
        plan,
        outcome,
        {"amount_in": amount_in, "amount_out": expected, "min_amount_out": min_out},
        takes_fee,
    )


async def build_buy(ground: Ground, wish: BuyWish) -> Built:
    amount_out = positive(wish.amount_out, "$.amountOut")
    if wish.max_amount_in is not None and wish.max_amount_in > RESERVE_MAX:
        raise refused(
            Code.SLIPPAGE_EXCEEDED,
            "More than any pair can hold accepts any price; name the most that is acceptable - at "
            "`$.maxAmountIn`",
        )
    plan = await _plan(ground, wish, amount_out=amount_out)
    max_in = wish.max_amount_in
    if max_in is None:
        max_in = at_most(plan.amount_in, wish.slippage_bps)
    bought, most = plan.asset_out.amount(amount_out), plan.asset_in.amount(max_in)
    if plan.amount_in > max_in:
        costs = plan.asset_in.amount(plan.amount_in)
        raise refused(Code.SLIPPAGE_EXCEEDED, f"{bought} would cost {costs}, more than {most}")
    allowances = await _affordable(plan, plan.amount_in, max_in)
    call = buy(plan.way, amount_out, max_in)
    step = Step(SWAP, call, f"Buy {bought} for at most {most}", plan.bound)
    outcome = await attempt(ground, wish.owner, allowances, step, _watched(plan))
    if isinstance(outcome, Failed) and not outcome.reason.endswith(": K"):
        raise _failed(outcome)
    if _short(outcome, amount_out):
        plain = await _without_middles(ground, wish, plan)
        if plain is not None:
            return plain
        raise refused(
            Code.INVALID_ORDER,
            "A token of the path keeps part of what is sent (fee on transfer), so an exact amount "
            "out cannot be had; sell an exact amount in instead",
        )
    assert isinstance(outcome, Attempt)
    return await _built(
        plan,
        outcome,
        {"amount_in": plan.amount_in, "amount_out": amount_out, "max_amount_in": max_in},
        False,
    )


async def _without_middles(ground: Ground, wish: BuyWish, plan: Plan) -> Built | None:
    """By the pair of both ends, where we chose a way over others: a token in the middle that keeps
    part of what is sent looks cheaper than it is. None where that pair does not do either."""
    if wish.path is not None or len(plan.way.path) == 2:
        return None
    ends = [plan.way.path[0], plan.way.path[-1]]
    try:
        return await build_buy(ground, replace(wish, path=ends))
    except Refused:
        return None


async def _plan(ground: Ground, wish: SwapWish, *, amount_in: int = 0, amount_out: int = 0) -> Plan:
    slippage(wish.slippage_bps)
    asset_in = ground.asset(wish.token_in, "$.tokenIn")
    asset_out = ground.asset(wish.token_out, "$.tokenOut")
    if asset_in.address == asset_out.address:
        raise refused(Code.SAME_TOKEN, _same(asset_in, asset_out))
    path = _path(ground, wish, asset_in, asset_out, amount_in, amount_out)
    pools = await pools_along(ground, path)
    way = Way(
        router=ground.router,
        path=path,
        recipient=_recipient(ground, wish, path, pools),
        deadline=ground.deadline(wish.deadline),
        native_in=asset_in.is_native,
        native_out=asset_out.is_native,
    )
    if amount_in:
        amounts = await _amounts(ground, "getAmountsOut", amount_in, path)
    else:
        if amount_out >= pools[-1].reserve_b:
            has = asset_out.amount(pools[-1].reserve_b)
            raise refused(Code.INSUFFICIENT_LIQUIDITY, f"The last pair of the path has {has}")
        amounts = await _amounts(ground, "getAmountsIn", amount_out, path)
    return Plan(ground, wish.owner, asset_in, asset_out, way, pools, amounts)


def _same(asset_in: Asset, asset_out: Asset) -> str:
    if asset_in.is_native == asset_out.is_native:
        return "tokenIn and tokenOut are the same"
    return f"{asset_in.symbol} and {asset_out.symbol} are worth the same: use wrap or unwrap"


def _path(
    ground: Ground,
    wish: SwapWish,
    asset_in: Asset,
    asset_out: Asset,
    amount_in: int,
    amount_out: int,
) -> tuple[str, ...]:
    ends = (asset_in.address, asset_out.address)
    if wish.path is None:
        if amount_in:
            best = ground.venue.best_exact_in(*ends, amount_in)
        else:
            best = ground.venue.best_exact_out(*ends, amount_out)
        # Where the mirror knows no way the chain may: the pair of both, were it only made just now.
        return best.path if isinstance(best, Route) else ends
    path = tuple(contract_address(text, f"$.path[{index}]") for index, text in enumerate(wish.path))
    if not 2 <= len(path) <= HOPS_MAX + 1 or (path[0], path[-1]) != ends:
        raise refused(
            Code.INVALID_CLIENT_REQUEST,
            f"Expected 2 to {HOPS_MAX + 1} tokens from {ends[0]} to {ends[1]} - at `$.path`",
        )
    if len(set(path)) < len(path):
        raise refused(Code.INVALID_CLIENT_REQUEST, "A token is there twice - at `$.path`")
    return path


def _recipient(ground: Ground, wish: SwapWish, path: tuple[str, ...], pools: list[Pool]) -> str:
    """What the router or a pair gets by mistake belongs to whoever comes next."""
    if wish.recipient is None:
        return wish.owner
    recipient = contract_address(wish.recipient, "$.recipient")
    own = (*path, *(pool.address for pool in pools))
    if recipient in own or is_target(ground.venue.mirror, recipient):
        raise refused(
            Code.INVALID_CLIENT_REQUEST,
            "The recipient is a contract of the deployment and would lose it - at `$.recipient`",
        )
    return recipient


async def _amounts(ground: Ground, function: str, amount: int, path: tuple[str, ...]) -> list[int]:
    """Along the path, by the router itself."""
    call = call_of(ROUTER, ground.router, function, amount, path)
    try:
        answer = await ground.rpc.call("eth_call", call.parameters(), hexed(ground.block.number))
        [amounts] = values_of(ROUTER, function, bytes_of(answer))
    except RpcError as fault:
        reason = revert_of(fault)
        if reason is None:
            raise
        code = code_of(reason)
        if code is Code.REVERTED:  # it does not fit into 256 bits, or a pair on the way has less
            code = Code.INSUFFICIENT_LIQUIDITY
        raise refused(code, f"The pairs of the path cannot give this: {reason}") from fault
    if len(amounts) != len(path):
        raise BadAnswer(f"{function} answered {len(amounts)} amounts for {len(path)} tokens")
    return list(amounts)


async def _affordable(plan: Plan, pays: int, may_pay: int) -> list[Allowance]:
    """What the router needs leave for. Raises Refused where the owner has less than the swap takes
    now; of the native coin that is looked at with the gas."""
    if plan.asset_in.is_native:
        return []
    ground, asset = plan.ground, plan.asset_in
    held = await holding(ground.rpc, asset.address, plan.owner, ground.router, ground.block.number)
    if held.balance < pays:
        raise refused(
            Code.INSUFFICIENT_FUNDS,
            f"The owner has {asset.amount(held.balance)}, the swap takes {asset.amount(pays)}",
        )
    return [Allowance(asset, held.allowance, may_pay)]


def _watched(plan: Plan) -> tuple[Call]:
    out = plan.asset_out
    return (balance_call(out.address, plan.way.recipient, native=out.is_native),)


def _short(outcome: Attempt | Failed, expected: int) -> bool:
    """Whether less arrives than the reserves say, or the swap fails as it may then: the pair misses
    what the token kept. Forks have words of their own for it."""
    if isinstance(outcome, Failed):
        return outcome.step.kind == SWAP and code_of(outcome.reason) is Code.REVERTED
    return bool(outcome.got) and outcome.got[0] < expected


def _failed(failed: Failed) -> Refused:
    return Refused(rejected_revert(failed.reason, failed.step.description))


def _unseen(plan: Plan) -> Refused:
    return refused(
        Code.INVALID_ORDER,
        "A token of the path keeps part of what is sent (fee on transfer), and the nodes of "
        f"{plan.ground.deployment.name} cannot simulate how much arrives",
    )


async def _built(plan: Plan, outcome: Attempt, amounts: dict[str, int], takes_fee: bool) -> Built:
    ground = plan.ground
    return Built(
        block=ground.block,
        transactions=await unsigned(ground, plan.owner, outcome.steps, outcome.results),
        amounts=amounts,
        path=plan.way.path,
        impact_bps=impact_bps(plan.pools, plan.amounts),
        deadline=plan.way.deadline,
        takes_fee=takes_fee,
        is_simulated=outcome.results is not None,
    )
