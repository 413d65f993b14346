"""What people may read of an endpoint's URL. The rest of it is often the key to a paid account."""

from urllib.parse import unquote, urlsplit

TEXT_MAX = 300  # characters of a node's words that people get to read
SECRET_MIN = 6  # characters; shorter parts of a URL are words such as "v3"


def shown(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{parts.port}" if parts.port else "")


def scrubbed(text: str, url: str) -> str:
    """`text` without the parts of `url` that `shown` leaves out, whoever repeats them."""
    parts = urlsplit(url)
    pieces = [*parts.path.split("/"), parts.username or "", parts.password or "", parts.fragment]
    for pair in parts.query.split("&"):
        pieces += [pair, pair.partition("=")[2]]
    secrets = {piece for piece in (url, *pieces, *map(unquote, pieces)) if len(piece) >= SECRET_MIN}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def readable(text: str, url: str) -> str:
    """What stands behind `url` said, on one short line and scrubbed."""
    line = scrubbed(text, url)[:TEXT_MAX]
    return "".join(char if char.isprintable() else " " for char in line)
