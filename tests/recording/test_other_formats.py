"""Formats with parts that no other has: wrappers, code, patterns, objects without requests, one exchange a file."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

import pytest

from emulator.recordings.distil.distil import distil
from emulator.recordings.exchange import Exchange, RecordingError
from emulator.recordings.readers import parse_recording, recognises, wrapped
from tests.recording.handmade import QUESTION, Book, frames, run, streamed
from tests.recording.samples import FORMATS, in_json


def read(raw: bytes | str | object) -> tuple[Exchange, ...]:
    data = raw if isinstance(raw, bytes) else raw.encode() if isinstance(raw, str) else in_json(raw)
    assert recognises(data)
    return parse_recording(data, "x").exchanges


def refusal(raw: bytes | str) -> str:
    with pytest.raises(RecordingError) as refused:
        parse_recording(raw if isinstance(raw, bytes) else raw.encode(), "x")
    return str(refused.value)


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


# ---- dd-trace, WireMock, MockServer, Postman ----

PAIR: Any = {
    "request": {
        "method": "POST",
        "url": "https://api.openai.com/v1/threads",
        "headers": {"a": "b"},
        "body": '{"a": 1}',
    },
    "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": '{"id": "thread_1"}'},
}


def test_a_file_with_one_exchange() -> None:
    (one,) = read(PAIR)
    assert (one.method, one.path, one.status, one.request_json()) == ("POST", "/v1/threads", 200, {"a": 1})


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        ({"url": "/v1/threads?limit=1"}, "/v1/threads?limit=1"),
        ({"urlPath": "/v1/threads", "queryParameters": {"limit": {"equalTo": "1"}, "x": {"matches": "."}}},
         "/v1/threads?limit=1"),
        ({"urlPathPattern": "/v1/threads/[^/]+"}, "(not recorded)"),
    ],
)  # fmt: skip
def test_one_mapping_of_wiremock(request_: Any, url: str) -> None:
    (one,) = read({"request": {"method": "ANY", **request_}, "response": {"status": 200, "jsonBody": {"a": 1}}})
    assert (one.method, one.url, one.response_json()) == ("GET", url, {"a": 1})


def test_what_a_mapping_of_wiremock_does_not_tell_is_noted() -> None:
    mapping = {"request": {"urlPattern": "/v1/.*"}, "response": {"status": 200, "bodyFileName": "body.json"}}
    assert [note.partition(": ")[2] for note in parse_recording(in_json(mapping), "x").notes] == [
        "a mapping for the pattern '/v1/.*': the address of its request is not known",
        "the response body is in the file body.json, which is not read: record it into the mapping",
    ]


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        ("text", b"text"),
        ({"type": "JSON", "json": {"a": 1}}, b'{\n  "a": 1\n}'),
        ({"type": "JSON", "json": '{"a":1}'}, b'{"a":1}'),
        ({"a": 1}, b'{\n  "a": 1\n}'),
        (None, None),
    ],
)
def test_bodies_of_mockserver(body: Any, raw: bytes | None) -> None:
    (one,) = read({"httpRequest": {"path": "/v1/x"}, "httpResponse": {"statusCode": 201, "body": body}})
    assert (one.method, one.status, one.response_body) == ("GET", 201, raw)


def test_a_request_of_mockserver_without_a_response() -> None:
    (one,) = read([{"httpRequest": {"method": "POST", "path": "/v1/x"}}])
    assert one.status == 0


def test_examples_of_postman_take_their_request_and_lose_the_variable_of_the_host() -> None:
    form = [{"key": "purpose", "value": "assistants"}, {"key": "file", "type": "file", "src": "/tmp/menu.md"}]
    asked = {
        "method": "POST",
        "url": "{{baseUrl}}/v1/files",
        "header": "",
        "body": {"mode": "formdata", "formdata": form},
    }
    item = {"name": "upload", "request": asked, "response": [{"code": 200, "body": "{}"}]}
    (one,) = read({"info": {"name": "x"}, "item": [{"item": [item]}]})
    assert (one.method, one.path) == ("POST", "/v1/files")
    assert [(part.name, part.filename) for part in one.form or ()] == [("purpose", None), ("file", "menu.md")]


def test_the_time_and_the_status_of_r() -> None:
    request = {"method": "get", "uri": "https://api.openai.com/v1/models", "body": {"encoding": "", "string": ""}}
    response = {"status": {"status_code": 404}, "headers": {}, "body": {"encoding": "", "file": False, "string": "{}"}}
    entry = {"request": request, "response": response, "recorded_at": "2024-10-08 05:33:26 GMT"}
    recording = parse_recording(in_json({"http_interactions": [entry]}), "x")

    assert [(one.status, one.time) for one in recording.exchanges] == [(404, 1728365606.0)]
    assert recording.notes == ()


# ---- nock's code ----

CODE = """
const nock = require('nock') // a comment
nock('https://api.openai.com:443', {encodedQueryParams: true, reqheaders: {"x-a": "b"}})
  .persist()
  .post('/v1/threads', {messages: [{role: 'user', content: 'It\\'s \\u00fc' + '!'}]})
  .query({limit: 1})
  .matchHeader('openai-beta', "assistants=v2")
  .reply(200, {id: `thread_1`, n: -1.5e3, list: [true, null, undefined,],}, ['Content-Type', 'application/json'])
  .get("/v1/files/file-1/content").reply(200, Buffer.from('ff00', 'hex'));
"""


def test_code_with_literal_replies() -> None:
    created, content = read(CODE)
    assert (created.method, created.path, created.query) == ("POST", "/v1/threads", "limit=1")
    assert created.request_json() == {"messages": [{"role": "user", "content": "It's ü!"}]}
    assert created.response_json() == {"id": "thread_1", "n": -1500, "list": [True, None, None]}
    assert dict(created.request_headers) == {"x-a": "b", "openai-beta": "assistants=v2"}
    assert (content.path, content.response_body) == ("/v1/files/file-1/content", b"\xff\x00")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("200, body", "2:24: expected a literal, got body in the code of nock; only literal replies can be read"),
        ("200, () => 1", "2:24: expected a name"),
        ("200, `a${b}`", "2:24: expected a literal, got a template with an expression"),
        ("200, 'a", "2:24: expected the end of a text"),
        ("200, " + "[" * 200, "expected at most 100 levels"),
        ("200, Buffer.from('zz', 'hex')", "2:24: expected pairs of hexadecimal digits"),
    ],
)
def test_a_reply_that_is_no_literal_is_refused_with_its_place(reply: str, reason: str) -> None:
    assert reason in refusal(f"nock('http://x.test')\n  .get('/').reply({reply})")


# ---- Objects and streams ----


def test_a_stream_as_text_is_a_run() -> None:
    text = frames(streamed("It", " is sunny."))
    assert [step for turn in distil([parse_recording(text, "x")]).document["turns"] for step in turn["steps"]] == [
        {"say": {"text": "It is sunny.", "chunks": ["It", " is sunny."]}}
    ]
    assert recognises(text)


def test_an_object_of_the_responses_api_is_a_turn() -> None:
    part = {"type": "output_text", "text": "Sunny.", "annotations": []}
    message = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
    made = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-4o", "output": [message]}
    (exchange,) = read(made)
    assert (exchange.method, exchange.url) == ("?", "(not recorded)")
    (turn,) = distil([parse_recording(in_json(made), "x")]).document["turns"]
    assert turn["steps"] == [{"say": "Sunny."}]


@pytest.mark.parametrize("form", ["one", "list", "lines", "page"])
def test_objects_in_any_form(form: str) -> None:
    objects = [run("completed"), run("completed", "run_2")]
    raw = {
        "one": json.dumps(objects[0]),
        "list": json.dumps(objects),
        "lines": "\n".join(map(json.dumps, objects)),
        "page": json.dumps({"object": "list", "data": objects[::-1]}),
    }[form]
    assert [one.response_json()["id"] for one in read(raw)] == ["run_1", "run_2"][: 1 if form == "one" else 2]


def test_what_is_no_object_in_a_list_of_objects_is_refused() -> None:
    assert refusal(json.dumps([run("completed"), 7])) == "x: entry 2: expected an object of the API, got 7"


# ---- Wrappers ----


def test_an_archive_has_its_bodies_beside_it() -> None:
    exchanges = read(FORMATS["HAR, zip"].sample())
    assert exchanges[-1].response_body == FORMATS["HAR"].story[-1].answered


def test_several_recordings_in_one_archive() -> None:
    own = FORMATS["vcrpy, YAML"].sample()
    found = read(zipped(**{"b.yaml": own, "a.yaml": own, "notes.txt": b"Hello"}))
    assert [one.source for one in found][:: len(found) // 2] == ["x/a.yaml", "x/b.yaml"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (zipped(**{"notes.txt": b"Hello"}), "x: expected a recording in this archive, got notes.txt"),
        (zipped(), "x: expected a zip archive: File is not a zip file"),
        (gzip.compress(b"Hello")[:-4], "x: expected a whole file of gzip, it breaks off"),
        (gzip.compress(b"Hello"), "x: expected a recording, got text"),
        (gzip.compress(gzip.compress(b"Hello")), "x:1:2: expected text in UTF-8, got byte 0x8b"),
        (b"PK\x03\x04" + bytes(100), "x: expected a zip archive: File is not a zip file"),
    ],
    ids=["no recording", "empty", "torn", "text", "twice", "broken"],
)
def test_a_wrapper_without_a_recording_is_refused(raw: bytes, reason: str) -> None:
    assert refusal(raw if raw[:2] != b"PK" or len(raw) > 22 else b"PK\x03\x04").startswith(reason)


@pytest.mark.parametrize("pack", [gzip.compress, lambda raw: zipped(**{"x.har": raw})], ids=["gzip", "zip"])
def test_a_bomb_is_refused(pack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapped, "MAX_DECODED", 1000)
    assert refusal(pack(b" " * 1001)) == "x: it unpacks to more than 1000 bytes"
    assert not recognises(pack(b" " * 1001))


def test_an_archive_with_very_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapped, "MAX_ARCHIVE_FILES", 2)
    assert refusal(zipped(a=b"", b=b"", c=b"")) == "x: expected at most 2 files in it, got 3"


def test_every_door_takes_a_wrapped_recording() -> None:
    book = Book().assistant().talk(QUESTION, "Sunny.")
    packed = gzip.compress(in_json({"exchanges": [
        {"method": one.method, "path": one.path, "status": one.status, "request_body": one.request_json(),
         "response_body": one.response_json()} for one in book.exchanges
    ]}))  # fmt: skip
    assert recognises(packed)
    (turn,) = distil([parse_recording(packed, "x.gz")]).document["turns"]
    assert turn["steps"] == [{"say": "Sunny."}]
