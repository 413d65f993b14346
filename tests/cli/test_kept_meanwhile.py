"""What may come in between while an exchange is copied and put back."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kept import KEPT, Kept, backup, head_of, restore
from tests.server import Server, run_xyk
from xyk.cli.exits import CONFIG, CORRUPT, LOCKED
from xyk.storage import backup as backup_module
from xyk.storage.backup import back_up
from xyk.storage.backup import restore as restore_backup

pytestmark = pytest.mark.slow


def test_what_is_archived_meanwhile_is_in_it(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever leaves the table while that is copied is in a segment, and those come later."""
    name = "_copy_postgres" if kept.traded.database_url else "_copy_sqlite"
    copy_table, head = getattr(backup_module, name), head_of(kept)

    def archive(keep: int) -> None:
        code, said = run_xyk("archive", *kept.where, "--keep", str(keep))
        assert code == 0, said

    async def slowly(*arguments: Any) -> None:
        archive(2 * KEPT)
        await copy_table(*arguments)
        archive(KEPT)

    def slowly_at_once(*arguments: Any) -> None:
        archive(2 * KEPT)
        copy_table(*arguments)
        archive(KEPT)

    monkeypatch.setattr(backup_module, name, slowly if kept.traded.database_url else slowly_at_once)
    to = tmp_path / "copy"
    made = asyncio.run(back_up(kept.traded.data, kept.traded.database_url, to))
    assert made.seq == head
    code, said = restore(to, tmp_path / "back")
    assert (code, f"seq {head}" in said) == (0, True), said


def test_no_server_begins_while_it_is_put_back(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What that one promised would be gone with its journal, which the restored one replaces.
    Without a snapshot nothing else tells it that there should be a journal."""
    kept.traded.forget_snapshots()
    to, back, seen = tmp_path / "copy", tmp_path / "back", []
    backup(kept, to)
    put_back = backup_module._restore_file

    def restoring(source: Path, target: Path, expected: backup_module.FileSum) -> None:
        if target.name == backup_module.JOURNAL:
            seen.append(Server(back).run_to_end())
            seen.append(restore(to, tmp_path / "back"))
        put_back(source, target, expected)

    monkeypatch.setattr(backup_module, "_restore_file", restoring)
    asyncio.run(restore_backup(to, back))
    (code, said), again = seen
    assert (code, "is in use by the process with pid" in said) == (LOCKED, True), said
    assert (again[0], "is not empty" in again[1]) == (CONFIG, True), again
    code, said = run_xyk("verify", "--data", str(back))
    assert (code, f"yes: consistent up to {head_of(kept)}" in said) == (0, True), said


@pytest.mark.parametrize("step", [1, 2])
def test_no_server_makes_a_new_exchange_where_it_was_broken_off(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Before or after its first file; the second is the journal."""
    kept.traded.forget_snapshots()
    to, back, done = tmp_path / "copy", tmp_path / "back", []
    backup(kept, to, "--with-keys")
    put_back = backup_module._restore_file

    def restoring(source: Path, target: Path, expected: backup_module.FileSum) -> None:
        done.append(target.name)
        if len(done) == step:
            raise KeyboardInterrupt
        put_back(source, target, expected)

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(backup_module, "_restore_file", restoring)
        asyncio.run(restore_backup(to, back))
    code, said = Server(back).run_to_end()
    assert (code, "was broken off; empty it" in said) == (CORRUPT, True), said
    shutil.rmtree(back)
    code, said = restore(to, back)
    assert code == 0, said
    assert not (back / "restoring").exists()
