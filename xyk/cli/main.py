"""The command line `xyk`: flags, one clear line for a refusal, and an exit code (exits.py)."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from xyk.cli import settings as st
from xyk.cli.api_key_commands import api_keys
from xyk.cli.chain_commands import chains
from xyk.cli.collector import no_collector
from xyk.cli.ending import end, ending
from xyk.cli.exits import CONFIG, Stop
from xyk.cli.mm_command import mm
from xyk.cli.order_commands import orders
from xyk.client.connection import PATIENCE_S
from xyk.domain.units import POOL_FEE_BPS_DEFAULT, ZERO_ADDRESS

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback in a log must be complete
    help="A self-hosted exchange of constant-product pools with wallet-signed actions.",
)
app.add_typer(orders, name="order")
app.add_typer(api_keys, name="api-key")
app.add_typer(chains, name="chain")
app.command()(mm)

AUDIT_PATIENCE_S = 120.0  # with one page

ExpectSeq = Annotated[
    int, typer.Option(min=0, help="The journal had this entry, says an earlier /status ...")
]
ExpectHash = Annotated[str, typer.Option(help="... and this was its hash.")]


@app.callback()
def root() -> None:
    if not __debug__:
        end(Stop(CONFIG, "python -O removes the asserts that guard every balance; run without -O"))


@app.command()
def serve(
    host: st.Host = "127.0.0.1",
    port: st.Port = 8000,
    data: st.Data = st.DATA,
    database_url: st.DatabaseUrl = "",
    genesis: st.GenesisFile = None,
    sandbox: st.Sandbox = False,
    seed_demo: st.SeedDemo = False,
    demo_traders: st.DemoTraders = True,
    log: st.Log = st.LogFormat.CONSOLE,
    accept_clock: st.AcceptClock = False,
    snapshot_every: st.SnapshotEvery = st.SNAPSHOT_EVERY,
    visibility: st.Shown = st.Visibility.PUBLIC,
    public_url: st.PublicUrl = "",
    limit_ip: st.LimitIp = str(st.LIMITS.ip),
    limit_address: st.LimitAddress = str(st.LIMITS.address),
    limit_key: st.LimitKey = str(st.LIMITS.key),
    limit_frames: st.LimitFrames = str(st.LIMITS.frames),
    connections_per_ip: st.ConnectionsPerIp = st.LIMITS.connections_per_ip,
    sockets_per_ip: st.SocketsPerIp = st.LIMITS.sockets_per_ip,
    subscriptions_per_socket: st.SubscriptionsPerSocket = st.LIMITS.subscriptions_per_socket,
    trusted_proxies: st.TrustedProxies = "",
    cors_origins: st.CorsOrigins = "",
    no_limits: st.NoLimits = False,
    socket_ping: st.SocketPing = st.SOCKET_PING_S,
    client_timeout: st.ClientTimeout = st.CLIENT_TIMEOUT_S,
    chain: st.ChainFile = None,
    page: st.Page = None,
) -> None:
    """Run the exchange until SIGINT or SIGTERM."""
    with no_collector():
        from xyk.cli.serve import serve as run

    settings = st.Settings(
        host=host,
        port=port,
        data=data,
        database_url=database_url,
        genesis=genesis,
        sandbox=sandbox,
        seed_demo=seed_demo,
        demo_traders=demo_traders,
        log=log,
        accept_clock=accept_clock,
        snapshot_every=snapshot_every,
        visibility=visibility,
        public_url=public_url,
        limit_ip=limit_ip,
        limit_address=limit_address,
        limit_key=limit_key,
        limit_frames=limit_frames,
        connections_per_ip=connections_per_ip,
        sockets_per_ip=sockets_per_ip,
        subscriptions_per_socket=subscriptions_per_socket,
        trusted_proxies=trusted_proxies,
        cors_origins=cors_origins,
        no_limits=no_limits,
        socket_ping_s=socket_ping,
        client_timeout_s=client_timeout,
        chain=chain,
        page=page,
    )
    with ending():
        raise typer.Exit(run(settings))


@app.command()
def demo(url: st.Url = st.URL, patience: st.Patience = PATIENCE_S) -> None:
    """Two wallets trade on a sandbox, every step signed, with the price feed beside it."""
    from xyk.cli.demo import demo as play
    from xyk.cli.screen import screen_for

    with ending(), screen_for(Console()) as screen:
        asyncio.run(play(url, screen, patience_s=patience))


@app.command()
def book(
    market: Annotated[str, typer.Argument(help="Such as ETH_USDC.")],
    url: st.Url = st.URL,
    levels: Annotated[int, typer.Option(min=1, max=1_000, help="Prices a side.")] = 15,
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
    patience: st.Patience = PATIENCE_S,
) -> None:
    """A market's orders and pool as a ladder: live on a terminal, once into a pipe."""
    from xyk.cli.book import show_book

    with ending():
        asyncio.run(show_book(url, market, levels, once=once, patience_s=patience))


