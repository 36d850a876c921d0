"""Every format is told by its contents and read as what was sent and what came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from emulator.recordings import own_format
from emulator.recordings.exchange import Exchange, Part, Recording, RecordingError
from emulator.recordings.readers import READERS, parse_recording, read_recording, reader, recognises
from tests.recording.samples import (
    EVENTS,
    FILE,
    FORM,
    FORMATS,
    STORY,
    Format,
)
from tests.support import ROOT, SCENARIOS, SHARED, needs_shared

RECORDED_AT = 1714250862.0


@pytest.fixture(params=FORMATS)
def format(request: pytest.FixtureRequest) -> Format:
    return FORMATS[request.param]


@pytest.fixture
def recording(format: Format) -> Recording:
    return parse_recording(format.sample(), "tapes/weather.tape")


# ---- All formats alike ----


def test_the_format_is_told_without_a_name(format: Format, recording: Recording) -> None:
    assert recognises(format.sample())
    assert recording.format == format.name
    assert recording.name == "tapes/weather.tape"
    assert recording.notes == ()


def test_requests_are_as_they_were_sent(format: Format, recording: Recording) -> None:
    found = [(one.method, one.path, one.query) for one in recording.exchanges]

    assert found == [(said.method, *said.path.partition("?")[::2]) for said in format.story]
    assert [one.request_json() for one in recording.exchanges] == [said.asked_json for said in format.story]
    assert {one.request_header("authorization") for one in recording.exchanges} == {"Bearer sk-x"}
    assert {one.request_header("openai-beta") for one in recording.exchanges} == {"assistants=v2"}
    assert {one.host for one in recording.exchanges} <= {"api.openai.com", "api.openai.com:443", ""}


def test_answers_are_as_they_came(format: Format, recording: Recording) -> None:
    assert [one.status for one in recording.exchanges] == [said.status for said in format.story]
    for one, said in zip(recording.exchanges, format.story, strict=True):
        if said.answered_json is None:
            assert one.response_body == said.answered
        assert one.response_json() == said.answered_json
        assert one.response_header("content-type") == said.answer_type
    assert [one.streamed for one in recording.exchanges] == [said.answered == EVENTS for said in format.story]


def test_forms_have_their_parts(recording: Recording) -> None:
    forms = [one.form for one in recording.exchanges]

    assert forms[2] == (Part("purpose", None, b"assistants"), Part("file", "menü.md", FILE))
    assert recording.exchanges[2].request_body == FORM
    assert {*forms[:2], *forms[3:]} == {None}


def test_places_and_times_are_known(recording: Recording) -> None:
    assert [one.number for one in recording.exchanges] == list(range(1, len(recording.exchanges) + 1))
    assert {one.source for one in recording.exchanges} == {"tapes/weather.tape"}
    assert {one.time for one in recording.exchanges} == {RECORDED_AT}
    assert {one.ended for one in recording.exchanges} == {"unknown"}


def test_headers_speak_of_the_body_that_is_there(recording: Recording) -> None:
    for one in recording.exchanges:
        assert one.response_header("content-encoding") is None
        assert all(name == name.lower() for name, _ in (*one.request_headers, *one.response_headers))
        assert not any(name.startswith(":") for name, _ in one.request_headers)


def test_json_values_become_json_with_two_spaces() -> None:
    for name in ("nock", "test proxy", "collected"):
        first = parse_recording(FORMATS[name].sample(), "x").exchanges[0]
        assert first.response_body == b'{\n  "id": "thread_1",\n  "object": "thread",\n  "metadata": {}\n}'


def test_text_is_verbatim() -> None:
    for name in ("vcrpy, YAML", "vcrpy, JSON", "Ruby, YAML", "HAR", "Polly.JS"):
        first = parse_recording(FORMATS[name].sample(), "x").exchanges[0]
        assert (first.request_body, first.response_body) == (STORY[0].asked, STORY[0].answered)


def test_our_own_recordings_are_read_by_the_same_door(tmp_path: Path) -> None:
    exchange = Exchange("GET", "/v1/models", 200, response_body=b"{}", ended="complete", number=1)
    file = tmp_path / "own.jsonl"
    file.write_bytes(own_format.header_line("https://x.test") + own_format.line(exchange))

    recording = read_recording(file)

    assert recognises(file.read_bytes())
    assert recording.exchanges == (replace(exchange, source=str(file)),)
    assert recording.upstream == "https://x.test"


def test_a_format_has_one_reader() -> None:
    with pytest.raises(ValueError, match="there is a reader 'har' already"):
        reader("har", "HAR", lambda data: None, marks=("log",))(lambda entry: Exchange("GET", "/", 200))


def test_every_format_has_a_sample() -> None:
    """What all formats have in common is tested with the samples; the others have no requests, or only one."""
    assert {format.name for format in FORMATS.values()} == set(READERS) - {"threads", "objects", "dd_trace"}


def test_a_format_needs_marks() -> None:
    with pytest.raises(ValueError, match="the reader 'tape' needs marks"):
        reader("tape", "tapes", lambda data: None, marks=())


@needs_shared
def test_every_shared_recording_is_read() -> None:
    files = sorted((SHARED / "recordings").glob("*.json"))
    exchanges = [one for file in files for one in read_recording(file).exchanges]
    uploads = [one for one in exchanges if (one.request_body or b"").startswith(b"--")]

    assert len(files) == 234
    assert all(recognises(file.read_bytes()) for file in files)
    assert len(exchanges) == 460
    assert (
        sum(one.streamed for one in exchanges) == sum(b"event: " in (one.response_body or b"") for one in exchanges) > 0
    )
    assert len(uploads) == sum(one.form is not None for one in exchanges) == 26
    assert {part.name for one in uploads for part in one.form or ()} == {"file", "purpose"}
    assert not any((part.content or b"").startswith(b"b64:") for one in uploads for part in one.form or ())


# ---- What is no recording ----


@pytest.mark.parametrize(
    "raw",
    [
        b"version: 1\nturns: []\n",
        b"description: interactions:\nversion: 1\nturns: []\ninteractions: []\n",
        b'version: 1\ndescription: "\ninteractions: []"\nturns: []\n',
        b'{"version": 1, "turns": [], "interactions": []}',
        b'{"version": 1, "stubs": [], "log": {"entries": []}}',
        b"interactions",
        b'{"log": {"entries": 1}}',
        b"[]",
        b"",
        b"\xff\xfe",
        b"- interactions: []",
        b"? [interactions: 1]\n: 2\n",
        b"{[interactions: ]}",
        b'{"interactions": [}',
    ],
)
def test_anything_else_is_not_recognised(raw: bytes) -> None:
    assert not recognises(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"made: {by: [x, {y: z}]}\nat: &a 1\nagain: *a\ninteractions: []\n",
        b"# a comment\n---\n'http_interactions' : []\n",
        b'"interactions":\n',
    ],
)
def test_a_cassette_is_recognised_by_the_keys_at_its_top(raw: bytes) -> None:
    assert recognises(raw)


def test_a_cassette_that_breaks_off_is_recognised_and_refused() -> None:
    assert recognises(b"interactions: [")
    with pytest.raises(RecordingError, match=r"^x:2:1: not readable as YAML"):
        parse_recording(b"interactions: [", "x")


def test_no_scenario_is_taken_for_a_recording() -> None:
    scenarios = [*SCENARIOS.glob("*.yaml"), *(ROOT / "tests" / "broken_scenarios").glob("*.yaml")]

    assert len(scenarios) > 20
    assert not any(recognises(file.read_bytes()) for file in scenarios)
