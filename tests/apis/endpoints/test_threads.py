"""Threads (docs/wire.md §2): the three views of ``tool_resources``, first messages, modify, delete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.endpoints.given import begin, given, is_pretty
from tests.support import InProcess

PATH = "/v1/threads"
FILES = {"code_interpreter": {"file_ids": ["file-1"]}}
RESOURCES = {"file_search": {"vector_store_ids": ["vs_1"]}}
SMALLEST = """{
  "id": "$ID",
  "object": "thread",
  "created_at": 1767225600,
  "metadata": {},
  "tool_resources": {}
}"""


@pytest.mark.parametrize("content", [b"", b"{}"], ids=["no body at all", "an empty object"])
def test_the_smallest_thread_to_the_byte(content: bytes) -> None:
    reply = InProcess().post(PATH, content=content)
    assert reply.body == SMALLEST.replace("$ID", reply.json["id"]).encode()


def test_get_shows_a_code_interpreter_that_post_left_out() -> None:
    api = InProcess()
    posted = api.post(PATH, {}).json
    got = api.get(f"{PATH}/{posted['id']}")
    assert is_pretty(got)
    assert got.json == {**posted, "tool_resources": {"code_interpreter": {"file_ids": []}}}
    assert api.post(f"{PATH}/{posted['id']}", {}).json == posted


@pytest.mark.parametrize(
    ("body", "metadata", "resources"),
    [
        ({"metadata": {"ü": "世"}}, {"ü": "世"}, {}),
        ({"metadata": None, "tool_resources": None}, {}, {}),
        ({"tool_resources": RESOURCES}, {}, RESOURCES),
        ({"tool_resources": FILES}, {}, FILES),
    ],
)  # fmt: skip
def test_a_thread_echoes_its_request(stocked: InProcess, body: Any, metadata: Any, resources: Any) -> None:
    made = stocked.post(PATH, body).json
    assert (made["metadata"], made["tool_resources"]) == (metadata, resources)


def test_first_messages_are_messages_of_the_thread() -> None:
    api = InProcess()
    sent = [
        {"role": "user", "content": "one", "metadata": {"n": "1"}},
        {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
    ]
    made = api.post(PATH, {"messages": sent}).json
    assert "messages" not in made
    two, one = api.get(f"{PATH}/{made['id']}/messages").json["data"]
    assert (one["role"], one["content"][0]["text"]["value"], one["metadata"]) == ("user", "one", {"n": "1"})
    assert (two["role"], two["content"][0]["text"]["value"], two["assistant_id"]) == ("assistant", "two", None)
    assert one["created_at"] == two["created_at"] == made["created_at"]


def test_modify_replaces_what_is_sent_and_nothing_else(stocked: InProcess) -> None:
    api = stocked
    before = api.post(PATH, {"metadata": {"k": "v"}, "tool_resources": RESOURCES}).json
    path = f"{PATH}/{before['id']}"
    api.post("/_emulator/clock/advance", {"seconds": 60})
    assert api.post(path, {"metadata": {"l": "w"}}).json == {**before, "metadata": {"l": "w"}}
    assert api.post(path, {"metadata": None}).json["metadata"] == {"l": "w"}
    assert api.post(path, {"metadata": {}}).json["metadata"] == {}
    assert api.post(path, {"tool_resources": {}}).json == {**before, "metadata": {}, "tool_resources": {}}


def test_a_thread_takes_no_messages_by_modify() -> None:
    api = given()
    assert api.post(f"{PATH}/thread_old", {"messages": []}).error[1] == "Unknown parameter: 'messages'."


@pytest.mark.parametrize("message", ["say", "hold", "call"])
def test_delete_takes_everything_along(message: str) -> None:
    api = given()
    thread, run = begin(api, message)
    gone = api.delete(f"{PATH}/{thread}")
    assert gone.body == f'{{\n  "id": "{thread}",\n  "object": "thread.deleted",\n  "deleted": true\n}}'.encode()
    for below in ("", "/messages", "/runs", f"/runs/{run}", f"/runs/{run}/steps"):
        assert api.get(f"{PATH}/{thread}{below}").error[:2] == (404, f"No thread found with id '{thread}'.")
    assert api.delete(f"{PATH}/{thread}").status == 404
    assert api.get("/_emulator/state").json["active_runs"] == []


def test_there_is_no_list_of_threads() -> None:
    assert InProcess().get(PATH).status == 405
