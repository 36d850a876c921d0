"""Reads recordings of any format: one module a format, recognised by the contents of a file and never by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final

from emulator.base.files import read_file
from emulator.recordings import own_format
from emulator.recordings.exchange import Exchange, Recording, RecordingError
from emulator.recordings.readers import yaml_values
from emulator.recordings.readers.entry import Entry, Source
from emulator.recordings.readers.loading import is_event_stream, is_json, load, text_of
from emulator.recordings.readers.nock_code import is_nock_code
from emulator.recordings.readers.registry import READERS, Reader, reader
from emulator.recordings.readers.ways_out import refuse_unread
from emulator.recordings.readers.wrapped import is_wrapped, unwrapped
from emulator.recordings.scenario_keys import SCENARIO_KEYS, SCENARIO_ONLY_KEYS

__all__ = ["READERS", "Reader", "discover", "parse_recording", "read_recording", "reader", "recognises"]

_OWN: Final = "our own recordings (JSON Lines)"
#: Keys of an unknown document that an error names at most.
_SHOWN_KEYS: Final = 10


def discover() -> None:
    """Imports every module of this package; those that hold a format register it."""
    for module in iter_modules(__path__, f"{__name__}."):
        import_module(module.name)


def read_recording(path: str | Path) -> Recording:
    """Reads a file. Raises OSError if it cannot be read, RecordingError if it is not a recording."""
    return parse_recording(read_file(path), str(path))


def parse_recording(raw: bytes, file: str) -> Recording:
    """Reads a file's bytes; ``file`` is its name in messages. Raises RecordingError."""
    if is_wrapped(raw):
        return _read_wrapped(unwrapped(raw, file), file)
    return _parse(raw, file, {})


def _read_wrapped(files: Mapping[str, bytes], file: str) -> Recording:
    """The recordings of an archive as one, in the order of their names; objects beside them are bodies."""
    fitting = [name for name in sorted(files) if not name or (not is_wrapped(files[name]) and recognises(files[name]))]
    if fitting[1:]:
        fitting = [name for name in fitting if not _is_object(files[name])] or fitting
    if not fitting:
        names = ", ".join(sorted(files)[:_SHOWN_KEYS]) or "nothing"
        raise RecordingError(f"{file}: expected a recording in this archive, got {names}")
    read = [_parse(files[name], f"{file}/{name}" if fitting[1:] else file, files) for name in fitting]
    exchanges = tuple(exchange for one in read for exchange in one.exchanges)
    return Recording(file, read[0].format, exchanges, tuple(note for one in read for note in one.notes))


def _is_object(raw: bytes) -> bool:
    """True for objects of the API, which are a recording only where nothing else is."""
    if own_format.recognises(raw):
        return False
    found = _reader_of(load(text_of(raw, ""), ""))
    return found is not None and found[0].name == "objects"


def _parse(raw: bytes, file: str, beside: Mapping[str, bytes]) -> Recording:
    if own_format.recognises(raw):
        return own_format.read(raw, file)
    refuse_unread(raw, file)
    text = text_of(raw, file)
    if not text.strip():
        raise RecordingError(f"{file}: expected a recording, the file is empty")
    data = load(text, file)
    found = _reader_of(data)
    if found is None:
        raise RecordingError(f"{file}: {_unknown(data)}")
    return _read(*found, Source(file, beside))


def recognises(raw: bytes) -> bool:
    """True for a recording, False for any other file, in particular a scenario. Parses no more than it has to."""
    if is_wrapped(raw):
        return _wraps_recording(raw)
    if own_format.recognises(raw):
        return True
    if not _has_mark(raw) and not is_nock_code(raw.decode("utf-8", "replace")):
        return False
    try:
        text = text_of(raw, "")
        is_whole = is_json(text) or text.startswith("- ") or is_event_stream(text) or is_nock_code(text)
        return _reader_of(load(text, "")) is not None if is_whole else _is_yaml_recording(text)
    except (RecordingError, yaml_values.Unreadable):
        return False


def _wraps_recording(raw: bytes) -> bool:
    try:
        files = unwrapped(raw, "")
    except RecordingError:
        return False
    return any(not is_wrapped(one) and recognises(one) for one in files.values())


def _has_mark(raw: bytes) -> bool:
    """True if a mark of any format stands in the file as a key. The search for the bare words is the fast part."""
    found = [re.escape(mark) for one in READERS.values() for mark in one.marks if mark.encode() in raw]
    return bool(found) and re.search(f"(?:{'|'.join(found)})[\"']?\\s*:".encode(), raw) is not None


def _is_yaml_recording(text: str) -> bool:
    """Decides by the top-level keys, read one after another: a long cassette is not parsed for it."""
    marks = {mark for one in READERS.values() if one.in_yaml for mark in one.marks}
    for key in yaml_values.top_keys(text):
        if key in SCENARIO_ONLY_KEYS:
            return False
        if key in marks:
            return True
    return False


def _reader_of(data: Any) -> tuple[Reader, list[Any]] | None:
    """The format of a file, and its list of entries."""
    if isinstance(data, dict) and not data.keys().isdisjoint(SCENARIO_ONLY_KEYS):
        return None
    for one in READERS.values():
        items = one.items(data)
        if items is not None:
            return one, items
    return None


def _read(found: Reader, items: list[Any], source: Source) -> Recording:
    """Reads all entries, or raises RecordingError."""
    exchanges = [found.read(Entry(source, number, item)) for number, item in enumerate(items, 1)]
    if found.by_time and all(one.time is not None for one in exchanges):
        exchanges.sort(key=_time)
    return Recording(source.file, found.name, tuple(exchanges), tuple(source.notes))


def _time(exchange: Exchange) -> float:
    return exchange.time or 0.0


# ---- Files that are not recordings ----


def _unknown(data: Any) -> str:
    if isinstance(data, dict) and data.keys() <= SCENARIO_KEYS and data:
        return "this is a scenario, not a recording; serve it as it is"
    return f"expected a recording, got {_described(data)}; the formats are {', '.join(_formats())}"


def _formats() -> list[str]:
    return [one.title for one in READERS.values()] + [_OWN]


def _described(data: Any) -> str:
    if isinstance(data, dict):
        keys = [repr(key) for key in data]
        more = f" and {len(keys) - _SHOWN_KEYS} more" if len(keys) > _SHOWN_KEYS else ""
        return f"a mapping with the keys {', '.join(keys[:_SHOWN_KEYS])}{more}" if keys else "an empty mapping"
    if isinstance(data, list):
        return f"a list of {len(data)} items, the first {_described(data[0])}" if data else "an empty list"
    return "text" if isinstance(data, str) else "nothing" if data is None else repr(data)


discover()
