"""The tree of what is owed: every proof holds for a verifier that shares no code, no lie does."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs import Json, hashed, holds, text
from xyk.domain.market import OUTSIDE
from xyk.domain.units import UINT256_MAX
from xyk.engine.liabilities import Damaged, Liabilities, LiabilitiesFolder
from xyk.engine.replica import Replica
from xyk.engine.sum_tree import (
    RIGHT,
    Node,
    Proof,
    Root,
    Step,
    Sums,
    accounts_of,
    commitment,
    leaf,
    parent,
    proves,
    root_of,
    sums_text,
)
from xyk.exchange.state import State

HASH = "ab" * 32
Owed = tuple[str, Sums]
ASSETS = ("BTC", "ETH", "LP:ETH_USDC", "USDC")


def replica_of(balances: dict[str, dict[str, int]], held: int = 0) -> Replica:
    """`held`: how much of each account's first asset is held."""
    state = State()
    state.seq = 77
    for owner, sums in balances.items():
        for asset, amount in sums.items():
            state.ledger.transfer(OUTSIDE, owner, asset, amount)
            if 0 < held <= amount:
                state.ledger.hold(owner, asset, held)
    return Replica(state, HASH)


def shown(proof: Proof, root: Root) -> Json:
    """As JSON, numbers as text, which is how the server answers."""

    def texts(sums: Sums) -> Json:
        return {asset: str(amount) for asset, amount in sums.items()}

    path = [{"side": one.side, "hash": one.hash, "sums": texts(one.sums)} for one in proof.path]
    return {
        **{name: getattr(root, name) for name in ("seq", "hash", "root", "leaves", "top")},
        "totals": texts(root.totals),
        "owner": proof.owner,
        "balances": texts(proof.sums),
        "path": path,
    }


def written(tmp_path: Path, replica: Replica) -> Liabilities:
    folder = LiabilitiesFolder(tmp_path / "liabilities")
    folder.write(replica)
    found = folder.newest()
    assert found is not None
    return found


def many(count: int, seed: int) -> dict[str, dict[str, int]]:
    random = Random(seed)
    return {
        f"0x{random.getrandbits(160):040x}": {
            asset: random.getrandbits(random.choice((8, 64, 112))) + 1
            for asset in random.sample(ASSETS, random.randint(1, len(ASSETS)))
        }
        for _ in range(count)
    }


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 100, 3_001])
def test_every_owner_of_an_exchange_of_any_size_is_proved(tmp_path: Path, count: int) -> None:
    balances = many(count, seed=count)
    replica = replica_of(balances, held=1)
    found = written(tmp_path, replica)
    assert found.root == commitment(replica.state, HASH), "what a replay at that seq gives"
    assert (found.root.seq, found.root.hash, found.root.leaves) == (77, HASH, count)
    for asset in ASSETS:
        assert found.root.totals.get(asset, 0) == -replica.state.ledger.available(OUTSIDE, asset)
    for owner, sums in balances.items():
        proof = found.prove(owner)
        assert proof is not None
        assert proof.sums == sums, "held parts count"
        assert len(proof.path) <= 12
        assert holds(shown(proof, found.root))
    assert found.prove("0x" + "00" * 20) is None
    assert found.prove("zzz") is None
    assert found.prove(OUTSIDE) is None


@given(
    st.dictionaries(
        st.text("abc:0x", min_size=1, max_size=4),
        st.dictionaries(st.sampled_from(ASSETS), st.integers(1, 2**120), min_size=1),
        min_size=1,
        max_size=40,
    )
)
def test_the_root_is_the_same_whoever_computes_it(balances: dict[str, dict[str, int]]) -> None:
    """By recursion over halves that a power of two makes, instead of level by level."""

    def top(owners: list[str]) -> tuple[str, dict[str, int]]:
        if len(owners) == 1:
            sums = balances[owners[0]]
            spelled = {one: str(amount) for one, amount in sums.items()}
            return hashed("xyk liabilities leaf", owners[0], text(spelled)), sums
        half = 1 << (len(owners) - 1).bit_length() - 1
        (one, mine), (two, theirs) = top(owners[:half]), top(owners[half:])
        said = [text({k: str(v) for k, v in sums.items()}) for sums in (mine, theirs)]
        both = {k: mine.get(k, 0) + theirs.get(k, 0) for k in {**mine, **theirs}}
        return hashed("xyk liabilities node", one, said[0], two, said[1]), both

    digest, totals = top(sorted(balances))
    root = commitment(replica_of(balances).state, HASH)
    assert (root.top, root.totals) == (digest, totals)


def test_nobody_has_anything(tmp_path: Path) -> None:
    found = written(tmp_path, replica_of({}))
    assert (found.root.leaves, found.root.totals) == (0, {})
    assert found.prove("0x" + "00" * 20) is None


