"""The auditor: knows what clients signed and what the disk would keep, and believes nothing else.

It reads rows and answers as JSON, hashes with hashlib, keeps dicts, and shares no code with the
exchange. `absorb` takes what is durable; whatever was told must be in it.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from xyk.simulation.books import Books, Json, demand
from xyk.simulation.violation import Violation

Row = tuple[Any, ...]
OWN_KEY_ONLY = {
    *("Transfer", "Withdraw", "ApproveAgent", "RevokeAgent", "ApproveApiKey", "RevokeApiKey")
}
SWAP_LIMITS = {  # the most that is paid, the least that is got
    "SwapExactIn": ("amountIn", "minAmountOut"),
    "SwapExactOut": ("maxAmountIn", "amountOut"),
}
BY_CLOCK = {"ExpireOrder", "ActivateTrigger", "FireCancelTimer"}
# Said before anything is decided, or by a server that cannot decide now.
UNDECIDED = {"OVERLOADED", "INVALID_SIGNATURE", "TOO_MANY_REQUESTS", "TOO_LARGE"}

SLACK_MS = 1_200_000  # more than the clock of a simulation is ever set forward


class Intent:
    """What a client signed. `delivered` counts its copies that reached a server, `refused` those
    of them that were answered with a refusal."""

    __slots__ = (
        *("command", "delivered", "is_by_key", "kind", "nonce", "owner", "refused"),
        "signers",
    )

    def __init__(self, kind: str, owner: str, signer: str, command: Json) -> None:
        self.kind = kind
        self.owner = owner
        self.signers: dict[str, None] = {}  # the owner and an agent may sign the same words
        self.command = command
        self.nonce: int = command.get("nonce", 0)  # 0: an API key's request has none
        self.is_by_key = len(signer) == 66
        self.delivered = 0
        self.refused = 0


class Auditor:
    """`refresh` absorbs what became durable since. `symbols` by token."""

    def __init__(self, refresh: Callable[[], None], symbols: Mapping[str, str]) -> None:
        self.intents: dict[str, Intent] = {}
        self._refresh = refresh
        self._symbols = symbols
        self._receipts: dict[str, Json] = {}
        self._told = 0  # the newest entry that anybody outside can know of
        self._forget()

    def _forget(self) -> None:
        """All that comes from the journal."""
        self.books = Books()
        self.seq = 0
        self.accepted: dict[str, int] = {}  # digest -> seq
        self._rows: list[Row] = []
        self._head = "0" * 64
        self._time = 0
        self._nonces: dict[tuple[str, int], str] = {}
        self._agents: dict[tuple[str, str], int] = {}  # until when, 0 once revoked
        self._approved: dict[tuple[str, str], int] = {}  # by which entry, the newest
        self._keys: dict[str, tuple[str, int]] = {}
        self._available: list[dict[tuple[str, str], int]] = [{}]  # after each seq, what it changed

    def signed(self, digest: str, kind: str, owner: str, signer: str, command: Json) -> None:
        """Perhaps not for the first time: the same words at the same second are one request."""
        intent = self.intents.setdefault(digest, Intent(kind, owner, signer, command))
        intent.signers[signer] = None

    # The journal.

    def absorb(self, rows: list[Row]) -> None:
        """Rows after the last absorbed one."""
        for row in rows:
            self._absorb(row)
        if rows:
            self.books.check()

    def compare(self, rows: list[Row]) -> None:
        """All rows of a journal that a server starts on: of what was told nothing is gone or was
        changed. An append that failed may have left something else, or nothing.
        """
        demand(len(rows) >= self._told, f"entry {self._told} was told, {len(rows)} are left")
        for known, found in zip(self._rows[: self._told], rows, strict=False):
            demand(known == found, f"entry {known[0]} is not what was told")
        if self._rows != rows[: self.seq]:
            self._forget()
            self.absorb(rows)

    def _absorb(self, row: Row) -> None:
        seq, time, rules, kind, command, evidence, events, previous, digest = row
        demand(seq == self.seq + 1, f"entry {seq} follows entry {self.seq}")
        demand(previous == self._head, f"entry {seq} does not follow its predecessor's hash")
        head = f"{previous}\n{seq}\n{time}\n{rules}\n{kind}".encode()
        made = sha256(b"\n".join((head, command, evidence, events))).hexdigest()
        demand(made == digest, f"entry {seq} does not have its hash")
        demand(time >= self._time, f"entry {seq} is of {time}, the one before of {self._time}")
        books, said, proof = self.books, json.loads(command), json.loads(evidence)
        if kind not in BY_CLOCK:
            overdue = books.overdue(time)
            demand(not overdue, f"entry {seq}: {overdue}")
        owner = self._authority(seq, time, kind, said, proof)
        books.moved.clear()
        makers = set()
        for event in json.loads(events):
            if event["type"] == "BookFilled":
                makers.add(event["maker"])
            self._note(proof, event)
            books.apply(event)
        for (giver, asset), change in books.moved.items():
            is_own = giver in (owner, "outside") or giver in makers or giver.startswith("pool:")
            demand(change >= 0 or is_own, f"entry {seq} takes {-change} {asset} from {giver}")
        self._check_terms(seq, kind, said)
        self._available.append({name: books.available(*name) for name in books.moved})
        self.seq, self._head, self._time = seq, digest, time
        self._rows.append(row)

    def _authority(self, seq: int, time: int, kind: str, said: Json, proof: Json) -> str:
        """Whose balances the entry may lower, by what right."""
        scheme = proof["scheme"]
        if scheme in ("genesis", "faucet"):
            demand(scheme != "genesis" or seq == 1, f"entry {seq} is a second genesis")
            return ""
        if scheme == "clock":
            demand(kind in BY_CLOCK, f"entry {seq}: the clock does not {kind}")
            if kind == "FireCancelTimer":
                owner: str = said["owner"]
                return owner
            return self.books.orders[said["order_id"]].owner
        intent = self.intents.get(proof["digest"])
        if intent is None:
            raise Violation(f"entry {seq}: nobody signed {proof['digest']}")
        demand(proof["digest"] not in self.accepted, f"entry {seq} was accepted before")
        demand(kind == intent.kind, f"entry {seq} is a {kind}, a {intent.kind} was signed")
        if scheme == "eip712":
            signed = {name: str(value) for name, value in intent.command.items()}
            stored = {name: str(value) for name, value in said.items()}
            demand(signed == stored, f"entry {seq} says {stored}, signed was {signed}")
            demand(time // 1000 <= said["deadline"], f"entry {seq} is after its deadline")
        signer = proof["signer"]
        demand(signer in intent.signers, f"entry {seq}: {signer} did not sign")
        demand(self._may(intent, signer, time), f"entry {seq}: {signer} may not sign for the owner")
        self.accepted[proof["digest"]] = seq
        return intent.owner

    def _check_terms(self, seq: int, kind: str, said: Json) -> None:
        """It moved what its owner signed, to whom he signed it, for no less than he asked."""

        def change(owner: str, token: str) -> int:
            return self.books.moved.get((owner, self._symbols[said[token]]), 0)

        if kind in ("FaucetDeposit", "Transfer", "Withdraw"):
            giver = "outside" if kind == "FaucetDeposit" else said["owner"]
            taker = {"FaucetDeposit": said["owner"], "Withdraw": "outside"}.get(kind)
            moved = change(giver, "token"), change(taker or said["recipient"], "token")
            amount = int(said["amount"])
            is_so = moved == (-amount, amount) and len(self.books.moved) == 2
        elif kind in SWAP_LIMITS:
            most, least = SWAP_LIMITS[kind]
            paid, got = -change(said["owner"], "tokenIn"), change(said["owner"], "tokenOut")
            is_so = paid <= int(said[most]) and got >= int(said[least])
        else:
            return
        demand(is_so, f"entry {seq} moves {self.books.moved}, signed was {said}")

    def _may(self, intent: Intent, signer: str, time: int) -> bool:
        if intent.is_by_key:
            owner, until = self._keys.get(signer, ("", 0))
            return owner == intent.owner and time // 1000 <= until
        if signer == intent.owner:
            return True
        until = self._agents.get((intent.owner, signer), 0)
        return intent.kind not in OWN_KEY_ONLY and time // 1000 <= until

    def _note(self, proof: Json, event: Json) -> None:
        """What the entry changes besides money."""
        match event["type"]:
            case "NonceUsed":
                used = event["signer"], event["nonce"]
                demand(used not in self._nonces, f"nonce {used} is used twice")
                intent = self.intents[proof["digest"]]
                is_signed = used[0] in intent.signers and used[1] == intent.nonce
                demand(is_signed, f"nonce {used} was not signed")
                self._nonces[used] = proof["digest"]
            case "AgentApproved":
                pair = event["owner"], event["agent"]
                demand(self._agents.get(pair) != 0, f"{pair}: a revoked agent is back")
                self._agents[pair] = event["validUntil"]
                self._approved[pair] = self.seq + 1
            case "AgentRevoked":
                self._agents[event["owner"], event["agent"]] = 0
            case "ApiKeyApproved":
                owner, _ = self._keys.get(event["publicKey"], (event["owner"], 0))
                demand(owner == event["owner"], f"{event['publicKey']} changed its owner")
                self._keys[event["publicKey"]] = event["owner"], event["validUntil"]
            case "ApiKeyRevoked":
                self._keys[event["publicKey"]] = event["owner"], 0

    # What leaves the server.

    def told(self, seq: int, what: str) -> None:
        """Something that is as of entry `seq` has left."""
        if seq > self.seq:
            self._refresh()
        demand(seq <= self.seq, f"{what} tells of entry {seq}; durable are {self.seq}")
        self._told = max(self._told, seq)

    def delivered(self, digest: str) -> None:
        if digest in self.intents:
            self.intents[digest].delivered += 1

    def answered(self, digest: str, known_seq: int, status: int, body: Any) -> None:
        """A signed action, alone or as an element of a batch. `known_seq`: what the server had
        committed when the request came; nothing older is news to it."""
        intent = self.intents[digest]
        if status in (200, 201):
            self._receipt(digest, intent, body)
            return
        code = body["code"]
        demand(code != "SERVER_ERROR", f"{intent.kind} {digest} is answered with {body}")
        intent.refused += 1
        if code in UNDECIDED:
            return
        first = self.accepted.get(digest)
        if first is not None and first <= known_seq and not intent.is_by_key:
            raise Violation(f"{digest} is entry {first}, and is refused as {body}")
        self._refusal(intent, digest, known_seq, code)

    def _receipt(self, digest: str, intent: Intent, body: Any) -> None:
        if intent.is_by_key:  # an order as it is by then; no receipt
            if digest not in self.accepted:
                self._refresh()
            demand(digest in self.accepted, f"{intent.kind} {digest} was told before it is durable")
            self.told(self.accepted[digest], "a key's answer")
            return
        seq = body["seq"]
        self.told(seq, f"the receipt of {intent.kind} {digest}")
        demand(self.accepted.get(digest) == seq, f"{digest} is answered as entry {seq}")
        receipt = {name: value for name, value in body.items() if name != "status"}
        first = self._receipts.setdefault(digest, receipt)
        demand(receipt == first, f"the receipt of {digest} was {first}, it is {receipt}")

    def _refusal(self, intent: Intent, digest: str, known_seq: int, code: str) -> None:
        """What a refusal says must be so at some durable entry since the request came."""
        self._refresh()
        if code == "NONCE_USED":
            pairs = [(signer, intent.nonce) for signer in intent.signers]
            used = [pair for pair in pairs if pair in self._nonces]
            demand(bool(used), f"nonce {intent.nonce} is refused as used; no entry used it")
            self.told(min(self.accepted[self._nonces[one]] for one in used), "a used nonce")
        elif code == "UNAUTHORIZED" and not intent.is_by_key and len(intent.signers) == 1:
            [signer] = intent.signers
            pair = intent.owner, signer
            until = self._agents.get(pair, 0)
            is_good = until * 1000 > self._time + SLACK_MS and self._approved[pair] <= known_seq
            demand(not is_good, f"{pair} is refused, an agent until {until}")
        elif code == "INSUFFICIENT_FUNDS" and intent.kind in ("Transfer", "Withdraw"):
            asset = self._symbols[intent.command["token"]]
            least = self._least(intent.owner, asset, known_seq)
            wanted = int(intent.command["amount"])
            demand(least < wanted, f"{intent.owner} has {least} {asset}, refused is {wanted}")

    def _least(self, owner: str, asset: str, since: int) -> int:
        """The least that the owner had available at any durable entry from `since` on."""
        name = owner, asset
        now = self.books.available(owner, asset)
        seen = [now]
        for changed in reversed(self._available[since + 1 :]):
            if name in changed:
                seen.append(changed[name])
        for changed in reversed(self._available[: since + 1]):
            if name in changed:
                return min(*seen, changed[name])
        return 0

    def account(self, view: Json) -> None:
        """GET /api/v1/accounts/{owner}."""
        self.told(view["seq"], "an account")
        if view["seq"] != self.seq:
            return
        owner = view["owner"].lower()
        said = {
            one["symbol"]: (int(one["available"]), int(one["locked"])) for one in view["balances"]
        }
        books = self.books
        own = {
            asset: (books.available(owner, asset), books.held[owner, asset])
            for (name, asset), amount in list(books.have.items())
            if name == owner and amount
        }
        said = {asset: amounts for asset, amounts in said.items() if any(amounts)}
        demand(said == own, f"{owner} is said to have {said} at {self.seq}, has {own}")
        agents = {
            one["agent"].lower(): 0 if one["revoked"] else one["validUntil"]
            for one in view["agents"]
        }
        known = {agent: until for (name, agent), until in self._agents.items() if name == owner}
        demand(agents == known, f"{owner}'s agents are said to be {agents}, are {known}")

    def orders(self, owner: str, views: list[Json], seq: int) -> None:
        """GET /api/v1/orders?owner=, complete, as of `seq`."""
        if seq != self.seq:
            return
        said = sorted(int(view["id"]) for view in views)
        own = sorted(
            number
            for number, order in self.books.orders.items()
            if order.owner == owner and order.state in ("resting", "waiting")
        )
        demand(said == own, f"{owner}'s open orders are said to be {said} at {seq}, are {own}")

    def finish(self) -> None:
        """When all requests are over and the journal is absorbed."""
        for digest, intent in self.intents.items():
            is_refused = intent.delivered and intent.refused == intent.delivered
            if is_refused and digest in self.accepted:
                raise Violation(f"{digest}: every time refused, and entry {self.accepted[digest]}")
