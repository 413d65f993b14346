"""A plain HTML page, which loads nothing from anywhere and needs no script."""

from base64 import b64encode
from hashlib import sha256
from html import escape

from litestar import MediaType, Response

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: left;
  vertical-align: top }
.reference td:nth-child(-n+2), summary, pre, code { font-family: ui-monospace, monospace;
  font-size: 13px }
summary { cursor: pointer; padding: .2rem 0 }
summary b { display: inline-block; width: 4.5em }
summary i { font: 14px system-ui, sans-serif; opacity: .7; margin-left: 1em }
pre { background: #8881; padding: .8rem; overflow: auto }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{style}</style></head><body>
{body}
</body></html>
"""


# A browser runs and loads nothing of such a page but its own style, and puts it into no frame.
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
}


def page(title: str, body: str) -> str:
    """`body` is HTML."""
    return _PAGE.format(title=escape(title), style=_STYLE, body=body)


def page_response(text: str) -> Response[str]:
    """What `page` gave, with all that a browser should know of it."""
    return Response(text, media_type=MediaType.HTML, headers=HEADERS)
