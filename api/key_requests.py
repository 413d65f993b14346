"""Requests that an API key signs, in the convention's headers: who asks, and the parameters exactly
as they were signed.

Strings are signed bare, numbers and booleans as they stood in the body; a null is not signed and
says nothing. Who owns the key the state knows; for what changes something that is the exchange's to
decide, for reads it is looked up here.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from api.gateway import KEY_HEADER, Scope
from api.problems import decode, malformed
from xyk.domain.key_commands import WINDOW_DEFAULT_MS, WINDOW_MAX_MS
from xyk.domain.rejections import Rejected
from xyk.wallet.api_key import Parameters, public_key_of, signed_texts, verify_request

DIGITS_MAX = 18  # of a timestamp or a window

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_string = msgspec.json.Decoder(str)
_BOOLEANS = {"True": "true", "False": "false"}  # one client writes Python's and signs JSON's


class KeyHeaders(NamedTuple):
    """`public_key` as 0x and hex, `signature` as it was sent; `timestamp` and `window` in ms."""

    public_key: str
    signature: str
    timestamp: int
    window: int


def headers_of(scope: Scope) -> KeyHeaders | Rejected:
    """INVALID_CLIENT_REQUEST where one is missing or malformed."""
    found = {name: value.decode("latin-1") for name, value in scope["headers"]}
    for name in ("X-API-Key", "X-Signature", "X-Timestamp"):
        if not found.get(name.lower().encode()):
            return malformed(
                f"The header {name} is missing; an API key signs this request and sends "
                "X-API-Key, X-Signature, X-Timestamp and X-Window"
            )
    return key_headers(
        found[KEY_HEADER],
        found[b"x-signature"],
        found[b"x-timestamp"],
        found.get(b"x-window") or str(WINDOW_DEFAULT_MS),
    )


def key_headers(key: str, signature: str, timestamp: str, window: str) -> KeyHeaders | Rejected:
    """The same from their four texts."""
    public_key = public_key_of(key)
    if isinstance(public_key, Rejected):
        return malformed(public_key.message)
    sent_ms, window_ms = _digits(timestamp), _digits(window)
    if sent_ms is None:
        return malformed(f"Invalid timestamp {timestamp[:40]!r}: X-Timestamp is Unix time in ms")
    if window_ms is None or not 0 < window_ms <= WINDOW_MAX_MS:
        return malformed(f"Invalid window {window[:40]!r}: X-Window is 1 to {WINDOW_MAX_MS} ms")
    return KeyHeaders(public_key, signature, sent_ms, window_ms)


def signed_text(
    headers: KeyHeaders, instruction: str, elements: list[Parameters]
) -> str | Rejected:
    """The text that the key signed, raw or percent-encoded; else INVALID_SIGNATURE."""
    texts = signed_texts(instruction, elements, headers.timestamp, headers.window)
    return verify_request(headers.public_key, headers.signature, texts)


def query_parameters(scope: Scope) -> dict[str, str] | Rejected:
    """Names without a value are left out, which nobody signs."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(scope["query_string"].decode("latin-1")):
        if name in found:
            return malformed(f"Name it once - at `{name[:40]}`")
        if not _is_plain(name) or not _is_plain(value):
            return malformed(f"'&', '=' and control characters mean nothing - at `{name[:40]}`")
        found[name] = _BOOLEANS.get(value, value)
    return found


def body_parameters(body: bytes) -> dict[str, str] | Rejected:
    """The members of a JSON object."""
    raw = decode(_object, body)
    return raw if isinstance(raw, Rejected) else _parameters(raw, "$")


def batch_parameters(body: bytes) -> list[Parameters] | Rejected:
    """Those of each object of a JSON array."""
    raw = decode(_array, body)
    if isinstance(raw, Rejected):
        return raw
    elements: list[Parameters] = []
    for index, element in enumerate(raw):
        parameters = _parameters(element, f"$[{index}]")
        if isinstance(parameters, Rejected):
            return parameters
        elements.append(parameters)
    return elements


def _parameters(members: Mapping[str, msgspec.Raw], path: str) -> dict[str, str] | Rejected:
    found: dict[str, str] = {}
    for name, raw in members.items():
        text = bytes(raw)
        if text[:1] in (b"{", b"["):
            return malformed(
                f"Expected a string, a number, true or false - at `{path}.{name[:40]}`"
            )
        if text[:1] == b'"':
            value = decode(_string, text)
            if isinstance(value, Rejected):
                return value
            found[name] = value
        elif text != b"null":
            found[name] = text.decode()
    return found


def _digits(text: str) -> int | None:
    is_plain = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
    return int(text) if is_plain else None


def _is_plain(text: str) -> bool:
    return not any(letter in "&=" or letter < " " for letter in text)
