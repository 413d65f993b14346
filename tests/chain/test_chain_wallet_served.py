"""ChainWallet and `xyk chain` against a real server, a real node and the published contracts: what
they say happened is what the balances say, and the key never leaves."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from eth_keyfile import create_keyfile_json

from tests.chain.anvil import Anvil
from tests.chain.wallets import E18, Chain
from tests.client.cutting_proxy import CuttingProxy
from tests.server import Server, run_xyk, running_server
from xyk.client.chain_wallet import ChainWallet
from xyk.client.client import Client
from xyk.domain.decimals import base_units
from xyk.wallet.signer import Wallet

pytestmark = [pytest.mark.slow, pytest.mark.chain]

LIVE_S = 60.0
PASSWORD = "an ordinary pass word"


class Street:
    """A server with a mirrored deployment whose chain makes a block a second; `ann` trades there
    through a proxy that keeps what she sends."""

    def __init__(self, chain: Chain, server: Server, proxy: CuttingProxy, folder: Path) -> None:
        self.chain = chain
        self.server = server
        self.proxy = proxy
        self.folder = folder
        self.key = bytes(chain.wallets["ann"].key)
        self.a, self.b, self.c, self.weth = (chain.tokens[name].address for name in "ABCW")

    def owned(self, name: str) -> int:
        return self.chain.balances("ann")[name]

    def sent(self) -> bytes:
        return b"".join(self.proxy.forwarded)

    def keystore(self) -> list[str]:
        """Flags. Its password is hashed once only: others test that."""
        made = create_keyfile_json(self.key, PASSWORD.encode(), kdf="pbkdf2", iterations=1)
        for name, text in (("keystore.json", json.dumps(made)), ("password", PASSWORD + "\n")):
            file = self.folder / name
            file.touch(0o600)
            file.write_text(text)
        named = {"--key-file": "keystore.json", "--password-file": "password"}
        named["--trust-file"] = "chains.json"
        return [part for flag, name in named.items() for part in (flag, str(self.folder / name))]

    async def xyk(self, *arguments: str) -> tuple[int, str]:
        everything = ("chain", *arguments, "--url", self.proxy.url)
        return await asyncio.to_thread(run_xyk, *everything, timeout_s=120)


@asynccontextmanager
async def street(
    node: Anvil, folder: Path, *, untold: str = "", **options: object
) -> AsyncIterator[Street]:
    """`untold`: an address that is tracked and has no token; `options`: of the server."""
    chain = Chain(node, "ann", is_now=True)
    file = chain.toml(folder)
    if untold:
        file.write_text(file.read_text().replace("tokens = [", f'tokens = ["{untold}", '))
    chain.mine()
    node.rpc("evm_setIntervalMining", 1)
    with running_server(folder / "data", "--chain", str(file), **options) as server:
        async with CuttingProxy(server.port) as proxy, Client(proxy.url) as client:
            give_up = time.monotonic() + LIVE_S
            while True:
                [told] = await client.get("/api/v1/chain")
                if told["status"] == "live" and told["pairs"] == 3:
                    break
                assert time.monotonic() < give_up, told
                await asyncio.sleep(0.05)
            yield Street(chain, server, proxy, folder)


async def test_a_bot_trades_every_kind(node: Anvil, tmp_path: Path) -> None:
    async with street(node, tmp_path) as on, Client(on.proxy.url) as client:
        wallet = ChainWallet(client.connection, "local", Wallet(on.key))
        before = on.chain.balances("ann")

        quote = await wallet.quote(on.a, on.c, amount_in=5 * E18)
        done = await wallet.sell(on.a, on.c, 5 * E18, int(quote["minAmountOut"]))
        assert done["amounts"]["amountOut"] == quote["amountOut"]
        assert on.owned("A") == before["A"] - 5 * E18
        assert on.owned("C") == before["C"] + int(quote["amountOut"])

        most = int((await wallet.quote("ETH", on.b, amount_out=E18))["maxAmountIn"])
        done = await wallet.buy("ETH", on.b, E18, most)
        assert int(done["amounts"]["amountIn"]) < most
        assert on.owned("B") == before["B"] + E18

        await wallet.add_liquidity(on.a, on.b, 10 * E18, 10 * E18, 9 * E18, 9 * E18)
        shares = on.owned("AB")
        assert shares > 9 * E18
        of_a = on.owned("A")
        done = await wallet.remove_liquidity(on.a, on.b, shares, 9 * E18, 9 * E18)
        assert on.owned("AB") == 0
        assert on.owned("A") == of_a + int(done["amounts"]["amountA"])
        assert b"removeLiquidityWithPermit" not in on.sent()
        assert on.sent().count(b'"permit"') == 1, "by a signature instead of an approval"

        await wallet.add_liquidity("ETH", on.a, E18, 2 * E18, E18 // 2, E18 // 2)
        await wallet.remove_liquidity(on.a, "ETH", on.owned("AW"), E18 // 2, E18 // 4)
        assert on.owned("AW") == 0

        await wallet.approve(on.c, 77)
        assert await wallet.approve(on.c, 77) == {}
        wrapped = on.owned("W")
        await wallet.wrap(3 * E18)
        await wallet.unwrap(E18)
        assert on.owned("W") == wrapped + 2 * E18

        assert on.key not in on.sent() and on.key.hex().encode() not in on.sent()


async def test_a_person_swaps_from_the_command_line(node: Anvil, tmp_path: Path) -> None:
    async with street(node, tmp_path) as on:
        key = on.keystore()
        code, shown = await on.xyk("pairs", "local")
        assert code == 0, shown
        assert "local, chain 31337, block " in shown and shown.count("0x") == 3
        code, shown = await on.xyk("quote", "local", "ETH", on.c, "1.5")
        assert code == 0 and "you give 1.5 ETH" in " ".join(shown.split()), shown

        before = on.chain.balances("ann")
        code, shown = await on.xyk(
            "swap", "local", "ETH", on.c, "1.5", *key, "--limit", "0.000001", "--yes"
        )
        assert code == 0, shown
        [out] = re.findall(r"^received ([0-9.,]+) \w+ for 1.5 ETH$", shown, re.MULTILINE)
        got = base_units(out.replace(",", ""), 18)
        after = on.chain.balances("ann")
        assert after["C"] == before["C"] + got
        [gas] = re.findall(r"^gas cost ([0-9.]+) ETH$", shown, re.MULTILINE)
        assert after["COIN"] == before["COIN"] - 15 * E18 // 10 - base_units(gas, 18)
        assert "you sign for this deployment for the first time" in shown

        code, shown = await on.xyk(
            "swap", "local", on.c, on.a, "0.25", "--out", *key, "--limit", "1000", "--yes"
        )
        assert code == 0, shown
        assert shown.count("  mined in block ") == 2, "an approval, then the swap"
        assert on.owned("A") == before["A"] + E18 // 4
        assert "for the first time" not in shown
        assert on.key not in on.sent() and on.key.hex().encode() not in on.sent()
        assert PASSWORD.encode() not in on.sent()
