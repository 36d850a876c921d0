"""The baselines of a session: the state before the first test, then the state that each living wide fixture left.

Each is a baseline of the emulator on top of the one before, and a reset returns to the top one.
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
    """A wide fixture's baseline. ``unkept``: why the emulator refused it; empty if it did not."""

    kept: bool = False
    ended: bool = False
    unkept: str = ""


class Baselines:
    """Resets the world. ``options``: those of the session, which the options of a test override."""

    def __init__(self, control: Control, options: dict[str, Any]) -> None:
        self._control, self._options = control, options
        self._has_first = False
        self._kept: list[Layer] = []
        self._by_fixture: dict[object, Layer] = {}
        #: Tests without a world of their own have used the world since the last reset, so it must stay.
        self._shared = False

    def reset(self, **options: Any) -> None:
        self._control.reset(**self._options | options)
        self._shared = False

    def begin(self, *, shared: bool) -> None:
        """A test begins, with a world of its own or a shared one."""
        with suppress(EmulatorError):  # raised again for a test with a world of its own
            self.keep_first()
        self._shared = self._shared or shared

    def keep_first(self) -> None:
        """Keeps the state before the first test. Raises EmulatorError while a run is active."""
        if not self._has_first:
            self._control.keep_baseline()
            self._has_first = True

    # ---- Wide fixtures ----

    def begin_fixture(self, fixture: pytest.FixtureDef[Any], *, shared: bool) -> None:
        """A wide fixture is being set up, for a test with a world of its own or a shared one."""
        layer = self._by_fixture[fixture] = Layer()
        fixture.addfinalizer(lambda: self._end(fixture, layer))  # the first finalizer is called last
        if not shared and self._has_first:  # the objects of earlier tests are no part of the baseline
            with suppress(EmulatorError):
                self.reset()

    def keep(self, fixture: pytest.FixtureDef[Any]) -> None:
        """Makes the fixture's objects part of every fresh world until it is torn down."""
        layer = self._by_fixture[fixture]
        try:
            self._control.keep_baseline()
        except EmulatorError as error:
            why = f"the fixture {fixture.argname} ({fixture.scope}) cannot be shared by tests with worlds of their own"
            layer.unkept = f"{why}: {error}"
        else:
            layer.kept = True
            self._kept.append(layer)

    def why_not(self, fixture: object) -> str:
        """Why the objects of a fixture cannot be in a fresh world; empty if they can."""
        layer = self._by_fixture.get(fixture)
        return layer.unkept if layer else ""

    def _end(self, fixture: pytest.FixtureDef[Any], layer: Layer) -> None:
        """Forgets the baseline of a fixture that was torn down, as soon as it is the top one."""
        self._by_fixture.pop(fixture, None)
        layer.ended = True
        if not layer.kept:
            return
        with suppress(EmulatorError):  # the server is gone; the tests that need it will fail
            while self._kept and self._kept[-1].ended:
                self._kept.pop()
                self._control.forget_baseline()
            if not self._shared:
                self.reset()
