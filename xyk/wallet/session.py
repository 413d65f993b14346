"""Signing in with a wallet: the EIP-4361 message, its EIP-191 hash, and the session's id.

The server builds the whole message and the wallet signs its text; nobody sends text to be parsed.
Auditors parse it from the journal, and only in the one form that is built here: what is parsed must
build the same text again.
"""

import re
from datetime import UTC, datetime

import msgspec

from xyk.domain.rejections import Rejected
from xyk.domain.session_commands import OpenSession
from xyk.wallet.typed_data import Domain, checksum, keccak256
from xyk.wallet.verify import recover

LEDGER_CHAIN_ID = 1  # named where the exchange is on no chain
STATEMENT = (
    "Sign in to read your account and cancel orders. This cannot trade, move or withdraw funds."
)

_TEXT = """{domain} wants you to sign in with your Ethereum account:
{address}

{statement}

URI: {uri}
Version: 1
Chain ID: {chain_id}
Nonce: {nonce}
Issued At: {issued_at}
Expiration Time: {expires_at}
Resources:
- urn:xyk:{salt}"""
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FORM = re.compile(
    r"(?P<domain>[!-~]{1,255}) wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n\n"
    + re.escape(STATEMENT)
    + r"\n\nURI: (?P<uri>[!-~]{1,512})\nVersion: 1\nChain ID: (?P<chain_id>[1-9][0-9]{0,19})\n"
    r"Nonce: (?P<nonce>[0-9a-zA-Z]{8,64})\n"
    r"Issued At: (?P<issued>[0-9TZ:-]{20})\nExpiration Time: (?P<expires>[0-9TZ:-]{20})\n"
    r"Resources:\n- urn:xyk:(?P<salt>0x[0-9a-f]{64})",
    re.ASCII,
)


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign-in message says. `address` in lower case; `issued` and `expires` in unix seconds;
    `chain_id` and `salt` those of the deployment."""

    domain: str
    uri: str
    address: str
    chain_id: int
    nonce: str
    issued: int
    expires: int
    salt: str

    def text(self) -> str:
        return _TEXT.format(
            domain=self.domain,
            address=checksum(self.address),
            statement=STATEMENT,
            uri=self.uri,
            chain_id=self.chain_id,
            nonce=self.nonce,
            issued_at=_iso(self.issued),
            expires_at=_iso(self.expires),
            salt=self.salt,
        )

    @classmethod
    def parse(cls, text: str) -> "SignIn":
        """The inverse of `text`. Raises ValueError for what `text` does not make."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("no sign-in message of this exchange")
        message = cls(
            domain=found["domain"],
            uri=found["uri"],
            address=found["address"].lower(),
            chain_id=int(found["chain_id"]),
            nonce=found["nonce"],
            issued=_seconds(found["issued"]),
            expires=_seconds(found["expires"]),
            salt=found["salt"],
        )
        if message.text() != text:
            raise ValueError("no sign-in message of this exchange, letter by letter")
        return message


def chain_named(domain: Domain) -> int:
    return domain.chain_id or LEDGER_CHAIN_ID


def personal_hash(text: str) -> bytes:
    """What `personal_sign` signs (EIP-191, version 0x45)."""
    data = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(data), data))


def session_id(text: str) -> str:
    return "0x" + keccak256(text.encode()).hex()


def recover_sign_in(text: str, signature: str) -> str | Rejected:
    """The address (lower case) that signed the text; INVALID_SIGNATURE if malformed."""
    return recover(personal_hash(text), signature)


def session_fault(
    domain: Domain, command: OpenSession, text: str, signature: str, signer: str
) -> str:
    """Why the text and the signature do not open this session, if they do not; empty if they do."""
    try:
        message = SignIn.parse(text)
    except ValueError as fault:
        return f"its text is {fault}"
    for what, said, expected in (
        ("address", message.address, command.owner),
        ("deployment", message.salt, domain.salt),
        ("chain", message.chain_id, chain_named(domain)),
        ("end", message.expires, command.expires),
        ("session", session_id(text), command.session),
    ):
        if said != expected:
            return f"the message's {what} is {said}, the entry says {expected}"
    proven = recover_sign_in(text, signature)
    if isinstance(proven, Rejected):
        return f"the signature is malformed: {proven.message}"
    if proven != signer or signer != command.owner:
        return f"the signature is {proven}'s over this message, not {signer}'s"
    return ""


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)


def _seconds(text: str) -> int:
    """0 for what is no time, which makes another text."""
    try:
        return int(datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0
