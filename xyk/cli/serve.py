"""`xyk serve`: one process, uvicorn with uvloop in front of what compose.py builds.

SIGINT and SIGTERM stop it gracefully: no new connections, open requests answered, then the writer
drained and everything closed. A second signal stops waiting for clients.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from msgspec import structs

from api.app import create_app
from api.services import Health, Services
from api.site import INDEX, Site, read_site
from xyk.cli.chains import Chain
from xyk.cli.compose import Exchange, failure_code, running
from xyk.cli.demo_child import DemoChild
from xyk.cli.exits import CONFIG, OK, Stop
from xyk.cli.http import PatientHttp
from xyk.cli.log import configure_log
from xyk.cli.settings import Settings
from xyk.cli.websocket import PatientWebSocket

CLIENTS_TO_FINISH_S = 10
SOCKET_FRAME_MAX = 65_536  # bytes that a client may send in one websocket frame
BUILT_PAGE = Path(__file__).resolve().parents[2] / "web" / "dist"  # of a checkout; a wheel has none
BACKLOG = 2_048
# Of every answer: it is what it says it is, and nobody learns from where somebody came.
SAFE_HEADERS = (("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"))
YOUNG_MAX = 50_000  # objects before the collector looks; 10,000 cost /actions a fifth

log = logging.getLogger("xyk")


def xyk_version() -> str:
    try:
        return version("xyk")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


def serve(settings: Settings) -> int:
    """Runs until a signal; the exit code. Raises Stop where it cannot start."""
    configure_log(settings.log)
    allow_files()
    try:
        site = site_of(settings)
    except ValueError as fault:
        raise Stop(CONFIG, str(fault)) from None
    return uvloop.run(_serve(settings, site))


def site_of(settings: Settings) -> Site:
    """Raises ValueError for a folder that was named and has no page."""
    if settings.page is not None:
        return read_site(settings.page)
    return read_site(BUILT_PAGE) if (BUILT_PAGE / INDEX).is_file() else Site({})


async def _serve(settings: Settings, site: Site) -> int:
    async with running(settings, xyk_version(), on_failure=end_at_once) as exchange:
        listener = _listen(settings)
        services = services_at(exchange.services, listener)
        await all_committed(services)
        page_url = services.settings.public_url if site.has_page else ""
        config = _config(services, settings, site)
        traders = DemoChild(settings) if settings.seed_demo and settings.demo_traders else None
        server = Server(config, listener, services.health, exchange.chains, page_url, traders)
        supervised = asyncio.create_task(_supervise(exchange, server))
        keep_collector_away()
        await server.serve([listener])
        supervised.cancel()
        code = OK if exchange.failure is None else failure_code(exchange.failure)
    log.info("stopped")
    return code


def end_at_once(error: BaseException) -> None:
    """After a failed commit or fold nobody may be answered, not even by a clean shutdown."""
    code = failure_code(error)
    print(f"xyk: stops without answering, exit {code}: {error!r}", file=sys.stderr, flush=True)
    os._exit(code)


class Server(uvicorn.Server):
    """Signals end it gracefully and are not raised again; prints the address when it is open."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        health: Health,
        chains: Sequence[Chain] = (),
        page_url: str = "",
        traders: DemoChild | None = None,
    ) -> None:
        """`chains` are followed when the application has started: it listens to them by then.
        `page_url`: what a person opens; empty where there is no page. The demo's traders are
        started when it answers."""
        super().__init__(config)
        self._page_url = page_url
        self._chains = chains
        self._traders = traders
        self._address = listener.getsockname()
        self._health = health

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        loop = asyncio.get_running_loop()
        ending = (signal.SIGINT, signal.SIGTERM)
        for one in ending:
            loop.add_signal_handler(one, self._end)
        try:
            yield
        finally:
            for one in ending:
                loop.remove_signal_handler(one)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for chain in self._chains:
            chain.follow()
        host, port = self._address[:2]
        print(f"xyk {xyk_version()} listens on {_url(host, port)}", flush=True)
        if self._page_url:
            print(f"open {self._page_url} in a browser", flush=True)
        else:
            print("there is no page to open: `make page` builds it", flush=True)
        if self._traders is not None:
            here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
            self._traders.start(_url(here, port))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """The traders first, so that they can take their orders back."""
        if self._traders is not None:
            await self._traders.stop()
        await super().shutdown(sockets)

    def _end(self) -> None:
        self._health.is_ending = True
        self.force_exit = self.should_exit
        self.should_exit = True


async def all_committed(services: Services) -> None:
    """The writer runs already and does what was due: what is made without a pause after this is
    made on committed state."""
    while services.writer.committed_seq < services.state.seq:
        await services.committed(None)


def services_at(services: Services, listener: socket.socket) -> Services:
    """With a public URL: where it listens, unless it was told."""
    if services.settings.public_url:
        return services
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    url = _url(host, port)
    return replace(services, settings=structs.replace(services.settings, public_url=url))


def _url(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _config(services: Services, settings: Settings, site: Site) -> uvicorn.Config:
    patience: dict[str, Any] = {
        "limits": services.limits,
        "timeout_s": settings.client_timeout_s,
    }
    return uvicorn.Config(
        create_app(services, site=site),
        http=partial(PatientHttp, **patience),  # type: ignore[arg-type]  # called as the class is
        ws=partial(PatientWebSocket, **patience),  # type: ignore[arg-type]
        ws_per_message_deflate=False,
        ws_max_size=SOCKET_FRAME_MAX,
        ws_ping_interval=settings.socket_ping_s,
        ws_ping_timeout=settings.socket_ping_s,
        proxy_headers=False,
        access_log=False,
        log_config=None,
        server_header=False,
        headers=list(SAFE_HEADERS),
        timeout_graceful_shutdown=CLIENTS_TO_FINISH_S,
        backlog=BACKLOG,
    )


def _listen(settings: Settings) -> socket.socket:
    """Bound, and not yet open: connections are refused until the server listens."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as fault:
        listener.close()
        raise Stop(
            CONFIG, f"cannot listen on {settings.host}:{settings.port}: {fault.strerror}"
        ) from None
    listener.setblocking(False)
    return listener


async def _supervise(exchange: Exchange, server: Server) -> None:
    await exchange.failed.wait()
    server.should_exit = True


def allow_files() -> None:
    """As many open files as the machine lets us have: a connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def keep_collector_away() -> None:
    """What lives as long as the process is not looked at again: pauses of ms at every full run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 100)
