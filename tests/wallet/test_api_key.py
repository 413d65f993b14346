"""What an API key signs: the vectors that ccxt and bpx-py made, and every way to bend one."""

from base64 import b64decode, b64encode
from hashlib import sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from sha3 import keccak_256

from xyk.domain.key_commands import CancelOpenOrder, CancelOpenOrders, ExecuteOrder
from xyk.domain.rejections import Code, Rejected
from xyk.wallet.api_key import (
    FIELD_PRIME,
    GROUP_ORDER,
    SMALL_ORDER_YS,
    command_of,
    commands_of,
    public_key_of,
    request_digest,
    request_of,
    signed_texts,
    verify_request,
)

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_BASE64 = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
PUBLIC = "0x" + b64decode(PUBLIC_BASE64).hex()
TIME, WINDOW = 1750793021519, 5000
BID = {
    "orderType": "Limit",
    "price": "141",
    "quantity": "12",
    "side": "Bid",
    "symbol": "SOL_USDC",
}
ASK = {**BID, "price": "142", "quantity": "11", "side": "Ask"}
PLACED = {"clientId": "7", "postOnly": "true", **BID}
# Instruction, elements, form, signature: made by ccxt 4.5.64 and bpx-py 2.0.11.
VECTORS = (
    (
        *("orderExecute", [PLACED], 0),
        "zAF3zXtyepgnuy+bq0KimtEk3idg8ZE7vVB4CGKnz0GyB/OU5SMxsfpllbWg2o1/Gqb11F2RIUzU7/Rzr8FcCA==",
    ),
    (
        *("orderExecute", [BID, ASK], 0),
        "UwdKVC/79Yuy4+Iv1f9UyCjvaV6DufRP7j4hDpm5UpRsrCFc1b9lemJmv52Ie6dvMJCLoUQbRZNx3k+YL19YBw==",
    ),
    (
        *("balanceQuery", [], 0),
        "a4gmR8Xzxq4kesPQPh+39Xb0N8FwQHErhW0+IqFZwB16ABD3p1x0BQdEvhLGYJ5A22WNBDqY0y+j7dyg1MURBw==",
    ),
    (
        *("fillHistoryQueryAll", [{"symbol": "SOL_USDC", "limit": "10", "fillType": "User"}], 0),
        "0+JyI41UhzIG0OI0wYFWi+9QTfa1Ji7MkfjOyZ+lgdJSY7io09vgimlqmANxfN3HvmhnSGlbrR2JGsfOPhlCDA==",
    ),
    (
        "withdraw",
        [{"address": "a b/c+d", "blockchain": "Solana", "quantity": "1", "symbol": "USDC"}],
        1,
        "X6lw1sr11iGQJE9ZSioRqMWVorwvEf0selw28VveNc84xaSWo2lgiSvXo7kUAI9K+3sirbBk+dsUt9xaIS3EBw==",
    ),
    (
        *("orderCancel", [{"symbol": "SOL_USDC", "clientId": "7"}], 0),
        "4fARR6/cghAEwal2sKoqUgUGixfazx2sz5f4KDYzcK8vK9vv8hiMg7ZdXbBV6UbMbwIBcNDVaTXRwA0TiytiCw==",
    ),
    (
        *("subscribe", [], 0),
        "DEytVjBPUJPNGqMWhoFrRnsyaD9AgpeWqvS9jRrnNbGUKyTLfEas10Q5EZ3KjJWU9PxVsfKDqd+oM0GEuFiCAA==",
    ),
)
every_vector = pytest.mark.parametrize(
    ("instruction", "elements", "form", "signature"), VECTORS, ids=lambda _: ""
)
SIGNATURE = VECTORS[0][3]
TEXTS = signed_texts("orderExecute", [PLACED], TIME, WINDOW)


def refusal(answer):
    assert isinstance(answer, Rejected)
    return answer.code


@every_vector
def test_what_the_clients_signed_is_accepted(instruction, elements, form, signature):
    texts = signed_texts(instruction, elements, TIME, WINDOW)
    assert verify_request(PUBLIC, signature, texts) == texts[form]
    assert b64encode(SECRET.sign(texts[form].encode())).decode() == signature


