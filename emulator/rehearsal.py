"""Plays the turns of a scenario without a client: the events that each would produce, as a readable table."""

from __future__ import annotations

import re
from typing import Any

import orjson

from emulator import objects
from emulator.lifecycle import Object
from emulator.performance import Performance
from emulator.resources import use
from emulator.scenario import Scenario, Turn
from emulator.store import Thread
from emulator.world import Options, World


def rehearse(scenario: Scenario) -> str:
    """Each turn with its events and their seconds. Gates are open, outputs of functions are made up from ``expect``."""
    return "\n\n".join(_told(scenario, turn) for turn in scenario.turns) or "no turns"


def _told(scenario: Scenario, turn: Turn) -> str:
    world = World(Options(), (scenario,))
    world.open_gates |= world.labels()
    performance = _played(world, turn)
    start = performance.timeline[0].time
    where = f" ({turn.file}:{turn.line})" if turn.file else ""
    lines = [f"turn {turn.name!r}{where}: {performance.status}"]
    for moment in performance.timeline:
        times = f" ×{moment.count}" if moment.count > 1 else ""
        lines.append(f"  {moment.time - start:>5} s  {moment.event}{times}")
    lines += [f"           says: {text}" for text in _texts(performance)]
    lines += [f"           problem: {problem}" for problem in world.problems]
    return "\n".join(lines)


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


def _texts(performance: Performance) -> list[str]:
    """What the run says, a line each."""
    messages = [performance.thread.message(id) for id, _ in performance.thread.messages.newest_first()]
    return [objects.text_of(one).replace("\n", " ⏎ ") for one in reversed(messages) if one["role"] == "assistant"]
