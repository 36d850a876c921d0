"""Vector stores, their files and batches: objects, limits, expiry, filters and search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import vector_stores
from tests.routes.given import is_pretty
from tests.routes.test_files import DAY, START, make_file
from tests.routes.words import (
    Error,
    absent,
    empty,
    error,
    ill_typed,
    key_too_long,
    missing,
    no_value,
    too_high,
    too_long,
    too_low,
    too_many,
    too_many_keys,
    unknown,
    wrong_id,
)
from tests.support import InProcess, Reply

STORE_KEYS = (
    "id object created_at name description usage_bytes file_counts status expires_after expires_at last_active_at "
    "metadata"
).split()
FILE_KEYS = ("id object usage_bytes created_at vector_store_id status last_error chunking_strategy attributes").split()
BATCH_KEYS = "id object created_at status vector_store_id file_counts".split()
COUNTS = ["in_progress", "completed", "failed", "cancelled", "total"]
AUTO = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


def make_store(api: InProcess, **body: Any) -> str:
    """The URL of a new store."""
    reply = api.post("/v1/vector_stores", body)
    assert reply.status == 200, reply.body
    return f"/v1/vector_stores/{reply.json['id']}"


def store_of(api: InProcess, *texts: str) -> tuple[str, list[str]]:
    """The URL of a store with a file for each text, indexed, and the files."""
    files = [make_file(api, f"{n}.txt", text.encode()) for n, text in enumerate(texts)]
    store = make_store(api, file_ids=files)
    api.get(store)
    return store, files


def advance(api: InProcess, seconds: float) -> None:
    assert api.post("/_emulator/clock/advance", {"seconds": seconds}).status == 200


def not_searchable(*extensions: str) -> Error:
    return error(
        f"Files with extensions [{', '.join(extensions)}] are not supported for retrieval. "
        "See https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
        "file_ids",
        "unsupported_file",
    )


# ---- Objects ----


def test_an_empty_store_is_complete_at_once() -> None:
    api = InProcess()
    made = api.post("/v1/vector_stores", {})
    assert is_pretty(made)
    assert list(made.json) == STORE_KEYS
    assert made.json == {
        "id": made.json["id"],
        "object": "vector_store",
        "created_at": START,
        "name": None,
        "description": None,
        "usage_bytes": 0,
        "file_counts": dict.fromkeys(COUNTS, 0),
        "status": "completed",
        "expires_after": None,
        "expires_at": None,
        "last_active_at": START,
        "metadata": {},
    }
    assert list(made.json["file_counts"]) == COUNTS
    assert made.json["id"].startswith(f"vs_{START:08x}")
    assert len(made.json["id"]) == len("vs_") + 32
    assert api.get(f"/v1/vector_stores/{made.json['id']}").body == made.body


def test_a_store_with_files_counts_them() -> None:
    api = InProcess()
    files = [make_file(api, f"{n}.txt", b"x" * 10) for n in range(3)]
    made = api.post("/v1/vector_stores", {"name": "Docs", "file_ids": files, "metadata": {"k": "v"}})
    assert (made.json["status"], made.json["usage_bytes"]) == ("in_progress", 0)
    assert made.json["file_counts"] == {**dict.fromkeys(COUNTS, 0), "in_progress": 3, "total": 3}
    assert (made.json["name"], made.json["metadata"]) == ("Docs", {"k": "v"})
    got = api.get(f"/v1/vector_stores/{made.json['id']}")
    assert list(got.json) == STORE_KEYS
    assert (got.json["status"], got.json["usage_bytes"]) == ("completed", 30)
    assert got.json["file_counts"] == {**dict.fromkeys(COUNTS, 0), "completed": 3, "total": 3}
    assert got.headers["openai-poll-after-ms"] == "1"


def test_a_file_of_a_store_goes_by_the_file_s_id() -> None:
    api = InProcess()
    store, file = make_store(api), make_file(api, "a.txt", b"x" * 21)
    advance(api, 5)
    made = api.post(f"{store}/files", {"file_id": file})
    assert is_pretty(made)
    assert list(made.json) == FILE_KEYS
    assert made.json == {
        "id": file,
        "object": "vector_store.file",
        "usage_bytes": 0,
        "created_at": START + 5,
        "vector_store_id": store.rpartition("/")[2],
        "status": "in_progress",
        "last_error": None,
        "chunking_strategy": AUTO,
        "attributes": {},
    }
    got = api.get(f"{store}/files/{file}")
    assert got.json == {**made.json, "status": "completed", "usage_bytes": 21}
    assert list(got.json["chunking_strategy"]["static"]) == ["max_chunk_size_tokens", "chunk_overlap_tokens"]
    assert api.get(store).json["usage_bytes"] == 21


def test_a_batch_as_it_is_made_and_finished() -> None:
    api = InProcess()
    store, files = make_store(api), [make_file(api, f"{n}.txt") for n in range(2)]
    made = api.post(f"{store}/file_batches", {"file_ids": files})
    assert is_pretty(made)
    assert list(made.json) == BATCH_KEYS
    assert made.json["object"] == "vector_store.file_batch"
    assert made.json["id"].startswith(f"vsfb_ibj_{START:08x}")
    assert made.json["file_counts"] == {**dict.fromkeys(COUNTS, 0), "in_progress": 2, "total": 2}
    assert made.json["status"] == "in_progress"
    got = api.get(f"{store}/file_batches/{made.json['id']}").json
    assert (got["status"], got["file_counts"]["completed"]) == ("completed", 2)
    listed = api.get(f"{store}/file_batches/{made.json['id']}/files").json
    assert [list(one) for one in listed["data"]] == [FILE_KEYS] * 2
    assert [one["id"] for one in listed["data"]] == files[::-1]


def test_the_published_shape_has_another_name_for_a_batch() -> None:
    api = InProcess(shapes="spec")
    store = make_store(api)
    made = api.post(f"{store}/file_batches", {"file_ids": [make_file(api)]}).json
    assert made["object"] == "vector_store.files_batch"


def test_a_batch_whose_files_differ() -> None:
    api = InProcess()
    store, (a, b) = make_store(api), [make_file(api, f"{n}.txt") for n in range(2)]
    static = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
    entries = [{"file_id": a, "attributes": {"n": 1}}, {"file_id": b, "chunking_strategy": static}]
    api.post(f"{store}/file_batches", {"files": entries, "attributes": {"ignored": True}})
    one, two = api.get(f"{store}/files?order=asc").json["data"]
    assert (one["attributes"], one["chunking_strategy"]) == ({"n": 1}, AUTO)
    assert (two["attributes"], two["chunking_strategy"]) == ({}, static)


def test_a_batch_whose_files_share() -> None:
    api = InProcess()
    store, files = make_store(api), [make_file(api, f"{n}.txt") for n in range(2)]
    api.post(
        f"{store}/file_batches", {"file_ids": files, "attributes": {"n": 1}, "chunking_strategy": {"type": "auto"}}
    )
    assert [one["attributes"] for one in api.get(f"{store}/files").json["data"]] == [{"n": 1}] * 2


def test_a_running_batch_is_cancelled_and_a_finished_one_is_not() -> None:
    api = InProcess()
    store, (a, b) = make_store(api), [make_file(api, f"{n}.txt") for n in range(2)]
    running = f"{store}/file_batches/" + api.post(f"{store}/file_batches", {"file_ids": [a, b]}).json["id"]
    api.get(f"{store}/files/{a}")
    cancelled = api.post(f"{running}/cancel")
    assert list(cancelled.json) == BATCH_KEYS
    assert (cancelled.json["status"], cancelled.json["file_counts"]["cancelled"]) == ("cancelled", 1)
    assert api.get(f"{store}/files/{b}").json["status"] == "cancelled"
    assert api.get(f"{store}/files/{a}").json["status"] == "completed"
    assert api.get(store).json["file_counts"] == {
        **dict.fromkeys(COUNTS, 0),
        "completed": 1,
        "cancelled": 1,
        "total": 2,
    }

    finished = f"{store}/file_batches/" + api.post(f"{store}/file_batches", {"file_ids": [a]}).json["id"]
    api.get(finished)
    assert api.post(f"{finished}/cancel").json["status"] == "completed"
    assert api.get(f"{store}/files/{a}").json["status"] == "completed"


def test_what_is_deleted_says_so() -> None:
    api = InProcess()
    store, (file,) = store_of(api, "text")
    assert api.delete(f"{store}/files/{file}").json == {
        "id": file,
        "object": "vector_store.file.deleted",
        "deleted": True,
    }
    assert api.get(f"{store}/files/{file}").error[0] == 404
    assert api.get(f"/v1/files/{file}").status == 200
    found = api.get(store).json
    assert (found["file_counts"]["total"], found["usage_bytes"], found["status"]) == (0, 0, "completed")
    id = store.rpartition("/")[2]
    assert api.delete(store).json == {"id": id, "object": "vector_store.deleted", "deleted": True}
    assert api.get(store).error == absent("vector store", id)
    assert api.get("/v1/vector_stores").json["data"] == []
    assert api.get(f"/v1/files/{file}").status == 200


def test_modify_replaces_what_is_sent() -> None:
    api = InProcess()
    store = make_store(api, name="Docs", metadata={"a": "1"})
    after = {"anchor": "last_active_at", "days": 3}
    advance(api, 60)
    assert api.post(store, {"name": "Papers"}).json["metadata"] == {"a": "1"}
    changed = api.post(store, {"metadata": {"b": "2"}, "expires_after": after}).json
    assert (changed["name"], changed["metadata"], changed["expires_after"]) == ("Papers", {"b": "2"}, after)
    assert (changed["last_active_at"], changed["expires_at"]) == (START, START + 3 * DAY)
    cleared = api.post(store, {"name": None, "metadata": None, "expires_after": None}).json
    assert (cleared["name"], cleared["metadata"], cleared["expires_at"]) == (None, {"b": "2"}, None)
    assert list(cleared) == STORE_KEYS


def test_attributes_are_replaced_and_found_by() -> None:
    api = InProcess()
    store, (file,) = store_of(api, "apples")
    changed = api.post(f"{store}/files/{file}", {"attributes": {"s": "x", "n": 1.5, "b": True}})
    assert list(changed.json) == FILE_KEYS
    assert changed.json["attributes"] == {"s": "x", "n": 1.5, "b": True}
    search = {"query": "apples", "filters": {"type": "eq", "key": "s", "value": "x"}}
    assert api.post(f"{store}/search", search).json["data"][0]["attributes"] == changed.json["attributes"]
    assert api.post(f"{store}/files/{file}", {"attributes": {"t": "y"}}).json["attributes"] == {"t": "y"}
    assert api.post(f"{store}/search", search).json["data"] == []
    assert api.post(f"{store}/files/{file}", {"attributes": None}).json["attributes"] == {}


def test_content_is_the_text_that_was_read() -> None:
    api = InProcess()
    file, bad = make_file(api, "a.html", b"<p>Soup</p><p>Bread</p>"), make_file(api, "b.txt", b"")
    store = make_store(api, file_ids=[file, bad])
    page = api.get(f"{store}/files/{file}/content")
    assert page.json == {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": "Soup\nBread"}],
        "has_more": False,
        "next_page": None,
    }
    assert api.get(f"{store}/files/{bad}/content").json["data"] == []


def test_a_file_that_comes_again_is_indexed_anew() -> None:
    api = InProcess()
    store, (file,) = store_of(api, "apples")
    again = api.post(f"{store}/files", {"file_id": file, "attributes": {"n": 2}}).json
    assert (again["status"], again["attributes"], again["usage_bytes"]) == ("in_progress", {"n": 2}, 0)
    found = api.get(store).json
    assert (found["file_counts"]["total"], found["usage_bytes"]) == (1, 6)
    assert len(api.post(f"{store}/search", {"query": "apples"}).json["data"]) == 1


# ---- Not there, not allowed ----

ABSENT: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("POST", "", {"name": "x"}),
    ("DELETE", "", None),
    ("POST", "/search", {"query": "x"}),
    ("GET", "/files", None),
    ("POST", "/files", {"file_id": "file-1"}),
    ("GET", "/files/file-1", None),
    ("POST", "/files/file-1", {"attributes": {}}),
    ("DELETE", "/files/file-1", None),
    ("GET", "/files/file-1/content", None),
    ("POST", "/file_batches", {"file_ids": ["file-1"]}),
    ("GET", "/file_batches/vsfb_1", None),
    ("POST", "/file_batches/vsfb_1/cancel", None),
    ("GET", "/file_batches/vsfb_1/files", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ABSENT, ids=[f"{method} {path}" for method, path, _ in ABSENT])
def test_a_store_that_never_was(method: str, path: str, body: Any) -> None:
    api = InProcess()
    assert api.request(method, f"/v1/vector_stores/vs_none{path}", body).error == absent("vector store", "vs_none")
    assert api.request(method, f"/v1/vector_stores/x{path}", body).error == wrong_id("vector_store_id", "x", "vs")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", ""), ("GET", "/content")])
def test_a_file_that_the_store_does_not_have(method: str, path: str) -> None:
    api = InProcess()
    store, file = make_store(api), make_file(api)
    body: Any = {"attributes": {}} if method == "POST" else None
    id = store.rpartition("/")[2]
    for one in (file, "file-none"):
        message = f"No file found with id '{one}' in vector store '{id}'."
        assert api.request(method, f"{store}/files/{one}{path}", body).error == error(message, status=404)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("GET", "/files")])
def test_a_batch_that_never_was(method: str, path: str) -> None:
    api = InProcess()
    store = make_store(api)
    assert api.request(method, f"{store}/file_batches/vsfb_none{path}").error == absent("file batch", "vsfb_none")
    assert api.request(method, f"{store}/file_batches/x{path}").error == wrong_id("batch_id", "x", "vsfb")


@pytest.mark.parametrize("path", ["", "/files", "/file_batches"])
def test_a_file_that_is_not_there_comes_into_no_store(path: str) -> None:
    api = InProcess()
    store, file = make_store(api), make_file(api)
    url = f"{store}{path}" if path else "/v1/vector_stores"
    body: Any = {"file_id": "file-none"} if path == "/files" else {"file_ids": [file, "file-none"]}
    refused = api.post(url, body)
    assert refused.error[:2] == (404, "No file found with id 'file-none'.")
    assert api.get(store).json["file_counts"]["total"] == 0
    assert len(api.get("/v1/vector_stores").json["data"]) == 1


@pytest.mark.parametrize("path", ["", "/file_batches"])
def test_a_kind_of_file_that_is_not_searched(path: str) -> None:
    api = InProcess()
    store = make_store(api)
    names = ["a.txt", "b.csv", "c.PNG", "d.csv", "e"]
    files = [make_file(api, name) for name in names]
    refused = api.post(f"{store}{path}" if path else "/v1/vector_stores", {"file_ids": files})
    assert refused.error == not_searchable(".csv", ".png", "none")
    assert api.get(store).json["file_counts"]["total"] == 0
    assert len(api.get("/v1/vector_stores").json["data"]) == 1


def test_a_single_file_of_such_a_kind_fails_instead() -> None:
    api = InProcess()
    store, file = make_store(api), make_file(api, "a.csv")
    assert api.post(f"{store}/files", {"file_id": file}).json["status"] == "in_progress"
    failed = api.get(f"{store}/files/{file}").json
    assert (failed["status"], failed["last_error"]["code"]) == ("failed", "unsupported_file")


BAD: dict[str, tuple[str, dict[str, Any], Error]] = {
    "501 files": ("", {"file_ids": ["file-1"] * 501}, too_many("file_ids", 500, 501)),
    "a batch of 2001": ("/file_batches", {"file_ids": ["file-1"] * 2001}, too_many("file_ids", 2000, 2001)),
    "a batch of 2001 entries": (
        "/file_batches",
        {"files": [{"file_id": "file-1"}] * 2001},
        too_many("files", 2000, 2001),
    ),
    "a batch of nothing": ("/file_batches", {}, missing("file_ids")),
    "an empty batch": ("/file_batches", {"file_ids": []}, empty("file_ids", "array")),
    "a batch both ways": (
        "/file_batches",
        {"file_ids": ["{file}"], "files": [{"file_id": "{file}"}]},
        error(
            "Mutually exclusive parameters: 'file_ids'. Ensure you are only providing one of: 'files' or 'file_ids'.",
            "file_ids",
            "mutually_exclusive_parameters",
        ),
    ),
    "no file": ("/files", {}, missing("file_id")),
    "a file that is a number": ("/files", {"file_id": 1}, ill_typed("file_id", "a string", "an integer")),
    "17 attributes": (
        "/files",
        {"file_id": "{file}", "attributes": {str(n): n for n in range(17)}},
        too_many_keys("attributes", 16, 17),
    ),
    "a long attribute": (
        "/files",
        {"file_id": "{file}", "attributes": {"k": "x" * 513}},
        too_long("attributes.k", 512, 513),
    ),
    "a long key": (
        "/files",
        {"file_id": "{file}", "attributes": {"k" * 65: "x"}},
        key_too_long("attributes", "k" * 65, 64),
    ),
    "no day": (
        "",
        {"expires_after": {"anchor": "last_active_at", "days": 0}},
        too_low("expires_after.days", 1, 0),
    ),
    "366 days": (
        "",
        {"expires_after": {"anchor": "last_active_at", "days": 366}},
        too_high("expires_after.days", 365, 366),
    ),
    "17 of metadata": ("", {"metadata": {str(n): "" for n in range(17)}}, too_many_keys("metadata", 16, 17)),
    "a parameter too many": ("", {"colour": "red"}, unknown("colour")),
    "small chunks": (
        "/files",
        {
            "file_id": "{file}",
            "chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 99, "chunk_overlap_tokens": 0}},
        },
        too_low("chunking_strategy.static.max_chunk_size_tokens", 100, 99),
    ),
    "large chunks": (
        "",
        {"chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 4097, "chunk_overlap_tokens": 0}}},
        too_high("chunking_strategy.static.max_chunk_size_tokens", 4096, 4097),
    ),
    "a search for nothing": ("/search", {}, missing("query")),
    "a search in 51": ("/search", {"query": "x", "max_num_results": 51}, too_high("max_num_results", 50, 51)),
    "a filter of no kind": (
        "/search",
        {"query": "x", "filters": {"type": "like", "key": "k", "value": "v"}},
        no_value("like", "'eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'and', and 'or'", "filters.type"),
    ),
}


@pytest.mark.parametrize(("path", "body", "refusal"), BAD.values(), ids=BAD)
def test_a_request_that_is_refused(path: str, body: dict[str, Any], refusal: Error) -> None:
    api = InProcess()
    file, store = make_file(api), make_store(api)
    sent = filled(body, file)
    assert api.post(f"{store}{path}" if path else "/v1/vector_stores", sent).error == refusal
    assert api.get(store).json["file_counts"]["total"] == 0


def filled(value: Any, file: str) -> Any:
    """A body with a file's id in place of ``{file}``."""
    if isinstance(value, dict):
        return {key: filled(inner, file) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, file) for inner in value]
    return file if value == "{file}" else value


