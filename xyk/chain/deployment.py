"""A Uniswap-V2-compatible deployment that is mirrored, as `chain.toml` describes it.

    [[deployment]]
    name = "mainnet"
    rpc = ["https://first.example", "https://second.example"]
    chain_id = 1
    factory = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"
    router = "0x7a250d5630b4cf539739df2c5dacb4c659f2488d"
    wrapped = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
    tokens = ["0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"]

Addresses are lower case hex wherever they are kept; the file may write them with a checksum.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sha3 import keccak_256

from xyk.domain.units import ZERO_ADDRESS, parse_hex

UNISWAP_INIT_CODE_HASH = "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
MULTICALL3 = "0xca11bde05977b3631167028862be2a173976ca11"

NAME = re.compile(r"[a-z0-9-]{1,32}")
COIN = re.compile(r"[A-Z0-9]{1,12}")
ENDPOINTS_MAX = 16
TOKENS_MAX = 200  # 19,900 couples that the factory is asked for
PAIRS_MAX = 10_000
BOUNDS = {
    "chain_id": (1, 2**63 - 1),
    "fee_bps": (1, 9_999),
    "confirmations": (1, 1_000),
    "start_block": (0, 2**63 - 1),
    "poll_ms": (50, 600_000),
    "stale_after_s": (1, 86_400),
    "block_span": (1, 1_000_000),
}


class Deployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rpc`: endpoints in order of preference. `wrapped`: the token that stands for the native
    coin, named `coin`. `fee_bps`: what a pair of this factory keeps of the input, in the
    constant-product formula. `confirmations`: blocks after which one is taken to be final; a reorg
    that goes deeper is not followed. `tokens`: pairs of any two of them and `wrapped` are mirrored;
    `pairs`: these are mirrored besides. `quotes`: which token of a pair prices it, the earliest
    listed wins. `stale_after_s`: a head older than that, by the chain's time or by ours, is stale.
    """

    name: str
    rpc: tuple[str, ...]
    chain_id: int
    factory: str
    router: str
    wrapped: str
    websocket: str = ""
    coin: str = "ETH"
    multicall: str = MULTICALL3
    fee_bps: int = 30
    init_code_hash: str = UNISWAP_INIT_CODE_HASH
    confirmations: int = 12
    start_block: int = 0
    tokens: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    poll_ms: int = 1000
    stale_after_s: int = 60
    block_span: int = 2000  # of one eth_getLogs at most

    @property
    def tracked(self) -> tuple[str, ...]:
        """`tokens` and `wrapped`, each once."""
        return tuple(dict.fromkeys((*self.tokens, self.wrapped)))

    def __repr__(self) -> str:  # without the endpoints, which may hold keys
        return f"Deployment({self.name!r}, chain_id={self.chain_id})"


def load(path: Path) -> dict[str, Deployment]:
    """Those of `chain.toml` by name, in its order. Raises ValueError with file, deployment, field
    and what would be right; no message holds an endpoint's URL."""
    try:
        text = path.read_bytes()
        table = msgspec.toml.decode(text)
    except (OSError, ValueError, RecursionError, msgspec.DecodeError) as fault:
        raise ValueError(f"{path}: {fault}") from None
    entries = table.pop("deployment", None)
    if table or not isinstance(entries, list) or not entries:
        raise ValueError(f"{path}: expected [[deployment]] tables and nothing else on top")
    found: dict[str, Deployment] = {}
    for position, entry in enumerate(entries, 1):
        where = f"{path}: deployment {position}"
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            where += f" ({entry['name']!r})"
        try:
            deployment = _parse(entry)
            if deployment.name in found:
                raise ValueError("name: another deployment has it; choose a different one")
        except ValueError as fault:  # msgspec's ValidationError is one
            raise ValueError(f"{where}: {fault}") from None
        found[deployment.name] = deployment
    return found


def address(text: object) -> str:
    """20 bytes in lower case; ValueError where the mixed case is not that of EIP-55."""
    plain = parse_hex(text, 20)
    digits = str(text)[2:]
    if digits not in (digits.lower(), digits.upper()) and digits != _checksum(plain):
        raise ValueError(
            "the checksum of the mixed case is wrong, so a digit may be; copy the address again, "
            "or write it in lower case"
        )
    return plain


