"""Reloads scenario files that have changed; a bad file leaves what was there, and its error is shown."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from emulator.problems import ScenarioError
from emulator.scenario import Scenario, load_scenario, scenario_files

#: Seconds between two looks at the files.
PERIOD = 0.3

Stamp = tuple[int, int]


class Watcher:
    """Looks at the files every now and then, in a thread of its own.

    ``reload`` gets the scenarios that have changed, ``tell`` a line for a person.
    """

    def __init__(
        self, sources: list[str], reload: Callable[[list[Scenario]], None], tell: Callable[[str], None]
    ) -> None:
        self._sources, self._reload, self._tell = sources, reload, tell
        self._known = self._stamps()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="scenario-watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(PERIOD):
            self.look()

    def look(self) -> None:
        """Loads what has changed since the last look."""
        stamps = self._stamps()
        changed = [path for path, stamp in stamps.items() if self._known.get(path) != stamp]
        self._known = stamps
        for path in changed:
            try:
                scenario = load_scenario(path)
            except (ScenarioError, OSError) as error:
                self._tell(f"kept the old {path}: the new one is bad\n{error}")
            else:
                self._reload([scenario])
                self._tell(f"reloaded {path}")

    def _stamps(self) -> dict[Path, Stamp]:
        try:
            files = scenario_files(*self._sources)
        except ScenarioError:
            return {}
        return {path: (stat.st_mtime_ns, stat.st_size) for path in files if (stat := _stat(path)) is not None}


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
