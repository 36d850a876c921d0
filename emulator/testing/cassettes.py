"""The cassette of a test with the marker ``vcr``, found by the rules of pytest-recording and of pytest-vcr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

#: The fixtures that say where a cassette is, and the plugins' own modules: other definitions are those of a project.
DIRECTORY: Final = "vcr_cassette_dir"
NAMES: Final = ("default_cassette_name", "vcr_cassette_name")
#: Characters that pytest-recording replaces in the names of cassettes.
_FORBIDDEN: Final = str.maketrans(dict.fromkeys(r"<>?%*:|\"'/\\", "-"))
_SUFFIXES: Final = ("", ".yaml", ".yml", ".json", ".yaml.gz", ".json.gz")


def uses_cassette(item: pytest.Function) -> bool:
    """True for a test whose cassette has requests for the API, and for one whose project says where cassettes are."""
    if item.get_closest_marker("vcr") is None:
        return False
    found = list(usual_cassettes(item))
    return any(map(is_for_the_api, found)) if found else _is_elsewhere(item)


def _is_elsewhere(item: pytest.Function) -> bool:
    """True if the test's project overrides a fixture that says where cassettes are: its value is not known yet."""
    from emulator.testing.pytest_internals import fixture_definitions

    definitions = fixture_definitions(item)
    return any(definitions[name][-1].baseid for name in (DIRECTORY, *NAMES) if name in definitions)


def usual_cassettes(item: pytest.Function) -> Iterator[Path]:
    """The cassettes of a test that are where the plugins put them, those of the marker's arguments last."""
    folder = item.path.parent / "cassettes"
    yield from _there([folder / item.path.stem, folder], list(_names(item)), item)


def cassettes(item: pytest.Function, value: Callable[[str], Any]) -> list[Path]:
    """The cassettes of a running test. ``value`` gives the value of a fixture.

    Raises FileNotFoundError with the places where it looked.
    """
    known = _known_values(value)
    folders = [Path(str(known[DIRECTORY]))] if DIRECTORY in known else []
    folders += [item.path.parent / "cassettes" / item.path.stem, item.path.parent / "cassettes"]
    names = [*(str(known[name]) for name in NAMES if name in known), *_names(item)]
    found = list(_there(folders, names, item))
    if not found:
        tried = " and ".join(dict.fromkeys(str(folder / f"{names[0]}.yaml") for folder in folders))
        raise FileNotFoundError(f"this test has the marker vcr, and no cassette: tried {tried}")
    return found


def _known_values(value: Callable[[str], Any]) -> dict[str, Any]:
    known = {}
    for name in (DIRECTORY, *NAMES):
        with suppress(pytest.FixtureLookupError):
            known[name] = value(name)
    return known


def _names(item: pytest.Function) -> Iterator[str]:
    """The names that the plugins give the cassette of a test."""
    named = item.get_closest_marker("default_cassette")
    if named is not None and named.args:
        yield str(named.args[0])
    name = f"{item.cls.__name__}.{item.name}" if item.cls else item.name
    yield name.translate(_FORBIDDEN)
    yield name


def _there(folders: list[Path], names: list[str], item: pytest.Function) -> Iterator[Path]:
    """The first file that exists, and those that the markers name besides."""
    extra = [str(one) for marker in item.iter_markers("vcr") for one in marker.args]
    first = next((one for folder in folders for name in names for one in _files(folder / name)), None)
    more = (next((one for folder in folders for one in _files(folder / name)), None) for name in extra)
    yield from dict.fromkeys(one for one in (first, *more) if one is not None)


def _files(place: Path) -> Iterator[Path]:
    for suffix in _SUFFIXES:
        path = place.with_name(place.name + suffix)
        with suppress(OSError, ValueError):  # a name that is too long, or has a NUL
            if path.is_file():
                yield path


def is_for_the_api(cassette: Path) -> bool:
    """True if a cassette has a request for the API; False also for one that cannot be read."""
    from emulator.base.problems import EmulatorError
    from emulator.recordings.distil.api_calls import is_for_the_api, read_api_calls
    from emulator.recordings.readers import read_recording

    try:
        return any(map(is_for_the_api, read_api_calls(read_recording(cassette).exchanges)))
    except (EmulatorError, OSError):
        return False
