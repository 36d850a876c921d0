"""Text out of the files that users upload, as far as a search needs it. Deterministic, bounded, no network."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from emulator.base.limits import MAX_DRAWING_OPERATIONS, MAX_TEXT, MAX_UNPACKED

#: What the service takes for file search (its documentation, "supported files"). ``.csv`` is not among it.
SEARCHABLE: Final = frozenset(
    ".c .cpp .cs .css .doc .docx .go .html .java .js .json .md .pdf .php .pptx .py .rb .sh .tex .ts .txt".split()
)

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
    from emulator.world.state.html_text import visible_text

    return visible_text(_plain(data))


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader

    left = MAX_DRAWING_OPERATIONS

    def count(*_: Any) -> None:
        """Contents can draw each other again and again."""
        nonlocal left
        left -= 1
        if left < 0:
            raise Unreadable(TOO_LARGE)

    pages = PdfReader(io.BytesIO(data)).pages
    return _bounded(page.extract_text(visitor_operand_before=count) for page in pages)


def _docx(data: bytes) -> str:
    import zipfile

    from docx import Document

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:  # no part can be larger than it says
            raise Unreadable(TOO_LARGE)
    return _bounded(_blocks(Document(io.BytesIO(data))))


def _blocks(within: Any) -> Iterator[str]:
    """Paragraphs and the cells of tables, in the order of the document."""
    from docx.table import _Cell

    for block in within.iter_inner_content():
        if not hasattr(block, "rows"):
            yield block.text
            continue
        for row in block._tbl.tr_lst:
            for cell in row.tc_lst:
                if cell.vMerge != "continue":  # a merged cell comes once
                    yield from _blocks(_Cell(cell, block))


def _bounded(pieces: Iterable[str]) -> str:
    """The pieces as lines, as far as they are no longer than a text may be."""
    kept, size = [], 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size > MAX_TEXT:
            raise Unreadable(TOO_LARGE)
    return "\n".join(kept)


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

    None is larger than the given size; two in a row have at most that much in common.
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
