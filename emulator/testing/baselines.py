"""What a fresh world holds: what was there before the first test, and what wide fixtures that still live have left.

Each is a baseline of the emulator's upon the one before, and a reset returns to the uppermost.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.base.problems import EmulatorError
from emulator.control.client import Control


@dataclass(slots=True)
class Layer:
    """A wide fixture's baseline. ``unkept``: why there is none, though there should be."""

    kept: bool = False
    ended: bool = False
    unkept: str = ""


class Baselines:
    """The only one who resets. ``options`` are those of the session, which a test's own beat."""

    def __init__(self, control: Control, options: dict[str, Any]) -> None:
        self._control, self._options = control, options
        self._has_first = False
        self._kept: list[Layer] = []
        self._by_fixture: dict[object, Layer] = {}
        #: Tests without a world of their own have used the world since it was last reset, so it is theirs.
        self._shared = False

    def reset(self, **options: Any) -> None:
        self._control.reset(**self._options | options)
        self._shared = False

    def begin(self, *, shared: bool) -> None:
        """A test begins, with a world of its own or in one that is shared."""
        with suppress(EmulatorError):  # a test with a world of its own will be told
            self.keep_first()
        self._shared = self._shared or shared

    def keep_first(self) -> None:
        """What was there before the first test. Raises EmulatorError while a run is under way."""
        if not self._has_first:
            self._control.keep_baseline()
            self._has_first = True

    # ---- Wide fixtures ----

    def begin_fixture(self, fixture: pytest.FixtureDef[Any], *, shared: bool) -> None:
        """A wide fixture is set up, for a test with a world of its own or one that shares it."""
        layer = self._by_fixture[fixture] = Layer()
        fixture.addfinalizer(lambda: self._end(fixture, layer))  # the first finalizer is the last to be called
        if not shared and self._has_first:  # what others have left is no part of what will be kept
            with suppress(EmulatorError):
                self.reset()

    def keep(self, fixture: pytest.FixtureDef[Any]) -> None:
        """What it has made is there in every fresh world, as long as it lives."""
        layer = self._by_fixture[fixture]
        try:
            self._control.keep_baseline()
        except EmulatorError as error:
            why = f"fixture {fixture.argname} ({fixture.scope}) cannot serve tests that have a world each"
            layer.unkept = f"{why}: {error}"
        else:
            layer.kept = True
            self._kept.append(layer)

    def why_not(self, fixture: object) -> str:
        """Why what a fixture has left cannot be in a fresh world; empty if it can."""
        layer = self._by_fixture.get(fixture)
        return layer.unkept if layer else ""

    def _end(self, fixture: pytest.FixtureDef[Any], layer: Layer) -> None:
        """The fixture has been torn down: its baseline goes, as soon as none is upon it."""
        self._by_fixture.pop(fixture, None)
        layer.ended = True
        if not layer.kept:
            return
        with suppress(EmulatorError):  # it has gone, as those who need it will be told
            while self._kept and self._kept[-1].ended:
                self._kept.pop()
                self._control.forget_baseline()
            if not self._shared:
                self.reset()
