"""Files that unpack to more than fits, that draw themselves without end, and names and paths that lead elsewhere."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from emulator import Control
from emulator.base.problems import ScenarioError
from emulator.recordings.distil.files import safe
from emulator.scenarios.loading import load_scenario
from emulator.world.state import extract
from emulator.world.state.extract import Unreadable, text_of
from tests.conftest import Emulate
from tests.hardness.bounds import bounded, needs_limits
from tests.support import InProcess

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(document: bytes, *more: tuple[str, bytes]) -> bytes:
    """A Word file with this document part, and more parts."""
    kinds = (
        b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        b'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        b'PartName="/word/document.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    office = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    relations = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        b'Type="%b" Target="word/document.xml"/></Relationships>' % office
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = (("[Content_Types].xml", kinds), ("_rels/.rels", relations), ("word/document.xml", document), *more)
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def _body(inner: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<w:document xmlns:w="{W}"><w:body>{inner}</w:body></w:document>'.encode()


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


SPANNING = f'<w:tc><w:tcPr><w:gridSpan w:val="100000000"/></w:tcPr>{_paragraph("cell")}</w:tc>'
LAUGHS = "<!DOCTYPE x [<!ENTITY a 'xxxxxxxxxx'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(12)
) + "]>"  # fmt: skip


def pdf(*streams: tuple[str, bytes]) -> bytes:
    """A file of one page whose contents is the first of these objects; the others are from number 5 on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
        *(b"<<%b/Length %d>>stream\n%b\nendstream" % (about.encode(), len(data), data) for about, data in streams),
    ]
    file, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(file))
    return file + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


ITSELF = "/Subtype/Form/Resources<</XObject<</X 5 0 R>>>>"


def _forms(levels: int) -> list[tuple[str, bytes]]:
    """Forms each of which draws the next ten times."""
    about = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {} 0 R>>>>"
    return [(about.format(6 + n), b"/X Do " * 10) for n in range(levels - 1)] + [
        ("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", b"BT (x) Tj ET")
    ]


@needs_limits
@pytest.mark.parametrize(
    ("name", "make", "is_read"),
    [
        ("a.docx", lambda: docx(_body(_paragraph("x" * 100_000_000))), False),
        ("a.docx", lambda: docx(_body(_paragraph("x")), ("word/media/a", bytes(400_000_000))), False),
        ("a.docx", lambda: docx(_body(_paragraph("&m;"), LAUGHS)), False),
        ("a.docx", lambda: docx(_body("<w:tbl>" * 3000)), False),
        ("a.docx", lambda: docx(_body(f"<w:tbl><w:tr>{SPANNING}</w:tr></w:tbl>")), True),
        ("a.docx", lambda: docx(_body("<w:tbl>" + f"<w:tr>{SPANNING * 50}</w:tr>" * 200 + "</w:tbl>")), True),
        ("a.pdf", lambda: pdf(("", b"/X Do " * 10), *_forms(12)), False),
        ("a.pdf", lambda: pdf(("", b"/X Do"), (ITSELF, b"/X Do /X Do")), False),
        ("a.pdf", lambda: pdf(("", b"BT (x) Tj ET\n" * 20_000)), False),
        ("a.html", lambda: b"<div>" * 200_000 + b"x", True),
        ("a.md", lambda: b"x" * 21_000_000, False),
    ],
    ids=["text", "media", "laughs", "tables", "span", "spans", "forms", "itself", "operations", "deep", "long"],
)  # fmt: skip
def test_a_file_that_is_a_bomb_is_not_read(
    name: str, make: Any, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extract, "MAX_DRAWING_OPERATIONS", 50_000)  # what a tenth of it does takes a second
    data = make()
    with bounded(seconds=60, mebibytes=1024):
        if is_read:
            assert len(text_of(name, data)) < 200_000
            return
        with pytest.raises(Unreadable) as refused:
            text_of(name, data)
    assert str(refused.value).startswith("The file could not be parsed")


# ---- Names and paths ----

NAMES = ["../../etc/passwd", "/etc/passwd", "..", ".", "", "a/../../b", "..\\..\\b", "C:\\Windows\\x", "a\0b", "~",
         "\ud800", ".ssh/id_rsa", "con", "a" * 5000, "\u202egnp.exe", "a\r\nSet-Cookie: x"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_out_of_a_recording_becomes_one_that_leads_nowhere(name: str) -> None:
    made = safe(name)
    assert made == os.path.basename(made)
    assert made.isascii()
    assert made not in ("", ".", "..")
    assert not made.startswith(".")
    assert len(made) <= 100


def _scenario(tmp_path: Path, path: str) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    given = [{"id": "file-1", "filename": "a.md", "purpose": "user_data", "path": path}]
    (folder / "a.json").write_text(json.dumps({"version": 1, "given": {"files": given}}))
    return folder / "a.json"


@needs_limits
@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../secret.txt", "../../../../../../etc/passwd", "below/../../secret.txt", "link.txt", "below", ".",
     "", "/dev/zero", "/dev/stdin", "pipe", "zero", "loop", "a\0b", "~/secret.txt", "below/link/secret.txt"],
    ids=ascii,
)  # fmt: skip
def test_a_scenario_file_names_nothing_that_lies_elsewhere(path: str, tmp_path: Path, emulate: Emulate) -> None:
    scenario = _scenario(tmp_path, path)
    folder = scenario.parent
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "below").mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "below" / "link").symlink_to(tmp_path)
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    with bounded():
        with pytest.raises(ScenarioError, match=r"beside or below the scenario|given\.files"):
            load_scenario(scenario)
        emulator = emulate()
        with pytest.raises(ScenarioError):
            Control(emulator.url, "sk-a").load(scenario)


@pytest.mark.parametrize("path", ["a.txt", "below/a.txt", "./below/../a.txt", "below/link.txt"])
def test_what_lies_beside_or_below_is_read(path: str, tmp_path: Path) -> None:
    scenario = _scenario(tmp_path, path)
    (scenario.parent / "below").mkdir()
    for file in ("a.txt", "below/a.txt"):
        (scenario.parent / file).write_text("text")
    (scenario.parent / "below" / "link.txt").symlink_to(scenario.parent / "a.txt")
    assert load_scenario(scenario).contents == {path: b"text"}


@pytest.mark.parametrize("path", ["/etc/passwd", "pyproject.toml", "../x", "/dev/zero"])
def test_a_posted_scenario_opens_no_path(path: str) -> None:
    api = InProcess()
    posted = {"version": 1, "given": {"files": [{"filename": "a.md", "purpose": "user_data", "path": path}]}}
    reply = api.post(f"/_emulator/scenarios?file={path}", posted)
    assert (reply.status, "opens no path" in reply.json["error"]["message"]) == (400, True)


@pytest.mark.parametrize("name", [name for name in NAMES if name and "\ud800" not in name], ids=ascii)
def test_an_uploaded_name_is_told_and_leads_nowhere(name: str) -> None:
    api = InProcess()
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').encode()
    form = (
        b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\nx\r\n--b--\r\n' % quoted
    )
    made = api.post("/v1/files", content=form, headers={"Content-Type": "multipart/form-data; boundary=b"})
    if made.status == 400:
        return
    told = api.get(f"/v1/files/{made.json['id']}/content")
    assert told.body == b"x"
    disposition = told.headers["content-disposition"]
    assert disposition.isprintable()
    assert "\n" not in disposition
    assert api.get("/_emulator/export?as=scenario").status == 200
