"""`xyk chain`: what is shown before it is signed, whom a person trusts, and what is refused.

The exchange here builds as the real one and may lie; tests/chain has the same commands on a real
server and a real node.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_keyfile import create_keyfile_json
from typer.testing import CliRunner

from tests.client.chain_lies import argument, field, last, lying
from tests.client.chain_server import DAI, ROUTER, THIEF, USDC, ChainServer, chain_server
from tests.server import ROOT
from xyk.cli.exits import CONFIG
from xyk.cli.main import app
from xyk.wallet.keystore import unseal
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum

KEY = bytes.fromhex("5eed" * 16)
PASSWORD = "a pass word, ü"
ME = checksum(Wallet(KEY).address)


class Person:
    """With a keystore whose password is hashed once only, and nothing trusted yet."""

    def __init__(self, chain: ChainServer, folder: Path) -> None:
        self.chain = chain
        self.folder = folder
        made = create_keyfile_json(KEY, PASSWORD.encode(), kdf="pbkdf2", iterations=1)
        self.keystore = self.secret("keystore.json", json.dumps(made))
        self.password = self.secret("password", PASSWORD + "\n")
        self.trusted = folder / "chains.json"

    def secret(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text)
        return path

    def run(self, *arguments: str, typed: str = "", **environment: str) -> tuple[int, str]:
        """In this process, as one of its own takes seconds to start."""
        known = {"XYK_KEYSTORE": str(self.keystore), "XYK_CHAINS": str(self.trusted)}
        known |= {"XYK_URL": self.chain.url} | environment
        done = CliRunner().invoke(app, ["chain", *arguments], typed, known, prog_name="xyk")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert KEY.hex() not in done.output and PASSWORD not in done.output
        return done.exit_code, done.output

    def swap(self, *arguments: str, typed: str = "y\n", **environment: str) -> tuple[int, str]:
        known = {"XYK_PASSWORD_FILE": str(self.password)} | environment
        return self.run("swap", "local", *arguments, "--patience", "0", typed=typed, **known)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    with chain_server() as chain:
        yield Person(chain, tmp_path)
        for heard in chain.heard:
            assert KEY not in heard and KEY.hex().encode() not in heard.lower()
            assert PASSWORD.encode() not in heard


def words(shown: str) -> str:
    return " ".join(shown.split())


def test_pairs_with_prices_and_age(person: Person) -> None:
    code, shown = person.run("pairs", "local")
    assert code == 0, shown
    assert shown.startswith("local, chain 31337, block 7, 0 s old\n")
    assert "WETH_USDC 2000 1,000 WETH 2,000,000 USDC 0x11111" in words(shown)
    lying(
        person.chain,
        "/chain",
        lambda told: told[0].update(status="catching_up", ageMs=600_000, reason="the node is down"),
    )
    shown = person.run("pairs", "local")[1]
    assert "block 7, 10 min old, catching up: the node is down" in shown
    lying(person.chain, "/pairs", lambda told: told.clear())
    assert person.run("pairs", "local")[1].endswith("no pairs are mirrored\n")
    code, shown = person.run("pairs", "moon")
    assert (code, shown) == (1, "xyk: No deployment 'moon' there; there is local\n")


def test_a_quote_in_whole_tokens(person: Person) -> None:
    code, shown = person.run("quote", "local", "ETH", "USDC", "1.5")
    assert code == 0, shown
    assert "you give 1.5 ETH you get 3,000 USDC at least 2,985 USDC, 0.5 % worse" in words(shown)
    assert "over WETH > USDC" in words(shown) and "block 7, 0 s old" in words(shown)
    wish = person.chain.heard[-1].rpartition(b"\n")[2]
    assert json.loads(wish)["amountIn"] == "1500000000000000000", "exact, in base units"
    code, shown = person.run("quote", "local", "ETH", USDC, "3000.000001", "--out")
    assert "you get 3,000.000001 USDC at most 1.5075" in words(shown), shown
    assert json.loads(person.chain.heard[-1].rpartition(b"\n")[2])["amountOut"] == "3000000001"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ETH", "DOGE", "1"), "No token 'DOGE' here; there are DAI, ETH, USDC, WETH"),
        (("ETH", "0x12", "1"), "Expected 0x and 40 hex digits"),
        (("ETH", THIEF, "1", "--out"), "its decimals are not known"),
        (("USDC", "ETH", "1.0000001"), "has 7 decimals, at most 6 count here"),
        (("USDC", "ETH", "1e6"), "is no decimal number"),
        (("USDC", "ETH", "-1"), "No such option"),
        (("USDC", "ETH", "0"), "An amount is above 0"),
    ],
)
def test_what_cannot_be_quoted_is_said(
    person: Person, arguments: tuple[str, ...], said: str
) -> None:
    for command in ("quote", "swap"):
        typed = {"XYK_PASSWORD_FILE": str(person.password)}
        code, shown = person.run(command, "local", *arguments, **typed)
        assert code in (1, 2) and said in shown, shown
    assert not person.chain.sent


def test_a_swap_is_shown_agreed_to_and_signed(person: Person) -> None:
    person.chain.lacks = {DAI}
    amounts = {"amountIn": str(10**18), "amountOut": "995001"}
    person.chain.outcome |= {"amounts": amounts, "gasUsed": 100_000, "effectiveGasPrice": "10"}
    lying(person.chain, "/quote", lambda told: told.update(amountOut="1000000"))
    code, shown = person.swap("DAI", "USDC", "1")
    assert code == 0, shown
    said = words(shown)
    assert "you give 1 DAI, at most 1 DAI you get 0.995001 USDC, at least 0.995 USDC" in said
    assert f"DAI is {checksum(DAI)}; USDC is {checksum(USDC)}" in said
    assert "approval the router may take 1 DAI" in said
    assert "impact 0.12 %" in said
    assert "gas at most 0.012 ETH" in said, "of both transactions"
    assert f"for {ME}, within 20 minutes" in said
    assert f"swapExactTokensForTokens of the router {checksum(ROUTER)}, chain 31337" in said
    assert "for the first time" in said
    assert "what a liar says it is" not in said
    assert "Sign and send it? [y/N]: y" in said
    assert said.count("mined in block 8") == 2
    assert shown.endswith("received 0.995001 USDC for 1 DAI\ngas cost 0.000000000001 ETH\n")
    assert [Account.recover_transaction(raw) for raw in person.chain.sent] == [ME, ME]


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_nothing_is_signed_without_a_yes(person: Person, typed: str) -> None:
    code, shown = person.swap("ETH", "USDC", "1", typed=typed)
    assert code == 1 and "at least 1,990 USDC" in shown, shown
    assert not person.chain.sent and not person.trusted.exists()


def test_a_swap_for_an_exact_amount(person: Person) -> None:
    wish = ("ETH", "USDC", "1000", "--out", "--slippage", "100", "--limit", "0.6", "--yes")
    code, shown = person.swap(*wish)
    assert code == 0, shown
    assert "at most 0.505 ETH you get 1,000 USDC, at least 1,000 USDC" in words(shown)
    assert "ETH is the chain's own coin" in words(shown)
    assert "approval none is needed" in words(shown)
    [raw] = person.chain.sent
    assert f"{505 * 10**15:x}" in raw and "Sign and send" not in shown


def test_yes_signs_within_a_limit_of_ones_own(person: Person) -> None:
    """ETH is quoted at 2,000 USDC; what nobody sees is bounded by more than the exchange's word."""
    code, shown = person.swap("ETH", "USDC", "1", "--yes")
    assert code == 1 and "name --limit" in shown and not person.chain.heard, shown
    code, shown = person.swap("ETH", "USDC", "1", "--yes", "--limit", "2000.01")
    assert code == 1 and "it gives 2,000 USDC now, --limit is 2,000.01 USDC" in shown, shown
    sold = ("ETH", "USDC", "1000", "--out", "--yes", "--limit")
    code, shown = person.swap(*sold, "0.4999")
    assert code == 1 and "it costs 0.5 ETH now, --limit is 0.4999 ETH" in shown, shown
    assert not person.chain.sent
    code, shown = person.swap("ETH", "USDC", "1", "--yes", "--limit", "1999")
    assert code == 0 and "at least 1,999 USDC" in words(shown), "tighter than 0.5 % slippage"
    code, shown = person.swap("ETH", "USDC", "1", "--yes", "--limit", "1")
    assert code == 0 and "at least 1,990 USDC" in words(shown), "and never wider than it"
    code, shown = person.swap(*sold, "0.501")
    assert code == 0 and "at most 0.501 ETH" in words(shown), shown


