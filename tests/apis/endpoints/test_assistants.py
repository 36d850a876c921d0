"""Assistants: what comes back, in which order, and what modify and delete do (docs/wire.md §2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.apis.endpoints.given import given, is_pretty
from tests.support import InProcess

PATH = "/v1/assistants"
START = 1767225600
FILES = {"code_interpreter": {"file_ids": ["file-1"]}}
RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
SMALLEST = """{
  "id": "$ID",
  "object": "assistant",
  "created_at": 1767225600,
  "name": null,
  "description": null,
  "model": "gpt-4o",
  "instructions": null,
  "tools": [],
  "top_p": 1.0,
  "temperature": 1.0,
  "reasoning_effort": null,
  "tool_resources": {},
  "metadata": {},
  "response_format": "auto"
}"""


def made(api: InProcess, **body: Any) -> Any:
    reply = api.post(PATH, {"model": "gpt-4o", **body})
    assert (reply.status, is_pretty(reply)) == (200, True)
    return reply.json


def test_the_smallest_assistant_to_the_byte() -> None:
    reply = InProcess().post(PATH, {"model": "gpt-4o"})
    assert reply.body == SMALLEST.replace("$ID", reply.json["id"]).encode()


@pytest.mark.parametrize(
    ("field", "sent", "echoed"),
    [
        ("name", "Ünal 世界 🌍", "Ünal 世界 🌍"),
        ("description", None, None),
        ("instructions", 'say "hi"\n\\', 'say "hi"\n\\'),
        ("metadata", {"b": "2", "a": "1"}, {"b": "2", "a": "1"}),
        ("metadata", None, {}),
        ("temperature", 1, 1.0),
        ("temperature", 0, 0.0),
        ("temperature", None, 1.0),
        ("top_p", 0.25, 0.25),
        ("reasoning_effort", None, None),
        ("response_format", None, "auto"),
        ("response_format", {"type": "json_object"}, {"type": "json_object"}),
        ("tool_resources", None, {}),
        ("tool_resources", {"code_interpreter": None}, {}),
        ("model", "ft:gpt-4o:me::1", "ft:gpt-4o:me::1"),
    ],
)
def test_an_assistant_echoes_its_request(field: str, sent: Any, echoed: Any) -> None:
    shown = made(InProcess(), **{field: sent})[field]
    assert (type(shown), shown) == (type(echoed), echoed)
    assert not isinstance(shown, dict) or list(shown) == list(echoed)


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        pytest.param(
            {"type": "function", "function": {"strict": None, "parameters": {"z": 1, "type": "object"}, "name": "f"}},
            {"type": "function", "function": {"name": "f", "parameters": {"z": 1, "type": "object"}, "strict": False}},
            id="function: keys in order, strict false",
        ),
        pytest.param(
            {"type": "function", "function": {"description": "d", "name": "f", "strict": True}},
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "description": "d",
                    "parameters": {"type": "object", "properties": {}},
                    "strict": True,
                },
            },
            id="function without parameters: an empty object",
        ),
        pytest.param({"type": "code_interpreter"}, {"type": "code_interpreter"}, id="code_interpreter"),
        pytest.param(
            {"type": "file_search"},
            {"type": "file_search", "file_search": {"ranking_options": RANKING}},
            id="file_search: ranking options",
        ),
        pytest.param(
            {"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 1}, "max_num_results": 5}},
            {
                "type": "file_search",
                "file_search": {"max_num_results": 5, "ranking_options": {**RANKING, "score_threshold": 1.0}},
            },
            id="file_search: max_num_results first",
        ),
    ],
)
def test_how_a_tool_is_echoed(sent: Any, echoed: Any) -> None:
    (shown,) = made(InProcess(), tools=[sent])["tools"]
    assert json.dumps(shown) == json.dumps(echoed)


@pytest.mark.parametrize(
    ("tools", "resources", "echoed"),
    [
        ([], {}, {}),
        (["code_interpreter"], None, {"code_interpreter": {"file_ids": []}}),
        (["file_search"], None, {}),
        (["code_interpreter"], FILES, FILES),
    ],
)  # fmt: skip
def test_tool_resources_follow_the_code_interpreter(
    stocked: InProcess, tools: list[str], resources: Any, echoed: Any
) -> None:
    sent = [{"type": kind} for kind in tools]
    assert made(stocked, tools=sent, tool_resources=resources)["tool_resources"] == echoed


def test_create_and_get_answer_the_same_bytes() -> None:
    api = InProcess()
    created = api.post(PATH, {"model": "gpt-4o", "name": "Zoë", "tools": [{"type": "file_search"}]})
    assert api.get(f"{PATH}/{created.json['id']}").body == created.body


def test_modify_replaces_what_is_sent_and_nothing_else() -> None:
    api = InProcess()
    before = made(api, name="a", instructions="i", metadata={"k": "v", "l": "w"}, tools=[{"type": "code_interpreter"}])
    api.post("/_emulator/clock/advance", {"seconds": 60})
    path = f"{PATH}/{before['id']}"
    changed = api.post(path, {"name": "b", "metadata": {"k": "x"}, "temperature": 0})
    assert changed.json == {**before, "name": "b", "metadata": {"k": "x"}, "temperature": 0.0}
    assert list(changed.json) == list(before)
    assert changed.json["created_at"] == START
    assert api.get(path).body == changed.body


@pytest.mark.parametrize(
    ("field", "first", "sent", "then"),
    [
        ("name", "a", None, None),
        ("instructions", "i", None, None),
        ("metadata", {"k": "v"}, {}, {}),
        ("metadata", {"k": "v"}, None, {"k": "v"}),
        ("tools", [{"type": "code_interpreter"}], [], []),
        ("response_format", {"type": "text"}, "auto", "auto"),
    ],
)
def test_modify_of_one_field(field: str, first: Any, sent: Any, then: Any) -> None:
    api = InProcess()
    id = made(api, **{field: first})["id"]
    assert api.post(f"{PATH}/{id}", {field: sent}).json[field] == then


def test_modify_without_anything_changes_nothing() -> None:
    api = InProcess()
    before = api.post(PATH, {"model": "gpt-4o", "name": "a"})
    path = f"{PATH}/{before.json['id']}"
    assert api.post(path, {}).body == before.body
    assert api.post(path).body == before.body


def test_a_deleted_assistant_is_gone() -> None:
    api = given()
    gone = api.delete(f"{PATH}/asst_told")
    assert gone.body == b'{\n  "id": "asst_told",\n  "object": "assistant.deleted",\n  "deleted": true\n}'
    for again in (api.get, api.delete, api.post):
        assert again(f"{PATH}/asst_told").error[:2] == (404, "No assistant found with id 'asst_told'.")
    assert [one["id"] for one in api.get(PATH).json["data"]] == ["asst_bare"]


def test_a_run_outlives_its_assistant() -> None:
    api = given()
    thread = api.thread("call")
    run = api.run(thread, "asst_told").json["id"]
    api.delete(f"{PATH}/asst_told")
    assert api.poll(thread, run)[-1] == "requires_action"
    assert api.run(api.thread("say"), "asst_told").status == 404
