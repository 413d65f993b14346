"""A real `xyk serve --chain` over a maze of pairs, and what is asked of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.chain.maze import Maze
from tests.server import Server, running_server

WAIT_S = 60
Json = dict[str, Any]


class Site:
    def __init__(self, maze: Maze, server: Server) -> None:
        self.maze = maze
        self.server = server
        self.http = httpx.Client(base_url=server.url, trust_env=False, timeout=30)

    def get(self, path: str, **params: object) -> Json:
        response = self.http.get(path, params={name: str(one) for name, one in params.items()})
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def refusal(self, path: str, **params: object) -> tuple[int, str]:
        response = self.http.get(path, params={name: str(one) for name, one in params.items()})
        return response.status_code, response.json()["code"]

    def deployment(self) -> Json:
        [found] = self.http.get("/api/v1/chain").json()
        return dict(found)

    def reached(self, block: int) -> int:
        """When the server shows the block."""
        give_up = time.monotonic() + WAIT_S
        while time.monotonic() < give_up:
            found = self.deployment()
            if found["block"] == block and found["status"] == "live":
                return block
            time.sleep(0.005)  # the other worker's processor time is not ours to burn
        raise AssertionError((block, self.deployment(), self.server.log.read_text()[-2000:]))


@contextmanager
def served(maze: Maze, folder: Path, *, is_mining: bool = True, **changed: Any) -> Iterator[Site]:
    """`changed`: of the deployment. Live, at the newest block, which is a new one."""
    file = maze.write(folder, **changed)
    with running_server(folder / "data", "--seed-demo", "--chain", str(file)) as server:
        made = Site(maze, server)
        try:
            made.reached(maze.mine() if is_mining else maze.head())
            yield made
        finally:
            made.http.close()
