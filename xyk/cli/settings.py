"""Settings: flags, then `XYK_*` variables, then the defaults here.

The annotated types are typer's: each names its flag's variable and help once, for every command
that takes it.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

DATA = Path("data")
URL = "http://127.0.0.1:8000"
SNAPSHOT_EVERY = 100_000  # entries; about what a start folds in a second
SOCKET_PING_S = 60


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
Sandbox = Annotated[
    bool,
    typer.Option("--sandbox", envvar="XYK_SANDBOX", help="The packaged genesis, with a faucet."),
]
SeedDemo = Annotated[
    bool,
    typer.Option("--seed-demo", envvar="XYK_SEED_DEMO", help="Liquidity for empty sandbox pools."),
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
Shown = Annotated[
    Visibility, typer.Option(envvar="XYK_VISIBILITY", help="Who may read accounts and the journal.")
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
Url = Annotated[str, typer.Option(envvar="XYK_URL", help="The exchange to talk to.")]
Patience = Annotated[
    float, typer.Option(min=0, help="Seconds to go on asking a server that does not answer.")
]
Salt = Annotated[
    str, typer.Option(envvar="XYK_SALT", help="The deployment's salt; refuse to sign for another.")
]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What `xyk serve` runs with. `database_url` empty = SQLite in `data`."""

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = DATA
    database_url: str = ""
    genesis: Path | None = None
    sandbox: bool = False
    seed_demo: bool = False
    log: LogFormat = LogFormat.CONSOLE
    accept_clock: bool = False
    snapshot_every: int = SNAPSHOT_EVERY
    visibility: Visibility = Visibility.PUBLIC
    socket_ping_s: int = SOCKET_PING_S
