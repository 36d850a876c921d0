"""The world that the tests of the routes ask: a few objects, and a turn for each way a run can go."""

from __future__ import annotations

import json
from typing import Any

from tests.support import InProcess, Reply

WEATHER = {"type": "function", "function": {"name": "get_weather"}}

#: Every run on a thread of this scenario goes as the last user message says.
SCENARIO: dict[str, Any] = {
    "version": 1,
    "name": "given",
    "given": {
        "assistants": [
            {"id": "asst_bare", "model": "gpt-4o"},
            {"id": "asst_told", "model": "gpt-4o", "instructions": "Be kind.", "tools": [WEATHER]},
        ],
        "threads": [
            {"id": "thread_empty"},
            {
                "id": "thread_old",
                "messages": [{"id": "msg_hi", "role": "user", "content": "say"}],
                "runs": [{"id": "run_old", "assistant_id": "asst_told"}],
            },
        ],
    },
    "turns": [
        {"name": "hold", "when": {"message": "hold"}, "steps": [{"hold": "gate"}, {"say": "Released."}]},
        {"name": "call", "when": {"message": "call"}, "steps": [{"call": {"get_weather": {}}}, {"say": "Dry."}]},
        {
            "name": "parallel",
            "when": {"message": "parallel"},
            "steps": [{"call": [{"get_weather": {"city": "Paris"}}, {"get_weather": {"city": "Rome"}}]}],
        },
        {"name": "fail", "when": {"message": "fail"}, "steps": [{"fail": "server_error"}]},
        {"name": "incomplete", "when": {"message": "short"}, "steps": [{"incomplete": "max_completion_tokens"}]},
        {"name": "expire", "when": {"message": "expire"}, "steps": [{"expire": True}]},
        {"name": "say", "steps": [{"say": "Grüße, 世界 🌍"}]},
    ],
}


def given(**options: Any) -> InProcess:
    """A fresh world of the scenario."""
    return InProcess(SCENARIO, **options)


def begin(api: InProcess, message: str, assistant: str = "asst_told", **body: Any) -> tuple[str, str]:
    """A run that is as far as one poll brings it; its thread's id and its own. ``queued`` means: not polled."""
    thread = api.thread(message)
    run: str = api.run(thread, assistant, **body).json["id"]
    if message != "queued":
        api.get(f"/v1/threads/{thread}/runs/{run}")
        api.get(f"/v1/threads/{thread}/runs/{run}")
    return thread, run


def run_path(api: InProcess, message: str) -> str:
    """The URL of such a run."""
    thread, run = begin(api, message)
    return f"/v1/threads/{thread}/runs/{run}"


def is_pretty(reply: Reply) -> bool:
    """True for exactly the bytes the service sends: two spaces, key order kept, raw UTF-8, no last newline."""
    return reply.body == json.dumps(json.loads(reply.body), indent=2, ensure_ascii=False).encode()
