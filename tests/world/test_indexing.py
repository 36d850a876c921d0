"""Indexing under the rule of time: nothing moves but by a look, and a look moves what it looks at by one status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.apis.endpoints.stores import COUNTS, make_store
from tests.apis.endpoints.test_files import make_file
from tests.support import InProcess
from tests.world.test_extract import docx, pdf


def counts(**some: int) -> dict[str, int]:
    return {**dict.fromkeys(COUNTS, 0), **some, "total": sum(some.values())}


def indexing(*rules: dict[str, Any], **options: Any) -> InProcess:
    """A world where files turn out as the rules say."""
    return InProcess({"version": 1, "indexing": list(rules)}, **options)


#: What is asked of a store with the file ``a.txt`` among others, indexed in the batch ``{batch}``.
LOOKS = {
    "the file": ("/files/{file}", {"a.txt"}),
    "its content": ("/files/{file}/content", {"a.txt"}),
    "its batch": ("/file_batches/{batch}", {"a.txt", "b.txt"}),
    "the files of its batch": ("/file_batches/{batch}/files", {"a.txt", "b.txt"}),
    "the store": ("", {"a.txt", "b.txt", "c.txt"}),
    "a page of files": ("/files?limit=1&order=asc", {"c.txt"}),
    "all files": ("/files", {"a.txt", "b.txt", "c.txt"}),
    "files of a status": ("/files?filter=failed", {"a.txt", "b.txt", "c.txt"}),
    "files of a status in its batch": ("/file_batches/{batch}/files?filter=failed", {"a.txt", "b.txt"}),
}


def _looked_at(api: InProcess, store: str) -> set[str]:
    """The names of the files that are indexed by now, without a look."""
    found = api.world.store.vector_store(store.rpartition("/")[2], 0)
    return {one.file["filename"] for one in found.stored.values() if one.object["status"] == "completed"}


def _batch(api: InProcess) -> tuple[str, str, str]:
    """A store's URL with three files, two of them in a batch; the file ``a.txt`` and the batch."""
    a, b, c = (make_file(api, f"{name}.txt", b"words") for name in "abc")
    store = make_store(api, file_ids=[c])
    batch = api.post(f"{store}/file_batches", {"file_ids": [a, b]}).json["id"]
    return store, a, batch


@pytest.mark.parametrize(("path", "moved"), LOOKS.values(), ids=LOOKS)
def test_a_poll_moves_the_object_that_it_reads(path: str, moved: set[str]) -> None:
    api = InProcess()
    store, file, batch = _batch(api)
    assert _looked_at(api, store) == set()
    api.get(store + path.format(file=file, batch=batch))
    assert _looked_at(api, store) == moved


def test_a_list_of_stores_polls_those_on_the_page() -> None:
    api = InProcess()
    one, two = (make_store(api, file_ids=[make_file(api, f"{n}.txt")]) for n in range(2))
    assert api.get("/v1/vector_stores?limit=1").json["data"][0]["status"] == "completed"
    assert (_looked_at(api, one), _looked_at(api, two)) == (set(), {"1.txt"})


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, store, file: api.post(store, {"name": "x"}),
        lambda api, store, file: api.post(f"{store}/files/{file}", {"attributes": {"a": 1}}),
        lambda api, store, file: api.get(f"/v1/files/{file}"),
        lambda api, store, file: api.get("/v1/files"),
        lambda api, store, file: api.post("/_emulator/clock/advance", {"seconds": 3600}),
        lambda api, store, file: api.post("/v1/threads", {}),
    ],
    ids=["modify the store", "change attributes", "get the file itself", "list files", "advance", "something else"],
)
def test_nothing_else_moves_anything(ask: Callable[[InProcess, str, str], Any]) -> None:
    api = InProcess()
    store, file, _ = _batch(api)
    assert ask(api, store, file).status == 200
    assert _looked_at(api, store) == set()


def test_the_journal_tells_which_polls_moved_something() -> None:
    api = InProcess()
    store, file, _ = _batch(api)
    for _ in range(2):
        api.get(f"{store}/files/{file}")
    entries = [one for one in api.get("/_emulator/requests").json["requests"] if one["method"] == "GET"]
    assert [(one["moved"], one["repeats"]) for one in entries] == [(True, 1)]


