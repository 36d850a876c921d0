"""What the assistant writes: messages (said, refused, cited, illustrated), and its reasoning."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import TEXT, Schema
from emulator.sandbox.templates import is_template
from emulator.scenarios.steps.actions import Action, Reasoned, Refused, Said
from emulator.scenarios.steps.citations import CITE, compose, why_no_place
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.pieces import CHUNKS, cut, join_flaw
from emulator.scenarios.steps.registry import ENDING, USAGE, Flaw, step
from emulator.scenarios.steps.step import Step

_SAY: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {
        "text": TEXT,
        "json": {"type": ["object", "array"]},
        "chunks": CHUNKS,
        "cite": {"type": "array", "items": CITE},
        "images": {"type": "array", "items": TEXT},
        "phase": {"enum": ["commentary", "final_answer"]},
    },
    "additionalProperties": False,
    "if": {"type": "object"},
    "then": {
        "anyOf": [{"required": ["text"]}, {"required": ["json"]}, {"required": ["images"]}],
        "not": {"required": ["text", "json"]},
        "description": "either text or json (or images alone)",
    },
    "description": "text, or {text | json, chunks, cite, images, phase}",
}


def _check_message(step: Object) -> Iterator[Flaw]:
    for kind in ("say", "refuse"):
        value = step.get(kind)
        if isinstance(value, dict):
            yield from join_flaw((kind, "chunks"), value.get("text"), value.get("chunks"))
            for number, cite in enumerate(value.get("cite", [])):
                if why := why_no_place(cite):
                    yield (kind, "cite", number), why


@step(
    "say",
    _SAY,
    "a message; `chunks` say how it is streamed, `cite` annotates, `images` are shown",
    beside=ENDING,
    makes_run_step=True,
    check=_check_message,
)
def say(context: StepContext, step: Step) -> Iterator[Action]:
    """A message, composed whole; once, if it is the same in every turn."""
    if step.composed is not None and not context.generated:
        yield step.composed
        return
    value: Object = {"text": step.value} if isinstance(step.value, str) else step.value
    images = [context.file(context.render_text(name)) for name in value.get("images", [])]
    if "json" in value:
        text = context.as_json(context.render(value["json"]))
    else:
        text = context.render_text(value.get("text", ""))
    made = compose(context, text, value.get("chunks", "words"), value.get("cite", []), images)
    said = Said(
        made.text,
        made.pieces,
        made.annotations,
        [*images, *made.images],
        made.plain,
        step.beside.get("usage"),
        step.is_left_open,
        value.get("phase"),
    )
    if not context.generated and _is_fixed(value):
        step.composed = said
    yield said


def _is_fixed(value: Object) -> bool:
    """True for a text that depends on nothing but the scenario, as long as there is no file to which it could link."""
    return _FIXED.issuperset(value) and "text" in value and not is_template(value["text"])


#: The keys of a message that are no templates and name no files, beside its text.
_FIXED: Final = frozenset({"text", "chunks", "phase"})


_REFUSE: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"text": TEXT, "chunks": CHUNKS},
    "required": ["text"],
    "additionalProperties": False,
    "description": "text, or {text, chunks}",
}


@step("refuse", _REFUSE, "a message that is a refusal", beside=ENDING, makes_run_step=True, check=_check_message)
def refuse(context: StepContext, step: Step) -> Iterator[Action]:
    """A message that is a refusal."""
    value = {"text": step.value} if isinstance(step.value, str) else step.value
    text = context.render_text(value["text"])
    yield Refused(text, cut(text, value.get("chunks", "words")), step.beside.get("usage"), step.is_left_open)


# ---- Reasoning ----

_REASON: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"summary": {"type": "array", "items": TEXT}, "chunks": {"type": "array", "items": CHUNKS}},
    "required": ["summary"],
    "additionalProperties": False,
    "description": "text, or {summary: [text, …], chunks: [one for each part of the summary, …]}",
}


def _check_reasoning(step: Object) -> Iterator[Flaw]:
    value = step["reason"]
    if isinstance(value, str):
        return
    summary, chunks = value["summary"], value.get("chunks", [])
    if len(chunks) > len(summary):
        expected = f"expected at most one item for each part of the summary ({len(summary)}); got {len(chunks)}"
        yield ("reason", "chunks"), expected
    for number, (part, how) in enumerate(zip(summary, chunks, strict=False)):
        yield from join_flaw(("reason", "chunks", number), part, how or "words")


@step(
    "reason",
    _REASON,
    "the model reasons: no run step on Assistants, where its tokens count in the next one; an item on Responses",
    beside={"usage": USAGE},
    check=_check_reasoning,
)
def reason(context: StepContext, step: Step) -> Iterator[Action]:
    """Reasoning with the parts of its summary; a part without chunks is streamed in words."""
    value = {"summary": [step.value]} if isinstance(step.value, str) else step.value
    summary = [context.render_text(part) for part in value["summary"]]
    chunks = [one or "words" for one in value.get("chunks", [])]
    pieces = [cut(part, how) for part, how in zip_longest(summary, chunks, fillvalue="words")][: len(summary)]
    yield Reasoned(summary, pieces, step.beside.get("usage"))
