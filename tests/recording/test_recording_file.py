"""The file that a recorder writes to: whole lines, whatever the disk does."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from emulator.recordings.own_format import header_line, read
from emulator.recordings.recording_file import RecordingFile
from tests.recording.test_own_format import numbered

LINE = numbered(1).partition(b"\n")[2]


def test_a_line_that_the_system_takes_in_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RecordingFile(tmp_path / "tape.jsonl", "http://upstream")
    whole = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:7]))

    file.write(LINE)
    file.close()

    assert (tmp_path / "tape.jsonl").read_bytes() == numbered(1)


def test_of_a_line_that_does_not_fit_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RecordingFile(tmp_path / "tape.jsonl", "http://upstream")
    file.write(LINE)
    whole, room = os.write, [100, 0]

    def write(descriptor: int, data: bytes) -> int:
        if not (left := room.pop(0)):
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(descriptor, data[:left])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            file.write(LINE)
    file.write(numbered(2).partition(b"\n")[2])
    file.close()

    assert (tmp_path / "tape.jsonl").read_bytes() == numbered(1, 2)


@pytest.mark.parametrize(
    ("before", "last", "cut_off"),
    [
        (b"", 0, 0),
        (header_line("http://upstream"), 0, 0),
        (header_line("http://upstream").rstrip(), 0, 0),
        (numbered(1, 2), 2, 0),
        (numbered(1, 2)[:-1], 2, 0),
        (numbered(2, 1, open=[3, 5]), 5, 0),
        (numbered(1) + b'{"n":7,"time"', 7, 13),
        (numbered(1) + b'{"n":7', 1, 6),
    ],
    ids=["new", "header", "open header", "whole", "without a line end", "under way", "torn", "torn number"],
)
def test_more_goes_on_where_it_was(tmp_path: Path, before: bytes, last: int, cut_off: int) -> None:
    path = tmp_path / "tape.jsonl"
    if before:
        path.write_bytes(before)

    file = RecordingFile(path, "http://upstream", append=True)
    assert (file.last_number, file.cut_off) == (last, cut_off)
    file.write(numbered(last + 1).partition(b"\n")[2])
    file.close()

    assert max(one.number for one in read(path.read_bytes(), "tape").exchanges) == last + 1
    assert path.read_bytes().endswith(b"}\n")
