"""Reads recordings of any format: one small reader a format, each told by what is in the file, not by its name."""

# ruff: noqa: I001  # the order of import is the order in which formats are tried and named
from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from emulator.recordings import own_format
from emulator.recordings.exchange import Exchange, Recording, RecordingError
from emulator.recordings.readers import yaml_values
from emulator.recordings.readers.entry import Entry, Source
from emulator.recordings.readers.loading import is_json, load, text_of
from emulator.recordings.readers.registry import READERS, Reader, reader
from emulator.recordings.readers import vcr, ruby_vcr, har, polly, nock, azure, collected  # noqa: F401

__all__ = ["READERS", "Reader", "parse_recording", "read_recording", "reader", "recognises"]

_OWN: Final = "our own recordings (JSON Lines)"
#: What a scenario has at its top, and whether it alone has it.
_SCENARIO_KEYS: Final = frozenset("version name description settings given turns indexing faults stubs".split())
_OF_SCENARIOS_ALONE: Final = frozenset("settings given turns indexing faults stubs".split())
_CASSETTES: Final = ("interactions", "http_interactions")
#: One of these is in every recording.
_TELLING: Final = re.compile(rb"""interactions["']?\s*:|"(?:log|scope|Entries|exchanges)"\s*:""")
_SHOWN_KEYS: Final = 10


def read_recording(path: str | Path) -> Recording:
    """Reads a file. Raises OSError if it is not there, RecordingError for one that is no recording."""
    return parse_recording(Path(path).read_bytes(), str(path))


def parse_recording(raw: bytes, file: str) -> Recording:
    """Reads a file's bytes; ``file`` is its name in messages. Raises RecordingError."""
    if own_format.recognises(raw):
        return own_format.read(raw, file)
    _refuse_wrapped(raw, file)
    text = text_of(raw, file)
    if not text.strip():
        raise RecordingError(f"{file}: expected a recording, the file is empty")
    data = load(text, file)
    found = _reader_of(data)
    if found is None:
        raise RecordingError(f"{file}: {_unknown(data)}")
    return _read(*found, file)


def recognises(raw: bytes) -> bool:
    """True for a recording, False for anything else, a scenario above all. It reads no further than it has to."""
    if own_format.recognises(raw):
        return True
    if not _TELLING.search(raw):
        return False
    try:
        text = text_of(raw, "")
        return _reader_of(load(text, "")) is not None if is_json(text) else _begins_as_cassette(text)
    except (RecordingError, yaml_values.Unreadable):
        return False


def _begins_as_cassette(text: str) -> bool:
    for key in yaml_values.top_keys(text):
        if key in _OF_SCENARIOS_ALONE:
            return False
        if key in _CASSETTES:
            return True
    return False


def _reader_of(data: Any) -> tuple[Reader, list[Any]] | None:
    """The format of a file, and its list of entries."""
    if isinstance(data, dict) and not data.keys().isdisjoint(_OF_SCENARIOS_ALONE):
        return None
    for one in READERS.values():
        items = one.items(data)
        if items is not None:
            return one, items
    return None


def _read(found: Reader, items: list[Any], file: str) -> Recording:
    """All entries or none."""
    source = Source(file)
    exchanges = [found.read(Entry(source, number, item)) for number, item in enumerate(items, 1)]
    if found.by_time and all(one.time is not None for one in exchanges):
        exchanges.sort(key=_time)
    return Recording(file, found.name, tuple(exchanges), tuple(source.notes))


def _time(exchange: Exchange) -> float:
    return exchange.time or 0.0


# ---- What is no recording ----


def _refuse_wrapped(raw: bytes, file: str) -> None:
    """Says what to do about recordings that are wrapped in something else."""
    if raw.startswith(b"PK\x03\x04"):
        raise RecordingError(f"{file}: this is a zip archive; unpack it and give the recording inside, such as a .har")
    if raw.startswith(b"\x1f\x8b"):
        raise RecordingError(f"{file}: this is compressed with gzip; unpack it and give the recording inside")
    if re.search(rb"^\s*nock\(", raw[:100_000], re.MULTILINE):
        raise RecordingError(
            f"{file}: this is code that nock wrote; record with output_objects: true and write the objects as JSON"
        )


def _unknown(data: Any) -> str:
    if isinstance(data, dict) and data.keys() <= _SCENARIO_KEYS and data:
        return "this is a scenario already, not a recording; it can be served as it is"
    return f"expected a recording, got {_described(data)}; read are {', '.join(_formats())}"


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
