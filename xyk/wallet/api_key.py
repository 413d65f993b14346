"""API keys in the Backpack form: what an Ed25519 key signs, whether it did, and the command in it.

The text is `instruction=I`, the parameters sorted by name, and one timestamp and window at the end;
each element of a batch begins with its own `instruction=I`. Some clients sign the values as they
are (raw), ccxt signs them percent-encoded. Nothing may have two readings: a name or value that
would look like the text around it is refused, and so is `%` in a name or in a value that means
something here. Who owns the key, and whether the time is right, is `decide`'s judgement.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from xyk.domain.key_commands import INSTRUCTIONS, CancelOpenOrder, ExecuteOrder, KeyCommand
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import CLIENT_ID_MAX
from xyk.wallet.typed_data import keccak256

Parameters = Mapping[str, str]  # values as signed: strings bare, numbers and booleans as JSON text

DIGITS_MAX = 78  # of a decimal, both sides of the point together
TEXT_MAX = 64  # characters of a value that is a name
INTEGER_DIGITS_MAX = 20

FIELD_PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
# y of the points whose order divides 8; for them some signature fits every text.
_Y_OF_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
SMALL_ORDER_YS = frozenset((0, 1, FIELD_PRIME - 1, _Y_OF_ORDER_8, FIELD_PRIME - _Y_OF_ORDER_8))


class SignedRequest(NamedTuple):
    """A signed text taken apart. Where it could be either form the values are read as encoded: no
    value that means something differs in that."""

    instruction: str
    elements: tuple[Parameters, ...]
    timestamp: int
    window: int


def signed_texts(
    instruction: str, elements: Sequence[Parameters], timestamp: int, window: int
) -> tuple[str, str]:
    """The raw and the percent-encoded text that may have been signed for one element (or none), or
    for a batch of several."""
    raw, encoded = [], []
    for element in elements or ({},):
        raw.append(f"instruction={instruction}")
        encoded.append(f"instruction={instruction}")
        for name in sorted(element):
            raw.append(f"{name}={element[name]}")
            encoded.append(f"{_quoted(name)}={_quoted(element[name])}")
    end = [f"timestamp={timestamp}", f"window={window}"]
    return "&".join(raw + end), "&".join(encoded + end)


def verify_request(public_key: str, signature: str, texts: tuple[str, str]) -> str | Rejected:
    """Which of the texts the key signed, the first one tried first; else INVALID_SIGNATURE.

    `public_key` is 0x and 64 hex digits, `signature` base64 of 64 bytes. Strict, RFC 8032 without
    its cofactor: the R that follows from text, key and s must be the signature's own bytes. Keys
    and signatures with points of small order, or with numbers beyond their field, are refused
    whatever they fit.
    """
    raw = _from_base64(signature, 64)
    if raw is None:
        return _unsigned("X-Signature must be the base64 of 64 bytes")
    key = _key_of(public_key)
    if key is None or _is_weak_point(raw[:32]):
        return _unsigned("The key or the signature has a point of small order; make a fresh key")
    if int.from_bytes(raw[32:], "little") >= GROUP_ORDER:
        return _unsigned("The signature's s must be below the order of Ed25519's group")
    for text in texts:
        try:
            crypto_sign_open(raw + text.encode(errors="replace"), key)
        except BadSignatureError:
            continue
        return text
    return _unsigned(
        "The key did not sign this request; sign instruction, the parameters sorted by name, "
        f"timestamp and window: {texts[0][:200]}"
    )


def public_key_of(text: str) -> str | Rejected:
    """0x and hex of the 32 bytes that the header X-API-Key holds in base64."""
    raw = _from_base64(text, 32)
    if raw is None:
        return _unsigned("X-API-Key must be the base64 of an Ed25519 public key's 32 bytes")
    return "0x" + raw.hex()


def request_digest(public_key: str, text: str, index: int) -> str:
    """What makes a request the same one again: key, signed text, and place in the batch."""
    key = bytes.fromhex(public_key[2:])
    return "0x" + keccak256(key + text.encode(errors="replace") + index.to_bytes(4, "big")).hex()


def command_of(
    instruction: str, parameters: Parameters, timestamp: int, window: int
) -> KeyCommand | Rejected:
    """The command that one element asks for: forms only. Unknown parameters mean nothing."""
    for name, value in parameters.items():
        if name == "instruction" or not _is_plain(name) or "%" in name or not _is_plain(value):
            return _malformed(
                f"{name[:TEXT_MAX]!r}: names and values must have no '&', '=' or control "
                "characters, names no '%', and none may be called instruction"
            )
    return _command(instruction, parameters, timestamp, window)


def commands_of(text: str) -> tuple[KeyCommand | Rejected, ...] | Rejected:
    """The commands of a signed text, raw or percent-encoded, in the order of the batch: those that
    `command_of` gave for the parameters that the text was made of."""
    request = request_of(text)
    if request is None:
        return _malformed("The text is no signed request")
    instruction, elements, timestamp, window = request
    return tuple([_command(instruction, each, timestamp, window) for each in elements])


def request_of(text: str) -> SignedRequest | None:
    """A signed text taken apart; None where it is none that `signed_texts` could have made."""
    parts = [part.partition("=")[::2] for part in text.split("&")]
    if len(parts) < 3 or [name for name, _ in parts[-2:]] != ["timestamp", "window"]:
        return None
    timestamp, window = (_integer(value) for _, value in parts[-2:])
    name, instruction = parts[0]
    if name != "instruction" or timestamp is None or window is None:
        return None
    elements: list[dict[str, str]] = []
    for name, value in parts[:-2]:
        if name == "instruction":
            if value != instruction:
                return None
            elements.append({})
        else:
            elements[-1][name] = value
    readings: tuple[Callable[[str], str], ...] = (unquote, str)
    for index, read in enumerate(readings):
        plain = [{read(name): read(value) for name, value in each.items()} for each in elements]
        if signed_texts(instruction, plain, timestamp, window)[1 - index] == text:
            return SignedRequest(instruction, tuple(plain), timestamp, window)
    return None


def _command(
    instruction: str, parameters: Parameters, timestamp: int, window: int
) -> KeyCommand | Rejected:
    kind = INSTRUCTIONS.get(instruction)
    if kind is None:
        return _malformed(
            f"instruction {instruction[:TEXT_MAX]!r} is no command; use one of "
            f"{', '.join(INSTRUCTIONS)}"
        )
    if kind is ExecuteOrder:
        fault = _missing_feature(parameters)
        if fault is not None:
            return fault
    values: dict[str, Any] = {}
    for name, (field, read) in _FIELDS[kind].items():
        text = parameters.get(name)
        if text is None:
            continue
        value = read(text)
        if value is None:
            return _malformed(f"{name}: {text[:TEXT_MAX]!r} {_EXPECTED[read]}")
        if values.setdefault(field, value) != value:
            return _malformed(f"{name} says something else than its other spelling")
    for name, field in _REQUIRED[kind].items():
        if field not in values:
            return _malformed(f"{name} is missing")
    return kind(timestamp=timestamp, window=window, **values)


def _missing_feature(parameters: Parameters) -> Rejected | None:
    """What would change the meaning of an order, and does not exist on a spot market."""
    for name, value in parameters.items():
        if name.startswith(("stopLoss", "takeProfit")):
            wrong = f"{name} is not implemented; place a second order with a triggerPrice"
        elif name == "reduceOnly" and value.lower() != "false":
            wrong = "reduceOnly is not implemented on spot markets; leave it out"
        elif name in ("triggerBy", "triggeredBy") and value != "LastPrice":
            wrong = f"{name} {value[:TEXT_MAX]!r} is not implemented; use LastPrice"
        else:
            continue
        return Rejected(Code.INVALID_ORDER, wrong)
    return None


def _decimal(text: str) -> str | None:
    whole, point, fraction = text.partition(".")
    digits = whole + fraction
    if not whole or bool(point) != bool(fraction) or len(digits) > DIGITS_MAX:
        return None
    return text if digits.isascii() and digits.isdigit() else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _integer(text: str) -> int | None:
    is_plain = text.isascii() and text.isdigit() and len(text) <= INTEGER_DIGITS_MAX
    return int(text) if is_plain else None


def _client_id(text: str) -> int | None:
    number = _integer(text)
    return number if number is not None and number <= CLIENT_ID_MAX else None


def _name(text: str) -> str | None:
    return text if 0 < len(text) <= TEXT_MAX and "%" not in text else None


_EXPECTED: Mapping[Callable[[str], Any], str] = {
    _decimal: f"must be a decimal such as 0.5: at most {DIGITS_MAX} digits, no sign or exponent",
    _boolean: "must be true or false",
    _client_id: f"must be an integer from 0 to {CLIENT_ID_MAX}",
    _name: f"must have 1 to {TEXT_MAX} characters, none of them '%'",
}
_SYMBOL = {"symbol": ("symbol", _name)}
# By instruction: the name on the wire, our field, and the form.
_FIELDS: Mapping[type[KeyCommand], Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    ExecuteOrder: {
        **_SYMBOL,
        "side": ("side", _name),
        "orderType": ("order_type", _name),
        "price": ("price", _decimal),
        "quantity": ("quantity", _decimal),
        "quoteQuantity": ("quote_quantity", _decimal),
        "timeInForce": ("time_in_force", _name),
        "postOnly": ("post_only", _boolean),
        "clientId": ("client_id", _client_id),
        "selfTradePrevention": ("self_trade_prevention", _name),
        "triggerPrice": ("trigger_price", _decimal),
        "triggerQuantity": ("trigger_quantity", _decimal),
        "triggerBy": ("trigger_by", _name),
        "triggeredBy": ("trigger_by", _name),  # bpx-py's spelling
        "slippageTolerance": ("slippage_tolerance", _decimal),
        "slippageToleranceType": ("slippage_tolerance_type", _name),
    },
    CancelOpenOrder: {
        **_SYMBOL,
        "orderId": ("order_id", _name),
        "clientId": ("client_id", _client_id),
    },
    INSTRUCTIONS["orderCancelAll"]: {**_SYMBOL, "orderType": ("order_type", _name)},
}
_REQUIRED: Mapping[type[KeyCommand], Mapping[str, str]] = {
    kind: {"symbol": "symbol"} for kind in INSTRUCTIONS.values()
} | {ExecuteOrder: {"symbol": "symbol", "side": "side", "orderType": "order_type"}}


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _is_plain(text: str) -> bool:
    """Nothing in it could be taken for the text around it, and UTF-8 can say it."""
    return not any(
        letter in "&="
        or letter < " "
        or "\x7f" <= letter <= "\x9f"
        or "\ud800" <= letter <= "\udfff"
        for letter in text
    )


def _from_base64(text: str, size: int) -> bytes | None:
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return raw if len(raw) == size and b64encode(raw).decode() == text else None


def _is_weak_point(encoded: bytes) -> bool:
    """Of small order, or not the one encoding that its y has."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y >= FIELD_PRIME or y in SMALL_ORDER_YS


@lru_cache(maxsize=4_096)
def _key_of(public_key: str) -> bytes | None:
    raw = bytes.fromhex(public_key[2:])
    return None if _is_weak_point(raw) else raw


def _malformed(reason: str) -> Rejected:
    return Rejected(Code.INVALID_CLIENT_REQUEST, reason)


def _unsigned(reason: str) -> Rejected:
    return Rejected(Code.INVALID_SIGNATURE, reason)
