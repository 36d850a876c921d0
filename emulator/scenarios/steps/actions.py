"""What a step yields: what the model does, free of any API.

A step composes an action once (text, annotations, pieces, calls, outputs, results); the narrator of an API
(``engine/narrator.py``) turns it into that API's objects and events, in that API's order. Actions are plain values
without ids to look up, times or I/O, so that a step is tested by ``list(say(...))``.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from emulator.base.json_types import Object

# ---- What actions are made of ----


class FileRef(NamedTuple):
    """A file that the model shows, cites or has made.

    ``id`` is empty for a file that only a scenario names: the narrator makes one up for it, the same for each name.
    ``filename`` is the name that a citation shows.
    """

    id: str
    filename: str


class Annotation(NamedTuple):
    """A part of a text that stands for a file; positions count code points.

    A ``citation`` names its source, a ``link`` leads to a file that code made. In a plain text a citation is a point:
    ``start`` and ``end`` are where its marker would stand, and ``text`` is empty.
    """

    start: int
    end: int
    kind: Literal["citation", "link"]
    text: str
    file: FileRef


class PlainText(NamedTuple):
    """A message's text without the markers of citations, for APIs that do not write them.

    ``annotations`` are all that the message has, in the order of their places: citations are points; links, and spans
    that the scenario gives by position, keep their text and have the kind ``link``; an image that is shown is an empty
    span of the kind ``link``.
    """

    text: str
    pieces: list[str]
    annotations: list[Annotation]


class FunctionCall(NamedTuple):
    """A call of a function. ``pieces``: the parts in which its arguments are streamed."""

    name: str
    arguments: str
    pieces: list[str]


class Logs(NamedTuple):
    """What code has printed."""

    text: str


class Image(NamedTuple):
    """An image that code shows."""

    file: FileRef


class Execution(NamedTuple):
    """A piece of code that runs. ``pieces``: the parts in which its input is streamed; ``outputs`` in their order."""

    input: str
    pieces: list[str]
    outputs: list[Logs | Image]


class SearchResult(NamedTuple):
    """A passage of a file that a search found. ``score`` is from 0 to 1."""

    file_id: str
    filename: str
    score: float
    attributes: Object
    text: str


class Search(NamedTuple):
    """One search in files: the texts that the model searched for, and the results, best first."""

    queries: list[str]
    results: list[SearchResult]


# ---- Actions ----


class Began(NamedTuple):
    """The model begins to answer."""


class Reasoned(NamedTuple):
    """The model reasons before what it does next.

    ``summary``: the parts of its summary, none if nobody sees one. ``pieces``: for each part the pieces in which it is
    streamed.
    """

    summary: list[str]
    pieces: list[list[str]]
    usage: Object | None = None


class Said(NamedTuple):
    """A message. ``usage`` is what the step states; ``stays_open``: the next step finds it still being written.

    ``text``, ``pieces`` and ``annotations`` have markers of citations, and ``images`` stand before the text;
    ``plain`` is the same message without markers, its images among the annotations.
    """

    text: str
    pieces: list[str]
    annotations: list[Annotation]
    images: list[FileRef]
    plain: PlainText
    usage: Object | None = None
    stays_open: bool = False
    phase: Literal["commentary", "final_answer"] | None = None


class Refused(NamedTuple):
    """A message that is a refusal."""

    text: str
    pieces: list[str]
    usage: Object | None = None
    stays_open: bool = False


class Called(NamedTuple):
    """Function calls; the turn rests until their outputs are submitted."""

    calls: list[FunctionCall]
    usage: Object | None = None


class RanCode(NamedTuple):
    """Code that the service's interpreter ran. ``stays_open``: the next step finds it still running."""

    executions: list[Execution]
    usage: Object | None = None
    stays_open: bool = False


class Searched(NamedTuple):
    """Searches in the files of vector stores. ``stays_open``: the next step finds them still under way."""

    searches: list[Search]
    usage: Object | None = None
    stays_open: bool = False


class Waited(NamedTuple):
    """Seconds pass on the world's clock. ``to_expiry``: as many as the turn has left to live."""

    seconds: float
    to_expiry: bool = False


class Held(NamedTuple):
    """The turn stands at a hold until somebody releases it."""

    label: str


class Completed(NamedTuple):
    """The turn comes to its end."""


class Failed(NamedTuple):
    """The turn fails."""

    code: str
    message: str


class CutOff(NamedTuple):
    """The turn ends incomplete."""

    reason: Literal["max_completion_tokens", "max_prompt_tokens", "content_filter"]


class Expired(NamedTuple):
    """The turn's time is over."""


class Cancelled(NamedTuple):
    """The client has stopped the turn."""


Action = (
    Began | Reasoned | Said | Refused | Called | RanCode | Searched | Waited | Held | Completed | Failed | CutOff
    | Expired | Cancelled
)  # fmt: skip
#: All of them, for those who have to know each.
ACTIONS: tuple[type[Any], ...] = Action.__args__


# ---- In words ----


def in_words(action: Action) -> str:
    """What the model does, for people: the text itself, where there is one, or the calls."""
    match action:
        case Said(text) | Refused(text):
            return text or "shows " + ", ".join(one.filename for one in getattr(action, "images", ()))
        case Began() | Completed():  # in every turn, so not behind all others
            return ""
        case Called(calls):
            return ", ".join(f"{one.name}({one.arguments})" for one in calls)
        case RanCode(executions):
            return "; ".join(one.input for one in executions)
        case Searched(searches):
            return ", ".join(query for one in searches for query in one.queries)
        case Reasoned(summary):
            return " ".join(summary)
        case Waited(seconds):
            return f"waits {seconds:g} s"
        case Held(label):
            return f"holds at {label!r}"
        case Failed(code, message):
            return f"{code}: {message}"
        case CutOff(reason):
            return reason
    return ""
