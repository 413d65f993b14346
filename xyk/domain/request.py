"""A stamped command on its way into `decide`."""

import msgspec

from xyk.domain.commands import Command

GENESIS = "genesis"
EIP712 = "eip712"
FAUCET = "faucet"
CLOCK = "clock"  # expiry, dead man's switch, trigger activation: due by the entry's own time


class Request(msgspec.Struct, frozen=True, gc=False):
    """`seq` and `now_ms` are the writer's stamps. `signer` is who signed (empty for system
    commands), `digest` the action's EIP-712 digest as 0x hex (empty likewise), `scheme` how it was
    authorised."""

    seq: int
    now_ms: int
    signer: str
    digest: str
    scheme: str
    command: Command