def test_the_least_of_a_crumb_is_not_nothing(person: Person) -> None:
    """A minimum of 0 accepts anything, and nobody relays it."""
    lying(person.chain, "/quote", lambda told: told.update(amountOut="1"))
    code, shown = person.run("quote", "local", "ETH", "USDC", "0.0000000005")
    assert code == 0 and "at least 0.000001 USDC" in words(shown), shown


def test_lies_end_with_nothing_signed(person: Person) -> None:
    lying(person.chain, "/tx/sell", last(argument("to", THIEF)))
    code, shown = person.swap("ETH", "USDC", "1")
    assert code == 1 and f"xyk: Not signed: swapExactETHForTokens has to {THIEF}" in shown
    lying(person.chain, "/tx/sell", last(argument("amountOutMin", 1_989_999_999)))
    assert "amountOutMin" in person.swap("ETH", "USDC", "1")[1]
    lying(person.chain, "/tx/sell", last(field("gas", hex(2 * 10**6))))
    assert "may cost 60000000000000000 wei" in person.swap("ETH", "USDC", "1")[1]
    lying(person.chain, "/tx/sell", lambda told: told.pop("amountOut"))
    assert "answers no sense: KeyError('amountOut')" in person.swap("ETH", "USDC", "1")[1]
    lying(person.chain, "/tx/sell", last(field("gas", hex(2 * 10**6))))
    assert person.swap("ETH", "USDC", "1", "--max-gas", "0.06")[0] == 0, "he allowed for it"
    assert len(person.chain.sent) == 1
    assert "--max-gas: 'much'" in person.swap("ETH", "USDC", "1", "--max-gas", "much")[1]


