"""The recorded traffic, replayed: every applicable exchange comes out exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import SHARED, needs_shared


@needs_shared
@pytest.mark.parametrize(
    ("options", "applicable"),
    [(["--routes", "assistants,threads"], 173), ([], 369)],
    ids=["assistants and threads", "everything"],
)
def test_every_applicable_exchange_is_exact(options: list[str], applicable: int, tmp_path: Path) -> None:
    """The scorer skips what has no usable request, and says why (its README)."""
    out = tmp_path / "score.json"
    serve = f"{sys.executable} -m emulator serve --port 0"
    scorer, recordings = SHARED / "tools" / "fidelity.py", SHARED / "recordings"
    done = subprocess.run(
        [sys.executable, scorer, "--command", serve, *options, "--json", out, recordings],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert out.exists(), done.stdout + done.stderr
    score: dict[str, Any] = json.loads(out.read_text())
    assert score["failures"] == []
    assert score["problems"] == []
    assert (score["exact"], score["applicable"]) == (applicable, applicable)
