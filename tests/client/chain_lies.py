"""A wallet of a known key, all that it can ask an exchange for, and ways to alter the answers."""

from collections.abc import Callable
from typing import Any

from tests.client.chain_server import DAI, DAI_USDC, USDC, USDC_WETH, ChainServer, changed
from xyk.client.chain_wallet import ChainWallet

KEY = "0x" + "5eed" * 16
E18 = 10**18
NOW_S = 1_795_200_000
DEADLINE = NOW_S + 1_200
UINT256_MAX = 2**256 - 1

Json = dict[str, Any]
Change = Callable[[Json], None]  # of the last transaction that was built


# What the honest exchange builds, each verb with its wish. Tokens by address or by symbol.
VERBS: dict[str, Callable[[ChainWallet], Any]] = {
    "sell": lambda w: w.sell("DAI", USDC, E18, 990_000),
    "sell coin": lambda w: w.sell("ETH", "USDC", E18, 1_990_000_000),
    "sell for coin": lambda w: w.sell("USDC", "ETH", 2_000_000_000, E18),
    "buy": lambda w: w.buy("USDC", "DAI", E18, 1_010_000),
    "buy with coin": lambda w: w.buy("ETH", "DAI", E18, E18 // 1_000),
    "buy coin": lambda w: w.buy("DAI", "ETH", E18, 2_010 * E18),
    "add": lambda w: w.add_liquidity("DAI", "USDC", E18, 1_000_000, E18 - 9, 999_991),
    "add coin": lambda w: w.add_liquidity(
        "ETH", "USDC", E18, 2_000_000_000, E18 - 9, 1_999_999_991
    ),
    "remove": lambda w: w.remove_liquidity("DAI", "USDC", 10**12, 5, 6),
    "remove coin": lambda w: w.remove_liquidity("USDC", "ETH", 10**12, 5, 6),
    "approve": lambda w: w.approve("USDC", 77),
    "wrap": lambda w: w.wrap(E18),
    "unwrap": lambda w: w.unwrap(E18),
}
PATHS = {verb: "/tx/" + verb.split()[0] for verb in VERBS} | {
    verb: f"/tx/{verb.split()[0]}-liquidity" for verb in VERBS if verb.startswith(("add", "remove"))
}
EVERY_TOKEN = {USDC, DAI, DAI_USDC, USDC_WETH}


def lying(server: ChainServer, path: str, change: Callable[[Json], object]) -> None:
    """`change` alters the honest answer of a route in place."""

    def lie(asked: str, told: Any) -> Any:
        if asked.endswith(path):
            change(told)
        return told

    server.lie = lie


def argument(name: str, value: object) -> Change:
    def change(transaction: Json) -> None:
        transaction["data"] = changed(transaction["data"], **{name: value})

    return change


def field(name: str, value: object) -> Change:
    return lambda transaction: transaction.update({name: value})


def last(change: Change) -> Callable[[Json], None]:
    return lambda told: change(told["transactions"][-1])


def first(change: Change) -> Callable[[Json], None]:
    return lambda told: change(told["transactions"][0])
