"""An Ed25519 key pair in the form that the clients of the Backpack convention take: base64 of the
32-byte public key (apiKey) and of the 32-byte seed (secret).
"""

import secrets
from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED_BYTES = 32


class KeyPair:
    def __init__(self, seed: bytes) -> None:
        assert len(seed) == SEED_BYTES
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def random(cls) -> "KeyPair":
        return cls(secrets.token_bytes(SEED_BYTES))

    @property
    def public_key(self) -> str:
        """As ApproveApiKey names it: 0x and 64 hex digits."""
        return "0x" + self._public.hex()

    @property
    def api_key(self) -> str:
        return b64encode(self._public).decode()

    @property
    def secret(self) -> str:
        return b64encode(self._seed).decode()

    def sign(self, text: str) -> str:
        """Base64 of the signature over the UTF-8 text."""
        return b64encode(self._private.sign(text.encode())).decode()
