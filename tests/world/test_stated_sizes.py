"""Scenarios state the size of what they have no contents of: files, and what vector stores show."""

from __future__ import annotations

from emulator.scenarios.given import filler
from tests.support import InProcess


def test_a_given_file_of_a_stated_size() -> None:
    api = InProcess({"version": 1, "given": {"files": [
        {"id": "file-a", "filename": "a.pdf", "purpose": "batch", "bytes": 3_000},
        {"id": "file-b", "filename": "b.txt", "bytes": 0}]}})  # fmt: skip

    assert [api.get(f"/v1/files/{id}").json["bytes"] for id in ("file-a", "file-b")] == [3_000, 0]
    assert len(api.get("/v1/files/file-a/content").body) == 3_000
    assert filler(5) == b"(cont"


def test_a_file_of_a_stated_size_that_code_makes() -> None:
    made = {"filename": "big.csv", "bytes": 70}
    api = InProcess({"version": 1, "turns": [{"steps": [{"code": {"input": "x", "files": [made]}}, {"say": "Done"}]}]})
    thread = api.thread("Go")
    api.run(thread, api.assistant(tools=[{"type": "code_interpreter"}]), stream=True)

    (one,) = api.get("/v1/files?purpose=assistants_output").json["data"]
    assert one["bytes"] == 70


def test_a_given_store_shows_what_is_stated() -> None:
    counts = {"completed": 3, "failed": 1, "total": 4}
    api = InProcess({"version": 1, "given": {
        "files": [{"id": "file-a", "filename": "a.txt", "content": "words"}],
        "vector_stores": [{"id": "vs_1", "file_ids": ["file-a"], "usage_bytes": 900,
                           "file_counts": counts}]}})  # fmt: skip

    for _ in range(2):
        store = api.get("/v1/vector_stores/vs_1").json
    assert store["file_counts"] == {"in_progress": 0, "completed": 3, "failed": 1, "cancelled": 0, "total": 4}
    assert (store["usage_bytes"], store["status"]) == (900, "completed")
