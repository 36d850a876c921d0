"""Laws of reading: whatever the bytes, they are a recording whose exchanges can be asked, or they are refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.recordings import own_format
from emulator.recordings.exchange import Exchange, Part, RecordingError
from emulator.recordings.multipart import parts_of
from emulator.recordings.readers import parse_recording, recognises, yaml_values
from tests.recording.samples import BOUNDARY, FORM, FORMATS, in_yaml

OWN = own_format.header_line("https://x.test") + b"".join(
    own_format.line(
        Exchange("POST", "/v1/files", 200, form=(Part("a", "b", b"\xff"),), response_body=b"{}", number=number)
    )
    for number in (1, 2)
)
SAMPLES = {**{name: format.sample() for name, format in FORMATS.items()}, "own": OWN}

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["base64", "http://[", "9e9"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["string", "text"]), inner),
    max_leaves=8,
)


def ask(raw: bytes) -> None:
    """Reads, and asks what the distilling asks."""
    recognises(raw)
    exchanges: tuple[Exchange, ...] = ()
    with suppress(RecordingError):
        exchanges = parse_recording(raw, "fuzz").exchanges
    for one in exchanges:
        assert isinstance(one.path + one.query + one.host + one.described(), str)
        assert one.streamed in (True, False)
        one.request_json()
        one.response_json()
        own_format.line(one)


@given(st.binary() | st.text().map(str.encode))
@example(b"interactions:\n- ")
@example(b'{"log": {"entries": [null]}}')
@example(b'{"exchanges": [{"method": "GET", "path": "/", "status": 200, "request_headers": {"\\ud800": 1}}]}')
@example(b'{"interactions": [{"request": {"body": ' + b"[" * 900 + b"]" * 900 + b"}}]}")
@settings(deadline=None, max_examples=300)
def test_any_bytes(raw: bytes) -> None:
    ask(raw)


@given(VALUES, st.sampled_from(["interactions", "http_interactions", "Entries", "exchanges"]))
@settings(deadline=None, max_examples=200)
def test_any_values_where_entries_are_expected(value: Any, key: str) -> None:
    entries = value if isinstance(value, list) else [value]
    for document in ({key: entries}, {"log": {"entries": entries}}, {"log": {"entries": entries, "_recordingName": 1}}):
        ask(json.dumps(document).encode())
    ask(json.dumps([{"scope": "x", "response": value}, *entries]).encode())


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of every value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for key, one in inner for path in paths(one, (*above, key)))]


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_any_value_in_any_place(name: str, data: st.DataObject) -> None:
    format = FORMATS[name]
    document = {"": format.document()}
    *above, last = data.draw(st.sampled_from(paths(document)[1:]))
    inner: Any = document
    for key in above:
        inner = inner[key]
    if data.draw(st.booleans()) and isinstance(inner, dict):
        del inner[last]
    else:
        inner[last] = data.draw(VALUES)
    if "" in document:
        ask(in_yaml(document[""]) if format.dump is in_yaml else json.dumps(document[""]).encode())


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_any_bytes_in_any_place(name: str, data: st.DataObject) -> None:
    raw = SAMPLES[name]
    begin = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(begin, min(begin + 30, len(raw))))
    put = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"\n", b'"', b"{", b"*x", b"&x ", b"!!binary ", b"\\ud800"])
    )
    ask(raw[:begin] + put + raw[end:])


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
@example({"a": "1e5", "b": "0x1f", "c": "1_000", "d": "yes", "e": "2024-04-27", "f": "12:30", "g": "", "h": "~"})
@settings(deadline=None, max_examples=300)
def test_yaml_that_python_wrote_is_read_as_it_was(value: Any) -> None:
    """Names of keys apart, everything that a recorder has is text, bytes, a whole number, a truth or nothing."""
    assert yaml_values.load(in_yaml(value).decode()) == value


@given(
    st.binary(max_size=60), st.sampled_from([None, f"multipart/form-data; boundary={BOUNDARY}", "multipart/form-data"])
)
@settings(deadline=None, max_examples=200)
def test_forms_have_parts_or_have_none(noise: bytes, content_type: str | None) -> None:
    for body in (noise, FORM + noise, noise + FORM, FORM[:90] + noise + FORM[90:], FORM[:-9] + noise):
        parts = parts_of(body, content_type)
        assert parts is None or all(isinstance(part.name, str) for part in parts)
