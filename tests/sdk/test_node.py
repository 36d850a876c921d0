"""The seed's TypeScript patterns and the SDK's helpers, as they stand in ``node/``, over a real socket."""

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
from tests.sdk.expected import ANALYSIS, ANSWER, CALLS, CONVERSATIONS, GREETING, RAG, RESULTS
from tests.sdk.install import HOW, NODE_SDKS, is_installed, node_modules
from tests.sdk.polls import looks_of_helpers
from tests.sdk.scenarios import OF_THE_PATTERNS

HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not is_installed("node"), reason=f"the TypeScript clients are {HOW}"),
]

#: Starts a program of ``node/``: what it printed before its last line, and what that line says.
Start = Callable[[str], tuple[str, Any]]


@pytest.fixture
def emulator(emulate: Emulate) -> Emulator:
    return emulate(*OF_THE_PATTERNS)


@pytest.fixture(params=["OpenAI", "AzureOpenAI"])
def environment(request: pytest.FixtureRequest, emulator: Emulator) -> dict[str, str]:
    """What leads the programs to the emulator: without ``OPENAI_BASE_URL`` they take Azure's client."""
    left_out = "OPENAI_BASE_URL" if request.param == "AzureOpenAI" else None
    return {name: value for name, value in (os.environ | emulator.environ).items() if name != left_out}


@pytest.fixture(params=NODE_SDKS)
def start(request: pytest.FixtureRequest, emulator: Emulator, environment: dict[str, str], tmp_path: Path) -> Start:
    """Node looks for the SDK beside the program, so the programs go where this version is."""
    programs = tmp_path / "programs"
    shutil.copytree(HERE / "node", programs)
    (programs / "node_modules").mkdir()
    (programs / "node_modules" / "openai").symlink_to(node_modules() / request.param, target_is_directory=True)
    tsx = node_modules() / "tsx" / "dist" / "cli.mjs"

    def run(program: str) -> tuple[str, Any]:
        command = ["node", str(tsx), f"{program}.ts"]
        ended = subprocess.run(command, cwd=programs, env=environment, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        emulator.check()
        before, _, last = ended.stdout.rstrip("\n").rpartition("\n")
        return before, json.loads(last)

    return run


def test_the_basic_pattern_polls_twice_and_finds_the_answer(start: Start) -> None:
    assert start("basic") == (
        "",
        {"status": "completed", "sleeps": 2, "messages": [["assistant", GREETING], ["user", "Hi!"]]},
    )


def test_the_streaming_pattern_prints_the_text_as_it_comes(start: Start) -> None:
    assert start("streaming") == (GREETING, {"events": RESULTS["raw_events"]["events"]})


def test_function_calling_goes_through_requires_action(start: Start) -> None:
    _, found = start("function_calling")

    assert found == {
        "statuses": ["queued", "in_progress", "requires_action", "queued", "in_progress", "completed"],
        "calls": CALLS,
        "answer": ANSWER,
    }


def test_every_user_of_the_chatbot_has_one_thread_of_their_own(start: Start, emulator: Emulator) -> None:
    assert start("chatbot") == ("", CONVERSATIONS)
    assert len(emulator.requests("create_thread")) == 2


def test_rag_uploads_searches_and_cites(start: Start, emulator: Emulator) -> None:
    """Without ``openai-poll-after-ms`` the batch, which is looked at four times, would take fifteen seconds."""
    _, found = start("rag")

    assert found.pop("milliseconds") < 5000
    assert found == RAG
    looks = looks_of_helpers(emulator, "get_vector_store_file_batch")
    assert list(looks.values()) == [["in_progress"] * 3 + ["completed"]]


def test_data_analysis_shows_what_the_code_made(start: Start) -> None:
    assert start("data_analysis") == ("", ANALYSIS)


def test_azures_client_asks_azures_addresses(start: Start, emulator: Emulator, environment: dict[str, str]) -> None:
    start("basic")

    base = "/v1" if "OPENAI_BASE_URL" in environment else "/openai"
    assert {request.path.split("/threads")[0].split("/assistants")[0] for request in emulator.requests()} == {base}


def test_the_helpers_poll_stream_and_submit_outputs(start: Start) -> None:
    message = ["runStepCreated", "messageCreated", "textCreated", "textDone", "messageDone", "runStepDone", "end"]
    call = ["toolCallCreated", "toolCallDone"]

    _, found = start("helpers")
    found["polled"].pop("milliseconds")

    assert found == {
        "polled": {"statuses": ["requires_action", "completed"], "answer": ANSWER},
        "createdAndRun": {"status": "completed", "answer": GREETING},
        "streamed": [
            {"status": "requires_action", "events": ["runStepCreated", *call, *call, "end"], "text": ""},
            {"status": "completed", "events": ["runStepDone", *message], "text": ANSWER},
        ],
        "createdAndStreamed": {"status": "completed", "events": message, "text": GREETING},
        "errors": {
            "second": ["BadRequestError", 400, "400 Thread <thread> already has an active run <run>."],
            "cancelled": "cancelled",
            "unknown": ["NotFoundError", 404, "404 No thread found with id 'thread_unknown'."],
        },
        "deleted": [["thread.deleted", True], ["assistant.deleted", True]],
    }


def test_polling_helpers_poll_twice_before_a_run_rests_and_do_not_sleep(start: Start, emulator: Emulator) -> None:
    """Without ``openai-poll-after-ms`` each would sleep five seconds at least."""
    _, found = start("helpers")

    assert list(looks_of_helpers(emulator).values()) == [
        ["in_progress", "requires_action", "in_progress", "completed"],
        ["in_progress", "completed"],
        ["cancelled"],
    ]
    assert found["polled"]["milliseconds"] < 5000
