"""Contents: bytes in temporary files, that nobody has to close."""

from __future__ import annotations

import functools
import gc
import hashlib
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.world.state.contents import SPOOL, Content
from tests.apis.endpoints.test_files import make_file, send_file, send_form
from tests.support import ROOT, Api, InProcess, hide_from_collector

LARGE = bytes(SPOOL * 2)


@pytest.mark.parametrize("size", [0, 1, SPOOL, SPOOL + 1, 3 * SPOOL], ids=str)
def test_bytes_come_back_as_often_as_they_are_read(size: int) -> None:
    data = os.urandom(size)
    content = Content.of(data)
    assert (content.size, content.read(), content.read()) == (size, data, data)
    assert b"".join(content.pieces()) == data
    assert content.md5() == hashlib.md5(data).hexdigest()


def test_pieces_are_of_bounded_size() -> None:
    pieces = list(Content.of(bytes(SPOOL)).pieces())
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 256 * 1024


def test_two_readers_do_not_disturb_each_other() -> None:
    data = os.urandom(SPOOL)
    content = Content.of(data)
    one, two = content.pieces(), content.pieces()
    first = [next(one), next(one)]
    assert b"".join(two) == data
    assert b"".join([*first, *one]) == data


def test_joined_contents_are_one_behind_the_other_and_outlive_their_parts() -> None:
    parts = [Content.of(text) for text in (b"one ", b"", b"two ", LARGE)]
    whole = Content.joined([parts[2], parts[0], parts[0], parts[1], parts[3]])
    del parts
    gc.collect()
    assert whole.read() == b"two one one " + LARGE
    assert whole.size == 12 + len(LARGE)


# ---- Temporary files ----


def _open_files() -> int:
    """Descriptors of temporary files: Linux calls those that have no name deleted."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found += "(deleted)" in os.readlink(entry)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module", autouse=True)
def _quick_collections() -> None:
    hide_from_collector()


@pytest.fixture
def tidy() -> Iterator[None]:
    """Nothing that other tests have left to the collector is counted."""
    gc.collect()
    yield
    gc.collect()


counts_files = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")
pytestmark = pytest.mark.usefixtures("tidy")


def _fill(api: Api) -> None:
    """Three temporary files: a file's, and those of an upload's two parts."""
    make_file(api, "a.bin", LARGE, "user_data")
    body = {"filename": "a.bin", "purpose": "user_data", "bytes": 1, "mime_type": "text/plain"}
    upload = api.post("/v1/uploads", body).json["id"]
    for _ in range(2):
        assert send_form(api, f"/v1/uploads/{upload}/parts", files={"data": ("x", LARGE)}).status == 200


def _ended(end: str) -> None:
    with Emulator() as emulator:
        api = Api(emulator.url)
        _fill(api)
        api.close()
        assert _open_files() >= 3
        if end == "reset":
            emulator.reset()
            emulator.state()


def _report(end: str) -> None:
    """Prints how many temporary files an ended world has left behind: at once, and when the collector was there."""
    gc.disable()
    before = _open_files()
    _ended(end)
    print(_open_files() - before)
    gc.collect()
    print(_open_files() - before)


@functools.cache
def _left_behind(end: str) -> tuple[int, int]:
    """In a process of its own, where no test looks at worlds and keeps them alive."""
    program = f"from tests.world.test_contents import _report; _report({end!r})"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    at_once, collected = map(int, ran.stdout.split())
    return at_once, collected


@counts_files
@pytest.mark.parametrize("end", ["reset", "stop"])
def test_temporary_files_are_gone_with_their_world(end: str) -> None:
    assert _left_behind(end)[1] == 0


@counts_files
@pytest.mark.parametrize("end", ["reset", "stop"])
def test_temporary_files_do_not_wait_for_the_collector(end: str) -> None:
    assert _left_behind(end)[0] == 0


@counts_files
def test_a_deleted_file_leaves_the_disk_at_once() -> None:
    api = InProcess()
    before = _open_files()
    id = make_file(api, "a.bin", LARGE, "user_data")
    assert _open_files() == before + 1
    api.delete(f"/v1/files/{id}")
    assert _open_files() == before


@counts_files
def test_a_completed_upload_keeps_only_the_parts_of_its_file() -> None:
    api = InProcess()
    before = _open_files()
    body = {"filename": "a.bin", "purpose": "user_data", "bytes": len(LARGE), "mime_type": "text/plain"}
    upload = api.post("/v1/uploads", body).json["id"]
    parts = [send_form(api, f"/v1/uploads/{upload}/parts", files={"data": ("x", LARGE)}).json["id"] for _ in "abc"]
    assert _open_files() == before + 3
    assert api.post(f"/v1/uploads/{upload}/complete", {"part_ids": parts[1:2]}).status == 200
    assert _open_files() == before + 1


@counts_files
def test_a_refused_file_is_not_kept() -> None:
    api = InProcess()
    before = _open_files()
    assert send_file(api, content=LARGE, purpose="nonsense").status == 400
    gc.collect()
    assert _open_files() == before


def test_nothing_is_left_for_python_to_warn_about() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _ended("reset")
        _ended("stop")
        gc.collect()
    assert [str(one.message) for one in told] == []


def test_a_baseline_keeps_its_contents() -> None:
    api = InProcess()
    id = make_file(api, "a.bin", LARGE, "user_data")
    api.post("/_emulator/baseline")
    for _ in range(2):
        api.delete(f"/v1/files/{id}")
        api.post("/_emulator/reset", {})
        gc.collect()
        assert api.get(f"/v1/files/{id}/content").body == LARGE


@pytest.mark.parametrize(("size", "opened"), [(SPOOL, 0), (SPOOL + 1, 1)], ids=["small", "large"])
def test_only_a_large_content_touches_the_disk(monkeypatch: pytest.MonkeyPatch, size: int, opened: int) -> None:
    made: list[Any] = []
    real = tempfile.TemporaryFile

    def count(*arguments: Any, **more: Any) -> Any:
        made.append(arguments)
        return real(*arguments, **more)

    monkeypatch.setattr(tempfile, "TemporaryFile", count)
    assert Content.of(bytes(size)).size == size
    assert len(made) == opened
