"""The public journal: what a stranger gets, that he can check it, and who may have it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.journal import LIMIT, LIMIT_MAX, PAGE_BYTES_MAX, journal_page
from tests.api.desk import Json, refusal
from tests.api.held import held_exchange
from tests.databases import Databases
from tests.server import Server, running_server
from tests.storage.chain import deposits
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.engine.journal import MemoryJournal
from xyk.wallet.signer import Wallet

PATH = "/api/v1/journal"
PATIENCE_S = 60
TEXTS = ("command", "evidence", "events")


def hash_of(entry: Json) -> str:
    """As the documents say, from nothing but the answer."""
    names = ("previous", "seq", "time", "rules", "kind", "command", "evidence", "events")
    return sha256("\n".join(str(entry[name]) for name in names).encode()).hexdigest()


async def pages(http: httpx.AsyncClient, limit: int) -> list[Json]:
    entries: list[Json] = []
    while page := (await http.get(PATH, params={"from": len(entries) + 1, "limit": limit})).json():
        assert len(page) <= limit
        entries += page
    return entries


async def test_a_stranger_pages_through_it_and_hashes_it(
    http: httpx.AsyncClient, alice: Client
) -> None:
    receipt = await alice.sell("ETH", "USDC", 10**15)
    entries = await pages(http, 7)
    previous = "0" * 64
    for seq, entry in enumerate(entries, 1):
        assert (entry["seq"], entry["previous"]) == (seq, previous)
        assert hash_of(entry) == entry["hash"]
        previous = entry["hash"]
    assert entries[0]["kind"] == "Genesis"
    mine = entries[receipt["seq"] - 1]
    assert mine["kind"] == "SwapExactIn" and receipt["digest"] in mine["evidence"]
    assert all(isinstance(entry[name], str) for entry in entries for name in TEXTS)
    status = (await http.get("/api/v1/status")).json()
    [last] = (await http.get(PATH, params={"from": status["seq"], "limit": 1})).json()
    assert (last["seq"], last["hash"]) == (status["seq"], status["hash"])


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ("", 1, None),
        ("from=0&limit=2", 1, 2),
        ("from=2&limit=3", 2, 3),
        ("from=3&limit=99999999", 3, None),
        ("from=999999999", 0, 0),
        ("from=999999999999999999&limit=1000", 0, 0),
    ],
)
async def test_pages(http: httpx.AsyncClient, query: str, first: int, count: int | None) -> None:
    answer = await http.get(f"{PATH}?{query}")
    assert answer.status_code == 200
    seqs = [entry["seq"] for entry in answer.json()]
    assert seqs == list(range(first, first + len(seqs)))
    assert len(seqs) == count if count is not None else 1 < len(seqs) <= LIMIT_MAX
    if not query:
        assert len(seqs) <= LIMIT


@pytest.mark.parametrize(
    "query", ["from=-1", "from=x", "from=1.5", "limit=0", "limit=-3", "limit=ten", "from=1e3"]
)
async def test_bad_values_are_named(http: httpx.AsyncClient, query: str) -> None:
    answer = await http.get(f"{PATH}?{query}")
    assert refusal(answer) == (400, "INVALID_CLIENT_REQUEST")
    name = query.partition("=")[0]
    assert f"- at `{name}`" in answer.json()["message"]
    assert "whole number" in answer.json()["message"]


async def test_what_is_not_committed_is_not_in_it(tmp_path: Path) -> None:
    async with held_exchange(tmp_path, "") as held:
        async with (
            httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as http,
            Client(held.url, Wallet.random()) as client,
        ):
            await client.faucet("ETH")
            held.journal.hold()
            deposit = asyncio.create_task(client.faucet("ETH"))
            async with asyncio.timeout(PATIENCE_S):
                await held.journal.is_waiting.wait()
            assert held.state.seq == 3
            # On disk already, and the writer does not know yet whether it will stay there.
            early = msgspec.structs.replace(held.journal.entries[-1], seq=3)
            held.journal.entries.append(early)
            assert [entry["seq"] for entry in (await http.get(PATH)).json()] == [1, 2]
            assert (await http.get(PATH, params={"from": 3})).json() == []
            held.journal.entries.remove(early)
            held.journal.release()
            await deposit
            assert [entry["seq"] for entry in (await http.get(PATH)).json()] == [1, 2, 3]


async def test_a_page_ends_early_where_its_entries_are_large() -> None:
    journal = MemoryJournal()
    padding = b" " * (PAGE_BYTES_MAX // 2)
    for entry in deposits(6):
        padded = {"evidence": entry.evidence + padding} if entry.seq > 1 else {}
        journal.entries.append(msgspec.structs.replace(entry, **padded))
    found = []
    for first in (1, 4, 6, 7):
        page = msgspec.json.decode(await journal_page(journal, first, 6))
        found.append([entry["seq"] for entry in page])
    assert found == [[1, 2, 3], [4, 5], [6], []]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("private-journal") / "data"
    with databases() as url:
        with running_server(data, "--visibility", "private", database_url=url) as running:
            yield running


@pytest.fixture
async def reader(private: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=private.url, trust_env=False, timeout=60) as client:
        yield client


async def bearer(url: str, wallet: Wallet) -> dict[str, Any]:
    async with Client(url, wallet) as client:
        await client.sign_in()
        return {"authorization": f"Bearer {await client.access_token()}"}


async def test_a_private_one_is_the_operators(private: Server, reader: httpx.AsyncClient) -> None:
    assert refusal(await reader.get(PATH)) == (401, "UNAUTHORIZED")
    stranger = await reader.get(PATH, headers=await bearer(private.url, Wallet.random()))
    assert refusal(stranger) == (403, "FORBIDDEN")
    assert "operator" in stranger.json()["message"]
    operator = await bearer(private.url, read_wallet(private.data / OPERATOR))
    answer = await reader.get(PATH, headers=operator)
    assert answer.status_code == 200
    assert answer.json()[0]["kind"] == "Genesis"
