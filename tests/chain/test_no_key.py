"""No private key ever enters the server: after all kinds of transactions of a wallet its key is
neither in the process's memory and environment, nor in its logs, files and database."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.chain.anvil import Anvil
from tests.chain.deployed import FOR_PEOPLE
from tests.chain.memory_of import environment, family, forms, in_files, in_memory
from tests.chain.test_chain_wallet_served import Street, street
from tests.chain.test_serve_chain import until
from tests.chain.wallets import E18
from xyk.client.chain_wallet import ChainWallet
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

pytestmark = [pytest.mark.slow, pytest.mark.chain]

PATH = "/api/v1/chain/local/tx"
LOG = "data.log"
MEMORY_MIN = 10 * 2**20  # bytes; less would mean that it could not be read


async def everything_in(database_url: str) -> bytes:
    """Every row of every table, as text; nothing for SQLite, whose files are looked at."""
    if not database_url:
        return b""
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        rows = [
            row[0]
            for (table,) in tables
            for row in await connection.fetch(f"SELECT one::text FROM {table} one")
        ]
    finally:
        await connection.close()
    return "\n".join(rows).encode()


def by_hand(on: Street, signer: LocalAccount) -> None:
    """Built and relayed over plain HTTP, signed by eth-account in between."""
    with httpx.Client(base_url=on.proxy.url, trust_env=False, timeout=60) as http:

        def asked(path: str, status: int, body: dict[str, Any]) -> Any:
            answer = http.post(f"{PATH}/{path}", json=body)
            assert answer.status_code == status, answer.text
            return answer.json()

        wish = {"tokenIn": on.a, "tokenOut": on.b, "amountIn": str(E18)}
        built = asked("sell", 200, {"owner": signer.address, **wish})
        for one in built["transactions"]:
            fields = {name: one[name] for name in one if name not in FOR_PEOPLE}
            raw = signer.sign_transaction(fields).raw_transaction
            digest = asked("send", 201, {"raw": "0x" + raw.hex()})["hash"]
            told = until(
                lambda digest=digest: http.get(f"{PATH}/{digest}").json(),
                lambda found: found["status"] != "pending",
            )
            assert told["status"] == "mined", told


async def every_way(on: Street, planted: bytes) -> None:
    """By hand, by ChainWallet and by `xyk chain swap`. `planted` travels as an amount."""
    await asyncio.to_thread(by_hand, on, on.chain.wallets["ann"])
    async with Client(on.proxy.url) as client:
        wallet = ChainWallet(client.connection, "local", Wallet(on.key))
        await wallet.sell(on.a, on.c, E18, 1)
        await wallet.buy("ETH", on.b, E18, 2 * E18)
        await wallet.add_liquidity(on.a, on.b, 10 * E18, 10 * E18, 9 * E18, 9 * E18)
        await wallet.remove_liquidity(on.a, on.b, on.owned("AB"), 9 * E18, 9 * E18)  # a permit
        await wallet.wrap(3 * E18)
        await wallet.unwrap(E18)
        await wallet.approve(on.c, int.from_bytes(planted, "big"))
    code, shown = await on.xyk(
        "swap", "local", "ETH", on.c, "1.5", *on.keystore(), "--limit", "0.000001", "--yes"
    )
    assert code == 0, shown


async def test_the_key_is_nowhere_in_the_server(
    node: Anvil, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, planted = secrets.token_bytes(32), secrets.token_bytes(32)
    ann: LocalAccount = Account.from_key(key)
    monkeypatch.setattr("tests.chain.wallets.wallet", lambda name: ann)
    untold = "0x" + planted[:20].hex()
    options: dict[str, Any] = {
        "database_url": database_url,
        "environment": {"PLANTED": planted.hex()},
        "forked": False,  # else /proc has the environment of what it was forked from
    }
    wanted = {f"the key, {name}": value for name, value in forms(key).items()}
    control = {f"planted, {name}": value for name, value in forms(planted).items()}
    async with street(node, tmp_path, untold=untold, **options) as on:
        assert on.key == key
        await every_way(on, planted)
        sent = on.sent()  # what is forgotten at once would be in no memory
        assert not {name for name, value in wanted.items() if value in sent}
        assert control["planted, hex"] in sent
        found: set[str] = set()
        size = 0
        for pid in family(on.server.pid):
            here, read = in_memory(pid, wanted | control)
            found |= here
            size += read
            assert not {name for name, value in wanted.items() if value in environment(pid)}
        assert not found & wanted.keys()
        assert {"planted, raw", "planted, hex"} <= found, "the search finds nothing"
        assert size > MEMORY_MIN
        assert control["planted, hex"] in environment(on.server.pid)
        while_it_runs = in_files(tmp_path, wanted | control)
    for told in (while_it_runs, in_files(tmp_path, wanted | control)):
        assert not {(file, name) for file, name in told if name in wanted}
        kept = {file for file, name in told if name in ("planted, raw", "planted, hex")}
        assert any(file.startswith("data/chain/") for file in kept), told
    assert untold in (tmp_path / LOG).read_text(), "the log that was looked at is the server's"
    rows = await everything_in(database_url)
    assert not {name for name, value in wanted.items() if value in rows}
    if database_url:
        assert ann.address.lower().encode() in rows or on.chain.pairs["AB"].address.encode() in rows
