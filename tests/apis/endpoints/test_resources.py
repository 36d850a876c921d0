"""What requests bring along for tools: files and vector stores, named or made, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.endpoints.stores import filled, make_store
from tests.apis.endpoints.test_files import DAY, START, make_file
from tests.apis.endpoints.words import Error, error, too_many, unknown
from tests.support import InProcess, Reply

SEARCH, CODE = {"type": "file_search"}, {"type": "code_interpreter"}


def attachment(file: str, *tools: dict[str, str]) -> dict[str, Any]:
    return {"file_id": file, "tools": list(tools)}


def message(*attachments: dict[str, Any], content: Any = "hi") -> dict[str, Any]:
    return {"role": "user", "content": content, "attachments": list(attachments)}


def inline(*files: str, **more: Any) -> dict[str, Any]:
    return {"file_search": {"vector_stores": [{"file_ids": list(files), **more}]}}


def resources(api: InProcess, thread: str) -> Any:
    return api.get(f"/v1/threads/{thread}").json["tool_resources"]


def store_of_thread(api: InProcess, thread: str) -> dict[str, Any]:
    (id,) = resources(api, thread)["file_search"]["vector_store_ids"]
    found: dict[str, Any] = api.get(f"/v1/vector_stores/{id}").json
    return found


def files_in(api: InProcess, store: str) -> list[str]:
    listed = api.get(f"/v1/vector_stores/{store}/files?order=asc").json["data"]
    return [one["id"] for one in listed]


def no_file(id: str, param: str) -> Error:
    return error(f"No file found with id '{id}'.", param, status=404)


def no_store(id: str) -> Error:
    param = "tool_resources.file_search.vector_store_ids"
    return error(f"Vector store with id [{id}] not found.", param, status=404)


# ---- Inline stores ----


@pytest.mark.parametrize("holder", ["assistants", "threads"])
def test_an_inline_store_is_made_and_replaced_by_its_id(holder: str) -> None:
    api = InProcess()
    file = make_file(api)
    static = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 20}}
    sent = inline(file, metadata={"k": "v"}, chunking_strategy=static)
    body = {"tool_resources": sent, **({"model": "gpt-4o"} if holder == "assistants" else {})}
    made = api.post(f"/v1/{holder}", body).json
    (id,) = made["tool_resources"]["file_search"]["vector_store_ids"]
    assert made["tool_resources"] == {"file_search": {"vector_store_ids": [id]}}
    store = api.get(f"/v1/vector_stores/{id}").json
    assert (store["metadata"], store["file_counts"]["completed"]) == ({"k": "v"}, 1)
    assert api.get(f"/v1/vector_stores/{id}/files/{file}").json["chunking_strategy"] == static
    if holder == "threads":
        assert store["expires_after"] == {"anchor": "last_active_at", "days": 7}
        assert store["expires_at"] == START + 7 * DAY
    else:
        assert (store["expires_after"], store["expires_at"]) == (None, None)


def test_a_thread_made_with_its_run_brings_its_store() -> None:
    api = InProcess()
    file = make_file(api)
    body = {
        "assistant_id": api.assistant(tools=[SEARCH]),
        "thread": {"messages": [message()], "tool_resources": inline(file)},
    }
    thread = api.post("/v1/threads/runs", body).json["thread_id"]
    store = store_of_thread(api, thread)
    assert store["expires_after"] == {"anchor": "last_active_at", "days": 7}
    assert files_in(api, store["id"]) == [file]


def test_resources_that_are_named_are_kept() -> None:
    api = InProcess()
    file, store = make_file(api), make_store(api).rpartition("/")[2]
    named = {"code_interpreter": {"file_ids": [file]}, "file_search": {"vector_store_ids": [store]}}
    assert api.post("/v1/assistants", {"model": "gpt-4o", "tool_resources": named}).json["tool_resources"] == named
    thread = api.post("/v1/threads", {"tool_resources": named}).json
    assert thread["tool_resources"] == named
    assert resources(api, thread["id"]) == named


def test_modify_replaces_resources_as_a_whole() -> None:
    api = InProcess()
    file, store = make_file(api), make_store(api).rpartition("/")[2]
    search, code = {"file_search": {"vector_store_ids": [store]}}, {"code_interpreter": {"file_ids": [file]}}
    assistant = api.assistant(tool_resources={**search, **code})
    thread = api.post("/v1/threads", {"tool_resources": {**search, **code}}).json["id"]
    for url in (f"/v1/assistants/{assistant}", f"/v1/threads/{thread}"):
        assert api.post(url, {"metadata": {"k": "v"}}).json["tool_resources"] == {**code, **search}
        assert api.post(url, {"tool_resources": search}).json["tool_resources"] == search
        assert api.post(url, {"tool_resources": {}}).json["tool_resources"] == {}
        refused = api.post(url, {"tool_resources": inline(file)})
        assert refused.error == unknown("tool_resources.file_search.vector_stores")


# ---- Nothing half-made ----


@pytest.mark.parametrize("holder", ["assistants", "threads"])
@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        (
            {"code_interpreter": {"file_ids": ["{file}", "file-none"]}},
            no_file("file-none", "tool_resources.code_interpreter.file_ids"),
        ),
        ({"file_search": {"vector_store_ids": ["vs_none"]}}, no_store("vs_none")),
        (inline("{file}", "file-none"), no_file("file-none", "file_ids")),
        (
            {**inline("{file}"), "code_interpreter": {"file_ids": ["file-none"]}},
            no_file("file-none", "tool_resources.code_interpreter.file_ids"),
        ),
        (
            {"code_interpreter": {"file_ids": ["{file}"] * 21}},
            too_many("tool_resources.code_interpreter.file_ids", 20, 21),
        ),
        (
            {"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}},
            too_many("tool_resources.file_search.vector_store_ids", 1, 2),
        ),
        ({"file_search": {"vector_stores": [{}, {}]}}, too_many("tool_resources.file_search.vector_stores", 1, 2)),
    ],
    ids=[
        "a file",
        "a store",
        "a file in a store",
        "a file beside a store",
        "21 files",
        "two stores",
        "two inline stores",
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_made(holder: str, sent: dict[str, Any], refusal: Error) -> None:
    api = InProcess()
    file = make_file(api)
    body = filled(sent, file)
    before = api.get("/_emulator/state").json["objects"]
    assert (
        api.post(
            f"/v1/{holder}", {"tool_resources": body, **({"model": "gpt-4o"} if holder == "assistants" else {})}
        ).error
        == refusal
    )
    assert api.get("/_emulator/state").json["objects"] == before


@pytest.mark.parametrize("where", ["message", "thread", "thread and run", "run"])
@pytest.mark.parametrize(
    ("bad", "refusal"),
    [
        (message(attachment("file-none", SEARCH)), (404, "No file found with id 'file-none'.")),
        (message(attachment("file-none", CODE)), (404, "No file found with id 'file-none'.")),
        (message(attachment("{csv}", SEARCH)), (400, "Files with extensions [.csv] are not supported for retrieval.")),
        (
            message(content=[{"type": "image_file", "image_file": {"file_id": "file-none"}}]),
            (404, "No file found with id 'file-none'."),
        ),
    ],
    ids=["a file to search", "a file for code", "a file that is not searched", "an image"],
)
def test_a_message_that_is_refused_brings_nothing_along(
    where: str, bad: dict[str, Any], refusal: tuple[int, str]
) -> None:
    api = InProcess()
    file, csv = make_file(api), make_file(api, "a.csv")
    assistant, thread = api.assistant(tools=[SEARCH, CODE]), api.thread("hi")
    for one in bad["attachments"]:
        bad = {**bad, "attachments": [{**one, "file_id": one["file_id"].replace("{csv}", csv)}]}
    messages = [message(attachment(file, SEARCH, CODE)), bad]
    before = api.get("/_emulator/state").json["objects"]
    reply = {
        "message": lambda: api.post(f"/v1/threads/{thread}/messages", bad),
        "thread": lambda: api.post("/v1/threads", {"messages": messages}),
        "thread and run": lambda: api.post(
            "/v1/threads/runs", {"assistant_id": assistant, "thread": {"messages": messages}}
        ),
        "run": lambda: api.run(thread, assistant, additional_messages=messages),
    }[where]()
    assert reply.status == refusal[0]
    assert reply.json["error"]["message"].startswith(refusal[1])
    assert api.get("/_emulator/state").json["objects"] == before
    assert len(api.get(f"/v1/threads/{thread}/messages").json["data"]) == 1
    assert resources(api, thread) == {"code_interpreter": {"file_ids": []}}


def test_a_store_that_is_full_takes_no_attachment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.apis.files.resources.MAX_STORE_FILES", 1)
    api = InProcess()
    thread = api.thread("hi")
    path = f"/v1/threads/{thread}/messages"
    assert api.post(path, message(attachment(make_file(api), SEARCH))).status == 200
    assert api.post(path, message(attachment(make_file(api), SEARCH))).error[4] == "array_above_max_length"
    assert len(api.get(path).json["data"]) == 2


# ---- Attachments ----


def _send(api: InProcess, thread: str, *attachments: dict[str, Any]) -> Reply:
    return api.post(f"/v1/threads/{thread}/messages", message(*attachments))


def test_the_first_attachment_makes_the_thread_s_store_and_others_extend_it() -> None:
    api = InProcess()
    a, b, c = (make_file(api, f"{name}.txt") for name in "abc")
    thread = api.thread("hi")
    sent = _send(api, thread, attachment(a, SEARCH))
    assert sent.json["attachments"] == [attachment(a, SEARCH)]
    store = store_of_thread(api, thread)
    assert store["expires_after"] == {"anchor": "last_active_at", "days": 7}
    assert (store["file_counts"]["completed"], store["expires_at"]) == (1, START + 7 * DAY)
    _send(api, thread, attachment(b, SEARCH), attachment(b, SEARCH), attachment(a, SEARCH))
    _send(api, thread, attachment(c, SEARCH, CODE))
    assert store_of_thread(api, thread)["id"] == store["id"]
    assert files_in(api, store["id"]) == [a, b, c]
    assert len(api.get("/v1/vector_stores").json["data"]) == 1
    assert resources(api, thread)["code_interpreter"] == {"file_ids": [c]}


def test_attachments_for_code_are_the_thread_s_files() -> None:
    api = InProcess()
    a, b = make_file(api, "a.csv"), make_file(api, "b.csv")
    thread = api.post("/v1/threads", {"tool_resources": {"code_interpreter": {"file_ids": [b]}}}).json["id"]
    _send(api, thread, attachment(a, CODE), attachment(b, CODE), attachment(a, CODE))
    assert resources(api, thread) == {"code_interpreter": {"file_ids": [b, a]}}
    assert api.get("/v1/vector_stores").json["data"] == []


def test_an_attachment_for_nothing_is_only_shown() -> None:
    api = InProcess()
    file = make_file(api, "a.csv")
    thread = api.thread("hi")
    assert _send(api, thread, attachment(file)).json["attachments"] == [attachment(file)]
    assert resources(api, thread) == {"code_interpreter": {"file_ids": []}}


def test_attachments_extend_a_store_that_the_thread_was_given() -> None:
    api = InProcess()
    a, b = make_file(api, "a.txt"), make_file(api, "b.txt")
    store = make_store(api, file_ids=[a]).rpartition("/")[2]
    thread = api.post("/v1/threads", {"tool_resources": {"file_search": {"vector_store_ids": [store]}}}).json["id"]
    _send(api, thread, attachment(b, SEARCH))
    assert store_of_thread(api, thread)["id"] == store
    assert files_in(api, store) == [a, b]


@pytest.mark.parametrize("where", ["thread", "thread and run", "run"])
def test_attachments_of_any_first_message_count(where: str) -> None:
    api = InProcess()
    files = [make_file(api, f"{n}.txt") for n in range(2)]
    messages = [message(attachment(file, SEARCH, CODE)) for file in files]
    assistant = api.assistant(tools=[SEARCH, CODE])
    if where == "thread":
        thread = api.post("/v1/threads", {"messages": messages}).json["id"]
    elif where == "run":
        thread = api.thread()
        assert api.run(thread, assistant, additional_messages=messages).status == 200
    else:
        body = {"assistant_id": assistant, "thread": {"messages": messages}}
        thread = api.post("/v1/threads/runs", body).json["thread_id"]
    assert files_in(api, store_of_thread(api, thread)["id"]) == files
    assert resources(api, thread)["code_interpreter"] == {"file_ids": files}


def test_a_message_shows_images() -> None:
    api = InProcess()
    file = make_file(api, "a.png", b"\x89PNG", "vision")
    content = [
        {"type": "image_file", "image_file": {"file_id": file}},
        {"type": "image_file", "image_file": {"file_id": file, "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "text", "text": "What is this?"},
    ]
    made = api.post(f"/v1/threads/{api.thread()}/messages", {"role": "user", "content": content}).json["content"]
    assert made == [
        {"type": "image_file", "image_file": {"file_id": file, "detail": "auto"}},
        {"type": "image_file", "image_file": {"file_id": file, "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
        {"type": "text", "text": {"value": "What is this?", "annotations": []}},
    ]


# ---- What follows a delete ----


def test_a_deleted_store_leaves_those_who_had_it() -> None:
    api = InProcess()
    file = make_file(api)
    gone, kept = (make_store(api, file_ids=[file]).rpartition("/")[2] for _ in range(2))
    search = {"tool_resources": {"file_search": {"vector_store_ids": [gone]}}}
    other = {"tool_resources": {"file_search": {"vector_store_ids": [kept]}}}
    assistant, thread = api.assistant(tools=[SEARCH], **search), api.post("/v1/threads", search).json["id"]
    unhurt = api.assistant(**other)
    api.delete(f"/v1/vector_stores/{gone}")
    left: dict[str, Any] = {"file_search": {"vector_store_ids": []}}
    assert api.get(f"/v1/assistants/{assistant}").json["tool_resources"] == left
    assert resources(api, thread)["file_search"] == left["file_search"]
    assert api.get(f"/v1/assistants/{unhurt}").json["tool_resources"] == other["tool_resources"]
    _send(api, thread, attachment(file, SEARCH))
    assert store_of_thread(api, thread)["id"] not in (gone, kept)
    assert api.run(thread, assistant).status == 200


def test_a_deleted_thread_leaves_its_store() -> None:
    api = InProcess()
    thread = api.post("/v1/threads", {"tool_resources": inline(make_file(api))}).json["id"]
    id = store_of_thread(api, thread)["id"]
    api.delete(f"/v1/threads/{thread}")
    assert api.get(f"/v1/vector_stores/{id}").status == 200
