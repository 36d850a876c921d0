"""Parses the bytes of a file into plain values: JSON if it is JSON, else YAML. Errors have a line and a column.

JSON Lines with a mapping in each line are read as a list.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

from emulator.recordings.exchange import RecordingError
from emulator.recordings.readers import yaml_values
from emulator.recordings.readers.nock_code import is_nock_code, read_nock_code


def text_of(raw: bytes, file: str) -> str:
    """The text of a file, without a byte order mark. Raises RecordingError if it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        found = f"byte 0x{raw[error.start]:02x}"
        raise RecordingError(f"{file}:{line}:{column}: expected text in UTF-8, got {found}") from None


def is_json(text: str) -> bool:
    """True for a text to read as JSON; YAML that begins like JSON nearly always is JSON."""
    return text.lstrip()[:1] in ("{", "[")


class EventStream(str):
    """The text of an event stream."""


#: How an event stream of the API begins, perhaps after comments and a mark of the order of bytes.
_STREAM: Final = re.compile(r"\s*(?::[^\n]*\n\s*)*event:[ \t]*(?:thread\.|response\.|error\b)[^\n]*\r?\ndata:")


def is_event_stream(text: str) -> bool:
    return _STREAM.match(text) is not None


def load(text: str, file: str) -> Any:
    """The value of a text: an EventStream for that of one, and objects for nock's code. Raises RecordingError."""
    if is_event_stream(text):
        return EventStream(text)
    if is_nock_code(text):
        return read_nock_code(text, file)
    if is_json(text):
        return _load_json(text, file)
    try:
        return yaml_values.load(text)
    except yaml_values.Unreadable as error:
        raise RecordingError(f"{file}:{error.line}:{error.column}: {error}") from None


def _load_json(text: str, file: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        refused = f"{file}:{error.lineno}:{error.colno}: not readable as JSON: {error.msg}"
    if (lines := _json_lines(text)) is not None:
        return lines
    try:
        return json.loads(text)  # it takes halves of characters and large numbers, which browsers write
    except (ValueError, RecursionError):
        raise RecordingError(refused) from None


def _json_lines(text: str) -> list[Any] | None:
    """The values of JSON Lines; None if the text is something else."""
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 2:
        return None
    try:
        values = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        return None
    return values if all(isinstance(value, dict) for value in values) else None
