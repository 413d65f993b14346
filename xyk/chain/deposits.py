"""Transactions that give liquidity to a pair and take it out again, through Router02.

A pair that does not exist is made by the first deposit, whose amounts set the price. The native
coin is always the router's second side, whichever the wish names first.
"""

import msgspec

from amm.liquidity import MINIMUM_LIQUIDITY, amounts_burned, first_liquidity, optimal_amounts
from xyk.chain.attempt import Allowance, Attempt, Failed, attempt
from xyk.chain.call import call_of, values_of
from xyk.chain.erc20 import holding, read
from xyk.chain.ground import Asset, Ground, at_least, check_minimum, positive, slippage
from xyk.chain.hop_pools import Pool, pool_of
from xyk.chain.permit import permit_domain, signature_of
from xyk.chain.refused import Refused, refused
from xyk.chain.reverts import code_of, rejected_revert
from xyk.chain.router_calls import ROUTER, Sides, Signature, add_liquidity, remove_liquidity
from xyk.chain.rpc import BadAnswer
from xyk.chain.simulation import balance_call
from xyk.chain.unsigned import ADD, BOUNDS, NEW_PAIR_BOUND, REMOVE, Built, Step, unsigned
from xyk.chain.wishes import AddLiquidityWish, RemoveLiquidityWish
from xyk.domain.rejections import Code

LP_DECIMALS = 18


class Pairing(msgspec.Struct, frozen=True):
    """Both tokens as the router wants them: the native coin second. `swapped`: not as they were
    named."""

    a: Asset
    b: Asset
    pool: Pool
    swapped: bool

    def as_named(self, of_a: int, of_b: int) -> tuple[int, int]:
        return (of_b, of_a) if self.swapped else (of_a, of_b)


async def build_add(ground: Ground, wish: AddLiquidityWish) -> Built:
    slippage(wish.slippage_bps)
    positive(wish.amount_a_desired, "$.amountADesired")
    positive(wish.amount_b_desired, "$.amountBDesired")
    pairing = await _pairing(ground, wish)
    pool = pairing.pool
    desired = pairing.as_named(wish.amount_a_desired, wish.amount_b_desired)
    if pool.is_empty and (pool.reserve_a or pool.reserve_b):
        raise refused(
            Code.INSUFFICIENT_LIQUIDITY, f"The pair {pool.address} holds only one of its tokens"
        )
    taken = optimal_amounts(*desired, pool.reserve_a, pool.reserve_b)
    if pool.is_empty and first_liquidity(*desired) <= 0:
        raise refused(
            Code.INSUFFICIENT_LIQUIDITY,
            "The first deposit of a pair is too small: the product of both amounts must be above "
            f"{MINIMUM_LIQUIDITY} squared",
        )
    minimums = _minimums(wish, pairing, taken)
    if any(took < least for took, least in zip(taken, minimums, strict=True)):
        raise refused(
            Code.SLIPPAGE_EXCEEDED,
            f"The pool's ratio takes {_both(pairing, taken)}, less than the minimums "
            f"{_both(pairing, minimums)}",
        )
    sides = _sides(ground, pairing, minimums, wish.owner, ground.deadline(wish.deadline))
    allowances = await _affordable(ground, wish.owner, pairing, desired)
    step = Step(
        ADD,
        add_liquidity(sides, *desired),
        f"Add up to {_both(pairing, desired)}",
        BOUNDS[ADD] if pool.address else NEW_PAIR_BOUND,
    )
    outcome = await attempt(ground, wish.owner, allowances, step)
    if isinstance(outcome, Failed):
        raise _failed(outcome)
    amounts = _named("amount_a", "amount_b", pairing, taken)
    if outcome.answer is not None:
        name = "addLiquidityETH" if pairing.b.is_native else "addLiquidity"
        *took, liquidity = values_of(ROUTER, name, outcome.answer)
        amounts = _named("amount_a", "amount_b", pairing, (took[0], took[1]))
        amounts["liquidity"] = liquidity
    return Built(
        block=ground.block,
        transactions=await unsigned(ground, wish.owner, outcome.steps, outcome.results),
        amounts=amounts | _named("amount_a_min", "amount_b_min", pairing, minimums),
        deadline=sides.deadline,
        is_simulated=outcome.results is not None,
    )


