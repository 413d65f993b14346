"""Clients: what they wish, how they sign it, and that they ask again with the same bytes."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec

from xyk.domain import commands as cm
from xyk.simulation.auditor import Auditor
from xyk.simulation.cast import TOKENS, Cast, Person
from xyk.simulation.loop import MachineClock
from xyk.simulation.network import Answer, Message, Network
from xyk.simulation.wishes import Wishes
from xyk.wallet.api_key import request_digest, signed_texts
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import digest, message

RETRIES = 6
WINDOW_MS = 20_000
OWN_ROUTES = {
    cm.SwapExactIn: ("POST", "/api/v1/sell"),
    cm.SwapExactOut: ("POST", "/api/v1/buy"),
    cm.AddLiquidity: ("POST", "/api/v1/add-liquidity"),
    cm.RemoveLiquidity: ("POST", "/api/v1/remove-liquidity"),
    cm.PlaceOrder: ("POST", "/api/v1/order"),
    cm.ReplaceOrder: ("POST", "/api/v1/order/replace"),
    cm.CancelOrder: ("DELETE", "/api/v1/order"),
    cm.CancelAllOrders: ("DELETE", "/api/v1/orders"),
    cm.CancelAllAfter: ("POST", "/api/v1/orders/cancel-all-after"),
    cm.Transfer: ("POST", "/api/v1/transfer"),
    cm.Withdraw: ("POST", "/api/v1/withdraw"),
    cm.ApproveAgent: ("POST", "/api/v1/agents"),
    cm.RevokeAgent: ("DELETE", "/api/v1/agents"),
    cm.ApproveApiKey: ("POST", "/api/v1/api-keys"),
    cm.RevokeApiKey: ("DELETE", "/api/v1/api-keys"),
    cm.SetMarketStatus: ("POST", "/api/v1/markets/status"),
    cm.SetProtocolFee: ("POST", "/api/v1/protocol-fee"),
}
INSTRUCTIONS = {
    "orderExecute": ("POST", "/api/v1/order", "ExecuteOrder"),
    "orderCancel": ("DELETE", "/api/v1/order", "CancelOpenOrder"),
    "orderCancelAll": ("DELETE", "/api/v1/orders", "CancelOpenOrders"),
}
BY_AGENT = (
    *(cm.SwapExactIn, cm.SwapExactOut, cm.PlaceOrder, cm.CancelOrder, cm.CancelAllOrders),
    *(cm.Transfer, cm.Withdraw),  # which it may not, and tries
)


class Client:
    """One person's, or the operator's. Its clock is right, whatever the server's says, until it is
    told that it is late."""

    def __init__(
        self,
        person: Person,
        cast: Cast,
        auditor: Auditor,
        network: Network,
        clock: MachineClock,
        chance: Random,
    ) -> None:
        self.person = person
        self._cast = cast
        self._auditor = auditor
        self._network = network
        self._clock = clock
        self._chance = chance
        self._wishes = Wishes(person, cast, chance, self.now_s)
        self._ahead_s = 0  # what the server's clock was ahead when it said so
        self._slots: dict[tuple[str, int], int] = {}
        self._last: dict[str, int] = {}
        self._reused: dict[str, int] = {}  # by signer: the nonce of an action that was refused

    def now_s(self) -> int:
        return self._clock.true_ms() // 1000 + self._ahead_s

    async def work(self, steps: int, pace_s: float, begin: Callable[[], bool]) -> None:
        """As long as `begin` says so."""
        for _ in range(steps):
            await asyncio.sleep(self._chance.random() * pace_s)
            if not begin():
                return
            dice = self._chance.random()
            if dice < 0.08:
                await self.look()
            elif dice < 0.14:
                await self.faucet()
            elif dice < 0.26:
                await self.by_key()
            elif dice < 0.36:
                await self.batch()
            else:
                await self.act(self._wishes.action())

    async def look(self) -> None:
        path = f"/api/v1/accounts/{self.person.address}"
        await self._network.ask(Message("GET", path))

    async def faucet(self, symbol: str = "") -> None:
        token, amount = self._wishes.gift(symbol)
        body = {"owner": self.person.address, "token": token, "amount": str(amount)}
        await self._network.ask(Message("POST", "/api/v1/faucet", msgspec.json.encode(body)))

    async def deposit(self, symbol: str, base: int) -> None:
        """Into the pool of ETH with `symbol`: so much ETH, and as much of the other."""
        await self.act(self._wishes.deposit(TOKENS[symbol], base))

    async def approve(self) -> None:
        """Agent and API key."""
        await self.act(self._wishes.approve())
        await self.act(self._wishes.approve_key())

    async def act(self, wish: tuple[Any, dict[str, Any]]) -> Answer | None:
        kind, fields = wish
        signer = self._signer(kind)
        action, signature, name = self._signed(kind, fields, signer)
        body = msgspec.json.encode({"action": message(action), "signature": signature})
        method, path = OWN_ROUTES[kind]
        answer = await self._insist(Message(method, path, body, digests=(name,)))
        self._learn([answer], [(action, signer)])
        return answer

    async def batch(self) -> None:
        elements, names, sent = [], [], []
        for _ in range(self._chance.randint(1, 5)):
            kind, fields = self._wishes.action()
            signer = self._signer(kind)
            action, signature, name = self._signed(kind, fields, signer)
            part = {"type": kind.__name__, "action": message(action), "signature": signature}
            elements.append(part)
            names.append(name)
            sent.append((action, signer))
        body = msgspec.json.encode(elements)
        post = Message("POST", "/api/v1/actions", body, digests=tuple(names), batch=True)
        answer = await self._insist(post)
        if answer is not None and answer[0] == 200:
            self._learn([(one["status"], one) for one in answer[1]], sent)

    async def by_key(self) -> None:
        """In the Backpack form; a second copy must be refused, so nothing is asked again."""
        instruction, body = self._wishes.key_request()
        method, path, kind = INSTRUCTIONS[instruction]
        key, timestamp = self.person.key, self.now_s() * 1000
        text = signed_texts(instruction, [body], timestamp, WINDOW_MS)[0]
        name = request_digest(key.public_key, text, 0)
        self._auditor.signed(name, kind, self.person.address, key.public_key, dict(body))
        headers = {
            "X-API-Key": key.api_key,
            "X-Signature": key.sign(text),
            "X-Timestamp": str(timestamp),
            "X-Window": str(WINDOW_MS),
        }
        post = Message(method, path, msgspec.json.encode(body), headers, digests=(name,))
        answer = await self._network.ask(post)
        if answer is not None and answer[0] == 200 and instruction == "orderExecute":
            self._wishes.placed(answer[1])

    async def _insist(self, post: Message) -> Answer | None:
        answer = None
        for attempt in range(RETRIES):
            answer = await self._network.ask(post)
            if answer is not None and answer[0] != 503:
                break
            await asyncio.sleep(self._chance.random() * 0.3 * 2**attempt)
        if answer is not None and self._chance.random() < 0.1:
            await self._network.ask(post)  # the answer was mislaid
        return answer

    def _learn(self, answers: Sequence[Answer | None], sent: Sequence[tuple[Any, Wallet]]) -> None:
        for answer, (action, signer) in zip(answers, sent, strict=True):
            if answer is None:
                continue
            status, view = answer
            if status in (200, 201):
                self._wishes.learn(action, view)
            elif view["code"] in ("EXPIRED", "NONCE_OUT_OF_WINDOW"):
                self._ahead_s = self._clock.now_ms() // 1000 - self._clock.true_ms() // 1000
            elif view["code"] not in ("NONCE_USED", "OVERLOADED"):
                # An intent that is changed is signed with the same nonce.
                self._reused[signer.address] = action.nonce

    def _signer(self, kind: Any) -> Wallet:
        by_agent = kind in BY_AGENT and self._chance.random() < 0.25
        return self.person.agent if by_agent else self.person.wallet

    def _signed(self, kind: Any, fields: dict[str, Any], signer: Wallet) -> tuple[Any, str, str]:
        nonce = self._reused.pop(signer.address, 0) or self._nonce(signer)
        until = self.now_s() + self._chance.choice((30, 60, 600))
        action = kind(owner=self.person.address, **fields, nonce=nonce, deadline=until)
        name = "0x" + digest(self._cast.domain, action).hex()
        command = msgspec.json.decode(msgspec.json.encode(action))
        owner = self.person.address
        self._auditor.signed(name, kind.__name__, owner, signer.address, command)
        return action, signer.sign(self._cast.domain, action), name

    def _nonce(self, signer: Wallet) -> int:
        last = self._last.get(signer.address)
        if last is not None and self._chance.random() < 0.04:  # which may be spent
            return last
        place = signer.address, self.now_s()
        self._slots[place] = slot = self._slots.get(place, -1) + 1
        self._last[signer.address] = nonce = place[1] << 8 | slot % 256
        return nonce
