"""Pairs of a way as the chain has them at a block: they exist, and they hold something."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from math import prod

import msgspec

from xyk.chain.call import call_of, values_of
from xyk.chain.erc20 import read
from xyk.chain.ground import Ground
from xyk.chain.refused import refused
from xyk.domain.rejections import Code
from xyk.domain.units import BPS, ZERO_ADDRESS


class Pool(msgspec.Struct, frozen=True):
    """`reserve_a` of the token that was named first. Without a pair `address` is empty."""

    address: str = ""
    reserve_a: int = 0
    reserve_b: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.reserve_a and self.reserve_b)


async def pool_of(ground: Ground, token_a: str, token_b: str) -> Pool:
    """Raises BadAnswer where the factory or the pair is none."""
    number, factory = ground.block.number, ground.deployment.factory
    asked = call_of("uniswap_v2_factory", factory, "getPair", token_a, token_b)
    answer = await read(ground.rpc, asked, number)
    [pair] = values_of("uniswap_v2_factory", "getPair", answer or b"")
    if pair == ZERO_ADDRESS:
        return Pool()
    pair = pair.lower()
    answer = await read(ground.rpc, call_of("uniswap_v2_pair", pair, "getReserves"), number)
    reserve0, reserve1, _ = values_of("uniswap_v2_pair", "getReserves", answer or b"")
    # V2 sorts a pair's tokens by address.
    if token_a < token_b:
        return Pool(pair, reserve0, reserve1)
    return Pool(pair, reserve1, reserve0)


async def pools_along(ground: Ground, path: Sequence[str]) -> list[Pool]:
    """Of each hop, in its direction. Raises Refused where one is missing or empty."""
    hops = list(pairwise(path))
    pools = await asyncio.gather(*(pool_of(ground, *hop) for hop in hops))
    for (token_in, token_out), pool in zip(hops, pools, strict=True):
        if not pool.address:
            raise refused(
                Code.POOL_NOT_FOUND,
                f"{ground.deployment.name} has no pair of {token_in} and {token_out}",
            )
        if pool.is_empty:
            raise refused(
                Code.INSUFFICIENT_LIQUIDITY,
                f"The pair {pool.address} of {token_in} and {token_out} is empty",
            )
    return pools


def impact_bps(pools: Sequence[Pool], amounts: Sequence[int]) -> int:
    """How far the average price, without fees, is from the reserves' own; rounded up.

    On x * y = k what comes out, over the reserve that it comes from, is that of one hop.
    `amounts`: along the way, the first is what goes in.
    """
    whole = prod(pool.reserve_b for pool in pools)
    kept = prod(pool.reserve_b - out for pool, out in zip(pools, amounts[1:], strict=True))
    return -(-BPS * (whole - kept) // whole)
