"""Text out of the files that users upload, as far as a search needs it. Deterministic, bounded, no network."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

#: What the service takes for file search (its documentation, "supported files"). ``.csv`` is not among it.
SEARCHABLE: Final = frozenset(
    ".c .cpp .cs .css .doc .docx .go .html .java .js .json .md .pdf .php .pptx .py .rb .sh .tex .ts .txt".split()
)

#: Characters that one file may have: five million tokens (its documentation), four characters each.
MAX_TEXT = 20_000_000
#: Bytes that cannot have less text than that; so much is never read.
MAX_BYTES = 4 * MAX_TEXT
TOO_LARGE: Final = "The file could not be parsed because it is too large."


class Unreadable(Exception):
    """A file that cannot be parsed; the message is the service's."""


def extension(filename: str) -> str:
    """``.txt`` of ``notes.TXT``; empty for a name without one."""
    return PurePosixPath(filename).suffix.lower()


def text_of(filename: str, data: bytes) -> str:
    """The text of a file. Raises Unreadable for one that is empty or too large, or that its format's reader refuses."""
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
    if len(text) > MAX_TEXT:
        raise Unreadable(TOO_LARGE)
    return text


def _plain(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\x00" in data:
        raise Unreadable("The file could not be parsed.")
    return data.decode("utf-8-sig")


def _html(data: bytes) -> str:
    from emulator.html_text import visible_text

    return visible_text(_plain(data))


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def _docx(data: bytes) -> str:
    from docx import Document

    return "\n".join(_blocks(Document(io.BytesIO(data))))


def _blocks(within: Any) -> Iterator[str]:
    """Paragraphs and the cells of tables, in the order of the document."""
    for block in within.iter_inner_content():
        if hasattr(block, "rows"):
            cells = dict.fromkeys(cell for row in block.rows for cell in row.cells)  # a merged cell comes once
            for cell in cells:
                yield from _blocks(cell)
        else:
            yield block.text


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
#: How far from where a text should be cut white space is looked for.
_NEAR = 80


def chunks(text: str, max_tokens: int, overlap_tokens: int) -> list[str]:
    """Pieces of a text as the static strategy cuts it: by estimated tokens (four characters), at white space.

    None is larger than asked; two in a row have at most that much in common.
    """
    size, step = max_tokens * 4, (max_tokens - overlap_tokens) * 4
    cut, start = [], 0
    while start + size < len(text):
        end = _end_before(text, start + size)
        cut.append(text[start:end])
        start = min(end, _start_after(text, start + step))
    return [*cut, text[start:]]


def _end_before(text: str, position: int) -> int:
    """The end of the last word that is complete at a position, if it is near."""
    tail = re.search(r"\s\S*\Z", text[position - _NEAR : position + 1])
    return position - _NEAR + tail.start() if tail else position


def _start_after(text: str, position: int) -> int:
    """The end of the word that stands at a position, if it is near."""
    found = _GAP.search(text, position, position + _NEAR)
    return found.start() if found else position
