"""Checks scenario files: each by itself, and all together."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.base.files import read_file
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.cli.commands.output import describe_os_error
from emulator.cli.findings import Finding

if TYPE_CHECKING:
    from emulator.cli.rehearsal import Rehearsal
    from emulator.scenarios.document import Document
    from emulator.scenarios.model import Scenario

#: The source that stands for standard input, and its name in messages.
STDIN, STDIN_NAME = "-", "<stdin>"


@dataclass(slots=True)
class Checked:
    """A file, or a directory without scenarios."""

    file: str
    scenario: Scenario | None = None
    findings: list[Finding] = field(default_factory=list)
    rehearsals: list[Rehearsal] = field(default_factory=list)

    @property
    def problems(self) -> list[Finding]:
        return [one for one in self.findings if one.level != "warning"]

    @property
    def warnings(self) -> list[Finding]:
        return [one for one in self.findings if one.level == "warning"]

    @property
    def played_problems(self) -> list[Finding]:
        return [Finding.of_problem(problem) for one in self.rehearsals for problem in one.problems]

    @property
    def number_of_problems(self) -> int:
        return len(self.problems) + len(self.played_problems)

    @property
    def is_unreadable(self) -> bool:
        return any(one.level == "unreadable" for one in self.findings)


def check_sources(sources: Sequence[str]) -> list[Checked]:
    """Checks each file, and each file of a directory. Raises EmulatorError if standard input is given twice."""
    with _paused_collector():
        return list(_check_sources(sources))


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Pauses the garbage collector while values are read, of which none is garbage: it would look at all of them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check_sources(sources: Sequence[str]) -> Iterator[Checked]:
    if list(sources).count(STDIN) > 1:
        raise EmulatorError("check: standard input (-) can be read only once")
    for source in sources:
        if source == STDIN:
            yield _checked(STDIN_NAME, sys.stdin.buffer.read())
        else:
            yield from _check_source(source)


def _check_source(source: str) -> Iterator[Checked]:
    from emulator.scenarios.loading import scenario_files

    try:
        files = scenario_files(source)
    except ScenarioError as error:
        yield Checked(source, findings=[Finding.of(one) for one in error.problems])
        return
    except OSError as error:
        yield _unreadable(source, error)
        return
    for file in files:
        try:
            raw = read_file(file)
        except OSError as error:
            yield _unreadable(str(file), error)
        else:
            yield _checked(str(file), raw, file)


def _unreadable(file: str, error: OSError) -> Checked:
    return Checked(file, findings=[Finding(describe_os_error(error), level="unreadable")])


def _checked(name: str, raw: bytes, file: Path | None = None) -> Checked:
    """``file``: None for standard input, whose local files are looked for in the working directory."""
    from emulator.recordings.sources import is_recording
    from emulator.scenarios.loading import check_document, document_of

    checked = Checked(name)
    try:
        if is_recording(raw):
            checked.findings.append(_is_recording(name, file))
            return checked
        document, contents = document_of(raw, name, file.parent if file else Path())
        checked.scenario = check_document(document, file.stem if file else "stdin", contents)
        checked.findings += _warnings(document)
    except ScenarioError as error:
        checked.findings += [Finding.of(one) for one in error.problems]
    except OSError as error:
        checked.findings.append(Finding(describe_os_error(error), level="unreadable"))
    return checked


def _warnings(document: Document) -> Iterator[Finding]:
    from emulator.scenarios.warnings import warnings

    for path, message in warnings(document.data):
        yield Finding.of(document.report(path, message), "warning")


def _is_recording(name: str, file: Path | None) -> Finding:
    given = Path("recording.json") if file is None else file
    scenario = given.with_suffix(".yaml") if given.suffix != ".yaml" else given.with_name(f"{given.stem}.scenario.yaml")
    why = (
        "this is a recording, which `serve`, `exec` and `replay` accept; "
        f"to check it, convert it to a scenario: `assistants-emulator import {given} --out {scenario}`"
    )
    return Finding(why, name, 1, 1)


def problems_together(checked: Sequence[Checked]) -> list[Finding]:
    """The conflicts between the scenarios, if each file is valid by itself."""
    scenarios = [one.scenario for one in checked if one.scenario]
    if any(one.problems for one in checked):
        return []
    if len(scenarios) == 1 and not scenarios[0].given and not scenarios[0].settings:
        return []  # nothing that could disagree, so no world is made for it
    import emulator.apis.given  # noqa: F401  # registers how the APIs make given objects
    from emulator.scenarios.loading import refuse_namesakes
    from emulator.world.options import Options
    from emulator.world.world import World

    try:
        refuse_namesakes(scenarios)
        World(Options(), tuple(scenarios))
    except ScenarioError as error:
        return [Finding.of(one) for one in error.problems]
    return []


def rehearse_all(checked: Sequence[Checked], outputs: Mapping[str, str]) -> None:
    """Plays each turn of the valid scenarios. ``outputs`` of functions, by name; the others are invented.

    Raises EmulatorError for an output of a function that no turn calls.
    """
    from emulator.base.text import did_you_mean
    from emulator.cli.invented import called_functions
    from emulator.cli.rehearsal import rehearse

    scenarios = [one.scenario for one in checked if one.scenario]
    called = {name for scenario in scenarios for turn in scenario.turns for name in called_functions(turn)}
    for name in outputs:
        if name not in called:
            raise EmulatorError(f"--with {name}: no turn calls a function of this name{did_you_mean(name, called)}")
    for one in checked:
        one.rehearsals = rehearse(one.scenario, outputs) if one.scenario else []
