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
    ("options", "folders", "applicable"),
    [
        (["--routes", "assistants,threads"], ["recordings"], 173),
        ([], ["recordings"], 369),
        (["--azure-forms"], ["recordings", "recordings-azure"], 379),
    ],
    ids=["assistants and threads", "everything", "with the forms of Azure and Foundry"],
)
def test_every_applicable_exchange_is_exact(
    options: list[str], folders: list[str], applicable: int, tmp_path: Path
) -> None:
    """The scorer skips what has no usable request, and says why (its README)."""
    out = tmp_path / "score.json"
    serve = f"{sys.executable} -m emulator serve --port 0"
    scorer, recordings = SHARED / "tools" / "fidelity.py", [SHARED / folder for folder in folders]
    done = subprocess.run(
        [sys.executable, scorer, "--command", serve, *options, "--json", out, *recordings],
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
