"""The text of a page of HTML. A module of its own, as few need it and its parser takes a while to import."""

from __future__ import annotations

from html.parser import HTMLParser


class _Visible(HTMLParser):
    """The text of a page that a reader sees."""

    _HIDDEN = frozenset({"script", "style", "template"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside += tag in self._HIDDEN

    def handle_endtag(self, tag: str) -> None:
        self._inside -= tag in self._HIDDEN and self._inside > 0

    def handle_data(self, data: str) -> None:
        if not self._inside and data.strip():
            self.pieces.append(data.strip())


def visible_text(html: str) -> str:
    """A line for each piece of text."""
    page = _Visible()
    page.feed(html)
    page.close()
    return "\n".join(page.pieces)