@pytest.mark.parametrize("path", ["", "/files", "/file_batches"])
@pytest.mark.parametrize(
    ("size", "overlap", "status"), [(100, 50, 200), (100, 51, 400), (4096, 2048, 200), (101, 51, 400)]
)
def test_chunks_overlap_by_half_at_most(path: str, size: int, overlap: int, status: int) -> None:
    api = InProcess()
    store, file = make_store(api), make_file(api)
    strategy = {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}
    body: Any = {"file_id": file} if path == "/files" else {"file_ids": [file]}
    reply = api.post(f"{store}{path}" if path else "/v1/vector_stores", {**body, "chunking_strategy": strategy})
    assert reply.status == status
    if status == 400:
        assert reply.error == too_high("chunking_strategy.static.chunk_overlap_tokens", size // 2, overlap)
        assert api.get(store).json["file_counts"]["total"] == 0
        assert len(api.get("/v1/vector_stores").json["data"]) == 1


def test_500_files_and_16_attributes_are_taken() -> None:
    api = InProcess()
    file = make_file(api)
    store = make_store(api, file_ids=[file] * 500)
    assert api.get(store).json["file_counts"]["total"] == 1
    attributes = {f"{'k' * 62}{n:02}": "x" * 512 for n in range(16)}
    assert api.post(f"{store}/files/{file}", {"attributes": attributes}).json["attributes"] == attributes
    assert api.post(f"{store}/file_batches", {"file_ids": [file] * 2000}).status == 200


@pytest.mark.parametrize("path", ["/files", "/file_batches"])
def test_a_full_store(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """10,000 files, made fewer here."""
    assert vector_stores.MAX_FILES == 10_000
    monkeypatch.setattr("emulator.resources.MAX_FILES", 3)
    api = InProcess()
    files = [make_file(api, f"{n}.txt") for n in range(4)]
    store = make_store(api, file_ids=files[:2])

    def add(file: str) -> Reply:
        return api.post(f"{store}{path}", {"file_id": file} if path == "/files" else {"file_ids": [file]})

    assert add(files[2]).status == 200
    id = store.rpartition("/")[2]
    assert add(files[3]).error == error(
        f"Vector store '{id}' has too many files. Expected at most 3 files.", "file_ids", "array_above_max_length"
    )
    assert add(files[0]).status == 200
    assert api.get(store).json["file_counts"]["total"] == 3
    api.delete(f"{store}/files/{files[0]}")
    assert add(files[3]).status == 200
    refused = api.post("/v1/vector_stores", {"file_ids": files})
    assert refused.error[4] == "array_above_max_length"
    assert len(api.get("/v1/vector_stores").json["data"]) == 1


def test_ten_thousand_files_are_no_trouble() -> None:
    """They come in at once, are indexed by one look, and leave one by one."""
    from emulator.objects import file
    from emulator.vector_stores import Outcome, VectorStore, new_store

    store = VectorStore(new_store("vs_1", 0, {}))
    for n in range(10_000):
        store.add(file(f"file-{n}", 0, f"{n}.txt", "assistants", 10), 0, {})
    store.look(list(store.stored), lambda one: Outcome("completed", one["filename"]))
    assert store.object["file_counts"] == {**dict.fromkeys(COUNTS, 0), "completed": 10_000, "total": 10_000}
    assert len(store.search("9999")) == 1
    for n in range(9_000):
        store.remove(f"file-{n}")
    assert store.object["file_counts"]["total"] == 1_000
    assert store.object["usage_bytes"] == 8 * 1_000


# ---- Expiry ----


def test_a_store_expires_when_it_was_not_used_for_so_long() -> None:
    api = InProcess()
    store = make_store(
        api, expires_after={"anchor": "last_active_at", "days": 2}, file_ids=[make_file(api, "a.txt", b"apples")]
    )
    assert api.get(store).json["expires_at"] == START + 2 * DAY
    advance(api, DAY)
    api.post(f"{store}/search", {"query": "apples"})
    found = api.get(store).json
    assert (found["last_active_at"], found["expires_at"], found["status"]) == (
        START + DAY,
        START + 3 * DAY,
        "completed",
    )
    advance(api, 2 * DAY - 1)
    assert api.get(store).json["status"] == "completed"
    advance(api, 1)
    assert api.get(store).json["status"] == "expired"
    assert api.get("/v1/vector_stores").json["data"][0]["status"] == "expired"


def test_a_run_keeps_its_stores_from_expiring() -> None:
    api = InProcess()
    store = make_store(api, expires_after={"anchor": "last_active_at", "days": 1})
    resources = {"file_search": {"vector_store_ids": [store.rpartition("/")[2]]}}
    assistant = api.assistant(tools=[{"type": "file_search"}], tool_resources=resources)
    advance(api, DAY - 1)
    assert api.run(api.thread("hi"), assistant).status == 200
    assert api.get(store).json["expires_at"] == START + 2 * DAY - 1


def expired(api: InProcess) -> tuple[str, str, str]:
    """The URL of an expired store, a file in it and one that is not."""
    inside, outside = make_file(api, "a.txt", b"apples"), make_file(api, "b.txt")
    store = make_store(api, expires_after={"anchor": "last_active_at", "days": 1}, file_ids=[inside])
    advance(api, DAY)
    return store, inside, outside


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/search", {"query": "apples"}),
        ("/files", {"file_id": "{file}"}),
        ("/file_batches", {"file_ids": ["{file}"]}),
    ],
    ids=["search", "add", "batch"],
)
def test_an_expired_store_is_not_used(path: str, body: dict[str, Any]) -> None:
    api = InProcess()
    store, _, outside = expired(api)
    id = store.rpartition("/")[2]
    assert api.post(f"{store}{path}", filled(body, outside)).error == error(f"Vector store '{id}' has expired")
    assert api.get(store).json["file_counts"]["total"] == 1


