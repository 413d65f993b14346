"""Keys in the data folder: made once, readable by their owner alone."""

from pathlib import Path

import pytest

from xyk.cli.exits import CONFIG, Stop
from xyk.cli.keys import OPERATOR, kept_wallet, read_wallet


def test_a_key_is_made_once_with_mode_0600(tmp_path: Path) -> None:
    made = kept_wallet(tmp_path, OPERATOR)
    path = tmp_path / OPERATOR
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept_wallet(tmp_path, OPERATOR).private_key == made.private_key
    assert path.read_text() == made.private_key + "\n"
    assert [file.name for file in tmp_path.iterdir()] == [OPERATOR]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    kept_wallet(tmp_path, OPERATOR)
    (tmp_path / OPERATOR).chmod(0o640)
    with pytest.raises(Stop, match="chmod 600") as stopped:
        kept_wallet(tmp_path, OPERATOR)
    assert stopped.value.code == CONFIG


@pytest.mark.parametrize("text", ["", "0x12", "0x" + "00" * 32, "0x" + "zz" * 32])
def test_a_file_without_a_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / OPERATOR
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(Stop, match="no private key"):
        read_wallet(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="does not exist"):
        read_wallet(tmp_path / OPERATOR)
