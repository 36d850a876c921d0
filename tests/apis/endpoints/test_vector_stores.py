"""Vector stores, their files and batches: objects, and how they change."""

from __future__ import annotations

from tests.apis.endpoints.given import is_pretty
from tests.apis.endpoints.stores import (
    AUTO,
    BATCH_KEYS,
    COUNTS,
    FILE_KEYS,
    STORE_KEYS,
    advance,
    make_store,
    store_of,
)
from tests.apis.endpoints.test_files import DAY, START, make_file
from tests.apis.endpoints.words import (
    absent,
)
from tests.support import InProcess


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


def test_a_finished_batch_stays_so_when_its_file_is_indexed_anew() -> None:
    api = InProcess()
    store, (file,) = store_of(api, "Soup")
    batch = f"{store}/file_batches/{api.post(f'{store}/file_batches', {'file_ids': [file]}).json['id']}"
    finished = api.get(batch).json
    assert finished["status"] == "completed"

    api.post(f"{store}/files", {"file_id": file})

    assert api.post(f"{batch}/cancel").json == finished
    assert api.get(batch).json == finished
    assert api.get(f"{store}/files/{file}").json["status"] == "completed"  # by this poll


def test_a_cancelled_batch_stays_so_when_its_file_is_taken_out() -> None:
    api = InProcess()
    store, file = make_store(api), make_file(api, "a.txt")
    batch = f"{store}/file_batches/{api.post(f'{store}/file_batches', {'file_ids': [file]}).json['id']}"
    assert api.post(f"{batch}/cancel").json["status"] == "cancelled"

    api.delete(f"{store}/files/{file}")

    after = api.get(batch).json
    assert (after["status"], after["file_counts"]["total"]) == ("cancelled", 0)


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
