"""Vector stores that are not there, and what does not come into them: refusals and limits."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base import limits
from tests.apis.endpoints.stores import (
    COUNTS,
    filled,
    make_store,
    not_searchable,
)
from tests.apis.endpoints.test_files import make_file
from tests.apis.endpoints.words import (
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
def test_a_store_that_does_not_exist_is_a_404(method: str, path: str, body: Any) -> None:
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
def test_a_batch_that_does_not_exist_is_a_404(method: str, path: str) -> None:
    api = InProcess()
    store = make_store(api)
    assert api.request(method, f"{store}/file_batches/vsfb_none{path}").error == absent("file batch", "vsfb_none")
    assert api.request(method, f"{store}/file_batches/x{path}").error == wrong_id("batch_id", "x", "vsfb_")


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
def test_a_wrong_vector_store_request_is_refused(path: str, body: dict[str, Any], refusal: Error) -> None:
    api = InProcess()
    file, store = make_file(api), make_store(api)
    sent = filled(body, file)
    assert api.post(f"{store}{path}" if path else "/v1/vector_stores", sent).error == refusal
    assert api.get(store).json["file_counts"]["total"] == 0


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
def test_a_full_store_refuses_more_files(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """10,000 files, made fewer here."""
    assert limits.MAX_STORE_FILES == 10_000
    monkeypatch.setattr("emulator.apis.files.resources.MAX_STORE_FILES", 3)
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
    """They come in at once, are indexed by one poll, and leave one by one."""
    from emulator.apis.files.objects import file
    from emulator.world.state.vector_stores import Outcome, VectorStore, new_store

    store = VectorStore(new_store("vs_1", 0, {}))
    for n in range(10_000):
        store.add(file(f"file-{n}", 0, f"{n}.txt", "assistants", 10), 0, {})
    store.poll(list(store.stored), lambda one: Outcome("completed", one["filename"]))
    assert store.object["file_counts"] == {**dict.fromkeys(COUNTS, 0), "completed": 10_000, "total": 10_000}
    assert len(store.search("9999")) == 1
    for n in range(9_000):
        store.remove(f"file-{n}")
    assert store.object["file_counts"]["total"] == 1_000
    assert store.object["usage_bytes"] == 8 * 1_000
