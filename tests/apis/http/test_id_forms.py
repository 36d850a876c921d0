"""The ids of paths: one that cannot be of its kind is named before anything else that is wrong with a request."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator.base.operations import OPERATIONS, Operation
from tests.apis.endpoints import valid
from tests.apis.endpoints.words import wrong_id
from tests.support import InProcess

#: What an id of a path begins with, by its parameter.
PREFIXES = {
    "assistant_id": "asst",
    "thread_id": "thread",
    "message_id": "msg",
    "run_id": "run",
    "step_id": "step",
    "vector_store_id": "vs",
    "batch_id": "vsfb_",
    "upload_id": "upload",
}


def _parameters(operation: Operation) -> list[str]:
    return re.findall(r"{(\w+)}", operation.path)


#: Each id in the path of each operation, but for those of files and models, which the service looks up as they are.
IDS = [
    pytest.param(operation, param, id=f"{operation.name}-{param}")
    for operation in OPERATIONS
    if operation.api in ("assistants", "files") and not operation.path.startswith("/files/")
    for param in _parameters(operation)
    if param in PREFIXES
]


@pytest.mark.parametrize("body", ["fits", "does not fit"])
@pytest.mark.parametrize(("operation", "param"), IDS)
def test_an_id_that_cannot_be_one_is_named_first(operation: Operation, param: str, body: str) -> None:
    """Whatever the body, and although the other ids of the path name nothing."""
    path = "/v1" + operation.path
    for other in _parameters(operation):
        id = "nothing" if other == param else f"{PREFIXES.get(other, 'file')}-absent"
        path = path.replace(f"{{{other}}}", id)
    sent: Any = valid.BODIES.get(operation.name, {}) if body == "fits" else {"unknown": []}

    reply = InProcess().request(operation.method, path, sent if operation.method == "POST" else None)

    assert reply.error == wrong_id(param, "nothing", PREFIXES[param])


def test_a_path_of_several_ids_moves_nothing_if_one_of_them_cannot_be_one() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "It is dry."}]}]})
    assistant = api.post("/v1/assistants", {"model": "gpt-4o"}).json["id"]
    run = api.post("/v1/threads/runs", {"assistant_id": assistant, "thread": {"messages": [
        {"role": "user", "content": "Is it dry?"}]}}).json  # fmt: skip
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"

    assert api.get(f"{path}/steps/nothing").error == wrong_id("step_id", "nothing", "step")

    assert api.stored_run(run["id"])["status"] == "queued"
