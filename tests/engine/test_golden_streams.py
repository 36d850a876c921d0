"""The event sequences of the service, byte for byte.

The letters are those of the fact sheet on the recorded wire format. A sequence that no recording shows, and that is
inferred, carries ``guess`` in its name.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import Emulator
from tests import golden
from tests.conftest import Emulate
from tests.support import GOLDEN, Api, Reply

WEATHER = {"type": "function", "function": {"name": "get_weather"}}
CALL = {"call": {"get_weather": {"city": "Paris"}}}
RATE_LIMIT = {"fail": {"code": "rate_limit_exceeded", "message": "Rate limit is exceeded. Try again in 14 seconds."}}

OPENING = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
STEP = ["thread.run.step.created", "thread.run.step.in_progress"]
MESSAGE = [*STEP, "thread.message.created", "thread.message.in_progress", "thread.message.delta"]
SAID = [*MESSAGE, "thread.message.completed", "thread.run.step.completed"]
ANSWERED = ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress"]
CALLED = [*OPENING, *STEP, "thread.run.step.delta", "thread.run.requires_action", "done"]


def create_run(api: Api) -> Reply:
    assistant = api.assistant(tools=[WEATHER])
    return api.run(api.thread("How is the weather?"), assistant, stream=True)


def create_thread_and_run(api: Api) -> Reply:
    body = {
        "assistant_id": api.assistant(),
        "thread": {"messages": [{"role": "user", "content": "Hi"}]},
        "stream": True,
    }
    return api.post("/v1/threads/runs", body)


def submit_tool_outputs(api: Api) -> Reply:
    asked = create_run(api).events[-2].json()
    calls = asked["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": '{"celsius": 21}'} for call in calls]
    path = f"/v1/threads/{asked['thread_id']}/runs/{asked['id']}/submit_tool_outputs"
    return api.post(path, {"tool_outputs": outputs, "stream": True})


@pytest.mark.parametrize(
    ("name", "steps", "ask", "events"),
    [
        (
            "A_plain_text",
            [{"say": "Hello, it's 21 °C."}],
            create_run,
            [*OPENING, *SAID, "thread.run.completed", "done"],
        ),
        (
            "B_thread_and_run",
            [{"say": "Hello!"}],
            create_thread_and_run,
            ["thread.created", *OPENING, *SAID, "thread.run.completed", "done"],
        ),
        ("C_function_call", [CALL], create_run, CALLED),
        (
            "C_parallel_function_calls",
            [{"call": [{"get_weather": {"city": "Paris"}}, {"get_weather": {"city": "Rome"}}]}],
            create_run,
            CALLED,
        ),
        (
            "D_tool_outputs",
            [CALL, {"say": "It is {{ get_weather.celsius }} degrees."}],
            submit_tool_outputs,
            [*ANSWERED, *SAID, "thread.run.completed", "done"],
        ),
        (
            "G_incomplete_guess",
            [{"say": "Sure, I can"}, {"incomplete": "max_completion_tokens"}],
            create_run,
            [
                *OPENING,
                *MESSAGE,
                "thread.message.incomplete",
                "thread.run.step.completed",
                "thread.run.incomplete",
                "done",
            ],
        ),
        ("H_failed_at_start", [RATE_LIMIT], create_run, [*OPENING, "thread.run.failed", "done"]),
        (
            "H_failed_after_outputs",
            [CALL, RATE_LIMIT],
            submit_tool_outputs,
            [*ANSWERED, "thread.run.failed", "done"],
        ),
        (
            "H_failed_in_a_message_guess",
            [{"say": "Well,"}, {"fail": "server_error"}],
            create_run,
            [*OPENING, *MESSAGE, "thread.message.incomplete", "thread.run.step.failed", "thread.run.failed", "done"],
        ),
        (
            "J_expired_in_a_message_guess",
            [{"say": "Well,"}, {"expire": True}],
            create_run,
            [*OPENING, *MESSAGE, "thread.message.incomplete", "thread.run.step.expired", "thread.run.expired", "done"],
        ),
        ("J_expired_guess", [{"wait": 700}], create_run, [*OPENING, "thread.run.expired", "done"]),
        (
            "refusal_guess",
            [{"refuse": "I can't help with that."}],
            create_run,
            [*OPENING, *SAID, "thread.run.completed", "done"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stream_is_exactly_these_bytes(
    emulate: Emulate,
    connect: Callable[[Emulator], Api],
    name: str,
    steps: list[dict[str, object]],
    ask: Callable[[Api], Reply],
    events: list[str],
) -> None:
    api = connect(emulate({"turns": [{"steps": steps}]}))

    reply = ask(api)

    assert reply.event_names == events
    golden.expect(GOLDEN / f"{name}.sse", reply.body)


@pytest.mark.parametrize(
    ("name", "steps", "events"),
    [
        (
            "I_cancelled_in_a_message_guess",
            [{"say": "Let me think"}, {"hold": "thinking"}],
            [
                *OPENING,
                *MESSAGE,
                "thread.run.cancelling",
                "thread.message.incomplete",
                "thread.run.step.cancelled",
                "thread.run.cancelled",
                "done",
            ],
        ),
        (
            "I_cancelled_before_a_message_guess",
            [{"hold": "thinking"}, {"say": "Done."}],
            [*OPENING, "thread.run.cancelling", "thread.run.cancelled", "done"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cancelled_stream_is_exactly_these_bytes(
    emulate: Emulate,
    connect: Callable[[Emulator], Api],
    name: str,
    steps: list[dict[str, object]],
    events: list[str],
) -> None:
    emulator = emulate({"turns": [{"steps": steps}]})
    reader, other = connect(emulator), connect(emulator)

    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(create_run, reader)
        run_id = emulator.wait_held("thinking")
        thread_id = emulator.runs()[0].thread_id
        cancelling = other.post(f"/v1/threads/{thread_id}/runs/{run_id}/cancel").json

    assert cancelling["status"] == "cancelling"
    assert reply.result().event_names == events
    golden.expect(GOLDEN / f"{name}.sse", reply.result().body)