async def build_remove(ground: Ground, wish: RemoveLiquidityWish) -> Built:
    slippage(wish.slippage_bps)
    liquidity = positive(wish.liquidity, "$.liquidity")
    signature = None
    if isinstance(wish.permit, bool) or wish.permit is None:
        deadline = ground.deadline(wish.deadline)
    elif wish.deadline is None:
        raise refused(
            Code.INVALID_CLIENT_REQUEST, "Name the deadline that the permit has - at `$.deadline`"
        )
    else:
        signature, deadline = signature_of(wish.permit), ground.deadline(wish.deadline)
    pairing = await _pairing(ground, wish)
    pair = pairing.pool.address
    if not pair:
        raise refused(
            Code.POOL_NOT_FOUND,
            f"{ground.deployment.name} has no pair of {pairing.a.symbol} and {pairing.b.symbol}",
        )
    if pairing.pool.is_empty:
        raise refused(Code.INSUFFICIENT_LIQUIDITY, f"The pair {pair} is empty")
    shares = Asset(pair, f"shares of {pairing.a.symbol} and {pairing.b.symbol}", LP_DECIMALS)
    held = await holding(ground.rpc, pair, wish.owner, ground.router, ground.block.number)
    if held.balance < liquidity:
        raise refused(
            Code.INSUFFICIENT_FUNDS,
            f"The owner has {shares.amount(held.balance)}, not {shares.amount(liquidity)}",
        )
    removal = Removal(ground, wish.owner, pairing, liquidity, deadline, signature)
    allowances = [] if signature else [Allowance(shares, held.allowance, liquidity)]
    minimums = pairing.as_named(wish.amount_a_min or 0, wish.amount_b_min or 0)
    outcome, takes_fee = await _removed(removal, allowances, minimums)
    got = _got(removal, outcome) or await _share(removal)
    if wish.amount_a_min is None or wish.amount_b_min is None:
        minimums = _minimums(wish, pairing, got)
        outcome, takes_fee = await _removed(removal, allowances, minimums)
    built = Built(
        block=ground.block,
        amounts={
            "liquidity": liquidity,
            **_named("amount_a", "amount_b", pairing, got),
            **_named("amount_a_min", "amount_b_min", pairing, minimums),
        },
        deadline=deadline,
        takes_fee=takes_fee,
        is_simulated=outcome.results is not None,
    )
    if held.allowance < liquidity and signature is None and wish.permit is not False:
        chain_id = ground.deployment.chain_id
        domain = await permit_domain(ground.rpc, pair, wish.owner, chain_id, ground.block.number)
        if domain is not None:
            permit = domain.typed_data(wish.owner, ground.router, liquidity, deadline)
            return msgspec.structs.replace(built, permit=permit)
    transactions = await unsigned(ground, wish.owner, outcome.steps, outcome.results)
    return msgspec.structs.replace(built, transactions=transactions)


class Removal(msgspec.Struct, frozen=True):
    """A withdrawal but for its minimums."""

    ground: Ground
    owner: str
    pairing: Pairing
    liquidity: int
    deadline: int
    signature: Signature | None

    def step(self, minimums: tuple[int, int], *, takes_fee: bool) -> Step:
        sides = _sides(self.ground, self.pairing, minimums, self.owner, self.deadline)
        call = remove_liquidity(
            sides, self.liquidity, permit=self.signature, fee_on_transfer=takes_fee
        )
        least = _both(self.pairing, minimums)
        return Step(REMOVE, call, f"Remove liquidity for at least {least}", BOUNDS[REMOVE])

    def returned(self, answer: bytes) -> tuple[int, int]:
        """What the pair paid, by the router's function for ordinary tokens."""
        of_a, of_b = values_of(ROUTER, "removeLiquidity", answer)
        return of_a, of_b


async def _removed(
    removal: Removal, allowances: list[Allowance], minimums: tuple[int, int]
) -> tuple[Attempt, bool]:
    """And whether a token keeps part of what is sent. Beside the native coin the router passes the
    other token on, and cannot pass on what it did not get: it has functions of its own for that."""
    ground, owner, pairing = removal.ground, removal.owner, removal.pairing
    watched = [
        balance_call(one.address, owner, native=one.is_native) for one in (pairing.a, pairing.b)
    ]
    outcome = await attempt(
        ground, owner, allowances, removal.step(minimums, takes_fee=False), watched
    )
    if isinstance(outcome, Attempt):
        kept = outcome.got and outcome.answer and outcome.got < removal.returned(outcome.answer)
        return outcome, bool(kept)
    if pairing.b.is_native and outcome.step.kind == REMOVE:
        if code_of(outcome.reason) is Code.REVERTED:
            step = removal.step(minimums, takes_fee=True)
            second = await attempt(ground, owner, allowances, step, watched)
            if isinstance(second, Attempt):
                return second, True
    raise _failed(outcome)


