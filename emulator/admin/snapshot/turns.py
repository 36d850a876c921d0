"""Turns that a world has played, with their timelines, and the conditions that kept others from being chosen."""

from __future__ import annotations

from typing import Any, Final, cast

from emulator.base.json_types import Object
from emulator.base.problems import Problem
from emulator.base.text import shorten
from emulator.engine.active_turn import ActiveTurn
from emulator.sandbox import patterns
from emulator.scenarios.conditions import Situation, first_mismatch
from emulator.scenarios.model import Turn
from emulator.scenarios.steps.step import Step
from emulator.world.state.state import PlayedTurn
from emulator.world.world import World

#: Characters of a value in a table.
_WIDTH: Final = 160


def changed_at(turn: PlayedTurn) -> int:
    """The number of the last change of a turn."""
    return cast("ActiveTurn", turn).log.changed


def turn_row(played: PlayedTurn, world: World) -> Object:
    """A run, or the responses of a turn: its steps, its timeline, and what it was for the user."""
    turn = cast("ActiveTurn", played)
    scripted = turn.turn
    return {
        **turn.as_json(),
        "timeline": [{**moment.as_json(), "seq": moment.seq, "ms": moment.ms} for moment in turn.log.timeline],
        "changed": changed_at(turn),
        "scenario": scripted.scenario,
        "file": scripted.file,
        "line": scripted.line,
        "held": turn.held,
        "expires_at": None if turn.expires_at == float("inf") else int(turn.expires_at),
        "steps": [step_row(step) for step in scripted.steps],
        "transcript": _shortened(turn.transcript()) if turn in world.with_transcript else None,
    }


def step_row(step: Step) -> Object:
    """A step as the scenario says it."""
    return {"kind": step.kind, "line": step.line, "text": shorten(step_text(step), _WIDTH)}


def step_text(step: Step) -> str:
    """The value of a step in a few words: its text, the calls, or the label."""
    value: Any = step.value
    if isinstance(value, dict):
        value = value.get("text") or value.get("input") or value.get("summary") or value.get("query") or value
    if isinstance(value, dict):
        return ", ".join(f"{name}({_arguments(one)})" for name, one in value.items())
    return value if isinstance(value, str) else "" if value is True else str(value)


def _arguments(value: Any) -> str:
    return ", ".join(f"{key}={one!r}" for key, one in value.items()) if isinstance(value, dict) else str(value)


def _shortened(value: Any, width: int = 4000) -> Any:
    """The same JSON value with shorter texts."""
    if isinstance(value, str):
        return shorten(value, width)
    if isinstance(value, list):
        return [_shortened(one, width) for one in value]
    if isinstance(value, dict):
        return {key: _shortened(one, width) for key, one in value.items()}
    return value


# ---- Near misses ----


def near_miss_tables(world: World, problems: list[Problem], after: int) -> list[Object]:
    """For each turn that no scenario fits: the nearest scripted turns by their conditions, nearest first."""
    tables = []
    by_name = {turn.name: turn for scenario in reversed(world.scenarios) for turn in scenario.turns}
    for problem in problems:
        played = world.turns.get(problem.run_id or "")
        if problem.kind != "unmatched" or played is None or changed_at(played) <= after:
            continue
        situation = cast("ActiveTurn", played).situation
        rows = [_near_miss(by_name[one.turn], situation, one.reason) for one in problem.nearest if one.turn in by_name]
        tables.append({"run_id": problem.run_id, "question": shorten(situation.message, _WIDTH), "turns": rows})
    return tables


def _near_miss(turn: Turn, situation: Situation, reason: str) -> Object:
    return {
        "turn": turn.name,
        "file": turn.file,
        "line": turn.line,
        "reason": reason,
        "conditions": [_condition(key, value, situation) for key, value in turn.when.items()],
    }


def _condition(key: str, expected: Any, situation: Situation) -> Object:
    """One condition of a turn, compared alone."""
    with patterns.shared_time_limit():
        mismatch = first_mismatch({key: expected}, situation)
    return {
        "condition": key,
        "fits": mismatch is None,
        "expected": _value(expected),
        "got": None if mismatch is None else mismatch.why or _value(mismatch.came),
    }


def _value(value: Any) -> str:
    return shorten(value if isinstance(value, str) else repr(value), _WIDTH)
