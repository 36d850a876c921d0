"""Citations in a message: markers in its text, points and spans of it, and the same text without markers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any, Final, Literal, NamedTuple

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import TEXT, Schema
from emulator.scenarios.steps.actions import Annotation, FileRef, PlainText
from emulator.scenarios.steps.context import StepContext, StepFailed
from emulator.scenarios.steps.pieces import cut

_POSITION: Final[Schema] = {"type": "integer", "minimum": 0}
_SPAN: Final = ("start_index", "end_index")
#: A citation in a scenario: its file, and its place by marker, by point or by span.
CITE: Final[Schema] = {
    "type": "object",
    "properties": {
        "file": TEXT,
        "result": {"type": "integer", "minimum": 1},
        "filename": {"type": "string", "minLength": 1},
        "marker": {"type": "string", "minLength": 1},
        "index": _POSITION,
        "start_index": _POSITION,
        "end_index": _POSITION,
    },
    "additionalProperties": False,
    "anyOf": [{"required": ["file"]}, {"required": ["result"]}, {"required": ["filename"]}],
    "not": {"required": ["file", "result"]},
    "description": "a file (or a result of the latest search by its number, or a filename alone)",
}

#: Where the code interpreter keeps the files that messages link to.
SANDBOX: Final = "sandbox:/mnt/data/"


class _Place(NamedTuple):
    """What a citation marks in the text as the scenario writes it.

    ``inserted``: the marker that is written there. ``is_marker``: the span is a marker; else it is part of the message.
    """

    start: int
    end: int
    kind: Literal["citation", "link"]
    file: FileRef
    inserted: str = ""
    is_marker: bool = False

    @property
    def is_image(self) -> bool:
        """An empty span: the file is shown, and no text stands for it."""
        return self.start == self.end and not self.inserted


class Composed(NamedTuple):
    """A text with markers and the same text without."""

    text: str
    pieces: list[str]
    annotations: list[Annotation]
    plain: PlainText
    #: Files that are shown as images: those that an empty span cites.
    images: list[FileRef]


def why_no_place(cite: Object) -> str | None:
    """Why a citation of the right form has no single place in the text."""
    places = [key for key in ("marker", "index", *_SPAN) if key in cite]
    if places in ([], ["marker"], ["index"]):
        return None
    if places != list(_SPAN):
        return f"expected a marker, an index, or start_index and end_index together; got {' and '.join(places)}"
    if cite["end_index"] < cite["start_index"]:
        return f"expected an end_index of at least start_index ({cite['start_index']}); got {cite['end_index']}"
    return None


def compose(context: StepContext, text: str, chunks: Any, cites: list[Object], images: list[FileRef]) -> Composed:
    """A message's text, cited and cut into pieces. ``images`` are those that the message shows besides.

    Raises StepFailed: ``chunks`` that do not join to the text, ``impossible`` citations.
    """
    given = cut(text, chunks) if isinstance(chunks, list) else None
    if not (cites or images or context.generated):
        pieces = cut(text, chunks) if given is None else given
        return Composed(text, pieces, [], PlainText(text, pieces, []), [])
    places = list(_places(context, cites, text))
    shown = [place for place in places if place.is_image]
    spans = [place for place in places if not (place.is_image or place.inserted)]
    spans += _links(context, text, spans)
    inserted = sorted((place for place in places if place.inserted), key=lambda one: one.start)
    _require_apart(spans, inserted)

    marked = _Marked(text, inserted)
    annotations = _in_order([*marked.inserted(), *map(marked.annotation, spans)])
    pieces = _cut_around(marked.text, annotations, chunks) if given is None else marked.pieces(given)

    clean = _Cleaned(text, [place for place in spans if place.is_marker])
    pictures = [_Place(0, 0, "link", file) for file in images]
    plain = _in_order(map(clean.annotation, [*pictures, *shown, *_each_once(spans), *inserted]))
    clean_pieces = _cut_around(clean.text, plain, chunks) if given is None else clean.pieces(given)
    return Composed(
        marked.text,
        pieces,
        annotations,
        PlainText(clean.text, clean_pieces, plain),
        [place.file for place in shown],
    )


def _each_once(spans: list[_Place]) -> Iterator[_Place]:
    """Without links that the marker of a citation is already."""
    marked = {(one.start, one.end) for one in spans if one.kind == "citation"}
    return (one for one in spans if one.kind == "citation" or (one.start, one.end) not in marked)


def _in_order(annotations: Iterable[Annotation]) -> list[Annotation]:
    return sorted(annotations, key=lambda one: one.start)


def _cut_around(text: str, annotations: list[Annotation], chunks: Any) -> list[str]:
    """The pieces of a text, the texts of annotations whole."""
    pieces: list[str] = []
    start = 0
    for one in annotations:
        if one.start >= start:
            pieces += [*cut(text[start : one.start], chunks), *([one.text] if one.text else [])]
            start = one.end
    return pieces + cut(text[start:], chunks)


# ---- Places ----


def _places(context: StepContext, cites: list[Object], text: str) -> Iterator[_Place]:
    """Where each citation stands: at its marker where the text has it, else one as the service writes them is added."""
    behind: dict[str, int] = {}
    for number, cite in enumerate(cites):
        file = _cited_file(context, cite)
        if "start_index" in cite:
            yield _span(context, file, text, cite["start_index"], cite["end_index"])
            continue
        marker = context.render_text(cite["marker"]) if "marker" in cite else f"【4:{number}†{file.filename}】"
        if "index" in cite:
            _require_inside(text, "index", cite["index"])
            yield _Place(cite["index"], cite["index"], "citation", file, inserted=marker)
            continue
        start = text.find(marker, behind.get(marker, 0))
        if start < 0:
            yield _Place(len(text), len(text), "citation", file, inserted=marker)
        else:
            behind[marker] = end = start + len(marker)
            yield _Place(start, end, "citation", file, is_marker=not marker.startswith(SANDBOX))


def _cited_file(context: StepContext, cite: Object) -> FileRef:
    """The file with the name that the citation shows; one that is not in the account has no id."""
    shown = context.render_text(cite["filename"]) if "filename" in cite else None
    if "result" in cite:
        file: FileRef | None = context.result(cite["result"])
    elif "file" not in cite:
        file = None
    else:
        name = context.render_text(cite["file"])
        file = context.file(name) if shown is None else context.find_file(name)
    if file is None:
        return FileRef("", shown or "")
    return file if shown is None else FileRef(file.id, shown)


def _span(context: StepContext, file: FileRef, text: str, start: int, end: int) -> _Place:
    _require_inside(text, "end_index", end)
    made = {one.id for one in [*context.generated, *context.images_made]}
    is_link = text.startswith(SANDBOX, start, end) or file.id in made or start == end
    return _Place(start, end, "link" if is_link else "citation", file)


def _require_inside(text: str, key: str, position: int) -> None:
    if position > len(text):
        raise StepFailed(
            "impossible", f"the {key} {position} of a citation is beyond the text's {len(text)} characters"
        )


def _require_apart(spans: list[_Place], inserted: list[_Place]) -> None:
    """Raises StepFailed for a marker that is to stand inside another one, or inside a span that is cited."""
    starts = [one.start for one in inserted]
    for span in spans:
        if bisect_left(starts, span.end) > bisect_right(starts, span.start):
            raise StepFailed("impossible", f"the index of a citation lies inside a citation of {span.file.filename!r}")


def _links(context: StepContext, text: str, cited: list[_Place]) -> list[_Place]:
    """Links to files that the model's code has made, where no citation by position says so already."""
    found = []
    stated = {(one.start, one.end) for one in cited if one.kind == "link"}
    for file in context.generated:
        for match in re.finditer(re.escape(SANDBOX + file.filename), text):
            if match.span() not in stated:
                found.append(_Place(*match.span(), "link", file))
    return found


