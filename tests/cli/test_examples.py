"""docs/operations.md and docs/examples/: they name what exists, and all that an operator meets."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.require import require
from tests.server import ROOT, run_xyk, running_server
from xyk.cli import exits
from xyk.domain.rejections import Code

EXAMPLES = ROOT / "docs" / "examples"
RUNBOOK = (ROOT / "docs" / "operations.md").read_text()
UNIT = (EXAMPLES / "xyk.service").read_text()
DOCKERFILE = (EXAMPLES / "Dockerfile").read_text()
ALERTS = yaml.safe_load((EXAMPLES / "alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
WORRYING = ("critical", "error", "warning", "exception")
INSTALLED = "/srv/xyk/.venv/bin/xyk"


@pytest.fixture(scope="module")
def exposition(tmp_path_factory: pytest.TempPathFactory) -> str:
    data = tmp_path_factory.mktemp("metrics") / "data"
    with running_server(data, "--seed-demo") as server:
        checked = healthcheck(server.port)
        assert checked.returncode == 0, checked.stderr
        text = httpx.get(f"{server.url}/metrics", trust_env=False, timeout=60).text
    assert healthcheck(server.port).returncode != 0, "nobody answers any more"
    return text


def healthcheck(port: int) -> subprocess.CompletedProcess[str]:
    """The Dockerfile's own, against this port."""
    [command] = re.findall(r'HEALTHCHECK[^\[]*\n\s*CMD \[[^,]*, "-c", "([^"]*)"\]', DOCKERFILE)
    program = command.replace(":8000/", f":{port}/")
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )


def named_metrics(text: str) -> set[str]:
    return set(re.findall(r"\bxyk_[a-z_]+", text))


def test_every_metric_is_explained_and_exists(exposition: str) -> None:
    families = set(re.findall(r"^# TYPE (xyk_[a-z_]+) ", exposition, re.MULTILINE))
    bare = {name.removesuffix("_total") for name in families}
    assert len(bare) > 15
    assert named_metrics(RUNBOOK) == bare
    assert "process_resident_memory_bytes" in exposition


def test_the_alerts_ask_for_series_that_exist(exposition: str) -> None:
    series = set(re.findall(r"^([a-z_]+)[{ ]", exposition, re.MULTILINE))
    series |= set(re.findall(r"^# TYPE (xyk_chain_[a-z_]+) ", exposition, re.MULTILINE))
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 10
    headings = {
        re.sub(r"[^a-z-]", "", line[3:].lower().replace(" ", "-"))
        for line in RUNBOOK.splitlines()
        if line.startswith("## ")
    }
    for rule in RULES:
        named = named_metrics(rule["expr"])
        assert named <= series, rule
        assert named or rule["expr"].startswith("up{"), rule
        for code in re.findall(r'code="([A-Z_]+)"', rule["expr"]):
            assert code in Code.__members__, rule
        assert rule["labels"]["severity"] in ("page", "ticket")
        guide, _, heading = rule["annotations"]["runbook"].partition("#")
        assert guide == "operations" and heading in headings, rule
        assert rule["annotations"]["summary"]


def test_every_exit_code_is_explained() -> None:
    codes = {
        value
        for name, value in vars(exits).items()
        if name.isupper() and isinstance(value, int) and name != "INTERRUPTED"
    }
    rows = re.findall(r"^\| (\d+) \|.*\| (no|yes, after a pause) \|$", RUNBOOK, re.MULTILINE)
    assert {int(code) for code, _ in rows} == codes
    never = {code for code, again in rows if again == "no"} - {"0", "1", "2"}
    [prevented] = re.findall(r"^RestartPreventExitStatus=(.*)$", UNIT, re.MULTILINE)
    assert set(prevented.split()) == never == {"70", "71", "73", "78"}


def worrying_lines() -> Iterator[tuple[str, str]]:
    """(level, the constant part of its text) of everything that is logged above info."""
    for folder in ("api", "xyk"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id="log" | "_log"), attr=level),
                        args=[ast.Constant(value=str(text)), *_],
                    ) if level in WORRYING:
                        yield "error" if level == "exception" else level, text


def test_every_worrying_line_of_the_log_is_explained() -> None:
    lines = set(worrying_lines())
    assert len(lines) > 12
    [section] = [part for part in RUNBOOK.split("\n## ") if part.startswith("What the log says")]
    rows = re.findall(r"^\| (\w+) \| (.*?) \|", section, re.MULTILINE)
    explained = {
        (level, text) for level, texts in rows[1:] for text in re.findall(r"`([^`]+)`", texts)
    }
    written = {(level, shown_as(text)) for level, text in lines}
    assert {(level, shown_as(text)) for level, text in explained} == written


def shown_as(text: str) -> str:
    """What stands before the first value."""
    return re.split(r"%[rsd]|\.\.\.", text)[0].strip()


def options_of_serve() -> set[str]:
    code, said = run_xyk("serve", "--help")
    assert code == 0
    return set(re.findall(r"--[a-z][a-z-]+", said))


def test_the_flags_and_variables_exist() -> None:
    known = options_of_serve()
    variables = {"XYK_" + name[2:].upper().replace("-", "_") for name in known}
    for text in (UNIT, DOCKERFILE):
        [command] = re.findall(r"^(?:ExecStart=|CMD \[\"serve\").*$", text, re.MULTILINE)
        assert set(re.findall(r"--[a-z][a-z-]+", command)) <= known
    assert set(re.findall(r"\bXYK_[A-Z_]+", DOCKERFILE + UNIT)) <= variables
    for line in re.findall(r"xyk serve (.*)", RUNBOOK):
        assert set(re.findall(r"--[a-z][a-z-]+", line)) <= known, line


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        require("systemd", "systemd-analyze is not installed")
    unit = tmp_path / "xyk.service"
    unit.write_text(UNIT.replace(INSTALLED, "/bin/true"))  # ours is not in /srv here
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "xyk.service" in line]
    assert done.returncode == 0 and not ours, done.stderr


def test_the_unit_runs_as_nobody_in_particular_on_a_read_only_system() -> None:
    settings = dict(
        line.split("=", 1) for line in UNIT.splitlines() if re.match(r"[A-Z]\w+=", line)
    )
    for name, value in {
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "StateDirectory": "xyk",
        "CapabilityBoundingSet": "",
        "Restart": "on-failure",
    }.items():
        assert settings[name] == value
    assert settings["ExecStart"].startswith(INSTALLED + " serve ")
    assert "--data /var/lib/xyk " in settings["ExecStart"]


def test_the_image_has_all_that_is_needed_and_no_root() -> None:
    sources = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = {name for line in sources for name in line.split()}
    assert all((ROOT / name).exists() for name in copied), copied
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {p.removesuffix("*") for p in patterns if (ROOT / p.removesuffix("*")).is_dir()}
    assert copied >= packages | {"alembic", "docs", "pyproject.toml", "constraints.txt"}
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    user, volume = (
        re.findall(rf"^{word} (.*)$", final, re.MULTILINE) for word in ("USER", "VOLUME")
    )
    assert user == ["10001:10001"] and volume == ["/var/lib/xyk"]
    assert f"install -d -o 10001 -g 10001 -m 0700 {volume[0]}" in final
    assert f'ENTRYPOINT ["{INSTALLED}"]' in final
    assert "curl" not in DOCKERFILE
