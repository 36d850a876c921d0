"""Plays the turns of a scenario without a client: the events that each would produce, as a readable table."""

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
    """A turn that was played. ``problems``: what ``check()`` would say of it."""

    turn: Turn
    performance: Performance
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        """The turn's events with their seconds, what it says, and its problems."""
        turn, start = self.turn, self.performance.timeline[0].time
        where = f" ({turn.file}:{turn.line})" if turn.file else ""
        lines = [f"turn {turn.name!r}{where}: {self.performance.status}"]
        for moment in self.performance.timeline:
            times = f" ×{moment.count}" if moment.count > 1 else ""
            lines.append(f"  {moment.time - start:>5} s  {moment.event}{times}")
        lines += [f"           says: {one}" for one in self.says]
        lines += [f"           problem: {problem}" for problem in self.problems]
        if self.problems and any(act.verb == "call" and "expect" not in act.beside for act in turn.acts):
            lines.append(
                "           outputs of functions are made up here; `expect` beside a call says what they are like"
            )
        return "\n".join(lines)

    @property
    def says(self) -> list[str]:
        """What the run says, a line for each message."""
        thread = self.performance.thread
        messages = [thread.message(id) for id, _ in thread.messages.newest_first()]
        return [objects.text_of(one).replace("\n", " ⏎ ") for one in reversed(messages) if one["role"] == "assistant"]

    def as_json(self) -> dict[str, Any]:
        start = self.performance.timeline[0].time
        return {
            "turn": self.turn.name,
            "file": self.turn.file,
            "line": self.turn.line,
            "status": self.performance.status,
            "events": [
                {"seconds": moment.time - start, "event": moment.event, "times": moment.count}
                for moment in self.performance.timeline
            ],
            "says": self.says,
            "problems": [problem.as_json() for problem in self.problems],
        }


def rehearse(scenario: Scenario) -> list[Rehearsal]:
    """Each turn, played alone. Gates are open, outputs of functions are made up from ``expect``."""
    return [_rehearsed(scenario, turn) for turn in scenario.turns]


def _rehearsed(scenario: Scenario, turn: Turn) -> Rehearsal:
    world = World(Options(), (scenario,))
    world.open_gates |= world.labels()
    performance = _played(world, turn)
    return Rehearsal(turn, performance, tuple(world.problems))


def _played(world: World, turn: Turn) -> Performance:
    """The turn, played to its end with made-up outputs."""
    assistant = objects.assistant("asst_rehearsal", 0, {"model": "gpt-4o", "name": "Rehearsal", "tools": _tools(turn)})
    thread = Thread(objects.thread("thread_rehearsal", int(world.clock.now()), {}))
    pattern = turn.when.get("message", "Hello")
    text = pattern if isinstance(pattern, str) else pattern.get("equals", "Hello")
    body = {"role": "user", "content": text or "Hello"}
    thread.put_message(objects.message("msg_rehearsal", int(world.clock.now()), thread.object["id"], body))
    run = objects.run("run_rehearsal", int(world.clock.now()), thread.object["id"], assistant, {})
    stores = list(world.store.vector_stores)
    use(world, stores)
    performance = world.perform(thread, run, assistant, stores, turn=turn)
    performance.polls = {"queued": 0, "in_progress": 0}
    world.performer.start(performance, leg=None)
    while not performance.at_end:
        if performance.status == "requires_action" and not world.performer.name(performance):
            asked = performance.run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = {call["id"]: _made_up(performance, call["function"]["name"]) for call in asked}
            world.performer.submit(performance, outputs, leg=None)
        world.performer.look(performance)
    return performance


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


def _made_up(performance: Performance, name: str) -> str:
    """What ``expect`` demands of an output; without it, what the turn's templates read of it."""
    schema = performance.act.beside.get("expect", {}).get(name) if performance.act else None
    if schema is None:
        read = re.findall(rf"\b{re.escape(name)}\.(\w+)", str([act.value for act in performance.turn.acts]))
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