# ---- Text and pieces ----


class _Marked:
    """A text in which markers are inserted; ``places`` in their order."""

    def __init__(self, text: str, places: list[_Place]) -> None:
        self._places = places
        self._starts = [one.start for one in places]
        #: How far a text behind the first n markers moves.
        self._shifts = list(accumulate((len(one.inserted) for one in places), initial=0))
        self.text = "".join(self.pieces([text]))

    def inserted(self) -> Iterator[Annotation]:
        for one, shift in zip(self._places, self._shifts, strict=False):
            start = one.start + shift
            yield Annotation(start, start + len(one.inserted), one.kind, one.inserted, one.file)

    def annotation(self, place: _Place) -> Annotation:
        """A span of the text before: no marker stands inside it."""
        shift = self._shifts[bisect_right(self._starts, place.start)]
        start, end = place.start + shift, place.end + shift
        return Annotation(start, end, place.kind, self.text[start:end], place.file)

    def pieces(self, pieces: list[str]) -> list[str]:
        """Pieces of the text before, with each marker as a piece of its own."""
        made: list[str] = []
        position, number = 0, 0
        for piece in pieces:
            while number < len(self._places) and (ahead := self._starts[number] - position) < len(piece):
                made += [piece[:ahead], self._places[number].inserted] if ahead else [self._places[number].inserted]
                piece, position, number = piece[ahead:], position + ahead, number + 1
            made.append(piece)
            position += len(piece)
        return made + [one.inserted for one in self._places[number:]]


class _Cleaned:
    """A text from which markers are taken out."""

    def __init__(self, text: str, markers: list[_Place]) -> None:
        #: The parts that are left, by their starts; and how much is left before each.
        self._kept: list[tuple[int, int]] = []
        end = 0
        for start, after in [*sorted((one.start, one.end) for one in markers), (len(text), len(text))]:
            if start >= end:
                self._kept.append((end, start))
            end = max(end, after)
        self._before = list(accumulate((end - start for start, end in self._kept), initial=0))
        self._starts = [start for start, _ in self._kept]
        self.text = "".join(text[start:end] for start, end in self._kept)

    def at(self, position: int) -> int:
        """Where a position is afterwards; one inside a marker is where the marker stood."""
        number = bisect_right(self._starts, position) - 1
        if number < 0:
            return 0
        start, end = self._kept[number]
        return self._before[number] + min(position, end) - start

    def annotation(self, place: _Place) -> Annotation:
        """As a plain text has it: markers become points, and spans that stay lead to their files."""
        start, end = self.at(place.start), self.at(place.end)
        kind: Literal["citation", "link"] = "citation" if place.inserted or place.is_marker else "link"
        return Annotation(start, end, kind, self.text[start:end], place.file)

    def pieces(self, pieces: list[str]) -> list[str]:
        """Pieces of the text before, without the markers; those that were nothing else are gone."""
        ends = list(accumulate(map(len, pieces), initial=0))
        kept = [self.text[self.at(start) : self.at(end)] for start, end in pairwise(ends)]
        return [now for now, before in zip(kept, pieces, strict=True) if now or not before]
