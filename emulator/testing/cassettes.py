"""Where the cassette of a test with the marker ``vcr`` may be, by the rules of pytest-recording and of pytest-vcr.

Where vcrpy itself opens one, ``cassette_use`` learns its path from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

#: The fixtures that say where a cassette is: its directory, its name, and the options of vcrpy.
_DIRECTORY: Final = "vcr_cassette_dir"
_NAMES: Final = ("default_cassette_name", "vcr_cassette_name")
_CONFIG: Final = "vcr_config"
#: The option of vcrpy that names the directory of all cassettes, in ``vcr_config`` or beside the marker.
_LIBRARY: Final = "cassette_library_dir"
#: Characters that pytest-recording replaces in the names of cassettes.
_FORBIDDEN: Final = str.maketrans(dict.fromkeys(r"<>?%*:|\"'/\\", "-"))
_SUFFIXES: Final = ("", ".yaml", ".yml", ".json", ".yaml.gz", ".json.gz")


class Search(NamedTuple):
    """``found``: the cassettes of a test, those of the marker's arguments last. ``tried``: places of the first one."""

    found: list[Path]
    tried: list[Path]


def usual_cassettes(item: pytest.Function) -> list[Path]:
    """The cassettes that are where the plugins and projects usually put them."""
    return _search(item, _usual_folders(item), list(_names(item))).found


def search(item: pytest.Function, value: Callable[[str], Any]) -> Search:
    """Looks for the cassettes of a running test. ``value`` gives the value of a fixture."""
    known = _known_values(value)
    options = {**(known[_CONFIG] if isinstance(known.get(_CONFIG), dict) else {})}
    for marker in reversed(list(item.iter_markers("vcr"))):
        options |= marker.kwargs
    folders = [Path(str(options[_LIBRARY]))] if options.get(_LIBRARY) else []
    folders += [item.config.rootpath / folders[0]] if folders else []
    folders += [Path(str(known[_DIRECTORY]))] if _DIRECTORY in known else []
    names = [*(str(known[name]) for name in _NAMES if name in known), *_names(item)]
    return _search(item, [*folders, *_usual_folders(item)], names)


def _known_values(value: Callable[[str], Any]) -> dict[str, Any]:
    known = {}
    for name in (_DIRECTORY, *_NAMES, _CONFIG):
        with suppress(pytest.FixtureLookupError):
            known[name] = value(name)
    return known


def _usual_folders(item: pytest.Function) -> list[Path]:
    """The folder ``cassettes`` beside the test and above it, up to the root directory, and the module's in there."""
    module = item.path.with_suffix("")
    root = item.config.rootpath
    above = [one for one in item.path.parents if one == item.path.parent or root in (one, *one.parents)]
    folders: list[Path] = []
    for folder in above:
        kept = folder / "cassettes"
        folders += [kept / module.relative_to(folder), kept / module.name, kept]
    return list(dict.fromkeys(folders))


def _names(item: pytest.Function) -> Iterator[str]:
    """The names that the plugins give the cassette of a test."""
    named = item.get_closest_marker("default_cassette")
    if named is not None and named.args:
        yield str(named.args[0])
    name = f"{item.cls.__name__}.{item.name}" if item.cls else item.name
    yield name.translate(_FORBIDDEN)
    yield name


def _search(item: pytest.Function, folders: list[Path], names: list[str]) -> Search:
    """The first file that exists, and those that the markers name besides."""
    extra = [str(one) for marker in item.iter_markers("vcr") for one in marker.args]
    first = next((one for folder in folders for name in names for one in _files(folder / name)), None)
    more = (next((one for folder in folders for one in _files(folder / name)), None) for name in extra)
    found = list(dict.fromkeys(one for one in (first, *more) if one is not None))
    return Search(found, [folder / f"{names[0].removesuffix('.yaml')}.yaml" for folder in dict.fromkeys(folders)])


def _files(place: Path) -> Iterator[Path]:
    for suffix in _SUFFIXES:
        path = place.with_name(place.name + suffix)
        with suppress(OSError, ValueError):  # a name that is too long, or has a NUL
            if path.is_file():
                yield path