@app.command()
def verify(
    data: st.Data = st.DATA,
    database_url: st.DatabaseUrl = "",
    expect_seq: ExpectSeq = 0,
    expect_hash: ExpectHash = "",
    url: Annotated[str, typer.Option(help="A server whose public journal to check.")] = "",
    patience: st.Patience = AUDIT_PATIENCE_S,
) -> None:
    """Re-check every signature, decision and balance of a journal: yes, or no with the seq."""
    from xyk.cli.audit import verify_data, verify_url

    with ending():
        if url:
            raise typer.Exit(asyncio.run(verify_url(url, expect_seq, expect_hash, patience)))
        raise typer.Exit(asyncio.run(verify_data(data, database_url, expect_seq, expect_hash)))


@app.command()
def replay(data: st.Data = st.DATA, database_url: st.DatabaseUrl = "") -> None:
    """Fold the journal from genesis and compare the state with every snapshot."""
    from xyk.cli.audit import replay_data

    with ending():
        raise typer.Exit(asyncio.run(replay_data(data, database_url)))


@app.command()
def rebuild(data: st.Data = st.DATA, database_url: st.DatabaseUrl = "") -> None:
    """Empty the read tables and fill them again from the journal."""
    from xyk.cli.audit import rebuild_data

    with ending():
        raise typer.Exit(asyncio.run(rebuild_data(data, database_url)))


@app.command()
def archive(
    data: st.Data = st.DATA, database_url: st.DatabaseUrl = "", keep: st.Keep = st.KEEP
) -> None:
    """Move old entries out of the stopped exchange's journal into compressed segments."""
    from xyk.cli.keeping import archive_data

    with ending():
        raise typer.Exit(asyncio.run(archive_data(data, database_url, keep)))


@app.command()
def backup(
    to: Annotated[Path, typer.Option(file_okay=False, help="A folder that is not there yet.")],
    data: st.Data = st.DATA,
    database_url: st.DatabaseUrl = "",
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="The keys of the data folder too; guard them.")
    ] = False,
) -> None:
    """Copy the deployment as it stands at one entry, also while it serves."""
    from xyk.cli.keeping import backup_data

    with ending():
        raise typer.Exit(asyncio.run(backup_data(data, database_url, to, with_keys)))


@app.command()
def restore(
    backup: Annotated[Path, typer.Option("--from", file_okay=False, help="What backup made.")],
    data: st.Data = st.DATA,
    database_url: st.DatabaseUrl = "",
) -> None:
    """Bring a backup back into an empty data folder (and an empty database)."""
    from xyk.cli.keeping import restore_data

    with ending():
        raise typer.Exit(asyncio.run(restore_data(backup, data, database_url)))


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=0, help="How many; 0: until one fails.")] = 1,
    steps: Annotated[int, typer.Option(min=1, help="Wishes of each client.")] = 24,
    faults: Annotated[str, typer.Option(help="Those that may come, by commas; all, or none.")] = (
        "all"
    ),
    jobs: Annotated[int, typer.Option(min=1, help="Seeds at the same time.")] = 1,
) -> None:
    """Play the exchange on a simulated disk, clock and network, before an auditor."""
    from xyk.cli.simulate import simulate as run

    with ending():
        raise typer.Exit(run(seed, seeds, steps, faults, jobs))


