"""Models that a scenario gives as unknown are refused wherever a request names one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import InProcess, Reply

GIVEN: dict[str, Any] = {
    "unknown_models": ["gpt-4", "gpt-x"],
    "assistants": [{"id": "asst_old", "model": "gpt-4", "instructions": "x"}, {"id": "asst_new", "model": "gpt-4o"}],
    "threads": [{"id": "thread_1", "messages": [{"role": "user", "content": "Hi"}]}],
}
SCENARIO: dict[str, Any] = {"version": 1, "name": "models", "given": GIVEN}
RUNS = "/v1/threads/thread_1/runs"


def refused(reply: Reply, model: str) -> bool:
    error = {"message": f"The requested model '{model}' does not exist.", "type": "invalid_request_error",
             "param": "model", "code": "model_not_found"}  # fmt: skip
    return (reply.status, reply.json) == (400, {"error": error})


@pytest.mark.parametrize(
    ("path", "body", "model"),
    [
        ("/v1/assistants", {"model": "gpt-x"}, "gpt-x"),
        ("/v1/assistants/asst_new", {"model": "gpt-x"}, "gpt-x"),
        (RUNS, {"assistant_id": "asst_new", "model": "gpt-x"}, "gpt-x"),
        (RUNS, {"assistant_id": "asst_old"}, "gpt-4"),
        ("/v1/threads/runs", {"assistant_id": "asst_old"}, "gpt-4"),
        ("/v1/threads/runs", {"assistant_id": "asst_new", "model": "gpt-x", "stream": True}, "gpt-x"),
    ],
)
def test_an_unknown_model_is_refused(path: str, body: dict[str, Any], model: str) -> None:
    api = InProcess(SCENARIO)
    assert refused(api.post(path, body), model)
    assert api.world.check() == [], "the client's own mistake is no problem"


def test_all_others_are_accepted() -> None:
    api = InProcess(SCENARIO)
    assert api.post("/v1/assistants", {"model": "gpt-y"}).status == 200
    assert api.post(RUNS, {"assistant_id": "asst_old", "model": "gpt-4o"}).status == 200


def test_an_unknown_model_is_not_listed() -> None:
    api = InProcess(SCENARIO)
    assert [model["id"] for model in api.get("/v1/models").json["data"] if model["id"] in GIVEN["unknown_models"]] == []
    assert api.get("/v1/models/gpt-4").json["error"]["code"] == "model_not_found"


def test_unknown_models_outlive_a_reset_to_a_baseline() -> None:
    api = InProcess()
    api.post("/_emulator/scenarios", SCENARIO)
    api.post("/_emulator/baseline")
    api.post("/_emulator/reset")
    assert refused(api.post("/v1/assistants", {"model": "gpt-x"}), "gpt-x")


def test_a_reset_forgets_models_that_came_after_the_start() -> None:
    api = InProcess()
    api.post("/_emulator/scenarios", SCENARIO)
    api.post("/_emulator/reset")
    assert api.post("/v1/assistants", {"model": "gpt-x"}).status == 200


def test_a_scenario_that_is_refused_makes_no_model_unknown() -> None:
    api = InProcess()
    assert api.post("/v1/assistants", {"model": "gpt-x"}).status == 200
    bad = {"vector_stores": [{"file_ids": ["file-none"]}], "unknown_models": ["gpt-x"]}
    assert api.post("/_emulator/scenarios", {"version": 1, "given": bad}).status == 400
    assert api.post("/v1/assistants", {"model": "gpt-x"}).status == 200