@pytest.mark.parametrize(
    "where", ["create assistant", "create thread", "modify assistant", "modify thread", "thread and run"]
)
def test_an_expired_store_is_given_to_nobody(where: str) -> None:
    api = InProcess()
    assistant, thread = api.assistant(), api.thread("hi")
    store, _, _ = expired(api)
    id = store.rpartition("/")[2]
    resources = {"tool_resources": {"file_search": {"vector_store_ids": [id]}}}
    message = {"messages": [{"role": "user", "content": "hi"}]}
    url, body = {
        "create assistant": ("/v1/assistants", {"model": "gpt-4o", **resources}),
        "create thread": ("/v1/threads", resources),
        "modify assistant": (f"/v1/assistants/{assistant}", resources),
        "modify thread": (f"/v1/threads/{thread}", resources),
        "thread and run": ("/v1/threads/runs", {"assistant_id": assistant, "thread": {**message, **resources}}),
    }[where]
    before = api.get("/_emulator/state").json["objects"]
    assert api.post(url, body).error == error(f"Vector store '{id}' has expired")
    assert api.get("/_emulator/state").json["objects"] == before


@pytest.mark.parametrize("holder", ["assistant", "thread"])
def test_no_run_with_an_expired_store(holder: str) -> None:
    api = InProcess()
    store = make_store(api, expires_after={"anchor": "last_active_at", "days": 1})
    id = store.rpartition("/")[2]
    resources = {"tool_resources": {"file_search": {"vector_store_ids": [id]}}}
    assistant = api.assistant(tools=[{"type": "file_search"}], **(resources if holder == "assistant" else {}))
    message = {"messages": [{"role": "user", "content": "hi"}]}
    thread = api.post("/v1/threads", {**message, **(resources if holder == "thread" else {})}).json["id"]
    advance(api, DAY)
    assert api.run(thread, assistant).error == error(f"Vector store '{id}' has expired")
    assert api.get(f"/v1/threads/{thread}/runs").json["data"] == []