@app.command(hidden=True)
def snapshot(
    data: st.Data = st.DATA,
    database_url: st.DatabaseUrl = "",
    child: Annotated[
        bool, typer.Option("--child", help="Write nothing once standard input has ended.")
    ] = False,
) -> None:
    """Write a snapshot of what is committed; the server has this done by a child."""
    from xyk.cli.audit import snapshot_data

    with ending():
        asyncio.run(snapshot_data(data, database_url, child))


@app.command("demo-traders", hidden=True)
def demo_traders(
    url: st.Url = st.URL, data: st.Data = st.DATA, log: st.Log = st.LogFormat.CONSOLE
) -> None:
    """The market makers and takers of --seed-demo; the server has them run by a child."""
    from xyk.cli.demo_traders import trade
    from xyk.cli.log import configure_log

    configure_log(log)
    with ending():
        raise typer.Exit(asyncio.run(trade(url, data)))


@app.command("operator-key")
def operator_key(data: st.Data = st.DATA) -> None:
    """Print the private key of the sandbox's operator, which stays in the data folder."""
    from xyk.cli.keys import OPERATOR, read_wallet

    with ending():
        print(read_wallet(data / OPERATOR).private_key)


@app.command("list-asset")
def list_asset(
    symbol: Annotated[str, typer.Argument(help="1 to 12 of A-Z and 0-9.")],
    decimals: Annotated[int, typer.Option(min=0, max=36)],
    token: Annotated[str, typer.Option(help="Its address; made from the symbol by default.")] = (
        ZERO_ADDRESS
    ),
    data: st.Data = st.DATA,
    url: st.Url = st.URL,
    salt: st.Salt = "",
) -> None:
    """List an asset, signed with the operator's key in the data folder."""
    from xyk.cli.listing import as_operator

    with ending():
        listed = as_operator(
            data, url, salt, lambda client: client.list_asset(symbol, decimals, token)
        )
        print(f"{symbol} is listed by entry {asyncio.run(listed)['seq']}")


@app.command("list-market")
def list_market(
    base: Annotated[str, typer.Argument(help="Symbol of the base asset.")],
    quote: Annotated[str, typer.Argument(help="Symbol of the quote asset.")],
    tick_size: Annotated[int, typer.Option(help="Quote base units per whole base token.")],
    lot_size: Annotated[int, typer.Option(help="Base units of the base asset.")],
    maker_fee_bps: Annotated[int, typer.Option()] = 0,
    taker_fee_bps: Annotated[int, typer.Option()] = 0,
    pool_fee_bps: Annotated[int, typer.Option()] = POOL_FEE_BPS_DEFAULT,
    book: Annotated[bool, typer.Option("--book", help="With an order book beside the pool.")] = (
        False
    ),
    data: st.Data = st.DATA,
    url: st.Url = st.URL,
    salt: st.Salt = "",
) -> None:
    """List a market, signed with the operator's key in the data folder."""
    from xyk.cli.listing import as_operator

    with ending():
        listed = as_operator(
            data,
            url,
            salt,
            lambda client: client.list_market(
                base,
                quote,
                tick_size=tick_size,
                lot_size=lot_size,
                maker_fee_bps=maker_fee_bps,
                taker_fee_bps=taker_fee_bps,
                pool_fee_bps=pool_fee_bps,
                book=book,
            ),
        )
        print(f"{base}_{quote} is listed by entry {asyncio.run(listed)['seq']}")
