"""Transcripts: what the user of an application would notice of a turn, free of the API that played it.

The same turn has the same transcript on each API, or something got lost on the way from one to the other. A transcript
is filled from the neutral actions of the steps as they are played, so no API can tell it in its own way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.scenarios.steps.actions import (
    Action,
    Began,
    Called,
    Completed,
    CutOff,
    Failed,
    FileRef,
    Image,
    RanCode,
    Refused,
    Said,
    Searched,
)
from emulator.scenarios.steps.context import Output, StepContext, parsed

#: Statuses whose end has a code beside it.
_WITH_CODE: Final = frozenset({"failed", "incomplete"})


@dataclass(slots=True)
class Transcript:
    """One turn. ``place``: the scenario's file and line. ``code``: why the turn failed or ended incomplete."""

    api: str = ""
    turn: str = ""
    place: str | None = None
    question: str = ""
    texts: tuple[str, ...] = ()
    refusal: str | None = None
    #: ``{name, arguments, output}`` of each function call, and ``{refused}`` of a request refused while calls waited.
    calls: tuple[Object, ...] = ()
    #: Name and SHA-256 of the files that code has made and of the images that messages show.
    files: tuple[Object, ...] = ()
    citations: tuple[str, ...] = ()
    #: Ids of the vector stores that file search looked into.
    searched: tuple[str, ...] = ()
    code: str = ""
    #: ``{assistant, parts, missing}``: the given assistant whose configuration the requests carry, wholly or in part.
    carried: Object | None = None
    #: Tokens of the whole turn: ``{prompt_tokens, completion_tokens}``.
    usage: Object | None = None
    notes: tuple[str, ...] = ()

    # ---- What is played ----

    def record(self, action: Action, context: StepContext) -> None:
        """The turn plays an action from now on."""
        match action:
            case Said():
                self._said(action, context)
            case Began() | Completed():  # in every turn, so not behind all others
                pass
            case Refused(text):
                self.refusal = text
            case Called(calls):
                self.calls += tuple(
                    {"name": one.name, "arguments": parsed(one.arguments), "output": None} for one in calls
                )
            case RanCode(executions):
                shown = [output.file for one in executions for output in one.outputs if isinstance(output, Image)]
                self._show(shown, context)
            case Searched():
                self.searched += tuple(id for id in context.store_ids() if id not in self.searched)
            case Failed(code):
                self.code = code
            case CutOff(reason):
                self.code = reason

    def _said(self, said: Said, context: StepContext) -> None:
        self.texts += (said.plain.text,)
        if said.images:
            self._show(said.images, context)
        if said.plain.annotations:
            self.citations += tuple(one.file.filename for one in said.plain.annotations if one.kind == "citation")

    def _show(self, files: Iterable[FileRef], context: StepContext) -> None:
        for file in files:
            self.add_file(file.filename, context.read_file(file.id) if file.id else None)

    def add_file(self, name: str, content: bytes | None) -> None:
        """A file that code has made, or an image that is shown."""
        file = {"name": name, "sha256": None if content is None else hashlib.sha256(content).hexdigest()}
        if file not in self.files:
            self.files += (file,)

    # ---- What clients send ----

    def submit(self, outputs: Iterable[Output]) -> None:
        """The client has submitted the outputs of the calls that wait, in their order."""
        waiting = [call for call in self.calls if "name" in call and call["output"] is None]
        for call, output in zip(waiting, outputs, strict=False):
            call["output"] = output.output

    def refuse(self, code: str) -> None:
        """A request was refused while calls waited for their outputs."""
        self.calls += ({"refused": code},)

    def carry(self, assistant: str | None, parts: Iterable[str], missing: Iterable[str]) -> None:
        """A request of the turn carries these parts of an assistant's configuration; what one lacks stays missing."""
        missed = [*self.carried["missing"]] if self.carried else []
        missed += [one for one in missing if one not in missed]
        known = self.carried["parts"] if self.carried else parts
        self.carried = {"assistant": assistant, "parts": [one for one in known if one not in missed], "missing": missed}

    def count(self, prompt: int, completion: int) -> None:
        """Adds tokens of the turn."""
        before = self.usage or {"prompt_tokens": 0, "completion_tokens": 0}
        self.usage = {
            "prompt_tokens": before["prompt_tokens"] + prompt,
            "completion_tokens": before["completion_tokens"] + completion,
        }

    # ---- What is left of it ----

    def as_json(self, status: str) -> dict[str, Any]:
        """The transcript of a turn that has this status."""
        return {
            "turn": self.turn,
            "place": self.place,
            "api": self.api,
            "question": self.question,
            "texts": [*self.texts],
            "refusal": self.refusal,
            "calls": [*self.calls],
            "files": [*self.files],
            "citations": [*self.citations],
            "searched": [*self.searched],
            "ended": f"{status}: {self.code}" if self.code and status in _WITH_CODE else status,
            "carried": self.carried,
            "usage": self.usage,
            "notes": [*self.notes],
        }
