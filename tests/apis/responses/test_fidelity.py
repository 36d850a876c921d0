"""The recorded traffic of the Responses API, replayed: every applicable exchange comes out exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support import SHARED, needs_shared

APPLICABLE = 610


@needs_shared
def test_every_applicable_exchange_is_exact(tmp_path: Path) -> None:
    """The scorer skips what has no usable request, and says why (its README)."""
    out = tmp_path / "score.json"
    serve = f"{sys.executable} -m emulator serve --port 0"
    scorer, recordings = SHARED / "tools" / "fidelity_responses.py", SHARED / "recordings-responses"
    done = subprocess.run(
        [sys.executable, scorer, "--command", serve, "--json", out, recordings],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert out.exists(), done.stdout + done.stderr
    score: dict[str, Any] = json.loads(out.read_text())
    assert (score["failures"], score["problems"]) == ([], [])
    assert score["exact"] == score["applicable"] == APPLICABLE
