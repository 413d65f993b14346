"""The command line `xyk`: flags, one clear line for a refusal, and an exit code (exits.py)."""

import asyncio
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from xyk.cli import settings as st
from xyk.cli.exits import CONFIG, NO, Stop
from xyk.client.connection import PATIENCE_S, Refused, Unanswered
from xyk.client.signing import WrongDeployment
from xyk.domain.units import POOL_FEE_BPS_DEFAULT, ZERO_ADDRESS

INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback in a log must be complete
    help="A self-hosted exchange of constant-product pools with wallet-signed actions.",
)

Patience = Annotated[
    float, typer.Option(min=0, help="Seconds to go on asking a server that does not answer.")
]
ExpectSeq = Annotated[
    int, typer.Option(min=0, help="The journal had this entry, says an earlier /status ...")
]
ExpectHash = Annotated[str, typer.Option(help="... and this was its hash.")]


@app.callback()
def root() -> None:
    if not __debug__:
        _end(Stop(CONFIG, "python -O removes the asserts that guard every balance; run without -O"))


@app.command()
def serve(
    host: st.Host = "127.0.0.1",
    port: st.Port = 8000,
    data: st.Data = st.DATA,
    database_url: st.DatabaseUrl = "",
    genesis: st.GenesisFile = None,
    sandbox: st.Sandbox = False,
    seed_demo: st.SeedDemo = False,
    log: st.Log = st.LogFormat.CONSOLE,
    accept_clock: st.AcceptClock = False,
    snapshot_every: st.SnapshotEvery = st.SNAPSHOT_EVERY,
    visibility: st.Shown = st.Visibility.PUBLIC,
) -> None:
    """Run the exchange until SIGINT or SIGTERM."""
    from xyk.cli.serve import serve as run

    settings = st.Settings(
        host=host,
        port=port,
        data=data,
        database_url=database_url,
        genesis=genesis,
        sandbox=sandbox,
        seed_demo=seed_demo,
        log=log,
        accept_clock=accept_clock,
        snapshot_every=snapshot_every,
        visibility=visibility,
    )
    with _ending():
        raise typer.Exit(run(settings))


@app.command()
def demo(url: st.Url = st.URL, patience: Patience = PATIENCE_S) -> None:
    """Two wallets trade on a sandbox, every step signed, with the price feed beside it."""
    from xyk.cli.demo import demo as play
    from xyk.cli.screen import screen_for

    with _ending(), screen_for(Console()) as screen:
        _run(play(url, screen, patience_s=patience))


@app.command()
def verify(
    data: st.Data = st.DATA,
    database_url: st.DatabaseUrl = "",
    expect_seq: ExpectSeq = 0,
    expect_hash: ExpectHash = "",
) -> None:
    """Re-check every signature, decision and balance of the journal: yes, or no with the seq."""
    from xyk.cli.audit import verify_data

    with _ending():
        raise typer.Exit(_run(verify_data(data, database_url, expect_seq, expect_hash)))


@app.command()
def replay(data: st.Data = st.DATA, database_url: st.DatabaseUrl = "") -> None:
    """Fold the journal from genesis and compare the state with every snapshot."""
    from xyk.cli.audit import replay_data

    with _ending():
        raise typer.Exit(_run(replay_data(data, database_url)))


@app.command()
def rebuild(data: st.Data = st.DATA, database_url: st.DatabaseUrl = "") -> None:
    """Empty the read tables and fill them again from the journal."""
    from xyk.cli.audit import rebuild_data

    with _ending():
        raise typer.Exit(_run(rebuild_data(data, database_url)))


@app.command(hidden=True)
def snapshot(data: st.Data = st.DATA, database_url: st.DatabaseUrl = "") -> None:
    """Write a snapshot of what is committed; the server has this done by a child."""
    from xyk.cli.audit import snapshot_data

    with _ending():
        _run(snapshot_data(data, database_url))


@app.command("operator-key")
def operator_key(data: st.Data = st.DATA) -> None:
    """Print the private key of the sandbox's operator, which stays in the data folder."""
    from xyk.cli.keys import OPERATOR, read_wallet

    with _ending():
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

    with _ending():
        listed = as_operator(
            data, url, salt, lambda client: client.list_asset(symbol, decimals, token)
        )
        print(f"{symbol} is listed by entry {_run(listed)['seq']}")


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

    with _ending():
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
        print(f"{base}_{quote} is listed by entry {_run(listed)['seq']}")


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@contextmanager
def _ending() -> Generator[None, None, None]:
    """What went wrong, in one line on standard error."""
    try:
        yield
    except Stop as stop:
        _end(stop)
    except WrongDeployment as fault:
        _end(Stop(CONFIG, str(fault)))
    except (Refused, Unanswered, TimeoutError) as fault:
        _end(Stop(NO, str(fault) or "the exchange did not answer in time"))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _end(stop: Stop) -> None:
    print(f"xyk: {stop.message}", file=sys.stderr, flush=True)
    raise typer.Exit(stop.code) from None


if __name__ == "__main__":
    app(prog_name="xyk")
