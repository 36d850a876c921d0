"""Scripts a run: turns its history into the steps of a scenario's turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from emulator.base.json_types import Object
from emulator.recordings.distil.literal import verbatim
from emulator.recordings.distil.run_ends import ScriptedRun, end
from emulator.recordings.distil.run_histories import Position, Round, RunHistory
from emulator.recordings.distil.schema_guess import guess
from emulator.sandbox import templates
from emulator.sandbox.json_schema import Schema, reason
from emulator.scenarios.steps.citations import SANDBOX
from emulator.scenarios.steps.pieces import cut
from emulator.scenarios.unrecorded import UNKNOWN_CODE, UNKNOWN_WORDS
from emulator.world.journal import nested_beyond

#: Levels of arguments that are written as a mapping; deeper ones stay raw text.
_DEPTH: Final = 80


class Files(Protocol):
    """The names of files in a turn: of those that exist before its run, and of those that its code creates."""

    def name(self, id: str) -> str:
        """The name of a file that exists when the step is played."""

    def image(self, id: str, run_id: str) -> Object:
        """An image that the step creates: ``filename`` and its contents."""

    def is_output(self, id: str) -> bool:
        """True for a file that only a run can have made."""

    def is_made(self, id: str) -> bool:
        """True for a file that a step makes already."""

    def output(self, id: str, filename: str) -> Object:
        """Any other file that the step creates, under the name in a message's link: ``filename`` and its contents."""


@dataclass(slots=True)
class _PlacedStep:
    """One step of a turn. ``links``: ids by name of the files that its text links to; earlier code created them."""

    position: Position
    step: Object
    links: dict[str, str] = field(default_factory=dict)
    #: Ids of the images that it shows.
    images: list[str] = field(default_factory=list)


def script_run(run_history: RunHistory, files: Files) -> ScriptedRun:
    """The steps that lead to the recorded history of a run."""
    script = ScriptedRun()
    placed = sorted(_placed_steps(run_history, files, script), key=lambda one: one.position)
    _add_outputs(placed, files, script, run_history.id)
    script.steps = [one.step for one in placed]
    end(run_history, script)
    used = run_history.run.get("usage") or {}
    if used.get("prompt_tokens") or used.get("completion_tokens"):
        script.usage = {key: used[key] for key in ("prompt_tokens", "completion_tokens") if key in used}
    polls = max(run_history.polls_needed, run_history.polls_before_cancel if script.cancel else 0)
    if polls > 1:
        script.polls = {"in_progress": polls}
    return script


# ---- The steps in their order ----


def _placed_steps(run_history: RunHistory, files: Files, script: ScriptedRun) -> Iterator[_PlacedStep]:
    """Run steps show most; then come rounds and messages that no run step shows. Files are created before use."""
    unsaid, rounds = dict(run_history.messages), list(run_history.rounds)
    for step in sorted(run_history.steps.values(), key=lambda step: run_history.positions[step["id"]]):
        position, details = run_history.positions[step["id"]], step.get("step_details") or {}
        message_id = (details.get("message_creation") or {}).get("message_id")
        if message_id:
            message = unsaid.pop(message_id, None)
            if message is not None:
                yield _say(position, message, run_history, step, files, script)
            elif step.get("status") == "completed":
                script.remarks.append("one of its messages was not recorded")
                yield _PlacedStep(position, {"say": UNKNOWN_WORDS})
            continue
        calls = details.get("tool_calls") or []
        done = {"done": True} if step.get("status") == "completed" else {}
        yield from (_PlacedStep(position, {**one, **done}) for one in _tool_steps(calls, run_history, files))
        round = next((one for one in rounds if one.ids & {call["id"] for call in calls}), None)
        if round is not None:
            rounds.remove(round)
            yield _PlacedStep(position, _call(round, run_history))
    for number, round in enumerate(rounds):
        # the calls came before the run resumed, its messages and steps of that second after
        time = round.resumed_at if round.submitted else float("inf")
        yield _PlacedStep(Position(time, -1, number), _call(round, run_history))
    for id, message in unsaid.items():
        yield _say(run_history.positions[id], message, run_history, None, files, script)


