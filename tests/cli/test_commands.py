"""Flags and variables, and the operator's commands against a real server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.server import run_xyk, running_server
from xyk.cli.main import app
from xyk.cli.settings import LogFormat, Settings, Visibility


def settings_of(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str]
) -> Settings:
    seen: list[Settings] = []

    def remember(settings: Settings) -> int:
        seen.append(settings)
        return 0

    monkeypatch.setattr("xyk.cli.serve.serve", remember)
    done = CliRunner().invoke(app, ["serve", *arguments], env=environment)
    assert done.exit_code == 0, done.output
    [settings] = seen
    return settings


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_of(monkeypatch, [], {}) == Settings()
    assert Settings().host == "127.0.0.1"
    assert Settings().port == 8000
    assert Settings().data == Path("data")


def test_variables_replace_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
        "XYK_HOST": "0.0.0.0",
        "XYK_PORT": "9001",
        "XYK_DATA": "elsewhere",
        "XYK_DATABASE_URL": "postgresql://u@h/d",
        "XYK_SANDBOX": "1",
        "XYK_LOG": "json",
        "XYK_VISIBILITY": "private",
    }
    assert settings_of(monkeypatch, [], variables) == Settings(
        host="0.0.0.0",
        port=9001,
        data=Path("elsewhere"),
        database_url="postgresql://u@h/d",
        sandbox=True,
        log=LogFormat.JSON,
        visibility=Visibility.PRIVATE,
    )


def test_flags_replace_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, ["--port", "9002"], {"XYK_PORT": "9001"})
    assert settings.port == 9002


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--log", "xml"], ["--snapshot-every", "0"], ["--no-such-flag"]],
)
def test_a_wrong_flag_is_a_usage_error(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["serve", *arguments])
    assert done.exit_code == 2
    assert arguments[0] in done.output


def test_the_operator_lists_an_asset_and_a_market(tmp_path: Path, database_url: str) -> None:
    data = tmp_path / "data"
    with running_server(data, database_url=database_url) as server:
        where = ("--data", str(data), "--url", server.url)
        code, said = run_xyk("list-asset", "DOGE", "--decimals", "8", *where)
        assert code == 0, said
        assert "DOGE is listed by entry 2" in said
        terms = ("--tick-size", "100", "--lot-size", "1000000", "--taker-fee-bps", "5", "--book")
        code, said = run_xyk("list-market", "DOGE", "USDC", *terms, *where)
        assert code == 0, said
        assert "DOGE_USDC is listed by entry 3" in said
        code, said = run_xyk("list-asset", "DOGE", "--decimals", "8", *where)
        assert code == 1
        assert "INVALID_ASSET" in said
        elsewhere = ("--salt", "0x" + "00" * 32)
        code, said = run_xyk("list-asset", "CAT", "--decimals", "8", *where, *elsewhere)
        assert code == 78, said
        code, key = run_xyk("operator-key", "--data", str(data))
        assert code == 0
        assert key == (data / "operator.key").read_text()


def test_without_a_key_the_operators_commands_say_so(tmp_path: Path) -> None:
    code, said = run_xyk("operator-key", "--data", str(tmp_path))
    assert code == 78
    assert "operator.key does not exist" in said


def test_the_json_log_is_one_object_a_line(tmp_path: Path) -> None:
    """About the log, whatever the database."""
    with running_server(tmp_path / "data", "--seed-demo", "--log", "json") as server:
        pass
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert any(line["event"] == "demo liquidity in 4 pools" for line in lines)
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
