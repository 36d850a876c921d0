"""Polled runs: what was said, from wherever it was recorded, and how many looks have to see the run under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import emulator.recordings.distil.distil
from emulator.scenarios.unrecorded import UNKNOWN_WORDS
from tests.recording.handmade import (
    QUESTION,
    Book,
    Played,
    listed,
    message,
    proven,
    refusal,
    run,
    step,
    steps_of,
    streamed,
    turn_of,
)

RUN = "/v1/threads/thread_1/runs/run_1"
MESSAGES = "/v1/threads/thread_1/messages"


def _polled(*statuses: str, **more: Any) -> Book:
    return Book().assistant().thread(QUESTION).run(*(statuses or ("in_progress", "completed")), **more)


# ---- What was said ----


def _listed_messages(book: Book) -> None:
    book.says("It is sunny.")


def _one_message(book: Book) -> None:
    book.ask(f"GET {MESSAGES}/msg_2", None, message("It is sunny.", "msg_2", run="run_1"))


def _steps_and_messages(book: Book) -> None:
    book.ask(f"GET {RUN}/steps", None, listed(step("step_1", message_id="msg_of_run_1"))).says("It is sunny.")


def _modified_message(book: Book) -> None:
    book.ask(f"POST {MESSAGES}/msg_2", {"metadata": {}}, message("It is sunny.", "msg_2", run="run_1"))


@pytest.mark.parametrize("look", [_listed_messages, _one_message, _steps_and_messages, _modified_message])
def test_words_come_from_wherever_they_were_seen(look: Callable[[Book], None]) -> None:
    book = _polled()
    look(book)

    distilled = book.distilled()

    assert steps_of(distilled) == [{"say": "It is sunny."}]
    assert distilled.left_out == []
    api = Played(distilled)
    assert api.ask_for(api.assistant(), QUESTION) == ("completed", "It is sunny.")


@pytest.mark.parametrize(
    ("looks", "remark"),
    [
        ([], "run_1: its message was not recorded"),
        (
            [(f"GET {RUN}/steps", listed(step("step_1", message_id="msg_9")))],
            "run_1: one of its messages was not recorded",
        ),
    ],
)
def test_words_that_nobody_recorded_are_made_up_and_said_to_be(looks: list[Any], remark: str) -> None:
    book = _polled()
    for request, answer in looks:
        book.ask(request, None, answer)

    distilled = proven(book)

    assert steps_of(distilled) == [{"say": UNKNOWN_WORDS}]
    assert distilled.left_out == [remark]


def test_several_messages_of_a_run_are_said_in_their_order() -> None:
    book = _polled()
    second = message("And warm.", "msg_b", run="run_1", at=14)
    first = message("It is sunny.", "msg_a", run="run_1", at=13)
    book.ask(f"GET {MESSAGES}", None, listed(second, first, message(QUESTION, "msg_0", at=1)))

    assert steps_of(proven(book)) == [{"say": "It is sunny."}, {"say": "And warm."}]


def test_pages_of_steps_that_come_newest_first_keep_their_order() -> None:
    book = _polled()
    book.ask(f"GET {RUN}/steps?limit=1", None, listed(step("step_2", message_id="msg_b", at=15)))
    book.ask(f"GET {RUN}/steps?limit=1&after=step_2", None, listed(step("step_1", message_id="msg_a", at=12)))
    book.ask(f"GET {MESSAGES}/msg_a", None, message("One.", "msg_a", run="run_1", at=12))
    book.ask(f"GET {MESSAGES}/msg_b", None, message("Two.", "msg_b", run="run_1", at=15))

    assert steps_of(book.distilled()) == [{"say": "One."}, {"say": "Two."}]


def test_a_run_whose_end_nobody_saw_completes_and_that_is_said() -> None:
    distilled = _polled("queued", "in_progress").distilled()

    assert distilled.left_out == [
        "run_1: its end was not recorded, it was in_progress when last seen; here it completes"
    ]


def test_a_run_that_said_nothing_by_its_own_steps_says_nothing() -> None:
    book = _polled()
    book.ask(f"GET {RUN}/steps", None, listed())

    assert steps_of(proven(book)) == []


def test_usage_is_carried_over() -> None:
    used = {"prompt_tokens": 31, "completion_tokens": 12, "total_tokens": 43}
    distilled = proven(_polled(usage=used).says("Sunny."))

    assert turn_of(distilled)["usage"] == {"prompt_tokens": 31, "completion_tokens": 12}


def test_pieces_that_are_too_many_for_a_scenario_are_left_out_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator.recordings.distil.distil, "max_values", lambda: 20)
    create = ("POST /v1/threads/thread_1/runs", {"assistant_id": "asst_1"})
    book = Book().assistant()
    for _ in range(2):
        book.thread(QUESTION).stream(*create, *streamed(*"Pie", "ces", "!!", ".", ".", "."))
    distilled = book.distilled()

    assert steps_of(distilled) == [{"say": "Pieces!!..."}]
    assert distilled.left_out == ["how 2 texts were streamed: their 16 pieces are too many for one scenario"]


# ---- Looks ----


@pytest.mark.parametrize("count", [1, 2, 20])
@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_polls_are_collapsed(status: str, count: int) -> None:
    distilled = proven(_polled(*[status] * count, "completed").says("It is sunny."))

    assert distilled.document["turns"] == [
        {"name": "How is the weather", "when": {"message": QUESTION}, "steps": [{"say": "It is sunny."}]}
    ]


CANNOT = refusal("Can't add messages to thread_1 while a run run_1 is active.")
LIVE_RUN = refusal("Thread thread_1 already has an active run run_1.")


def _poll(book: Book, status: str = "in_progress") -> None:
    book.ask(f"GET {RUN}", None, run(status))


@pytest.mark.parametrize(
    ("looks", "polls"),
    [
        (["run"], None),
        (["run", "run", "run"], None),
        (["messages"], None),
        (["run", "messages"], {"in_progress": 2}),
        (["run", "messages", "steps", "run"], {"in_progress": 3}),
        (["refused message"], None),
        (["run", "refused message"], None),
        (["run", "run", "refused message"], {"in_progress": 2}),
        (["run", "run", "run", "refused run"], {"in_progress": 3}),
        (["run", "run", "run", "refused change"], {"in_progress": 3}),
    ],
)
def test_polls_are_said_only_where_looks_need_the_run_under_way(looks: list[str], polls: Any) -> None:
    book = Book().assistant().thread(QUESTION).run()
    for look in looks:
        match look:
            case "run":
                _poll(book)
            case "messages":
                book.ask(f"GET {MESSAGES}", None, listed(message(QUESTION, "msg_0", at=1)))
            case "steps":
                book.ask(f"GET {RUN}/steps", None, listed())
            case "refused message":
                book.ask(f"POST {MESSAGES}", {"role": "user", "content": "More"}, CANNOT, 400)
            case "refused run":
                book.ask("POST /v1/threads/thread_1/runs", {"assistant_id": "asst_1"}, LIVE_RUN, 400)
            case "refused change":
                words = "Cannot update run with status 'in_progress'."
                book.ask(f"POST {RUN}", {"metadata": {}}, refusal(words), 400)
    _poll(book, "completed")
    book.says("It is sunny.")

    assert turn_of(proven(book)).get("polls") == polls


def test_a_run_on_another_thread_is_not_kept_live_by_a_refusal() -> None:
    book = _polled().says("It is sunny.").thread("Else", id="thread_2")
    book.ask("POST /v1/threads/thread_2/messages", {"role": "user", "content": "x"}, CANNOT, 400)

    assert "polls" not in turn_of(book.distilled())
