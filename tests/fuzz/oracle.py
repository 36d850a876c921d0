"""Applications with several keys, which do anything with both APIs, and an oracle that knows what has to hold.

An *episode* is a few hundred requests of three keys, made from one seed. Most bodies are valid, some are hurt. The
oracle reads every response, and knows no rule of the emulator but these laws.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from emulator.base.operations import OPERATIONS, Operation
from emulator.scenarios.loading import load_scenarios
from emulator.server.app import Application
from emulator.world.options import Options
from emulator.world.worlds import Worlds
from tests.fuzz.campaign import CACHE, Report
from tests.fuzz.laws import Broken, Model
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import BODIES
from tests.fuzz.talking import run
from tests.recording.samples import BOUNDARY
from tests.support import InProcess, Reply

#: Whose service each key asks: OpenAI's, Azure's and Foundry's, by what stands before a path and behind it.
_BASES: Final = {
    "sk-amber": ("/v1", ""),
    "sk-birch": ("/openai/v1", ""),
    "sk-cedar": ("/api/projects/p", "api-version=v1"),
}
KEYS: Final = tuple(_BASES)
#: Tools that Foundry runs itself.
_HOSTED: Final = (
    {"type": "mcp", "server_label": "wiki"},
    {"type": "bing_grounding"},
    {"type": "openapi", "openapi": {}},
)
REQUESTS: Final = 400
_MOST_FINDINGS: Final = 20

_CALL: Final = {"call": {"f": {"a": 1}}}
SCENARIO: Final[dict[str, Any]] = {
    "version": 1,
    "name": "oracle",
    "given": {
        "files": [{"id": "file-1", "filename": "menu.md", "purpose": "assistants", "content": "Soup of the day."}],
        "vector_stores": [{"id": "vs_1", "file_ids": ["file-1"]}],
    },
    "turns": [
        {"name": "call", "when": {"message": "call"}, "steps": [_CALL, {"say": "It is {{ f }}: {{ message }}"}]},
        {"name": "slow", "when": {"message": "slow"}, "polls": {"queued": 1, "in_progress": 2},
         "steps": [{"say": "At last"}]},
        {"name": "late", "when": {"message": "late"}, "cancel": "late", "steps": [{"wait": 9}, {"say": "Late"}]},
        {"name": "fail", "when": {"message": "fail"}, "steps": [{"fail": "server_error"}]},
        {"name": "short", "when": {"message": "short"},
         "steps": [{"say": "Sh"}, {"incomplete": "max_completion_tokens"}]},
        {"name": "code", "when": {"message": "code"},
         "steps": [{"code": {"input": "1+1", "logs": "2"}}, {"say": "Two"}]},
        {"name": "say", "steps": [{"reason": "Hm."}, {"say": "You said: {{ message }}, {{ fake.sentence() }}"}]},
    ],
}  # fmt: skip
MESSAGES: Final = ("call", "call", "call", "slow", "late", "fail", "short", "code", "say")

#: Operations whose body is a form.
_FORM: Final = {"create_file", "add_upload_part", "create_container_file"}
#: Operations that go on, and those that make what others need, come more often.
_WEIGHTS: Final = {
    "create_run": 16, "get_run": 20, "submit_tool_outputs_to_run": 16, "create_response": 20, "get_response": 12,
    "create_thread": 8, "create_message": 8, "list_messages": 6, "list_run_steps": 6, "create_assistant": 5,
    "create_conversation": 5, "create_file": 3, "create_upload": 3, "add_upload_part": 3, "complete_upload": 3,
    "create_vector_store": 2, "create_vector_store_file": 3, "create_vector_store_file_batch": 3, "cancel_run": 5,
}  # fmt: skip
_CHOICES: Final = [one for one in OPERATIONS for _ in range(_WEIGHTS.get(one.name, 1))]


class _Door(InProcess):
    """The API in memory, with the loop that all targets share."""

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        return run(self._exchange(method, path, body, headers))


def application() -> _Door:
    """Three keys, a world for each."""
    door = _Door(key=KEYS[0])
    door.worlds = Worlds(Options(), load_scenarios(SCENARIO), mode="key")
    door.app = Application(door.worlds)
    return door


class Episode:
    """One seed's requests. Raises Broken at the first law that does not hold."""

    def __init__(self, seed: str, door: _Door | None = None) -> None:
        self.random = Random(seed)
        first = door or application()
        self.doors = {key: copy.copy(first) for key in KEYS}
        for key, one in self.doors.items():
            one.key = key
        self.models = {key: Model(key) for key in KEYS}
        #: All that came back, in order: the same for the same seed.
        self.said: list[bytes] = []

    def play(self, requests: int = REQUESTS) -> int:
        for _ in range(requests):
            model = self.models[self.random.choice(KEYS)]
            self._one(model)
        for model in self.models.values():
            self._whole_lists(model)
            self._itself(model)
        return sum(len(model.sent) for model in self.models.values())

    # ---- One request ----

    def _one(self, model: Model) -> None:
        operation = self.random.choice(_CHOICES)
        ids = self._ids(operation, model)
        path = operation.path.format(**ids)
        if operation.name in _FORM:
            self._ask(model, operation, ids, path, self._form(operation, model), form=True)
            return
        body = json.dumps(self._body(operation, ids, model)).encode() if operation.method == "POST" else b""
        if body and self.random.random() < 0.25:
            body = mutated(body, self.random) or body
        self._ask(model, operation, ids, path, body)

    def _ids(self, operation: Operation, model: Model) -> dict[str, str]:
        """Ids of one object that was made in this world, mostly; or in another, or in none."""
        names = re.findall(r"\{(\w+)\}", operation.path)
        if not names:
            return {}
        whose = model if self.random.random() < 0.93 else self.models[self.random.choice(KEYS)]
        known = [one for one in whose.ids.get(names[-1], []) if set(names) <= one.keys()] or [
            one for one in whose.ids.get(names[0], []) if self.random.random() < 0.9
        ]
        if self.random.random() < 0.9:
            known = [one for one in known if self._is_apt(operation, one, whose)] or known
        ids = {name: f"{name.removesuffix('_id')}_none" for name in names}
        ids["model"] = "gpt-4o"
        return ids | (self.random.choice(known[-12:]) if known else {})

    def _is_apt(self, operation: Operation, ids: dict[str, str], model: Model) -> bool:
        """True for an object with which the operation has something to do."""
        if model.gone & set(ids.values()):
            return False
        run = ids.get("run_id", "")
        status = model.statuses.get(f"thread.run {run} ")
        if operation.name == "submit_tool_outputs_to_run":
            return bool(model.calls.get(run))
        if operation.name in ("get_run", "cancel_run"):
            return status in ("queued", "in_progress", "cancelling", "requires_action")
        return True

    def _body(self, operation: Operation, ids: dict[str, str], model: Model) -> Any:
        body: dict[str, Any] = copy.deepcopy(BODIES.get(operation.name, {}))
        text = f"{self.random.choice(MESSAGES)} {model.token}"
        tools: list[Any] = [{"type": "function", "function": {"name": "f"}}, {"type": "code_interpreter"}]
        tools += [self.random.choice(_HOSTED)] if model.key == KEYS[2] else []
        any_of = self._any_of
        plain: dict[str, Any] = {
            "modify_assistant": {"name": model.token},
            "modify_thread": {"metadata": {}},
            "modify_vector_store": {"name": model.token},
            "create_vector_store_file_batch": {"file_ids": [any_of(model, "file_id"), "file-1"]},
            "search_vector_store": {"query": "soup"},
            "create_upload": {
                "filename": "a.md", "purpose": "assistants", "bytes": len(model.token), "mime_type": "text/markdown",
            },
            "complete_upload": {"part_ids": self._parts(ids, model)},
            "get_input_token_counts": {"model": "gpt-4o", "input": text},
            "compact_conversation": {"model": "gpt-4o", "previous_response_id": any_of(model, "response_id")},
            "create_assistant": {"model": "gpt-4o", "instructions": model.token, "tools": tools},
            "create_thread": {"messages": [{"role": "user", "content": text}]},
            "create_message": {"role": "user", "content": text},
            "create_run": {"assistant_id": any_of(model, "assistant_id"), "stream": self.random.random() < 0.3},
            "create_thread_and_run": {
                "assistant_id": any_of(model, "assistant_id"),
                "thread": {"messages": [{"role": "user", "content": text}]},
                "stream": self.random.random() < 0.3,
            },
            "submit_tool_outputs_to_run": {"tool_outputs": self._outputs(ids, model)},
            "create_vector_store": {"name": model.token, "file_ids": [any_of(model, "file_id")]},
            "create_vector_store_file": {"file_id": any_of(model, "file_id")},
            "create_response": self._response(text, model),
            "create_conversation": {"items": [{"type": "message", "role": "user", "content": text}]},
            "create_conversation_items": {"items": [{"type": "message", "role": "user", "content": text}]},
            "create_container": {"name": model.token},
        }  # fmt: skip
        if operation.name in plain and self.random.random() < 0.85:
            body = plain[operation.name]
        if "metadata" in BODIES.get(operation.name, {}) and self.random.random() < 0.5:
            body["metadata"] = {"owner": model.token}
        return body

    def _response(self, text: str, model: Model) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": "gpt-4o",
            "input": text,
            "tools": [
                {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False},
                {"type": "code_interpreter", "container": {"type": "auto"}},
            ],
        }
        waiting = list(model.waiting.items())[-3:]
        if waiting and self.random.random() < 0.6:
            body["previous_response_id"], calls = self.random.choice(waiting)
            body["input"] = [{"type": "function_call_output", "call_id": one, "output": model.token} for one in calls]
            return body
        way = self.random.random()
        if way < 0.25:
            body["stream"] = True
        elif way < 0.45:
            body["background"] = True
        if (way := self.random.random()) < 0.25:
            body["previous_response_id"] = self._any_of(model, "response_id")
        elif way < 0.5:
            body["conversation"] = self._any_of(model, "conversation_id")
        return body

    def _outputs(self, ids: dict[str, str], model: Model) -> list[dict[str, str]]:
        calls = model.calls.get(ids.get("run_id", ""), ["call_none"])
        return [{"tool_call_id": call, "output": model.token} for call in calls]

    def _parts(self, ids: dict[str, str], model: Model) -> list[str]:
        """One part of the upload."""
        parts = [one["part_id"] for one in model.ids.get("part_id", []) if one["upload_id"] == ids.get("upload_id")]
        return parts[:1] or ["part_none"]

    def _any_of(self, model: Model, name: str) -> str:
        alive = [one[name] for one in model.ids.get(name, []) if one[name] not in model.gone]
        return self.random.choice(alive[-6:]) if alive else f"{name.removesuffix('_id')}_none"

    def _form(self, operation: Operation, model: Model) -> bytes:
        name = "data" if operation.name == "add_upload_part" else "file"
        parts = [f'name="{name}"; filename="a.md"\r\n\r\n{model.token}']
        if operation.name == "create_file":
            parts.append('name="purpose"\r\n\r\nassistants')
        start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        return ("".join(f"{start}{part}\r\n" for part in parts) + f"--{BOUNDARY}--\r\n").encode()

    def _ask(
        self, model: Model, operation: Operation, ids: dict[str, str], path: str, body: bytes, *, form: bool = False
    ) -> Reply:
        kind = f"multipart/form-data; boundary={BOUNDARY}" if form else "application/json"
        headers = {"content-type": kind} if body else {}
        base, query = _BASES[model.key] if operation.api != "responses" or model.key != KEYS[2] else _BASES[KEYS[0]]
        path = base + path
        path += ("&" if "?" in path else "?") + query if query else ""
        reply = self.doors[model.key].request(operation.method, path, content=body, headers=headers)
        model.sent.append((operation.method, path.partition("?")[0], reply.status))
        self.said.append(reply.body)
        model.read(operation, ids, reply, [one.token for one in self.models.values() if one is not model])
        return reply

    # ---- At the end ----

    def _whole_lists(self, model: Model) -> None:
        for path in sorted(model.members):
            if path in model.members:
                model.check_list(path, list(self._pages(model, path, self.random.choice(["asc", "desc"]))))

    def _pages(self, model: Model, path: str, order: str) -> Iterator[str]:
        operation, after = _list_at(path), ""
        for _ in range(200):
            limit = self.random.choice([1, 2, 7, 100])
            reply = self._ask(model, operation, {}, f"{path}?limit={limit}&order={order}{after}", b"")
            if reply.status != 200:
                raise Broken(f"a page of {path} is a {reply.status}: {reply.body[:300]!r}")
            yield from (one["id"] for one in reply.json["data"])
            if not reply.json["has_more"]:
                return
            after = f"&after={reply.json['last_id']}"
        raise Broken(f"{path} has no last page")

    def _itself(self, model: Model) -> None:
        """The journal has what was sent, and no problem is the emulator's own."""
        door = self.doors[model.key]
        model.check_journal(door.get("/_emulator/requests").json["requests"])
        internal = [one for one in door.get("/_emulator/check").json["problems"] if one["kind"] == "internal"]
        if internal:
            raise Broken(f"an internal problem: {str(internal[0])[:3000]}")


def _list_at(path: str) -> Operation:
    forms = ((one, re.sub(r"\{\w+\}", "[^/]+", one.path)) for one in OPERATIONS if one.method == "GET")
    return next(one for one, form in forms if re.fullmatch(form, path) and one.name.startswith("list_"))


def campaign(seconds: int, *, seed: int = 1, most: int | None = None, cache: Path = CACHE) -> Report:
    """Episodes for that long, or so many; each tenth is played again, and has to be the same bytes."""
    folder = cache / "findings" / "oracle"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report, begun, number = Report("oracle"), time.monotonic(), 0
    while time.monotonic() - begun < seconds and (most is None or number < most):
        name = f"{seed}/{number}"
        episode = Episode(name)
        try:
            report.inputs += episode.play()
            if number % 10 == 0:
                again = Episode(name)
                report.inputs += again.play()
                if episode.said != again.said:
                    raise Broken("the same seed has other bytes")
        except Exception as error:
            report.findings.append(f"episode {name}: {type(error).__name__} {error}")
            if len(report.findings) >= _MOST_FINDINGS:
                break
        number += 1
    report.seconds = round(time.monotonic() - begun, 1)
    return report
