"""What the exchange's policy (CSP) refuses in a page."""

from html.parser import HTMLParser


class Inline(HTMLParser):
    """Inline scripts and styles, handlers, and what lies elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        for name, value in attrs:
            is_ours = (value or "").startswith("/") and not (value or "").startswith("//")
            is_foreign = name in ("src", "href") and not is_ours
            if name == "style" or name.startswith("on") or is_foreign or tag == "base":
                self.refused.append(f"{tag} {name}")

    def handle_data(self, data: str) -> None:
        if self._tag in ("script", "style") and data.strip():
            self.refused.append(self._tag)
        self._tag = ""
