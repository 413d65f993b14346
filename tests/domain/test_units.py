"""What the wire's decoder takes and refuses, value by value; and what the rows' one takes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.domain.commands import ACTIONS, CLOCK, COMMANDS, ListMarket, RevokeApiKey, SwapExactIn
from xyk.domain.key_commands import KEY_COMMANDS
from xyk.domain.rejections import Code, Rejected
from xyk.domain.tokens import token_address
from xyk.domain.units import UINT256_MAX, decode_journal, decode_wire

FIELDS: dict[str, object] = {
    "owner": "0xE05fcC23807536bEe418f142D19fa0d21BB0cfF7",
    "tokenIn": "0x" + "11" * 20,
    "tokenOut": "0x" + "22" * 20,
    "amountIn": "1",
    "minAmountOut": "0",
    "nonce": 1,
    "deadline": "2",
}
wire = msgspec.json.Decoder(SwapExactIn, dec_hook=decode_wire, strict=True)
row = msgspec.json.Decoder(SwapExactIn, dec_hook=decode_journal, strict=True)


def decode(**changes: object) -> SwapExactIn:
    return wire.decode(msgspec.json.encode(FIELDS | changes))


def test_a_good_action_becomes_plain_ints_and_lower_case() -> None:
    swap = decode(amountIn=str(UINT256_MAX))
    assert (swap.amount_in, swap.min_amount_out, swap.nonce, swap.deadline) == (
        UINT256_MAX,
        0,
        1,
        2,
    )
    assert swap.owner == "0xe05fcc23807536bee418f142d19fa0d21bb0cff7"
    assert type(swap.amount_in) is int


@pytest.mark.parametrize(
    "bad",
    [
        1,
        1.0,
        True,
        None,
        [],
        {},
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "01",
        "00",
        "1.0",
        "1e18",
        "0x10",
        "1_000",
        "\u0661",
        "\u00b2",
        str(UINT256_MAX + 1),
        "9" * 78,
        "9" * 79,
    ],
)
def test_bad_amounts_are_refused_with_their_path(bad: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.amountIn"):
        decode(amountIn=bad)


@pytest.mark.parametrize(
    "bad",
    [1.0, True, None, -1, "-1", "", "01", "1.0", "1e3", "1\n", 2**64, str(2**64), "9" * 30, []],
)
def test_bad_small_integers_are_refused_with_their_path(bad: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.nonce"):
        decode(nonce=bad)


@pytest.mark.parametrize(
    "bad",
    [
        1,
        None,
        "",
        "0x",
        "11" * 20,
        "0X" + "11" * 20,
        "0x" + "11" * 19,
        "0x" + "1g" * 20,
        "0x" + "11" * 21,
        "outside",
        "pool:ETH_USDC",
        "0x" + "\u0661" * 40,
    ],
)
def test_bad_addresses_are_refused_with_their_path(bad: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.tokenIn"):
        decode(tokenIn=bad)


def test_unknown_and_missing_fields_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        decode(type="SwapExactIn")
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        wire.decode(b"{}")


def test_bounds_of_each_small_type() -> None:
    market = dict(
        owner=FIELDS["owner"],
        base="A",
        quote="B",
        tickSize="1",
        lotSize="1",
        makerFeeBps=-(2**31),
        takerFeeBps="-1",
        poolFeeBps=2**32 - 1,
        book=True,
        nonce=2**64 - 1,
        deadline=0,
    )
    decoder = msgspec.json.Decoder(ListMarket, dec_hook=decode_wire, strict=True)
    good = decoder.decode(msgspec.json.encode(market))
    assert (good.maker_fee_bps, good.taker_fee_bps) == (-(2**31), -1)
    for name, bad in (
        ("makerFeeBps", -(2**31) - 1),
        ("takerFeeBps", 2**31),
        ("takerFeeBps", "--1"),
        ("takerFeeBps", "-"),
        ("poolFeeBps", 2**32),
        ("poolFeeBps", -1),
        ("nonce", 2**64),
        ("book", 1),
        ("book", "true"),
    ):
        with pytest.raises(msgspec.ValidationError, match=name):
            decoder.decode(msgspec.json.encode(market | {name: bad}))


@given(st.integers(min_value=0, max_value=UINT256_MAX))
def test_rows_keep_integers_of_any_size(amount: int) -> None:
    swap = decode(amountIn=str(amount))
    assert row.decode(msgspec.json.encode(swap)) == swap


def test_rows_do_not_take_strings_for_integers() -> None:
    with pytest.raises(msgspec.ValidationError):
        row.decode(msgspec.json.encode(FIELDS))


def test_every_action_begins_with_owner_and_ends_with_nonce_and_deadline() -> None:
    assert len(ACTIONS) == 21
    for kind in ACTIONS.values():
        names = [field.name for field in msgspec.structs.fields(kind)]
        assert names[0] == "owner" and names[-2:] == ["nonce", "deadline"], kind
    others = {"Genesis", "FaucetDeposit", "OpenSession", "CloseSession", *CLOCK, *KEY_COMMANDS}
    assert set(COMMANDS) - set(ACTIONS) == others
    assert set(KEY_COMMANDS) == {"ExecuteOrder", "CancelOpenOrder", "CancelOpenOrders"}


def test_refusals_have_a_status_and_one_can_override_it() -> None:
    assert Rejected(Code.INVALID_ASSET, "").http_status == 404
    assert Rejected(Code.INVALID_ASSET, "", 409).http_status == 409
    assert all(400 <= code.status < 600 for code in Code)


def test_ledger_addresses_are_the_published_ones() -> None:
    assert token_address("USDC") == "0x70c97aedf7449ba9778b9c0e5dcae631077c1918"
    assert token_address("ETH") == "0x1a0aaa353bd6035c2e437682fbc2a5e4ff15d181"


def test_keys_are_32_bytes_in_hex() -> None:
    decoder = msgspec.json.Decoder(RevokeApiKey, dec_hook=decode_wire, strict=True)
    fields = {"owner": FIELDS["owner"], "publicKey": "0x" + "AB" * 32, "nonce": 1, "deadline": 1}
    assert decoder.decode(msgspec.json.encode(fields)).public_key == "0x" + "ab" * 32
    with pytest.raises(msgspec.ValidationError, match="publicKey"):
        decoder.decode(msgspec.json.encode(fields | {"publicKey": "0x" + "ab" * 20}))


@given(st.text(st.sampled_from("0aF \t\n\r\x0bxg_-é٠"), min_size=40, max_size=40))
def test_addresses_are_hex_digits_and_nothing_between_them(digits: str) -> None:
    if set(digits) <= set("0aF"):
        assert decode(owner="0x" + digits).owner == "0x" + digits.lower()
    else:
        with pytest.raises(msgspec.ValidationError, match="owner"):
            decode(owner="0x" + digits)


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\r", "\x0b", "\x0c"])
@pytest.mark.parametrize("place", [0, 2, 20, 38])
def test_blanks_are_no_hex_digits(blank: str, place: int) -> None:
    """Where a decoder of hex passes over them."""
    with pytest.raises(msgspec.ValidationError, match="owner"):
        decode(owner="0x" + "ab" * (place // 2) + 2 * blank + "ab" * (19 - place // 2))
