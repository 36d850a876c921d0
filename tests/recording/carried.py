"""The law of recordings for one script at a time: what a client sees of a scenario, it sees of what is imported too."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import read_events
from emulator.recordings.distil.distil import Distilled, distil
from emulator.recordings.readers import parse_recording
from emulator.scenarios.document import parse
from tests.recording.handmade import proof_of
from tests.support import Api, InProcess, Reply

Script = Callable[[Api], object]

_ID: Final = re.compile(r"\b(?:(?:asst|thread|run|msg|step|call|vsfb|vs|upload|part)_|file-)[A-Za-z0-9_]{16,}")
#: What depends on how much was looked and counted.
_LOOSE: Final = frozenset({"usage", "usage_bytes"})


class Watched(InProcess):
    """Notes every answer of the API, without what differs from world to world: ids by their first appearance, times."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self._ids: dict[str, str] = {}

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        reply = super()._send(method, path, body, headers)
        if not path.startswith("/_emulator/"):
            self.seen.append((method, self._text(path), reply.status, self._plain(_value(reply.body))))
        return reply

    def load(self, document: Object, contents: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Posts a scenario and the files beside it."""
        encoded = {path: base64.b64encode(content).decode() for path, content in contents.items()}
        posted = {"document": orjson.dumps(document).decode(), "contents": encoded}
        reply = self.post("/_emulator/scenarios", posted)
        assert reply.status == 200, reply.body

    def imported(self) -> Distilled:
        """What the journal is distilled to."""
        raw = self.get("/_emulator/export?as=recording").body
        return distil([parse_recording(raw, "journal.jsonl")], "source")

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        if not isinstance(value, dict):
            return value
        loose = {key for key in value if key in _LOOSE or key.endswith("_at")}
        return {key: one is not None if key in loose else self._plain(one) for key, one in value.items()}

    def _text(self, text: str) -> str:
        return _ID.sub(lambda found: self._ids.setdefault(found[0], f"<{len(self._ids)}>"), text)


def _value(raw: bytes) -> Any:
    if raw.startswith(b"event: "):
        return read_events(raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")


def play(document: Object, script: Script, contents: Mapping[str, bytes] = MappingProxyType({})) -> Watched:
    """A client that does what the script says."""
    api = Watched()
    api.load(document, contents)
    script(api)
    return api


def carry(scenario: Object, script: Script) -> Distilled:
    """Plays the script against a scenario and what is imported of that: it shows the same, and stands the proof."""
    first = play(scenario, script)
    distilled = first.imported()
    assert parse(distilled.text(), "imported.yaml").data == distilled.document
    assert play(distilled.document, script, distilled.files).seen == first.seen
    differences = proof_of(distilled).differences
    assert not differences, "\n".join([*differences, distilled.text()])
    return distilled
