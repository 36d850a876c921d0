"""The proof finds out what a scenario does not do as it was recorded, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from emulator.base.json_types import Object
from emulator.recordings.distil.distil import Distilled
from emulator.recordings.proof.replay import prove
from emulator.recordings.proof.result import Proof
from emulator.recordings.sources import scenario_from
from tests.recording.handmade import (
    AT_RANDOM,
    QUESTION,
    Book,
    assistant,
    file,
    functions,
    listed,
    message,
    proof_of,
    refusal,
    requires,
    run,
    step,
    stored,
    streamed,
    thread,
)

RUN = "/v1/threads/thread_1/runs/run_1"
TOOLS = functions("f", "g")


def _talk() -> Book:
    """A polled run with a round, its steps and messages; a streamed one; a failed one; an error; a fault."""
    book = Book().assistant(tools=TOOLS).thread(QUESTION).run("in_progress", tools=TOOLS)
    book.ask(f"GET {RUN}", None, requires(("call_1", "f", '{"a":1}'), tools=TOOLS))
    sent = {"tool_outputs": [{"tool_call_id": "call_1", "output": "7"}]}
    book.ask(f"POST {RUN}/submit_tool_outputs", sent, run("queued", tools=TOOLS))
    book.ask(f"GET {RUN}", None, run("completed", tools=TOOLS)).says("Seven.")
    book.thread("Story", id="thread_2")
    events = [(name, {**data, "thread_id": "thread_2"} if isinstance(data, dict) else data)
              for name, data in streamed("Once", ".", id="run_2")]  # fmt: skip
    book.stream("POST /v1/threads/thread_2/runs", {"assistant_id": "asst_1"}, *events)
    error = {"code": "server_error", "message": "Sorry."}
    book.thread("Fail", id="thread_3").run("failed", id="run_3", thread="thread_3", last_error=error, tools=TOOLS)
    book.ask("GET /v1/threads/thread_9", None, refusal("No thread found with id 'thread_9'."), 404)
    return book.ask("GET /v1/assistants/asst_1", None, refusal("Slow down."), 429)


def _tampered(change: Callable[[Object], object]) -> Proof:
    distilled = _talk().distilled()
    changed = copy.deepcopy(distilled)
    change(changed.document)
    proof = prove(distilled, scenario_from(changed))
    proof.allowed = AT_RANDOM | {"tools"}
    return proof


def test_what_was_imported_is_proven() -> None:
    proof = _tampered(lambda document: None)

    assert (proof.differences, proof.played) == ([], 15)


def _steps(document: Object, question: str) -> list[Object]:
    turn = next(turn for turn in document["turns"] if turn["when"]["message"].startswith(question))
    steps: list[Object] = turn["steps"]
    return steps


def _put(document: Object, question: str, number: int, *acts: Object) -> None:
    """Other acts in place of one."""
    _steps(document, question)[number : number + 1] = acts


ONCE = {"say": {"text": "Once.", "chunks": ["Once", "."]}}
SAID = "data[0].content[0].text.value: recorded 'Seven.', the emulator sends "
CALLED = "required_action.submit_tool_outputs.tool_calls[0].function."
TAMPERED: dict[str, tuple[Callable[[Object], object], str]] = {
    "words": (lambda d: _put(d, "How", 1, {"say": "Eight."}), f"{SAID}'Eight.'"),
    "one message more": (lambda d: _put(d, "How", 2, {"say": "More."}), "recorded 2 items, the emulator sends 3 items"),
    "one message less": (lambda d: _put(d, "How", 1), "recorded 2 items, the emulator sends 1 item"),
    "status": (lambda d: _put(d, "Fail", 0, {"say": "Fine."}), "recorded 'failed', the emulator sends 'completed'"),
    "error": (
        lambda d: _put(d, "Fail", 0, {"fail": "rate_limit_exceeded"}),
        "last_error.code: recorded 'server_error', the emulator sends 'rate_limit_exceeded'",
    ),
    "no round": (lambda d: _put(d, "How", 0), "recorded 'requires_action', the emulator sends 'completed'"),
    "function": (
        lambda d: _put(d, "How", 0, {"call": {"g": {"a": 1}}}),
        f"{CALLED}name: recorded 'f', the emulator sends 'g'",
    ),
    "arguments": (
        lambda d: _put(d, "How", 0, {"call": {"f": {}}}),
        f"{CALLED}arguments: recorded '{{\"a\":1}}', the emulator sends '{{}}'",
    ),
    "events": (
        lambda d: _put(d, "Story", 0, {"call": {"f": {}}}, ONCE),
        "event 6 was thread.message.created, the emulator sends thread.run.step.delta",
    ),
    "one event more": (
        lambda d: _put(d, "Story", 1, {"say": "End."}),
        "event 11 was thread.run.completed, the emulator sends thread.run.step.created",
    ),
    "streamed words": (
        lambda d: _put(d, "Story", 0, {"say": "Twice."}),
        "thread.message.completed.content[0].text.value: recorded 'Once.', the emulator sends 'Twice.'",
    ),
    "fault gone": (lambda d: d.pop("faults"), "recorded 429, the emulator answers 200"),
    "other fault": (lambda d: d["faults"][0].update(status=500), "recorded 429, the emulator answers 500 (Slow down.)"),
    "words of a fault": (lambda d: d["faults"][0].pop("body"), "recorded 'Slow down.', the emulator says 'Rate limit"),
    "a thread": (lambda d: d.update(given={"threads": [{"id": "thread_9"}]}), "recorded 404, the emulator answers 200"),
}


@pytest.mark.parametrize(("change", "told"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_tampered_with_is_found_out(change: Callable[[Object], object], told: str) -> None:
    differences = _tampered(change).differences

    assert any(told in one for one in differences), "\n".join(differences)


def test_differences_tell_which_request() -> None:
    proof = _tampered(lambda document: _steps(document, "How")[1].update(say="Eight."))

    assert proof.differences == [f"hand.yaml #8 GET /v1/threads/thread_1/messages: {SAID}'Eight.'"]
    assert proof.summary() == ("proof: 12 of 15 responses are the same; 3 are the same but for started_at, text, tools")


# ---- What is no difference ----


def test_other_run_steps_are_found_out() -> None:
    book = Book().assistant(tools=TOOLS).thread(QUESTION).run("completed", tools=TOOLS)
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}", "output": "1"}}
    book.ask(f"GET {RUN}/steps", None, listed(step("step_2", message_id="msg_1", at=15), step("step_1", call)))
    distilled = book.distilled()
    distilled.document["turns"][0]["steps"] = [{"say": "Only."}]

    told = proof_of(distilled).differences[-1]

    assert "data: recorded 2 items, the emulator sends 1 item" in told


def _is_proven(book: Book) -> None:
    distilled: Distilled = book.distilled()
    assert proof_of(distilled).differences == []


@pytest.mark.parametrize(
    "words",
    [
        "No run found with id 'run_none'.",
        "No run found with id 'run_none'. (Please include the request ID req_0123abcd in your email.)",
    ],
)
def test_errors_are_compared_by_their_words_without_what_differs_each_time(words: str) -> None:
    book = Book().thread("Hi").ask("GET /v1/threads/thread_1/runs/run_none", None, refusal(words), 404)

    assert len(proof_of(book.distilled()).differences) == ("request ID" in words)


def test_ids_in_the_words_of_errors_are_those_of_this_world() -> None:
    book = Book().assistant().thread("Hi").run()
    words = "Thread thread_1 already has an active run run_1."
    _is_proven(book.ask("POST /v1/threads/thread_1/runs", {"assistant_id": "asst_1"}, refusal(words), 400))


def test_azures_errors_are_compared_too() -> None:
    book = Book(host="https://mine.openai.azure.com")
    body = {"error": {"code": "404", "message": "Resource not found"}}
    book.ask("GET /openai/assistants/asst_1?api-version=2024-05-01-preview", None, assistant())
    book.ask("GET /openai/assistants/asst_9?api-version=2024-05-01-preview", None, body, 404)

    (difference,) = proof_of(book.distilled()).differences
    assert "recorded 'Resource not found', the emulator says \"No assistant found" in difference


def test_a_file_that_is_indexed_is_looked_at_until_it_is_as_it_was() -> None:
    book = Book().upload("file-1", "menu.md", b"Soup")
    book.ask(
        "POST /v1/vector_stores",
        {"file_ids": ["file-1"]},
        {"id": "vs_1", "object": "vector_store", "status": "in_progress"},
    )
    for status in ("in_progress", "in_progress", "completed"):
        book.ask("GET /v1/vector_stores/vs_1/files/file-1", None, stored("file-1", "vs_1", status))

    _is_proven(book)


@pytest.mark.parametrize("filename", ['a"b.md', "a\r\nb.md", "é.md", "a;b.md", ""])
def test_an_upload_is_put_together_whatever_its_file_is_called(filename: str) -> None:
    distilled = Book().upload("file-1", filename, b"Soup").distilled()

    proof = proof_of(distilled)
    proof.allowed |= {"filename"}  # a form cannot carry every name as it is
    assert proof.differences == []


def test_an_upload_that_was_not_recorded_is_put_together_from_its_answer() -> None:
    book = Book().ask("POST /v1/files", None, file("file-1", "menu.md", purpose="assistants"))

    _is_proven(book.ask("GET /v1/files/file-1", None, file("file-1", "menu.md")))


@pytest.mark.parametrize("name", ["POST /v1/threads/thread_1/messages", "POST /v1/assistants"])
def test_what_cannot_be_asked_without_its_body_is_not_played(name: str) -> None:
    answer = message("Hi", "msg_1") if "messages" in name else assistant()
    book = Book().ask(name, None, answer)

    assert proof_of(book.distilled()).played == 0


def test_what_is_not_the_apis_is_not_played() -> None:
    book = Book().assistant().ask("POST /v1/moderations", {}, {"results": []})

    assert proof_of(book.distilled()).played == 1


def test_lists_of_everything_teach_no_ids() -> None:
    made, other = assistant("asst_new"), assistant("asst_old")
    book = Book().ask("POST /v1/assistants", {"model": "gpt-4o"}, made)
    book.ask("GET /v1/assistants", None, listed(other, made)).ask("GET /v1/assistants/asst_new", None, made)

    _is_proven(book)


@pytest.mark.parametrize("beta", ["assistants=v1", None])
def test_a_request_of_the_first_version_is_refused_as_it_was(beta: str | None) -> None:
    words = {"assistants=v1": "The v1 Assistants API has been deprecated.", None: "You must provide the 'OpenAI-Beta'"}
    headers = (("accept", "x"), *([("openai-beta", beta)] if beta else []))
    book = Book().ask("GET /v1/assistants/asst_1", None, refusal(words[beta]), 400, request_headers=headers)

    (difference,) = proof_of(book.distilled()).differences
    assert difference.split("the emulator says ")[1][1:].startswith(words[beta][:20])


def test_a_page_of_messages_is_waited_for() -> None:
    book = Book().assistant().thread(QUESTION).run()
    _is_proven(book.says("Sunny."))


def test_run_steps_are_waited_for() -> None:
    book = Book().assistant().thread(QUESTION).run()
    _is_proven(book.ask(f"GET {RUN}/steps", None, listed(step("step_1", message_id="msg_1"))))


def test_answers_of_any_form_are_compared() -> None:
    book = Book().ask("GET /v1/threads/thread_1", None, thread()).ask("GET /v1/models", None, {"data": 5})
    book.ask("GET /v1/threads/thread_1/messages", None, {"object": "list", "data": [5, None, {"object": 7}]})

    assert proof_of(book.distilled()).played == 3


def test_a_stall_does_not_hold_up_the_proof() -> None:
    book = Book().ask("GET /v1/assistants/asst_1", None, None, 0, ended="timeout")

    assert proof_of(book.distilled()).played == 1


@pytest.mark.parametrize("beta", ["assistants=v2 \U0001f600", "assistants=v2\n\u20ac", "\udc80"])
def test_a_header_that_no_client_could_send_is_replayed(beta: str) -> None:
    headers = (("accept", "x"), ("openai-beta", beta))
    book = Book().ask("GET /v1/assistants/asst_1", None, assistant(), request_headers=headers)

    assert proof_of(book.distilled()).played == 1
