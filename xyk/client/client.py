"""A client of one exchange, for one wallet: a method for each route, named after it.

Amounts are base units (plain ints); tokens are addresses or symbols. Each action gets a fresh nonce
and a deadline of now + 60 s and is posted with the same bytes until it is answered, so it executes
at most once; a nonce that another process of the wallet used is drawn again. To change an intent
that was not answered, sign the new one with the same `nonce`. Raises Refused where the exchange
says no, Unanswered where it stays silent. Orders, which are spoken of in whole tokens, are in
orders.py.
"""

from xyk.client.orders import OrderClient
from xyk.client.signing import Json
from xyk.domain.commands import (
    AddLiquidity,
    ApproveAgent,
    ApproveApiKey,
    ListAsset,
    ListMarket,
    RemoveLiquidity,
    RevokeAgent,
    RevokeApiKey,
    SetMarketStatus,
    SetOperator,
    SetProtocolFee,
    SwapExactIn,
    SwapExactOut,
    Transfer,
    UpdateMarket,
    Withdraw,
)
from xyk.domain.units import POOL_FEE_BPS_DEFAULT, UINT256_MAX, ZERO_ADDRESS


class Client(OrderClient):
    """Arguments as of SigningClient."""

    # Swaps and liquidity

    async def quote(
        self,
        token_in: str,
        token_out: str,
        *,
        amount_in: int | None = None,
        amount_out: int | None = None,
        slippage_bps: int | None = None,
        owner: str | None = None,
    ) -> Json:
        """What a swap would give now: exactly one of the two amounts is named."""
        wish: Json = {"tokenIn": token_in, "tokenOut": token_out}
        if amount_in is not None:
            wish["amountIn"] = str(amount_in)
        if amount_out is not None:
            wish["amountOut"] = str(amount_out)
        if slippage_bps is not None:
            wish["slippageBps"] = slippage_bps
        if owner is not None:
            wish["owner"] = owner
        return dict(await self.post("/api/v1/quote", wish))

    async def sell(
        self,
        token_in: str,
        token_out: str,
        amount_in: int,
        min_amount_out: int = 0,
        *,
        nonce: int | None = None,
    ) -> Json:
        return await self.act(
            SwapExactIn(
                owner=self.owner,
                token_in=await self.token(token_in),
                token_out=await self.token(token_out),
                amount_in=amount_in,
                min_amount_out=min_amount_out,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def buy(
        self,
        token_in: str,
        token_out: str,
        amount_out: int,
        max_amount_in: int = UINT256_MAX,
        *,
        nonce: int | None = None,
    ) -> Json:
        return await self.act(
            SwapExactOut(
                owner=self.owner,
                token_in=await self.token(token_in),
                token_out=await self.token(token_out),
                amount_out=amount_out,
                max_amount_in=max_amount_in,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def add_liquidity(
        self,
        token_a: str,
        token_b: str,
        amount_a_desired: int,
        amount_b_desired: int,
        amount_a_min: int = 0,
        amount_b_min: int = 0,
        *,
        nonce: int | None = None,
    ) -> Json:
        return await self.act(
            AddLiquidity(
                owner=self.owner,
                token_a=await self.token(token_a),
                token_b=await self.token(token_b),
                amount_a_desired=amount_a_desired,
                amount_b_desired=amount_b_desired,
                amount_a_min=amount_a_min,
                amount_b_min=amount_b_min,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def remove_liquidity(
        self,
        token_a: str,
        token_b: str,
        liquidity: int,
        amount_a_min: int = 0,
        amount_b_min: int = 0,
        *,
        nonce: int | None = None,
    ) -> Json:
        return await self.act(
            RemoveLiquidity(
                owner=self.owner,
                token_a=await self.token(token_a),
                token_b=await self.token(token_b),
                liquidity=liquidity,
                amount_a_min=amount_a_min,
                amount_b_min=amount_b_min,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    # Custody and authority

    async def transfer(
        self, token: str, amount: int, recipient: str, *, nonce: int | None = None
    ) -> Json:
        token = await self.token(token)
        return await self.act(
            Transfer(
                owner=self.owner,
                token=token,
                amount=amount,
                recipient=recipient,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def withdraw(
        self, token: str, amount: int, recipient: str, *, nonce: int | None = None
    ) -> Json:
        token = await self.token(token)
        return await self.act(
            Withdraw(
                owner=self.owner,
                token=token,
                amount=amount,
                recipient=recipient,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def faucet(
        self, token: str, amount: int | None = None, *, owner: str | None = None
    ) -> Json:
        """Test funds, in a sandbox only; 1000 whole tokens where no amount is named. Not
        idempotent.
        """
        wish = {"owner": owner or self.owner, "token": token}
        if amount is not None:
            wish["amount"] = str(amount)
        return dict(await self.post("/api/v1/faucet", wish, is_repeatable=False))

    async def approve_agent(
        self, agent: str, valid_until: int, *, nonce: int | None = None
    ) -> Json:
        """`valid_until` in unix seconds, inclusive."""
        return await self.act(
            ApproveAgent(
                owner=self.owner, agent=agent, valid_until=valid_until, **self.stamp(nonce)
            ),
            redraw=nonce is None,
        )

    async def revoke_agent(self, agent: str, *, nonce: int | None = None) -> Json:
        return await self.act(
            RevokeAgent(owner=self.owner, agent=agent, **self.stamp(nonce)), redraw=nonce is None
        )

    async def approve_api_key(
        self, public_key: str, valid_until: int, *, nonce: int | None = None
    ) -> Json:
        """`public_key`: 32 bytes of Ed25519 as 0x hex."""
        return await self.act(
            ApproveApiKey(
                owner=self.owner,
                public_key=public_key,
                valid_until=valid_until,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def revoke_api_key(self, public_key: str, *, nonce: int | None = None) -> Json:
        return await self.act(
            RevokeApiKey(owner=self.owner, public_key=public_key, **self.stamp(nonce)),
            redraw=nonce is None,
        )

    # The operator's

    async def list_asset(self, symbol: str, decimals: int, token: str = ZERO_ADDRESS) -> Json:
        return await self.act(
            ListAsset(
                owner=self.owner, symbol=symbol, token=token, decimals=decimals, **self.stamp()
            ),
            redraw=True,
        )

    async def list_market(
        self,
        base: str,
        quote: str,
        *,
        tick_size: int,
        lot_size: int,
        maker_fee_bps: int = 0,
        taker_fee_bps: int = 0,
        pool_fee_bps: int = POOL_FEE_BPS_DEFAULT,
        book: bool = False,
    ) -> Json:
        return await self.act(
            ListMarket(
                owner=self.owner,
                base=base,
                quote=quote,
                tick_size=tick_size,
                lot_size=lot_size,
                maker_fee_bps=maker_fee_bps,
                taker_fee_bps=taker_fee_bps,
                pool_fee_bps=pool_fee_bps,
                book=book,
                **self.stamp(),
            ),
            redraw=True,
        )

    async def update_market(
        self,
        market: str,
        *,
        tick_size: int,
        lot_size: int,
        maker_fee_bps: int,
        taker_fee_bps: int,
        pool_fee_bps: int,
        book: bool,
    ) -> Json:
        """Every number of the market, those that stay too."""
        return await self.act(
            UpdateMarket(
                owner=self.owner,
                market=market,
                tick_size=tick_size,
                lot_size=lot_size,
                maker_fee_bps=maker_fee_bps,
                taker_fee_bps=taker_fee_bps,
                pool_fee_bps=pool_fee_bps,
                book=book,
                **self.stamp(),
            ),
            redraw=True,
        )

    async def set_market_status(self, market: str, status: str) -> Json:
        return await self.act(
            SetMarketStatus(owner=self.owner, market=market, status=status, **self.stamp()),
            redraw=True,
        )

    async def set_protocol_fee(self, recipient: str) -> Json:
        return await self.act(
            SetProtocolFee(owner=self.owner, recipient=recipient, **self.stamp()), redraw=True
        )

    async def set_operator(self, operator: str) -> Json:
        return await self.act(
            SetOperator(owner=self.owner, operator=operator, **self.stamp()), redraw=True
        )

    # Reads

    async def assets(self) -> list[Json]:
        return list(await self.get("/api/v1/assets"))

    async def markets(self) -> list[Json]:
        return list(await self.get("/api/v1/markets"))

    async def bbo(self, market: str) -> Json:
        """Best bid and offer as decimal strings, None where a side is empty."""
        return dict(await self.get(f"/api/v1/bbo/{market}"))

    async def pools(self) -> list[Json]:
        return list(await self.get("/api/v1/pools"))

    async def pool(self, market: str, *, window_s: int | None = None) -> Json:
        """`window_s`: seconds over which the average price is taken."""
        params = None if window_s is None else {"window": window_s}
        return dict(await self.get(f"/api/v1/pools/{market}", params))

    async def position(self, market: str, owner: str | None = None) -> Json:
        return dict(await self.get(f"/api/v1/pools/{market}/positions/{owner or self.owner}"))

    async def account(self, owner: str | None = None) -> Json:
        return dict(await self.get(f"/api/v1/accounts/{owner or self.owner}"))

    async def status(self) -> Json:
        return dict(await self.get("/api/v1/status"))