def _checksum(plain: str) -> str:
    """The 40 digits as EIP-55 spells them."""
    digits = plain[2:]
    weights = keccak_256(digits.encode()).hexdigest()
    pairs = zip(digits, weights, strict=False)
    return "".join(digit.upper() if weight >= "8" else digit for digit, weight in pairs)


def _parse(entry: Any) -> Deployment:
    try:
        raw = msgspec.convert(entry, Deployment)
    except msgspec.ValidationError as fault:
        known = ", ".join(Deployment.__struct_fields__)
        hint = f"; the fields are {known}" if "unknown field" in str(fault) else ""
        raise ValueError(f"{fault}{hint}") from None
    deployment = msgspec.structs.replace(raw, **_plain(raw))
    for field, right in _faults(deployment):
        raise ValueError(f"{field}: {right}")
    return deployment


def _plain(raw: Deployment) -> dict[str, Any]:
    """The fields of hex digits, in lower case."""
    plain: dict[str, Any] = {}
    for field in ("factory", "router", "wrapped", "multicall"):
        plain[field] = _named(field, address, getattr(raw, field))
        if plain[field] == ZERO_ADDRESS:
            raise ValueError(f"{field}: expected a contract's address, not zero")
    for field in ("tokens", "pairs", "quotes"):
        values = getattr(raw, field)
        listed = [_named(f"{field}[{i}]", address, value) for i, value in enumerate(values)]
        if len(set(listed)) < len(listed) or ZERO_ADDRESS in listed:
            raise ValueError(f"{field}: expected each address once, and none of them zero")
        plain[field] = tuple(listed)
    plain["init_code_hash"] = _named("init_code_hash", _bytes32, raw.init_code_hash)
    return plain


def _bytes32(text: object) -> str:
    return parse_hex(text, 32)


def _named(field: str, parse: Callable[[object], str], text: str) -> str:
    try:
        return parse(text)
    except ValueError as fault:
        raise ValueError(f"{field}: {fault}") from None


def _faults(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """(field, what would be right) of each value that cannot be."""
    if not NAME.fullmatch(deployment.name):
        yield "name", "expected 1 to 32 of a-z, 0-9 and -"
    if not COIN.fullmatch(deployment.coin):
        yield "coin", "expected 1 to 12 of A-Z and 0-9"
    if not 0 < len(deployment.rpc) <= ENDPOINTS_MAX:
        yield "rpc", f"expected 1 to {ENDPOINTS_MAX} endpoints"
    if len(set(deployment.rpc)) < len(deployment.rpc):
        yield "rpc", "expected each endpoint once"
    for i, url in enumerate(deployment.rpc):
        if not _is_url(url, ("http", "https")):
            yield f"rpc[{i}]", "expected http:// or https:// and a host"
    if deployment.websocket and not _is_url(deployment.websocket, ("ws", "wss")):
        yield "websocket", "expected ws:// or wss:// and a host"
    for field, (low, high) in BOUNDS.items():
        if not low <= getattr(deployment, field) <= high:
            yield field, f"expected an integer from {low} to {high}"
    if deployment.stale_after_s * 1000 <= deployment.poll_ms:
        yield "stale_after_s", "expected more than poll_ms, or all that is read is stale"
    contracts = (deployment.factory, deployment.router, deployment.wrapped, deployment.multicall)
    if len(set(contracts)) < len(contracts):
        yield "router", "expected factory, router, wrapped and multicall to be different contracts"
    if len(deployment.tokens) > TOKENS_MAX or len(deployment.pairs) > PAIRS_MAX:
        yield "tokens", f"expected at most {TOKENS_MAX} tokens and {PAIRS_MAX} pairs"
    if len(deployment.tracked) < 2 and not deployment.pairs:
        yield "tokens", "expected a token besides wrapped, or pairs: nothing would be mirrored"
    for i, quote in enumerate(deployment.quotes):
        if quote not in deployment.tracked and not deployment.pairs:
            yield f"quotes[{i}]", "expected one of tokens, or wrapped"


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError where it is none
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and " " not in url
    return is_plain and parts.scheme in schemes and bool(parts.hostname)
