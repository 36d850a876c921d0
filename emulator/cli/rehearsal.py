"""Plays the turns of a scenario without a client and lists the events of each in a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from emulator.apis.assistants import objects
from emulator.apis.files.resources import use
from emulator.base.json_types import Object
from emulator.base.problems import Problem
from emulator.engine.active_turn import Performance
from emulator.scenarios.loading import Scenario, Turn
from emulator.world.state.store import Thread
from emulator.world.world import Options, World


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A turn that was played. ``problems``: what ``check()`` would report."""

    turn: Turn
    active_turn: Performance
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        """The turn's events with their seconds, its messages, and its problems."""
        turn, start = self.turn, self.active_turn.timeline[0].time
        where = f" ({turn.file}:{turn.line})" if turn.file else ""
        lines = [f"turn {turn.name!r}{where}: {self.active_turn.status}"]
        for moment in self.active_turn.timeline:
            times = f" ×{moment.count}" if moment.count > 1 else ""
            lines.append(f"  {moment.time - start:>5} s  {moment.event}{times}")
        lines += [f"           says: {one}" for one in self.messages]
        lines += [f"           problem: {problem}" for problem in self.problems]
        if self.problems and any(act.verb == "call" and "expect" not in act.beside for act in turn.acts):
            lines.append(
                "           `check` invents the outputs of functions; add `expect` to the call to describe them"
            )
        return "\n".join(lines)

    @property
    def messages(self) -> list[str]:
        """The text of the assistant's messages, a line for each message."""
        thread = self.active_turn.thread
        written = [thread.message(id) for id, _ in thread.messages.newest_first()]
        return [objects.text_of(one).replace("\n", " ⏎ ") for one in reversed(written) if one["role"] == "assistant"]

    def as_json(self) -> dict[str, Any]:
        start = self.active_turn.timeline[0].time
        return {
            "turn": self.turn.name,
            "file": self.turn.file,
            "line": self.turn.line,
            "status": self.active_turn.status,
            "events": [
                {"seconds": moment.time - start, "event": moment.event, "times": moment.count}
                for moment in self.active_turn.timeline
            ],
            "says": self.messages,
            "problems": [problem.as_json() for problem in self.problems],
        }


def rehearse(scenario: Scenario) -> list[Rehearsal]:
    """Each turn, played alone. Holds are released; outputs of functions are invented from ``expect``."""
    return [_rehearse_turn(scenario, turn) for turn in scenario.turns]


def _rehearse_turn(scenario: Scenario, turn: Turn) -> Rehearsal:
    world = World(Options(), (scenario,))
    world.open_gates |= world.labels()
    active_turn = _played(world, turn)
    return Rehearsal(turn, active_turn, tuple(world.problems))


def _played(world: World, turn: Turn) -> Performance:
    """Plays the turn to its end with invented outputs."""
    assistant = objects.assistant("asst_rehearsal", 0, {"model": "gpt-4o", "name": "Rehearsal", "tools": _tools(turn)})
    thread = Thread(objects.thread("thread_rehearsal", int(world.clock.now()), {}))
    pattern = turn.when.get("message", "Hello")
    text = pattern if isinstance(pattern, str) else pattern.get("equals", "Hello")
    body = {"role": "user", "content": text or "Hello"}
    thread.put_message(objects.message("msg_rehearsal", int(world.clock.now()), thread.object["id"], body))
    run = objects.run("run_rehearsal", int(world.clock.now()), thread.object["id"], assistant, {})
    stores = list(world.store.vector_stores)
    use(world, stores)
    active_turn = world.perform(thread, run, assistant, stores, turn=turn)
    active_turn.polls = {"queued": 0, "in_progress": 0}
    world.performer.start(active_turn, leg=None)
    while not active_turn.at_end:
        if active_turn.status == "requires_action" and not world.performer.name(active_turn):
            calls = active_turn.run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = {call["id"]: _invented_output(active_turn, call["function"]["name"]) for call in calls}
            world.performer.submit(active_turn, outputs, leg=None)
        world.performer.look(active_turn)
    return active_turn


def _tools(turn: Turn) -> list[Object]:
    """The tools that the turn's steps need."""
    names: dict[str, None] = {}
    kinds: dict[str, None] = {}
    for act in turn.acts:
        if act.verb == "call":
            called = act.value if isinstance(act.value, list) else [act.value]
            names |= dict.fromkeys(name for one in called for name in one)
        elif act.verb in ("code", "search"):
            kinds["code_interpreter" if act.verb == "code" else "file_search"] = None
    functions: list[Object] = [{"type": "function", "function": {"name": name}} for name in names]
    return [*functions, *({"type": kind} for kind in kinds)]


def _invented_output(active_turn: Performance, name: str) -> str:
    """An output that fits ``expect``; without it, one with the keys that the turn's templates read."""
    schema = active_turn.act.beside.get("expect", {}).get(name) if active_turn.act else None
    if schema is None:
        read = re.findall(rf"\b{re.escape(name)}\.(\w+)", str([act.value for act in active_turn.turn.acts]))
        schema = {"type": "object", "required": list(dict.fromkeys(read))}
    return orjson.dumps(_sample(schema)).decode()


_SAMPLES: dict[str, Any] = {"string": "…", "integer": 0, "number": 0, "boolean": True, "array": [], "null": None}


def _sample(schema: Any) -> Any:
    """A small value of a schema's type, with what it requires."""
    if not isinstance(schema, dict):
        return {}
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    properties = schema.get("properties", {})
    kind = schema.get("type", "object")
    if kind != "object":
        return _SAMPLES.get(kind if isinstance(kind, str) else "", "…")
    required: list[str] = schema.get("required") or list(properties)
    return {key: _sample(properties.get(key, {"type": "string"})) for key in required}
