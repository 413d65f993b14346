"""A plain HTML page, which loads nothing from anywhere and needs no script."""

from html import escape

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: left;
  vertical-align: top }}
.reference td:nth-child(-n+2), summary, pre, code {{ font-family: ui-monospace, monospace;
  font-size: 13px }}
summary {{ cursor: pointer; padding: .2rem 0 }}
summary b {{ display: inline-block; width: 4.5em }}
summary i {{ font: 14px system-ui, sans-serif; opacity: .7; margin-left: 1em }}
pre {{ background: #8881; padding: .8rem; overflow: auto }}
</style></head><body>
{body}
</body></html>
"""


def page(title: str, body: str) -> str:
    """`body` is HTML."""
    return _PAGE.format(title=escape(title), body=body)
