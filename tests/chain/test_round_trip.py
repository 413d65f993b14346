"""Every kind of transaction from the wish to the balances: built by a server, signed by the wallet,
relayed by the same server, mined by a real node, and told by its receipt."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chain.contract import Contract
from tests.chain.deployed import E18, FOR_PEOPLE, Deployed, Json, chain_toml
from tests.chain.odd_token import TETHER
from tests.server import Server, running_server

pytestmark = [pytest.mark.slow, pytest.mark.chain]

PAIRS = 5
LIVE_S = 60.0
WORTH = 10**6 * E18  # of what a stranger sells to move a price


class Trip:
    """Pools A/B, A/coin, tether/A, taxed/coin and taxed/A; alice has of every token."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.a, self.b = deployed.token(), deployed.token()
        self.tether, self.taxed = deployed.odd(TETHER), deployed.deflating()
        self.weth, self.alice = deployed.weth, deployed.alice
        deployed.pool(self.a, self.b, 1_000 * E18, 3_000 * E18)
        deployed.pool(self.a, self.weth, 1_000 * E18, 50 * E18)
        deployed.pool(self.tether, self.a, 1_000 * E18, 1_000 * E18)
        deployed.pool(self.taxed, self.weth, 1_000 * E18, 50 * E18)
        deployed.pool(self.taxed, self.a, 1_000 * E18, 1_000 * E18)
        for token in self.tokens:
            deployed.give(token, self.alice.address, 100 * E18)
        deployed.give(self.a, deployed.bob.address, WORTH)
        deployed.open()

    @property
    def tokens(self) -> tuple[Contract, ...]:
        return self.a, self.b, self.tether, self.taxed

    def start(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, trust_env=False, timeout=60)

    def wait_until_live(self) -> None:
        give_up = time.monotonic() + LIVE_S
        while time.monotonic() < give_up:
            [one] = self.http.get("/api/v1/chain").json()
            if one["status"] == "live" and one["pairs"] == PAIRS:
                return
            time.sleep(0.02)
        raise AssertionError(one)

    def build(self, verb: str, status: int = 200, **wish: Any) -> Json:
        body = {"owner": self.alice.address} | wish
        answer = self.http.post(f"/api/v1/chain/local/tx/{verb}", json=body)
        assert answer.status_code == status, answer.text
        built: Json = answer.json()
        return built

    def signed(self, transaction: Json) -> str:
        fields = {name: transaction[name] for name in transaction if name not in FOR_PEOPLE}
        return "0x" + str(self.alice.sign_transaction(fields).raw_transaction.hex())

    def send(self, raw: str, status: int = 201) -> Json:
        answer = self.http.post("/api/v1/chain/local/tx/send", json={"raw": raw})
        assert answer.status_code == status, answer.text
        found: Json = answer.json()
        return found

    def told(self, digest: str) -> Json:
        found: Json = self.http.get(f"/api/v1/chain/local/tx/{digest}").json()
        return found

    def relay(self, built: Json) -> list[Json]:
        """Signed and sent in their order, one upon the other before any of them is mined; all of
        them in one block. What is told of each after it."""
        sent = [self.send(self.signed(one)) for one in built["transactions"]]
        assert [one["status"] for one in sent] == ["pending"] * len(sent)
        assert all(self.told(one["hash"])["status"] == "pending" for one in sent)
        self.deployed.mine()
        found = [self.told(one["hash"]) for one in sent]
        assert len({one["block"] for one in found}) == 1
        return found

    def done(self, verb: str, **wish: Any) -> tuple[Json, list[Json], int]:
        """What was built, what is told of it, and the price of all gas in wei."""
        built = self.build(verb, **wish)
        found = self.relay(built)
        assert [one["status"] for one in found] == ["mined"] * len(found), found
        gas = sum(int(one["effectiveGasPrice"]) * one["gasUsed"] for one in found)
        return built, found, gas

    def owned(self, token: Contract | None) -> int:
        """None is the native coin."""
        if token is None:
            return self.deployed.coins(self.alice.address)
        return self.deployed.balance(token, self.alice.address)

    def allowed(self, token: Contract) -> int:
        return self.deployed.allowance(token, self.alice.address)

    def push(self, *path: Contract) -> str:
        """A stranger's swap that is mined before what alice sends, for it pays more."""
        node, bob = self.deployed.node, self.deployed.bob.address
        end = [token.address for token in path], bob, 2**256 - 1
        to, data = self.deployed.router.call("swapExactTokensForTokens", WORTH // 2, 1, *end)
        sent = {"from": bob, "to": to, "data": "0x" + data.hex(), "gas": hex(400_000)}
        node.rpc("anvil_impersonateAccount", bob)
        return str(node.rpc("eth_sendTransaction", sent | {"gasPrice": hex(10**12)}))


@pytest.fixture
def trip(deployed: Deployed, tmp_path: Path) -> Iterator[Trip]:
    made = Trip(deployed)
    file = tmp_path / "chain.toml"
    file.write_text(chain_toml(deployed.configured(), [one.address for one in made.tokens]))
    with running_server(tmp_path / "data", "--chain", str(file)) as server:
        made.start(server)
        made.wait_until_live()
        yield made
        made.http.close()


def test_sell(trip: Trip) -> None:
    before = trip.owned(trip.a), trip.owned(trip.b)
    sale = {"tokenIn": trip.a.address, "tokenOut": trip.b.address, "amountIn": str(5 * E18)}
    built, (approved, sold), _ = trip.done("sell", **sale)
    assert [one["kind"] for one in (approved, sold)] == ["approve", "sell"]
    assert approved["amounts"] == {
        "type": "approval",
        "token": trip.a.address,
        "spender": trip.deployed.router.address,
        "amount": str(5 * E18),
    }
    assert sold["recipient"] == trip.alice.address.lower() and not sold["foreignRecipient"]
    got = trip.owned(trip.b) - before[1]
    assert before[0] - trip.owned(trip.a) == 5 * E18 == int(sold["amounts"]["amountIn"])
    assert got == int(built["amountOut"]) == int(sold["amounts"]["amountOut"])
    assert trip.allowed(trip.a) == 0, "nothing is left of an approval for the exact amount"


def test_buy(trip: Trip) -> None:
    before = trip.owned(trip.a), trip.owned(trip.b)
    wish = {"tokenIn": trip.a.address, "tokenOut": trip.b.address, "amountOut": str(5 * E18)}
    built, (_, bought), _ = trip.done("buy", **wish)
    paid = before[0] - trip.owned(trip.a)
    assert trip.owned(trip.b) - before[1] == 5 * E18 == int(bought["amounts"]["amountOut"])
    assert paid == int(built["amountIn"]) == int(bought["amounts"]["amountIn"])
    assert trip.allowed(trip.a) == int(built["maxAmountIn"]) - paid


def test_the_native_coin_both_ways(trip: Trip) -> None:
    """In and out, by an exact amount in and by one out."""
    ways = (("ETH", trip.a.address), (trip.a.address, "ETH"))
    for given, wanted in ways:
        for verb, name in (("sell", "amountIn"), ("buy", "amountOut")):
            coins, of_a = trip.owned(None), trip.owned(trip.a)
            wish = {"tokenIn": given, "tokenOut": wanted, name: str(E18)}
            built, found, gas = trip.done(verb, **wish)
            amounts = found[-1]["amounts"]
            assert amounts["amountIn"] == built["amountIn"]
            assert amounts["amountOut"] == built["amountOut"]
            moved = int(built["amountIn"]), int(built["amountOut"])
            paid, got = moved if given == "ETH" else moved[::-1]
            signs = (-1, 1) if given == "ETH" else (1, -1)
            assert trip.owned(None) == coins - gas + signs[0] * paid
            assert trip.owned(trip.a) == of_a + signs[1] * got


def test_a_way_that_looks_cheaper_by_a_token_that_keeps_part_gives_way(trip: Trip) -> None:
    """After a purchase the pair itself is dearer than the way over the taxed token."""
    pair = {"tokenIn": "ETH", "tokenOut": trip.a.address}
    trip.done("sell", **pair, amountIn=str(E18))
    give_up = time.monotonic() + LIVE_S
    while True:
        params = pair | {"amountOut": str(E18)}
        best = trip.http.get("/api/v1/chain/local/quote", params=params).json()
        if len(best["route"]) == 2:  # the mirror has the block
            break
        assert time.monotonic() < give_up, best
        time.sleep(0.02)
    of_a = trip.owned(trip.a)
    built, [bought], _ = trip.done("buy", **pair, amountOut=str(E18))
    assert built["path"] == [trip.weth.address, trip.a.address]
    assert int(built["amountIn"]) > int(best["amountIn"]), "no fee was seen in the cheaper one"
    assert trip.owned(trip.a) == of_a + E18 == of_a + int(bought["amounts"]["amountOut"])
    named = pair | {"amountOut": str(E18), "path": [hop["tokenIn"] for hop in best["route"]]}
    named["path"].append(trip.a.address)
    assert trip.build("buy", 422, **named)["code"] == "INVALID_ORDER", "who names a way gets it"


@pytest.mark.parametrize("coin", [False, True])
@pytest.mark.parametrize("permit", [False, True])
def test_liquidity_in_and_out(trip: Trip, coin: bool, permit: bool) -> None:
    other = None if coin else trip.b
    pool = {"tokenA": "ETH" if coin else trip.b.address, "tokenB": trip.a.address}
    shares = trip.deployed.pair(trip.a, trip.weth if coin else trip.b)
    before = trip.owned(other), trip.owned(trip.a)
    desired = {"amountADesired": str(3 * E18), "amountBDesired": str(50 * E18)}
    built, found, gas = trip.done("add-liquidity", **pool, **desired)
    assert [one["kind"] for one in found] == ["approve"] * (2 - coin) + ["add-liquidity"]
    amounts = found[-1]["amounts"]
    assert trip.owned(shares) == int(built["liquidity"]) == int(amounts["liquidity"])
    spent = gas if coin else 0
    assert before[0] - trip.owned(other) - spent == int(built["amountA"])
    assert before[1] - trip.owned(trip.a) == int(built["amountB"])
    assert {amounts["amountA"], amounts["amountB"]} == {built["amountA"], built["amountB"]}

    before = trip.owned(other), trip.owned(trip.a)
    wish = pool | {"liquidity": str(trip.owned(shares)), "permit": False}
    if permit:
        asked = trip.build("remove-liquidity", **(wish | {"permit": True}))
        assert asked["transactions"] == []
        signature = trip.alice.sign_typed_data(full_message=asked["permit"]).signature
        wish |= {"permit": "0x" + signature.hex(), "deadline": asked["deadline"]}
    built, found, gas = trip.done("remove-liquidity", **wish)
    kinds = [] if permit else ["approve"]
    assert [one["kind"] for one in found] == [*kinds, "remove-liquidity"]
    assert trip.owned(shares) == 0 == trip.allowed(shares)
    spent = gas if coin else 0
    assert trip.owned(other) - before[0] + spent == int(built["amountA"])
    assert trip.owned(trip.a) - before[1] == int(built["amountB"])


def test_approve_wrap_and_unwrap(trip: Trip) -> None:
    for amount in (5, 0):
        _, [approved], _ = trip.done("approve", token=trip.b.address, amount=str(amount))
        assert trip.allowed(trip.b) == amount == int(approved["amounts"]["amount"])
    coins = trip.owned(None)
    _, [wrapped], gas = trip.done("wrap", amount="7")
    assert (wrapped["kind"], wrapped["amounts"]) == ("wrap", {"type": "wrapping", "amount": "7"})
    _, [unwrapped], more = trip.done("unwrap", amount="3")
    assert unwrapped["amounts"] == {"type": "wrapping", "amount": "3"}
    assert (trip.owned(trip.weth), trip.owned(None)) == (4, coins - 4 - gas - more)


def test_a_token_whose_allowance_changes_only_from_zero(trip: Trip) -> None:
    trip.done("approve", token=trip.tether.address, amount="5")
    sale = {"tokenIn": trip.tether.address, "tokenOut": trip.a.address, "amountIn": str(E18)}
    before = trip.owned(trip.tether), trip.owned(trip.a)
    built, found, _ = trip.done("sell", **sale)
    assert [one["kind"] for one in found] == ["approve", "approve", "sell"]
    assert before[0] - trip.owned(trip.tether) == E18
    assert trip.owned(trip.a) - before[1] == int(built["amountOut"])
    assert trip.allowed(trip.tether) == 0


def test_a_token_that_keeps_a_part(trip: Trip) -> None:
    """Sold for a token and for the coin, bought with the coin; and its liquidity."""
    for given, wanted in (("T", "A"), ("T", "ETH"), ("ETH", "T")):
        named = {"T": trip.taxed, "A": trip.a, "ETH": None}
        names = {"T": trip.taxed.address, "A": trip.a.address, "ETH": "ETH"}
        before = trip.owned(named[given]), trip.owned(named[wanted])
        wish = {"tokenIn": names[given], "tokenOut": names[wanted], "amountIn": str(E18)}
        built, found, gas = trip.done("sell", **wish)
        assert built["feeOnTransfer"] is True
        assert before[0] - trip.owned(named[given]) - (gas if given == "ETH" else 0) == E18
        got = trip.owned(named[wanted]) - before[1] + (gas if wanted == "ETH" else 0)
        assert got == int(built["amountOut"]) >= int(built["minAmountOut"]) > 0
        if wanted != "ETH":  # the coin is passed on by the router, which logs nothing
            assert int(found[-1]["amounts"]["amountOut"]) == got

    shares = trip.deployed.pair(trip.taxed, trip.weth)
    pool = {"tokenA": trip.taxed.address, "tokenB": "ETH"}
    trip.done("add-liquidity", **pool, amountADesired=str(E18), amountBDesired=str(E18))
    before = trip.owned(trip.taxed), trip.owned(None)
    wish = {"liquidity": str(trip.owned(shares)), "permit": False}
    built, _, gas = trip.done("remove-liquidity", **pool, **wish)
    assert built["feeOnTransfer"] is True
    assert trip.owned(trip.taxed) - before[0] == int(built["amountA"])
    assert trip.owned(None) - before[1] + gas == int(built["amountB"])


def test_slippage_and_deadline_before_gas_is_spent(trip: Trip) -> None:
    """Right when they were built, and signed; the chain has moved since."""
    trip.done("approve", token=trip.a.address, amount=str(20 * E18))
    trip.deployed.send(
        trip.deployed.bob.address,
        trip.a.call("approve", trip.deployed.router.address, 2**256 - 1),
    )
    coins, nonce = trip.owned(None), trip.build("wrap", amount="1")["transactions"][0]["nonce"]
    sale = {"tokenIn": trip.a.address, "tokenOut": trip.b.address, "amountIn": str(E18)}
    stale = trip.signed(trip.build("sell", **sale)["transactions"][0])
    soon = trip.build("sell", **sale, deadline=trip.deployed.now_s + 2)
    late = trip.signed(soon["transactions"][0])
    trip.push(trip.a, trip.b)
    for _ in range(4):
        trip.deployed.mine()
    assert trip.send(stale, 422)["code"] == "SLIPPAGE_EXCEEDED"
    assert trip.send(late, 422)["code"] == "EXPIRED"
    exact = trip.build("sell", **sale)
    more = str(int(exact["amountOut"]) + 1)
    assert trip.build("sell", 422, **sale, minAmountOut=more)["code"] == "SLIPPAGE_EXCEEDED"
    past = trip.deployed.now_s - 1
    assert trip.build("sell", 422, **sale, deadline=past)["code"] == "EXPIRED"
    assert trip.owned(None) == coins
    assert trip.build("wrap", amount="1")["transactions"][0]["nonce"] == nonce


def test_slippage_and_deadline_on_the_chain(trip: Trip) -> None:
    """Right when they were sent."""
    trip.done("approve", token=trip.a.address, amount=str(20 * E18))
    trip.deployed.send(
        trip.deployed.bob.address,
        trip.a.call("approve", trip.deployed.router.address, 2**256 - 1),
    )
    sale = {"tokenIn": trip.a.address, "tokenOut": trip.b.address, "amountIn": str(E18)}
    owned = trip.owned(trip.a)
    slipping = trip.signed(trip.build("sell", **sale)["transactions"][0])
    trip.push(trip.a, trip.b)
    slipped = trip.send(slipping)["hash"]
    trip.deployed.mine()
    found = trip.told(slipped)
    assert (found["status"], found["reason"]["code"]) == ("failed", "SLIPPAGE_EXCEEDED"), found
    assert found["amounts"] is None and int(found["effectiveGasPrice"]) * found["gasUsed"] > 0

    deadline = trip.deployed.now_s + 30
    expiring = trip.build("sell", **sale, deadline=deadline)["transactions"][0]
    expired = trip.send(trip.signed(expiring))["hash"]
    trip.deployed.now_s = deadline
    trip.deployed.mine()
    found = trip.told(expired)
    assert (found["status"], found["reason"]["code"]) == ("failed", "EXPIRED"), found
    assert trip.owned(trip.a) == owned


def test_what_would_be_refused_is_not_built(trip: Trip) -> None:
    """A bound that accepts anything is not relayed, so it is not given to sign either."""
    sale = {"tokenIn": trip.a.address, "tokenOut": trip.b.address, "amountIn": str(E18)}
    refused = trip.build("sell", 422, **sale, minAmountOut="0")
    assert refused["code"] == "SLIPPAGE_EXCEEDED"
    pool = {"tokenA": trip.a.address, "tokenB": trip.b.address}
    desired = {"amountADesired": str(E18), "amountBDesired": str(E18)}
    refused = trip.build("add-liquidity", 422, **pool, **desired, amountAMin="0")
    assert refused["code"] == "SLIPPAGE_EXCEEDED"
    wish = sale | {"amountIn": None, "amountOut": str(E18), "maxAmountIn": str(2**112)}
    del wish["amountIn"]
    assert trip.build("buy", 422, **wish)["code"] == "SLIPPAGE_EXCEEDED"
    # Crumbs, whose slippage rounds down to nothing, are worth at least one unit.
    crumbs = {"tokenIn": trip.b.address, "tokenOut": trip.a.address, "amountIn": "4"}
    built, _, _ = trip.done("sell", **crumbs)
    assert built["amountOut"] == built["minAmountOut"] == "1"
    careless, _, _ = trip.done("sell", **sale, slippageBps=10_000)
    assert careless["minAmountOut"] == "1"
    lost = trip.build("sell", 400, **sale, recipient=trip.tether.address)
    assert lost["code"] == "INVALID_CLIENT_REQUEST" and "recipient" in lost["message"]
