"""What a step sees of the turn it plays in, and how it fails.

The API that plays the turn makes the context; steps read it, render their templates here and find files by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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

__all__ = ["Fake", "Output", "StepContext", "StepFailed", "parsed"]


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


class StepContext:
    """One turn, as its steps see it. Each API has a context of its own, which knows what the turn is played on.

    ``message``: what the user has said. ``contents``: of the files that the scenario names by path. The values below
    are those of a turn in which nothing of the kind has happened yet.
    """

    #: What has the tools, in the words of the API: a run, or on Responses each request.
    tools_owner: str = "the run"
    #: Files that the model's code has made for the user: texts link to them.
    generated: tuple[FileRef, ...] = ()
    #: Images that the model's code has made.
    images_made: tuple[FileRef, ...] = ()
    #: The results of the latest search.
    results: Sequence[SearchResult] = ()
    #: The outputs that the client has submitted so far.
    outputs: tuple[Output, ...] = ()
    #: Gets the name and the content of each file that the model's code makes.
    note_file: Callable[[str, bytes], None] | None = None

    def __init__(self, message: str, contents: Mapping[str, bytes]) -> None:
        self.message, self.contents = message, contents

    # ---- What the API knows ----

    def tools(self) -> list[Tool]:
        """Those that the model has, in the order of the request."""
        return []

    def objects(self) -> dict[str, Any]:
        """The API's own objects that templates see, by name: ``assistant``, ``thread``, ``run``."""
        return {}

    def new_fake(self) -> Fake:
        """The Faker of the turn's templates."""
        return Fake(0)

    def find_file(self, name: str) -> FileRef | None:
        """A file by its id, or the newest of that name."""
        return None

    def file_names(self) -> list[str]:
        """The names that there are, for the error."""
        return []

    def store_file(self, filename: str, content: bytes) -> FileRef:
        """Stores a file that the model's code makes."""
        return FileRef("", filename)

    def read_file(self, file_id: str) -> bytes:
        """The content of a stored file."""
        return b""

    def search(self, query: str) -> list[SearchResult]:
        """What file search finds in the turn's vector stores, best first."""
        return []

    def store_ids(self) -> list[str]:
        """Ids of the vector stores that file search looks into."""
        return []

    # ---- What steps do ----

    @cached_property
    def fake(self) -> Fake:
        return self.new_fake()

    @cached_property
    def meter(self) -> Meter:
        """What its templates may do, all together."""
        return Meter()

    def make_file(self, filename: str, content: bytes) -> FileRef:
        """A file that the model's code makes."""
        if self.note_file is not None:
            self.note_file(filename, content)
        return self.store_file(filename, content)

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


def _or_failed(make: Callable[[], _Made]) -> _Made:
    try:
        return make()
    except TemplateError as error:
        raise StepFailed("template", str(error)) from error
