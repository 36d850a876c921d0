"""The recorded traffic, replayed: every applicable exchange of assistants and threads comes out exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import SHARED, needs_shared

#: Applicable exchanges in the recordings; the others are skipped by the scorer, which says why.
APPLICABLE = 173


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("fidelity") / "out.json"
    command = Path(sys.executable).parent / "assistants-emulator"
    done = subprocess.run(
        [sys.executable, SHARED / "tools" / "fidelity.py", "--command", f"{command} serve --port 0",
         "--routes", "assistants,threads", "--json", out, SHARED / "recordings"],
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert out.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@needs_shared
def test_every_applicable_exchange_is_exact(score: dict[str, Any]) -> None:
    assert score["failures"] == []
    assert (score["exact"], score["applicable"]) == (APPLICABLE, APPLICABLE)


@needs_shared
def test_the_scorer_had_no_trouble_with_the_emulator(score: dict[str, Any]) -> None:
    assert score["problems"] == []
    assert score["criteria"]["bytes"] == {"passed": APPLICABLE, "applicable": APPLICABLE}