def test_an_attachment_does_not_come_into_an_expired_store() -> None:
    api = InProcess()
    store, _, outside = expired(api)
    thread = api.thread("hi")
    id = store.rpartition("/")[2]
    fresh = make_store(api, expires_after={"anchor": "last_active_at", "days": 1}).rpartition("/")[2]
    api.post(f"/v1/threads/{thread}", {"tool_resources": {"file_search": {"vector_store_ids": [fresh]}}})
    advance(api, DAY)
    body = {
        "role": "user",
        "content": "look",
        "attachments": [{"file_id": outside, "tools": [{"type": "file_search"}]}],
    }
    assert api.post(f"/v1/threads/{thread}/messages", body).error == error(f"Vector store '{fresh}' has expired")
    assert len(api.get(f"/v1/threads/{thread}/messages").json["data"]) == 1
    assert id != fresh


# ---- Search ----

DOCS = {
    "fruit.md": "Apples are red. Apples and pears are fruits.",
    "pie.md": "Apple pie: take six apples, flour and butter.",
    "soup.md": "Soup: take leeks and potatoes.",
}


def library(api: InProcess) -> tuple[str, dict[str, str]]:
    """The URL of a store of the documents, with the file ids by name."""
    ids = {name: make_file(api, name, text.encode()) for name, text in DOCS.items()}
    attributes: dict[str, dict[str, Any]] = {
        "fruit.md": {"kind": "fact", "year": 2020, "public": True},
        "pie.md": {"kind": "recipe", "year": 2022.5, "public": False},
        "soup.md": {"kind": "recipe", "year": 2024},
    }
    store = make_store(api)
    entries = [{"file_id": ids[name], "attributes": attributes[name]} for name in DOCS]
    api.post(f"{store}/file_batches", {"files": entries})
    return store, ids


