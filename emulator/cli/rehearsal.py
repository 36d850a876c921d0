"""Plays the turns of a scenario without a client: the events that each would produce, as a readable table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from emulator.apis.assistants import objects
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.turns import turn_of
from emulator.apis.files.resources import use_stores
from emulator.base.json_types import Object
from emulator.base.problems import Problem
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.steps.context import Output
from emulator.world.options import Options
from emulator.world.world import World


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A turn that was played. ``problems``: what ``check()`` would say of it."""

    turn: Turn
    thread: Thread
    played: ActiveTurn
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        """The turn's events with their seconds, what it says, and its problems."""
        turn, start = self.turn, self.played.log.timeline[0].time
        where = f" ({turn.file}:{turn.line})" if turn.file else ""
        lines = [f"turn {turn.name!r}{where}: {self.played.status}"]
        for moment in self.played.log.timeline:
            times = f" ×{moment.count}" if moment.count > 1 else ""
            lines.append(f"  {moment.time - start:>5} s  {moment.event}{times}")
        lines += [f"           says: {one}" for one in self.says]
        lines += [f"           problem: {problem}" for problem in self.problems]
        if self.problems and any(step.kind == "call" and "expect" not in step.beside for step in turn.steps):
            lines.append(
                "           outputs of functions are made up here; `expect` beside a call says what they are like"
            )
        return "\n".join(lines)

    @property
    def says(self) -> list[str]:
        """What the run says, a line for each message."""
        messages = [stored.message() for _, stored in self.thread.messages.newest_first()]
        return [objects.text_of(one).replace("\n", " ⏎ ") for one in reversed(messages) if one["role"] == "assistant"]

    def as_json(self) -> dict[str, Any]:
        start = self.played.log.timeline[0].time
        return {
            "turn": self.turn.name,
            "file": self.turn.file,
            "line": self.turn.line,
            "status": self.played.status,
            "events": [
                {"seconds": moment.time - start, "event": moment.event, "times": moment.count}
                for moment in self.played.log.timeline
            ],
            "says": self.says,
            "problems": [problem.as_json() for problem in self.problems],
        }


def rehearse(scenario: Scenario) -> list[Rehearsal]:
    """Each turn, played alone. Holds are open, outputs of functions are made up from ``expect``."""
    return [_rehearsed(scenario, turn) for turn in scenario.turns]


def _rehearsed(scenario: Scenario, turn: Turn) -> Rehearsal:
    world = World(Options(), (scenario,))
    world.open_holds |= world.labels()
    thread, played = _played(world, turn)
    return Rehearsal(turn, thread, played, tuple(world.problems))


def _played(world: World, turn: Turn) -> tuple[Thread, ActiveTurn]:
    """The turn, played to its end with made-up outputs, and the thread that it was played on."""
    assistant = objects.assistant("asst_rehearsal", 0, {"model": "gpt-4o", "name": "Rehearsal", "tools": _tools(turn)})
    thread = Thread(objects.thread("thread_rehearsal", world.now, {}))
    pattern = turn.when.get("message", "Hello")
    text = pattern if isinstance(pattern, str) else pattern.get("equals", "Hello")
    body = {"role": "user", "content": text or "Hello"}
    thread.put_message(objects.message("msg_rehearsal", world.now, thread.id, body))
    run = objects.run("run_rehearsal", world.now, thread.id, assistant, {})
    stores = list(world.store.vector_stores)
    use_stores(world, stores)
    played = turn_of(world, thread, run, assistant, stores, turn=turn)
    played.polls = {"queued": 0, "in_progress": 0}
    engine = TurnEngine(world)
    engine.start(played)
    while not played.at_end:
        if played.status == "requires_action" and not engine.name(played):
            engine.resume(played, _made_up_outputs(thread, played))
        engine.poll(played)
    return thread, played


def _made_up_outputs(thread: Thread, played: ActiveTurn) -> list[Output]:
    action = thread.runs.find(played.id, "run_id")["required_action"]
    functions = [call["function"] for call in action["submit_tool_outputs"]["tool_calls"]] if action else []
    return [Output(one["name"], one["arguments"], _made_up(played, one["name"])) for one in functions]


def _tools(turn: Turn) -> list[Object]:
    """The tools that the turn's steps need."""
    names: dict[str, None] = {}
    kinds: dict[str, None] = {}
    for step in turn.steps:
        if step.kind == "call":
            called = step.value if isinstance(step.value, list) else [step.value]
            names |= dict.fromkeys(name for one in called for name in one)
        elif step.kind in ("code", "search"):
            kinds["code_interpreter" if step.kind == "code" else "file_search"] = None
    functions: list[Object] = [{"type": "function", "function": {"name": name}} for name in names]
    return [*functions, *({"type": kind} for kind in kinds)]


def _made_up(played: ActiveTurn, name: str) -> str:
    """What ``expect`` demands of an output; without it, what the turn's templates read of it."""
    schema = played.step.beside.get("expect", {}).get(name) if played.step else None
    if schema is None:
        read = re.findall(rf"\b{re.escape(name)}\.(\w+)", str([step.value for step in played.turn.steps]))
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
