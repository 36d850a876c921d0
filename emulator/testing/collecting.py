"""Gives collected tests the fixture that they do not name themselves."""

from __future__ import annotations

import pytest

from emulator.testing.pytest_internals import fixture_definitions


def give_fixture(item: pytest.Function, *, is_marked: bool) -> None:
    """Gives a test the emulator, after its wider fixtures and before its others.

    One without the marker has a cassette, and gets it unless the cassette has no request for the API.
    """
    if not is_marked:
        from emulator.testing.cassette_use import is_left_to_vcrpy, register_reports

        register_reports(item.config)
        if is_left_to_vcrpy(item):
            return
    names, definitions = item.fixturenames, fixture_definitions(item)
    wide = [name for name in names if name in definitions and definitions[name][-1].scope != "function"]
    first = 0 if definitions else len(names)  # pytest has sorted the wider ones to the front
    names.insert(names.index(wide[-1]) + 1 if wide else first, "assistants_emulator")
