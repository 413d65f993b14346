"""What is mirrored: tokens, pairs, the blocks that their state is of, and what a block did to them.

Amounts are base units of token0 and token1, addresses and hashes lower case hex.
"""

import msgspec


class Token(msgspec.Struct, frozen=True):
    """`symbol` is unique within a deployment: [A-Z0-9]{1,12}, made of the contract's own one."""

    address: str
    symbol: str
    decimals: int


class Pair(msgspec.Struct, frozen=True):
    """`symbol`: BASE_QUOTE. `base_is_0`: whether token0 is the base."""

    address: str
    token0: Token
    token1: Token
    base_is_0: bool

    @property
    def base(self) -> Token:
        return self.token0 if self.base_is_0 else self.token1

    @property
    def quote(self) -> Token:
        return self.token1 if self.base_is_0 else self.token0

    @property
    def symbol(self) -> str:
        return f"{self.base.symbol}_{self.quote.symbol}"


class Block(msgspec.Struct, frozen=True):
    number: int
    hash: str
    parent: str
    time_s: int


class Logged(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands: the pair, and the transaction and log of its block."""

    pair: str
    tx_hash: str
    log_index: int


class Sync(Logged, frozen=True, tag=True):
    reserve0: int
    reserve1: int


class Swap(Logged, frozen=True, tag=True):
    sender: str
    to: str
    amount0_in: int
    amount1_in: int
    amount0_out: int
    amount1_out: int


class Mint(Logged, frozen=True, tag=True):
    sender: str
    amount0: int
    amount1: int


class Burn(Logged, frozen=True, tag=True):
    sender: str
    to: str
    amount0: int
    amount1: int


PairEvent = Sync | Swap | Mint | Burn


class BlockEvents(msgspec.Struct, frozen=True):
    """What one block did to mirrored pairs, in the order of its logs."""

    block: Block
    events: tuple[PairEvent, ...]