def _got(removal: Removal, outcome: Attempt) -> tuple[int, int] | None:
    """What arrives; None where nobody tried."""
    if outcome.got:
        return outcome.got[0], outcome.got[1]
    if outcome.answer is None or len(outcome.answer) < 64:
        return None
    return removal.returned(outcome.answer)


async def _share(removal: Removal) -> tuple[int, int]:
    """Of the reserves, as `liquidity` is of all shares. V2's protocol fee may take a little more
    off, far less than slippage allows for."""
    ground, pool = removal.ground, removal.pairing.pool
    asked = call_of("erc20", pool.address, "totalSupply")
    answer = await read(ground.rpc, asked, ground.block.number)
    [supply] = values_of("erc20", "totalSupply", answer or b"")
    if supply < removal.liquidity:
        raise BadAnswer(f"the pair {pool.address} has {supply} shares, its owners more")
    return amounts_burned(removal.liquidity, pool.reserve_a, pool.reserve_b, supply)


async def _pairing(ground: Ground, wish: AddLiquidityWish | RemoveLiquidityWish) -> Pairing:
    check_minimum(wish.amount_a_min, "$.amountAMin")
    check_minimum(wish.amount_b_min, "$.amountBMin")
    a, b = ground.asset(wish.token_a, "$.tokenA"), ground.asset(wish.token_b, "$.tokenB")
    if a.address == b.address:
        raise refused(Code.SAME_TOKEN, "tokenA and tokenB are the same, or wrap each other")
    swapped = a.is_native
    first, second = (b, a) if swapped else (a, b)
    return Pairing(first, second, await pool_of(ground, first.address, second.address), swapped)


def _minimums(
    wish: AddLiquidityWish | RemoveLiquidityWish, pairing: Pairing, expected: tuple[int, int]
) -> tuple[int, int]:
    """As the router wants them: those of the wish, the others by its slippage."""
    named = pairing.as_named(*expected)
    least_a, least_b = (at_least(amount, wish.slippage_bps) for amount in named)
    of_a = wish.amount_a_min if wish.amount_a_min is not None else least_a
    of_b = wish.amount_b_min if wish.amount_b_min is not None else least_b
    return pairing.as_named(of_a, of_b)


def _sides(
    ground: Ground, pairing: Pairing, minimums: tuple[int, int], owner: str, deadline: int
) -> Sides:
    return Sides(
        router=ground.router,
        token_a=pairing.a.address,
        token_b=pairing.b.address,
        a_min=minimums[0],
        b_min=minimums[1],
        recipient=owner,
        deadline=deadline,
        native_b=pairing.b.is_native,
    )


async def _affordable(
    ground: Ground, owner: str, pairing: Pairing, desired: tuple[int, int]
) -> list[Allowance]:
    """What the router needs leave for: all that it may take. The native coin is looked at with the
    gas."""
    found = []
    for asset, amount in zip((pairing.a, pairing.b), desired, strict=True):
        if asset.is_native:
            continue
        held = await holding(ground.rpc, asset.address, owner, ground.router, ground.block.number)
        if held.balance < amount:
            raise refused(
                Code.INSUFFICIENT_FUNDS,
                f"The owner has {asset.amount(held.balance)}, the deposit may take "
                f"{asset.amount(amount)}",
            )
        found.append(Allowance(asset, held.allowance, amount))
    return found


def _named(a: str, b: str, pairing: Pairing, amounts: tuple[int, int]) -> dict[str, int]:
    return dict(zip((a, b), pairing.as_named(*amounts), strict=True))


def _both(pairing: Pairing, amounts: tuple[int, int]) -> str:
    return f"{pairing.a.amount(amounts[0])} and {pairing.b.amount(amounts[1])}"


def _failed(failed: Failed) -> Refused:
    return Refused(rejected_revert(failed.reason, failed.step.description))
