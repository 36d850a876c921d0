"""Compressed and chunked bodies are read as they were before; headers that lie about it are not believed."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import brotli
import pytest

from emulator.recordings.readers import parse_recording
from tests.recording.samples import EVENTS, FORMATS, PICTURE, STORY, in_yaml

CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": lambda raw: gzip.compress(raw[:5]) + gzip.compress(raw[5:]),  # of several members
    "deflate": zlib.compress,
    "Deflate": lambda raw: zlib.compress(raw, wbits=-15),  # without its envelope, as some servers send it
    "br": brotli.compress,
    "gzip, br": lambda raw: brotli.compress(gzip.compress(raw)),
    "identity": bytes,
}


def coded(coding: str, body: bytes, **headers: str) -> bytes:
    said = replace(STORY[4], answered=body)
    entry = FORMATS["vcrpy, YAML"].entry(said)
    entry["response"]["headers"] |= {"content-encoding": [coding], "content-length": ["3"], **headers}
    return in_yaml({"interactions": [entry]})


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("body", [EVENTS, PICTURE, bytes(range(128, 256))], ids=["text", "bytes", "bytes beyond text"])
def test_compressed_bodies_are_decoded(coding: str, body: bytes) -> None:
    (one,) = parse_recording(coded(coding, CODINGS[coding](body)), "x").exchanges

    assert one.response_body == body
    assert one.response_header("content-encoding") is None
    assert one.response_header("content-length") == ("3" if coding == "identity" else None)


@pytest.mark.parametrize("coding", [*CODINGS, "zstd"])
def test_headers_of_codings_that_the_recorder_took_off_are_believed_no_more(coding: str) -> None:
    (one,) = parse_recording(coded(coding, STORY[0].answered), "x").exchanges

    assert one.response_body == STORY[0].answered
    assert one.response_header("content-length") == "3"


CHUNKED = b"5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (CHUNKED, b"hello, world"),
        (CHUNKED[:-2], CHUNKED[:-2]),
        (b"5\r\nhello5\r\n", b"5\r\nhello5\r\n"),
        (b"ffffffff\r\nx", b"ffffffff\r\nx"),
        (b"hello", b"hello"),
    ],
)
def test_leftovers_of_chunks_are_joined_if_they_are_whole(body: bytes, expected: bytes) -> None:
    said = replace(STORY[4], answered=body)
    entry = FORMATS["vcrpy, YAML"].entry(said)
    entry["response"]["headers"]["Transfer-Encoding"] = ["chunked"]

    (one,) = parse_recording(in_yaml({"interactions": [entry]}), "x").exchanges

    assert one.response_body == expected
    assert one.response_header("transfer-encoding") is None


@pytest.mark.parametrize("body", [b"\xe9\xe8", "é".encode("utf-16")])
def test_bytes_that_no_coding_has_touched_are_no_text_and_stay(body: bytes) -> None:
    (one,) = parse_recording(coded("gzip", body), "x").exchanges

    assert one.response_body == body
