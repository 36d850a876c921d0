"""Our own recordings: written and read again, in pieces, and with what is wrong in them."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.recordings.exchange import Ended, Exchange, Part, RecordingError
from emulator.recordings.own_format import FORMAT, Details, header_line, line, read, recognises

FILE = "tape.jsonl"
EXCHANGE = Exchange(
    "POST",
    "/v1/threads?limit=2",
    200,
    (("content-type", "application/json"),),
    b'{"metadata": {"city": "Orl\xc3\xa9ans"}}',
    None,
    (("x-request-id", "req_1"),),
    b'{\n  "id": "thread_1"\n}',
    ended="complete",
    source=FILE,
    number=1,
    time=1767225600.25,
)


def numbered(*numbers: int, **more: Any) -> bytes:
    """A recording of exchanges that differ in their numbers alone."""
    return header_line("http://upstream") + b"".join(line(replace(EXCHANGE, number=n), **more) for n in numbers)


# ---- Written and read again ----

bodies = st.none() | st.binary() | st.text().map(str.encode)
headers = st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple)
parts = st.builds(
    Part,
    st.text(),
    st.none() | st.text(),
    bodies,
    st.none() | st.integers(0, 2**60),
    st.none() | st.binary().map(lambda raw: hashlib.sha256(raw).hexdigest()),
)
exchanges = st.builds(
    Exchange,
    method=st.text(),
    url=st.text(),
    status=st.integers(0, 999),
    request_headers=headers,
    request_body=bodies,
    form=st.none() | st.lists(parts, max_size=3).map(tuple),
    response_headers=headers,
    response_body=bodies,
    response_size=st.none() | st.integers(0, 2**60),
    ended=st.sampled_from(get_args(Ended)),
    source=st.just(FILE),
    number=st.integers(1, 2**53),
    time=st.none() | st.floats(0, 1e12),
)


@settings(deadline=None)
@given(st.lists(exchanges, unique_by=lambda one: one.number, max_size=4), st.none() | st.text(), st.booleans())
def test_what_is_written_is_read_again(found: list[Exchange], upstream: str | None, files: bool) -> None:
    raw = header_line(upstream, files=files) + b"".join(
        line(one, Details(1.5, 2.5, request={"sha256": "00"}, response={"left_out": "x"}), open=[1]) for one in found
    )

    recording = read(raw, FILE)

    assert recording.exchanges == tuple(sorted(found, key=lambda one: one.number))
    assert (recording.name, recording.format, recording.upstream) == (FILE, FORMAT, upstream)
    assert recognises(raw)
    assert raw.count(b"\n") == len(found) + 1


def test_a_line_reads_as_it_is_documented() -> None:
    written = line(
        replace(EXCHANGE, form=(Part("file", "a.txt", None, 3, "00ff"), Part("purpose", None, b"assistants"))),
        Details(1.25, 20.0),
        open=[7, 3],
    )

    assert written.decode() == (
        '{"n":1,"time":1767225600.25,"method":"POST","url":"/v1/threads?limit=2","ended":"complete",'
        '"ms":{"first":1.2,"total":20.0},"open":[3,7],'
        '"request":{"headers":[["content-type","application/json"]],'
        '"body":"{\\"metadata\\": {\\"city\\": \\"Orléans\\"}}",'
        '"form":[{"name":"file","filename":"a.txt","bytes":3,"sha256":"00ff"},'
        '{"name":"purpose","content":"assistants"}]},'
        '"answer":{"status":200,"headers":[["x-request-id","req_1"]],"body":"{\\n  \\"id\\": \\"thread_1\\"\\n}"}}\n'
    )
    assert header_line("http://upstream", files=True).decode() == (
        '{"format":"assistants-emulator recording","version":1,"upstream":"http://upstream","files":true}\n'
    )


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (b"", ""),
        (b"caf\xc3\xa9\r\n\x00", "café\r\n\x00"),
        (b"\xff\x00", {"base64": base64.b64encode(b"\xff\x00").decode()}),
    ],
    ids=["empty", "text", "binary"],
)
def test_a_body_is_text_wherever_it_can_be(body: bytes, written: Any) -> None:
    values = json.loads(line(replace(EXCHANGE, request_body=body, response_body=body)))

    assert (values["request"]["body"], values["answer"]["body"]) == (written, written)


def test_exchanges_come_in_the_order_of_their_requests_whatever_ended_first() -> None:
    recording = read(numbered(3, 1, 2), FILE)

    assert [one.number for one in recording.exchanges] == [1, 2, 3]
    assert recording.notes == ()


# ---- What is missing ----


@pytest.mark.parametrize(
    ("raw", "lost"),
    [
        (numbered(1, 2, 4), "request 3"),
        (numbered(2, 9), "requests 1 and 3-8"),
        (numbered(3, 6, 5), "requests 1-2 and 4"),
        (numbered(1, open=[2, 4]), "requests 2 and 4"),
        (numbered(1, 3, 4, open=[2, 5]), "requests 2 and 5"),
    ],
    ids=["gap", "gaps", "order", "under way at the end", "both"],
)
def test_requests_that_never_ended_are_told(raw: bytes, lost: str) -> None:
    assert read(raw, FILE).notes == (
        f"{FILE}: no response to {lost}: not finished when the recorder stopped, or removed from the file",
    )


def test_cut_off_anywhere_the_whole_lines_are_there_and_the_rest_is_told() -> None:
    raw = numbered(1, 2)
    begun = len(numbered(1))
    for cut in range(begun + 1, len(raw) - 1):
        recording = read(raw[:cut], FILE)
        assert [one.number for one in recording.exchanges] == [1]
        assert recording.notes[0] == f"{FILE}: the last line breaks off after {cut - begun} bytes; it is left out"
        assert len(recording.notes) == (2 if cut >= begun + len('{"n":2,') else 1)
    assert [one.number for one in read(raw[:-1], FILE).exchanges] == [1, 2]


def test_a_file_that_git_gave_other_line_ends_is_the_same() -> None:
    raw = numbered(1, 2)

    assert read(raw.replace(b"\n", b"\r\n"), FILE) == read(raw, FILE)


# ---- What is wrong ----


def broken(**changes: Any) -> bytes:
    """A second line that is not as it should be."""
    values = {**json.loads(line(replace(EXCHANGE, number=2))), **changes}
    return numbered(1) + json.dumps({name: value for name, value in values.items() if value != "left out"}).encode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", ":1: expected a line of JSON: "),
        (b"[]\n", ":1: expected a JSON object, got []"),
        (b'{"log": {}}\n', ':1: expected the header of a recording, {"format": "assistants-emulator recording", …}'),
        (header_line().replace(b":1,", b":2,"), ":1: expected version 1 of the format, got 2; another version of"),
        (header_line().replace(b"null", b"5"), ":1: expected 'upstream': a URL, got 5"),
        (numbered(1) + b"{\n" + line(EXCHANGE), ":3: expected a line of JSON: "),
        (numbered(1) + b"7\n", ":3: expected a JSON object, got 7"),
        (numbered(1, 1), ":3: expected each request once, got number 1 again; two recordings need two files"),
        (numbered(1) + header_line(), ":3: expected 'answer': the response, got nothing"),
        (broken(n=0), ":3: expected 'n': the request's number, from 1, got 0"),
        (broken(n=True), ":3: expected 'n': the request's number, from 1, got true"),
        (broken(method="left out"), ":3: expected 'method': an HTTP method, got nothing"),
        (broken(url=["/"]), ":3: expected 'url': a path with its query, or a URL, got [\"/\"]"),
        (broken(time="now"), ":3: expected 'time': seconds since 1970, got \"now\""),
        (broken(ended="well"), ":3: expected 'ended': one of complete, unknown, client_left, cut, timeout"),
        (broken(open={}), ":3: expected 'open': a list of numbers, got {}"),
        (broken(answer={}), ":3: expected 'status': the status of the response, or 0 for no response, got nothing"),
        (broken(answer={"status": 200, "headers": {}}), ":3: expected 'headers': a list of [name, value], got {}"),
        (broken(answer={"status": 200, "headers": [[""]]}), ":3: expected 'headers': a list of [name, value], got ["),
        (broken(answer={"status": 200, "body": 5}), ":3: expected 'body': text, or {\"base64\": …}, got 5"),
        (broken(answer={"status": 200, "body": {}}), ":3: expected 'base64': bytes as base64, got nothing"),
        (broken(answer={"status": 200, "body": {"base64": "é"}}), ":3: expected 'base64': bytes as base64, got"),
        (broken(request={"form": {}}), ":3: expected 'form': the parts of a form, got {}"),
        (broken(request={"form": ["x"]}), ":3: expected 'form': a list of objects, got \"x\""),
        (broken(request={"form": [{}]}), ":3: expected 'name': the part's name, got nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(raw: bytes, words: str) -> None:
    with pytest.raises(RecordingError) as refused:
        read(raw, FILE)

    assert str(refused.value).startswith(FILE + words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "ours"),
    [
        (header_line(), True),
        (header_line().rstrip(), True),
        (numbered(1), True),
        (header_line().replace(b":1,", b":7,"), True),
        (b"", False),
        (b"{", False),
        (b'{"log": {"version": "1.2"}}', False),
        (b"[1]\n", False),
        (b"interactions:\n- request:\n", False),
        (b"{" + b" " * 100_000 + header_line()[1:], False),
    ],
)
def test_a_recording_of_ours_is_recognised_by_its_first_line(raw: bytes, ours: bool) -> None:
    assert recognises(raw) is ours
