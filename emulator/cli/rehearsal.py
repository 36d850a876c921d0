"""Plays the turns of a scenario without a client and lists the events of each in a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

import emulator.apis.given  # noqa: F401
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
    """A turn that was played. ``problems``: what ``check()`` would report."""

    turn: Turn
    thread: Thread
    active_turn: ActiveTurn
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        """The turn's events with their seconds, its messages, and its problems."""
        turn, start = self.turn, self.active_turn.log.timeline[0].time
        where = f" ({turn.file}:{turn.line})" if turn.file else ""
        lines = [f"turn {turn.name!r}{where}: {self.active_turn.status}"]
        for moment in self.active_turn.log.timeline:
            times = f" ×{moment.count}" if moment.count > 1 else ""
            lines.append(f"  {moment.time - start:>5} s  {moment.event}{times}")
        lines += [f"           says: {one}" for one in self.messages]
        lines += [f"           problem: {problem}" for problem in self.problems]
        if self.problems and any(step.kind == "call" and "expect" not in step.beside for step in turn.steps):
            lines.append(
                "           `check` invents the outputs of functions; add `expect` to the call to describe them"
            )
        return "\n".join(lines)

    @property
    def messages(self) -> list[str]:
        """The text of the assistant's messages, a line for each message."""
        written = [stored.message() for _, stored in self.thread.messages.newest_first()]
        return [objects.text_of(one).replace("\n", " ⏎ ") for one in reversed(written) if one["role"] == "assistant"]

    def as_json(self) -> dict[str, Any]:
        start = self.active_turn.log.timeline[0].time
        return {
            "turn": self.turn.name,
            "file": self.turn.file,
            "line": self.turn.line,
            "status": self.active_turn.status,
            "events": [
                {"seconds": moment.time - start, "event": moment.event, "times": moment.count}
                for moment in self.active_turn.log.timeline
            ],
            "says": self.messages,
            "problems": [problem.as_json() for problem in self.problems],
        }


def rehearse(scenario: Scenario) -> list[Rehearsal]:
    """Each turn, played alone. Holds are released; outputs of functions are invented from ``expect``."""
    return [_rehearse_turn(scenario, turn) for turn in scenario.turns]


def _rehearse_turn(scenario: Scenario, turn: Turn) -> Rehearsal:
    world = World(Options(), (scenario,))
    world.open_holds |= world.labels()
    thread, active_turn = played_on_assistants(world, turn)
    return Rehearsal(turn, thread, active_turn, tuple(world.problems))


def question_of(turn: Turn) -> str:
    """A message of the user that may well have led to the turn."""
    pattern = turn.when.get("message", "Hello")
    text = pattern if isinstance(pattern, str) else pattern.get("equals", "Hello")
    return text or "Hello"


def played_on_assistants(world: World, turn: Turn) -> tuple[Thread, ActiveTurn]:
    """Plays the turn to its end with invented outputs, on a thread of its own."""
    assistant = objects.assistant(
        "asst_rehearsal", 0, {"model": "gpt-4o", "name": "Rehearsal", "tools": needed_tools(turn)}
    )
    thread = Thread(objects.thread("thread_rehearsal", world.now, {}))
    body = {"role": "user", "content": question_of(turn)}
    thread.put_message(objects.message("msg_rehearsal", world.now, thread.id, body))
    run = objects.run("run_rehearsal", world.now, thread.id, assistant, {})
    stores = list(world.store.vector_stores)
    use_stores(world, stores)
    active_turn = turn_of(world, thread, run, assistant, stores, turn=turn)
    active_turn.polls = {"queued": 0, "in_progress": 0}
    engine = TurnEngine(world)
    engine.start(active_turn)
    while not active_turn.at_end:
        if active_turn.status == "requires_action" and not engine.name(active_turn):
            engine.resume(active_turn, _invented_outputs(thread, active_turn))
        engine.poll(active_turn)
    return thread, active_turn


def _invented_outputs(thread: Thread, active_turn: ActiveTurn) -> list[Output]:
    action = thread.runs.find(active_turn.id, "run_id")["required_action"]
    functions = [call["function"] for call in action["submit_tool_outputs"]["tool_calls"]] if action else []
    return [Output(one["name"], one["arguments"], invented_output(active_turn, one["name"])) for one in functions]


def needed_tools(turn: Turn) -> list[Object]:
    """The tools that the turn's steps need, in the form of Assistants."""
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


def invented_output(active_turn: ActiveTurn, name: str) -> str:
    """An output that fits ``expect``; without it, one with the keys that the turn's templates read."""
    schema = active_turn.step.beside.get("expect", {}).get(name) if active_turn.step else None
    if schema is None:
        read = re.findall(rf"\b{re.escape(name)}\.(\w+)", str([step.value for step in active_turn.turn.steps]))
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
