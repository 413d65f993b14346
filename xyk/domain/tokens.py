"""Addresses of ledger-mode assets: the last 20 bytes of keccak256("xyk:" + symbol)."""

from sha3 import keccak_256


def token_address(symbol: str) -> str:
    """The lower-case address of an asset that lives in the ledger alone, pool shares included."""
    digest: str = keccak_256(b"xyk:" + symbol.encode()).hexdigest()
    return "0x" + digest[-40:]
