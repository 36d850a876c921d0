"""What the patterns have to find, whatever the SDK's version and whichever client."""

from __future__ import annotations

from typing import Any

GREETING = "Hello, you're welcome!"
GREETING_DELTAS = 4
ANSWER = "It is 18 degrees in Paris and 27 in Rome."
ANSWER_DELTAS = 11
CALLS = [["get_weather", '{"city":"Paris"}'], ["get_weather", '{"city":"Rome"}']]
ARGUMENTS_DELTAS = 9


def _message_callbacks(deltas: int) -> list[str]:
    return [
        "on_run_step_created",
        "on_message_created",
        "on_text_created",
        *["on_text_delta", "on_message_delta"] * deltas,
        "on_text_done",
        "on_message_done",
        "on_run_step_done",
        "on_end",
    ]


_CALL_CALLBACKS = [
    "on_tool_call_created",
    "on_run_step_delta",
    *["on_tool_call_delta", "on_run_step_delta"] * ARGUMENTS_DELTAS,
    "on_tool_call_done",
]
_STREAM = [
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    *["thread.message.delta"] * GREETING_DELTAS,
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
]


def _bad_request(message: str) -> list[Any]:
    return ["BadRequestError", 400, message, "invalid_request_error", None, None]


def _not_found(message: str) -> list[Any]:
    return ["NotFoundError", 404, message, "invalid_request_error", None, None]


CONVERSATIONS = {"ada": ["Good morning, Ada. Your usual?", "Welcome back, ada!"], "bob": ["Welcome, bob!"]}
MENU = "# Menu\n\nThe soup of the day is leek and potato, with rye bread.\n"
RAG: dict[str, Any] = {
    "batch": ["completed", 2],
    "store": ["completed", 3],
    "answer": "Leek and potato, with rye bread.【4:0†menu.md】",
    "citations": [["【4:0†menu.md】", 32, 45, "menu.md"]],
    "found": [["menu.md", 1.0, [MENU]]],
    "content": [MENU],
}
ANALYSIS: dict[str, Any] = {
    "status": "completed",
    "has the file": True,
    "code": {"first line": 'sales = pandas.read_csv("sales.csv")', "logs": ["480\n"]},
    "images": {"as drawn": True, "begin": ["PNG"]},
    "answer": "Revenue is 480 in three months.\n[Download the summary](sandbox:/mnt/data/summary.csv)",
    "files": [["sandbox:/mnt/data/summary.csv", "summary.csv", "months,revenue\n3,480\n"]],
}

RESULTS: dict[str, dict[str, Any]] = {
    "create_and_poll": {
        "status": "completed",
        "messages": [["assistant", GREETING], ["user", "Hi!"]],
        "tokens": 18,
    },
    "create_and_run_poll": {"status": "completed", "replies": [GREETING]},
    "functions_polled": {"statuses": ["requires_action", "completed"], "calls": CALLS, "replies": [ANSWER]},
    "own_poll_loop": {"statuses": ["queued", "in_progress", "completed"], "replies": [GREETING]},
    "poll_hint": {"milliseconds": "1"},
    "create_and_run_stream": {"events": ["thread.created", *_STREAM], "text": GREETING},
    "event_handler": {
        "status": "completed",
        "callbacks": _message_callbacks(GREETING_DELTAS),
        "text": GREETING,
        "steps": ["message_creation"],
        "messages": [GREETING],
        "replies": [GREETING],
    },
    "functions_streamed": {
        "asking": {
            "status": "requires_action",
            "callbacks": ["on_run_step_created", *_CALL_CALLBACKS, *_CALL_CALLBACKS, "on_end"],
            "text": "",
            "steps": ["tool_calls"],
        },
        "calls": CALLS,
        "answering": {
            "status": "completed",
            "callbacks": ["on_run_step_done", *_message_callbacks(ANSWER_DELTAS)],
            "text": ANSWER,
            "steps": ["message_creation"],
            "messages": [ANSWER],
        },
    },
    "raw_events": {"events": _STREAM, "text": GREETING},
    "delete_everything": {
        "deleted": [["thread.message.deleted", True], ["thread.deleted", True], ["assistant.deleted", True]],
        "thread": _not_found("No thread found with id '<thread>'."),
        "assistant": _not_found("No assistant found with id '<asst>'."),
        "message": _not_found("No thread found with id '<thread>'."),
    },
    "errors": {
        "unknown thread": _not_found("No thread found with id 'thread_unknown'."),
        "unknown run": _not_found("No run found with id 'run_unknown'."),
        "second run": _bad_request("Thread <thread> already has an active run <run>."),
        "message during the run": _bad_request("Can't add messages to <thread> while a run <run> is active."),
        "update during the run": _bad_request("Cannot update run with status 'queued'."),
        "outputs nobody asked for": _bad_request('Runs in status "queued" do not accept tool outputs.'),
    },
    "list_cancel_and_update_runs": {
        "statuses": ["queued", "cancelling", "cancelled"],
        "metadata": {"why": "too long"},
        "listed": [["cancelled", {"why": "too long"}]],
    },
    "pages": {
        "first page": [4, 3],
        "has more": True,
        "newest first": [4, 3, 2, 1, 0],
        "after the first": [1, 2, 3, 4],
    },
    "run_steps": {
        "steps": [["tool_calls", "completed"], ["message_creation", "completed"]],
        "outputs": ['{"celsius": 18}', '{"celsius": 27}'],
        "retrieved as listed": True,
    },
    "chatbot": CONVERSATIONS,
    "rag": RAG,
    "data_analysis": ANALYSIS,
}