def test_the_texts_are_those_of_the_convention():
    assert TEXTS[0] == (
        "instruction=orderExecute&clientId=7&orderType=Limit&postOnly=true&price=141&quantity=12"
        "&side=Bid&symbol=SOL_USDC&timestamp=1750793021519&window=5000"
    )
    assert signed_texts("orderExecute", [BID, ASK], TIME, WINDOW)[0] == (
        "instruction=orderExecute&orderType=Limit&price=141&quantity=12&side=Bid&symbol=SOL_USDC"
        "&instruction=orderExecute&orderType=Limit&price=142&quantity=11&side=Ask&symbol=SOL_USDC"
        "&timestamp=1750793021519&window=5000"
    )
    assert signed_texts("balanceQuery", [], 1, 2) == signed_texts("balanceQuery", [{}], 1, 2)
    assert (
        signed_texts("balanceQuery", [], 1, 2)[0] == "instruction=balanceQuery&timestamp=1&window=2"
    )
    raw, encoded = signed_texts("withdraw", [{"address": "a b/c+d"}], 1, 2)
    assert raw == "instruction=withdraw&address=a b/c+d&timestamp=1&window=2"
    assert encoded == "instruction=withdraw&address=a%20b%2Fc%2Bd&timestamp=1&window=2"


@every_vector
def test_one_other_bit_is_refused(instruction, elements, form, signature):
    texts = signed_texts(instruction, elements, TIME, WINDOW)
    raw = b64decode(signature)
    for place in range(0, 64, 7):
        bent = raw[:place] + bytes((raw[place] ^ 4,)) + raw[place + 1 :]
        answer = verify_request(PUBLIC, b64encode(bent).decode(), texts)
        assert refusal(answer) is Code.INVALID_SIGNATURE
    for other in (
        signed_texts(instruction, elements, TIME + 1, WINDOW),
        signed_texts(instruction, elements, TIME, WINDOW + 1),
        signed_texts("x", elements, TIME, WINDOW),
    ):
        assert refusal(verify_request(PUBLIC, signature, other)) is Code.INVALID_SIGNATURE


def test_another_key_is_refused():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert refusal(verify_request("0x" + other.hex(), SIGNATURE, TEXTS)) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "AAAA",
        SIGNATURE[:-4],
        SIGNATURE.rstrip("="),
        SIGNATURE + "\n",
        " " + SIGNATURE,
        SIGNATURE.replace("+", "-").replace("/", "_"),
        SIGNATURE[:-3] + "B==",  # the same bytes, with a bit that base64 drops
        SIGNATURE[:-1] + "\u00e9",
    ],
)
def test_a_malformed_signature_is_refused(signature):
    assert refusal(verify_request(PUBLIC, signature, TEXTS)) is Code.INVALID_SIGNATURE


def test_a_second_s_for_the_same_signature_is_refused():
    raw = b64decode(SIGNATURE)
    s = int.from_bytes(raw[32:], "little") + GROUP_ORDER
    again = b64encode(raw[:32] + s.to_bytes(32, "little")).decode()
    assert refusal(verify_request(PUBLIC, again, TEXTS)) is Code.INVALID_SIGNATURE


def doubled(point):
    """On Edwards' curve -x^2 + y^2 = 1 + d x^2 y^2, for this test alone."""
    (x, y), p = point, FIELD_PRIME
    t = -121665 * pow(121666, -1, p) * x * x * y * y
    return 2 * x * y * pow(1 + t, -1, p) % p, (y * y + x * x) * pow(1 - t, -1, p) % p


