"""A stamped command on its way into `decide`."""

import msgspec

from xyk.domain.commands import Command

GENESIS = "genesis"
EIP712 = "eip712"
FAUCET = "faucet"
ED25519 = "ed25519"  # an API key's signature over the text of its request
SESSION = "session"  # a wallet's EIP-4361 message opens one; its cancels name it
CLOCK = "clock"  # expiry, dead man's switch, trigger activation: due by the entry's own time


class Request(msgspec.Struct, frozen=True, gc=False):
    """`seq` and `now_ms` are the writer's stamps. `signer` is who signed (empty for system
    commands): a wallet's address, a key's 32 bytes as 0x hex, or the session's id for what a
    session does. `digest` is the action's EIP-712 digest as 0x hex, or that of a key's request
    (empty likewise). `scheme` is how it was authorised."""

    seq: int
    now_ms: int
    signer: str
    digest: str
    scheme: str
    command: Command