def names(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [one["filename"] for one in reply.json["data"]]


def test_a_page_of_results() -> None:
    api = InProcess()
    store, ids = library(api)
    reply = api.post(f"{store}/search", {"query": "six apples"})
    assert is_pretty(reply)
    assert list(reply.json) == ["object", "search_query", "data", "has_more", "next_page"]
    assert (reply.json["object"], reply.json["search_query"]) == ("vector_store.search_results.page", ["six apples"])
    assert names(reply) == ["pie.md", "fruit.md"]
    best = reply.json["data"][0]
    assert list(best) == ["file_id", "filename", "score", "attributes", "content"]
    assert best == {
        "file_id": ids["pie.md"],
        "filename": "pie.md",
        "score": 1.0,
        "attributes": {"kind": "recipe", "year": 2022.5, "public": False},
        "content": [{"type": "text", "text": DOCS["pie.md"]}],
    }
    assert (reply.json["has_more"], reply.json["next_page"]) == (False, None)
    assert api.post(f"{store}/search", {"query": "six apples"}).body == reply.body


@pytest.mark.parametrize(
    ("more", "found", "has_more"),
    [
        ({}, ["pie.md", "fruit.md"], False),
        ({"max_num_results": 2}, ["pie.md", "fruit.md"], False),
        ({"max_num_results": 1}, ["pie.md"], True),
        ({"ranking_options": {"score_threshold": 0}}, ["pie.md", "fruit.md"], False),
        ({"ranking_options": {"ranker": "auto", "score_threshold": 0.9}}, ["pie.md"], False),
        ({"ranking_options": {"score_threshold": 1}}, ["pie.md"], False),
        ({"ranking_options": None, "filters": None, "rewrite_query": None}, ["pie.md", "fruit.md"], False),
        ({"rewrite_query": True}, ["pie.md", "fruit.md"], False),
        ({"query": ["six", "apples"]}, ["pie.md", "fruit.md"], False),
        ({"query": ["leeks", "flour"]}, ["soup.md", "pie.md"], False),
        ({"query": "unicorns"}, [], False),
        ({"query": "take", "filters": {"type": "lt", "key": "year", "value": 2023}}, ["pie.md"], False),
    ],
    ids=str,
)
def test_searches(more: dict[str, Any], found: list[str], has_more: bool) -> None:
    api = InProcess()
    store, _ = library(api)
    reply = api.post(f"{store}/search", {"query": "six apples", **more})
    assert sorted(names(reply)) == sorted(found) if "leeks" in str(more) else names(reply) == found
    assert reply.json["has_more"] is has_more


def test_equal_results_are_in_the_order_of_the_store() -> None:
    api = InProcess()
    store, _ = store_of(api, *["the same text"] * 5)
    assert names(api.post(f"{store}/search", {"query": "same"})) == [f"{n}.txt" for n in range(5)]


def test_ten_results_unless_more_are_asked_for() -> None:
    api = InProcess()
    store, _ = store_of(api, *[f"same {n}" for n in range(12)])
    page = api.post(f"{store}/search", {"query": "same"}).json
    assert (len(page["data"]), page["has_more"]) == (10, True)
    page = api.post(f"{store}/search", {"query": "same", "max_num_results": 50}).json
    assert (len(page["data"]), page["has_more"]) == (12, False)


def test_a_long_file_is_found_piece_by_piece() -> None:
    api = InProcess()
    text = " ".join(["filler"] * 600 + ["needle"] + ["filler"] * 600)
    file = make_file(api, "long.txt", text.encode())
    static = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0}}
    store = make_store(api, file_ids=[file], chunking_strategy=static)
    (found,) = api.post(f"{store}/search", {"query": "needle"}).json["data"]
    assert "needle" in found["content"][0]["text"]
    assert len(found["content"][0]["text"]) <= 400
    assert len(api.post(f"{store}/search", {"query": "filler", "max_num_results": 50}).json["data"]) > 15


