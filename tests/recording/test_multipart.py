"""Forms are parsed as they were sent, also where a recorder or a person has left something out."""

from __future__ import annotations

import logging

import pytest

from emulator.recordings.exchange import Part
from emulator.recordings.multipart import parts_of
from tests.recording.samples import BOUNDARY, FILE, FORM

CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
PARTS = (Part("purpose", None, b"assistants"), Part("file", "menü.md", FILE))


@pytest.mark.parametrize(
    "content_type",
    [
        CONTENT_TYPE,
        f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"',
        "multipart/form-data",
        "multipart/form-data; boundary=REDACTED",
        None,
    ],
)
def test_the_boundary_is_found(content_type: str | None) -> None:
    assert parts_of(FORM, content_type) == PARTS


@pytest.mark.parametrize("before", [b"\r\n", b"Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\n"])
def test_what_stands_before_the_first_part_is_none(before: bytes) -> None:
    """Firefox puts headers there."""
    assert parts_of(before + FORM, CONTENT_TYPE) == PARTS


def test_ends_of_lines_that_were_made_alike_are_understood() -> None:
    (purpose, file) = parts_of(FORM.replace(b"\r\n", b"\n"), CONTENT_TYPE) or ()

    assert purpose == PARTS[0]
    assert file.content == FILE.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('name="file"; filename="a \\"b\\"; c.md"', "file", 'a "b"; c.md'),
        ("name=file; filename=plain; filename*=utf-8''%C3%BC.md", "file", "plain"),
        ("name=file; filename*=utf-8''%C3%BC.md", "file", "ü.md"),
        ("name=file; filename*=iso-8859-1''%FC.md", "file", "ü.md"),
        ('name="file"; filename=""', "file", None),
        ('name="metadata[a]"', "metadata[a]", None),
        ("", "", None),
    ],
)
def test_names_in_all_their_forms(disposition: str, name: str, filename: str | None) -> None:
    body = f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n1\r\n--x--\r\n".encode()

    assert parts_of(body, "multipart/form-data; boundary=x") == (Part(name, filename, b"1"),)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", FORM[:-20], FORM.replace(b"\r\nContent-Type", b"\r\n\0Content-Type"), b"--" + b"x" * 300, b"--\r\n"],
)
def test_what_is_malformed_has_no_parts(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert parts_of(body, "multipart/form-data; boundary=" + BOUNDARY) is None
    assert not caplog.records


@pytest.mark.parametrize("content_type", ["application/json", "multipart/mixed; boundary=" + BOUNDARY, ""])
def test_other_bodies_have_none(content_type: str) -> None:
    assert parts_of(FORM, content_type) is None
