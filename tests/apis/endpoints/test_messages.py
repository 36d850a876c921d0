"""Messages (docs/wire.md §2): ten keys in JSON, echo rules, the odd shape of modify, the filter by run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.endpoints.given import begin, given, is_pretty
from tests.support import InProcess

PATH = "/v1/threads/thread_old/messages"
KEYS = [
    "id", "object", "created_at", "assistant_id", "thread_id", "run_id", "role", "content", "attachments", "metadata",
]  # fmt: skip
STATE = ["status", "incomplete_details", "incomplete_at", "completed_at"]
SMALLEST = """{
  "id": "$ID",
  "object": "thread.message",
  "created_at": 1767225600,
  "assistant_id": null,
  "thread_id": "thread_old",
  "run_id": null,
  "role": "user",
  "content": [
    {
      "type": "text",
      "text": {
        "value": "Grüße 世界 🌍 \u2028",
        "annotations": []
      }
    }
  ],
  "attachments": [],
  "metadata": {}
}"""


def test_a_users_message_to_the_byte() -> None:
    reply = given().post(PATH, {"role": "user", "content": "Grüße 世界 🌍 \u2028"})
    assert reply.body == SMALLEST.replace("$ID", reply.json["id"]).encode()


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ({"type": "text", "text": "x"}, {"type": "text", "text": {"value": "x", "annotations": []}}),
        ({"type": "image_url", "image_url": {"url": "https://u"}},
         {"type": "image_url", "image_url": {"url": "https://u", "detail": "auto"}}),
        ({"image_url": {"detail": "low", "url": "https://u"}, "type": "image_url"},
         {"type": "image_url", "image_url": {"url": "https://u", "detail": "low"}}),
        ({"type": "image_file", "image_file": {"file_id": "file-1"}},
         {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}}),
        ({"type": "image_file", "image_file": {"file_id": "file-1", "detail": "high"}},
         {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "high"}}),
    ],
)  # fmt: skip
def test_how_a_part_of_the_content_is_echoed(stocked: InProcess, sent: Any, echoed: Any) -> None:
    reply = stocked.post(PATH, {"role": "user", "content": [sent]})
    assert (reply.json["content"], list(reply.json["content"][0])) == ([echoed], list(echoed))
    assert is_pretty(reply)


@pytest.mark.parametrize(
    ("field", "sent", "echoed"),
    [
        ("role", "assistant", "assistant"),
        ("metadata", {"k": "v"}, {"k": "v"}),
        ("metadata", None, {}),
        ("attachments", None, []),
        ("attachments", [], []),
        ("attachments", [{"file_id": "file-1", "tools": [{"type": "file_search"}]}] * 2,
         [{"file_id": "file-1", "tools": [{"type": "file_search"}]}] * 2),
    ],
)  # fmt: skip
def test_a_message_echoes_its_request(stocked: InProcess, field: str, sent: Any, echoed: Any) -> None:
    made = stocked.post(PATH, {"role": "user", "content": "x", field: sent}).json
    assert (made[field], made["assistant_id"], made["run_id"]) == (echoed, None, None)


@pytest.mark.parametrize("message", ["say", "hold"])
def test_every_json_answer_has_ten_keys(message: str) -> None:
    api = given()
    thread, _ = begin(api, message)
    listed = api.get(f"/v1/threads/{thread}/messages")
    assert is_pretty(listed)
    for one in listed.json["data"]:
        got = api.get(f"/v1/threads/{thread}/messages/{one['id']}")
        assert list(got.json) == list(one) == KEYS
        assert is_pretty(got)


def test_a_runs_message_names_run_and_assistant() -> None:
    api = given()
    thread, run = begin(api, "say")
    written, asked = api.get(f"/v1/threads/{thread}/messages").json["data"]
    assert (written["run_id"], written["assistant_id"], written["role"]) == (run, "asst_told", "assistant")
    assert (asked["run_id"], asked["assistant_id"], asked["role"]) == (None, None, "user")
    assert written["content"] == [{"type": "text", "text": {"value": "Grüße, 世界 🌍", "annotations": []}}]


def test_the_spec_shape_has_the_keys_the_schema_requires() -> None:
    api = given(shapes="spec")
    shown = api.get(f"{PATH}/msg_hi").json
    assert list(shown) == [*KEYS[:6], *STATE, *KEYS[6:]]
    assert [shown[key] for key in STATE] == ["completed", None, None, 1767225600]
    modified = api.post(f"{PATH}/msg_hi", {"metadata": {"k": "v"}}).json
    assert list(modified) == list(shown)
    assert api.get(PATH).json["data"] == [modified]


def test_modify_answers_with_file_ids_in_place_of_attachments(stocked: InProcess) -> None:
    api = stocked
    attachment = {"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}
    before = api.post(PATH, {"role": "user", "content": "x", "attachments": [attachment]}).json
    modified = api.post(f"{PATH}/{before['id']}", {"metadata": {"k": "v"}})
    assert is_pretty(modified)
    assert list(modified.json) == ["file_ids" if key == "attachments" else key for key in KEYS]
    assert (modified.json["file_ids"], modified.json["metadata"]) == ([], {"k": "v"})
    assert api.get(f"{PATH}/{before['id']}").json == {**before, "metadata": {"k": "v"}}


@pytest.mark.parametrize(("sent", "then"), [({}, {}), (None, {"a": "1"}), ({"b": "2"}, {"b": "2"})])
def test_modify_replaces_the_metadata(sent: Any, then: Any) -> None:
    api = given()
    api.post(f"{PATH}/msg_hi", {"metadata": {"a": "1"}})
    assert api.post(f"{PATH}/msg_hi", {"metadata": sent}).json["metadata"] == then


def test_a_deleted_message_is_gone() -> None:
    api = given()
    gone = api.delete(f"{PATH}/msg_hi")
    assert gone.body == b'{\n  "id": "msg_hi",\n  "object": "thread.message.deleted",\n  "deleted": true\n}'
    for again in (api.get, api.delete, api.post):
        assert again(f"{PATH}/msg_hi").error[:2] == (404, "No message found with id 'msg_hi'.")
    assert api.get(PATH).json["data"] == []


def test_a_run_goes_on_when_the_message_it_writes_is_deleted() -> None:
    turn = {"steps": [{"say": "Half."}, {"hold": "middle"}, {"say": "Whole."}]}
    api = InProcess({"version": 1, "name": "hold", "turns": [turn]})
    thread = api.thread("hi")
    run = api.run(thread, api.assistant()).json["id"]
    path = f"/v1/threads/{thread}"
    api.poll(thread, run, times=3)
    half = api.get(f"{path}/messages").json["data"][0]
    assert half["run_id"] == run
    assert api.delete(f"{path}/messages/{half['id']}").status == 200
    api.post("/_emulator/holds/middle/release")
    assert api.get(f"{path}/runs/{run}").json["status"] == "completed"
    texts = [one["content"][0]["text"]["value"] for one in api.get(f"{path}/messages").json["data"]]
    assert texts == ["Whole.", "hi"]


def test_a_list_by_run() -> None:
    api = given()
    thread, first = begin(api, "say")
    api.post(f"/v1/threads/{thread}/messages", {"role": "user", "content": f'"run_id": "{first}",'})
    second = api.run(thread, "asst_told").json["id"]
    api.poll(thread, second)
    path = f"/v1/threads/{thread}/messages"
    assert len(api.get(path).json["data"]) == 4
    for run in (first, second):
        (only,) = api.get(f"{path}?run_id={run}").json["data"]
        assert only["run_id"] == run
    nothing = api.get(f"{path}?run_id=run_none").json
    assert (nothing["data"], nothing["first_id"], nothing["last_id"]) == ([], None, None)
