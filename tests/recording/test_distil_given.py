"""What was there before the recording began, as ``given``."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.json_types import Object
from emulator.recordings.distil.distil import Distilled
from tests.recording.handmade import (
    QUESTION,
    RANKED,
    Book,
    Played,
    assistant,
    file,
    functions,
    image_part,
    listed,
    message,
    proven,
    refusal,
    run,
    store,
    stored,
    text_part,
    thread,
)


def _given(distilled: Distilled, kind: str) -> list[Object]:
    found: list[Object] = distilled.document.get("given", {}).get(kind, [])
    return found


# ---- Assistants ----


@pytest.mark.parametrize(
    "request_",
    [
        ("GET /v1/assistants/asst_weather", None, assistant("asst_weather", name="Weather")),
        ("GET /v1/assistants", None, listed(assistant("asst_weather", name="Weather"))),
        ("POST /v1/assistants/asst_weather", {"metadata": {}}, assistant("asst_weather", name="Weather")),
    ],
    ids=["got", "listed", "modified"],
)
def test_an_assistant_that_was_seen_is_given(request_: Any) -> None:
    distilled = proven(Book().ask(*request_))

    assert _given(distilled, "assistants") == [{"id": "asst_weather", "name": "Weather", "model": "gpt-4o"}]
    assert distilled.left_out == []


def test_an_assistant_that_only_its_run_shows_is_as_the_run_was() -> None:
    tools = [*functions("get_weather"), {"type": "file_search", "file_search": {"ranking_options": None}}]
    more: Object = {"model": "gpt-4", "instructions": "Be brief.", "tools": tools}
    distilled = proven(Book().thread(QUESTION).run("completed", assistant="asst_weather", **more), "tools")

    assert _given(distilled, "assistants") == [
        {
            "id": "asst_weather",
            "model": "gpt-4",
            "instructions": "Be brief.",
            "tools": [{"type": "function", "function": {"name": "get_weather"}}, {"type": "file_search"}],
        }
    ]


@pytest.mark.parametrize(("status", "given"), [(404, 0), (429, 0), (500, 0), (400, 1)])
def test_an_assistant_that_only_a_refused_request_names_is_there_if_the_refusal_says_so(
    status: int, given: int
) -> None:
    words = {404: "No assistant found with id 'asst_1'.", 400: "Invalid 'temperature': decimal above maximum value."}
    sent = {"assistant_id": "asst_1", "temperature": 9}
    book = Book().thread(QUESTION)
    book.ask("POST /v1/threads/thread_1/runs", sent, refusal(words.get(status, "Sorry.")), status)

    assert len(_given(book.distilled(), "assistants")) == given


@pytest.mark.parametrize(
    ("shown", "tools"),
    [
        ([{"type": "code_interpreter"}], [{"type": "code_interpreter"}]),
        (
            [{"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options":
              {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}}}],
            [{"type": "file_search", "file_search": {"max_num_results": 5}}],
        ),
        (
            [{"type": "file_search", "file_search": {"ranking_options": RANKED}}],
            [{"type": "file_search", "file_search": {"ranking_options": RANKED}}],
        ),
        (functions("f"), [{"type": "function", "function": {"name": "f"}}]),
        (
            [{"type": "function", "function": {"name": "f", "description": "To f.", "parameters":
              {"type": "object", "properties": {"a": {"type": "string"}}}, "strict": False}}],
            [{"type": "function", "function": {"name": "f", "description": "To f.", "parameters":
              {"type": "object", "properties": {"a": {"type": "string"}}}}}],
        ),
    ],
)  # fmt: skip
def test_what_the_service_adds_to_tools_is_left_out(shown: list[Object], tools: list[Object]) -> None:
    distilled = proven(Book().ask("GET /v1/assistants/asst_1", None, assistant(tools=shown)))

    assert _given(distilled, "assistants")[0]["tools"] == tools


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"temperature": 0.2, "top_p": 1.0}, {"temperature": 0.2}),
        ({"metadata": {"k": "v"}, "description": "About it."}, {"description": "About it.", "metadata": {"k": "v"}}),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
        ({"tool_resources": {"code_interpreter": {"file_ids": []}}}, {}),
        ({"reasoning_effort": "high"}, {"reasoning_effort": "high"}),
    ],
)
def test_settings_are_given_where_they_are_not_the_default(more: Object, said: Object) -> None:
    distilled = proven(Book().ask("GET /v1/assistants/asst_1", None, assistant(**more)))

    assert _given(distilled, "assistants") == [{"id": "asst_1", "model": "gpt-4o", **said}]


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"temperature": 7}, "temperature"),
        ({"tools": [{"type": "retrieval"}]}, "tools"),
        ({"metadata": {"k" * 65: "v"}}, "metadata"),
        ({"response_format": "poem"}, "response_format"),
    ],
)
def test_settings_that_the_api_would_not_take_are_left_out_and_said(more: Object, key: str) -> None:
    distilled = Book().ask("GET /v1/assistants/asst_1", None, assistant(**more)).distilled()

    assert _given(distilled, "assistants") == [{"id": "asst_1", "model": "gpt-4o"}]
    assert distilled.left_out == [f"asst_1: its {key}, which is not of the API's form"]


def test_what_the_requests_made_is_not_given() -> None:
    book = Book().assistant().upload("file-1", "menu.md", b"Soup").talk(QUESTION, "Sunny.")
    book.ask("POST /v1/vector_stores", {"file_ids": ["file-1"]}, store("vs_1", 1))
    book.ask("GET /v1/assistants", None, listed(assistant())).ask(
        "GET /v1/files", None, listed(file("file-1", "menu.md"))
    )

    assert "given" not in proven(book, "file_counts", "status").document


def test_an_assistant_is_given_without_what_the_requests_made_for_it() -> None:
    book = Book().ask("POST /v1/vector_stores", {}, store("vs_1"))
    held = {"file_search": {"vector_store_ids": ["vs_1"]}}
    book.ask("POST /v1/assistants/asst_1", {"tool_resources": held}, assistant(tool_resources=held))

    assert _given(proven(book), "assistants") == [{"id": "asst_1", "model": "gpt-4o"}]


# ---- Threads ----


def _thread_of(book: Book, *allowed: str) -> Object:
    (one,) = _given(proven(book, *allowed), "threads")
    return one


def test_messages_are_given_in_their_order_as_they_would_be_posted() -> None:
    attached = [{"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}]
    shown = image_part("file-2")
    said = [
        message("First", "msg_1", at=1),
        message([text_part("See"), shown], "msg_2", at=2, metadata={"k": "v"}),
        message("Answered before", "msg_3", run="run_old", at=3),
        message("Attached", "msg_4", at=4, attachments=attached),
        message([text_part("a"), text_part("b")], "msg_5", at=4),
        message([], "msg_6", at=5),
    ]
    book = Book().ask("GET /v1/threads/thread_1/messages", None, listed(*reversed(said)))
    given = book.distilled().document["given"]

    assert given["threads"][0]["messages"] == [
        {"id": "msg_1", "role": "user", "content": "First"},
        {"id": "msg_2", "role": "user", "metadata": {"k": "v"}, "content": [
            {"type": "text", "text": "See"}, shown,
        ]},
        {"id": "msg_3", "role": "assistant", "content": "Answered before", "run_id": "run_old",
         "assistant_id": "asst_1"},
        {"id": "msg_4", "role": "user", "attachments": attached, "content": "Attached"},
        {"id": "msg_5", "role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    ]  # fmt: skip
    assert sorted(one["id"] for one in given["files"]) == ["file-1", "file-2"]


def test_a_thread_is_given_with_its_metadata_and_resources() -> None:
    held = {"code_interpreter": {"file_ids": ["file-1"]}, "file_search": {"vector_store_ids": ["vs_1"]}}
    book = Book().ask("GET /v1/threads/thread_1", None, thread(metadata={"user": "7"}, tool_resources=held))
    distilled = proven(book)

    assert _given(distilled, "threads") == [{"id": "thread_1", "metadata": {"user": "7"}, "tool_resources": held}]
    assert [one["id"] for kind in ("files", "vector_stores") for one in _given(distilled, kind)] == ["file-1", "vs_1"]


def test_messages_of_recorded_runs_and_requests_are_not_given() -> None:
    book = Book().assistant().ask("GET /v1/threads/thread_1", None, thread())
    book.ask("POST /v1/threads/thread_1/messages", {"role": "user", "content": QUESTION}, message(QUESTION, "msg_1"))
    answer = message("Sunny.", "msg_2", run="run_1", at=20)
    book.run("completed").ask("GET /v1/threads/thread_1/messages", None, listed(answer, message(QUESTION, "msg_1")))

    assert _thread_of(book) == {"id": "thread_1"}


def test_messages_sent_along_with_a_run_are_not_given_once_more() -> None:
    old, new = message("Hi", "msg_1", at=1), message("Hi", "msg_2", at=10)
    sent = {"assistant_id": "asst_1", "additional_messages": [{"role": "user", "content": "Hi"}]}
    book = Book().assistant().ask("POST /v1/threads/thread_1/runs", sent, run("queued"))
    book.ask("GET /v1/threads/thread_1/runs/run_1", None, run("completed"))
    answer = message("Hello.", "msg_3", run="run_1", at=12)
    book.ask("GET /v1/threads/thread_1/messages", None, listed(answer, new, old))

    assert _thread_of(book)["messages"] == [{"id": "msg_1", "role": "user", "content": "Hi"}]


def test_runs_that_were_over_are_given_with_what_came_of_them() -> None:
    over = [
        run("completed", "run_a", usage={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}),
        run("failed", "run_b", last_error={"code": "server_error", "message": "Sorry.", "more": 1}),
        run("incomplete", "run_c", incomplete_details={"reason": "content_filter"}),
        run("expired", "run_d", model="gpt-4", metadata={"k": "v"}, tool_choice="none", tools=functions("f")),
        run("cancelled", "run_e"),
    ]
    book = Book().ask("GET /v1/assistants/asst_1", None, assistant())
    book.ask("GET /v1/threads/thread_1/runs", None, listed(*reversed(over)))
    usual = {"assistant_id": "asst_1"}

    assert _thread_of(book, "last_error")["runs"] == [
        {"id": "run_a", **usual, "status": "completed",
         "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}},
        {"id": "run_b", **usual, "status": "failed", "last_error": {"code": "server_error", "message": "Sorry."}},
        {"id": "run_c", **usual, "status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        {"id": "run_d", **usual, "model": "gpt-4", "tools": [{"type": "function", "function": {"name": "f"}}],
         "tool_choice": "none", "metadata": {"k": "v"}, "status": "expired"},
        {"id": "run_e", **usual, "status": "cancelled"},
    ]  # fmt: skip


def test_the_number_of_a_run_counts_those_that_are_given() -> None:
    book = Book().ask("GET /v1/threads/thread_1/runs", None, listed(run("completed", "run_old")))
    book.run("completed", id="run_1").says("One.", "Hi", run="run_1")
    book.run("completed", id="run_2").says("Two.", "Hi", run="run_2")

    (one, two) = book.distilled().document["turns"]

    assert (one["when"], two["when"]) == ({"message": "Hi", "run": 2}, {"message": "Hi"})


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelling"])
def test_a_run_that_was_under_way_is_said_to_stay_so(status: str) -> None:
    book = Book().ask("GET /v1/threads/thread_1/runs/run_1", None, run(status))
    distilled = book.distilled()

    assert _given(distilled, "threads")[0]["runs"][0]["status"] == status
    assert distilled.left_out == [f"run run_1: what became of it; it stays {status} here"]


def test_a_run_whose_calls_no_response_shows_is_left_out() -> None:
    book = Book().ask("GET /v1/threads/thread_1/runs/run_1", None, run("requires_action"))
    distilled = book.distilled()

    assert "runs" not in _given(distilled, "threads")[0]
    assert distilled.left_out == [
        "run run_1: it was created before the recording began, and was requires_action when last seen"
    ]


def test_a_run_that_came_to_its_end_meanwhile_is_given_as_it_ended() -> None:
    path = "GET /v1/threads/thread_1/runs/run_1"
    book = Book().ask(path, None, run("in_progress")).ask(path, None, run("completed"))

    distilled = book.distilled()

    assert _given(distilled, "threads")[0]["runs"][0]["status"] == "completed"
    assert distilled.left_out == [
        "run run_1: it was active when the recording began; here it is completed from the start"
    ]


# ---- Stores and files ----


def test_a_store_is_given_with_its_files() -> None:
    held = {"file_search": {"vector_store_ids": ["vs_1"]}}
    after = {"anchor": "last_active_at", "days": 3}
    book = Book().ask("GET /v1/assistants/asst_1", None, assistant(tool_resources=held))
    book.ask("GET /v1/vector_stores/vs_1", None, store("vs_1", 2, name="Menus", expires_after=after))
    kind = {"kind": "menu"}
    rows = stored("file-b", "vs_1"), stored("file-a", "vs_1", attributes=kind)
    book.ask("GET /v1/vector_stores/vs_1/files", None, listed(*rows))
    book.ask("GET /v1/files/file-a", None, file("file-a", "menu.md", bytes=4, purpose="batch"))
    book.ask("GET /v1/files/file-a/content", None, b"Soup")
    distilled = proven(book)

    (one,) = _given(distilled, "vector_stores")
    assert one == {"id": "vs_1", "name": "Menus", "expires_after": after, "file_ids": ["file-a", "file-b"],
                   "attributes": {"file-a": kind}}  # fmt: skip
    assert _given(distilled, "files") == [
        {"id": "file-b", "filename": "file.txt", "bytes": 28},
        {"id": "file-a", "filename": "menu.md", "purpose": "batch", "content": "Soup"},
    ]
    assert distilled.left_out == ["the contents of file-b, which were not recorded; the scenario states their size"]


def test_a_store_whose_files_nobody_listed_is_said_to_lack_them() -> None:
    distilled = Book().ask("GET /v1/vector_stores/vs_1", None, store("vs_1", 7)).distilled()

    assert distilled.left_out == ["the 7 files of vector store vs_1, which are counted but not listed"]
    assert _given(distilled, "vector_stores") == [{"id": "vs_1", "file_counts": {"completed": 7, "total": 7}}]


def test_files_that_the_requests_added_to_a_given_store_are_not_given() -> None:
    book = Book().ask("GET /v1/vector_stores/vs_1", None, store("vs_1")).upload("file-new", "new.md", b"New")
    book.ask("POST /v1/vector_stores/vs_1/files", {"file_id": "file-new"}, stored("file-new", "vs_1", "in_progress"))
    book.ask("GET /v1/vector_stores/vs_1/files/file-new", None, stored("file-new", "vs_1"))

    assert _given(proven(book), "vector_stores") == [{"id": "vs_1"}]


def test_a_made_up_file_that_was_indexed_is_indexed() -> None:
    book = Book().ask("GET /v1/vector_stores/vs_1", None, store("vs_1", 2))
    book.ask("GET /v1/vector_stores/vs_1/files", None, listed(stored("file-b", "vs_1"), stored("file-a", "vs_1")))
    book.ask("GET /v1/files/file-a", None, file("file-a", "menu.pdf", bytes=50))
    distilled = proven(book)

    assert distilled.document["indexing"] == [{"file": "file-a", "outcome": "completed"}]
    api = Played(distilled)
    api.get("/v1/vector_stores/vs_1/files")
    statuses = [one["status"] for one in api.get("/v1/vector_stores/vs_1/files").json["data"]]
    assert statuses == ["completed", "completed"]


@pytest.mark.parametrize("made", [False, True])
def test_a_file_that_could_not_be_indexed_cannot_be_here(made: bool) -> None:
    error = {"code": "invalid_file", "message": "The file could not be parsed."}
    book = Book()
    if made:
        book.upload("file-x", "broken.pdf", b"%PDF").ask("POST /v1/vector_stores", {}, store("vs_1"))
        book.ask("POST /v1/vector_stores/vs_1/files", {"file_id": "file-x"}, stored("file-x", "vs_1", "in_progress"))
    failed = stored("file-x", "vs_1", "failed", last_error=error)
    book.ask("GET /v1/vector_stores/vs_1/files/file-x", None, failed)

    assert proven(book).document["indexing"] == [
        {"file": "broken.pdf" if made else "file-x", "outcome": "failed", "error": error}
    ]


# ---- How much ----


@pytest.mark.parametrize(("count", "given"), [(50, 50), (51, 0)])
def test_what_only_lists_show_is_given_up_to_a_number(count: int, given: int) -> None:
    rows = [assistant(f"asst_{n}") for n in range(count)]
    distilled = Book().ask("GET /v1/assistants?limit=100", None, listed(*rows)).distilled()

    assert len(_given(distilled, "assistants")) == given
    assert distilled.left_out == ["51 assistants that lists showed and no request named"] * (not given)


def test_of_a_long_list_is_given_what_something_refers_to() -> None:
    held = {"code_interpreter": {"file_ids": ["file-7"]}}
    book = Book().ask("GET /v1/files", None, listed(*(file(f"file-{n}", f"{n}.md") for n in range(60))))
    book.ask("GET /v1/assistants/asst_1", None, assistant(tool_resources=held))
    rows = [assistant(f"asst_x{n}") for n in range(60)]
    book.ask("GET /v1/assistants", None, listed(*rows))
    book.ask("GET /v1/threads/thread_1/runs", None, listed(run("completed", assistant="asst_x7")))

    distilled = book.distilled()

    assert [one["id"] for one in _given(distilled, "files")] == ["file-7"]
    assert sorted(one["id"] for one in _given(distilled, "assistants")) == ["asst_1", "asst_x7"]
    assert Played(distilled).get("/v1/threads/thread_1/runs/run_1").status == 200


def test_an_id_that_two_things_have_is_given_once() -> None:
    book = (
        Book().ask("GET /v1/assistants/same", None, assistant("same")).ask("GET /v1/threads/same", None, thread("same"))
    )
    distilled = book.distilled()

    assert _given(distilled, "threads") == []
    assert distilled.left_out == ["same, an id that another given object has"]


def test_given_objects_are_oldest_first_and_the_same_each_time() -> None:
    rows = [assistant(f"asst_{n}", created_at=100 - n) for n in range(5)]
    book = Book().ask("GET /v1/assistants", None, listed(*rows))

    assert [one["id"] for one in _given(book.distilled(), "assistants")] == [f"asst_{n}" for n in (4, 3, 2, 1, 0)]
    assert book.distilled().text() == book.distilled().text()
