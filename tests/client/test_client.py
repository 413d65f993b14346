"""Every method of the client against a real server."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.databases import Databases
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.domain.commands import SwapExactIn, Transfer
from xyk.domain.tokens import token_address
from xyk.domain.units import ZERO_ADDRESS
from xyk.wallet.signer import NonceClock, Wallet

ETH, USDC = token_address("ETH"), token_address("USDC")
BOB = "0x" + "b0" * 20
LATER = 2**33  # unix seconds; a run may be longer than an hour after this was imported


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("client") / "data"
    with databases() as url, running_server(data, "--seed-demo", database_url=url) as server:
        yield server


@pytest.fixture
async def alice(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, Wallet.random()) as client:
        yield client


@pytest.fixture
async def operator(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, read_wallet(server.data / OPERATOR)) as client:
        yield client


async def has(client: Client, symbol: str) -> int:
    balances = (await client.account())["balances"]
    return next((int(one["available"]) for one in balances if one["symbol"] == symbol), 0)


async def code_of(refused: object) -> str:
    with pytest.raises(Refused) as caught:
        await refused  # type: ignore[misc]  # a coroutine of the client
    return caught.value.code


async def test_swaps_give_what_was_quoted(alice: Client) -> None:
    await alice.faucet("ETH", 10**18)
    quote = await alice.quote("ETH", USDC, amount_in=10**17, slippage_bps=0, owner=alice.owner)
    assert quote["minAmountOut"] == quote["amountOut"]
    assert quote["typedData"]["primaryType"] == "SwapExactIn"
    sold = await alice.sell("ETH", "USDC", 10**17, int(quote["amountOut"]))
    assert sold["amountOut"] == quote["amountOut"]
    assert await has(alice, "USDC") == int(quote["amountOut"])

    quote = await alice.quote("USDC", "ETH", amount_out=10**16)
    bought = await alice.buy("USDC", "ETH", 10**16, int(quote["maxAmountIn"]))
    assert bought["amountIn"] == quote["amountIn"]
    assert await has(alice, "ETH") == 10**18 - 10**17 + 10**16
    wish = alice.buy("USDC", "ETH", 10**16, 1)
    assert await code_of(wish) == "SLIPPAGE_EXCEEDED"


async def test_liquidity_comes_and_goes(alice: Client) -> None:
    await alice.faucet("ETH", 10**18)
    await alice.faucet("USDC", 10**10)
    added = await alice.add_liquidity("ETH", "USDC", 10**18, 10**10)
    shares = int(added["liquidity"])
    position = await alice.position("ETH_USDC")
    assert position["shares"] == str(shares)
    moved = await alice.transfer("LP:ETH_USDC", shares // 2, BOB)
    assert moved["seq"] > added["seq"]
    burned = shares - shares // 2  # one more than half where they are odd
    removed = await alice.remove_liquidity("ETH", "USDC", burned)
    assert int(removed["amountA"]) * shares <= 10**18 * burned
    assert await has(alice, "LP:ETH_USDC") == 0


async def test_a_withdrawal_is_confirmed_in_one_entry(alice: Client) -> None:
    await alice.faucet("USDC", 500)
    receipt = await alice.withdraw("USDC", 200, BOB)
    assert receipt["status"] == "confirmed"
    assert await has(alice, "USDC") == 300


async def test_a_batch_is_answered_in_order(alice: Client) -> None:
    await alice.faucet("USDC", 1_000)
    moves = [
        Transfer(owner=alice.owner, token=USDC, amount=amount, recipient=BOB, **alice.stamp())
        for amount in (600, 600, 400)
    ]
    answers = await alice.actions(moves)
    assert [one["status"] for one in answers] == [201, 422, 201]
    assert answers[1]["code"] == "INSUFFICIENT_FUNDS"
    assert [one["status"] for one in await alice.actions(moves)] == [200, 422, 200]


async def test_an_agent_trades_for_its_owner_until_it_is_revoked(
    server: Server, alice: Client
) -> None:
    key = Wallet.random()
    await alice.faucet("USDC", 10**9)
    async with Client(server.url, key, owner=alice.owner) as agent:
        assert await code_of(agent.sell("USDC", "ETH", 10**6)) == "INVALID_SIGNATURE"
        await alice.approve_agent(key.address, LATER)
        receipt = await agent.sell("USDC", "ETH", 10**6)
        assert await has(alice, "ETH") == int(receipt["amountOut"])
        assert await code_of(agent.withdraw("USDC", 1, key.address)) == "FORBIDDEN"
        [listed] = (await alice.account())["agents"]
        assert listed["agent"].lower() == key.address
        await alice.revoke_agent(key.address)
        assert await code_of(agent.sell("USDC", "ETH", 10**6)) == "UNAUTHORIZED"


async def test_api_keys_are_approved_and_revoked(alice: Client) -> None:
    await alice.faucet("USDC", 1)
    key = "0x" + Wallet.random().private_key[2:]
    await alice.approve_api_key(key, LATER)
    [listed] = (await alice.account())["apiKeys"]
    assert (listed["publicKey"], listed["revoked"]) == (key, False)
    await alice.revoke_api_key(key)
    [listed] = (await alice.account())["apiKeys"]
    assert listed["revoked"] is True


async def test_the_operator_lists_updates_and_pauses(operator: Client, alice: Client) -> None:
    assert await code_of(alice.list_asset("CAT", 6)) == "FORBIDDEN"
    await operator.list_asset("CAT", 6, "0x" + "ca" * 20)
    assert await alice.token("CAT") == "0x" + "ca" * 20
    await operator.list_market("CAT", "USDC", tick_size=1, lot_size=1, pool_fee_bps=25)
    assert (await alice.pool("CAT_USDC"))["feeBps"] == 25
    terms = {"tick_size": 2, "lot_size": 3, "maker_fee_bps": 0, "taker_fee_bps": 0}
    await operator.update_market("CAT_USDC", **terms, pool_fee_bps=30, book=False)
    assert (await alice.pool("CAT_USDC"))["feeBps"] == 30
    await alice.faucet("CAT", 10**9)
    await alice.faucet("USDC", 10**9)
    await alice.add_liquidity("CAT", "USDC", 10**8, 10**8)
    await operator.set_market_status("CAT_USDC", "paused")
    assert await code_of(alice.sell("CAT", "USDC", 10**6)) == "TRADING_PAUSED"
    await operator.set_market_status("CAT_USDC", "open")
    await alice.sell("CAT", "USDC", 10**6)
    await operator.set_protocol_fee(BOB)
    await operator.set_protocol_fee(ZERO_ADDRESS)
    await operator.set_operator(operator.owner)


async def test_reads(alice: Client) -> None:
    assert [one["symbol"] for one in await alice.assets()][:4] == ["USDC", "BTC", "ETH", "SOL"]
    markets = {one["symbol"]: one for one in await alice.markets()}
    assert markets["ETH_USDC"]["poolFeeBps"] == 30
    bbo = await alice.bbo("ETH_USDC")
    assert float(bbo["bidPrice"]) < float(bbo["askPrice"])
    pools = {one["symbol"]: one for one in await alice.pools()}
    assert pools["ETH_USDC"]["tokens"][0].lower() == ETH
    status = await alice.status()
    assert len(status["hash"]) == 64
    assert (await alice.account(BOB))["owner"].lower() == BOB


async def test_what_a_client_cannot_do_it_says(server: Server, alice: Client) -> None:
    with pytest.raises(ValueError, match="No asset 'DOGE'"):
        await alice.sell("DOGE", "USDC", 1)
    async with Client(server.url) as anyone:
        with pytest.raises(ValueError, match="has no wallet"):
            await anyone.sell("ETH", "USDC", 1)


async def test_clients_of_one_wallet_share_their_nonces(server: Server, alice: Client) -> None:
    wallet = Wallet.random()
    async with Client(server.url, wallet) as one:
        async with Client(server.url, wallet, nonces=one.nonces) as other:
            seen = {client.stamp()["nonce"] for client in (one, other) for _ in range(300)}
    assert len(seen) == 600


async def test_a_deadline_is_a_minute_ahead(server: Server) -> None:
    nonces = NonceClock()
    now_s = 1_750_000_000.9
    async with Client(server.url, Wallet.random(), nonces=nonces, now_s=lambda: now_s) as late:
        stamp = late.stamp()
        assert stamp["deadline"] == 1_750_000_060
        assert stamp["nonce"] >> 8 == 1_750_000_000
        swap = SwapExactIn(
            owner=late.owner,
            token_in=ETH,
            token_out=USDC,
            amount_in=1,
            min_amount_out=0,
            **stamp,
        )
        assert await code_of(late.act(swap)) == "EXPIRED"
