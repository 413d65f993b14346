"""Entry 1 from a TOML file: the fields of `Genesis`, with a fresh salt where the file has none.

In a sandbox a missing operator is a key made in the data folder. The fee recipient is the operator
unless it is named.
"""

import secrets
import tomllib
from importlib import resources
from typing import Any

import msgspec

from xyk.cli.exits import CONFIG, Stop
from xyk.cli.keys import OPERATOR, kept_wallet
from xyk.cli.settings import Settings
from xyk.domain.commands import Genesis
from xyk.domain.rejections import Rejected
from xyk.domain.request import GENESIS, Request
from xyk.domain.units import parse_hex
from xyk.engine.entry import GENESIS_HASH, Entry, Evidence, make_entry
from xyk.exchange.decide import decide
from xyk.exchange.state import State


def genesis_entry(settings: Settings, now_ms: int) -> Entry:
    """Stop where the settings name no genesis, or one that cannot be."""
    genesis = load_genesis(settings)
    events = decide(State(), Request(1, now_ms, "", "", GENESIS, genesis))
    if isinstance(events, Rejected):
        raise Stop(CONFIG, f"{_source(settings)}: {events.message}")
    return make_entry(1, now_ms, genesis, Evidence(scheme=GENESIS), events, GENESIS_HASH)


def load_genesis(settings: Settings) -> Genesis:
    source = _source(settings)
    try:
        table = tomllib.loads(_text(settings))
    except (OSError, ValueError, RecursionError) as fault:  # ValueError: TOML, UTF-8, long numbers
        raise Stop(CONFIG, f"{source}: {fault}") from None
    if settings.sandbox and not table.get("sandbox", False):
        raise Stop(CONFIG, f"{source} does not say sandbox = true; leave --sandbox away or add it")
    table.setdefault("sandbox", False)
    table.setdefault("salt", "0x" + secrets.token_hex(32))
    if "operator" not in table:
        if not table["sandbox"]:
            raise Stop(CONFIG, f'{source} names no operator; add operator = "0x..." (an address)')
        table["operator"] = kept_wallet(settings.data, OPERATOR).address
    table.setdefault("fee_recipient", table["operator"])
    try:
        return msgspec.convert(_lower_case(table), Genesis)
    except (msgspec.ValidationError, ValueError) as fault:
        raise Stop(CONFIG, f"{source}: {fault}") from None


def _lower_case(table: dict[str, Any]) -> dict[str, Any]:
    """Addresses may be written in the mixed case of EIP-55."""
    sizes = {"salt": 32, "operator": 20, "fee_recipient": 20}
    if table.get("contract"):
        sizes["contract"] = 20
    plain = {name: parse_hex(table[name], size) for name, size in sizes.items()}
    assets = table.get("assets", [])
    if isinstance(assets, list):  # else msgspec says what is expected
        assets = [_lower_case_asset(asset) for asset in assets]
    return {"markets": [], **table, **plain, "assets": assets}


def _lower_case_asset(asset: Any) -> Any:
    if not isinstance(asset, dict) or not asset.get("token"):
        return asset
    return {**asset, "token": parse_hex(asset["token"], 20)}


def _source(settings: Settings) -> str:
    return str(settings.genesis) if settings.genesis is not None else "the sandbox genesis"


def _text(settings: Settings) -> str:
    if settings.genesis is not None:
        return settings.genesis.read_text()
    if settings.sandbox:
        return resources.files("xyk.genesis").joinpath("sandbox.toml").read_text()
    raise Stop(
        CONFIG,
        f"{settings.data} is empty: --sandbox tries the exchange, --genesis FILE founds one",
    )
