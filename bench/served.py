"""The exchange as `xyk serve` runs it, with one more route for comparison: POST /echo, a plain
litestar handler that decodes and returns a 110-byte Struct.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, post

import xyk.cli.serve as serving
from api.app import create_app
from xyk.cli.settings import LogFormat, Settings


class Order(msgspec.Struct):
    market: str
    side: str
    price: str
    quantity: str
    client: int


@post("/echo", status_code=200)
async def echo(data: Order) -> Order:
    return data


def with_echo(services: Any) -> Any:
    exchange = create_app(services)
    other = Litestar(route_handlers=[echo], openapi_config=None, logging_config=None)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/echo":
            await other(scope, receive, send)
        else:
            await exchange(scope, receive, send)

    return app


if __name__ == "__main__":
    serving.create_app = with_echo
    data, port = Path(sys.argv[1]), int(sys.argv[2])
    sys.exit(
        serving.serve(
            Settings(
                data=data,
                port=port,
                sandbox=True,
                seed_demo=True,
                log=LogFormat.JSON,
                no_limits=True,
            )
        )
    )
