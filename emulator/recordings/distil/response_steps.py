"""Scripts a turn of the Responses API: turns the items of its responses into the steps of a scenario's turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.base.text import plural
from emulator.recordings.distil.literal import verbatim
from emulator.recordings.distil.response_turns import PlayedResponse, ResponseTurn, output_of
from emulator.recordings.distil.run_ends import HOLD_LABEL, ScriptedRun
from emulator.recordings.distil.schema_guess import guess
from emulator.recordings.distil.steps import Files, arguments_of, chunks_of
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.steps.citations import SANDBOX
from emulator.scenarios.steps.registry import STEP_KINDS


class _Script:
    """The steps so far, and what one response of the turn needs to make its own."""

    def __init__(self, turn: ResponseTurn, files: Files, script: ScriptedRun) -> None:
        self.turn, self.files, self.script = turn, files, script
        self.response: PlayedResponse = turn.responses[0]
        #: The latest code step of the turn: it makes the files that later texts link to.
        self.code: Object | None = None
        self.linked: set[str] = set()

    def remark(self, text: str) -> None:
        if text not in self.script.remarks:
            self.script.remarks.append(text)

    def chunks(self, text: str, item: Object, part: int = 0) -> Any:
        return chunks_of(text, self.response.pieces.get((str(item.get("id")), part)))

    def declared(self) -> Object:
        tools = self.response.api_call.body.get("tools") or []
        return {tool["name"]: tool.get("parameters") or {} for tool in tools if tool.get("type") == "function"}


def script_response_turn(turn: ResponseTurn, files: Files) -> ScriptedRun:
    """The steps that lead to the recorded responses of a turn."""
    script = ScriptedRun()
    made = _Script(turn, files, script)
    for response in turn.responses:
        made.response = response
        before = len(script.steps)
        for item in output_of(response.object):
            script.steps += _steps_of(item, made)
        _join_calls(script.steps, before)
        _count(response.object.get("usage") or {}, script, before, is_only=len(turn.responses) == 1)
    _end(turn, script)
    return script


def _steps_of(item: Object, made: _Script) -> Iterator[Object]:
    kind = str(item.get("type"))
    if kind in _STEPS:
        yield from _STEPS[kind](item, made)
    else:
        made.remark(f"an item {kind}, which no step makes")


def _count(usage: Object, script: ScriptedRun, before: int, *, is_only: bool) -> None:
    """States the usage: of the turn, or of the last step of one of its responses."""
    counts = {
        key: usage[counted]
        for key, counted in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
        if isinstance(usage.get(counted), int)
    }
    if not any(counts.values()):
        return
    if is_only:
        script.usage = counts
    elif len(script.steps) > before and "usage" in STEP_KINDS[next(iter(script.steps[-1]))].beside:
        script.steps[-1]["usage"] = counts


# ---- Items ----


def _message(item: Object, made: _Script) -> Iterator[Object]:
    done = _done(item)
    parts = [part for part in item.get("content") or [] if isinstance(part, dict)]
    for part in parts or [{"type": "output_text", "text": ""}]:
        if part.get("type") == "refusal":
            text = str(part.get("refusal") or "")
            chunks = made.chunks(text, item)
            yield {"refuse": {"text": verbatim(text), "chunks": chunks} if chunks else verbatim(text), **done}
        elif part.get("type") == "output_text":
            yield {"say": _said(part, item, made), **done}
        else:
            made.remark(f"a part {part.get('type')} of a message, which no step makes")


def _done(item: Object) -> Object:
    return {"done": True} if item.get("status") == "completed" else {}


def _said(part: Object, item: Object, made: _Script) -> Any:
    text = str(part.get("text") or "")
    more: Object = {
        "chunks": made.chunks(text, item),
        "cite": list(_citations(part.get("annotations") or [], text, made)),
        "phase": item.get("phase"),
    }
    more = {key: value for key, value in more.items() if value}
    return {"text": verbatim(text), **more} if more else verbatim(text)


def _citations(annotations: list[Object], text: str, made: _Script) -> Iterator[Object]:
    lost = 0
    for one in annotations:
        kind, id = one.get("type"), str(one.get("file_id") or "")
        span = {key: one[key] for key in ("start_index", "end_index", "index") if isinstance(one.get(key), int)}
        filename = one.get("filename")
        if kind == "file_citation" and set(span) == {"index"} and id:
            yield {"file": verbatim(made.files.name(id)), **span}
        elif kind == "container_file_citation" and len(span) == 2 and filename:
            shown = text[span["start_index"] : span["end_index"]]
            if not (shown.startswith(SANDBOX) and _is_made(shown.removeprefix(SANDBOX), id, made)):
                yield {"filename": verbatim(str(filename)), **span}
        else:
            lost += 1
    if lost:
        made.remark(f"{plural(lost, 'annotation')} of a message, as {'it names' if lost == 1 else 'they name'} no file")


def _is_made(name: str, id: str, made: _Script) -> bool:
    """Adds a file that a text links to, as an output of the code before it; False if there is no code."""
    if made.code is None or not name:
        return False
    if name not in made.linked:
        made.code.setdefault("files", []).append(made.files.output(id, name))
        made.linked.add(name)
    return True


def _reasoning(item: Object, made: _Script) -> Iterator[Object]:
    texts = [str(part.get("text") or "") for part in item.get("summary") or [] if isinstance(part, dict)]
    chunks = [made.chunks(text, item, number) for number, text in enumerate(texts)]
    summary = [verbatim(text) for text in texts]
    if any(chunks):
        yield {"reason": {"summary": summary, "chunks": [one or "words" for one in chunks]}}
    else:
        yield {"reason": summary[0] if len(summary) == 1 else {"summary": summary}}


def _function_call(item: Object, made: _Script) -> Iterator[Object]:
    name = str(item.get("name"))
    function = {"name": name, "arguments": str(item.get("arguments") or "")}
    declared = made.declared()
    step: Object = {"call": [{name: arguments_of(function, declared)}]}
    if name not in declared and (declared or made.turn.created_by.body):
        step["undeclared"] = True
    output = made.turn.outputs.get(str(item.get("call_id")))
    yield {**step, "expect": {name: guess([output])}} if isinstance(output, str) else step


def _join_calls(steps: list[Object], begin: int) -> None:
    """The calls of one response are one step: a mapping if each function is called once, else a list."""
    calls = [step for step in steps[begin:] if "call" in step]
    if not calls:
        return
    pairs = [one for step in calls for one in step["call"]]
    names = [name for one in pairs for name in one]
    expect: dict[str, Schema] = {name: known for step in calls for name, known in step.get("expect", {}).items()}
    joined: Object = {
        "call": pairs if len(set(names)) < len(names) else {k: v for one in pairs for k, v in one.items()}
    }
    if any("undeclared" in step for step in calls):
        joined["undeclared"] = True
    others = [step for step in steps[begin:] if "call" not in step]
    steps[begin:] = [*others, {**joined, "expect": expect} if expect else joined]


def _search(item: Object, made: _Script) -> Iterator[Object]:
    results = []
    for one in item.get("results") or []:
        found: Object = {
            "file": verbatim(made.files.name(str(one.get("file_id")))),
            "text": verbatim(str(one.get("text") or "")),
            "score": one.get("score"),
        }
        results.append({key: value for key, value in found.items() if value not in ("", None)})
    queries = [verbatim(one) for one in item.get("queries") or [] if isinstance(one, str)]
    yield {"search": {"queries": queries, "results": results} if queries else {"results": results}, **_done(item)}


def _code(item: Object, made: _Script) -> Iterator[Object]:
    text = str(item.get("code") or "")
    outputs = [
        {"logs": verbatim(str(one.get("logs") or ""))} if one.get("type") == "logs" else {"image": str(one.get("url"))}
        for one in item.get("outputs") or []
    ]
    code: Object = {"input": verbatim(text), "chunks": made.chunks(text, item)}
    if len(outputs) == 1 and "logs" in outputs[0]:
        code["logs"] = outputs[0]["logs"]
    else:
        code["outputs"] = outputs
    made.code = {key: value for key, value in code.items() if value or key == "input"}
    yield {"code": made.code, **_done(item)}


_STEPS: Final[dict[str, Callable[[Object, _Script], Iterator[Object]]]] = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call": _function_call,
    "file_search_call": _search,
    "code_interpreter_call": _code,
}


# ---- How it ended ----


def _end(turn: ResponseTurn, script: ScriptedRun) -> None:
    """Adds the last step, unless the last response completed; ``done`` stays only where it makes a difference."""
    last, status = turn.responses[-1].object, turn.status
    if status in ("failed", "incomplete") and script.steps and "call" in script.steps[-1]:
        script.steps.pop()
        script.remarks.append("a call in a response that did not complete")
    if status == "failed":
        error = last.get("error") or {}
        code = str(error.get("code") or "server_error")
        script.steps.append({"fail": {"code": verbatim(code), "message": verbatim(str(error.get("message") or ""))}})
    elif status == "incomplete":
        is_filtered = (last.get("incomplete_details") or {}).get("reason") == "content_filter"
        script.steps.append({"incomplete": "content_filter" if is_filtered else "max_completion_tokens"})
    elif status == "cancelled" or (turn.cancelled and status in ("queued", "in_progress")):
        script.steps.append({"hold": HOLD_LABEL})
    elif status in ("queued", "in_progress"):
        script.remarks.append(f"its end was not recorded, it was {status} when last seen; here it completes")
    for step, following in pairwise([*script.steps, {}]):
        kind = next(iter(following), None)
        if kind is None or not STEP_KINDS[kind].finds_open:
            step.pop("done", None)
