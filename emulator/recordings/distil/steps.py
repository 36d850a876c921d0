"""From the story of a run to the steps of a turn: what the assistant did, as a scenario says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Protocol

import orjson

from emulator.base.json_types import Object
from emulator.recordings.distil.literal import verbatim
from emulator.recordings.distil.run_histories import LOST, Place, Round, Story
from emulator.recordings.distil.schema_guess import guess
from emulator.sandbox import templates
from emulator.sandbox.json_schema import Schema, reason
from emulator.scenarios.steps.citations import SANDBOX
from emulator.scenarios.steps.pieces import cut
from emulator.world.journal import nested_beyond

#: What is said where a run completed and nothing of its words was recorded.
UNKNOWN_WORDS: Final = "(what the assistant said was not recorded)"
#: Levels of arguments that are written as a mapping.
_DEPTH: Final = 80
#: The gate at which a run stands that was cancelled, until it is.
GATE: Final = "until cancelled"


class Files(Protocol):
    """What a turn has to call files: those that are there before its run, and those that its code makes."""

    def name(self, id: str) -> str:
        """A file that is there when the step is played."""

    def image(self, id: str, run_id: str) -> Object:
        """An image that the step makes: ``filename`` and its contents."""

    def output(self, id: str, filename: str) -> Object:
        """Any other file that the step makes, under the name by which a message links to it."""


@dataclass(slots=True)
class Told:
    """The steps of one run; ``remarks`` tell what they had to leave out or make up."""

    steps: list[Object] = field(default_factory=list)
    usage: Object | None = None
    polls: Object | None = None
    cancel: str | None = None
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Act:
    """One step of a turn. ``links``: files that its words link to, by name: code of the same run has made them."""

    place: Place
    step: Object
    links: dict[str, str] = field(default_factory=dict)


def tell(story: Story, files: Files) -> Told:
    """The steps that lead to what was recorded of a run."""
    told = Told()
    acts = sorted(_acts(story, files, told), key=lambda one: one.place)
    _add_outputs(acts, files, told)
    told.steps = [act.step for act in acts]
    _end(story, told)
    used = story.run.get("usage") or {}
    if used.get("prompt_tokens") or used.get("completion_tokens"):
        told.usage = {key: used[key] for key in ("prompt_tokens", "completion_tokens") if key in used}
    looks = max(story.looks_while_live, story.cancelled_after if told.cancel else 0)
    if looks > 1:
        told.polls = {"in_progress": looks}
    return told


# ---- What was done, in its order ----


def _acts(story: Story, files: Files, told: Told) -> Iterator[_Act]:
    """Steps show most; then rounds and messages that no step shows. Files are made before they are named."""
    unsaid, rounds = dict(story.messages), list(story.rounds)
    for step in sorted(story.steps.values(), key=lambda step: story.place[step["id"]]):
        place, details = story.place[step["id"]], step.get("step_details") or {}
        message_id = (details.get("message_creation") or {}).get("message_id")
        if message_id:
            message = unsaid.pop(message_id, None)
            if message is not None:
                yield _say(place, message, story, step, files, told)
            elif step.get("status") == "completed":
                told.remarks.append("one of its messages was not recorded")
                yield _Act(place, {"say": UNKNOWN_WORDS})
            continue
        calls = details.get("tool_calls") or []
        yield from (_Act(place, act) for act in _tool_acts(calls, story, files))
        round = next((one for one in rounds if one.ids & {call["id"] for call in calls}), None)
        if round is not None:
            rounds.remove(round)
            yield _Act(place, _call(round, story))
    for number, round in enumerate(rounds):
        # it asked before it went on; its own messages and steps of that second came after
        at = round.resumed_at if round.submitted else float("inf")
        yield _Act((at, -1, number), _call(round, story))
    for id, message in unsaid.items():
        yield _say(story.place[id], message, story, None, files, told)


def _say(place: Place, message: Object, story: Story, step: Object | None, files: Files, told: Told) -> _Act:
    parts, pieces = message.get("content") or [], story.pieces.get(message["id"], [])
    if not parts and pieces:  # its stream broke off
        parts = [{"type": "text", "text": {"value": "".join(pieces)}}]
    done = {"done": True} if _was_completed(message, step) else {}
    kinds = [part["type"] for part in parts]
    if kinds and set(kinds) == {"refusal"}:
        return _Act(place, {"refuse": verbatim("".join(part["refusal"] for part in parts)), **done})
    if kinds not in (["image_file"] * (len(kinds) - 1) + ["text"], ["image_file"] * len(kinds)):
        told.remarks.append(f"a message of the parts {', '.join(kinds)}; a scenario has images, then one text")
    texts = [part["text"] for part in parts if part["type"] == "text"]
    text = "".join(one["value"] for one in texts)
    marks = _marks(texts, text, told)
    images = [part["image_file"]["file_id"] for part in parts if part["type"] == "image_file"]
    more: Object = {
        "chunks": _chunks(text, pieces, [mark["text"] for mark in marks]),
        "cite": [
            {"file": verbatim(files.name(mark["file_citation"]["file_id"])), "marker": verbatim(mark["text"])}
            for mark in marks
            if "file_citation" in mark
        ],
        "images": [verbatim(files.name(id)) for id in images],
    }
    more = {key: value for key, value in more.items() if value}
    said: Any = verbatim(text)
    if more:
        said = {**({"text": said} if text or not images else {}), **more}
    links = {mark["text"].removeprefix(SANDBOX): mark["file_path"]["file_id"] for mark in marks if _is_link(mark)}
    return _Act(place, {"say": said, **done}, links)


def _marks(texts: list[Object], text: str, told: Told) -> list[Object]:
    """What is annotated in a text, as far as a scenario can say it."""
    every = [one for part in texts for one in part.get("annotations") or []]
    marks = [one for one in every if one["text"] in text and one["text"] and ("file_citation" in one or _is_link(one))]
    if len(marks) < len(every):
        told.remarks.append(f"{len(every) - len(marks)} of a message's annotations: none of words in it, or of no file")
    return sorted(marks, key=lambda one: one.get("start_index") or 0)


def _is_link(annotation: Object) -> bool:
    """A link to a file that code has made."""
    return "file_path" in annotation and annotation["text"].removeprefix(SANDBOX) not in ("", annotation["text"])


def _was_completed(message: Object, step: Object | None) -> bool:
    """By its own events, if they were recorded: the step of an incomplete message can be complete (as in 2024)."""
    return (message.get("status") or (step or {}).get("status")) == "completed"


def _chunks(text: str, pieces: list[str] | None, marks: Sequence[str] = ()) -> Any:
    """How a text was streamed, unless it was as texts are by default; None too where nobody knows."""
    whole = [piece for piece in pieces or [] if piece]
    told = "".join(whole)
    if not whole or not text.startswith(told) or whole == _cut(text, "words", marks)[: len(whole)]:
        return None
    whole += [text[len(told) :]] if told != text else []  # its stream broke off
    if whole == _cut(text, "chars", marks):
        return "chars"
    size = len(whole[0])
    return size if whole == _cut(text, size, marks) and len(whole) > 1 else whole


def _cut(text: str, chunks: str | int, marks: Sequence[str]) -> list[str]:
    """As the emulator cuts it: what is annotated stays whole."""
    pieces: list[str] = []
    for mark in marks:
        before, _, text = text.partition(mark)
        pieces += [*cut(before, chunks), mark]
    return pieces + cut(text, chunks)


def _tool_acts(calls: list[Object], story: Story, files: Files) -> Iterator[Object]:
    """Code and searches of one run step: several of a kind are one act."""
    codes = [_code(call, story, files) for call in calls if call["type"] == "code_interpreter"]
    searches = [_search(call, files) for call in calls if call["type"] == "file_search"]
    if codes:
        yield {"code": codes if len(codes) > 1 else codes[0]}
    if searches:
        yield {"search": searches if len(searches) > 1 else searches[0]}


def _code(call: Object, story: Story, files: Files) -> Object:
    code = call["code_interpreter"]
    outputs = code.get("outputs") or []
    said: Object = {
        "input": verbatim(code["input"]),
        "chunks": _chunks(code["input"], story.pieces.get(call["id"])),
        "logs": verbatim("".join(one["logs"] for one in outputs if one["type"] == "logs")),
        "images": [files.image(one["image"]["file_id"], story.id) for one in outputs if one["type"] == "image"],
    }
    return {key: value for key, value in said.items() if value or key == "input"}


def _add_outputs(acts: list[_Act], files: Files, told: Told) -> None:
    """Files that a message links to are outputs of the code before it."""
    code: Object | None = None
    known: set[str] = set()
    for act in acts:
        if "code" in act.step:
            found = act.step["code"]
            code = found[-1] if isinstance(found, list) else found
        for name, id in act.links.items():
            if code is None:
                told.remarks.append(f"it links to {name!r}, and the code that made that file was not recorded")
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


def _call(round: Round, story: Story) -> Object:
    declared = {
        tool["function"]["name"]: tool["function"].get("parameters") or {}
        for tool in story.run.get("tools") or []
        if tool["type"] == "function"
    }
    pairs = [(one["function"]["name"], _arguments(one["function"], declared)) for one in round.calls]
    distinct = len({name for name, _ in pairs}) == len(pairs)
    expect: dict[str, Schema] = {}
    for one in round.calls:
        if (output := round.outputs.get(one["id"])) is not None:
            name = one["function"]["name"]
            expect[name] = guess([output], expect.get(name))
    return {
        "call": dict(pairs) if distinct else [{name: arguments} for name, arguments in pairs],
        **({"expect": expect} if expect else {}),
    }


def _arguments(function: Object, declared: Object) -> Any:
    """A mapping if it gives the very same text back and the function could be called so; else the raw text."""
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


# ---- How it ended ----


def _failed(story: Story, told: Told) -> Object:
    error = story.run.get("last_error") or {"code": "server_error", "message": ""}
    return {"fail": {"code": verbatim(str(error["code"])), "message": verbatim(error["message"])}}


def _incomplete(story: Story, told: Told) -> Object:
    why = (story.run.get("incomplete_details") or {}).get("reason")
    if why not in ("max_completion_tokens", "max_prompt_tokens", "content_filter"):
        told.remarks.append(f"it ended incomplete for the reason {why!r}; the scenario says max_completion_tokens")
        why = "max_completion_tokens"
    return {"incomplete": why}


_ENDS: Final[dict[str, Callable[[Story, Told], Object]]] = {
    "failed": _failed,
    "incomplete": _incomplete,
    "expired": lambda story, told: {"expire": True},
}


def _end(story: Story, told: Told) -> None:
    """The last act, if the run did not end by completing; ``done`` stays only where it makes a difference."""
    status = story.status
    after_call = bool(told.steps) and "call" in told.steps[-1]
    if status in _ENDS:
        if status == "expired" and after_call and _went_on(story):
            told.steps.append({"wait": 0})  # directly after the call it would expire before the outputs come
        told.steps.append(_ENDS[status](story, told))
    elif story.cancelled and status in ("cancelling", "cancelled", "queued", "in_progress"):
        told.steps += [] if after_call and not _went_on(story) else [{"hold": GATE}]
    elif status == "cancelled":
        told.remarks.append("it was cancelled, by no request that was recorded; here it completes")
    if story.cancelled and status in (*_ENDS, "completed"):
        told.cancel = "late"
    _complete(story, told)
    for act, following in pairwise([*told.steps, {}]):
        if "done" in act and not {"hold", "fail", "incomplete", "expire"} & set(following):
            del act["done"]


def _went_on(story: Story) -> bool:
    return bool(story.rounds) and story.rounds[-1].submitted


def _complete(story: Story, told: Told) -> None:
    """A run whose end nobody saw still needs one; one that completed has said something."""
    status = story.status
    if status in ("queued", "in_progress") and not story.cancelled:
        told.remarks.append(f"its end was not recorded, it was {status} when last seen; here it completes")
    if status == LOST:
        told.remarks.append("its answer was lost; here it does what was seen of it" if told.steps else
                            "its answer was lost and nothing seen of it; here it does nothing")  # fmt: skip
    said = story.whole or any(not {"code", "search", "call"} & set(act) for act in told.steps)
    waits = bool(told.steps) and "call" in told.steps[-1] and not _went_on(story)
    if not said and (status == "completed" or (status in ("queued", "in_progress") and not waits)):
        if status == "completed":
            told.remarks.append("what it said was not recorded")
        told.steps.append({"say": UNKNOWN_WORDS})