def with_y(y):
    p = FIELD_PRIME
    square = (y * y - 1) * pow(-121665 * pow(121666, -1, p) * y * y + 1, -1, p)
    root = pow(square, (p + 3) // 8, p)
    if (root * root - square) % p:
        root = root * pow(2, (p - 1) // 4, p) % p
    assert (root * root - square) % p == 0
    return root, y


def test_the_weak_points_are_those_of_order_8_and_less():
    for y in SMALL_ORDER_YS:
        assert doubled(doubled(doubled(with_y(y)))) == (0, 1)
    assert len(SMALL_ORDER_YS) == 5  # eight points: (0, 1), (0, -1) and three y with both signs


WEAK = [
    (y + sign * 2**255).to_bytes(32, "little")
    for y in (*SMALL_ORDER_YS, FIELD_PRIME, FIELD_PRIME + 1)
    for sign in (0, 1)
]


@pytest.mark.parametrize("point", WEAK, ids=lambda point: point.hex())
def test_points_of_small_order_are_refused(point):
    # R = the point and s = 0 fit every text under a key of order 1, in libraries that let it pass.
    signature = b64encode(point + bytes(32)).decode()
    for key in ("0x" + point.hex(), PUBLIC):
        assert refusal(verify_request(key, signature, TEXTS)) is Code.INVALID_SIGNATURE
    assert refusal(verify_request("0x" + point.hex(), SIGNATURE, TEXTS)) is Code.INVALID_SIGNATURE


def test_a_key_of_order_one_signs_nothing():
    """R = sB fits every text under it, with no weak point in the signature."""
    base = (4 * pow(5, -1, FIELD_PRIME) % FIELD_PRIME).to_bytes(32, "little")
    signature = base + (1).to_bytes(32, "little")
    taken = []
    for y in (1, FIELD_PRIME + 1):
        key = y.to_bytes(32, "little")
        answer = verify_request("0x" + key.hex(), b64encode(signature).decode(), TEXTS)
        assert refusal(answer) is Code.INVALID_SIGNATURE
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, b"any text")
        except InvalidSignature:
            continue
        taken.append(y)
    assert 1 in taken, "the library would take it, so that the check is ours"


def test_a_signature_with_a_weak_point_is_refused_though_its_key_made_it():
    """R = 1 and s = H(R, A, M) a: the equation holds."""
    secret = bytearray(sha512(bytes(range(32))).digest()[:32])
    secret[0] &= 248
    secret[31] = secret[31] & 63 | 64
    weak, text = (1).to_bytes(32, "little"), TEXTS[0].encode()
    hashed = sha512(weak + b64decode(PUBLIC_BASE64) + text).digest()
    s = int.from_bytes(hashed, "little") * int.from_bytes(secret, "little") % GROUP_ORDER
    signature = weak + s.to_bytes(32, "little")
    SECRET.public_key().verify(signature, text)  # takes it
    answer = verify_request(PUBLIC, b64encode(signature).decode(), TEXTS)
    assert refusal(answer) is Code.INVALID_SIGNATURE


def test_a_key_that_is_no_point_is_refused():
    no_point = (2).to_bytes(32, "little")  # y = 2 has no x
    answer = verify_request("0x" + no_point.hex(), SIGNATURE, TEXTS)
    assert refusal(answer) is Code.INVALID_SIGNATURE


def test_the_header_names_the_key():
    assert public_key_of(PUBLIC_BASE64) == PUBLIC
    for wrong in ("", "AAAA", PUBLIC_BASE64[:-1], PUBLIC_BASE64 + "=", PUBLIC, "\u00e9" * 44):
        assert refusal(public_key_of(wrong)) is Code.INVALID_SIGNATURE


def test_the_digest_is_of_key_text_and_place():
    expected = keccak_256(b64decode(PUBLIC_BASE64) + TEXTS[0].encode() + b"\0\0\0\3").hexdigest()
    assert request_digest(PUBLIC, TEXTS[0], 3) == "0x" + expected
    three = {
        request_digest(PUBLIC, TEXTS[0], 0),
        request_digest(PUBLIC, TEXTS[0], 1),
        request_digest("0x" + "ab" * 32, TEXTS[0], 0),
    }
    assert len(three) == 3


def test_the_commands_of_the_clients():
    assert command_of("orderExecute", PLACED, TIME, WINDOW) == ExecuteOrder(
        timestamp=TIME,
        window=WINDOW,
        symbol="SOL_USDC",
        side="Bid",
        order_type="Limit",
        price="141",
        quantity="12",
        post_only=True,
        client_id=7,
    )
    assert command_of(
        "orderCancel", {"symbol": "SOL_USDC", "clientId": "7"}, TIME, WINDOW
    ) == CancelOpenOrder(timestamp=TIME, window=WINDOW, symbol="SOL_USDC", client_id=7)
    assert command_of(
        "orderCancelAll", {"symbol": "A", "orderType": "ConditionalOrder"}, 1, 2
    ) == CancelOpenOrders(timestamp=1, window=2, symbol="A", order_type="ConditionalOrder")


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({"postOnly": "True"}, "post_only", True),
        ({"postOnly": "False"}, "post_only", False),
        ({"clientId": "4294967295"}, "client_id", 2**32 - 1),
        ({"price": "0.50"}, "price", "0.50"),
        ({"price": "1" * 39 + "." + "1" * 39}, "price", "1" * 39 + "." + "1" * 39),
        ({"triggeredBy": "LastPrice"}, "trigger_by", "LastPrice"),
        ({"triggeredBy": "LastPrice", "triggerBy": "LastPrice"}, "trigger_by", "LastPrice"),
        ({"reduceOnly": "False"}, "price", "141"),
        ({"autoLend": "true", "clientOrderId": "abc-1", "brokerId": "1400"}, "price", "141"),
        ({"note": "12.5% of it"}, "price", "141"),
        ({"timestamp": "5", "window": "6"}, "window", WINDOW),
    ],
)
def test_forms_that_are_read(more, field, value):
    command = command_of("orderExecute", {**BID, **more}, TIME, WINDOW)
    assert isinstance(command, ExecuteOrder)
    assert getattr(command, field) == value


