"""`xyk serve --chain --database-url`: everything of a chain in schemas of the one database."""

from pathlib import Path
from typing import Any

import pytest

from tests.chain.anvil import running as running_anvil
from tests.chain.maze import Maze
from tests.chain.site import Site
from tests.server import running_server

pytestmark = [pytest.mark.chain, pytest.mark.postgres, pytest.mark.slow]


def test_a_chain_is_mirrored_and_goes_on_after_a_restart(
    anvil: Any, postgres_url: str, tmp_path: Path
) -> None:
    with running_anvil(anvil, tmp_path) as node:
        maze = Maze(node, density=0.1)
        file = maze.write(tmp_path, name="on-postgres", start_block=1)
        data = tmp_path / "data"
        arguments = ("--seed-demo", "--chain", str(file))
        told = []
        for _ in range(2):
            with running_server(data, *arguments, database_url=postgres_url) as server:
                site = Site(maze, server)
                site.reached(maze.mine())
                base = "/chain/on-postgres/api/v1"
                [first, *_] = site.http.get(f"{base}/markets").json()
                symbol = first["symbol"]
                trades = site.http.get(f"{base}/trades", params={"symbol": symbol}).json()
                pairs = site.http.get("/api/v1/chain/on-postgres/pairs").json()
                told.append((symbol, trades, [(one["symbol"], one["reserves"]) for one in pairs]))
                compared = site.http.get(
                    "/api/v1/quote",
                    params={
                        "tokenIn": first["baseSymbol"],
                        "tokenOut": first["quoteSymbol"],
                        "amountIn": "1000",
                        "venue": "all",
                    },
                )
                assert compared.status_code == 200, compared.text
                site.http.close()
        assert told[0] == told[1]
        assert told[0][2]
        assert [one.name for one in (data / "chain").iterdir()] == ["on-postgres.relayed.db"]
