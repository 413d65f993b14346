"""Runs a scenario file in node. It may ask for deeds on the server by a line on its output that
begins with `@@`, and goes on when the answer comes on its input.
"""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping

from tests.browser.page import HERE, Tools

DEED = "@@"
TIMEOUT_S = 340  # a hang ends here, below faulthandler_timeout
PARTING_S = 20  # for the driver to close its browser

Deeds = Mapping[str, Callable[[], object]]


def drive(
    tools: Tools,
    file: str,
    url: str,
    deeds: Deeds,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """What it printed; AssertionError with it where a scenario failed. A deed's answer is JSON."""
    process = subprocess.Popen(
        [tools.node, "--test-reporter=spec", file],
        cwd=HERE,
        env={
            **os.environ,
            "XYK_URL": url,
            "XYK_CHROMIUM": tools.chromium,
            **(environment or {}),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    limit = threading.Timer(timeout_s, process.terminate)  # its driver ends the browser with it
    limit.start()
    said: list[str] = []
    try:
        for line in process.stdout:
            if line.startswith(DEED):
                answer = deeds[line.removeprefix(DEED).strip()]()
                process.stdin.write(json.dumps(answer) + "\n")
                process.stdin.flush()
            else:
                said.append(line)
                print(line, end="", flush=True)  # an hour's run says how it goes
        code = process.wait()
    finally:
        limit.cancel()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=PARTING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdin.close()
        process.stdout.close()
    shown = "".join(said)
    assert code == 0, f"{file} ended with {code}\n{shown}"
    return shown
