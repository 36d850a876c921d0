"""A world as one HTML file: the inspector's page with the data inside, readable without a server and a network."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from typing import Any, Final

import orjson

from emulator.admin.inspector.page import PAGE, SCRIPTS, STYLE, text_of
from emulator.base.prices import Prices
from emulator.base.secrets.texts import redact_text
from emulator.base.text import shorten
from emulator.control.client import Control

#: Requests whose headers and bodies are in the file: the newest.
_DETAILED: Final = 200


def report_of(control: Control, title: str, prices: Prices | None = None) -> str:
    """The file of a world as it is now. ``title``: for example the name of the test that failed.

    ``prices``: what the cost is counted with; the bundled table if it is absent.
    Raises EmulatorError if the emulator cannot be reached.
    """
    snapshot = control.snapshot()
    report = control.report()
    prices = prices or Prices.load()
    told = {
        "loose_ends": [one.as_json() for one in report.loose_ends],
        "habits": [one.as_json() for one in report.habits],
        "cost": {"rows": report.cost.rows(prices), "total": report.cost.in_words(prices), "note": prices.in_words()},
    }
    newest = [row["seq"] for row in snapshot["requests"][-_DETAILED:]]
    details = {str(seq): control.request(seq) for seq in newest}
    return html_of({**snapshot, **told, "full": True, "fault_form": None, "details": details}, title)


def html_of(snapshot: dict[str, Any], title: str) -> str:
    """The page with a snapshot inside. Secrets are redacted as in recordings. ``title`` is plain text."""
    title = redact_text(title)
    data = orjson.dumps(_without_secrets(dict(snapshot))).decode().replace("<", "\\u003c")
    style, script = text_of(STYLE), "\n".join(text_of(name) for name in SCRIPTS)
    policy = (
        f"default-src 'none'; script-src {_hash_of(script)}; style-src {_hash_of(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    page = text_of(PAGE)
    page = re.sub(r"<script defer[^>]*></script>\n", "", page)
    page = re.sub(r"<title>[^<]*</title>", lambda _: f"<title>{html.escape(title)}</title>", page)
    page = page.replace("<h1>assistants-emulator</h1>", f"<h1>{html.escape(shorten(title, 200))}</h1>")
    head = f'<meta http-equiv="content-security-policy" content="{policy}">\n<meta charset="utf-8">'
    page = page.replace('<meta charset="utf-8">', head)
    page = re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{style}</style>", page)
    inside = f'<script type="application/json" id="world">{data}</script>\n<script>{script}</script>\n</body>'
    return page.replace("</body>", inside)


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _without_secrets(snapshot: dict[str, Any]) -> Any:
    from emulator.base.secrets.finder import Finder
    from emulator.recordings.redaction.scrubber import Scrubber, redacted_value

    scrubber = Scrubber(Finder())
    for row in [*snapshot.get("requests", ()), *snapshot.get("details", {}).values()]:
        row["path"] = scrubber.url(row["path"])
    files = snapshot.pop("files", [])  # an image is no text
    named = [{**file, "filename": scrubber.plain(file["filename"])} for file in files]
    return {**redacted_value(snapshot, scrubber), "files": named}