MALFORMED = [
    *[{"price": text} for text in ("", "-1", "+1", "1e5", ".5", "5.", "1.2.3", " 1", "1_0", "0x1")],
    *[{"quantity": text} for text in ("12.5%", "\u0661", "NaN", "1" * 79, "1." + "1" * 78)],
    *[{"clientId": text} for text in ("", "-1", "4294967296", "1.0", "abc", "1" * 21, "\u0661")],
    *[{"postOnly": text} for text in ("", "1", "yes", "null")],
    *[{"symbol": text} for text in ("", "S" * 65, "SOL%5FUSDC")],
    *[{"note": text} for text in ("a&b", "a=b", "a\nb", "a\0b", "a\x7fb", "a\x85b", "a\ud800b")],
    *[{name: "x"} for name in ("a&b", "a=b", "a\nb", "instruction", "a%b")],
]


@pytest.mark.parametrize("more", MALFORMED, ids=ascii)
def test_malformed_requests_are_refused(more):
    for parameters in ({**BID, **more}, {**more, **BID, **more}):
        answer = command_of("orderExecute", parameters, TIME, WINDOW)
        assert refusal(answer) is Code.INVALID_CLIENT_REQUEST
        assert answer.http_status == 400


@pytest.mark.parametrize("name", ["symbol", "side", "orderType"])
def test_what_is_missing_is_named(name):
    parameters = {key: value for key, value in BID.items() if key != name}
    answer = command_of("orderExecute", parameters, TIME, WINDOW)
    assert refusal(answer) is Code.INVALID_CLIENT_REQUEST
    assert name in answer.message


@pytest.mark.parametrize(
    "more",
    [
        {"stopLossTriggerPrice": "1"},
        {"takeProfitLimitPrice": "1"},
        {"stopLossTriggerBy": "LastPrice"},
        {"reduceOnly": "true"},
        {"reduceOnly": "True"},
        {"triggerBy": "MarkPrice"},
        {"triggeredBy": "IndexPrice"},
    ],
)
def test_what_would_change_the_meaning_is_refused(more):
    answer = command_of("orderExecute", {**BID, **more}, TIME, WINDOW)
    assert refusal(answer) is Code.INVALID_ORDER
    assert "not implemented" in answer.message
    assert next(iter(more)) in answer.message


def test_an_instruction_that_commands_nothing_is_refused():
    assert refusal(command_of("balanceQuery", {}, 1, 2)) is Code.INVALID_CLIENT_REQUEST


values = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.text(st.sampled_from("abkz0_-.~ /\u00e9\u2028"), max_size=4)
orders = st.fixed_dictionaries(
    {
        "symbol": st.one_of(st.just("SOL_USDC"), values),
        "side": st.one_of(st.sampled_from(["Bid", "Ask"]), values),
        "orderType": st.one_of(st.sampled_from(["Limit", "Market"]), values),
    },
    optional={
        "price": st.decimals(0, 10**6, places=3).map(str),
        "clientId": st.integers(0, 2**33).map(str),
        "postOnly": st.sampled_from(["true", "false", "True"]),
        "triggeredBy": st.sampled_from(["LastPrice", "MarkPrice"]),
    },
)
elements = st.builds(
    lambda order, more: {**more, **order}, orders, st.dictionaries(names, values, max_size=3)
)


@given(st.lists(elements, min_size=1, max_size=3), st.integers(0, 2**50), st.integers(0, 2**20))
def test_the_text_gives_the_commands_back(batch, timestamp, window):
    made = [command_of("orderExecute", one, timestamp, window) for one in batch]
    for text in signed_texts("orderExecute", batch, timestamp, window):
        if all(isinstance(one, ExecuteOrder) for one in made):
            assert list(commands_of(text)) == made
            request = request_of(text)
            assert (request.timestamp, request.window) == (timestamp, window)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "timestamp=1&window=2",
        "instruction=orderCancelAll&symbol=A&window=2&timestamp=1",
        "instruction=orderCancelAll&symbol=A&timestamp=1",
        "instruction=orderCancelAll&symbol=A&timestamp=x&window=2",
        "instruction=orderCancelAll&symbol=A&timestamp=1&window=02",
        "instruction=orderCancelAll&symbol=A&symbol=A&timestamp=1&window=2",
        "instruction=orderCancelAll&symbol=A&orderType=B&timestamp=1&window=2",
        "instruction=orderCancelAll&symbol&timestamp=1&window=2",
        "symbol=A&instruction=orderCancelAll&timestamp=1&window=2",
        "instruction=orderCancelAll&symbol=A&instruction=orderCancel&timestamp=1&window=2",
    ],
)
def test_a_text_that_no_request_makes_has_no_commands(text):
    assert refusal(commands_of(text)) is Code.INVALID_CLIENT_REQUEST