def spoil_balance(proof: Json) -> None:
    proof["balances"]["USDC"] = str(int(proof["balances"]["USDC"]) + 1)


def spoil_owner(proof: Json) -> None:
    proof["owner"] = "0x" + "99" * 20


def spoil_sibling_sum(proof: Json) -> None:
    proof["path"][1]["sums"]["USDC"] = str(int(proof["path"][1]["sums"].get("USDC", 0)) - 1)


def shift_between_children(proof: Json) -> None:
    """The flaw of trees that hash only what both children come to: less for one, more beside."""
    amount = int(proof["balances"]["USDC"])
    proof["balances"]["USDC"] = "1"
    beside = proof["path"][0]["sums"]
    beside["USDC"] = str(int(beside.get("USDC", 0)) + amount - 1)


def negative_sibling(proof: Json) -> None:
    proof["path"][0]["sums"]["USDC"] = "-5"


def spoil_hash(proof: Json) -> None:
    proof["path"][0]["hash"] = "00" * 32


def spoil_side(proof: Json) -> None:
    step = proof["path"][0]
    step["side"] = "left" if step["side"] == "right" else "right"


def spoil_order(proof: Json) -> None:
    proof["path"].reverse()


def leave_a_step_out(proof: Json) -> None:
    proof["path"].pop()


def more_in_total(proof: Json) -> None:
    proof["totals"]["USDC"] = str(int(proof["totals"]["USDC"]) + 1)


def another_seq(proof: Json) -> None:
    proof["seq"] += 1


def another_entry(proof: Json) -> None:
    proof["hash"] = "cd" * 32


def fewer_accounts(proof: Json) -> None:
    proof["leaves"] -= 1


def another_asset(proof: Json) -> None:
    proof["balances"]["ETH2"] = proof["balances"].pop("USDC")


