"""``make demo`` prints the same on every run, and fits into 100 columns."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests import demo
from tests.support import GOLDEN, ROOT


def _without_port(text: str) -> str:
    text = text.replace(demo.PAGE.resolve().as_uri(), "file:///…/.cache/demo.html")
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


def _golden() -> str:
    return (GOLDEN / "demo.txt").read_text(encoding="utf-8")


def test_the_demo_runs_as_a_program_and_prints_nothing_but_its_transcript() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "tests.demo"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert _without_port(done.stdout) == _golden()


def test_the_demo_prints_the_same_in_this_process(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main() == 0
    assert _without_port(capsys.readouterr().out) == _golden()


def test_no_line_of_the_transcript_is_too_long_for_a_wide_terminal() -> None:
    assert max(map(len, _golden().splitlines())) <= 100
