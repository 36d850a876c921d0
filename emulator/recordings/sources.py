"""The sources that an emulator serves: scenario files, and recordings, which it distils when it loads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.base.files import read_file
from emulator.base.json_types import Object
from emulator.base.problems import ScenarioError

if TYPE_CHECKING:
    from emulator.recordings.distil.distil import Distilled
    from emulator.scenarios.document import Document
    from emulator.scenarios.model import Scenario


def is_recording(raw: bytes) -> bool:
    """True for the bytes of a file in a format that can be imported."""
    from emulator.recordings.scenario_keys import is_yaml_scenario

    if is_yaml_scenario(raw):
        return False  # the usual case, decided without the import of all readers
    from emulator.recordings.readers import recognises

    return recognises(raw)


def load_sources(*sources: str | Path | Object) -> tuple[Scenario, ...]:
    """Loads scenarios like ``load_scenarios``, and distils a file that is a recording into a scenario.

    Raises ScenarioError, RecordingError and OSError for files that cannot be read, ScenarioError for namesakes.
    """
    if not sources:
        return ()  # without the import of all that reads a scenario
    from emulator.scenarios.loading import load_scenario, refuse_namesakes, scenario_files

    loaded: list[Scenario] = []
    for source in sources:
        if isinstance(source, dict):
            loaded.append(load_scenario(source))
            continue
        for file in scenario_files(source):
            raw = read_file(file)
            loaded.append(
                scenario_from_recording(raw, str(file), file.stem) if is_recording(raw) else load_scenario(file)
            )
    refuse_namesakes(loaded)
    return tuple(loaded)


def scenario_from_recording(raw: bytes, file: str, name: str) -> Scenario:
    """Distils a recording into a scenario. Raises RecordingError."""
    from emulator.recordings.distil.distil import distil
    from emulator.recordings.readers import parse_recording

    return scenario_from(distil([parse_recording(raw, file)], name))


def scenario_from(distilled: Distilled, *, strict: bool = False) -> Scenario:
    """A distilled scenario, checked like any other; ``strict``: it refuses requests that are not in its recording."""
    from emulator.scenarios.document import from_data

    scenario = _checked(from_data(distilled.document, _origin(distilled)), distilled)
    return replace(scenario, strict_replay=distilled.strict_replay()) if strict else scenario


def scenario_in(text: str, distilled: Distilled) -> Scenario:
    """As ``scenario_from``, of the text of a scenario file. Raises RecordingError for one that is too large."""
    from emulator.recordings.exchange import RecordingError
    from emulator.scenarios.document import parse

    try:
        document = parse(text, _origin(distilled))
    except ScenarioError as error:
        reason = str(error).removeprefix(f"{_origin(distilled)}:")
        raise RecordingError(
            f"{', '.join(distilled.sources)}: the scenario would be too large to be read again: {reason}. "
            "Import fewer recordings into one scenario"
        ) from None
    return _checked(document, distilled)


def _origin(distilled: Distilled) -> str:
    return f"<imported from {', '.join(distilled.sources)}>"


def _checked(document: Document, distilled: Distilled) -> Scenario:
    import emulator.apis.given  # noqa: F401
    from emulator.scenarios.loading import check_document
    from emulator.world.options import Options
    from emulator.world.world import World

    scenario = check_document(document, contents=distilled.files)
    World(Options(), (scenario,))  # its given objects have to fit together
    return scenario