def _say(
    position: Position, message: Object, run_history: RunHistory, step: Object | None, files: Files, script: ScriptedRun
) -> _PlacedStep:
    """The step of a message; ``step`` is its run step, if that was recorded."""
    parts, deltas = message.get("content") or [], run_history.deltas.get(message["id"], [])
    if not parts and deltas:  # its stream broke off
        parts = [{"type": "text", "text": {"value": "".join(deltas)}}]
    done = {"done": True} if _was_completed(message, step) else {}
    kinds = [part["type"] for part in parts]
    if kinds and set(kinds) == {"refusal"}:
        return _PlacedStep(position, {"refuse": verbatim("".join(part["refusal"] for part in parts)), **done})
    if kinds not in (["image_file"] * (len(kinds) - 1) + ["text"], ["image_file"] * len(kinds)):
        script.remarks.append(f"a message of the parts {', '.join(kinds)}; a scenario has images, then one text")
    texts = [part["text"] for part in parts if part["type"] == "text"]
    text = "".join(one["value"] for one in texts)
    marks = _marks(texts, text, script)
    images = [part["image_file"]["file_id"] for part in parts if part["type"] == "image_file"]
    more: Object = {
        "chunks": chunks_of(text, deltas, [mark["text"] for mark in marks]),
        "cite": [
            {"file": verbatim(files.name(mark["file_citation"]["file_id"])), "marker": verbatim(mark["text"])}
            for mark in marks
            if "file_citation" in mark
        ],
        "images": [verbatim(files.name(id)) for id in images],
    }
    more = {key: value for key, value in more.items() if value}
    message_text: Any = verbatim(text)
    if more:
        message_text = {**({"text": message_text} if text or not images else {}), **more}
    links = {mark["text"].removeprefix(SANDBOX): mark["file_path"]["file_id"] for mark in marks if _is_link(mark)}
    return _PlacedStep(position, {"say": message_text, **done}, links, images)


def _marks(texts: list[Object], text: str, script: ScriptedRun) -> list[Object]:
    """The annotations of a text that a scenario can express."""
    every = [one for part in texts for one in part.get("annotations") or []]
    marks = [one for one in every if one["text"] in text and one["text"] and ("file_citation" in one or _is_link(one))]
    if len(marks) < len(every):
        script.remarks.append(
            f"{len(every) - len(marks)} of a message's annotations: they mark no text in it or name no file"
        )
    return sorted(marks, key=lambda one: one.get("start_index") or 0)


def _is_link(annotation: Object) -> bool:
    """True for a link to a file that code created."""
    return "file_path" in annotation and annotation["text"].removeprefix(SANDBOX) not in ("", annotation["text"])


def _was_completed(message: Object, step: Object | None) -> bool:
    """Decides by the message's own events if it can: in 2024 an incomplete message could have a completed run step."""
    return (message.get("status") or (step or {}).get("status")) == "completed"


def chunks_of(text: str, deltas: list[str] | None, marks: Sequence[str] = ()) -> Any:
    """The way in which a text was streamed; None for the default way, and where it is not known."""
    chunks_sent = [piece for piece in deltas or [] if piece]
    script = "".join(chunks_sent)
    if not chunks_sent or not text.startswith(script) or chunks_sent == _cut(text, "words", marks)[: len(chunks_sent)]:
        return None
    chunks_sent += [text[len(script) :]] if script != text else []  # its stream broke off
    if chunks_sent == _cut(text, "chars", marks):
        return "chars"
    size = len(chunks_sent[0])
    return size if chunks_sent == _cut(text, size, marks) and len(chunks_sent) > 1 else chunks_sent


def _cut(text: str, chunks: str | int, marks: Sequence[str]) -> list[str]:
    """Cuts a text as the emulator does: an annotated part stays whole."""
    deltas: list[str] = []
    for mark in marks:
        before, _, text = text.partition(mark)
        deltas += [*cut(before, chunks), mark]
    return deltas + cut(text, chunks)


