"""What a step sees of the run it plays in, and how it fails.

The performer owns the stage and keeps ``run`` and ``outputs`` up to date; steps read them, make ids and render their
templates here, and note what they leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from emulator.base.json_types import Object
from emulator.base.problems import EmulatorError
from emulator.engine import usage
from emulator.sandbox import templates
from emulator.sandbox.fake import Fake
from emulator.sandbox.meter import Meter
from emulator.sandbox.templates import TemplateError

_Made = TypeVar("_Made")

__all__ = ["Fake", "OpenStep", "Output", "Stage", "StepFailed", "parsed"]


class StepFailed(EmulatorError):
    """A step that cannot be played: the run fails, and ``check()`` reports it as a problem of this kind."""

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
    """One function call that was answered."""

    name: str
    arguments: str
    output: str

    def value(self) -> Any:
        return parsed(self.output)


@dataclass(slots=True)
class OpenStep:
    """A run step that is under way: ``message_id`` is empty for tool calls."""

    step_id: str
    message_id: str = ""
    written: str = ""
    stated_usage: Object | None = None


@dataclass(slots=True)
class Stage:
    """One run, as its steps see it."""

    run: Object
    message: str
    assistant: Object
    thread: Object
    make_id: Callable[[str], str]
    fake: Fake
    prompt_tokens: Callable[[], int]
    #: A file by its id, or the newest of that name; the names that there are, for the error.
    find_file: Callable[[str], Object | None] = lambda name: None
    file_names: Callable[[], list[str]] = list
    make_file: Callable[[str, bytes], Object] = lambda filename, content: {}
    #: What file_search finds in the run's stores.
    search: Callable[[str], list[Object]] = lambda query: []
    #: Contents of the files that the scenario names by path.
    contents: Mapping[str, bytes] = field(default_factory=dict)
    #: Files that the run's code has made.
    generated: list[Object] = field(default_factory=list)
    stated_usage: Object | None = None
    stated_for_steps: int = 1
    outputs: list[Output] = field(default_factory=list)
    open: OpenStep | None = None
    steps_done: int = 0
    tokens_written: int = 0
    #: What its templates may do, all together.
    meter: Meter = field(default_factory=Meter)
    _prompt: int | None = None

    def render(self, value: Any) -> Any:
        """Raises StepFailed (``template``) when a template fails, as the other two do."""
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

    def file(self, name: str) -> Object:
        """A file by id or name. Raises StepFailed (``impossible``) if there is none."""
        found = self.find_file(name)
        if found is None:
            names = ", ".join(self.file_names()) or "no file"
            raise StepFailed("impossible", f"there is no file {name!r}: there is {names}")
        return found

    def _variables(self) -> dict[str, Any]:
        """The names a template can use; a function's name gives its latest output."""
        return {output.name: output.value() for output in self.outputs} | {
            "message": self.message,
            "assistant": self.assistant,
            "thread": self.thread,
            "run": self.run,
            "outputs": [
                {"name": output.name, "arguments": parsed(output.arguments), "output": output.value()}
                for output in self.outputs
            ],
            "fake": self.fake,
        }

    def usage(self, stated: Object | None, written: str) -> Object:
        """The usage of the run step that ends now: as stated beside it, or its part of the turn's, or estimated."""
        if self._prompt is None:
            self._prompt = self.prompt_tokens()
        completion = usage.tokens(written)
        estimate = usage.of(self._prompt + self.tokens_written, completion)
        self.tokens_written += completion
        number = self.steps_done
        self.steps_done += 1
        if stated is not None:
            return usage.of(int(stated.get("prompt_tokens", 0)), int(stated.get("completion_tokens", 0)))
        if self.stated_usage is not None:
            return usage.share(self.stated_usage, number, self.stated_for_steps)
        return estimate


def _or_failed(make: Callable[[], _Made]) -> _Made:
    try:
        return make()
    except TemplateError as error:
        raise StepFailed("template", str(error)) from error
