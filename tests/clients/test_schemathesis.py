"""schemathesis, in an environment of its own, reads our OpenAPI and asks for all of it: no 5xx,
no status, content type or body that the document does not name.
"""

import subprocess
from pathlib import Path

import pytest

from tests.clients.environments import TIMEOUT_S, open_market, python_of
from tests.server import running_server

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


@pytest.mark.parametrize(
    "examples",
    [pytest.param(10, marks=pytest.mark.slow), pytest.param(100, marks=pytest.mark.nightly)],
)
def test_every_answer_is_as_documented(tmp_path: Path, examples: int) -> None:
    """`examples`: of each operation, drawn at random; those that cover each rule come besides."""
    program = python_of("schemathesis").with_name("schemathesis")
    with running_server(tmp_path / "data", "--seed-demo") as server:
        open_market(server)
        done = subprocess.run(
            [
                *(str(program), "run", f"{server.url}/schema/openapi.json", "--no-color"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", str(examples)),
                *("--checks", CHECKS, "--seed", "1", "--continue-on-failure"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S if examples < 100 else None,
        )
        assert server.process is not None and server.process.poll() is None
    assert done.returncode == 0, done.stdout[-8_000:]
    [selected, tested] = [
        line.split()[-1]
        for line in done.stdout.splitlines()
        if line.startswith(("  Selected:", "  Tested:"))
    ]
    assert selected == f"{tested}/{tested}" and int(tested) > 40, "operations were left out"
