"""An API key as a client holds it: signs requests as ccxt and bpx-py do, for tests."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xyk.domain.rejections import Rejected
from xyk.domain.request import ED25519
from xyk.engine.entry import Evidence
from xyk.engine.submission import Submission
from xyk.wallet.api_key import command_of, request_digest, signed_texts, verify_request


class Key:
    """`public` is 0x and hex, as in ApproveApiKey."""

    def __init__(self, seed: bytes) -> None:
        self._secret = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = "0x" + self._secret.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        return b64encode(self._secret.sign(text.encode())).decode()

    def submissions(
        self,
        instruction: str,
        elements: Sequence[Mapping[str, str]],
        timestamp: int,
        window: int = 5_000,
        *,
        encodes: bool = False,
    ) -> list[Submission]:
        """What the server makes of a request that this key signed; one for each element."""
        texts = signed_texts(instruction, elements, timestamp, window)
        signature = self.sign(texts[encodes])
        text = verify_request(self.public, signature, texts)
        assert not isinstance(text, Rejected), text
        found = []
        for index, element in enumerate(elements):
            command = command_of(instruction, element, timestamp, window)
            assert not isinstance(command, Rejected), command
            evidence = Evidence(
                scheme=ED25519,
                signer=self.public,
                digest=request_digest(self.public, text, index),
                signature=signature,
                text=text,
                index=index,
            )
            found.append(Submission(command, evidence))
        return found

    def order(self, timestamp: int, window: int = 5_000, **parameters: str) -> Submission:
        return self.submissions("orderExecute", [parameters], timestamp, window)[0]
