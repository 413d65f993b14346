"""What a swap costs besides its fees: gas, in units and in the native coin."""

import asyncio

from xyk.chain.rpc import Rpc, RpcDown, RpcError, quantity
from xyk.domain.rejections import Code, Rejected

# Of the router's swapExactTokensForTokens and swapTokensForExactTokens by hops, the most that
# tests/chain/test_gas.py measures with Uniswap's contracts and plain ERC-20 tokens whose receiver
# has none of the last one yet. Tokens with more to do in a transfer cost more.
SWAP_GAS = {1: 118_000, 2: 174_000, 3: 230_000}

PRICE_KEPT_MS = 5_000
ANSWER_MS = 2_000  # that a quote waits for a price that it does not know


class GasPrice:
    """Wei a unit, as the node would price a transaction now; asked every few seconds at most, by
    one of those who wait for it."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._lock = asyncio.Lock()
        self._wei = 0
        self._until_ms = 0

    async def wei(self, now_ms: int) -> int | Rejected:
        try:
            async with asyncio.timeout(ANSWER_MS / 1000), self._lock:
                if now_ms >= self._until_ms:
                    self._wei = quantity(await self._rpc.call("eth_gasPrice"))
                    self._until_ms = now_ms + PRICE_KEPT_MS
                return self._wei
        except (RpcDown, RpcError, TimeoutError, TypeError, ValueError):
            return Rejected(Code.NODE_UNAVAILABLE, "No node says what gas costs; try again later")
