"""chain.toml: what is accepted, and what each fault is answered with."""

from pathlib import Path

import pytest

from tests.server import ROOT
from xyk.chain.deployment import MULTICALL3, Deployment, address, load
from xyk.chain.discovery import pair_address

USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
PAIR = "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"
ZERO = "0x" + "0" * 40
FIELDS = {
    "name": '"mainnet"',
    "rpc": '["https://first.example/v2/secret-key"]',
    "chain_id": "1",
    "factory": '"0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"',
    "router": '"0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"',
    "wrapped": '"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"',
    "tokens": f'["{USDC}"]',
}


def written(folder: Path, **changed: str) -> Path:
    """A file of one deployment; an empty value leaves its field out."""
    file = folder / "chain.toml"
    lines = [f"{name} = {value}" for name, value in (FIELDS | changed).items() if value]
    file.write_text("\n".join(["[[deployment]]", *lines, ""]))
    return file


def test_a_deployment_with_its_defaults(tmp_path: Path) -> None:
    found = load(written(tmp_path))
    assert found == {
        "mainnet": Deployment(
            name="mainnet",
            rpc=("https://first.example/v2/secret-key",),
            chain_id=1,
            factory="0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f",
            router="0x7a250d5630b4cf539739df2c5dacb4c659f2488d",
            wrapped="0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
            tokens=(USDC,),
        )
    }
    one = found["mainnet"]
    assert (one.fee_bps, one.coin, one.multicall) == (30, "ETH", MULTICALL3)
    assert one.tracked == (USDC, one.wrapped)
    assert "secret" not in repr(found)


def test_the_example(tmp_path: Path) -> None:
    """Its addresses are those of the chains: the pairs that everybody knows follow from them."""
    found = load(ROOT / "docs" / "examples" / "chain.toml")
    uniswap, pancake = found["uniswap"], found["pancakeswap"]
    dai = "0x6b175474e89094c44da98b954eedeac495271d0f"
    assert pair_address(uniswap, USDC, uniswap.wrapped) == PAIR
    assert pair_address(uniswap, dai, uniswap.wrapped) == (
        "0xa478c2975ab1ea89e8196811f51a7b7ade33eb11"
    )
    cake = "0x0e09fabb73bd3ade0a17ecc321fd13a19e81ce82"
    assert (pair_address(pancake, cake, pancake.wrapped),) == pancake.pairs
    assert (uniswap.fee_bps, pancake.fee_bps) == (30, 25)


def test_every_field_is_explained() -> None:
    guide = (ROOT / "docs" / "chain.md").read_text()
    [section] = [part for part in guide.split("\n## ") if part.startswith("chain.toml")]
    table = [line for line in section.splitlines() if line.startswith("| `")]
    told = {word for line in table for word in line.split("|")[1].replace("`", "").split(", ")}
    assert {word.strip() for word in told} == set(Deployment.__struct_fields__)


