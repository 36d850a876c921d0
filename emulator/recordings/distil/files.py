"""Files: what a scenario calls those of a recording, and where it keeps what they held.

Small texts stand in the scenario, everything else beside it in ``<scenario>.files/``.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from typing import Final

from emulator.base.json_types import Object
from emulator.recordings.distil.history import History
from emulator.recordings.distil.literal import verbatim

#: Bytes of a text that may stand in the scenario.
INLINE: Final = 2_000
#: Bytes that are made up at most for a file whose contents nobody recorded.
MADE_UP: Final = 1024 * 1024
_MADE_UP_TEXT: Final = b"(contents were not recorded) "
#: What a file can be for, beside ``assistants``.
_PURPOSES: Final = (
    "assistants_output", "batch", "batch_output", "fine-tune", "fine-tune-results", "vision", "user_data", "evals",
)  # fmt: skip
#: The smallest image: one transparent pixel.
_PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


class Inventory:
    """Implements ``acts.Files``. ``beside``: contents of the files that go beside the scenario, by path."""

    def __init__(self, history: History, folder: str) -> None:
        self._history = history
        self._folder = folder
        self.beside: dict[str, bytes] = {}
        #: Files whose contents were made up, by what the scenario calls them.
        self.made_up: list[str] = []
        self._made_by_runs: dict[str, str] = {}
        #: Images without a name, by the run whose code made them.
        self._unnamed: Counter[str] = Counter()

    def name(self, id: str) -> str:
        """A file that is there when a step is played: by its name if a request or a run made it, else by its id."""
        if id in self._made_by_runs:
            return self._made_by_runs[id]
        known = self._history.knows("file", id)
        if known and known.made:
            return self._history.filename(id) or id
        return id

    def image(self, id: str, run_id: str) -> Object:
        """An image that a run's code makes."""
        filename = self._history.filename(id) or self._made_by_runs.get(id)
        if filename is None:
            self._unnamed[run_id] += 1
            filename = "image.png" if self._unnamed[run_id] == 1 else f"image-{self._unnamed[run_id]}.png"
        return self._made(id, filename, _PIXEL)

    def output(self, id: str, filename: str) -> Object:
        """A file that a run's code makes, under the name by which a message links to it."""
        return self._made(id, filename, _MADE_UP_TEXT.rstrip())

    def _made(self, id: str, filename: str, otherwise: bytes) -> Object:
        self._made_by_runs[id] = filename
        self._history.meet("file", id).made = True
        content = self._history.contents.get(id)
        if content is None:
            self.made_up.append(filename)
            content = otherwise
        kept = self._kept(filename, content)
        if "content" in kept:
            kept = {"content": verbatim(kept["content"])}
        return {"filename": verbatim(filename), **kept}

    def given(self, id: str) -> Object:
        """A file that was there before."""
        known = self._history.knows("file", id)
        first: Object = (known and known.first) or {}
        filename = self._history.filename(id) or "file.txt"
        content = self._history.contents.get(id)
        if content is None:
            self.made_up.append(id)
            content = self._made_up(id, first.get("bytes"))
        said = {"purpose": first["purpose"]} if first.get("purpose") in _PURPOSES else {}
        return {"id": id, "filename": filename, **said, **self._kept(filename, content)}

    def _made_up(self, id: str, size: int | None) -> bytes:
        """Words of the recorded length; for what was found in it, at least that can be found again."""
        found = self._history.results.get(id, {})
        text = "\n".join(part.get("text", "") for part in found.get("content") or []).encode()
        if size is None:
            return text or _MADE_UP_TEXT.rstrip()
        size = min(size, MADE_UP)
        return (text + _MADE_UP_TEXT * (size // len(_MADE_UP_TEXT) + 1))[:size]

    def _kept(self, filename: str, content: bytes) -> Object:
        text = _text(content)
        if text is not None and len(content) <= INLINE:
            return {"content": text}
        if len(content) <= 200:
            return {"base64": base64.b64encode(content).decode()}
        path = f"{self._folder}/{_free(safe(filename), content, self.beside, self._folder)}"
        self.beside[path] = content
        return {"path": path}


def safe(filename: str) -> str:
    """A file's name that leads nowhere else: no separators, no leading dots, nothing but plain characters."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", filename.replace("\\", "/").rsplit("/", 1)[-1]).lstrip("._")
    return plain[-100:].lstrip("._") or "file"


def _free(name: str, content: bytes, taken: dict[str, bytes], folder: str) -> str:
    """The name, or one like it that no other content has."""
    stem, dot, ending = name.rpartition(".")
    number, candidate = 1, name
    while taken.get(f"{folder}/{candidate}", content) != content:
        number += 1
        candidate = f"{stem or ending}-{number}{dot + ending if stem else ''}"
    return candidate


def _text(content: bytes) -> str | None:
    """Text that a scenario can hold; templates do not touch it."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c in "\n\t" for c in text) else None
