"""What each recorder has of its own: shapes of old versions, and ways to write bodies, forms and times."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from emulator.recordings.exchange import Exchange, Part, RecordingError
from emulator.recordings.readers import parse_recording
from tests.recording.samples import EVENTS, FILE, FORM, FORMATS, HOST, PICTURE, STORY, TEXTS, Said, in_json, in_yaml

RECORDED_AT = 1714250862.0


def changed(name: str, path: str, value: Any, said: Said = STORY[0]) -> Exchange:
    """The exchange of a file whose only entry has another value at ``path``."""
    format = FORMATS[name]
    entry: Any = format.entry(said)
    *above, last = path.split(".")
    inner = entry
    for key in above:
        inner = inner[key]
    inner[last] = value
    (one,) = parse_recording(format.dump(format.around([entry])), "x").exchanges
    return one


# ---- vcrpy and go-vcr ----


def test_python_tags_are_read_and_nothing_is_made_of_them() -> None:
    raw = b"""\
interactions:
- request:
    method: !!binary UE9TVA==
    uri: !!python/unicode 'https://x.test/v1/files'
    headers: !!python/object:vcr.request.HeadersDict
      ? !!binary |
        Q29udGVudC1UeXBl
      : [!!binary "dGV4dC9wbGFpbg=="]
    body: !!python/object/new:_io.BytesIO
      state: !!python/tuple [!!binary "aGVsbG8=", 0, null]
  response:
    status: {code: 200, message: OK}
    headers: &same {a: [!!python/object/apply:os.system ['exit 1']]}
    body: {string: !!python/object/apply:builtins.iter {args: !!python/tuple [[!!binary "YQ==", b]]}}
- request: {method: GET, uri: /, body: , headers: *same}
  response: {status: {code: 204}, headers: , body: {string: }}
version: 1
"""
    with pytest.raises(RecordingError, match=r"x: entry 1: response.headers.a: expected text, got a list"):
        parse_recording(raw, "x")
    first, second = parse_recording(raw.replace(b"['exit 1']", b"b").replace(b"os.system", b"x"), "x").exchanges

    assert (first.method, first.url, first.request_body) == ("POST", "https://x.test/v1/files", b"hello")
    assert first.request_headers == (("content-type", "text/plain"),)
    assert first.response_body == b"ab"
    assert (second.request_body, second.response_body) == (None, None)
    assert second.request_headers == first.response_headers == (("a", "b"),)


def test_serializers_that_keep_json_readable_are_read() -> None:
    entry = FORMATS["vcrpy, YAML"].entry(STORY[0])
    del entry["request"]["body"], entry["response"]["body"]
    entry["request"]["parsed_body"] = {"a": 1.5, "b": "1.50", "c": [True, None]}
    entry["response"]["parsed_body"] = [1, {"2": "3"}]

    (one,) = parse_recording(in_yaml({"interactions": [entry]}), "x").exchanges

    assert one.request_json() == {"a": 1.5, "b": "1.50", "c": [True, None]}
    assert one.response_json() == [1, {"2": "3"}]


# ---- Ruby's VCR ----


def test_a_cassette_as_ruby_writes_it() -> None:
    raw = b"""\
---
http_interactions:
- request:
    method: post
    uri: https://api.openai.com/v1/threads
    body:
      encoding: UTF-8
      string: '{"messages":[]}'
    headers:
      Authorization:
      - Bearer <OPENAI_ACCESS_TOKEN>
  response:
    status:
      code: 200
      message: OK
    headers:
      Date:
      - Sat, 27 Apr 2024 20:47:42 GMT
      X-Binary: !ruby/array:Foo
      - !ruby/symbol yes
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        eyJpZCI6ICJ0aHJlYWRfMSIsICJuYW1lIjogIkdyw7zDnyJ9
  recorded_at: Sat, 27 Apr 2024 20:47:43 GMT
- request: !ruby/object:VCR::Request
    method: :get
    uri: /v1/x
    body: ''
    headers: !ruby/hash:Headers {}
  response:
    status: {code: 404, message: }
    headers: {}
    body: {encoding: ISO-8859-1, string: "Gr\xc3\xbc\xc3\x9fe"}
  recorded_at: 2024-04-27T20:47:44.5Z
