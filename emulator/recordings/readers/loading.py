"""From the bytes of a file to plain values: JSON if it is JSON, else YAML. An error says where."""

from __future__ import annotations

import json
from typing import Any

import orjson

from emulator.recordings.exchange import RecordingError
from emulator.recordings.readers import yaml_values


def text_of(raw: bytes, file: str) -> str:
    """The text of a file; a byte order mark is none of it."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        found = f"byte 0x{raw[error.start]:02x}"
        raise RecordingError(f"{file}:{line}:{column}: expected text in UTF-8, got {found}") from None


def is_json(text: str) -> bool:
    """It is to be read as JSON: YAML that begins so is JSON too, nearly always."""
    return text.lstrip()[:1] in ("{", "[")


def load(text: str, file: str) -> Any:
    """Raises RecordingError."""
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
    try:
        return json.loads(text)  # takes what recorders in browsers write: halves of characters, large numbers
    except (ValueError, RecursionError):
        raise RecordingError(refused) from None
