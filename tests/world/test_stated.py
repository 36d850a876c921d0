"""Scenarios state what given objects show: sizes, counts, attributes, and what runs, their steps and messages have."""

from __future__ import annotations

import pytest

from emulator import Emulator
from emulator.base.problems import ScenarioError
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


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"file-x": {"kind": "menu"}}, "attributes: 'file-x' is none of the store's file_ids"),
        ({"file-a": {"kind": [1]}}, "attributes"),
        ({"file-a": "menu"}, "attributes"),
    ],
)
def test_attributes_are_those_of_the_stores_files(attributes: object, words: str) -> None:
    store = {"id": "vs_1", "file_ids": ["file-a"], "attributes": attributes}
    given = {"files": [{"id": "file-a", "filename": "a.txt", "content": "words"}], "vector_stores": [store]}

    with pytest.raises(ScenarioError, match=words):
        Emulator({"version": 1, "given": given})


STEP_DETAILS = {"type": "message_creation", "message_creation": {"message_id": "msg_2"}}


def test_a_given_run_has_its_steps_and_its_messages() -> None:
    cited = {"type": "file_citation", "text": "[1]", "start_index": 3, "end_index": 6,
             "file_citation": {"file_id": "file-gone"}}  # fmt: skip
    used = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    error = {"code": "server_error", "message": "Sorry."}
    steps = [
        {"id": "step_1", "step_details": STEP_DETAILS, "usage": used},
        {"status": "failed", "last_error": error, "step_details": {"type": "tool_calls", "tool_calls": []}},
    ]
    thread = {"id": "thread_1", "runs": [{"id": "run_1", "assistant_id": "asst_1", "steps": steps}], "messages": [
        {"id": "msg_1", "role": "user", "content": "Hi"},
        {"id": "msg_2", "role": "assistant", "content": "Hi [1]", "run_id": "run_1", "assistant_id": "asst_1",
         "annotations": [cited]},
    ]}  # fmt: skip
    api = InProcess({"version": 1, "given": {"assistants": [{"id": "asst_1", "model": "gpt-4o"}], "threads": [thread]}})

    first, second = api.get("/v1/threads/thread_1/runs/run_1/steps?order=asc").json["data"]
    assert (first["id"], first["status"], first["step_details"]) == ("step_1", "completed", STEP_DETAILS)
    assert used.items() <= first["usage"].items()
    assert (second["status"], second["last_error"], second["completed_at"]) == ("failed", error, None)
    assert second["failed_at"] == second["created_at"]
    assert api.get(f"/v1/threads/thread_1/runs/run_1/steps/{second['id']}").json == second
    (message,) = api.get("/v1/threads/thread_1/messages?run_id=run_1").json["data"]
    assert (message["id"], message["assistant_id"]) == ("msg_2", "asst_1")
    assert message["content"][0]["text"] == {"value": "Hi [1]", "annotations": [cited]}


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"id": "step_1"}, "step_details"),
        ({"step_details": {"type": "thought"}}, "message_creation"),
        ({"step_details": STEP_DETAILS, "status": "in_progress"}, "status"),
    ],
)
def test_a_bad_run_step_is_refused(step: object, words: str) -> None:
    thread = {"runs": [{"assistant_id": "asst_1", "steps": [step]}]}
    given = {"assistants": [{"id": "asst_1", "model": "gpt-4o"}], "threads": [thread]}

    with pytest.raises(ScenarioError, match=words):
        InProcess({"version": 1, "given": given})
