"""The files of a recording: their names in the scenario, and the place of their contents.

The scenario itself holds small texts; all other contents go beside it into ``<scenario>.files/``.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.distil.history import History
from emulator.recordings.distil.literal import verbatim
from emulator.scenarios.given import MAX_STATED

#: Bytes of a text that the scenario itself holds at most.
INLINE: Final = 2_000
#: The size of a file of which nothing was recorded.
UNKNOWN_SIZE: Final = 28
#: The purposes of files, except for the default ``assistants``.
_PURPOSES: Final = (
    "assistants_output", "batch", "batch_output", "fine-tune", "fine-tune-results", "vision", "user_data", "evals",
)  # fmt: skip


class Inventory:
    """Implements ``steps.Files``. ``files``: contents by path of the files that go beside the scenario."""

    def __init__(self, history: History, folder: str) -> None:
        self._history = history
        self._folder = folder
        self.files: dict[str, bytes] = {}
        #: The names in the scenario of the files whose contents were not recorded.
        self.unknown: list[str] = []
        self._made_by_runs: dict[str, str] = {}
        #: How many images without a name the code of a run created.
        self._unnamed: Counter[str] = Counter()

    def name(self, id: str) -> str:
        """The name of a file if a request or a run created it, else its id."""
        if id in self._made_by_runs:
            return self._made_by_runs[id]
        known = self._history.find("file", id)
        if known and known.created:
            return self._history.filename(id) or id
        return id

    def image(self, id: str, run_id: str) -> Object:
        """An image that a run's code creates."""
        filename = self._history.filename(id) or self._made_by_runs.get(id)
        if filename is None:
            self._unnamed[run_id] += 1
            filename = "image.png" if self._unnamed[run_id] == 1 else f"image-{self._unnamed[run_id]}.png"
        return self._made(id, filename, UNKNOWN_SIZE)

    def output(self, id: str, filename: str) -> Object:
        """A file that a run's code creates, under the name in a message's link."""
        return self._made(id, filename, UNKNOWN_SIZE)

    def _made(self, id: str, filename: str, otherwise: int) -> Object:
        self._made_by_runs[id] = filename
        self._history.object_of("file", id).created = True
        content = self._history.contents.get(id)
        if content is None:
            self.unknown.append(filename)
            known = self._history.find("file", id)
            size = ((known and known.first_seen) or {}).get("bytes")
            return {"filename": verbatim(filename), "bytes": size if isinstance(size, int) else otherwise}
        kept = self._kept(filename, content)
        if "content" in kept:
            kept = {"content": verbatim(kept["content"])}
        return {"filename": verbatim(filename), **kept}

    def given(self, id: str) -> Object:
        """A file from before the recording."""
        known = self._history.find("file", id)
        first: Object = (known and known.first_seen) or {}
        filename = self._history.filename(id) or "file.txt"
        content = self._history.contents.get(id)
        kept = self._size(id, first.get("bytes")) if content is None else self._kept(filename, content)
        shown = first.get("purpose") or ("assistants_output" if content is not None else None)  # it was downloaded
        purpose = {"purpose": shown} if shown in _PURPOSES else {}
        return {"id": id, "filename": filename, **purpose, **kept}

    def in_container(self, file: Object) -> Object:
        """A file of a container from before the recording."""
        id, filename = file["id"], str(file.get("path") or file["id"]).removeprefix("/mnt/data/")
        content = self._history.contents.get(id)
        kept = self._size(id, file.get("bytes")) if content is None else self._kept(filename, content)
        source = {"source": "assistant"} if file.get("source") == "assistant" else {}
        return {"id": id, "filename": filename, **source, **kept}

    def _size(self, id: str, size: Any) -> Object:
        """The passages that searches found in a file, else its size: nothing more of its contents was recorded."""
        self.unknown.append(id)
        found = self._history.search_results.get(id, {})
        if text := "\n".join(part.get("text", "") for part in found.get("content") or []):
            return self._kept("found.txt", text.encode())
        return {"bytes": min(size, MAX_STATED) if isinstance(size, int) else UNKNOWN_SIZE}

    def is_output(self, id: str) -> bool:
        """True for a file that was downloaded and that no request uploaded: only a run can have made it."""
        known = self._history.find("file", id)
        return id in self._history.contents and not (known and known.created)

    def is_made(self, id: str) -> bool:
        """True for a file that a step of some run makes."""
        return id in self._made_by_runs

    def _kept(self, filename: str, content: bytes) -> Object:
        text = _text(content)
        if text is not None and len(content) <= INLINE:
            return {"content": text}
        if len(content) <= 200:
            return {"base64": base64.b64encode(content).decode()}
        path = f"{self._folder}/{_free(safe(filename), content, self.files, self._folder)}"
        self.files[path] = content
        return {"path": path}


def safe(filename: str) -> str:
    """A file name that stays in its directory: no separators, no leading dots, only plain characters."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", filename.replace("\\", "/").rsplit("/", 1)[-1]).lstrip("._")
    return plain[-100:].lstrip("._") or "file"


def _free(name: str, content: bytes, taken: dict[str, bytes], folder: str) -> str:
    """The name, or a similar one if other contents have it."""
    stem, dot, ending = name.rpartition(".")
    number, candidate = 1, name
    while taken.get(f"{folder}/{candidate}", content) != content:
        number += 1
        candidate = f"{stem or ending}-{number}{dot + ending if stem else ''}"
    return candidate


def _text(content: bytes) -> str | None:
    """The contents as text, if a scenario can hold it; None for other bytes."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c in "\n\t" for c in text) else None
