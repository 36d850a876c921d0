"""Situations with the Node SDK: the programs of ``node/``, named as their scenarios."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.conftest import Emulate
from tests.sdk.install import HOW, NODE_SDKS, is_installed, node_modules
from tests.situations.connections import UP_TO_THE_FIRST_WORD
from tests.situations.registry import DIRECTORY

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not is_installed("node"), reason=f"the TypeScript clients are {HOW}"),
]

#: Plays a situation: the emulator, and what the program printed.
Start = Callable[[str], tuple[Emulator, Any]]

SAID = ["One two three four"]


@pytest.fixture(params=NODE_SDKS)
def start(request: pytest.FixtureRequest, emulate: Emulate, tmp_path: Path) -> Start:
    """Node looks for the SDK beside the program, so the programs go where this version is."""
    programs = tmp_path / "programs"
    shutil.copytree(Path(__file__).parent / "node", programs)
    (programs / "package.json").write_text('{"type": "module"}')
    (programs / "node_modules").mkdir()
    (programs / "node_modules" / "openai").symlink_to(node_modules() / request.param, target_is_directory=True)
    tsx = node_modules() / "tsx" / "dist" / "cli.mjs"

    def run(name: str) -> tuple[Emulator, Any]:
        emulator = emulate(DIRECTORY / f"{name}.yaml")
        ended = subprocess.run(
            ["node", str(tsx), f"{name}.ts"],
            cwd=programs,
            env=os.environ | emulator.environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        emulator.check()
        return emulator, json.loads(ended.stdout)

    return run


def test_a_rate_limit_is_tried_again(start: Start) -> None:
    emulator, found = start("rate_limit_retried")

    assert found == {"status": "completed", "answers": ["Here I am."]}
    assert [one.status for one in emulator.requests("create_run")] == [429, 429, 200]


def test_retries_give_up(start: Start) -> None:
    emulator, found = start("retries_give_up")

    assert found == {"error": "RateLimitError", "status": 429}
    assert [one.headers["x-stainless-retry-count"] for one in emulator.requests("create_run")] == ["0", "1", "2"]


def test_a_stalled_answer_times_out_but_the_run_is_there(start: Start) -> None:
    _, found = start("stalled_answer")

    assert found == {
        "error": "APIConnectionTimeoutError",
        "status": None,
        "found": "completed",
        "answers": ["Nobody heard of me."],
    }


def test_a_broken_stream_is_an_error_of_node_itself(start: Start) -> None:
    """It is no APIError: undici's own ``TypeError: terminated`` comes through."""
    _, found = start("broken_stream")

    assert found == {"events": UP_TO_THE_FIRST_WORD, "error": "TypeError", "answers": SAID}


def test_an_error_event_is_an_api_error(start: Start) -> None:
    _, found = start("error_event")

    assert found == {"events": UP_TO_THE_FIRST_WORD, "error": "APIError", "status": None, "answers": SAID}


def test_a_garbled_event_cannot_be_read(start: Start) -> None:
    _, found = start("garbled_event")

    assert found == {"events": UP_TO_THE_FIRST_WORD, "error": "SyntaxError", "answers": SAID}


def test_a_truncated_stream_raises_nothing(start: Start) -> None:
    """As in Python, the application has to see that no event brought the run to a rest."""
    _, found = start("truncated_stream")

    assert found == {"events": UP_TO_THE_FIRST_WORD, "error": None, "answers": SAID}
