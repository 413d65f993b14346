"""Sessions: opened by a wallet's message; they cancel, close themselves, and do nothing else."""

from tests.naive.open_orders import OpenOrders
from tests.naive.pair import refuse_if
from tests.naive.vault import Fields, Outcome

SESSION_MAX_S = 30 * 86_400
SESSIONS_MAX = 256  # of an owner, until they expire


class Sessions(OpenOrders):
    def admit_session(self, kind: str, fields: Fields, signer: str) -> None:
        """`signer`: the address of a wallet that signs in, else the session's id."""
        if kind == "OpenSession":
            return
        session = self._session(fields["owner"], signer)
        refuse_if(session is None, "UNAUTHORIZED")
        assert session is not None
        refuse_if(session["closed"] or session["expires"] < self.now_ms // 1000, "UNAUTHORIZED")
        refuse_if(kind not in ("CancelOrder", "CancelAllOrders", "CloseSession"), "FORBIDDEN")
        refuse_if(fields.get("nonce", 0) != 0 or fields.get("deadline", 0) != 0, "FORBIDDEN")
        refuse_if(fields.get("session", signer) != signer, "FORBIDDEN")

    def do_OpenSession(self, fields: Fields, signer: str) -> Outcome:
        owner, expires, now_s = fields["owner"], fields["expires"], self.now_ms // 1000
        refuse_if(signer != owner, "INVALID_SIGNATURE")
        refuse_if(expires < now_s or expires > now_s + SESSION_MAX_S, "EXPIRED")
        self.sessions = [one for one in self.sessions if one["expires"] >= now_s]
        refuse_if(self._session(owner, fields["session"]) is not None, "NONCE_USED")
        mine = [one for one in self.sessions if one["owner"] == owner]
        refuse_if(len(mine) >= SESSIONS_MAX, "ORDER_LIMIT")
        opened = {"owner": owner, "session": fields["session"], "expires": expires}
        self.sessions.append({**opened, "closed": False})
        return {"events": [{"type": "SessionOpened", **opened}]}

    def do_CloseSession(self, fields: Fields, signer: str) -> Outcome:
        owner, name = fields["owner"], fields["session"]
        session = self._session(owner, name)
        assert session is not None
        session["closed"] = True
        return {"events": [{"type": "SessionClosed", "owner": owner, "session": name}]}

    def _session(self, owner: str, name: str) -> Fields | None:
        mine = [one for one in self.sessions if (one["owner"], one["session"]) == (owner, name)]
        return mine[0] if mine else None
