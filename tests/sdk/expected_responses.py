"""What the patterns on the Responses API have to find, whatever the SDK's version and whichever client."""

from __future__ import annotations

from typing import Any

from tests.sdk.expected import ANSWER, CALLS, GREETING

AGAIN = "Hello again!"
RECIPE = {"title": "Soup", "minutes": 20, "ingredients": ["leek", "potato"]}
HAT = "A hat. It is 27 degrees."
HAT_CALLS = [["get_weather", '{"city":"Rome"}']]
HAT_ITEMS = [["reasoning", "function_call"], ["reasoning", "message"]]
ON_CONVERSATION = [
    ["user", "I am Ada."],
    ["user", "Hi!"],
    ["assistant", GREETING],
    ["user", "And now?"],
    ["assistant", AGAIN],
]
CODE = "print((14 - 11) / 3)"
REFUSAL = "I can't tell."

_WRITTEN = [
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    *["response.output_text.delta"] * 4,
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
EVENTS = ["response.created", *_WRITTEN]
BACKGROUND_EVENTS = ["response.created", "response.queued", *_WRITTEN]
_CALLED = {"statuses": ["completed", "completed"], "calls": CALLS, "text": ANSWER}


def _not_found(id: str) -> list[Any]:
    message = f"Response with id '{id}' not found."
    return ["NotFoundError", 404, message, "invalid_request_error", None, None]


def _no_conversation(id: str) -> list[Any]:
    return ["NotFoundError", 404, f"Conversation with id '{id}' not found.", "invalid_request_error", None, None]


def _no_container(message: str) -> list[Any]:
    return ["NotFoundError", 404, message, "invalid_request_error", None, None]


def _bad_request(message: str, param: str | None = None, code: str | None = None) -> list[Any]:
    return ["BadRequestError", 400, message, "invalid_request_error", param, code]


RESULTS: dict[str, dict[str, Any]] = {
    "create": {
        "status": "completed",
        "text": GREETING,
        "tokens": 18,
        "retrieved as created": True,
    },
    "second_turn": {"continues": True, "texts": [GREETING, AGAIN, GREETING]},
    "parse": {"text": RECIPE, "arguments": ["Paris", "Rome"], "refused": [None, [REFUSAL]]},
    "background": {"statuses": ["queued", "in_progress", "completed"], "text": GREETING},
    "cancel": {"statuses": ["queued", "in_progress", "cancelled", "cancelled"], "text": ""},
    "incomplete": {"status": "incomplete", "reason": "max_output_tokens", "text": "In the beginning"},
    "input_items": {
        "first page": [2, True],
        "items": [["user", "Hi!"], ["assistant", GREETING], ["user", "And now?"]],
    },
    "delete": {
        "retrieved": _not_found("<resp>"),
        "deleted again": _not_found("<resp>"),
        "continued": _bad_request(
            "Previous response with id '<resp>' not found.", "previous_response_id", "previous_response_not_found"
        ),
    },
    "errors": {
        "unknown": _not_found("resp_unknown"),
        "not stored": _not_found("<resp>"),
        "cancel in the foreground": _bad_request("Cannot cancel a synchronous response."),
        "no output": _bad_request("No tool output found for function call <call>.", "input"),
    },
    "functions_by_reference": _CALLED,
    "functions_by_history": {
        "items": [["function_call", "function_call"], ["message"]],
        "calls": CALLS,
        "text": ANSWER,
        "encrypted": [],
    },
    "functions_unstored": {"items": HAT_ITEMS, "calls": HAT_CALLS, "text": HAT, "encrypted": [True, True]},
    "functions_in_background": _CALLED,
    "conversations": {
        "metadata": [{"thread_id": "thread_7"}, {"user": "ada"}, {"user": "ada"}],
        "bound": [True, True],
        "texts": [GREETING, AGAIN],
        "items": ON_CONVERSATION,
        "deleted": True,
        "gone": _no_conversation("<conv>"),
        "gone for a response": _no_conversation("<conv>"),
    },
    "conversation_items": {
        "added": [3, False, True, True],
        "one": ["message", "user", "completed", "one"],
        "newest": [["three", "two"], True],
        "left": True,
        "rest": ["three", "one"],
        "gone": ["NotFoundError", 404, "Item with id '<msg>' not found.", "invalid_request_error", None, None],
        "too many": _bad_request(
            "Invalid 'items': array too long. Expected an array with maximum length 20, but got an array with length "
            "21 instead.",
            "items",
            "array_above_max_length",
        ),
    },
    "functions_on_a_conversation": {
        "calls": CALLS,
        "unanswered": _bad_request("No tool output found for function call <call>.", "input"),
        "text": ANSWER,
        "items": ["message", *["function_call"] * 2, *["function_call_output"] * 2, "message"],
    },
    "busy_conversation": {
        "locked": _bad_request(
            "Another process is currently operating on this conversation. Please retry in a few seconds.",
            "conversation",
            "conversation_locked",
        ),
        "text": AGAIN,
    },
    "containers": {
        "container": ["sums", "running", 20],
        "ran in it": True,
        "file": ["user", 6, True],
        "listed": [True, True],
        "content": "Notes.",
        "no file": _no_container("Container file with id '<cfile>' not found."),
        "gone": _no_container("Container not found"),
    },
    "raw_events": {"events": EVENTS, "numbers in order": True, "text": GREETING},
    "accumulated": {
        "snapshots": ["Hello,", "Hello, you're", "Hello, you're welcome", GREETING],
        "text": GREETING,
        "stored": GREETING,
        "tokens": 18,
    },
    "parsed_stream": {"done": [RECIPE], "final": RECIPE},
    "functions_streamed": {
        "items": HAT_ITEMS,
        "calls": HAT_CALLS,
        "last arguments": HAT_CALLS[0][1],
        "thoughts": ["It depends on the weather.", "That is warm."],
        "text": HAT,
    },
    "parallel_functions_streamed": {"calls": CALLS},
    "refusal_streamed": {"deltas": REFUSAL, "refusal": [REFUSAL]},
    "failed": {
        "status": "failed",
        "error": ["server_error", "The model broke."],
        "read": EVENTS[:6],
        "raised": ["APIError", "The model broke.", "server_error"],
    },
    "left": {"first": "response.created"},
    "code_streamed": {"code": CODE, "ran": [[CODE, ["1.0\n"]]], "text": "x is 1."},
    "background_streamed": {"events": BACKGROUND_EVENTS, "rest as before": True},
}
