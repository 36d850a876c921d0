"""How runs ended, other than by completing: as the recording shows it, or a refusal tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.base.json_types import Object
from emulator.recordings.distil.run_ends import HOLD_LABEL
from tests.recording.carried import Script, carry
from tests.recording.handmade import (
    QUESTION,
    Book,
    functions,
    listed,
    message,
    proof_of,
    proven,
    refusal,
    requires,
    run,
    step,
    steps_of,
    streamed,
    turn_of,
)
from tests.support import Api

RUN = "/v1/threads/thread_1/runs/run_1"
LIMIT = {"code": "rate_limit_exceeded", "message": "You {{ exceeded }} it."}


def _all_of_it(api: Api, thread: str, runs: str) -> None:
    for one in api.get(runs).json["data"]:
        api.poll(thread, one["id"])
        api.get(f"{runs}/{one['id']}/steps")
    api.get(f"/v1/threads/{thread}/messages")


def _converse(*, streams: bool) -> Script:
    def script(api: Api) -> None:
        assistant = api.assistant(tools=[{"type": "code_interpreter"}])
        thread = api.thread(QUESTION)
        api.run(thread, assistant, stream=streams)
        _all_of_it(api, thread, f"/v1/threads/{thread}/runs")

    return script


ENDS: list[list[Object]] = [
    [{"fail": "server_error"}],
    [{"fail": {"code": "rate_limit_exceeded", "message": "You {{ '{{' }} exceeded }} it."}}],
    [{"fail": {"code": "invalid_image_url", "message": "x\ny"}}],
    [{"say": "So far"}, {"fail": "server_error"}],
    [{"say": "So far", "done": True}, {"fail": "server_error"}],
    [{"refuse": "I cannot"}, {"fail": "server_error"}],
    [{"code": {"input": "1/0", "logs": "ZeroDivisionError"}}, {"fail": "server_error"}],
    [{"incomplete": "max_completion_tokens"}],
    [{"say": "So far"}, {"incomplete": "max_prompt_tokens"}],
    [{"say": "So far", "done": True}, {"incomplete": "content_filter"}],
    [{"expire": True}],
    [{"say": "So far"}, {"expire": True}],
    [{"say": "One."}, {"say": "Two."}, {"expire": True}],
]


@pytest.mark.parametrize("streams", [False, True], ids=["polled", "streamed"])
@pytest.mark.parametrize("steps", ENDS, ids=lambda steps: json.dumps(steps)[:60])
def test_ends_are_as_they_were(steps: list[Object], streams: bool) -> None:
    assert carry({"turns": [{"steps": steps}]}, _converse(streams=streams)).left_out == []


def test_an_unknown_reason_is_replaced_and_said() -> None:
    book = Book().assistant().thread(QUESTION)
    book.run("incomplete", incomplete_details={"reason": "max_patience"})

    distilled = proven(book, "reason")

    assert steps_of(distilled) == [{"incomplete": "max_completion_tokens"}]
    said = "run_1: it ended incomplete for the reason 'max_patience'; the scenario says max_completion_tokens"
    assert distilled.left_out == [said]


@pytest.mark.parametrize("error", [None, LIMIT])
def test_a_failure_has_the_words_that_were_recorded(error: Any) -> None:
    book = Book().assistant().thread(QUESTION).run("failed", last_error=error)

    failure = steps_of(proven(book, "last_error"))[0]["fail"]

    assert failure == (
        {"code": "rate_limit_exceeded", "message": "You {{ '{{' }} exceeded }} it."}
        if error
        else {"code": "server_error", "message": ""}
    )


# ---- Known only from a refusal ----


def _waiting() -> Book:
    tools = functions("f")
    book = Book().assistant(tools=tools).thread(QUESTION).run(tools=tools)
    return book.ask(f"GET {RUN}", None, requires(("call_1", "f", "{}"), tools=tools))


SUBMIT = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}


def test_an_expiry_that_only_a_refusal_tells() -> None:
    words = 'Runs in status "expired" do not accept tool outputs.'
    book = _waiting().ask(f"POST {RUN}/submit_tool_outputs", SUBMIT, refusal(words), 400)

    assert steps_of(proven(book)) == [{"call": {"f": {}}}, {"expire": True}]


def test_an_expiry_after_the_outputs_were_taken() -> None:
    tools = functions("f")
    book = _waiting().ask(f"POST {RUN}/submit_tool_outputs", SUBMIT, run("queued", tools=tools))
    book.ask(f"GET {RUN}", None, run("expired", tools=tools))

    assert [next(iter(one)) for one in steps_of(proven(book))] == ["call", "wait", "expire"]


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_an_end_that_only_a_refused_cancel_tells(status: str) -> None:
    book = Book().assistant().thread(QUESTION).run("in_progress")
    book.ask(f"POST {RUN}/cancel", None, refusal(f"Cannot cancel run with status '{status}'."), 400)

    distilled = book.distilled()

    ends = {"failed": [{"fail": {"code": "server_error", "message": ""}}], "cancelled": []}
    said = [{"say": "(what the assistant said was not recorded)"}]
    assert steps_of(distilled) == ends.get(status, said)


# ---- Cancelled ----


def _cancelled(*looks: str, before: tuple[str, ...] = ()) -> Book:
    book = Book().assistant().thread(QUESTION).run(*before)
    book.ask(f"POST {RUN}/cancel", None, run("cancelling"))
    for status in looks:
        book.ask(f"GET {RUN}", None, run(status))
    return book


@pytest.mark.parametrize("before", [(), ("queued",), ("in_progress", "in_progress", "in_progress")])
@pytest.mark.parametrize("looks", [(), ("cancelling",), ("cancelling", "cancelled"), ("cancelled",)])
def test_a_run_that_is_cancelled_stands_at_a_gate_until_then(before: tuple[str, ...], looks: tuple[str, ...]) -> None:
    distilled = proven(_cancelled(*looks, before=before))

    assert (steps_of(distilled), distilled.left_out) == ([{"hold": HOLD_LABEL}], [])


def test_a_run_that_is_cancelled_while_it_waits_for_outputs_needs_no_gate() -> None:
    tools = functions("f")
    book = _waiting().ask(f"POST {RUN}/cancel", None, run("cancelling", tools=tools))
    book.ask(f"GET {RUN}", None, run("cancelled", tools=tools))

    assert steps_of(proven(book)) == [{"call": {"f": {}}}]


def test_a_run_that_is_cancelled_after_its_outputs_stands_at_a_gate() -> None:
    tools = functions("f")
    book = _waiting().ask(f"POST {RUN}/submit_tool_outputs", SUBMIT, run("queued", tools=tools))
    book.ask(f"GET {RUN}", None, run("in_progress", tools=tools))
    book.ask(f"POST {RUN}/cancel", None, run("cancelling", tools=tools))
    book.ask(f"GET {RUN}", None, run("cancelled", tools=tools))

    assert [next(iter(one)) for one in steps_of(proven(book))] == ["call", "hold"]


def test_what_was_said_before_a_cancel_is_still_open() -> None:
    opened = step("step_1", message_id="msg_1", status="in_progress")
    book = Book().assistant().thread(QUESTION)
    events = streamed("So", " far")[:9]
    cut_off = message(
        "So far", "msg_1", run="run_1", status="incomplete", incomplete_details={"reason": "run_cancelled"}
    )
    book.stream(
        "POST /v1/threads/thread_1/runs",
        {"assistant_id": "asst_1"},
        *events,
        ("thread.run.cancelling", run("cancelling")),
        ("thread.message.incomplete", cut_off),
        ("thread.run.step.cancelled", {**opened, "status": "cancelled"}),
        ("thread.run.cancelled", run("cancelled")),
        ("done", "[DONE]"),
    )
    book.ask(f"POST {RUN}/cancel", None, run("cancelling")).ask(f"GET {RUN}", None, run("cancelled"))

    assert steps_of(proven(book)) == [{"say": "So far"}, {"hold": HOLD_LABEL}]


def test_a_run_that_somebody_else_cancelled_completes_and_that_is_said() -> None:
    distilled = Book().assistant().thread(QUESTION).run("in_progress", "cancelled").distilled()

    assert distilled.left_out == ["run_1: it was cancelled, but no recorded request cancels it; here it completes"]
    assert proof_of(distilled).differences == [
        "hand.yaml #5 GET /v1/threads/thread_1/runs/run_1: status: recorded 'cancelled', the emulator sends 'completed'"
    ]


LATE: list[tuple[str, Object]] = [
    ("completed", {}),
    ("failed", {"last_error": LIMIT}),
    ("incomplete", {"incomplete_details": {"reason": "content_filter"}}),
    ("expired", {}),
]


@pytest.mark.parametrize(("status", "more"), LATE)
@pytest.mark.parametrize("polls", [0, 1, 4])
def test_a_cancel_that_came_late_loses(polls: int, status: str, more: Object) -> None:
    book = _cancelled(before=("in_progress",) * polls).ask(f"GET {RUN}", None, run(status, **more))

    turn = turn_of(proven(book))

    assert turn["cancel"] == "late"
    assert turn.get("polls") == ({"in_progress": 4} if polls == 4 else None)


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_an_end_that_only_a_run_step_shows(status: str) -> None:
    error: Object = {"last_error": LIMIT} if status == "failed" else {}
    book = Book().assistant().thread(QUESTION).run("in_progress")
    over = step("step_1", message_id="msg_1", status=status, **error)
    book.ask(f"GET {RUN}/steps", None, listed(over))
    book.ask("GET /v1/threads/thread_1/messages/msg_1", None, message("So far", "msg_1", run="run_1"))

    assert [next(iter(one)) for one in steps_of(book.distilled())] == [
        "say",
        {"failed": "fail", "expired": "expire"}[status],
    ]


def test_a_list_of_runs_shows_ends_too() -> None:
    book = Book().assistant().thread(QUESTION).run()
    book.ask("GET /v1/threads/thread_1/runs", None, listed(run("failed", last_error=LIMIT)))

    assert "fail" in steps_of(book.distilled())[0]
