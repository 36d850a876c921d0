"""Strict replay: what was recorded passes, whatever ids it has now; all else is refused, with what was nearest."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator import Control
from emulator.recordings import own_format
from emulator.scenarios.strict_replay import RecordedRequest, StrictReplay
from tests.recording.handmade import (
    QUESTION,
    Book,
    Played,
    assistant,
    functions,
    listed,
    message,
    refusal,
    requires,
    run,
    store,
)
from tests.support import Api

RUN = "/v1/threads/thread_1/runs/run_1"
TOOLS = functions("f")
NAMED: dict[str, Any] = {"name": "Ann", "tools": TOOLS}
CREATED = {"model": "gpt-4o", **NAMED}


def _session() -> Book:
    """A conversation with a round of calls."""
    book = Book("session.yaml").assistant(**NAMED).thread(QUESTION).run("in_progress", tools=TOOLS)
    book.ask(f"GET {RUN}", None, requires(("call_1", "f", "{}"), tools=TOOLS))
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "7"}]}
    book.ask(f"POST {RUN}/submit_tool_outputs", outputs, run("queued", tools=TOOLS))
    book.ask(f"GET {RUN}", None, run("completed", tools=TOOLS)).says("Seven.")
    return book.ask(
        "GET /v1/threads/thread_1/messages?limit=1&order=asc", None, listed(message(QUESTION, "msg_0", at=1))
    )


def _strict(book: Book) -> Played:
    return Played(book.distilled(), strict=True)


def _refusal(api: Api, method: str, path: str, body: Any = None) -> str:
    """Why a request was refused; it is a problem too."""
    before = len(api.get("/_emulator/check").json["problems"])
    reply = api.request(method, path, body)
    assert (reply.status, reply.json["error"]["code"]) == (400, "not_recorded"), reply.body
    problems = api.get("/_emulator/check").json["problems"]
    (problem,) = problems[before:]
    why = str(reply.json["error"]["message"]).partition("this replay is strict: ")[2]
    assert (problem["kind"], problem["message"].partition(" was not recorded: ")[2]) == ("not_recorded", why)
    return why


def _converse(api: Api) -> tuple[str, str]:
    """As it was recorded, with the ids of this world."""
    helper = api.post("/v1/assistants", CREATED).json["id"]
    thread_id = api.thread(QUESTION)
    path = f"/v1/threads/{thread_id}/runs/{api.run(thread_id, helper).json['id']}"
    for _ in range(7):
        waiting = api.get(path).json
    (call,) = waiting["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "7"}]}
    assert api.post(f"{path}/submit_tool_outputs", outputs).status == 200
    assert api.poll(thread_id, path.rpartition("/")[2])[-1] == "completed"
    assert api.get(f"/v1/threads/{thread_id}/messages").status == 200
    return thread_id, path


def test_what_was_recorded_passes_with_other_ids_and_as_many_polls() -> None:
    api = _strict(_session())

    thread_id, _ = _converse(api)

    assert api.get(f"/v1/threads/{thread_id}/messages?order=asc&limit=1").status == 200
    assert api.get("/_emulator/check").json["problems"] == []


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ("DELETE /v1/threads/{thread}", "no delete_thread was recorded"),
        ("GET /v1/assistants", "no list_assistants was recorded"),
        ("GET /v1/threads/{thread}/messages?limit=2&order=asc",
         "session.yaml #9 has the query's limit = '1', not '2'"),
        ("GET /v1/threads/{thread}/messages?limit=1", "session.yaml #8 has the query's limit = None, not '1'"),
        ("GET {run}?include=x", "session.yaml #4 has the query's include = None, not 'x'"),
    ],
)  # fmt: skip
def test_other_requests_are_refused(request_: str, why: str) -> None:
    api = _strict(_session())
    thread_id, path = _converse(api)
    method, _, target = request_.format(thread=thread_id, run=path).partition(" ")

    assert _refusal(api, method, target) == why


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({**CREATED, "name": "Bob"}, "session.yaml #1 has the body's name = 'Ann', not 'Bob'"),
        ({**CREATED, "temperature": 1}, "session.yaml #1 has the body's temperature = None, not 1"),
        ({"model": "gpt-4o", "tools": TOOLS}, "session.yaml #1 has the body's name = 'Ann', not None"),
        (
            {**CREATED, "tools": functions("g")},
            "session.yaml #1 has the body's tools[0] function name = 'f', not 'g'",
        ),
        ({**CREATED, "name": "x" * 200}, f"session.yaml #1 has the body's name = 'Ann', not '{'x' * 78}…"),
        (None, "session.yaml #1 has the body's model = 'gpt-4o', not None"),
    ],
)
def test_other_bodies_are_refused(body: Any, why: str) -> None:
    assert _refusal(_strict(_session()), "POST", "/v1/assistants", body) == why


def test_what_differs_in_its_number_of_items_is_told_whole() -> None:
    why = _refusal(_strict(_session()), "POST", "/v1/assistants", {**CREATED, "tools": []})

    assert why.startswith("session.yaml #1 has the body's tools = [{'type': 'function'")
    assert why.endswith(", not []")


def test_nulls_say_as_little_as_what_is_not_there() -> None:
    assert _strict(_session()).post("/v1/assistants", {**CREATED, "instructions": None}).status == 200


def test_the_nearest_is_the_one_with_the_fewest_differences() -> None:
    book = Book("two.yaml").ask("POST /v1/assistants", {"model": "gpt-4", "name": "Ann", "top_p": 1}, assistant())
    book.ask("POST /v1/assistants", {"model": "gpt-4o", "name": "Bob"}, assistant("asst_2"))

    why = _refusal(_strict(book), "POST", "/v1/assistants", {"model": "gpt-4o", "name": "Eve"})

    assert why == "two.yaml #2 has the body's name = 'Bob', not 'Eve'"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_changes_something_comes_as_often_as_it_was_recorded(times: int) -> None:
    book = Book("twice.yaml")
    for number in range(times):
        book.ask("POST /v1/assistants", {"model": "gpt-4o"}, assistant(f"asst_{number}"))
    api = _strict(book)

    statuses = [api.post("/v1/assistants", {"model": "gpt-4o"}).status for _ in range(times)]

    assert statuses == [200] * times
    assert _refusal(api, "POST", "/v1/assistants", {"model": "gpt-4o"}) == "twice.yaml #1 was played already"


def test_a_body_that_was_not_recorded_may_be_any() -> None:
    api = _strict(Book().ask("POST /v1/assistants", None, assistant()))

    assert api.post("/v1/assistants", {"model": "any", "name": "thing"}).status == 200
    assert "was played already" in _refusal(api, "POST", "/v1/assistants", {"model": "gpt-4o"})


def test_an_empty_body_is_as_good_as_none() -> None:
    api = _strict(Book().ask("POST /v1/threads", b"", {"id": "thread_1", "object": "thread", "metadata": {}}))

    assert api.post("/v1/threads", {}).status == 200


def test_a_request_that_was_refused_may_be_sent_again_and_is_refused() -> None:
    words = "No thread found with id 'thread_nowhere'."
    api = _strict(Book().ask("GET /v1/threads/thread_nowhere", None, refusal(words), 404))

    assert api.get("/v1/threads/thread_nowhere").status == 404
    assert "thread_nowhere" in _refusal(api, "GET", "/v1/threads/thread_other")


def test_what_was_there_before_keeps_its_id() -> None:
    api = _strict(Book().ask("GET /v1/assistants/asst_a", None, assistant("asst_a")))

    assert api.get("/v1/assistants/asst_a").status == 200
    assert _refusal(api, "GET", "/v1/assistants/asst_b").endswith("path's assistant_id = 'asst_a', not 'asst_b'")


def test_messages_of_a_new_thread_are_named_by_other_ids() -> None:
    book = Book().thread("One", "Two")
    rows = [message("Two", "msg_two", at=2), message("One", "msg_one", at=1)]
    book.ask("GET /v1/threads/thread_1/messages", None, listed(*rows))
    book.ask("GET /v1/threads/thread_1/messages?after=msg_two", None, listed(rows[1]))
    book.ask(
        "DELETE /v1/threads/thread_1/messages/msg_one", None, {"id": "msg_one", "object": "thread.message.deleted"}
    )
    api = _strict(book)
    thread_id = api.thread("One", "Two")
    two, one = (row["id"] for row in api.get(f"/v1/threads/{thread_id}/messages").json["data"])

    assert api.get(f"/v1/threads/{thread_id}/messages?after={two}").json["data"][0]["id"] == one
    assert api.delete(f"/v1/threads/{thread_id}/messages/{one}").status == 200


def _form(filename: str, **fields: str) -> tuple[bytes, dict[str, str]]:
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts.append(f'name="file"; filename="{filename}"\r\nContent-Type: text/plain\r\n\r\nSoup')
    body = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--x--\r\n"
    return body.encode(), {"Content-Type": "multipart/form-data; boundary=x"}


EXPIRY = {"purpose": "batch", "expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}


@pytest.mark.parametrize("fields", [{"purpose": "assistants"}, EXPIRY], ids=["plain", "nested"])
def test_an_upload_passes_by_its_fields_and_the_name_of_its_file(fields: dict[str, str]) -> None:
    source = Played(Book().distilled())
    content, headers = _form("menu.md", **fields)
    assert source.post("/v1/files", content=content, headers=headers).status == 200
    raw = source.get("/_emulator/export?as=recording").body
    book = Book()
    book.exchanges = list(own_format.read(raw, "journal.jsonl").exchanges)
    api = _strict(book)

    other, _ = _form("other.md", **fields)
    assert api.post("/v1/files", content=other, headers=headers).json["error"]["code"] == "not_recorded"
    assert api.post("/v1/files", content=content, headers=headers).status == 200


def test_azures_version_is_no_part_of_a_request() -> None:
    book = Book(host="https://mine.openai.azure.com")
    book.ask("GET /openai/assistants/asst_a?api-version=2024-05-01-preview", None, assistant("asst_a"))
    api = _strict(book)

    assert api.get("/openai/assistants/asst_a?api-version=2025-04-01-preview").status == 200
    assert api.get("/v1/assistants/asst_a").status == 200


def test_stubs_answer_as_ever() -> None:
    api = _strict(Book().assistant().ask("POST /v1/moderations", {"input": "x"}, {"results": []}))

    assert [api.post("/v1/moderations", {"input": "y"}).status for _ in range(2)] == [200, 200]
    assert api.post("/v1/embeddings", {}).status == 404


def test_a_recording_that_is_loaded_anew_begins_anew() -> None:
    book = Book().ask("POST /v1/vector_stores", {}, store("vs_1"))
    api = _strict(book)
    (scenario,) = api.world.scenarios
    assert [api.post("/v1/vector_stores", {}).status for _ in range(2)] == [200, 400]

    api.world.load(scenario)

    assert api.post("/v1/vector_stores", {}).status == 200


def test_a_baseline_keeps_what_was_played() -> None:
    api = _strict(Book().ask("POST /v1/vector_stores", {}, store("vs_1")))
    assert api.post("/v1/vector_stores", {}).status == 200
    api.post("/_emulator/baseline")
    api.post("/_emulator/reset")

    assert api.post("/v1/vector_stores", {}).status == 400


def test_of_two_tapes_either_lets_pass() -> None:
    api = _strict(Book().ask("GET /v1/assistants/asst_a", None, assistant("asst_a")))
    other = Book().ask("GET /v1/assistants/asst_b", None, assistant("asst_b")).distilled("other")
    api.world.load(Played(other, strict=True).world.scenarios[0])

    assert [api.get(f"/v1/assistants/asst_{one}").status for one in "abc"] == [200, 200, 400]


def test_nothing_recorded_lets_nothing_pass() -> None:
    asked = RecordedRequest("get_run", {}, {}, None, "")

    assert StrictReplay((), frozenset()).take({}, "GET", asked) == "no get_run was recorded"  # type: ignore[arg-type]


def test_replay_serves_a_recording_strictly(tmp_path: Path) -> None:
    file = tmp_path / "session.jsonl"
    lines = [own_format.line(one) for one in _session().exchanges]
    file.write_bytes(b"".join([own_format.header_line(), *lines]))
    command = [sys.executable, "-W", "error", "-m", "emulator", "replay", "--strict", "--port", "0", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").removesuffix("/v1\n")
        api = Api(url)
        _converse(api)
        assert _refusal(api, "GET", "/v1/files") == "no list_files was recorded"
        assert [one.kind for one in Control(url, api.key).problems()] == ["not_recorded"]
        api.close()
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, f"the inspector is {url}/_emulator/\n")
