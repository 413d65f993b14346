"""Settings: flags, then `XYK_*` variables, then the defaults here.

The annotated types are typer's: each names its flag's variable and help once, for every command
that takes it.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from api.limits import LimitSettings, Rate

DATA = Path("data")
URL = "http://127.0.0.1:8000"
SNAPSHOT_EVERY = 100_000  # entries; about what a start folds in a second
SOCKET_PING_S = 60
CLIENT_TIMEOUT_S = 30
KEEP = 100_000  # entries; those whose receipts are asked for again most


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


Host = Annotated[str, typer.Option(envvar="XYK_HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="XYK_PORT", min=0, max=65535, help="0 takes a free one.")]
Data = Annotated[Path, typer.Option(envvar="XYK_DATA", file_okay=False, help="The data folder.")]
DatabaseUrl = Annotated[
    str,
    typer.Option(
        envvar="XYK_DATABASE_URL", help="postgresql://... instead of SQLite in the folder."
    ),
]
GenesisFile = Annotated[
    Path | None,
    typer.Option(
        envvar="XYK_GENESIS", dir_okay=False, help="TOML for entry 1 of an empty data folder."
    ),
]
ChainFile = Annotated[
    Path | None,
    typer.Option(
        envvar="XYK_CHAIN", dir_okay=False, help="TOML of the deployments to mirror: docs/chain.md."
    ),
]
Page = Annotated[
    Path | None,
    typer.Option(
        envvar="XYK_PAGE",
        exists=True,
        file_okay=False,
        help="The folder of the page at /; else web/dist of the checkout, if it was built.",
    ),
]
Sandbox = Annotated[
    bool,
    typer.Option("--sandbox", envvar="XYK_SANDBOX", help="The packaged genesis, with a faucet."),
]
SeedDemo = Annotated[
    bool,
    typer.Option(
        "--seed-demo",
        envvar="XYK_SEED_DEMO",
        help="Liquidity for empty sandbox pools, and traders.",
    ),
]
DemoTraders = Annotated[
    bool,
    typer.Option(
        envvar="XYK_DEMO_TRADERS",
        help="With --seed-demo: a market maker and takers; without them the markets stand still.",
    ),
]
Log = Annotated[
    LogFormat, typer.Option(envvar="XYK_LOG", help="Form of the log on standard error.")
]
AcceptClock = Annotated[
    bool,
    typer.Option(
        "--accept-clock",
        envvar="XYK_ACCEPT_CLOCK",
        help="Start although the clock is more than a day after the last entry.",
    ),
]
SnapshotEvery = Annotated[
    int, typer.Option(envvar="XYK_SNAPSHOT_EVERY", min=1, help="Entries between two snapshots.")
]
Keep = Annotated[
    int,
    typer.Option(min=1, help="Entries that stay in the table; more where no snapshot is newer."),
]
Shown = Annotated[
    Visibility, typer.Option(envvar="XYK_VISIBILITY", help="Who may read accounts and the journal.")
]
PublicUrl = Annotated[
    str,
    typer.Option(
        envvar="XYK_PUBLIC_URL",
        help="Where clients find the exchange, for sign-in messages; else where it listens.",
    ),
]
RATE = "PER_SECOND:BURST"
LIMITS = LimitSettings()
LimitIp = Annotated[
    str,
    typer.Option(envvar="XYK_LIMIT_IP", metavar=RATE, help="Weight of requests an IP address."),
]
LimitAddress = Annotated[
    str,
    typer.Option(envvar="XYK_LIMIT_ADDRESS", metavar=RATE, help="Signed actions a wallet."),
]
LimitKey = Annotated[
    str, typer.Option(envvar="XYK_LIMIT_KEY", metavar=RATE, help="Requests an API key.")
]
LimitFrames = Annotated[
    str, typer.Option(envvar="XYK_LIMIT_FRAMES", metavar=RATE, help="Frames from a websocket.")
]
ConnectionsPerIp = Annotated[
    int,
    typer.Option(envvar="XYK_CONNECTIONS_PER_IP", min=1, help="Connections of HTTP an IP address."),
]
SocketsPerIp = Annotated[
    int, typer.Option(envvar="XYK_SOCKETS_PER_IP", min=1, help="Websockets an IP address.")
]
SubscriptionsPerSocket = Annotated[
    int,
    typer.Option(envvar="XYK_SUBSCRIPTIONS_PER_SOCKET", min=1, help="Streams a websocket."),
]
CorsOrigins = Annotated[
    str,
    typer.Option(
        envvar="XYK_CORS_ORIGINS",
        help="Origins whose pages may call, with commas: https://app.example; * is any.",
    ),
]
TrustedProxies = Annotated[
    str,
    typer.Option(
        envvar="XYK_TRUSTED_PROXIES",
        help="Addresses or networks, with commas, whose X-Forwarded-For is believed.",
    ),
]
NoLimits = Annotated[
    bool, typer.Option("--no-limits", envvar="XYK_NO_LIMITS", help="For benchmarks: no rate limit.")
]
SocketPing = Annotated[
    int,
    typer.Option(
        envvar="XYK_SOCKET_PING",
        min=1,
        help="Seconds between pings of a websocket; one that leaves a ping unanswered as long "
        "again is closed.",
    ),
]
ClientTimeout = Annotated[
    int,
    typer.Option(
        envvar="XYK_CLIENT_TIMEOUT",
        min=1,
        help="Seconds that a client may take to send a request, or to take an answer.",
    ),
]
Url = Annotated[str, typer.Option(envvar="XYK_URL", help="The exchange to talk to.")]
Patience = Annotated[
    float, typer.Option(min=0, help="Seconds to go on asking a server that does not answer.")
]
Salt = Annotated[
    str, typer.Option(envvar="XYK_SALT", help="The deployment's salt; refuse to sign for another.")
]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What `xyk serve` runs with. `database_url` empty = SQLite in `data`; `public_url` empty =
    where it listens; `chain` None = no chain is mirrored; `page` None = the checkout's own, where
    it was built. Rates as `PER_SECOND:BURST`, proxies with commas between them."""

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = DATA
    database_url: str = ""
    genesis: Path | None = None
    sandbox: bool = False
    seed_demo: bool = False
    demo_traders: bool = True
    log: LogFormat = LogFormat.CONSOLE
    accept_clock: bool = False
    snapshot_every: int = SNAPSHOT_EVERY
    visibility: Visibility = Visibility.PUBLIC
    socket_ping_s: int = SOCKET_PING_S
    client_timeout_s: int = CLIENT_TIMEOUT_S
    public_url: str = ""
    limit_ip: str = str(LIMITS.ip)
    limit_address: str = str(LIMITS.address)
    limit_key: str = str(LIMITS.key)
    limit_frames: str = str(LIMITS.frames)
    connections_per_ip: int = LIMITS.connections_per_ip
    sockets_per_ip: int = LIMITS.sockets_per_ip
    subscriptions_per_socket: int = LIMITS.subscriptions_per_socket
    trusted_proxies: str = ""
    cors_origins: str = ""
    chain: Path | None = None
    page: Path | None = None
    no_limits: bool = False


def limit_settings(settings: Settings) -> LimitSettings:
    """Raises ValueError for a rate that is none."""
    return LimitSettings(
        enabled=not settings.no_limits,
        ip=Rate.parse(settings.limit_ip),
        address=Rate.parse(settings.limit_address),
        key=Rate.parse(settings.limit_key),
        frames=Rate.parse(settings.limit_frames),
        connections_per_ip=settings.connections_per_ip,
        sockets_per_ip=settings.sockets_per_ip,
        subscriptions_per_socket=settings.subscriptions_per_socket,
        trusted_proxies=listed(settings.trusted_proxies),
    )


def listed(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(one.strip() for one in text.split(",") if one.strip())