def test_files_in_a_store_are_not_found_before_they_are_indexed() -> None:
    """A search looks, and so does a run that is created; attaching a file to a message does not."""
    api = indexing({"file": "b.txt", "outcome": "completed", "polls": 1})
    files = [make_file(api, f"{name}.txt", b"apples") for name in "ab"]
    store = make_store(api, file_ids=files)
    found = api.post(f"{store}/search", {"query": "apples"}).json["data"]
    assert [one["filename"] for one in found] == ["a.txt"]
    assert api.get(store).json["file_counts"] == counts(completed=2)
    assert len(api.post(f"{store}/search", {"query": "apples"}).json["data"]) == 2


# ---- What comes of a file ----

EMPTY = "The file could not be parsed because it is empty."
BROKEN = "The file could not be parsed."
OUTCOMES: dict[str, tuple[str, bytes, str, str | None]] = {
    "text": ("a.txt", b"words", "completed", None),
    "code": ("a.py", b"def words(): ...", "completed", None),
    "HTML": ("a.html", b"<p>words</p>", "completed", None),
    "JSON": ("a.json", b'{"words": 1}', "completed", None),
    "PDF": ("a.pdf", pdf("words"), "completed", None),
    "Word": ("a.docx", docx("words"), "completed", None),
    "nothing": ("a.txt", b"", "failed", EMPTY),
    "white space": ("a.md", b"\n \n", "failed", EMPTY),
    "NUL": ("a.txt", b"a\x00b", "failed", BROKEN),
    "no PDF": ("a.pdf", b"%PDF-1.4 garbage", "failed", BROKEN),
    "no Word": ("a.docx", b"PK\x03\x04 garbage", "failed", BROKEN),
}


