"""What every route needs: domain, token addresses, nonces, and posting until there is an answer."""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import msgspec

from xyk.client.connection import (
    PATIENCE_S,
    TIMEOUT_S,
    Answer,
    Connection,
    Params,
    refusal,
)
from xyk.client.signed import Signed, sign, sign_batch
from xyk.domain.commands import SignedAction
from xyk.domain.tokens import token_address
from xyk.domain.units import LP_PREFIX, NONCE_SLOTS
from xyk.wallet.signer import NonceClock, Wallet
from xyk.wallet.typed_data import NAME, VERSION, Domain

DEADLINE_S = 60
# The first nonce of a client is of one of so many seconds, at random: one of 153,600.
FIRST_NONCES_S = 600
NONCES_TRIED_MAX = 8

Json = dict[str, Any]


class WrongDeployment(ValueError):
    """The exchange is not the one that signatures were meant for."""


class SigningClient:
    """`owner`: whose account the wallet acts on; its own by default, another's where it is an
    agent.

    `salt`: the deployment that is meant; without it the first answer of GET /api/v1/domain is
    believed. `nonces`: shared between the clients of one wallet. `now_s` gives unix seconds.
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
        self.nonces = nonces or NonceClock(
            first_slot=secrets.randbelow(NONCE_SLOTS), first_age_s=secrets.randbelow(FIRST_NONCES_S)
        )
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

    async def domain(self) -> Domain:
        """Where signatures count, asked once. WrongDeployment if it is not the pinned one."""
        if self._domain is None:
            document = (await self.get("/api/v1/domain"))["domain"]
            if (document["name"], document["version"]) != (NAME, VERSION):
                raise WrongDeployment(
                    f"{self.connection.base_url} is {document['name']} {document['version']}"
                )
            domain = Domain(
                document["salt"],
                int(document.get("chainId", 0)),
                document.get("verifyingContract", ""),
            )
            if self._salt is not None and self._salt.lower() != domain.salt:
                raise WrongDeployment(
                    f"Expected the deployment with salt {self._salt}, found {domain.salt}"
                )
            self._domain = domain
        return self._domain

    async def token(self, name: str) -> str:
        """The address of a token given by address or symbol; ValueError for an unknown symbol."""
        if name.startswith("0x"):
            return name.lower()
        if name.startswith(LP_PREFIX):
            return token_address(name)
        if name not in self._tokens:
            for asset in await self.get("/api/v1/assets"):
                self._tokens[asset["symbol"]] = asset["tokens"][0]["contractAddress"].lower()
        if name not in self._tokens:
            raise ValueError(f"No asset {name!r}; there are {', '.join(self._tokens)}")
        return self._tokens[name]

    def stamp(self, nonce: int | None = None) -> dict[str, int]:
        """The last two fields of an action: a nonce never used before (or the given one), and now
        + 60 s.
        """
        now_s = int(self._now_s())
        if nonce is None:
            nonce = self.nonces.next_nonce(now_s)
        return {"nonce": nonce, "deadline": now_s + DEADLINE_S}

    async def sign(self, action: SignedAction) -> Signed:
        return sign(self._signer(), await self.domain(), action)

    async def send(self, signed: Signed) -> Answer:
        """Posts the same bytes until there is an answer, and gives it as it came, refusals too."""
        return await self.connection.request(signed.method, signed.path, body=signed.body)

    async def act(self, action: SignedAction, *, redraw: bool = False) -> Json:
        """Signs and posts one action; its receipt. `redraw`: the nonce was drawn here for this
        wish alone, so that another may take its place where another process of this wallet used it.

        That executes the wish once all the same. NONCE_USED says that the exchange did not know
        this digest, and that another action, on disk, holds the nonce: these bytes can never be
        executed from now on. And they were not before, because the nonce is drawn again only where
        the answer is that of the first attempt: after an attempt that was lost the refusal
        stands, and the caller looks what became of it. A nonce that the caller named ties this
        wish to an earlier version of it, and is never changed.
        """
        for left in reversed(range(NONCES_TRIED_MAX)):
            answer = await self.send(await self.sign(action))
            if not (left and redraw and answer.is_first and _is_nonce_used(answer)):
                break
            action = msgspec.structs.replace(action, **self.stamp())
        receipt: Json = answer.json()
        return receipt

    async def actions(self, actions: Sequence[SignedAction]) -> list[Json]:
        """Up to 100 actions in one request; in order a receipt, or code and message, each with
        `status`. Their nonces stay as they are: one that was used is refused, because the others
        came before or after it on purpose.
        """
        body = sign_batch(self._signer(), await self.domain(), actions)
        answers: list[Json] = (
            await self.connection.request("POST", "/api/v1/actions", body=body)
        ).json()
        return answers

    async def get(self, path: str, params: Params | None = None) -> Any:
        return (await self.connection.request("GET", path, params=params)).json()

    async def token_to_read(self) -> str | None:
        """For what is private; None without a session."""
        return None

    async def post(self, path: str, body: object, *, is_repeatable: bool = True) -> Any:
        encoded = msgspec.json.encode(body)
        answer = await self.connection.request(
            "POST", path, body=encoded, is_repeatable=is_repeatable
        )
        return answer.json()

    def _signer(self) -> Wallet:
        if self.wallet is None:
            raise ValueError("This client has no wallet; give it one to sign with")
        return self.wallet


def _is_nonce_used(answer: Answer) -> bool:
    return answer.status == 409 and refusal(answer).code == "NONCE_USED"
