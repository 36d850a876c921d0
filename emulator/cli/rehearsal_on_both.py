"""Plays the turns of scenarios without a client on both APIs, to compare what a user would notice."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.cli.rehearsal import played_on_assistants, rehearsal_world
from emulator.cli.rehearsal_on_responses import played_on_responses
from emulator.control.records import Transcript
from emulator.engine.active_turn import ActiveTurn
from emulator.parity.comparing import ComparedTurn, compare
from emulator.scenarios.model import Scenario, Turn
from emulator.world.options import Options


def rehearse_on_both(scenarios: Sequence[Scenario], options: Options) -> list[ComparedTurn]:
    """Each turn, played alone on each API, in worlds with all the scenarios and these options. Holds are released."""
    return [_rehearsed(scenarios, options, turn) for scenario in scenarios for turn in scenario.turns]


def _rehearsed(scenarios: Sequence[Scenario], options: Options, turn: Turn) -> ComparedTurn:
    _, old = played_on_assistants(rehearsal_world(scenarios, options), turn)
    _, new = played_on_responses(rehearsal_world(scenarios, options), turn)
    (compared,) = compare([_transcript(old)], [_transcript(new)])
    return compared


def _transcript(active_turn: ActiveTurn) -> Transcript:
    """The turn's transcript. There is no application, which could carry the configuration of an assistant."""
    return Transcript.from_json({**active_turn.transcript(), "carried": None})
