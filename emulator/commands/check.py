"""``check``: says what is wrong with scenario files, and what their turns would do."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from emulator.commands.exits import FOUND_PROBLEMS
from emulator.problems import ScenarioError

if TYPE_CHECKING:
    from emulator.scenario import Scenario

SUMMARY = "say what is wrong with scenario files"
EXAMPLES = """\
  assistants-emulator check scenarios/ --play          say what is wrong with scenario files, and what they do
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO|DIR")
    parser.add_argument("--play", action="store_true", help="show the events that each turn would produce")


def run(options: argparse.Namespace) -> int:
    from emulator.scenario import load_scenario, scenario_files
    from emulator.world import Options, World

    files = scenario_files(*options.scenarios)
    problems: list[str] = []
    loaded: list[Scenario] = []
    for file in files:
        try:
            loaded.append(load_scenario(file))
        except ScenarioError as error:
            problems += error.problems
    if not problems:
        World(Options(), tuple(loaded))  # what is served together has to go together
    print("\n".join([*problems, f"{len(files)} checked, {len(problems) or 'no'} problem{'s' * (len(problems) != 1)}"]))
    if options.play and not problems:
        from emulator.rehearsal import rehearse

        print("\n\n".join(rehearse(scenario) for scenario in loaded))
    return FOUND_PROBLEMS if problems else 0
