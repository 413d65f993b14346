"""A client of one exchange, for one wallet: a method for each route, named after it.

Amounts are base units (plain ints); tokens are addresses or symbols. Each action gets a fresh nonce and
a deadline of now + 60 s and is posted with the same bytes until it is answered, so it executes at most
once. To change an intent that was not answered, sign the new one with the same `nonce`. Raises Refused
where the exchange says no, Unanswered where it stays silent.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import msgspec

from xyk.client.connection import PATIENCE_S, TIMEOUT_S, Answer, Connection, Params
from xyk.client.signed import Signed, sign, sign_batch
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
    SignedAction,
    SwapExactIn,
    SwapExactOut,
    Transfer,
    UpdateMarket,
    Withdraw,
)
from xyk.domain.tokens import token_address
from xyk.domain.units import LP_PREFIX, NONCE_SLOTS, UINT256_MAX, ZERO_ADDRESS
from xyk.wallet.signer import NonceClock, Wallet
from xyk.wallet.typed_data import NAME, VERSION, Domain

DEADLINE_S = 60

Json = dict[str, Any]


class Client:
    """`owner`: whose account the wallet acts on; its own by default, another's where it is an agent.

    `salt`: the deployment that is meant; without it the first answer of GET /api/v1/domain is believed.
    `nonces`: shared between the clients of one wallet. `now_s` gives unix seconds.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        wallet: Wallet | None = None,
        *,
        owner: str | None = None,
        salt: str | None = None,
        nonces: NonceClock | None = None,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.connection = Connection(base_url, timeout_s=timeout_s, patience_s=patience_s)
        self.wallet = wallet
        self._owner = owner
        self._salt = salt
        self._nonces = nonces or NonceClock(first_slot=secrets.randbelow(NONCE_SLOTS))
        self._now_s = now_s
        self._domain: Domain | None = None
        self._tokens: dict[str, str] = {}  # symbol -> address

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.connection.close()

    @property
    def owner(self) -> str:
        """The address whose account is meant; ValueError without a wallet and an owner."""
        if self._owner is not None:
            return self._owner
        return self._signer().address

    # Signing

    async def domain(self) -> Domain:
        """Where signatures count, asked once. ValueError if it is not the deployment that was pinned."""
        if self._domain is None:
            document = (await self.get("/api/v1/domain"))["domain"]
            if (document["name"], document["version"]) != (NAME, VERSION):
                raise ValueError(f"{self.connection.base_url} is {document['name']} {document['version']}")
            domain = Domain(
                document["salt"], int(document.get("chainId", 0)), document.get("verifyingContract", "")
            )
            if self._salt is not None and self._salt.lower() != domain.salt:
                raise ValueError(f"Expected the deployment with salt {self._salt}, found {domain.salt}")
            self._domain = domain
        return self._domain

    async def token(self, name: str) -> str:
        """The address of a token given by address or symbol; ValueError for an unknown symbol."""
        if name.startswith("0x"):
            return name.lower()
        if name.startswith(LP_PREFIX):
            return token_address(name)
        if name not in self._tokens:
            for asset in await self.assets():
                self._tokens[asset["symbol"]] = asset["tokens"][0]["contractAddress"]
        if name not in self._tokens:
            raise ValueError(f"No asset {name!r}; there are {', '.join(self._tokens)}")
        return self._tokens[name]

    def stamp(self, nonce: int | None = None) -> dict[str, int]:
        """The last two fields of an action: a nonce never used before (or the given one), and now + 60 s."""
        now_s = int(self._now_s())
        if nonce is None:
            nonce = self._nonces.next_nonce(now_s)
        return {"nonce": nonce, "deadline": now_s + DEADLINE_S}

    async def sign(self, action: SignedAction) -> Signed:
        return sign(self._signer(), await self.domain(), action)

    async def send(self, signed: Signed) -> Answer:
        """Posts the same bytes until there is an answer, and gives it as it came, refusals too."""
        return await self.connection.request(signed.method, signed.path, body=signed.body)

    async def act(self, action: SignedAction) -> Json:
        """Signs and posts one action; its receipt."""
        receipt: Json = (await self.send(await self.sign(action))).json()
        return receipt

    async def actions(self, actions: Sequence[SignedAction]) -> list[Json]:
        """Up to 100 actions in one request; in order a receipt, or code and message, each with `status`."""
        body = sign_batch(self._signer(), await self.domain(), actions)
        answers: list[Json] = (await self.connection.request("POST", "/api/v1/actions", body=body)).json()
        return answers

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
            )
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
            )
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
            )
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
            )
        )

    # Custody and authority

    async def transfer(self, token: str, amount: int, recipient: str, *, nonce: int | None = None) -> Json:
        token = await self.token(token)
        return await self.act(
            Transfer(owner=self.owner, token=token, amount=amount, recipient=recipient, **self.stamp(nonce))
        )

    async def withdraw(self, token: str, amount: int, recipient: str, *, nonce: int | None = None) -> Json:
        token = await self.token(token)
        return await self.act(
            Withdraw(owner=self.owner, token=token, amount=amount, recipient=recipient, **self.stamp(nonce))
        )

    async def faucet(self, token: str, amount: int | None = None, *, owner: str | None = None) -> Json:
        """Test funds, in a sandbox only; 1000 whole tokens where no amount is named. Not idempotent."""
        wish = {"owner": owner or self.owner, "token": token}
        if amount is not None:
            wish["amount"] = str(amount)
        return dict(await self.post("/api/v1/faucet", wish, is_repeatable=False))

    async def approve_agent(self, agent: str, valid_until: int, *, nonce: int | None = None) -> Json:
        """`valid_until` in unix seconds, inclusive."""
        return await self.act(
            ApproveAgent(owner=self.owner, agent=agent, valid_until=valid_until, **self.stamp(nonce))
        )

    async def revoke_agent(self, agent: str, *, nonce: int | None = None) -> Json:
        return await self.act(RevokeAgent(owner=self.owner, agent=agent, **self.stamp(nonce)))

    async def approve_api_key(self, public_key: str, valid_until: int, *, nonce: int | None = None) -> Json:
        """`public_key`: 32 bytes of Ed25519 as 0x hex."""
        return await self.act(
            ApproveApiKey(
                owner=self.owner, public_key=public_key, valid_until=valid_until, **self.stamp(nonce)
            )
        )

    async def revoke_api_key(self, public_key: str, *, nonce: int | None = None) -> Json:
        return await self.act(RevokeApiKey(owner=self.owner, public_key=public_key, **self.stamp(nonce)))

    # The operator's

    async def list_asset(self, symbol: str, decimals: int, token: str = ZERO_ADDRESS) -> Json:
        return await self.act(
            ListAsset(owner=self.owner, symbol=symbol, token=token, decimals=decimals, **self.stamp())
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
        pool_fee_bps: int = 30,
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
            )
        )

    async def update_market(self, market: str, **terms: Any) -> Json:
        """`terms`: every number of the market and `book`, as list_market names them."""
        return await self.act(UpdateMarket(owner=self.owner, market=market, **terms, **self.stamp()))

    async def set_market_status(self, market: str, status: str) -> Json:
        return await self.act(
            SetMarketStatus(owner=self.owner, market=market, status=status, **self.stamp())
        )

    async def set_protocol_fee(self, recipient: str) -> Json:
        return await self.act(SetProtocolFee(owner=self.owner, recipient=recipient, **self.stamp()))

    async def set_operator(self, operator: str) -> Json:
        return await self.act(SetOperator(owner=self.owner, operator=operator, **self.stamp()))

    # Reads

    async def assets(self) -> list[Json]:
        return list(await self.get("/api/v1/assets"))

    async def markets(self) -> list[Json]:
        return list(await self.get("/api/v1/markets"))

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

    async def get(self, path: str, params: Params | None = None) -> Any:
        return (await self.connection.request("GET", path, params=params)).json()

    async def post(self, path: str, body: object, *, is_repeatable: bool = True) -> Any:
        encoded = msgspec.json.encode(body)
        answer = await self.connection.request("POST", path, body=encoded, is_repeatable=is_repeatable)
        return answer.json()

    def _signer(self) -> Wallet:
        if self.wallet is None:
            raise ValueError("This client has no wallet; give it one to sign with")
        return self.wallet