def test_whom_somebody_signed_for_stays(person: Person) -> None:
    assert person.swap("ETH", "USDC", "1")[0] == 0
    kept = json.loads(person.trusted.read_text())
    [(name, pin)] = kept.items()
    assert name == f"{person.chain.url} local"
    assert (pin["chain_id"], pin["router"], list(pin["tokens"])) == (31337, ROUTER, ["USDC"])
    code, shown = person.swap("ETH", "DAI", "1")
    assert code == 0 and "for the first time" not in shown, shown
    [pin] = json.loads(person.trusted.read_text()).values()
    assert sorted(pin["tokens"]) == ["DAI", "USDC"]

    def usdc(**changed: Any) -> Callable[[Any], None]:
        return lambda told: [pair["token0"].update(changed) for pair in told] and None

    for path, change, said in (
        ("/chain", lambda told: told[0].update(router=THIEF), f"router {ROUTER}"),
        ("/chain", lambda told: told[0].update(chainId=1), "chain_id 31337"),
        ("/pairs", usdc(address=THIEF), f"USDC at {USDC}"),
        ("/pairs", usdc(decimals=18), "of 6 decimals"),
    ):
        lying(person.chain, path, change)
        code, shown = person.swap("ETH", "USDC", "1")
        assert code == CONFIG and said in shown and f"take it out of {person.trusted}" in shown
    lying(person.chain, "/pairs", lambda told: told[0]["token0"].update(address=THIEF))
    assert "two tokens are called 'USDC'" in person.swap("ETH", "USDC", "1")[1]
    assert len(person.chain.sent) == 2


def test_a_damaged_file_of_trust_is_said(person: Person) -> None:
    person.trusted.write_text("{")
    code, shown = person.swap("ETH", "USDC", "1")
    assert code == CONFIG and f"{person.trusted} is damaged" in shown
    code, shown = person.swap("ETH", "USDC", "1", XYK_CHAINS=str(person.keystore / "x"))
    assert code == CONFIG and "cannot be read" in shown, shown
    assert not person.chain.sent


