"""An action executes at most once, however often its bytes must be sent to get an answer."""

import gzip
from collections.abc import Iterator

import msgspec
import pytest

from tests.client.cutting_proxy import CuttingProxy
from tests.client.scripted_server import ScriptedServer
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.client.connection import ANSWER_MAX, Connection, Refused, Unanswered
from xyk.domain.commands import Transfer
from xyk.domain.tokens import token_address
from xyk.wallet.signer import Wallet

BOB = "0x" + "b0" * 20
OVERLOADED = msgspec.json.encode({"code": "OVERLOADED", "message": "the queue is full"})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("retries") / "data"
    with databases() as url, running_server(data, database_url=url) as server:
        yield server


async def balance(client: Client, owner: str, symbol: str) -> int:
    balances = (await client.account(owner))["balances"]
    return int(next((one["available"] for one in balances if one["symbol"] == symbol), "0"))


async def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(server: Server) -> None:
    async with CuttingProxy(server.port) as proxy, Client(proxy.url, Wallet.random()) as alice:
        await alice.faucet("USDC", 1_000)
        await alice.domain()
        before = (await alice.status())["seq"]
        signed = await alice.sign(
            Transfer(
                owner=alice.owner,
                token=token_address("USDC"),
                amount=400,
                recipient=BOB,
                **alice.stamp(),
            )
        )
        proxy.forwarded.clear()
        proxy.cuts = 3

        answer = await alice.send(signed)

        assert answer.status == 200, "the fourth answer is the first receipt"
        assert answer.json()["digest"] == signed.digest
        assert proxy.lost == 3
        posted = b"".join(proxy.forwarded)
        assert posted.count(signed.body) == 4
        assert (await alice.status())["seq"] == before + 1, "one entry"
        assert await balance(alice, alice.owner, "USDC") == 600
        again = await alice.send(signed)
        assert again == answer, "the receipt is the same to the byte"


async def test_the_faucet_is_not_repeated_when_it_may_have_arrived(server: Server) -> None:
    async with CuttingProxy(server.port) as proxy, Client(proxy.url, Wallet.random()) as alice:
        await alice.status()
        proxy.cuts = 1
        with pytest.raises(Unanswered, match="may have happened"):
            await alice.faucet("USDC", 1_000)
        assert await balance(alice, alice.owner, "USDC") == 1_000


async def test_a_refusal_is_final_and_says_why(server: Server) -> None:
    async with Client(server.url, Wallet.random()) as alice:
        with pytest.raises(Refused) as refused:
            await alice.transfer("USDC", 1, BOB)
        assert (refused.value.code, refused.value.status) == ("INSUFFICIENT_FUNDS", 422)
        assert refused.value.message


async def test_another_version_of_an_intent_under_the_same_nonce_executes_once(
    server: Server,
) -> None:
    async with Client(server.url, Wallet.random()) as alice:
        await alice.faucet("USDC", 1_000)
        nonce = alice.stamp()["nonce"]
        await alice.transfer("USDC", 1, BOB, nonce=nonce)
        with pytest.raises(Refused) as refused:
            await alice.transfer("USDC", 2, BOB, nonce=nonce)
        assert (refused.value.code, refused.value.status) == ("NONCE_USED", 409)


async def test_a_pinned_salt_refuses_another_deployment(server: Server) -> None:
    async with Client(server.url, Wallet.random(), salt="0x" + "11" * 32) as alice:
        with pytest.raises(ValueError, match="Expected the deployment with salt 0x1111"):
            await alice.transfer("USDC", 1, BOB)
    async with Client(server.url) as anyone:
        salt = (await anyone.domain()).salt
    async with Client(server.url, Wallet.random(), salt=salt) as alice:
        assert (await alice.domain()).salt == salt


async def test_an_overloaded_server_is_asked_again_with_the_same_bytes() -> None:
    busy = (503, {}, OVERLOADED)
    slow = (429, {"Retry-After": "0"}, OVERLOADED)
    async with ScriptedServer(busy, slow, (201, {}, b'{"seq":7}')) as scripted:
        async with Client(scripted.url) as client:
            assert await client.post("/api/v1/sell", {"some": "bytes"}) == {"seq": 7}
        assert scripted.bodies == [b'{"some":"bytes"}'] * 3


async def test_what_a_proxy_lost_is_asked_again_with_the_same_bytes() -> None:
    lost = [(status, {}, b"<html>bad gateway</html>") for status in (502, 504)]
    async with ScriptedServer(*lost, (201, {}, b'{"seq":7}')) as scripted:
        async with Client(scripted.url) as client:
            assert await client.post("/api/v1/sell", {"some": "bytes"}) == {"seq": 7}
        assert scripted.bodies == [b'{"some":"bytes"}'] * 3


async def test_the_faucet_is_not_repeated_behind_a_proxy_that_lost_it() -> None:
    lost = (502, {}, b"<html>bad gateway</html>")
    async with ScriptedServer(lost, (201, {}, b'{"seq":7}')) as scripted:
        async with Client(scripted.url, Wallet.random()) as client:
            with pytest.raises(Refused) as refused:
                await client.faucet("USDC")
        assert refused.value.status == 502
        assert len(scripted.bodies) == 1


async def test_nobody_is_asked_sooner_than_he_says() -> None:
    """An hour is longer than the patience, so it is not waited for, nor cut short."""
    later = (503, {"Retry-After": "3600"}, OVERLOADED)
    async with ScriptedServer(later, (201, {}, b'{"seq":7}')) as scripted:
        async with Client(scripted.url) as client:
            with pytest.raises(Refused, match="OVERLOADED"):
                await client.post("/api/v1/sell", {})
        assert len(scripted.bodies) == 1


async def test_when_patience_ends_the_last_refusal_stands() -> None:
    async with ScriptedServer((503, {}, OVERLOADED)) as scripted:
        async with Client(scripted.url, patience_s=0) as client:
            with pytest.raises(Refused, match="OVERLOADED: the queue is full"):
                await client.post("/api/v1/sell", {})


async def test_a_server_that_is_not_there_is_unanswered() -> None:
    async with ScriptedServer() as scripted:
        url = scripted.url
    async with Client(url, patience_s=0) as client:
        with pytest.raises(Unanswered, match="/api/v1/status"):
            await client.status()


async def test_an_error_without_our_form_is_still_an_error() -> None:
    async with ScriptedServer((500, {}, b"<html>oops</html>")) as scripted:
        async with Client(scripted.url) as client:
            with pytest.raises(Refused, match="SERVER_ERROR: <html>oops"):
                await client.status()


PACKED = {"content-encoding": "gzip"}
ENDLESS = gzip.compress(b" " * (ANSWER_MAX + 1))


@pytest.mark.parametrize(("body", "why"), [(ENDLESS, "over 67108864 bytes"), (b"no", "header")])
async def test_an_answer_that_unpacks_to_too_much_or_not_at_all_is_none(
    body: bytes, why: str
) -> None:
    """A liar could else fill the auditor's memory with a page of a few hundred kilobytes."""
    async with ScriptedServer((200, PACKED, body)) as liar:
        connection = Connection(liar.url, patience_s=0)
        with pytest.raises(Unanswered, match=why):
            await connection.request("GET", "/api/v1/journal")
        await connection.close()