LIES = (
    *(spoil_balance, spoil_owner, spoil_sibling_sum, shift_between_children, negative_sibling),
    *(spoil_hash, spoil_side, spoil_order, leave_a_step_out, more_in_total, another_seq),
    *(another_entry, fewer_accounts, another_asset),
)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("count", [4, 57])
def test_no_lie_holds(tmp_path: Path, lie: Callable[[Json], None], count: int) -> None:
    """Neither for the stranger nor for our own check."""
    balances = {owner: {"USDC": 7, **sums} for owner, sums in many(count, seed=3).items()}
    found = written(tmp_path, replica_of(balances))
    for owner in list(balances)[:: max(1, count // 4)]:
        proof = found.prove(owner)
        assert proof is not None
        honest = shown(proof, found.root)
        if len(honest["path"]) < 2:
            continue
        assert holds(honest)
        told = copy.deepcopy(honest)
        lie(told)
        assert told != honest
        assert not holds(told)
        assert not proves(*ours(told))


def ours(proof: Json) -> tuple[Proof, Root]:
    plain = json.loads(json.dumps(proof))
    for sums in (plain["balances"], plain["totals"], *(one["sums"] for one in plain["path"])):
        sums |= {asset: int(amount) for asset, amount in sums.items()}
    plain["sums"] = plain.pop("balances")
    return msgspec.convert(plain, Proof), msgspec.convert(plain, Root)


def test_a_leaf_is_no_node_and_sums_are_bounded() -> None:
    one, two = leaf("a", {"USDC": 1}), leaf("b", {"USDC": 2})
    lines = (one.hash, "USDC=1", two.hash, "USDC=2")
    assert parent(one, two).hash == hashed("xyk liabilities node", *lines)
    assert leaf(lines[0], {"USDC": 1}).hash != hashed(*lines[:2])
    for amount in (-1, UINT256_MAX + 1):
        with pytest.raises(ValueError, match="at least 0 and below"):
            sums_text({"USDC": amount})
    with pytest.raises(ValueError, match="at least 0 and below"):
        parent(Node("", {"USDC": UINT256_MAX}), Node("", {"USDC": 1}))


def test_a_node_passes_for_no_leaf() -> None:
    """Its lines as an owner's name and sums: the way from there up is the honest one."""
    one, two, three = (
        leaf(name, {"USDC": amount}) for name, amount in zip("abc", (1, 2, 4), strict=True)
    )
    low = parent(one, two)
    root = root_of(77, HASH, 3, parent(low, three))
    step = Step(RIGHT, three.hash, three.sums)
    assert proves(Proof(owner="a", sums=one.sums, path=(Step(RIGHT, *two), step)), root)
    for owner in (f"{one.hash}\nUSDC=1\n{two.hash}", low.hash, ""):
        for sums in (two.sums, low.sums):
            assert not proves(Proof(owner=owner, sums=sums, path=(step,)), root)


def test_sums_that_wrap_or_cancel_out_prove_nothing() -> None:
    """What would make the exchange owe less than its accounts have together."""
    honest = leaf("a", {"USDC": 5})
    for beside in (-5, -1, 2**256 - 5, 2**256 - 4):
        sums = {"USDC": beside}
        claimed = {"USDC": (5 + beside) % 2**256}
        lines = (honest.hash, "USDC=5", "00" * 32, f"USDC={beside}")
        top = Node(hashed("xyk liabilities node", *lines), claimed)
        proof = Proof(owner="a", sums=honest.sums, path=(Step(RIGHT, "00" * 32, sums),))
        total = f"USDC={claimed['USDC']}" if claimed["USDC"] else ""
        digest = hashed("xyk liabilities root", 77, HASH, 2, top.hash, total)
        root = Root(seq=77, hash=HASH, root=digest, leaves=2, top=top.hash, totals=claimed)
        assert not proves(proof, root) and not holds(shown(proof, root)), beside


def left_out(owed: list[Owed]) -> list[Owed]:
    return owed[1:]


def twice(owed: list[Owed]) -> list[Owed]:
    """The same owner with two leaves: one to show him, one to show his heirs."""
    return [owed[0], *owed]


def split(owed: list[Owed]) -> list[Owed]:
    (owner, sums), rest = owed[0], owed[1:]
    less = {asset: amount - 1 for asset, amount in sums.items()}
    return [(owner, less), (owner, dict.fromkeys(sums, 1)), *rest]


def moved(owed: list[Owed]) -> list[Owed]:
    """From one to the other: the totals stay."""
    (one, mine), (two, theirs), rest = owed[0], owed[1], owed[2:]
    less, more = {**mine, "USDC": mine["USDC"] - 1}, {**theirs, "USDC": theirs["USDC"] + 1}
    return [(one, less), (two, more), *rest]


def other_order(owed: list[Owed]) -> list[Owed]:
    return [owed[1], owed[0], *owed[2:]]


def nobody_added(owed: list[Owed]) -> list[Owed]:
    """An account of nothing, which makes no sum other and hides how many there are."""
    return [("0x" + "00" * 20, {}), *owed]


@pytest.mark.parametrize("forge", [left_out, twice, split, moved, other_order, nobody_added])
def test_a_tree_of_other_leaves_has_another_root(
    forge: Callable[[list[Owed]], list[Owed]],
) -> None:
    """Which `verify` finds, as it makes the tree from the journal."""
    balances = {owner: {"USDC": 7, **sums} for owner, sums in many(6, seed=4).items()}
    state = replica_of(balances).state
    owed = list(accounts_of(state))
    honest = commitment(state, HASH)
    assert commitment(state, HASH, [leaf(*one) for one in owed]) == honest
    try:
        forged = commitment(state, HASH, [leaf(*one) for one in forge(owed)])
    except AssertionError as fault:
        assert "owed" in str(fault) and forge in (left_out, twice)
        return
    assert forge not in (left_out, twice) and forged.root != honest.root


def test_what_is_owed_must_be_what_was_paid_in() -> None:
    replica = replica_of(many(5, seed=9))
    replica.state.ledger.dump()["available"]["USDC"][OUTSIDE] += 1
    with pytest.raises(AssertionError, match="USDC: owed"):
        commitment(replica.state, HASH)


def test_a_damaged_file_proves_nothing(tmp_path: Path) -> None:
    balances = many(9, seed=1)
    written(tmp_path, replica_of(balances))
    [path] = (tmp_path / "liabilities").iterdir()
    honest = path.read_bytes()
    owner = min(balances)
    for at in range(0, len(honest), 7):
        path.write_bytes(honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1 :])
        try:
            proof = Liabilities(path).prove(owner)
        except Damaged:
            continue
        if proof is not None:
            assert proof.sums == balances[owner], "damage elsewhere in the file"
    for size in (0, 5, 20, len(honest) // 2, len(honest) - 3):
        path.write_bytes(honest[:size])
        with pytest.raises(Damaged):
            Liabilities(path).prove(owner)
    assert LiabilitiesFolder(path.parent).newest() is None


def test_the_newest_three_are_kept_and_none_is_written_twice(tmp_path: Path) -> None:
    folder = LiabilitiesFolder(tmp_path)
    replica = replica_of(many(3, seed=2))
    for seq in (5, 6, 7, 8, 8):
        replica.state.seq = seq
        folder.write(replica)
    (tmp_path / "000000000009.unfinished").write_text("a child that was ended")
    replica.state.seq = 10
    folder.write(replica)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"{seq:012}.liabilities" for seq in (7, 8, 10)]
    assert [found.root.seq for found in folder.files()] == [10, 8, 7]