recorded_with: VCR 6.2.0
"""
    first, second = parse_recording(raw, "x").exchanges

    assert first.response_json() == {"id": "thread_1", "name": "Grüß"}
    assert first.response_header("x-binary") == "yes"
    assert (first.time, second.time) == (RECORDED_AT + 1, RECORDED_AT + 2.5)
    assert (second.method, second.request_body, second.response_body) == ("GET", b"", "Grüße".encode("latin-1"))


# ---- HAR ----


def test_entries_of_an_archive_come_in_the_order_of_their_requests() -> None:
    entries = [FORMATS["HAR"].entry(said) for said in STORY[:3]]
    for entry, second in zip(entries, (9, 1, 5), strict=True):
        entry["startedDateTime"] = f"2024-04-27T20:47:0{second}Z"

    recording = parse_recording(in_json({"log": {"entries": entries}}), "x")

    assert [one.number for one in recording.exchanges] == [2, 3, 1]


def test_one_entry_without_a_time_leaves_the_order_alone() -> None:
    entries = [FORMATS["HAR"].entry(said) for said in STORY[:2]]
    entries[0]["startedDateTime"], entries[0]["response"]["headers"] = "yesterday", []

    recording = parse_recording(in_json({"log": {"entries": entries}}), "x")

    assert [one.number for one in recording.exchanges] == [1, 2]
    assert recording.notes == ("#1: startedDateTime: expected a date and time since 1970, got 'yesterday'",)


@pytest.mark.parametrize(
    ("content", "headers", "body", "size"),
    [
        ({"size": 0}, [], b"", None),
        ({"size": -1}, [], None, None),
        ({"size": 7}, [], None, 7),
        ({}, [{"name": "Content-Length", "value": "8"}], None, 8),
        ({"text": ""}, [], b"", None),
    ],
)
def test_contents_that_were_not_recorded_are_none(content: Any, headers: Any, body: Any, size: Any) -> None:
    one = changed("HAR", "response", {"status": 200, "headers": headers, "content": content})

    assert (one.response_body, one.response_size) == (body, size)


def test_a_body_in_a_file_beside_the_archive_is_noted() -> None:
    entry = FORMATS["HAR"].entry(STORY[0])
    entry["response"]["content"] = {"size": 3, "_file": "ab12.json"}

    recording = parse_recording(in_json({"log": {"entries": [entry]}}), "x")

    assert recording.exchanges[0].response_body is None
    assert len(recording.notes) == 1
    assert "ab12.json" in recording.notes[0]


@pytest.mark.parametrize(
    ("status", "said", "ended"),
    [
        (0, {}, "unreachable"),
        (-1, {"_failureText": "net::ERR_CONNECTION_REFUSED"}, "unreachable"),
        (0, {"_error": "net::ERR_ABORTED"}, "client_left"),
        (0, {"_failureText": "net::ERR_TIMED_OUT"}, "timeout"),
        (200, {"_failureText": "net::ERR_INCOMPLETE_CHUNKED_ENCODING"}, "cut"),
        (200, {}, "unknown"),
    ],
)
def test_how_an_answer_ended_is_told_as_far_as_a_browser_tells(status: int, said: dict[str, str], ended: str) -> None:
    one = changed("HAR", "response", {"status": status, "headers": [], "content": {}, **said})

    assert (one.status, one.ended) == (max(status, 0), ended)


def test_a_form_of_which_only_parameters_were_recorded() -> None:
    params = [
        {"name": "purpose", "value": "assistants"},
        {"name": "file", "fileName": "a.md", "contentType": "text/markdown"},
        {"name": "note", "fileName": "b.md", "value": "hello"},
    ]
    one = changed("HAR", "request.postData", {"mimeType": "multipart/form-data", "params": params})

    assert one.form == (
        Part("purpose", None, b"assistants"),
        Part("file", "a.md", None),
        Part("note", "b.md", b"hello"),
    )
    assert one.request_body is None


def test_parameters_of_a_plain_form_are_its_body() -> None:
    params = [{"name": "a b", "value": "ü"}, {"name": "c"}]
    one = changed("HAR", "request.postData", {"mimeType": "application/x-www-form-urlencoded", "params": params})

    assert (one.request_body, one.form) == (b"a+b=%C3%BC&c=", None)


def test_a_body_that_was_posted_may_be_in_base64() -> None:
    assert changed("HAR", "request.postData", {"text": "eyJhIjoxfQ==", "encoding": "base64"}).request_json() == {"a": 1}


def test_bytes_of_an_archive_are_decoded_already() -> None:
    """Whatever its headers say: they are those that came."""
    content = {"text": "H4sIAAAA", "encoding": "base64"}
    one = changed("HAR", "response.content", content)

    assert one.response_body == b"\x1f\x8b\x08\x00\x00\x00"


# ---- Polly.JS ----


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ({"text": "plain"}, b"plain"),
        ({"text": "aGk=", "encoding": "base64"}, b"hi"),
        ({"text": "6869", "_isBinary": True}, b"hi"),
        ({"text": json.dumps([gzip.compress(b"hi").hex()]), "_isBinary": True}, b"hi"),
        ({"text": '["a", 1]'}, b'["a", 1]'),
        ({"text": "[1"}, b"[1"),
        ({}, b""),
    ],
)
def test_contents_of_every_version_of_polly(content: Any, body: bytes) -> None:
    assert changed("Polly.JS", "response.content", content).response_body == body


# ---- nock ----


def test_nock_keeps_compressed_answers_in_pieces() -> None:
    packed = gzip.compress(EVENTS)
    entry = FORMATS["nock"].entry(STORY[1]) | {
        "rawHeaders": {"content-encoding": "gzip", "content-type": "text/event-stream"},
        "response": [packed[:9].hex(), packed[9:].hex()],
    }

    (one,) = parse_recording(in_json([entry]), "x").exchanges

    assert one.response_body == EVENTS


def test_nock_keeps_decoded_answers_of_fetch_in_pieces_too() -> None:
    entry = FORMATS["nock"].entry(STORY[1]) | {"rawHeaders": {"content-encoding": "gzip"}, "response": [EVENTS.hex()]}

    (one,) = parse_recording(in_json([entry]), "x").exchanges

    assert one.response_body == EVENTS


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("body", "*", None),
        ("body", None, None),
        ("body", "", b""),
        ("body", [1, "a"], b'[\n  1,\n  "a"\n]'),
        ("body", PICTURE.hex(), PICTURE),
        ("body", "abcd", b"abcd"),
        ("response", None, None),
        ("response", "cafe", b"cafe"),
        ("response", ["6869"], b'[\n  "6869"\n]'),
        ("response", 5, b"5"),
    ],
)
def test_bodies_of_nock(key: str, value: Any, expected: bytes | None) -> None:
    one = changed("nock", key, value)

    assert (one.request_body if key == "body" else one.response_body) == expected


def test_nock_leaves_out_what_is_usual() -> None:
    (one,) = parse_recording(in_json([{"scope": "http://x.test", "response": ""}]), "x").exchanges

    assert (one.method, one.url, one.status, one.request_headers) == ("GET", "http://x.test", 200, ())


# ---- The test proxy ----


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", "[1]", b"[1]"),
        ("application/json", ["[1,\n", "2]"], b"[1,\n2]"),
        ("application/json; charset=utf-8", {"a": 1}, b'{\n  "a": 1\n}'),
        ("text/event-stream", ["event: a\n", "data: b\n", "\n"], b"event: a\ndata: b\n\n"),
        ("text/plain", "YWJj", b"YWJj"),
        ("application/octet-stream", "YWJj", b"abc"),
        ("application/octet-stream", "(sanitized)", b"(sanitized)"),
        ("application/octet-stream", [], b""),
        (None, None, None),
    ],
)
def test_bodies_of_the_test_proxy(content_type: str | None, body: Any, expected: bytes | None) -> None:
    entry = FORMATS["test proxy"].entry(STORY[3])
    entry["ResponseHeaders"] = {"Content-Type": content_type}
    entry["ResponseBody"] = body

    (one,) = parse_recording(in_json({"Entries": [entry]}), "x").exchanges

    assert one.response_body == expected


def test_parts_of_the_test_proxy_are_marked() -> None:
    lines = FORM.decode().splitlines(keepends=True)
    at = lines.index("Süppe\r\n")
    lines[at : at + 3] = ["b64:U8O8cHBlDQoNCnVuZCBCcm90Cg=="]
    one = changed("test proxy", "RequestBody", lines, STORY[2])

    assert one.form == (Part("purpose", None, b"assistants"), Part("file", "menü.md", FILE))
    assert one.request_body == FORM


def test_an_empty_part_of_the_test_proxy_is_an_empty_list() -> None:
    lines: list[Any] = FORM.decode().splitlines(keepends=True)
    at = lines.index("Süppe\r\n")
    lines[at : at + 3] = [[]]

    form = changed("test proxy", "RequestBody", lines, STORY[2]).form

    assert form is not None
    assert form[1] == Part("file", "menü.md", b"")


# ---- Collections ----


def test_a_collection_notes_what_was_cut_or_never_known() -> None:
    entries = [FORMATS["collected"].entry(said) for said in TEXTS[:2]]
    entries[0] |= {"method": "?", "path": "inferred from file name: a"}
    entries[1]["truncated"] = "first 3 kept"

    recording = parse_recording(in_json({"exchanges": entries}), "x")

    assert recording.notes == (
        "#1: the request's method and address were not recorded",
        "#2: the response is incomplete: first 3 kept",
    )


def test_a_collection_may_lack_everything_but_method_path_and_status() -> None:
    raw = in_json({"exchanges": [{"method": "GET", "url": f"{HOST}/v1/models", "status": 200}]})

    assert parse_recording(raw, "x").exchanges == (Exchange("GET", f"{HOST}/v1/models", 200, source="x", number=1),)


@pytest.mark.parametrize(("content", "expected"), [("b64:aGk=", b"hi"), ("b64:hi", b"b64:hi"), ("b64", b"b64")])
def test_parts_of_a_collection_are_marked_if_they_are_in_base64(content: str, expected: bytes) -> None:
    body = FORM.replace(FILE, content.encode()).decode()
    form = changed("collected", "request_body", body, STORY[2]).form

    assert form is not None
    assert form[1].content == expected
