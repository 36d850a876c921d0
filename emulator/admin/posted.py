"""Reads posted scenarios: a document, a document with its files, or a recording."""

from __future__ import annotations

import base64
import binascii

import orjson

from emulator.base.problems import EmulatorError, ScenarioError
from emulator.recordings.sources import is_recording, scenario_from_recording
from emulator.scenarios.loading import parse_scenario
from emulator.scenarios.model import Scenario


def posted_scenario(raw: bytes, file: str, name: str) -> Scenario:
    """The scenario in a request body. ``file``: its origin, for messages; ``name``: its name if it has none.

    Raises ScenarioError for a bad scenario, RecordingError for a bad recording, EmulatorError for bad contents.
    """
    if is_recording(raw):
        return scenario_from_recording(raw, file, name or "recording")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{file}:1:1: expected UTF-8 text: {error}"]) from None
    contents: dict[str, bytes] = {}
    if text.lstrip().startswith("{") and (posted := _with_contents(text)) is not None:
        text, contents = posted
    return parse_scenario(text, file, name, contents)


def _with_contents(text: str) -> tuple[str, dict[str, bytes]] | None:
    """A document and the contents of its files; None for a body that is a plain document."""
    try:
        posted = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if "document" not in posted:
        return None
    document, files = posted["document"], posted.get("contents", {})
    if not isinstance(document, str) or not isinstance(files, dict) or set(posted) - {"document", "contents"}:
        raise EmulatorError('expected {"document": text, "contents": {path: base64}} and nothing else')
    contents = {}
    for path, data in files.items():
        try:
            contents[path] = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise EmulatorError(f"contents[{path!r}]: expected base64: {error}") from None
    return document, contents