FAULTS = [
    ("name", "", "missing required field `name`"),
    ("name", '"Mainnet"', "name: expected 1 to 32 of a-z"),
    ("name", '"a\\n"', "name: expected"),
    ("name", '"../x"', "name: expected"),
    ("name", f'"{"a" * 33}"', "name: expected"),
    ("name", "7", "Expected `str`, got `int` - at `$.name`"),
    ("rpc", "[]", "rpc: expected 1 to 16 endpoints"),
    ("rpc", '["https://a.example", "https://a.example"]', "rpc: expected each endpoint once"),
    ("rpc", '["https://a.example", "ws://b.example/secret-key"]', "rpc[1]: expected http://"),
    ("rpc", '["https:///secret-key"]', "rpc[0]: expected http://"),
    ("rpc", '["https://a.example:x/secret-key"]', "rpc[0]: expected http://"),
    ("rpc", '["https://a b.example"]', "rpc[0]: expected http://"),
    ("rpc", '["https://[::1/secret-key"]', "rpc[0]: expected http://"),
    ("websocket", '"https://a.example"', "websocket: expected ws://"),
    ("chain_id", "0", "chain_id: expected an integer from 1 to"),
    ("chain_id", "true", "Expected `int`, got `bool` - at `$.chain_id`"),
    ("chain_id", '"1"', "Expected `int`, got `str` - at `$.chain_id`"),
    ("factory", '"0x5c69"', "factory: Expected 0x and 40 hex digits"),
    ("factory", f'"0X{"1" * 40}"', "factory: Expected 0x and 40 hex digits"),
    ("factory", '"0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6F"', "factory: the checksum"),
    ("factory", f'"{ZERO}"', "factory: expected a contract's address, not zero"),
    ("factory", FIELDS["router"], "router: expected factory, router, wrapped and multicall to be"),
    ("multicall", FIELDS["wrapped"], "router: expected factory, router, wrapped and multicall"),
    ("init_code_hash", '"0x12"', "init_code_hash: Expected 0x and 64 hex digits"),
    ("coin", '"eth"', "coin: expected 1 to 12 of A-Z and 0-9"),
    ("fee_bps", "0", "fee_bps: expected an integer from 1 to 9999"),
    ("fee_bps", "10000", "fee_bps: expected an integer from 1 to 9999"),
    ("fee_bps", "0.3", "Expected `int`, got `float` - at `$.fee_bps`"),
    ("confirmations", "0", "confirmations: expected an integer from 1 to 1000"),
    ("confirmations", "1001", "confirmations: expected an integer from 1 to 1000"),
    ("start_block", "-1", "start_block: expected an integer from 0"),
    ("poll_ms", "0", "poll_ms: expected an integer from 50"),
    ("block_span", "0", "block_span: expected an integer from 1"),
    ("stale_after_s", "1", "stale_after_s: expected more than poll_ms"),
    ("tokens", "", "tokens: expected a token besides wrapped"),
    ("tokens", "[" + FIELDS["wrapped"] + "]", "tokens: expected a token besides wrapped"),
    ("tokens", f'["{USDC}", "{USDC.upper().replace("X", "x")}"]', "tokens: expected each address"),
    ("tokens", f'["{USDC}", "{ZERO}"]', "tokens: expected each address once, and none of them"),
    ("tokens", f'["{USDC}", "USDT"]', "tokens[1]: Expected 0x and 40 hex digits"),
    ("pairs", f'["{PAIR}", "{PAIR}"]', "pairs: expected each address once"),
    ("quotes", f'["{PAIR}"]', "quotes[0]: expected one of tokens, or wrapped"),
    ("gas", "1", "unknown field `gas`; the fields are name, rpc, chain_id,"),
]


@pytest.mark.parametrize(("field", "value", "fault"), FAULTS)
def test_a_fault_names_file_deployment_and_field(
    tmp_path: Path, field: str, value: str, fault: str
) -> None:
    file = written(tmp_path, **{field: value})
    with pytest.raises(ValueError) as refused:
        load(file)
    message = str(refused.value)
    assert message.startswith(f"{file}: deployment 1")
    assert fault in message
    assert "secret" not in message
    if field != "name":
        assert "deployment 1 ('mainnet')" in message


@pytest.mark.parametrize(
    "changed",
    [
        {"tokens": "", "pairs": f'["{PAIR}"]', "quotes": f'["{USDC}"]'},
        {"quotes": FIELDS["wrapped"].join("[]")},
        {"tokens": f'["{USDC}"]'.upper().replace("0X", "0x")},
        {"rpc": '["http://user:password@[::1]:8545/?key=x"]', "websocket": '"wss://a.example/x"'},
        {"fee_bps": "9999", "confirmations": "1000", "block_span": "1", "stale_after_s": "2"},
    ],
)
def test_what_else_is_right(tmp_path: Path, changed: dict[str, str]) -> None:
    assert load(written(tmp_path, **changed)).keys() == {"mainnet"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected [[deployment]] tables"),
        ("deployment = []", "expected [[deployment]] tables"),
        ("[deployment]\nname = 'a'", "expected [[deployment]] tables"),
        ("chain_id = 1\n[[deployment]]\nname = 'a'", "expected [[deployment]] tables"),
        ("deployment = [7]", "deployment 1: Expected `object`, got `int`"),
        ("[[deployment]\n", "Expected"),
        ("a = " + "[" * 100_000, ""),
        ("\ufeff\x00", ""),
    ],
)
def test_what_is_no_list_of_deployments(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "chain.toml"
    file.write_text(text)
    with pytest.raises(ValueError) as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert fault in str(refused.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file"):
        load(tmp_path / "nothing.toml")
    file = tmp_path / "chain.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=str(file)):
        load(file)


def test_a_name_is_used_once(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text() * 2)
    with pytest.raises(ValueError, match=r"deployment 2 \('mainnet'\): name: another deployment"):
        load(file)


def test_the_examples_of_eip_55() -> None:
    for text in (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ):
        assert address(text) == text.lower()
        assert address(text.lower()) == text.lower()
        with pytest.raises(ValueError, match="checksum"):
            address(text.replace("B", "b", 1))
