"""Messages that the assistant writes: said, refused, cited, illustrated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import TEXT, Schema
from emulator.scenarios.steps.actions import Action, Annotation, Refused, Said
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.pieces import CHUNKS, cut
from emulator.scenarios.steps.registry import USAGE, step
from emulator.scenarios.steps.step import Step

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

#: Where the code interpreter keeps the files that messages link to.
SANDBOX: Final = "sandbox:/mnt/data/"


@step(
    "say",
    _SAY,
    "a message; `chunks` say how it is streamed, `cite` annotates, `images` are shown",
    beside=_BESIDE,
    makes_run_step=True,
)
def say(context: StepContext, step: Step) -> Iterator[Action]:
    """A message, composed whole."""
    value = {"text": step.value} if isinstance(step.value, str) else step.value
    images = [context.file(context.render_text(name)) for name in value.get("images", [])]
    text, annotations, pieces = _compose(context, value)
    yield Said(text, pieces, annotations, images, step.beside.get("usage"), _stays_open(step))


def _stays_open(step: Step) -> bool:
    return step.stays_open and not step.beside.get("done")


def _compose(context: StepContext, value: Object) -> tuple[str, list[Annotation], list[str]]:
    """The whole text, its annotations, and the pieces in which it is streamed: a marker is one piece."""
    if "json" in value:
        text = context.as_json(context.render(value["json"]))
    else:
        text = context.render_text(value.get("text", ""))
    chunks = value.get("chunks", "words")
    given = cut(text, chunks) if isinstance(chunks, list) else []
    said = len(text)
    citations, text = _citations(context, value.get("cite", []), text)
    annotations = sorted([*citations, *_links(context, text)], key=lambda one: one.start)
    if isinstance(chunks, list):
        return text, annotations, [*given, *_cut_around(text, said, annotations, "words")]
    return text, annotations, _cut_around(text, 0, annotations, chunks)


def _citations(context: StepContext, cites: list[Object], text: str) -> tuple[list[Annotation], str]:
    """Each citation marks its marker where the text has it, else appends one as the service writes them."""
    found: list[Annotation] = []
    behind: dict[str, int] = {}
    for number, cite in enumerate(cites):
        file = context.file(context.render_text(cite["file"]))
        marker = context.render_text(cite["marker"]) if "marker" in cite else f"【4:{number}†{file.filename}】"
        start = text.find(marker, behind.get(marker, 0))
        if start < 0:
            start, text = len(text), text + marker
        behind[marker] = start + len(marker)
        found.append(Annotation(start, start + len(marker), "citation", marker, file))
    return found, text


def _links(context: StepContext, text: str) -> Iterator[Annotation]:
    """Links to files that the model's code has made."""
    for file in context.generated:
        link = SANDBOX + file.filename
        for match in re.finditer(re.escape(link), text):
            yield Annotation(match.start(), match.end(), "link", link, file)


def _cut_around(text: str, start: int, annotations: list[Annotation], chunks: Any) -> list[str]:
    """The pieces of a text from ``start`` on, markers whole."""
    pieces: list[str] = []
    for one in annotations:
        if one.start >= start:
            pieces += [*cut(text[start : one.start], chunks), text[one.start : one.end]]
            start = one.end
    return pieces + cut(text[start:], chunks)


@step("refuse", TEXT, "a message that is a refusal", beside=_BESIDE, makes_run_step=True)
def refuse(context: StepContext, step: Step) -> Iterator[Action]:
    """A message that is a refusal."""
    text = context.render_text(step.value)
    yield Refused(text, cut(text, "words"), step.beside.get("usage"), _stays_open(step))