def _by(key: str) -> Callable[[str, Any], dict[str, Any]]:
    return lambda comparison, value: {"type": comparison, "key": key, "value": value}


KIND, YEAR, PUBLIC = _by("kind"), _by("year"), _by("public")
FRUIT, PIE, SOUP = DOCS
FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    (KIND("eq", "recipe"), [PIE, SOUP]),
    (KIND("ne", "recipe"), [FRUIT]),
    (KIND("eq", "Recipe"), []),
    (KIND("gt", "fact"), [PIE, SOUP]),
    (KIND("in", ["fact", "other"]), [FRUIT]),
    (KIND("nin", ["fact", "other"]), [PIE, SOUP]),
    (KIND("in", []), []),
    (KIND("nin", []), [FRUIT, PIE, SOUP]),
    (YEAR("eq", 2020), [FRUIT]),
    (YEAR("eq", 2020.0), [FRUIT]),
    (YEAR("gt", 2020), [PIE, SOUP]),
    (YEAR("gte", 2020), [FRUIT, PIE, SOUP]),
    (YEAR("lt", 2022.5), [FRUIT]),
    (YEAR("lte", 2022.5), [FRUIT, PIE]),
    (YEAR("in", [2020, 2024.0]), [FRUIT, SOUP]),
    (PUBLIC("eq", True), [FRUIT]),
    (PUBLIC("eq", False), [PIE]),
    (PUBLIC("ne", True), [PIE, SOUP]),
    (PUBLIC("eq", 1), []),
    (PUBLIC("ne", 1), [FRUIT, PIE, SOUP]),
    (PUBLIC("in", [1, 0]), []),
    (YEAR("eq", "2020"), []),
    (YEAR("gt", "2020"), []),
    (YEAR("ne", "2020"), [FRUIT, PIE, SOUP]),
    (YEAR("in", ["2020"]), []),
    (YEAR("nin", ["2020"]), [FRUIT, PIE, SOUP]),
    ({"type": "eq", "key": "absent", "value": 1}, []),
    ({"type": "ne", "key": "absent", "value": 1}, [FRUIT, PIE, SOUP]),
    ({"type": "gt", "key": "absent", "value": 1}, []),
    ({"type": "nin", "key": "absent", "value": [1]}, [FRUIT, PIE, SOUP]),
    ({"type": "and", "filters": [KIND("eq", "recipe"), YEAR("lt", 2024)]}, [PIE]),
    ({"type": "or", "filters": [KIND("eq", "fact"), YEAR("gte", 2024)]}, [FRUIT, SOUP]),
    ({"type": "and", "filters": []}, [FRUIT, PIE, SOUP]),
    ({"type": "or", "filters": []}, []),
    (
        {
            "type": "or",
            "filters": [{"type": "and", "filters": [KIND("eq", "recipe"), PUBLIC("eq", False)]}, YEAR("eq", 2020)],
        },
        [FRUIT, PIE],
    ),
]


