"""The files of the page, and the headers that keep it harmless."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Final

from starlette.responses import Response

#: The scripts in the order in which they are loaded.
SCRIPTS: Final = ("dom.js", "model.js", "panes.js", "details.js", "app.js")
PAGE: Final = "page.html"
STYLE: Final = "page.css"
_KINDS: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

#: No inline script or style, nothing from elsewhere, nobody's frame. Images are the data of a snapshot.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


def page_file(name: str) -> Response:
    """A file of the page by its name; the page itself if it is empty. 404 for any other name."""
    name = name or PAGE
    if name not in (PAGE, STYLE, *SCRIPTS):
        return Response("There is no such file.\n", 404, {**_HEADERS, "content-type": "text/plain"})
    kind = _KINDS[name[name.index(".") :]]
    return Response(text_of(name), 200, {**_HEADERS, "content-type": f"{kind}; charset=utf-8"})


@functools.cache
def text_of(name: str) -> str:
    """The text of a file of the page."""
    return files(__package__).joinpath("static", name).read_text(encoding="utf-8")
