"""Examples of what auditors read, for the documents."""

from typing import Any

Json = dict[str, Any]

SECOND = 1_763_640_000
OWNER = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
_DEPOSIT = f'"owner":"{OWNER}"'
_ENTRY: Json = {
    "seq": 42,
    "time": SECOND * 1000,
    "rules": 1,
    "kind": "FaucetDeposit",
    "command": f'{{{_DEPOSIT},"token":"0x1111111111111111111111111111111111111111","amount":7}}',
    "evidence": '{"scheme":"faucet"}',
    "events": f'[{{"type":"Deposited",{_DEPOSIT},"asset":"USDC","amount":7}}]',
    "previous": "c3" * 32,
    "hash": "a1" * 32,
}
ROOT: Json = {
    "seq": 40,
    "hash": "b7" * 32,
    "root": "d4" * 32,
    "leaves": 2,
    "top": "e5" * 32,
    "totals": {"USDC": "12"},
}
_PROOF: Json = {
    **ROOT,
    "owner": OWNER,
    "balances": {"USDC": "7"},
    "path": [{"side": "right", "hash": "f6" * 32, "sums": {"USDC": "5"}}],
}
# What a read answers, by its path.
READS: dict[str, Any] = {
    "/api/v1/journal": [_ENTRY],
    "/api/v1/proof": ROOT,
    "/api/v1/proof/{owner}": _PROOF,
}
