"""The TypeScript SDK's clients on the Responses API, as ``node/responses.ts`` uses them, over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Emulator
from tests.conftest import Emulate
from tests.sdk.conftest import Start
from tests.sdk.expected import ANSWER, CALLS, GREETING
from tests.sdk.expected_responses import (
    AGAIN,
    BACKGROUND_EVENTS,
    EVENTS,
    HAT,
    HAT_CALLS,
    HAT_ITEMS,
    ON_CONVERSATION,
    RECIPE,
    RESULTS,
)
from tests.sdk.install import HOW, is_installed

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not is_installed("node"), reason=f"the TypeScript clients are {HOW}"),
]


@pytest.fixture
def emulator(emulate: Emulate) -> Emulator:
    return emulate(Path(__file__).parent / "responses.yaml")


def test_the_helpers_create_stream_parse_and_call_functions(start: Start) -> None:
    _, found = start("responses")

    assert found == {
        "created": ["completed", GREETING, 18, GREETING],
        "secondTurn": AGAIN,
        "parsed": {"recipe": RECIPE, "calls": [{"city": "Paris"}, {"city": "Rome"}]},
        "background": RESULTS["background"],
        "cancelled": {"statuses": ["queued", "cancelled"]},
        "inputItems": RESULTS["input_items"]["items"],
        "deleted": [
            ["NotFoundError", 404, "404 Response with id '<response>' not found.", None, None],
            [
                "BadRequestError",
                400,
                "400 Previous response with id '<response>' not found.",
                "previous_response_id",
                "previous_response_not_found",
            ],
        ],
        "byReference": {"calls": CALLS, "text": ANSWER},
        "byHistory": {"items": [["function_call", "function_call"], ["message"]], "text": ANSWER},
        "unstored": {"items": HAT_ITEMS, "text": HAT},
        "rawEvents": {"events": EVENTS, "text": GREETING},
        "accumulated": {"snapshots": RESULTS["accumulated"]["snapshots"], "text": GREETING},
        "parsedStream": RECIPE,
        "functionsStreamed": {"last": HAT_CALLS[0][1], "items": HAT_ITEMS, "text": HAT},
        "failed": {
            "status": "failed",
            "code": "server_error",
            "raised": ["APIError", None, "The model broke.", None, "server_error"],
        },
        "resumed": {"events": BACKGROUND_EVENTS, "rest": BACKGROUND_EVENTS[6:]},
    }


def test_the_helpers_of_conversations_and_containers(start: Start) -> None:
    _, found = start("places")

    assert found == {
        "onConversation": {
            "metadata": [{"thread_id": "thread_7"}, {"user": "ada"}],
            "bound": True,
            "items": ON_CONVERSATION,
            "left": True,
            "deleted": True,
            "gone": ["NotFoundError", 404, "404 Conversation with id '<conv>' not found.", None],
        },
        "busy": [
            "BadRequestError",
            400,
            "400 Another process is currently operating on this conversation. Please retry in a few seconds.",
            "conversation_locked",
        ],
        "inContainer": {
            "ran": True,
            "listed": ["-notes.txt"],
            "content": "Notes.",
            "noFile": ["NotFoundError", 404, "404 Container file with id '<cfile>' not found.", None],
            "gone": ["NotFoundError", 404, "404 Container not found", None],
        },
    }


def test_each_client_uses_its_own_addresses(start: Start, emulator: Emulator, environment: dict[str, str]) -> None:
    start("responses")

    base = "/v1" if "OPENAI_BASE_URL" in environment else "/openai"
    assert {request.path.partition("/responses")[0] for request in emulator.requests()} == {base}