@pytest.fixture(scope="module")
def shelves() -> tuple[InProcess, str]:
    api = InProcess()
    return api, library(api)[0]


@pytest.mark.parametrize(("filters", "found"), FILTERS, ids=[str(one)[:70] for one, _ in FILTERS])
def test_filters(shelves: tuple[InProcess, str], filters: dict[str, Any], found: list[str]) -> None:
    api, store = shelves
    reply = api.post(f"{store}/search", {"query": "apples fruits soup take", "filters": filters})
    assert sorted(names(reply)) == found


# ---- Lists ----


def test_stores_are_listed_like_everything() -> None:
    api = InProcess()
    ids = [make_store(api).rpartition("/")[2] for _ in range(25)]
    page = api.get("/v1/vector_stores").json
    assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
    assert [one["id"] for one in page["data"]] == ids[:4:-1]
    assert page["has_more"] is True
    assert [one["id"] for one in api.get(f"/v1/vector_stores?order=asc&after={ids[22]}").json["data"]] == ids[23:]
    assert [one["id"] for one in api.get(f"/v1/vector_stores?before={ids[22]}").json["data"]] == ids[:22:-1]


def test_a_cursor_that_never_was_is_no_fault_of_ours() -> None:
    api = InProcess()
    assert api.get(f"{make_store(api)}/files?after=file-none").status in (400, 404)


