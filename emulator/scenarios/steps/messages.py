"""Messages that the assistant writes: said, refused, cited, illustrated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from emulator.apis.assistants import objects
from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.steps.actions import Create, Delta, Item, Move, Update
from emulator.scenarios.steps.context import OpenStep, Stage, StepFailed
from emulator.scenarios.steps.registry import TEXT, USAGE, Act, step

CHUNKS: Final[Schema] = {
    "anyOf": [
        {"enum": ["words", "chars"]},
        {"type": "integer", "minimum": 1},
        {"type": "array", "items": TEXT},
    ],
    "description": "words (default), chars, a number of characters, or the exact list of deltas",
}
_CITE: Final[Schema] = {
    "type": "object",
    "properties": {"file": TEXT, "marker": {"type": "string", "minLength": 1}},
    "required": ["file"],
    "additionalProperties": False,
}
_SAY: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {
        "text": TEXT,
        "json": {"type": ["object", "array"]},
        "chunks": CHUNKS,
        "cite": {"type": "array", "items": _CITE},
        "images": {"type": "array", "items": TEXT},
    },
    "additionalProperties": False,
    "if": {"type": "object"},
    "then": {
        "anyOf": [{"required": ["text"]}, {"required": ["json"]}, {"required": ["images"]}],
        "not": {"required": ["text", "json"]},
        "description": "either text or json (or images alone)",
    },
    "description": "text, or {text | json, chunks, cite, images}",
}
_BESIDE: Final = {"done": {"type": "boolean"}, "usage": USAGE}

_WORD = re.compile(r" ?\w[\w'’]*| ?[^\w\s]|\s+")  # an apostrophe inside a word, as tokens have it

#: Where code_interpreter keeps the files that its answers link to.
SANDBOX: Final = "sandbox:/mnt/data/"


class Annotation(NamedTuple):
    """A part of the text that stands for a file. Positions count code points (FACTS §2)."""

    start: int
    end: int
    kind: str
    text: str
    file_id: str

    def stored(self) -> Object:
        return {
            "type": self.kind,
            "text": self.text,
            "start_index": self.start,
            "end_index": self.end,
            self.kind: {"file_id": self.file_id},
        }

    def streamed(self, index: int) -> Object:
        """In a delta it has an index, and a citation an empty quote (recorded)."""
        source = {"file_id": self.file_id, "quote": ""} if self.kind == "file_citation" else {"file_id": self.file_id}
        return {"index": index, **self.stored(), self.kind: source}


@step(
    "say",
    _SAY,
    "a message; `chunks` say how it is streamed, `cite` annotates, `images` are shown",
    beside=_BESIDE,
    makes_run_step=True,
)
def say(stage: Stage, act: Act) -> Iterator[Item]:
    """A message: created, streamed in deltas, completed."""
    value = {"text": act.value} if isinstance(act.value, str) else act.value
    images = [objects.image_part(stage.file(stage.render_text(name))["id"]) for name in value.get("images", [])]
    text, annotations, pieces = _compose(stage, value)
    yield from _open_message(stage)
    opened = stage.open
    assert opened is not None
    for index, image in enumerate(images):
        yield Delta("thread.message", opened.message_id, {"content": [{"index": index, **image}]})
    told = position = 0
    for number, piece in enumerate(pieces):
        said: Object = {"value": piece}
        position += len(piece)
        here = [one for one in annotations[told:] if one.end <= position] if annotations else []
        if here or number == 0:
            said["annotations"] = [one.streamed(told + n) for n, one in enumerate(here)]
            told += len(here)
        part = {"index": len(images), "type": "text", "text": said}
        yield Delta("thread.message", opened.message_id, {"content": [part]})
    content = (
        [*images, objects.text_part(text, [one.stored() for one in annotations])] if text or not images else images
    )
    yield from _written(stage, act, text, content)


def _compose(stage: Stage, value: Object) -> tuple[str, list[Annotation], list[str]]:
    """The whole text, what is annotated in it, and the pieces in which it is streamed: a marker is one piece."""
    if "json" in value:
        text = stage.as_json(stage.render(value["json"]))
    else:
        text = stage.render_text(value.get("text", ""))
    chunks = value.get("chunks", "words")
    given = cut(text, chunks) if isinstance(chunks, list) else []
    said = len(text)
    citations, text = _citations(stage, value.get("cite", []), text)
    annotations = sorted([*citations, *_file_paths(stage, text)], key=lambda one: one.start)
    if isinstance(chunks, list):
        return text, annotations, [*given, *_cut_around(text, said, annotations, "words")]
    return text, annotations, _cut_around(text, 0, annotations, chunks)


def _citations(stage: Stage, cites: list[Object], text: str) -> tuple[list[Annotation], str]:
    """Each citation marks its marker where the text has it, else appends one as the service writes them."""
    found: list[Annotation] = []
    behind: dict[str, int] = {}
    for number, cite in enumerate(cites):
        file = stage.file(stage.render_text(cite["file"]))
        marker = stage.render_text(cite["marker"]) if "marker" in cite else f"【4:{number}†{file['filename']}】"
        start = text.find(marker, behind.get(marker, 0))
        if start < 0:
            start, text = len(text), text + marker
        behind[marker] = start + len(marker)
        found.append(Annotation(start, start + len(marker), "file_citation", marker, file["id"]))
    return found, text


def _file_paths(stage: Stage, text: str) -> Iterator[Annotation]:
    """Links to files that the run's code has made."""
    for file in stage.generated:
        link = SANDBOX + file["filename"]
        for match in re.finditer(re.escape(link), text):
            yield Annotation(match.start(), match.end(), "file_path", link, file["id"])


