"""What one request is built on: a deployment, and the block of it that everything is read at."""

import msgspec

from xyk.chain.blocks import block_of
from xyk.chain.deployment import Deployment
from xyk.chain.pair import Block
from xyk.chain.refused import refused
from xyk.chain.rpc import Rpc
from xyk.chain.venue import Venue
from xyk.domain.decimals import whole_tokens
from xyk.domain.rejections import Code
from xyk.domain.units import BPS, DEADLINE_AHEAD_S, UINT256_MAX, ZERO_ADDRESS, parse_hex

DEADLINE_S = 20 * 60  # as Uniswap's own interface


class Asset(msgspec.Struct, frozen=True):
    """A token, or the native coin with the wrapped token's address."""

    address: str
    symbol: str
    decimals: int | None  # None: not mirrored, so not known
    is_native: bool = False

    def amount(self, units: int) -> str:
        """For people: `1.5 USDC`."""
        if self.decimals is None:
            return f"{units} base units of {self.symbol}"
        return f"{whole_tokens(units, self.decimals)} {self.symbol}"


class Ground(msgspec.Struct, frozen=True):
    """`block`: the node's newest one; the mirror may be a moment behind it."""

    venue: Venue
    block: Block

    @property
    def rpc(self) -> Rpc:
        return self.venue.rpc

    @property
    def deployment(self) -> Deployment:
        return self.venue.deployment

    @property
    def router(self) -> str:
        return self.deployment.router

    def coin(self) -> Asset:
        return Asset(self.deployment.wrapped, self.deployment.coin, 18, is_native=True)

    def asset(self, text: str, path: str) -> Asset:
        """What an address, a symbol or the coin's name stands for. `path` is the field's."""
        if text == self.deployment.coin:
            return self.coin()
        if not text.startswith("0x"):
            for token in self.venue.mirror.tokens.values():
                if token.symbol == text:
                    return Asset(token.address, token.symbol, token.decimals)
            known = f"GET /api/v1/chain/{self.deployment.name}/pairs lists them"
            raise refused(Code.INVALID_ASSET, f"No token {text[:40]!r} is mirrored; {known}")
        address = contract_address(text, path)
        known_token = self.venue.mirror.tokens.get(address)
        if known_token is None:
            return Asset(address, address, None)
        return Asset(address, known_token.symbol, known_token.decimals)

    def deadline(self, wanted: int | None) -> int:
        """Unix seconds by the chain's time. The router takes a transaction in a block of that
        second still, and the next block is later than this one."""
        now_s = self.block.time_s
        if wanted is None:
            return now_s + DEADLINE_S
        if not now_s < wanted <= now_s + DEADLINE_AHEAD_S:
            raise refused(
                Code.EXPIRED,
                f"deadline {wanted} is not within a day after the chain's time, {now_s} (seconds)",
            )
        return wanted


async def newest_ground(venue: Venue, now_ms: int) -> Ground:
    """Raises Refused where the node's newest block is too old to promise anything, and what asking
    the node raises."""
    deployment = venue.deployment
    block = block_of(await venue.rpc.call("eth_getBlockByNumber", "latest", False))
    age_s = now_ms // 1000 - block.time_s
    if age_s > deployment.stale_after_s:
        raise refused(
            Code.NODE_UNAVAILABLE,
            f"The node's newest block {block.number} is {age_s} s old, more than the "
            f"{deployment.stale_after_s} s up to which transactions are built",
        )
    return Ground(venue, block)


def contract_address(text: str, path: str) -> str:
    """Lower case. Raises Refused for what is none, and for zero."""
    try:
        address = parse_hex(text, 20)
    except ValueError as fault:
        raise refused(Code.INVALID_CLIENT_REQUEST, f"{fault} - at `{path}`") from fault
    if address == ZERO_ADDRESS:
        raise refused(Code.INVALID_CLIENT_REQUEST, f"Nothing is at address zero - at `{path}`")
    return address


def positive(amount: int, path: str) -> int:
    if amount == 0:
        raise refused(Code.INVALID_QUANTITY, f"Expected an amount above 0 - at `{path}`")
    return amount


def slippage(bps: int) -> int:
    if bps > BPS:
        raise refused(
            Code.INVALID_CLIENT_REQUEST,
            f"Expected slippageBps from 0 to {BPS} - at `$.slippageBps`",
        )
    return bps


def check_minimum(amount: int | None, path: str) -> None:
    """One that was named. Raises Refused for 0, which nobody relays."""
    if amount == 0:
        raise refused(
            Code.SLIPPAGE_EXCEEDED,
            f"A minimum of 0 accepts any outcome; name the least that is acceptable - at `{path}`",
        )


def at_least(amount: int, slippage_bps: int) -> int:
    """Rounded down: the bound that an amount to be got must keep. Not 0 for something: that would
    accept anything."""
    return max(min(amount, 1), amount * (BPS - slippage_bps) // BPS)


def at_most(amount: int, slippage_bps: int) -> int:
    """Rounded up: the bound that an amount to be paid must keep."""
    return min(-(-amount * (BPS + slippage_bps) // BPS), UINT256_MAX)