class _Walk:
    """A list of files that is walked page by page while files come and go."""

    def __init__(self, kind: str) -> None:
        self.api = InProcess()
        self.kind = kind
        self.store = make_store(self.api) if kind != "files" else ""
        self.path = "/v1/files" if kind == "files" else f"{self.store}/files"
        self.made: list[str] = []
        self.gone: set[str] = set()

    def create(self) -> None:
        self.made.append(make_file(self.api, f"{len(self.made)}.txt", b"x"))
        if self.store:
            self.api.post(self.path, {"file_id": self.made[-1]})

    def delete(self, number: int) -> None:
        alive = [id for id in self.made if id not in self.gone]
        if alive:
            id = alive[number % len(alive)]
            path = self.path if self.kind == "store, taken out" else "/v1/files"
            assert self.api.delete(f"{path}/{id}").status == 200
            self.gone.add(id)

    def page(self, query: str) -> dict[str, Any]:
        page: dict[str, Any] = self.api.get(f"{self.path}?{query}").json
        return page


changes = st.lists(st.just(None) | st.integers(0, 30), max_size=4)


@pytest.mark.parametrize(
    ("kind", "cursor"),
    [
        ("files", "after"),
        ("store", "after"),
        ("store", "before"),
        ("store, taken out", "after"),
        ("store, taken out", "before"),
    ],
)
@given(
    count=st.integers(0, 12),
    limit=st.integers(1, 5),
    order=st.sampled_from(["asc", "desc"]),
    between=st.lists(changes, max_size=12),
)
@settings(deadline=None, max_examples=25)
def test_any_walk_visits_each_surviving_file_once_and_in_order(
    kind: str, cursor: str, count: int, limit: int, order: str, between: list[list[int | None]]
) -> None:
    walk = _Walk(kind)
    for _ in range(count):
        walk.create()
    first = list(walk.made)
    seen: list[str] = []
    # ``before`` walks from the end of the order to its beginning; it starts at a file behind all others.
    if cursor == "before":
        walk.create()
        end = walk.made[-1] if order == "asc" else walk.made[0]
        first = [id for id in walk.made if id != end]
        place = end
    else:
        place = ""
    pauses = iter(between)
    while True:
        page = walk.page(f"order={order}&limit={limit}&{cursor}={place}")
        rows = [one["id"] for one in page["data"]]
        assert len(rows) <= limit
        seen += rows if cursor == "after" else rows[::-1]
        if not page["has_more"]:
            break
        place = page["last_id"] if cursor == "after" else page["first_id"]
        for change in next(pauses, []):
            walk.create() if change is None else walk.delete(change)
    assert len(seen) == len(set(seen))
    survivors = [id for id in first if id not in walk.gone]
    assert set(survivors) <= set(seen)
    forwards = (order == "asc") is (cursor == "after")
    expected = [id for id in walk.made if id in seen]
    assert seen == (expected if forwards else expected[::-1])
