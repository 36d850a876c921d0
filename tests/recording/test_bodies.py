"""What is kept of bodies that pass, however they are cut on their way."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.recordings.exchange import Part
from emulator.recordings.record import bodies
from emulator.recordings.record.bodies import Body, FormBody, request_body, response_body

TEXT = b'{\n  "id": "thread_1",\n  "metadata": {"city": "Orl\xc3\xa9ans"}\n}' * 50


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "none": ("", bytes),
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "two members": ("gzip", lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:])),
    "padded": ("gzip", lambda data: gzip.compress(data) + bytes(8)),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", brotli.compress),
    "several": ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
}


def fed(body: Body, data: bytes, size: int) -> Body:
    for start in range(0, len(data), size):
        body.feed(data[start : start + size])
    return body


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---- Codings ----


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(("coding", "encode"), CODINGS.values(), ids=CODINGS)
def test_a_body_is_kept_as_it_was_before_it_was_encoded(
    coding: str, encode: Callable[[bytes], bytes], size: int
) -> None:
    body = fed(Body(coding), encode(TEXT), size)

    assert (body.content, body.size, body.about()) == (TEXT, len(TEXT), {})


@settings(deadline=None)
@given(st.sampled_from(sorted(CODINGS)), st.binary(max_size=3000), st.integers(1, 500))
def test_any_bytes_in_any_pieces(name: str, data: bytes, size: int) -> None:
    coding, encode = CODINGS[name]

    assert fed(Body(coding), encode(data), size).content == data


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_what_is_not_encoded_as_its_headers_say_is_left_out(coding: str) -> None:
    body = fed(Body(coding), b"\x07{}" * 50, 10)

    assert body.content is None
    assert body.about().keys() == {"left_out"}
    assert body.about()["left_out"].startswith("it is not encoded as its headers say: ")


def test_a_coding_that_cannot_be_undone_leaves_length_and_hash_of_what_passed() -> None:
    body = fed(Body("zstd"), b"(\xb5/\xfd", 2)

    assert body.content is None
    assert body.about() == {"bytes": 4, "sha256": digest(b"(\xb5/\xfd"), "left_out": "content-encoding: zstd"}


@pytest.mark.parametrize(("coding", "encode"), [CODINGS["gzip"], CODINGS["deflate"], CODINGS["brotli"]])
def test_a_bomb_is_given_up(coding: str, encode: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_DECODED", 2 << 20)
    body = fed(Body(coding, limit=1000), encode(bytes(16 << 20)), 1 << 16)

    assert body.about() == {"left_out": "it decodes to more than 2097152 bytes"}
    assert body.size < 4 << 20


# ---- Bounds ----


@pytest.mark.parametrize("size", [1, 10, 100])
def test_beyond_its_bound_a_body_is_length_and_hash(size: int) -> None:
    data = os.urandom(100)

    assert fed(Body(limit=100), data, size).content == data
    body = fed(Body(limit=99), data, size)
    assert body.content is None
    assert body.about() == {"bytes": 100, "sha256": digest(data), "left_out": "it is larger than 99 bytes"}


@pytest.mark.parametrize(
    ("ending", "done"),
    [
        (b"event: done\ndata: [DONE]\n\n", True),
        (b"data: [DONE]\r\n\r\n", True),
        (b"data:[DONE]\n\n", True),
        (b"data: [DONE]\n", False),
        (b"data: [DONE]\n\ndata: {}\n\n", False),
        (b"data: {}\n\n", False),
    ],
)
def test_an_event_stream_says_when_it_is_done(ending: bytes, done: bool) -> None:
    for size in (1, 5, 1000):
        assert fed(Body(), b"event: x\ndata: {}\n\n" * 9 + ending, size).is_done is done
    assert fed(Body("gzip"), gzip.compress(ending), 3).is_done is done


# ---- What is a file ----


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/plain", True),
        ("text/event-stream; charset=utf-8", True),
        ("application/x-www-form-urlencoded", True),
        ("", True),
        ("application/octet-stream", False),
        ("application/pdf", False),
        ("image/png", False),
    ],
)
def test_the_content_type_tells_what_is_a_file(kind: str, said: bool) -> None:
    headers = (("content-type", kind),) if kind else ()
    for body in (
        request_body(headers, keep_files=False),
        response_body("/v1/threads", 200, headers, keep_files=False),
    ):
        body.feed(b"contents")
        assert (body.content == b"contents") is said
        if not said:
            assert body.about() == {"bytes": 8, "sha256": digest(b"contents"), "left_out": "the contents of a file"}
    assert response_body("/v1/threads", 200, headers, keep_files=True).left_out is None


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/files/file-1/content", 200, False),
        ("/openai/files/assistant-1/content", 200, False),
        ("/v1/vector_stores/vs_1/files/file-1/content", 206, False),
        ("/v1/files/file-1/content", 404, True),
        ("/v1/files/file-1", 200, True),
    ],
)
def test_downloads_are_files_whatever_their_type(path: str, status: int, said: bool) -> None:
    body = response_body(path, status, (("content-type", "application/json"),), keep_files=False)
    body.feed(b"{}")

    assert (body.content == b"{}") is said


# ---- Forms ----

BOUNDARY = "xyz"
FORM_HEADERS = (("content-type", f'multipart/form-data; boundary="{BOUNDARY}"'),)
FORM = (
    b'--xyz\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="note"\r\nContent-Type: application/json\r\n\r\n{"a": 1}\r\n'
    b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''caf%C3%A9.txt\r\n"
    b"Content-Type: text/plain\r\n\r\nline 1\r\n--xy\r\nline 2\r\n"
    b'--xyz\r\nContent-Disposition: form-data; name="blob"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n"
    b'--xyz\r\nContent-Disposition: form-data; name="empty"; filename=""\r\n\r\n\r\n'
    b"--xyz--\r\n"
)
CONTENT = b"line 1\r\n--xy\r\nline 2"


@pytest.mark.parametrize("size", [1, 3, 50, 10_000])
@pytest.mark.parametrize("keep_files", [False, True])
def test_a_form_shows_its_fields_and_of_files_name_length_and_hash(size: int, keep_files: bool) -> None:
    body = request_body(FORM_HEADERS, keep_files=keep_files)
    for start in range(0, len(FORM), size):
        body.feed(FORM[start : start + size])

    assert isinstance(body, FormBody)
    blob, empty = b"\x00\xff", b""
    assert body.form == (
        Part("purpose", None, b"assistants"),
        Part("note", None, b'{"a": 1}'),
        Part("file", "café.txt", CONTENT if keep_files else None, len(CONTENT), digest(CONTENT)),
        Part("blob", None, blob) if keep_files else Part("blob", None, None, 2, digest(blob)),
        Part("empty", "", empty if keep_files else None, 0, digest(empty)),
    )
    assert (body.content, body.about()) == (None, {})


def test_a_form_that_broke_off_shows_what_came() -> None:
    body = request_body(FORM_HEADERS, keep_files=False)
    body.feed(FORM[: FORM.index(b"ne 2")])

    assert body.form is not None
    assert [part.name for part in body.form] == ["purpose", "note", "file"]
    assert body.form[-1].size == len(CONTENT) - len(b"ne 2")


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(FORM)), st.integers(0, 40), st.integers(1, 50))
def test_no_form_breaks_what_passes(noise: bytes, at: int, many: int, size: int) -> None:
    body = request_body(FORM_HEADERS, keep_files=False)
    form = FORM[:at] + noise + FORM[at + many :]
    for start in range(0, len(form), size):
        body.feed(form[start : start + size])

    assert body.form is None or body.about() == {}


@settings(deadline=None)
@given(st.sampled_from(["gzip", "deflate", "br", "gzip, br"]), st.binary(max_size=200), st.integers(0, 60))
def test_no_coding_breaks_what_passes(coding: str, noise: bytes, at: int) -> None:
    for whole in (gzip.compress(TEXT), zlib.compress(TEXT), brotli.compress(TEXT, quality=1)):
        body = fed(Body(coding), whole[:at] + noise + whole[at + 2 :], 50)
        assert (body.content is None) == bool(body.about())


def test_the_bound_is_for_all_parts_together() -> None:
    body = FormBody(b"xyz", keep_files=True, limit=25)
    body.feed(FORM)

    assert body.form is not None
    assert [part.content for part in body.form] == [b"assistants", b'{"a": 1}', None, b"\x00\xff", b""]
    assert body.form[2] == Part("file", "café.txt", None, len(CONTENT), digest(CONTENT))


@pytest.mark.parametrize("form", [b"no form at all", b"--xyz\r\nNonsense\r\n\r\n", b"--xyz\r\n: \r\n\r\nsecret"])
def test_a_form_that_cannot_be_read_is_length_and_hash(form: bytes) -> None:
    body = request_body(FORM_HEADERS, keep_files=True)
    body.feed(form)
    body.feed(form)

    assert (body.form, body.content) == (None, None)
    about = body.about()
    assert (about["bytes"], about["sha256"]) == (len(form) * 2, digest(form * 2))
    assert about["left_out"].startswith("a form that cannot be read: ")


@pytest.mark.parametrize("kind", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 1000}"])
def test_a_form_without_a_boundary_is_a_file(kind: str) -> None:
    body = request_body((("content-type", kind),), keep_files=False)
    body.feed(FORM)

    assert isinstance(body, Body)
    assert body.content is None
