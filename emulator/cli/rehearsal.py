"""Plays the turns of a scenario without a client, lists the events of each, and compares its texts on both APIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import emulator.apis.given  # noqa: F401
from emulator.apis.assistants import objects
from emulator.apis.assistants.objects import Message
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.turns import turn_of
from emulator.apis.files.resources import use_stores
from emulator.base.problems import Problem
from emulator.cli.invented import needed_tools, output_of, question_of
from emulator.cli.rehearsal_on_responses import NO_OUTPUTS, played_on_responses, texts_of
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.steps.context import Output
from emulator.world.options import Options
from emulator.world.world import World


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A turn that was played. ``problems``: what ``check()`` would report.

    ``on_responses``: the texts of its messages when the Responses API plays it.
    """

    turn: Turn
    thread: Thread
    active_turn: ActiveTurn
    problems: tuple[Problem, ...]
    on_responses: tuple[str, ...]

    def __str__(self) -> str:
        """The turn's events with their seconds, its messages, and its problems."""
        turn, start = self.turn, self.active_turn.log.timeline[0].time
        where = f" ({turn.file}:{turn.line})" if turn.file else ""
        lines = [f"turn {turn.name!r}{where}: {self.active_turn.status}"]
        for moment in self.active_turn.log.timeline:
            times = f" ×{moment.count}" if moment.count > 1 else ""
            lines.append(f"  {moment.time - start:>5} s  {moment.event}{times}")
        lines += [f"           says: {one}" for one in self.messages]
        lines += [f"           on responses: {one}" for one in self.differences]
        lines += [f"           problem: {problem}" for problem in self.problems]
        if self.problems and any(step.kind == "call" and "expect" not in step.beside for step in turn.steps):
            lines.append(
                "           `check` invents the outputs of functions; add `expect` to the call to describe them"
            )
        return "\n".join(lines)

    @property
    def messages(self) -> list[str]:
        """The text of the assistant's messages, a line for each message."""
        return [_in_a_line(objects.text_of(one)) for one in self._written()]

    @property
    def differences(self) -> list[str]:
        """The texts of the messages on the Responses API if they differ, a line for each message, else none.

        There the markers of citations are not in the text.
        """
        if self.on_responses == tuple(_without_markers(one) for one in self._written()):
            return []
        return [_in_a_line(one) for one in self.on_responses] or ["no message"]

    def _written(self) -> list[Message]:
        written = [stored.message() for _, stored in self.thread.messages.newest_first()]
        return [one for one in reversed(written) if one["role"] == "assistant"]

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
            "differs_on_responses": self.differences,
            "problems": [problem.as_json() for problem in self.problems],
        }


def _in_a_line(text: str) -> str:
    return text.replace("\n", " ⏎ ")


def _without_markers(message: Message) -> str:
    """The text of a message as it is without the markers of its citations."""
    text = objects.text_of(message)
    for part in message["content"]:
        for annotation in part.get("text", {}).get("annotations", []) if part["type"] == "text" else []:
            if annotation["type"] == "file_citation":
                text = text.replace(annotation["text"], "")
    return text


def rehearse(scenario: Scenario, outputs: Mapping[str, str] = NO_OUTPUTS) -> list[Rehearsal]:
    """Each turn, played alone. Holds are released; ``outputs`` of functions that are not given are invented."""
    return [_rehearse_turn(scenario, turn, outputs) for turn in scenario.turns]


def _rehearse_turn(scenario: Scenario, turn: Turn, outputs: Mapping[str, str]) -> Rehearsal:
    world = rehearsal_world([scenario], Options())
    thread, active_turn = played_on_assistants(world, turn, outputs)
    responses, _ = played_on_responses(rehearsal_world([scenario], Options()), turn, outputs)
    return Rehearsal(turn, thread, active_turn, tuple(world.problems), tuple(texts_of(responses)))


def rehearsal_world(scenarios: Sequence[Scenario], options: Options) -> World:
    """A world of its own, in which all holds are open."""
    world = World(options, tuple(scenarios))
    world.open_holds |= world.labels()
    return world


def played_on_assistants(
    world: World, turn: Turn, outputs: Mapping[str, str] = NO_OUTPUTS
) -> tuple[Thread, ActiveTurn]:
    """Plays the turn to its end with these outputs of functions, or invented ones, on a thread of its own."""
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
            engine.resume(active_turn, _outputs(thread, active_turn, outputs))
        engine.poll(active_turn)
    return thread, active_turn


def _outputs(thread: Thread, active_turn: ActiveTurn, outputs: Mapping[str, str]) -> list[Output]:
    action = thread.runs.find(active_turn.id, "run_id")["required_action"]
    functions = [call["function"] for call in action["submit_tool_outputs"]["tool_calls"]] if action else []
    return [Output(one["name"], one["arguments"], output_of(active_turn, one["name"], outputs)) for one in functions]