def _tool_steps(calls: list[Object], run_history: RunHistory, files: Files) -> Iterator[Object]:
    """The code and the searches of one run step; several calls of a kind are one step."""
    codes = [_code(call, run_history, files) for call in calls if call["type"] == "code_interpreter"]
    searches = [_search(call, files) for call in calls if call["type"] == "file_search"]
    if codes:
        yield {"code": codes if len(codes) > 1 else codes[0]}
    if searches:
        yield {"search": searches if len(searches) > 1 else searches[0]}


def _code(call: Object, run_history: RunHistory, files: Files) -> Object:
    code = call["code_interpreter"]
    outputs = code.get("outputs") or []
    step: Object = {
        "input": verbatim(code["input"]),
        "chunks": chunks_of(code["input"], run_history.deltas.get(call["id"])),
        "logs": verbatim("".join(one["logs"] for one in outputs if one["type"] == "logs")),
        "images": [files.image(one["image"]["file_id"], run_history.id) for one in outputs if one["type"] == "image"],
    }
    return {key: value for key, value in step.items() if value or key == "input"}


def _add_outputs(placed: list[_PlacedStep], files: Files, script: ScriptedRun, run_id: str) -> None:
    """Adds the files that a message links to or shows, as outputs of the code before it.

    Where a file was downloaded, code made it, also if its run step was not recorded.
    """
    code: Object | None = None
    known: set[str] = set()
    for step in list(placed):
        if "code" in step.step:
            found = step.step["code"]
            code = found[-1] if isinstance(found, list) else found
        outputs = [*step.links.values(), *step.images]
        if code is None and any(map(files.is_output, outputs)):
            code = {"input": UNKNOWN_CODE}
            placed.insert(placed.index(step), _PlacedStep(step.position, {"code": code}))
        for id in step.images:
            if code is not None and files.is_output(id) and not files.is_made(id):
                code.setdefault("images", []).append(files.image(id, run_id))
                said = step.step["say"]
                said["images"] = [verbatim(files.name(id)) if one == verbatim(id) else one for one in said["images"]]
        for name, id in step.links.items():
            if code is None:
                script.remarks.append(f"it links to {name!r}, but the code that created this file was not recorded")
            elif name not in known:
                code.setdefault("files", []).append(files.output(id, name))
                known.add(name)


def _search(call: Object, files: Files) -> Object:
    found = []
    for result in (call.get("file_search") or {}).get("results") or []:
        text = "".join(part.get("text", "") for part in result.get("content") or [])
        one: Object = {
            "file": verbatim(files.name(result["file_id"])),
            "text": verbatim(text),
            "score": result.get("score"),
        }
        found.append({key: value for key, value in one.items() if value not in ("", None)})
    return {"results": found}


# ---- Function calls ----


def _call(round: Round, run_history: RunHistory) -> Object:
    declared = {
        tool["function"]["name"]: tool["function"].get("parameters") or {}
        for tool in run_history.run.get("tools") or []
        if tool["type"] == "function"
    }
    pairs = [(one["function"]["name"], arguments_of(one["function"], declared)) for one in round.calls]
    distinct = len({name for name, _ in pairs}) == len(pairs)
    expect: dict[str, Schema] = {}
    for one in round.calls:
        if (output := round.outputs.get(one["id"])) is not None:
            name = one["function"]["name"]
            expect[name] = guess([output], expect.get(name))
    return {
        "call": dict(pairs) if distinct else [{name: arguments} for name, arguments in pairs],
        **({"expect": expect} if expect else {}),
        **({"undeclared": True} if declared and any(name not in declared for name, _ in pairs) else {}),
    }


def arguments_of(function: Object, declared: Object) -> Any:
    """The arguments as a mapping if the emulator sends the very same text for it and the schema allows it; else raw."""
    raw: str = function["arguments"]
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return verbatim(raw)
    if not isinstance(value, dict) or templates.as_json(value) != raw or reason(declared.get(function["name"]), value):
        return verbatim(raw)
    if nested_beyond(_DEPTH, raw.encode(), value):
        return verbatim(raw)
    return _verbatim_values(value)


def _verbatim_values(value: Any) -> Any:
    if isinstance(value, str):
        return verbatim(value)
    if isinstance(value, list):
        return [_verbatim_values(one) for one in value]
    return {key: _verbatim_values(one) for key, one in value.items()} if isinstance(value, dict) else value
