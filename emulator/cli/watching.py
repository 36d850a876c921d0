"""Reloads scenario files that have changed. A bad file keeps the old scenario, and its error is reported."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from emulator.base.problems import EmulatorError, ScenarioError
from emulator.recordings.sources import load_sources
from emulator.scenarios.loading import scenario_files
from emulator.scenarios.model import Scenario

#: Seconds between two polls of the files.
PERIOD = 0.3
#: Seconds that the end waits for a file that is being read; a network drive may never answer.
_PATIENCE = 2

#: Tells a file from the one before it, also if that had the same size and time: another inode, or another change.
Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A changed file. ``name``: the name that its scenario had until now; None for a new file."""

    path: Path
    name: str | None
    scenario: Scenario


class Watcher:
    """Polls the files in a thread of its own.

    Calls ``reload`` for each file that has changed, and ``warn`` with a message for each file that cannot be loaded.
    """

    def __init__(self, sources: list[str], reload: Callable[[Change], object], warn: Callable[[str], object]) -> None:
        self._sources, self._reload, self._warn = sources, reload, warn
        self._known = self._stamps()
        #: The name of each file's scenario.
        self._names: dict[Path, str] = {}
        for path in self._known:
            with suppress(EmulatorError, OSError):  # a file that is bad now counts as one that does not exist yet
                self._names[path] = _load(path).name
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="scenario-watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(_PATIENCE)

    def _watch(self) -> None:
        while not self._ended.wait(PERIOD):
            self.poll()

    def poll(self) -> None:
        """Loads the files that have changed since the last poll."""
        stamps = self._stamps()
        changed = [path for path, stamp in stamps.items() if self._known.get(path) != stamp]
        self._known = stamps
        for path in changed:
            try:
                scenario = _load(path)
                self._refuse_namesake(path, scenario)
            except (EmulatorError, OSError) as error:
                kept = (
                    f"kept the old {path}: the new one is invalid" if path in self._names else f"{path} is not loaded"
                )
                self._warn(f"{kept}\n{error}")
            else:
                self._reload(Change(path, self._names.get(path), scenario))
                self._names[path] = scenario.name

    def _refuse_namesake(self, path: Path, scenario: Scenario) -> None:
        for other, name in self._names.items():
            if name == scenario.name and other != path and other in self._known:
                raise ScenarioError([f"{path}: the name {name!r} is already used by {other}"])

    def _stamps(self) -> dict[Path, Stamp]:
        try:
            files = scenario_files(*self._sources)
        except ScenarioError:
            return {}
        return {path: stamp for path in files if (stamp := _stamp(path)) is not None}


def _load(path: Path) -> Scenario:
    return load_sources(path)[0]


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns
