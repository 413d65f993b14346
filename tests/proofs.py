"""What a stranger needs to check a proof of liabilities, after the documents: none of our code."""

from hashlib import sha256
from typing import Any

Json = dict[str, Any]


def hashed(*lines: object) -> str:
    return sha256("\n".join(map(str, lines)).encode()).hexdigest()


def text(sums: dict[str, str]) -> str:
    assert all(0 <= int(amount) < 2**256 for amount in sums.values())
    return ",".join(f"{asset}={int(sums[asset])}" for asset in sorted(sums) if int(sums[asset]))


def holds(proof: Json) -> bool:
    """Whether an answer of /api/v1/proof/{owner} adds up to its own root."""
    try:
        sums = proof["balances"]
        at = hashed("xyk liabilities leaf", proof["owner"], text(sums))
        for step in proof["path"]:
            two = [(at, sums), (step["hash"], step["sums"])]
            if step["side"] == "left":
                two.reverse()
            at = hashed("xyk liabilities node", *(part for h, s in two for part in (h, text(s))))
            assets = {*sums, *step["sums"]}
            sums = {
                one: str(int(sums.get(one, 0)) + int(step["sums"].get(one, 0))) for one in assets
            }
        head = (proof["seq"], proof["hash"], proof["leaves"], at, text(sums))
        is_whole = text(sums) == text(proof["totals"]) and at == proof["top"]
        return is_whole and hashed("xyk liabilities root", *head) == proof["root"]
    except AssertionError:
        return False
