"""Several recordings as one: in which order, and what is told of where things came from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.recordings.distil.distil import distil
from emulator.recordings.distil.ordering import arrange
from emulator.recordings.exchange import Recording, RecordingError
from emulator.recordings.importing import distil_all
from tests.recording.handmade import QUESTION, Book, assistant, proof_of, proven, streamed, thread
from tests.recording.handmade_responses import ask, response, says


def _timeless(book: Book) -> Recording:
    """As most cassettes are: they tell no times."""
    return replace(book.recording(), exchanges=tuple(replace(one, time=None) for one in book.exchanges))


def _at(book: Book, time: float) -> Recording:
    exchanges = tuple(replace(one, time=time + number) for number, one in enumerate(book.exchanges))
    return replace(book.recording(), exchanges=exchanges)


def _order(*recordings: Recording) -> list[str]:
    return list(dict.fromkeys(one.source for one in arrange(recordings)))


SETUP = Book("setup.yaml").assistant().thread(QUESTION)
TALK = Book("talk.yaml").run("completed").says("Sunny.")
OTHER = Book("other.yaml").ask("GET /v1/models", None, {"object": "list", "data": []})


def test_times_tell_the_order() -> None:
    one, two, three = _at(OTHER, 300), _at(SETUP, 100), _at(TALK, 200)

    assert _order(one, two, three) == ["setup.yaml", "talk.yaml", "other.yaml"]


def test_without_all_times_files_are_in_the_order_given() -> None:
    assert _order(_timeless(OTHER), _at(SETUP, 1)) == ["other.yaml", "setup.yaml"]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_what_made_something_comes_before_what_asks_for_it(order: list[int]) -> None:
    books = [_timeless(one) for one in (SETUP, TALK, OTHER)]
    found = _order(*(books[number] for number in order))

    assert found.index("setup.yaml") < found.index("talk.yaml")


@pytest.mark.parametrize("order", [1, -1])
def test_what_a_stream_made_counts_too(order: int) -> None:
    made = Book("made.yaml").assistant()
    made.stream("POST /v1/threads/runs", {"assistant_id": "asst_1"}, ("thread.created", thread()), *streamed("Hi"))
    used = Book("used.yaml").says("Hi", QUESTION)

    assert _order(*[_timeless(made), _timeless(used)][::order]) == ["made.yaml", "used.yaml"]


def test_files_that_need_each_other_come_as_they_were_given() -> None:
    one = Book("one.yaml").assistant("asst_a").ask("GET /v1/assistants/asst_b", None, assistant("asst_b"))
    two = Book("two.yaml").assistant("asst_b").ask("GET /v1/assistants/asst_a", None, assistant("asst_a"))

    assert _order(_timeless(two), _timeless(one)) == ["two.yaml", "one.yaml"]


def test_a_setup_that_is_given_last_makes_what_the_talk_needs() -> None:
    distilled = distil([_timeless(TALK), _timeless(SETUP)])

    assert "given" not in distilled.document
    assert proof_of(distilled).differences == []
    assert [turn["when"] for turn in distilled.document["turns"]] == [{"message": QUESTION}]


def test_an_empty_recording_is_no_hindrance() -> None:
    empty = Recording("empty.yaml", "by hand", (), ("empty.yaml: nothing was recorded",))
    distilled = distil([empty, _timeless(SETUP)])

    assert distilled.left_out == ["empty.yaml: nothing was recorded"]
    assert len(distilled.api_calls) == 2


def test_notes_of_readers_are_told_first() -> None:
    noted = replace(_timeless(TALK), notes=("talk.yaml: the last line breaks off after 7 bytes; it is left out",))
    distilled = distil([replace(_timeless(SETUP), notes=("a",)), noted])

    assert distilled.left_out[:2] == ["a", "talk.yaml: the last line breaks off after 7 bytes; it is left out"]


def test_turns_tell_of_each_file_that_they_came_from() -> None:
    one = Book("dir/one.yaml").assistant().talk("Hi", "Hello.", 1)
    two = Book("two.yaml").assistant("asst_2").talk("Hi", "Hello.", 2, "asst_2")

    text = distil([one.recording(), two.recording()]).text()

    assert text.startswith("# Imported from one.yaml, two.yaml: 12 requests.\n")
    assert "  # run_1, run_2 of one.yaml #3; two.yaml #3\n" in text


def test_many_files_are_counted_in_the_first_line() -> None:
    books = [Book(f"{number}.yaml").ask("GET /v1/models", None, {}) for number in range(8)]

    text = distil([book.recording() for book in books]).text()

    assert text.startswith("# Imported from 0.yaml, 1.yaml, 2.yaml, 3.yaml, 4.yaml and 3 more: 8 requests.\n")


def test_many_runs_of_a_turn_are_not_all_named() -> None:
    book = Book().assistant()
    for number in range(1, 9):
        book.talk("Hi", "Hello.", number)

    assert "# run_1, run_2, run_3 … of hand.yaml #3, #8, #13, #18, #23 …\n" in book.distilled().text()


def _one_talk(question: str, words: str, name: str = "hand.yaml") -> Book:
    return Book(name).assistant().talk(question, words)


def test_ids_that_two_files_made_are_not_those_of_one_thing() -> None:
    one, two = _one_talk("Hi", "Hello.", "one.yaml"), _one_talk("Bye", "Farewell.", "two.yaml")

    distilled = distil([_timeless(one), _timeless(two)])

    assert [turn["when"]["message"] for turn in distilled.document["turns"]] == ["Hi", "Bye"]
    assert proof_of(distilled).differences == []
    assert "run_1_2 of two.yaml #3" in distilled.text()


def test_ids_that_one_file_made_twice_are_those_of_the_newer_from_then_on() -> None:
    book = _one_talk("Hi", "Hello.")
    for question, words in (("Bye", "Farewell."), ("Hi", "Again.")):
        book.exchanges += _one_talk(question, words).exchanges

    distilled = distil([_timeless(book)])

    assert [(turn["when"]["message"], turn.get("times")) for turn in distilled.document["turns"]] == [
        ("Hi", 1),
        ("Hi", None),
        ("Bye", None),
    ]
    assert proof_of(distilled).differences == []


def test_an_id_within_another_is_left_alone() -> None:
    book = Book().assistant("asst_1").assistant("asst_1").ask("GET /v1/assistants/asst_12", None, assistant("asst_12"))

    distilled = book.distilled()

    assert [one["id"] for one in distilled.document["given"]["assistants"]] == ["asst_12"]


def test_requests_that_were_not_recorded_are_told_of() -> None:
    book = Book().ask("GET answered.json", None, thread(), 200)
    book.exchanges = [replace(book.exchanges[0], url="answered.json")]

    distilled = book.distilled()

    assert distilled.left_out == ["hand.yaml #1: a request that was not recorded; it is taken for get_thread"]
    assert distilled.document["given"]["threads"] == [{"id": "thread_1"}]


def test_a_request_whose_url_alone_is_masked_is_played() -> None:
    book = ask(Book(), response(says("Fine.")), "How are you?")
    book.exchanges = [replace(one, url="**REDACTED**") for one in book.exchanges]

    distilled = proven(book)

    assert proof_of(distilled).played == 1
    assert distilled.document["turns"][0]["steps"] == [{"say": "Fine."}]


def test_masked_requests_of_another_api_are_told_apart() -> None:
    book = Book().ask("POST /v1/embeddings", {"input": "a"}, {"object": "list", "data": [{"object": "embedding"}]})
    book.exchanges = [replace(one, url="**REDACTED**") for one in book.exchanges]

    with pytest.raises(RecordingError, match=r"none of its 1 requests is for the Assistants or Responses API"):
        distil_all([book.recording()], "imported")
