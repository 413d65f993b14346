"""Sessions: what a sign-in opens and what ends it. Cancels by a session are the wallet's own
CancelOrder and CancelAllOrders with nonce and deadline 0; their evidence names the session.
"""

import msgspec

from xyk.domain.units import Address, Bytes32, Uint64


class OpenSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The evidence is the EIP-4361 message and the wallet's signature over it. `session` is the
    id, the Keccak-256 of the message; `expires` unix seconds, inclusive: what the message says."""

    owner: Address
    session: Bytes32
    expires: Uint64


class CloseSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signed out, for ever. By the session itself."""

    owner: Address
    session: Bytes32
