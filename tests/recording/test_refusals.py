"""What cannot be read is refused whole, and the message says where, what was expected and what came."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import brotli
import pytest
import yaml

from emulator.recordings.exchange import RecordingError
from emulator.recordings.readers import decoding, parse_recording, read_recording, yaml_values
from tests.recording.samples import FORMATS, STORY, in_json, in_yaml

ALL_FORMATS = (
    "the formats are session records of the Azure SDK's test proxy, collections of exchanges (JSON with the key "
    "'exchanges'), HAR 1.2, cassettes of ExVCR, cassettes of PHP-VCR (YAML, JSON), cassettes of dd-trace, one exchange "
    "in each file, expectations and recordings of MockServer, recordings of nock (objects as JSON, code with literal "
    "replies), objects of the API (JSON), and its event streams as text, recordings of Polly.JS, "
    "collections of Postman with examples, cassettes of ReqCassette, cassettes of Ruby's VCR and R's vcr (YAML, JSON), "
    "exports of threads (assistants-thread-export/v1) and lists of their messages, cassettes of vcrpy and go-vcr "
    "(YAML, JSON), stub mappings of WireMock, our own recordings (JSON Lines)"
)

#: Both parsers of PyYAML say it.
SPECIAL = ": special characters are not allowed"


def refusal(raw: bytes) -> str:
    with pytest.raises(RecordingError) as refused:
        parse_recording(raw, "a.tape")
    return str(refused.value)


# ---- Files ----


def test_a_file_that_is_not_there_is_absent_and_not_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.yaml"):
        read_recording(tmp_path / "missing.yaml")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "a.tape: expected a recording, the file is empty"),
        (b"\xef\xbb\xbf\n", "a.tape: expected a recording, the file is empty"),
        (b"interactions:\n- \xfc\n", "a.tape:2:3: expected text in UTF-8, got byte 0xfc"),
        (b"\xff\xfei\0n\0", "a.tape:1:1: expected text in UTF-8, got byte 0xff"),
        (b"PK\x03\x04...", "a.tape: expected a zip archive: File is not a zip file"),
        (
            b"\x1f\x8b\x08...",
            "a.tape: expected a file of gzip: Error -3 while decompressing data: unknown header flags set",
        ),
        (
            b"const nock = require('nock');\n\n  nock('http://x.test')\n",
            "a.tape: expected calls of reply with literals in this code of nock, found none",
        ),
        (
            b"version: 1\nname: weather\nturns: []\n",
            "a.tape: this is a scenario, not a recording; serve it as it is",
        ),
        (
            b'{"version": 1, "faults": []}',
            "a.tape: this is a scenario, not a recording; serve it as it is",
        ),
        (
            b'{"log": {\n"entries": [}}',
            "a.tape:2:13: not readable as JSON: unexpected character, expected a JSON value",
        ),
        (b"# nothing\n", f"a.tape: expected a recording, got nothing; {ALL_FORMATS}"),
        (b"hello\n", f"a.tape: expected a recording, got text; {ALL_FORMATS}"),
        (b"[]", f"a.tape: expected a recording, got an empty list; {ALL_FORMATS}"),
        (b"{}", f"a.tape: expected a recording, got an empty mapping; {ALL_FORMATS}"),
        (b"17", f"a.tape: expected a recording, got 17; {ALL_FORMATS}"),
        (
            b'[{"tape": 1}, 2]',
            "a.tape: expected a recording, got a list of 2 items, the first a mapping with the keys 'tape'; "
            + ALL_FORMATS,
        ),
        (
            json.dumps(dict.fromkeys("abcdefghijkl")).encode(),
            "a.tape: expected a recording, got a mapping with the keys 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', "
            f"'j' and 2 more; {ALL_FORMATS}",
        ),
        (
            b"interactions: {}",
            f"a.tape: expected a recording, got a mapping with the keys 'interactions'; {ALL_FORMATS}",
        ),
    ],
)
def test_files_that_are_no_recordings(raw: bytes, message: str) -> None:
    assert refusal(raw) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", "1:5: not readable as YAML: mapping values are not allowed in this context"),
        ("a:\n- a: 'b", "2:8: not readable as YAML: while scanning a quoted scalar found unexpected end of stream"),
        (
            "ü: 1\na: \x01",
            "2:4: not readable as YAML: unacceptable character U+0001" + SPECIAL,
        ),
        ("a: \x00", "1:4: not readable as YAML: unacceptable character U+0000" + SPECIAL),
        ("a: !!binary 'x'", "1:4: expected base64 after the tag tag:yaml.org,2002:binary"),
        ("a: !binary 'ü'", "1:4: expected base64 after the tag !binary"),
        ("a: &x\n  b: *x", "2:6: this alias contains itself"),
        ("a: *x", "1:4: there is no anchor 'x' for this alias"),
        ("--- a\n--- b", "2:1: expected one document, got another"),
        ("[a]: b", "1:1: expected text as a key, got a list, a mapping or an alias"),
        ("a: &x b\n*x : c", "2:1: expected text as a key, got a list, a mapping or an alias"),
        ("- " * 101 + "a", "1:203: expected at most 100 levels"),
        ("{a: " * 102, "1:405: expected at most 100 levels"),
    ],
)
def test_yaml_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(yaml_values.Unreadable) as refused:
        yaml_values.load(text)
    assert f"{refused.value.line}:{refused.value.column}: {refused.value}" == message


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert "expected at most 10000000 values, aliases counted as often as used" in refusal("\n".join(lines).encode())


def test_depth_that_would_overrun_the_stack_is_refused() -> None:
    assert "expected at most 100 levels" in refusal(b"interactions: " + b"[" * 300_000)
    assert "not readable as JSON" in refusal(b'{"exchanges": ' + b"[" * 300_000 + b"]" * 300_000 + b"}")


# ---- Entries ----


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        ("vcrpy, YAML", "", 5, "entry 2: expected a mapping, got 5"),
        ("vcrpy, YAML", "", None, "entry 2: request.method: expected text, got nothing"),
        ("vcrpy, YAML", "request", [], "entry 2: request: expected a mapping, got a list"),
        ("vcrpy, YAML", "request.method", None, "entry 2: request.method: expected text, got nothing"),
        ("vcrpy, YAML", "request.uri", {"a": 1}, "entry 2: request.uri: expected text, got a mapping"),
        (
            "vcrpy, YAML",
            "request.uri",
            "http://[::1",
            "entry 2: expected an address, got 'http://[::1': Invalid IPv6 URL",
        ),
        ("vcrpy, YAML", "request.headers", "x", "entry 2: request.headers: expected headers, got 'x'"),
        ("vcrpy, YAML", "request.headers", ["a"], "entry 2: request.headers: expected a name and a value, got 'a'"),
        ("vcrpy, YAML", "request.headers", {"a": [{}]}, "entry 2: request.headers.a: expected text, got a mapping"),
        (
            "vcrpy, YAML",
            "request.body",
            {"text": "x"},
            "entry 2: request.body: expected text, bytes or a mapping with 'string', got a mapping",
        ),
        (
            "vcrpy, JSON",
            "response.body",
            [["a"]],
            "entry 2: response.body: expected text, bytes or a mapping with 'string', got a list",
        ),
        (
            "vcrpy, YAML",
            "response.status.code",
            "abc",
            "entry 2: response.status.code: expected a status from 100 to 999, or 0, got 'abc'",
        ),
        (
            "vcrpy, YAML",
            "response.status.code",
            1000,
            "entry 2: response.status.code: expected a status from 100 to 999, or 0, got 1000",
        ),
        (
            "vcrpy, YAML",
            "response.status",
            True,
            "entry 2: response.status: expected a mapping, got True",
        ),
        (
            "go-vcr",
            "response.code",
            [1],
            "entry 2: response.code: expected a status from 100 to 999, or 0, got a list",
        ),
        ("vcrpy, YAML", "response.parsed_body", {"a": b"x"}, "entry 2: response.parsed_body: expected a JSON value: "),
        ("Ruby, YAML", "response.body.string", 5, "entry 2: response.body.string: expected text, got 5"),
        (
            "Ruby, YAML",
            "response.body.base64_string",
            "a" * 50,
            "entry 2: response.body.base64_string: expected base64, got 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
        ),
        (
            "HAR",
            "response.content",
            {"text": "ü", "encoding": "base64"},
            "entry 2: response.content.text: expected base64, got 'ü'",
        ),
        ("HAR", "request.postData", {"params": [{"value": "x"}]}, "entry 2: name: expected text, got nothing"),
        (
            "Polly.JS",
            "response.content",
            {"text": "xyz", "_isBinary": True},
            "entry 2: response.content.text: expected pairs of hexadecimal digits, got 'xyz'",
        ),
        ("nock", "scope", None, "entry 2: scope: expected text, got nothing"),
        ("nock", "status", "4", "entry 2: status: expected a status from 100 to 999, or 0, got '4'"),
        ("test proxy", "ResponseBody", [5], "entry 2: ResponseBody: expected lines of text, got 5"),
        ("collected", "request_headers", [[1, 2]], "entry 2: request_headers: expected a name and a value, got a list"),
        ("collected", "path", None, "entry 2: url: expected text, got nothing"),
    ],
)
def test_entries_of_which_something_does_not_fit(name: str, path: str, value: Any, message: str) -> None:
    format = FORMATS[name]
    entries = [format.entry(said) for said in STORY[:3]]
    inner: Any = entries
    *above, last = (1, *path.split(".")) if path else (1,)
    for key in above:
        inner = inner[key]
    inner[last] = value

    assert refusal(format.dump(format.around(entries))).startswith(f"a.tape: {message}")


# ---- Bodies ----


def with_body(coding: str, body: bytes) -> bytes:
    entry = FORMATS["vcrpy, YAML"].entry(STORY[4])
    entry["response"]["headers"]["Content-Encoding"] = [coding]
    entry["response"]["body"]["string"] = body
    return in_yaml({"interactions": [entry]})


NOISE = bytes(range(256))


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"\x1f\x8b" + NOISE),
        ("deflate", NOISE),
        ("br", b"\xff" + NOISE),
        ("zstd", NOISE),
        ("gzip, zstd", NOISE),
    ],
)
def test_bodies_that_are_coded_in_another_way_than_they_say(coding: str, body: bytes) -> None:
    message = refusal(with_body(coding, body))

    assert message.startswith(
        "a.tape: entry 1: the body of the response: expected gzip, deflate, br or no coding at all; "
    )


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("gzip, gzip", lambda raw: gzip.compress(gzip.compress(raw))),
    ],
)
def test_bombs_are_refused(monkeypatch: pytest.MonkeyPatch, coding: str, pack: Any) -> None:
    monkeypatch.setattr(decoding.Decoder.__init__, "__defaults__", (1_000_000,))

    message = refusal(with_body(coding, pack(b"\0" * 5_000_000)))

    assert message == (
        "a.tape: entry 1: the body of the response: the bodies of this file decompress to more than 1000000 bytes"
    )


def test_many_bodies_together_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding.Decoder.__init__, "__defaults__", (1_000_000,))
    entries = [FORMATS["vcrpy, YAML"].entry(STORY[4]) for _ in range(3)]
    for entry in entries:
        entry["response"]["headers"]["Content-Encoding"] = ["gzip"]
        entry["response"]["body"]["string"] = gzip.compress(b"\0" * 400_000)

    assert len(parse_recording(in_yaml({"interactions": entries[:2]}), "x").exchanges) == 2
    assert "a.tape: entry 3: " in refusal(in_yaml({"interactions": entries}))


# ---- What is taken all the same ----


def test_halves_of_characters_and_large_numbers_are_taken() -> None:
    """Browsers write text as they have it; no UTF-8 has half a character."""
    raw = b"""{"log": {"entries": [{"startedDateTime": "x\\ud800", "request": {"method": "GET", "url": "/v1/\\udc00",
        "headers": [{"name": "a", "value": "\\ud83d\\ude00"}], "postData": {"text": "a\\ud800b\\u0000"}},
        "response": {"status": 200, "headers": [], "content": {"text": "\\ud83d\\ude00", "size": 1e999}}}]}}"""

    (one,) = parse_recording(raw, "x").exchanges

    assert one.url == "/v1/\ufffd"
    assert one.request_headers == (("a", "😀"),)
    assert one.request_body == "a\ufffdb\0".encode()
    assert one.response_body == "😀".encode()


def test_json_that_our_writer_does_not_take_stays_json() -> None:
    raw = in_json({"exchanges": [{"method": "GET", "path": "/", "status": 200, "response_body": {"a": 10**30}}]})
    odd = raw.replace(b'"a"', b'"\\ud800"')

    assert parse_recording(odd, "x").exchanges[0].response_body == b'{\n  "\\ud800": 1000000000000000000000000000000\n}'


def test_the_parser_in_python_reads_and_refuses_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in where PyYAML was built without the library in C."""
    raw = FORMATS["vcrpy, YAML"].sample()
    expected = parse_recording(raw, "x")
    monkeypatch.delattr(yaml, "CSafeLoader")

    assert parse_recording(raw, "x") == expected
    assert (
        refusal("ü: 1\na: \x01".encode()) == "a.tape:2:4: not readable as YAML: unacceptable character U+0001" + SPECIAL
    )
    assert "expected at most 100 levels" in refusal(b"interactions: " + b"[" * 5000)