def _cut_around(text: str, start: int, annotations: list[Annotation], chunks: Any) -> list[str]:
    """The pieces of a text from ``start`` on, markers whole."""
    pieces: list[str] = []
    for one in annotations:
        if one.start >= start:
            pieces += [*cut(text[start : one.start], chunks), text[one.start : one.end]]
            start = one.end
    return pieces + cut(text[start:], chunks)


@step("refuse", TEXT, "a message that is a refusal", beside=_BESIDE, makes_run_step=True)
def refuse(stage: Stage, act: Act) -> Iterator[Item]:
    """A message whose content is a refusal. Its form is the published schema's; no recording has one."""
    text = stage.render_text(act.value)
    yield from _open_message(stage)
    opened = stage.open
    assert opened is not None
    for piece in cut(text, "words"):
        part = {"index": 0, "type": "refusal", "refusal": piece}
        yield Delta("thread.message", opened.message_id, {"content": [part]})
    yield from _written(stage, act, text, [{"type": "refusal", "refusal": text}])


def _open_message(stage: Stage) -> Iterator[Item]:
    message_id = stage.make_id("thread.message")
    details = {"type": "message_creation", "message_creation": {"message_id": message_id}}
    run_step = objects.run_step(stage.make_id("thread.run.step"), stage.run, details)
    stage.open = OpenStep(run_step["id"], message_id)
    yield Create(run_step)
    yield Create(objects.run_message(message_id, stage.run))


def _written(stage: Stage, act: Act, text: str, content: list[Object]) -> Iterator[Item]:
    """All words are out: the message is complete, unless what follows finds it open."""
    opened = stage.open
    assert opened is not None
    opened.written = text
    opened.stated_usage = act.beside.get("usage")
    changes = {"content": content}
    if act.stays_open and not act.beside.get("done"):
        yield Update("thread.message", opened.message_id, changes)
    else:
        yield from complete_open(stage, changes)


def complete_open(stage: Stage, changes: Object | None = None) -> Iterator[Item]:
    """Completes the message that is still open, if there is one; ``changes``: what is new of it."""
    opened = stage.open
    if opened and opened.message_id:
        stage.open = None
        usage = stage.usage(opened.stated_usage, opened.written)
        yield Move("thread.message", "completed", opened.message_id, changes or {})
        yield Move("thread.run.step", "completed", opened.step_id, {"usage": usage})


def cut(text: str, chunks: str | int | list[str]) -> list[str]:
    """The deltas in which a text is streamed; joined they are the text. Raises StepFailed if a given list is not."""
    if isinstance(chunks, list):
        if "".join(chunks) != text:
            raise StepFailed("chunks", f"the chunks join to {''.join(chunks)!r}, but the text is {text!r}")
        return chunks
    if isinstance(chunks, int):
        return [text[start : start + chunks] for start in range(0, len(text), chunks)]
    return list(text) if chunks == "chars" else _WORD.findall(text)
