"""Text out of the files that users upload, as far as a search needs it. Deterministic, bounded, no network."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Final

#: What the service takes for file search (its documentation, "supported files"). ``.csv`` is not among it.
SEARCHABLE: Final = frozenset(
    ".c .cpp .cs .css .doc .docx .go .html .java .js .json .md .pdf .php .pptx .py .rb .sh .tex .ts .txt".split()
)

#: Characters that are taken out of one file at most.
MAX_TEXT = 20_000_000


class Unreadable(Exception):
    """A file that cannot be parsed; the message is the service's."""


def extension(filename: str) -> str:
    """``.txt`` of ``notes.TXT``; empty for a name without one."""
    return PurePosixPath(filename).suffix.lower()


def text_of(filename: str, data: bytes) -> str:
    """The text of a file. Raises Unreadable for one that is empty or that its format's reader refuses."""
    if not data.strip():
        raise Unreadable("The file could not be parsed because it is empty.")
    read = _READERS.get(extension(filename), _plain)
    try:
        text = read(data)
    except Unreadable:
        raise
    except Exception as error:  # readers of foreign formats fail in any way
        raise Unreadable("The file could not be parsed.") from error
    if not text.strip():
        raise Unreadable("The file could not be parsed because it is empty.")
    return text[:MAX_TEXT]


def _plain(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\x00" in data:
        raise Unreadable("The file could not be parsed.")
    return data.decode("utf-8-sig")


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


def _html(data: bytes) -> str:
    page = _Visible()
    page.feed(_plain(data))
    page.close()
    return "\n".join(page.pieces)


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def _docx(data: bytes) -> str:
    from docx import Document

    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(data)).paragraphs)


def _needs_documents(reader: Callable[[bytes], str]) -> Callable[[bytes], str]:
    def read(data: bytes) -> str:
        try:
            return reader(data)
        except ImportError:
            raise Unreadable(
                "The file could not be parsed: install assistants-emulator[documents] to read its format."
            ) from None

    return read


_READERS: Final[dict[str, Callable[[bytes], str]]] = {
    ".html": _html,
    ".pdf": _needs_documents(_pdf),
    ".docx": _needs_documents(_docx),
}

_GAP = re.compile(r"\s")


def chunks(text: str, max_tokens: int, overlap_tokens: int) -> list[str]:
    """Pieces of a text as the static strategy cuts it: by estimated tokens (four characters), at white space."""
    size, step = max_tokens * 4, max((max_tokens - overlap_tokens) * 4, 4)
    if len(text) <= size:
        return [text]
    cut, start = [], 0
    while start < len(text):
        end = _at_gap(text, start + size)
        cut.append(text[start:end])
        if end >= len(text):
            break
        start = _at_gap(text, start + step)
    return cut


def _at_gap(text: str, position: int) -> int:
    """The end of the word that stands at a position, if it is near."""
    found = _GAP.search(text, position, position + 80)
    return found.start() if found else min(position, len(text))
