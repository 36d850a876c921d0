"""Which runs share a turn, under which conditions turns are told apart, and what they are called."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ApiCall
from emulator.recordings.distil.distil import Distilled
from emulator.recordings.distil.run_ends import ScriptedRun
from emulator.recordings.distil.run_histories import RunHistory
from emulator.recordings.distil.turns import TurnDraft, draft_turns
from emulator.recordings.exchange import Exchange
from emulator.scenarios.conditions import Situation, first_mismatch
from tests.recording.handmade import Book, assistant, functions, listed, message, proven, run, streamed, thread


def _turns(distilled: Distilled) -> list[tuple[str, Any, Any, str]]:
    """Name, condition, count and words of each turn."""
    return [
        (turn["name"], turn.get("when"), turn.get("times"), turn["steps"][0]["say"])
        for turn in distilled.document["turns"]
    ]


def _conditions(distilled: Distilled) -> list[Any]:
    return [turn.get("when") for turn in distilled.document["turns"]]


# ---- The same turn ----


def test_the_same_question_and_answer_are_one_turn_whoever_was_asked() -> None:
    book = Book().assistant(name="One").assistant("asst_2", name="Two", model="gpt-4")
    book.talk("Hi", "Hello.", 1).talk("Hi", "Hello.", 2, "asst_2", model="gpt-4").talk(
        "Hi", "Hello.", 3, metadata={"n": "3"}
    )

    assert _turns(proven(book, "metadata")) == [("Hi", {"message": "Hi"}, None, "Hello.")]


def test_the_same_question_on_one_thread_is_one_turn_as_long_as_the_answer_is_the_same() -> None:
    book = Book().assistant().thread("Hi").run("completed")
    book.ask("GET /v1/threads/thread_1/messages/msg_1", None, message("Hello.", "msg_1", run="run_1"))
    book.ask("POST /v1/threads/thread_1/messages", {"role": "user", "content": "Hi"}, message("Hi", "msg_2", at=20))
    book.run("completed", id="run_2")
    book.ask("GET /v1/threads/thread_1/messages/msg_3", None, message("Hello.", "msg_3", run="run_2"))

    assert _turns(book.distilled()) == [("Hi", {"message": "Hi"}, None, "Hello.")]


def test_how_words_were_cut_makes_no_other_turn() -> None:
    book = Book().assistant().talk("Hi", "Hello you.", 1).thread("Hi", id="thread_2")
    events = [(name, {**data, "thread_id": "thread_2"} if isinstance(data, dict) else data)
              for name, data in streamed("He", "llo", " you.", id="run_2")]  # fmt: skip
    book.stream("POST /v1/threads/thread_2/runs", {"assistant_id": "asst_1"}, *events)

    (turn,) = proven(book).document["turns"]

    assert turn["steps"] == [{"say": {"text": "Hello you.", "chunks": ["He", "llo", " you."]}}]


def test_an_argument_called_chunks_makes_another_turn() -> None:
    tools = functions("f")
    book = Book().assistant(tools=tools)
    for number in (1, 2):
        more: Object = {"thread": f"thread_{number}", "tools": tools}
        book.thread("Hi", id=f"thread_{number}").run(id=f"run_{number}", **more)
        call = {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "f", "arguments": f'{{"chunks":{number}}}'},
        }
        asked = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
        waiting = run("requires_action", f"run_{number}", required_action=asked, **more)
        book.ask(f"GET /v1/threads/thread_{number}/runs/run_{number}", None, waiting)

    assert [turn.get("times") for turn in proven(book).document["turns"]] == [1, None]


# ---- Told apart ----

INSTRUCTED = {"instructions": "Be brief."}


@pytest.mark.parametrize(
    ("one", "other", "conditions"),
    [
        ({"name": "Ann"}, {"name": "Bob"}, [{"assistant": "Ann"}, {}]),
        ({"tools": functions("f")}, {"tools": functions("g")}, [{"tools": ["f"]}, {}]),
        (INSTRUCTED, {"instructions": "Be long."}, [{"instructions": {"equals": "Be brief."}}, {}]),
        ({"model": "gpt-4"}, {"model": "gpt-4o"}, [{"model": {"equals": "gpt-4"}}, {}]),
        # what one has and the other has not is asked for first, whichever came first
        ({}, {"name": "Bob"}, [{"assistant": "Bob"}, {}]),
        ({}, INSTRUCTED, [{"instructions": {"equals": "Be brief."}}, {}]),
        ({"tools": functions("f")}, {"tools": functions("f", "g")}, [{"tools": ["f", "g"]}, {}]),
    ],
)
def test_assistants_tell_turns_apart(one: Object, other: Object, conditions: list[Object]) -> None:
    book = Book().assistant(**one).assistant("asst_2", **other)
    in_force = [{key: what[key] for key in what if key != "name"} for what in (one, other)]
    book.talk("Hi", "First.", 1, **in_force[0]).talk("Hi", "Second.", 2, "asst_2", **in_force[1])

    distilled = proven(book)

    assert _conditions(distilled) == [{"message": "Hi", **condition} for condition in conditions]
    assert all("times" not in turn for turn in distilled.document["turns"])


@pytest.mark.parametrize(
    ("one", "other"), [({"k": "1"}, {"k": "2"}), ({}, {"k": "2"}), ({"k": "1"}, {"k": "1", "l": "2"})]
)
def test_metadata_tells_turns_apart(one: Object, other: Object) -> None:
    book = Book().assistant()
    for number, metadata in enumerate((one, other), 1):
        thread_id = f"thread_{number}"
        book.thread("Hi", id=thread_id)
        made: Object = {"thread": thread_id, "metadata": metadata}
        sent = {"assistant_id": "asst_1", "metadata": metadata}
        book.ask(f"POST /v1/threads/{thread_id}/runs", sent, run("queued", f"run_{number}", **made))
        book.ask(f"GET /v1/threads/{thread_id}/runs/run_{number}", None, run("completed", f"run_{number}", **made))
        book.says(f"Answer {number}.", "Hi", run=f"run_{number}", thread=thread_id)

    assert "metadata" in _conditions(proven(book))[0]


def test_metadata_of_threads_tells_turns_apart() -> None:
    book = Book().assistant()
    for number in (1, 2):
        id = f"thread_{number}"
        book.thread("Hi", id=id, metadata={"user": str(number)}).run("completed", id=f"run_{number}", thread=id)
        book.says(f"Answer {number}.", "Hi", run=f"run_{number}", thread=id)

    assert _conditions(proven(book))[0] == {"message": "Hi", "thread": {"metadata": {"user": "1"}}}


def test_the_number_of_the_run_tells_turns_of_one_thread_apart() -> None:
    book = Book().assistant().thread("Hi").run("completed")
    book.ask("GET /v1/threads/thread_1/messages/msg_1", None, message("First.", "msg_1", run="run_1"))
    book.run("completed", id="run_2")
    book.ask("GET /v1/threads/thread_1/messages/msg_2", None, message("Second.", "msg_2", run="run_2"))

    assert _conditions(book.distilled()) == [{"message": "Hi", "run": 1}, {"message": "Hi"}]


def test_words_that_contain_others_are_told_apart_by_equality() -> None:
    book = Book().assistant()
    book.talk("weather", "Which?", 1).talk("Weather in Paris", "Sunny.", 2).talk(
        "the weather IN paris, please", "Yes.", 3
    )

    assert _conditions(proven(book)) == [
        {"message": {"equals": "weather"}},
        {"message": {"equals": "Weather in Paris"}},
        {"message": "the weather IN paris, please"},
    ]


@pytest.mark.parametrize(
    ("answers", "turns"),
    [
        ("XY", [("Hi", 1, "X"), ("Hi (2)", None, "Y")]),
        ("XXY", [("Hi", 2, "X"), ("Hi (2)", None, "Y")]),
        ("XYX", [("Hi", 1, "X"), ("Hi (2)", 1, "Y"), ("Hi (3)", None, "X")]),
        ("XYYX", [("Hi", 1, "X"), ("Hi (2)", 2, "Y"), ("Hi (3)", None, "X")]),
    ],
)
def test_what_nothing_tells_apart_is_counted_in_its_order(answers: str, turns: list[Any]) -> None:
    book = Book().assistant()
    for number, answer in enumerate(answers, 1):
        book.talk("Hi", answer, number)

    assert [(name, times, said) for name, _, times, said in _turns(proven(book))] == turns


def test_questions_in_between_do_not_matter_to_counted_turns() -> None:
    book = Book().assistant().talk("Hi", "X", 1).talk("Bye", "Z", 2).talk("Hi", "Y", 3).talk("Bye", "Z", 4)

    assert [(when["message"], times) for _, when, times, _ in _turns(proven(book))] == [
        ("Hi", 1),
        ("Hi", None),
        ("Bye", None),
    ]


# ---- Which words ----


def test_words_that_only_a_later_look_shows_are_known_too() -> None:
    book = Book().run("completed").says("Sunny.", "How is it?")

    assert _turns(proven(book)) == [("How is it", {"message": "How is it?"}, None, "Sunny.")]


def test_the_name_of_an_assistant_that_only_a_later_look_shows_is_known_too() -> None:
    book = Book().talk("Hi", "First.", 1).talk("Hi", "Second.", 2, "asst_2")
    book.ask("GET /v1/assistants/asst_1", None, assistant(name="Ann"))

    assert _conditions(proven(book))[0] == {"message": "Hi", "assistant": "Ann"}


def test_unknown_words_have_no_condition_and_come_last() -> None:
    book = Book().assistant().ask("GET /v1/threads/thread_9", None, thread("thread_9"))
    book.run("completed", id="run_9", thread="thread_9")
    book.ask(
        "GET /v1/threads/thread_9/messages/msg_9", None, message("Unasked.", "msg_9", thread="thread_9", run="run_9")
    )
    book.talk("Hi", "Hello.", 1)

    distilled = book.distilled()

    assert _turns(distilled) == [("Hi", {"message": "Hi"}, None, "Hello."), ("run 2", None, None, "Unasked.")]
    (given_thread,) = distilled.document["given"]["threads"]
    assert given_thread["messages"] == [{"role": "user", "content": "(this message was not recorded)"}]
    assert distilled.left_out == ["the messages of thread thread_9, which the recording does not show"]


LONG = "word " * 60


@pytest.mark.parametrize(
    ("question", "condition", "name"),
    [
        ("Hi", "Hi", "Hi"),
        ("  Hi!  ", "Hi!", "Hi"),
        ("\n\n First line.\nSecond line.", "First line.", "First line"),
        (LONG, ("word " * 32).strip(), ("word " * 9).strip()),
        ("x" * 200, "x" * 160, "run 1"),
        ("?!", "?!", "run 1"),
        ("日本語で天気は?", "日本語で天気は?", "日本語で天気は"),
        ("Straße\u2028İstanbul", "Straße", "Straße"),
        ("a\tb", "a\tb", "a b"),
    ],
)
def test_a_condition_and_a_name_are_the_first_words(question: str, condition: str, name: str) -> None:
    book = Book().assistant().talk(question, "Yes.")

    assert _turns(proven(book)) == [(name, {"message": condition}, None, "Yes.")]


@pytest.mark.parametrize("content", [[{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}], "One\nTwo"])
def test_all_text_of_the_last_user_message_counts(content: Any) -> None:
    sent = {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": "Hm"}]}
    book = Book().assistant().ask("POST /v1/threads", sent, thread()).run("completed")
    book.talk("One", "Else.", 2)

    assert _conditions(proven(book)) == [{"message": {"equals": "One\nTwo"}}, {"message": "One"}]


def test_messages_sent_with_the_run_come_last() -> None:
    book = Book().assistant().thread("Old")
    sent = {"assistant_id": "asst_1", "additional_messages": [{"role": "user", "content": "New"}]}
    book.ask("POST /v1/threads/thread_1/runs", sent, run("queued"))
    book.ask("GET /v1/threads/thread_1/runs/run_1", None, run("completed"))

    assert _conditions(proven(book)) == [{"message": "New"}]


def test_a_thread_that_is_made_with_its_run_has_its_words() -> None:
    sent = {"assistant_id": "asst_1", "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    book = Book().assistant().ask("POST /v1/threads/runs", sent, run("queued"))
    book.ask("GET /v1/threads/thread_1/runs/run_1", None, run("completed"))

    distilled = proven(book)

    assert _conditions(distilled) == [{"message": "Hi"}]
    assert "given" not in distilled.document


def test_of_messages_of_the_same_second_the_last_counts() -> None:
    book = Book().assistant()
    book.ask(
        "GET /v1/threads/thread_1/messages", None, listed(message("Two", "msg_2", at=5), message("One", "msg_1", at=5))
    )
    book.run("completed")

    assert _conditions(proven(book)) == [{"message": "Two"}]


def test_names_are_unique_and_stable() -> None:
    book = Book().assistant()
    for number, (question, words) in enumerate(
        [("Hi", "a"), ("Hi.", "b"), ("Hi!", "c"), ("run 9", "d"), ("Hi (2)", "e")], 1
    ):
        book.talk(question, words, number)
    again = book.distilled().document

    distilled = proven(book)

    assert [turn["name"] for turn in distilled.document["turns"]] == ["Hi", "Hi (2)", "Hi (3)", "run 9", "Hi (2) (2)"]
    assert distilled.document == again


# ---- The law: recorded runs are played by their own turns ----

_NAMES = st.sampled_from([None, "Ann", "Bob"])
_TEXTS = st.sampled_from(["", "hi", "Hi there", "hi\nthere", "STRASSE", "straße"])
_SETS = st.lists(st.sampled_from(["f", "g"]), unique=True, max_size=2)
_METADATA = st.dictionaries(st.sampled_from("kl"), st.sampled_from("12"), max_size=2)
SITUATIONS = st.builds(
    lambda text, orders, model, tools, name, metadata, of_thread, number: Situation(
        text, orders, model, tools, {"id": "asst_1", "name": name}, {"id": "t", "metadata": of_thread}, metadata, number
    ),
    _TEXTS, st.sampled_from(["", "Be brief."]), st.sampled_from(["a", "ab"]), _SETS, _NAMES, _METADATA, _METADATA,
    st.integers(1, 2),
)  # fmt: skip


def _draft_of(made: list[TurnDraft], situation: Situation, played: Counter[str]) -> TurnDraft | None:
    """The turn that the emulator would choose."""
    for draft in made:
        if first_mismatch(draft.when, situation) is None and (draft.times is None or played[draft.name] < draft.times):
            played[draft.name] += 1
            return draft
    return None


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(SITUATIONS, st.sampled_from("XYZ")), min_size=1, max_size=8))
def test_every_run_is_played_by_its_own_turn(asked: list[tuple[Situation, str]]) -> None:
    api_call = ApiCall(Exchange("POST", "/v1/threads/t/runs", 200), 0, "create_run", {}, {})
    scripts = [
        (RunHistory(f"run_{n}", "t", api_call, {"status": "completed"}, {}, situation), ScriptedRun([{"say": words}]))
        for n, (situation, words) in enumerate(asked)
    ]

    made = draft_turns(scripts)

    played: Counter[str] = Counter()
    chosen = [_draft_of(made, situation, played) for situation, _ in asked]
    assert [draft and draft.script.steps[0]["say"] for draft in chosen] == [words for _, words in asked]
    assert len({draft.name for draft in made}) == len(made)
