"""The bearer token of a session: a JSON Web Token that lives for minutes, and what renews it.

HS256 and nothing else, whatever a token says of itself. It is bound to the deployment (audience =
salt), to the owner and to the session; whether that session is still open the state knows, so a
sign-out counts at once. A refresh token is random and carries a tag of ours, so that one that was
used before is told from one that never was; of it only the hash is kept.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BinasciiError
from hashlib import sha256

import jwt
import msgspec

from xyk.domain.units import parse_hex

ALGORITHM = "HS256"
ISSUER = "xyk"
LENGTH_MAX = 2_048  # characters; ours are about 400
SECRET_BYTES = 32
RANDOM_BYTES = 32
_CLAIMS = ("aud", "exp", "iat", "iss", "sid", "sub")
_OPTIONS = {
    "require": list(_CLAIMS),
    # Times are checked against the exchange's clock, not this process's.
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf"), False),
}


class Claims(msgspec.Struct, frozen=True):
    """`expires` in unix seconds, exclusive: of the token, not of the session."""

    owner: str
    session: str
    expires: int


class TokenFault(ValueError):
    """Why the token is none of ours."""


class TokenMint:
    """Makes and reads the tokens of one deployment."""

    def __init__(self, secret: bytes, salt: str) -> None:
        assert len(secret) == SECRET_BYTES
        self._salt = salt
        # One key for each use, so that no token of one kind can ever pass for the other.
        self._access_key = hmac.digest(secret, b"access", sha256)
        self._refresh_key = hmac.digest(secret, b"refresh" + salt.encode(), sha256)

    def access(self, claims: Claims, now_s: int) -> str:
        return jwt.encode(
            {
                "iss": ISSUER,
                "aud": self._salt,
                "sub": claims.owner,
                "sid": claims.session,
                "iat": now_s,
                "exp": claims.expires,
            },
            self._access_key,
            ALGORITHM,
        )

    def read_access(self, token: str, now_s: int) -> Claims:
        """Raises TokenFault."""
        if len(token) > LENGTH_MAX:
            raise TokenFault("The token is too long to be one of ours")
        try:
            claims = jwt.decode(
                token,
                self._access_key,
                algorithms=[ALGORITHM],
                audience=self._salt,
                issuer=ISSUER,
                options=_OPTIONS,  # type: ignore[arg-type]
            )
        except (jwt.InvalidTokenError, ValueError) as fault:
            raise TokenFault(f"The token is none of this exchange's ({fault})") from None
        owner, session, expires = claims["sub"], claims["sid"], claims["exp"]
        assert isinstance(owner, str) and isinstance(session, str) and type(expires) is int
        if now_s >= expires:
            raise TokenFault(f"The token expired at {expires}; refresh it")
        return Claims(owner, session, expires)

    def refresh(self, session: str) -> str:
        """A fresh one: session, random bytes and tag, as base64url."""
        body = bytes.fromhex(session[2:]) + secrets.token_bytes(RANDOM_BYTES)
        return urlsafe_b64encode(body + self._tag(body)).decode().rstrip("=")

    def read_refresh(self, token: str) -> str:
        """The session that it was made for, however long ago. Raises TokenFault."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4)) if token.isascii() else b""
        except BinasciiError:
            raw = b""
        body, tag = raw[:-32], raw[-32:]
        is_ours = len(body) == 32 + RANDOM_BYTES and hmac.compare_digest(tag, self._tag(body))
        # Base64 has several spellings of one value; ours is the only one that is hashed.
        if not is_ours or urlsafe_b64encode(raw).decode().rstrip("=") != token:
            raise TokenFault("The refresh token is none of this exchange's; sign in again")
        return parse_hex("0x" + body[:32].hex(), 32)

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._refresh_key, body, sha256)


def refresh_hash(token: str) -> str:
    """What is kept of a refresh token."""
    return sha256(token.encode()).hexdigest()