@pytest.mark.parametrize(("filename", "content", "status", "message"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_outcome_of_indexing_a_file(filename: str, content: bytes, status: str, message: str | None) -> None:
    api = InProcess()
    file = make_file(api, filename, content)
    store = make_store(api, file_ids=[file])
    found = api.get(f"{store}/files/{file}").json
    assert found["status"] == status
    assert found["last_error"] == (None if message is None else {"code": "invalid_file", "message": message})
    whole = api.get(store).json
    assert (whole["status"], whole["file_counts"]) == ("completed", counts(**{status: 1}))
    assert (whole["usage_bytes"] > 0) is (status == "completed")
    assert len(api.post(f"{store}/search", {"query": "words"}).json["data"]) == (status == "completed")


ERROR = {"code": "server_error", "message": "Sorry, something went wrong."}


@pytest.mark.parametrize(
    ("rule", "statuses", "last_error"),
    [
        ({"outcome": "completed"}, ["completed", "completed"], None),
        ({"outcome": "completed", "polls": 2}, ["in_progress", "in_progress", "completed"], None),
        ({"outcome": "failed"}, ["failed"], {"code": "invalid_file", "message": BROKEN}),
        ({"outcome": "failed", "error": ERROR, "polls": 1}, ["in_progress", "failed", "failed"], ERROR),
        ({"outcome": "cancelled", "polls": 1}, ["in_progress", "cancelled"], None),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["name", "id"])
@pytest.mark.parametrize("look", ["file", "store", "batch", "list"])
def test_a_scenario_has_the_last_word(
    rule: dict[str, Any], statuses: list[str], last_error: dict[str, str] | None, by: str, look: str
) -> None:
    api = InProcess(
        {
            "version": 1,
            "given": {"files": [{"id": "file-1", "filename": "a.txt", "content": "words"}]},
            "indexing": [{"file": "a.txt" if by == "name" else "file-1", **rule}],
        }
    )
    store = make_store(api)
    batch = api.post(f"{store}/file_batches", {"file_ids": ["file-1"]}).json["id"]
    url = {"file": "/files/file-1", "store": "", "batch": f"/file_batches/{batch}", "list": "/files"}[look]
    seen = []
    for _ in statuses:
        got = api.get(store + url).json
        if look in ("store", "batch"):
            seen.append(next(status for status in COUNTS if got["file_counts"][status]))
            assert (got["status"] == "in_progress") is (seen[-1] == "in_progress")
        else:
            seen.append(got["data"][0]["status"] if look == "list" else got["status"])
    assert seen == statuses
    assert api.get(f"{store}/files/file-1").json["last_error"] == last_error


def test_a_batch_is_done_when_its_files_are() -> None:
    api = indexing(
        {"file": "slow.txt", "outcome": "completed", "polls": 2}, {"file": "bad.txt", "outcome": "failed", "polls": 1}
    )
    store = make_store(api)
    files = [make_file(api, f"{name}.txt") for name in ("quick", "slow", "bad")]
    batch = f"{store}/file_batches/" + api.post(f"{store}/file_batches", {"file_ids": files}).json["id"]
    seen = [api.get(batch).json for _ in range(3)]
    assert [one["status"] for one in seen] == ["in_progress", "in_progress", "completed"]
    assert [one["file_counts"] for one in seen] == [
        counts(in_progress=2, completed=1),
        counts(in_progress=1, completed=1, failed=1),
        counts(completed=2, failed=1),
    ]


def test_a_status_that_is_filtered_for_comes_in_the_end() -> None:
    """A client that polls a list of the completed files would wait for ever if that were no look."""
    api = indexing({"file": "slow.txt", "outcome": "completed", "polls": 1})
    store = make_store(api, file_ids=[make_file(api, "slow.txt"), make_file(api, "quick.txt")])
    pages = [api.get(f"{store}/files?filter=completed").json["data"] for _ in range(2)]
    assert [[one["status"] for one in page] for page in pages] == [["completed"], ["completed", "completed"]]
    assert api.get(f"{store}/files?filter=in_progress").json["data"] == []


def test_a_scripted_outcome_cannot_find_what_nobody_can_read() -> None:
    api = indexing({"file": "a.pdf", "outcome": "completed"})
    file = make_file(api, "a.pdf", b"garbage")
    store = make_store(api, file_ids=[file])
    assert api.get(f"{store}/files/{file}").json["status"] == "completed"
    assert api.get(f"{store}/files/{file}/content").json["data"] == []
    assert api.post(f"{store}/search", {"query": "garbage"}).json["data"] == []


def test_a_file_that_is_taken_out_no_longer_counts() -> None:
    api = indexing({"file": "slow.txt", "outcome": "completed", "polls": 9})
    slow, quick = make_file(api, "slow.txt"), make_file(api, "quick.txt")
    store = make_store(api, file_ids=[slow, quick])
    assert api.get(store).json["status"] == "in_progress"
    api.delete(f"{store}/files/{slow}")
    assert (api.get(store).json["status"], api.get(store).json["file_counts"]) == ("completed", counts(completed=1))


def test_given_stores_are_indexed_like_any_other() -> None:
    given = {
        "files": [
            {"id": "file-1", "filename": "a.txt", "content": "apples"},
            {"id": "file-2", "filename": "b.csv", "content": "apples"},
            {"id": "file-3", "filename": "c.pdf", "base64": "AAAA"},
        ],
        "vector_stores": [{"id": "my store", "name": "Docs", "file_ids": ["file-1", "file-2", "file-3"]}],
    }
    api = InProcess({"version": 1, "given": given})
    assert _looked_at(api, "/my store") == set()
    found = api.get("/v1/vector_stores/my%20store").json
    assert (found["name"], found["file_counts"]) == ("Docs", counts(completed=1, failed=2))
    failed = {one["id"]: one["last_error"] for one in api.get("/v1/vector_stores/my%20store/files").json["data"]}
    assert failed["file-1"] is None
    assert [failed[id]["code"] for id in ("file-2", "file-3")] == ["unsupported_file", "invalid_file"]


# ---- The wall clock, and worlds that begin anew ----


def test_by_the_wall_clock_indexing_is_due_at_once() -> None:
    api = indexing({"file": "a.txt", "outcome": "completed", "polls": 5}, clock="real")
    file = make_file(api, "a.txt", b"apples")
    made = api.post("/v1/vector_stores", {"file_ids": [file]}).json
    store = f"/v1/vector_stores/{made['id']}"
    assert made["status"] == "in_progress"
    assert api.post(store, {"name": "x"}).json["file_counts"] == counts(completed=1)
    assert api.get(f"{store}/files?filter=in_progress").json["data"] == []
    assert len(api.post(f"{store}/search", {"query": "apples"}).json["data"]) == 1


def test_a_baseline_s_files_are_indexed_in_the_new_world() -> None:
    """What comes of them does not hang on the world that they were made in."""
    api = InProcess()
    file = make_file(api, "a.txt", b"apples")
    store = make_store(api, file_ids=[file])
    assert api.post("/_emulator/baseline").status == 200
    api.delete(f"/v1/files/{file}")
    api.delete(store)
    for _ in range(2):
        api.post("/_emulator/reset", {})
        assert len(api.post(f"{store}/search", {"query": "apples"}).json["data"]) == 1
        assert api.get(store).json["file_counts"] == counts(completed=1)
        api.post(f"{store}/files/{file}", {"attributes": {"changed": True}})
    api.post("/_emulator/reset", {})
    assert api.get(f"{store}/files/{file}").json["attributes"] == {}
    assert api.get("/_emulator/check").json["ok"] is True
