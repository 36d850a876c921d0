"""What a step sees of the turn it plays in, and how it fails.

The API that plays the turn makes the context; steps read it, render their templates here and find files by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from emulator.base.problems import EmulatorError
from emulator.sandbox import templates
from emulator.sandbox.fake import Fake
from emulator.sandbox.meter import Meter
from emulator.sandbox.templates import TemplateError
from emulator.scenarios.steps.actions import FileRef, SearchResult
from emulator.scenarios.steps.tool import Tool

_Made = TypeVar("_Made")

__all__ = ["Fake", "LateContext", "Output", "StepContext", "StepFailed", "parsed"]


class StepFailed(EmulatorError):
    """A step that cannot be played: the turn fails, and ``check()`` reports it as a problem of this kind."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def parsed(text: str) -> Any:
    """The value of a text that is JSON; any other text as it is."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


@dataclass(slots=True)
class Output:
    """One function call with the output that the client submitted."""

    name: str
    arguments: str
    output: str

    def value(self) -> Any:
        return parsed(self.output)


@dataclass(slots=True)
class StepContext:
    """One turn, as its steps see it. ``tools`` are those that the model has, in the order of the request.

    ``objects``: the API's own objects that templates see, by name (``assistant``, ``thread``, ``run``).
    """

    message: str
    tools: Callable[[], list[Tool]]
    objects: Callable[[], dict[str, Any]]
    fake: Fake
    #: A file by its id, or the newest of that name; the names that there are, for the error.
    find_file: Callable[[str], FileRef | None] = lambda name: None
    file_names: Callable[[], list[str]] = list
    #: Stores a file that the model's code makes: file name and content.
    make_file: Callable[[str, bytes], FileRef] = lambda filename, content: FileRef("", filename)
    #: The content of a stored file, by its id.
    read_file: Callable[[str], bytes] = lambda file_id: b""
    #: What file search finds in the turn's vector stores, best first.
    search: Callable[[str], list[SearchResult]] = lambda query: []
    #: Ids of the vector stores that file search looks into.
    store_ids: Callable[[], list[str]] = list
    #: Contents of the files that the scenario names by path.
    contents: Mapping[str, bytes] = field(default_factory=dict)
    #: Files that the model's code has made for the user: texts link to them.
    generated: list[FileRef] = field(default_factory=list)
    #: Images that the model's code has made.
    images_made: list[FileRef] = field(default_factory=list)
    #: The results of the latest search.
    results: list[SearchResult] = field(default_factory=list)
    #: The outputs that the client has submitted so far.
    outputs: list[Output] = field(default_factory=list)
    #: What has the tools, in the words of its API: a run, or on Responses each request.
    tools_owner: str = "the run"
    #: What its templates may do, all together.
    meter: Meter = field(default_factory=Meter)

    def render(self, value: Any) -> Any:
        """A value with its templates filled in.

        Raises StepFailed (``template``) when a template fails, as the other two do.
        """
        if isinstance(value, str) and not templates.is_template(value):
            return value
        return _or_failed(lambda: templates.render(value, self._variables(), self.meter))

    def render_text(self, value: Any) -> str:
        """As ``render``, and the result as text."""
        rendered = self.render(value)
        return rendered if isinstance(rendered, str) else _or_failed(lambda: templates.as_text(rendered))

    def as_json(self, rendered: Any) -> str:
        """A rendered value as JSON."""
        return _or_failed(lambda: templates.as_json(rendered))

    def file(self, name: str) -> FileRef:
        """A file by id or name. Raises StepFailed (``impossible``) if there is none."""
        found = self.find_file(name)
        if found is None:
            names = ", ".join(self.file_names()) or "no file"
            raise StepFailed("impossible", f"there is no file {name!r}: there is {names}")
        return found

    def result(self, number: int) -> FileRef:
        """The file of a result of the latest search, by its number from 1. Raises StepFailed (``impossible``)."""
        if number > len(self.results):
            raise StepFailed("impossible", f"there is no result {number}: the latest search has {len(self.results)}")
        found = self.results[number - 1]
        return FileRef(found.file_id, found.filename)

    def _variables(self) -> dict[str, Any]:
        """The names a template can use; a function's name gives its latest output."""
        return {
            **{output.name: output.value() for output in self.outputs},
            "message": self.message,
            **self.objects(),
            "outputs": [
                {"name": output.name, "arguments": parsed(output.arguments), "output": output.value()}
                for output in self.outputs
            ],
            "results": [
                {"file_id": one.file_id, "filename": one.filename, "score": one.score, "text": one.text}
                for one in self.results
            ],
            "fake": self.fake,
        }


class LateContext:
    """The context of a turn, made when its first step is played: until then a turn is only queued."""

    __slots__ = ("_arguments", "_made", "_make")

    def __init__(self, make: Callable[..., StepContext], *arguments: Any) -> None:
        self._make, self._arguments = make, arguments
        self._made: StepContext | None = None

    def __call__(self) -> StepContext:
        if self._made is None:
            self._made = self._make(*self._arguments)
        return self._made


def _or_failed(make: Callable[[], _Made]) -> _Made:
    try:
        return make()
    except TemplateError as error:
        raise StepFailed("template", str(error)) from error