def test_what_failed_or_does_not_end_is_said(person: Person) -> None:
    reason = {"code": "EXPIRED", "message": "the deadline passed"}
    person.chain.outcome = {"status": "failed", "reason": reason}
    code, shown = person.swap("ETH", "USDC", "1")
    assert code == 1 and "is failed: EXPIRED: the deadline passed" in shown
    person.chain.outcome = {"status": "mined", "block": 9, "amounts": None}
    code, shown = person.swap("ETH", "USDC", "1")
    assert code == 0 and shown.endswith("mined in block 9\n"), "no logs, no amounts"


def test_the_password_is_asked_for_and_not_shown(person: Person) -> None:
    code, shown = person.run("swap", "local", "ETH", "USDC", "1", typed=f"{PASSWORD}\ny\n")
    assert code == 0 and f"Password of {person.keystore}: " in shown, shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p.password.write_text("wrong"), "the password does not open"),
        (lambda p: p.password.chmod(0o644), "may be read by others; chmod 600"),
        (lambda p: p.password.unlink(), "password cannot be read: No such file"),
        (lambda p: p.password.write_bytes(b"\xff"), "password cannot be read: it is no text"),
        (lambda p: p.keystore.unlink(), "No such file or directory; `xyk chain new-key` makes one"),
        (lambda p: p.keystore.write_text(KEY.hex()), "Expected the JSON of a keystore"),
        (lambda p: p.keystore.write_text("{}"), "Expected a keystore of version 3"),
        (lambda p: p.keystore.write_bytes(b"\xff"), "cannot be read: it is no text"),
    ],
)
def test_a_key_that_cannot_be_had_is_said(person: Person, change: Any, said: str) -> None:
    change(person)
    code, shown = person.swap("ETH", "USDC", "1")
    assert code == CONFIG and said in shown, shown
    assert not person.chain.heard, "nobody was asked anything"


def test_a_keystore_that_others_may_read_is_warned_of(person: Person) -> None:
    person.keystore.chmod(0o644)
    code, shown = person.swap("ETH", "USDC", "1")
    assert code == 0 and "warning: " in shown and f"chmod 600 {person.keystore}" in shown


@pytest.mark.slow  # the password is hashed for seconds, as it should
def test_a_new_key_is_kept_sealed_and_never_written_over(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    code, shown = person.run("new-key", str(file), typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert code == 0, shown
    assert file.stat().st_mode & 0o777 == 0o600
    wallet = unseal(file.read_text(), PASSWORD)
    assert shown.splitlines()[-1] == checksum(wallet.address)
    assert wallet.private_key[2:] not in shown + file.read_text()
    sealed = file.read_text()
    code, shown = person.run("new-key", str(file), typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert code == CONFIG and "exists; name another file" in shown
    assert file.read_text() == sealed


def test_a_new_key_wants_a_real_password_and_a_place(person: Person, tmp_path: Path) -> None:
    code, shown = person.run("new-key", str(tmp_path / "new"), typed="short\nshort\n")
    assert code == CONFIG and "at least 8 characters" in shown
    assert not (tmp_path / "new").exists()


def test_a_stale_deployment_is_said() -> None:
    """As the exchange itself says it."""
    with chain_server() as chain:
        chain.refusal = (
            *("/quote", 503),
            {"code": "NODE_UNAVAILABLE", "message": "The mirror of local is stale (block 7)"},
        )
        done = CliRunner().invoke(
            app,
            ["chain", "quote", "local", "ETH", "USDC", "1", "--url", chain.url, "--patience", "0"],
        )
        assert done.exit_code == 1
        assert "xyk: NODE_UNAVAILABLE: The mirror of local is stale (block 7)\n" in done.output


def test_eth_account_and_web3_are_not_loaded_to_start() -> None:
    code = (
        "import sys, xyk.cli.main, xyk.cli.chain_show\n"
        "print([name for name in ('eth_account', 'eth_abi', 'web3') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
