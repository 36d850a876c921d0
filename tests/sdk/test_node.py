"""The seed's TypeScript patterns and the SDK's helpers, as they stand in ``node/``, over a real socket."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.conftest import Emulate
from tests.sdk.conftest import Start
from tests.sdk.expected import ANALYSIS, ANSWER, CALLS, CONVERSATIONS, GREETING, RAG, RESULTS
from tests.sdk.install import HOW, is_installed
from tests.sdk.polls import polls_of_helpers
from tests.sdk.scenarios import OF_THE_PATTERNS

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not is_installed("node"), reason=f"the TypeScript clients are {HOW}"),
]


@pytest.fixture
def emulator(emulate: Emulate) -> Emulator:
    return emulate(*OF_THE_PATTERNS)


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
    """Without ``openai-poll-after-ms`` the batch, which is polled four times, would take fifteen seconds."""
    _, found = start("rag")

    assert found.pop("milliseconds") < 5000
    assert found == RAG
    polls = polls_of_helpers(emulator, "get_vector_store_file_batch")
    assert list(polls.values()) == [["in_progress"] * 3 + ["completed"]]


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

    assert list(polls_of_helpers(emulator).values()) == [
        ["in_progress", "requires_action", "in_progress", "completed"],
        ["in_progress", "completed"],
        ["cancelled"],
    ]
    assert found["polled"]["milliseconds"] < 5000
