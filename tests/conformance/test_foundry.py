"""Azure AI Foundry (docs/wire.md §6): what it takes beyond OpenAI's, what it echoes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.json_types import Object
from emulator.base.request_schemas import schema
from tests.conformance.test_azure import Azure
from tests.support import InProcess, Reply

SOURCE = {"uri": "azureml://datastores/blobs/paths/menu.md", "type": "uri_asset"}
SERVER = {"server_label": "github", "headers": {}}
#: A tool of each kind that Foundry runs itself, as its clients send them.
HOSTED: dict[str, Object] = {
    "azure_ai_search": {},
    "azure_function": {
        "azure_function": {
            "function": {"name": "send_mail", "parameters": {"type": "object"}},
            "input_binding": {"type": "storage_queue", "storage_queue": {"queue_name": "in"}},
            "output_binding": {"type": "storage_queue", "storage_queue": {"queue_name": "out"}},
        }
    },
    "bing_custom_search": {"bing_custom_search": {"search_configurations": [{"connection_id": "c"}]}},
    "bing_grounding": {"bing_grounding": {"search_configurations": [{"connection_id": "c", "count": 3}]}},
    "browser_automation": {"browser_automation": {"connection": {"id": "c"}}},
    "computer_use_preview": {"computer_use_preview": {"environment": "browser", "display_width": 800}},
    "connected_agent": {"connected_agent": {"id": "asst_x", "name": "stocks", "description": "Knows prices"}},
    "deep_research": {"deep_research": {"deep_research_model": "o3-deep-research"}},
    "fabric_dataagent": {"fabric_dataagent": {"connections": [{"connection_id": "c"}]}},
    "mcp": {"server_label": "github", "server_url": "https://mcp.example/x", "allowed_tools": []},
    "openapi": {"openapi": {"name": "weather", "spec": {"openapi": "3.1.0"}, "auth": {"type": "anonymous"}}},
    "sharepoint_grounding": {"sharepoint_grounding": {"connections": [{"connection_id": "c"}]}},
}


class Foundry(Azure):
    """The emulator as Foundry's clients ask it."""

    def __init__(self, *scenarios: Any, **options: Any) -> None:
        super().__init__(*scenarios, base="/api/projects/p", version="v1", **options)


@pytest.fixture
def foundry() -> Foundry:
    return Foundry()


def tool_of(kind: str) -> Object:
    return {"type": kind, **HOSTED[kind]}


# ---- Tools ----


def test_these_are_the_kinds_that_the_schema_knows() -> None:
    found = schema("bodies", "create_assistant", foundry=True)
    assert found is not None
    kinds = set(found["$defs"]["tool_kind"]["enum"])
    assert kinds - {"code_interpreter", "function", "file_search", "fabric_aiskill"} == HOSTED.keys()


@pytest.mark.parametrize("kind", HOSTED)
def test_a_hosted_tool_is_taken_and_echoed(foundry: Foundry, kind: str) -> None:
    tool = tool_of(kind)
    made = foundry.post("/v1/assistants", {"model": "m", "tools": [tool]})
    assert (made.status, made.json["tools"]) == (200, [tool])
    changed = foundry.post(f"/v1/assistants/{made.json['id']}", {"tools": [tool, {"type": "code_interpreter"}]})
    assert changed.json["tools"] == [tool, {"type": "code_interpreter"}]
    run = foundry.run(foundry.thread("Hello"), made.json["id"], tools=[tool], tool_choice={"type": kind}).json
    assert (run["tools"], run["tool_choice"]) == ([tool], {"type": kind})


@pytest.mark.parametrize("kind", HOSTED)
@pytest.mark.parametrize("make", [InProcess, Azure])
def test_nobody_else_has_such_tools(make: type[InProcess], kind: str) -> None:
    refused = make().post("/v1/assistants", {"model": "m", "tools": [tool_of(kind)]})
    words = "Supported values are: 'code_interpreter', 'function', and 'file_search'."
    assert refused.error[:2] == (400, f"Invalid value: '{kind}'. {words}")


def test_a_misspelt_kind_is_refused(foundry: Foundry) -> None:
    refused = foundry.post("/v1/assistants", {"model": "m", "tools": [{"type": "bing_grounded"}]})
    assert refused.error[0] == 400
    assert refused.error[1].startswith("Invalid value: 'bing_grounded'. Supported values are: 'code_interpreter', ")
    assert "'bing_grounding'" in refused.error[1]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("bing_grounding", "bing_grounding"),
        ("mcp", "mcp"),
        ("mcp", "github"),
        ("openapi", "weather"),
        ("connected_agent", "stocks"),
        ("azure_function", "send_mail"),
    ],
)
def test_a_turn_cannot_call_a_hosted_tool(kind: str, name: str) -> None:
    api = Foundry({"turns": [{"steps": [{"call": {name: {}}}]}]})
    thread, assistant = api.thread("Hello"), api.assistant(tools=[tool_of(kind)])
    run = api.run(thread, assistant).json["id"]
    assert api.poll(thread, run)[-1] == "failed"
    (problem,) = InProcess.request(api, "GET", "/_emulator/check").json["problems"]
    assert f"cannot call '{name}': Foundry runs tools of the kind '{kind}' itself" in problem["message"]


@pytest.mark.parametrize(
    ("kinds", "choice", "status"),
    [
        (["bing_grounding"], "required", "completed"),
        (["bing_grounding", "function"], "required", "completed"),
        (["bing_grounding", "function"], {"type": "bing_grounding"}, "completed"),
        (["function"], "required", "failed"),
    ],
)
def test_a_hosted_tool_may_have_been_used_without_a_step(kinds: list[str], choice: str | Object, status: str) -> None:
    """``tool_choice`` is met by a tool that the emulator does not have, and by no other way to say nothing of tools."""
    api = Foundry({"turns": [{"steps": [{"say": "It is sunny."}]}]})
    function = {"type": "function", "function": {"name": "f"}}
    tools = [function if kind == "function" else tool_of(kind) for kind in kinds]
    thread = api.thread("Hello")
    run = api.run(thread, api.assistant(tools=tools), tool_choice=choice).json["id"]
    assert api.poll(thread, run)[-1] == status


def test_a_condition_knows_the_kind() -> None:
    turns = [
        {"name": "searching", "when": {"tools": ["bing_grounding"]}, "steps": [{"say": "Found."}]},
        {"name": "plain", "steps": [{"say": "Plain."}]},
    ]
    given = {"assistants": [{"id": "asst_bing", "model": "m", "tools": [tool_of("bing_grounding")]}]}
    api = Foundry({"given": given, "turns": turns})
    api.run(api.thread("Hello"), "asst_bing")
    assert [one["turn"] for one in InProcess.request(api, "GET", "/_emulator/runs").json["runs"]] == ["searching"]


def test_an_export_gives_what_foundry_made() -> None:
    """As ``given`` of another world: its assistants and threads are shown in the same way."""
    made, again = Foundry(), Foundry()
    assistant = made.assistant(tools=[tool_of(kind) for kind in HOSTED], tool_resources={"mcp": [SERVER]})
    attachment = {"data_source": SOURCE, "tools": [{"type": "code_interpreter"}]}
    message = {"role": "user", "content": "Look", "attachments": [attachment]}
    thread = made.post("/v1/threads", {"messages": [message]}).json["id"]
    scenario = InProcess.request(made, "GET", "/_emulator/export?as=scenario").body
    assert InProcess.request(again, "POST", "/_emulator/scenarios", content=scenario).status == 200
    for path in (f"/v1/assistants/{assistant}", f"/v1/threads/{thread}/messages"):
        assert again.get(path).body == made.get(path).body


# ---- Parameters ----


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"code_interpreter": {"data_sources": [SOURCE]}}, {"code_interpreter": {"file_ids": []}}),
        *[(sent, sent) for sent in ({"azure_ai_search": {"indexes": [{"index_name": "i"}]}}, {"mcp": [SERVER]})],
    ],
)
def test_resources_of_its_own_are_taken(foundry: Foundry, sent: Object, shown: Object) -> None:
    made = foundry.post("/v1/assistants", {"model": "m", "tool_resources": sent})
    assert (made.status, made.json["tool_resources"]) == (200, shown)
    run = foundry.run(foundry.thread("Hello"), made.json["id"], tool_resources=sent).json
    assert run["tool_resources"] == shown
    assert foundry.post("/v1/threads", {"tool_resources": sent}).json["tool_resources"] == shown


def test_a_run_searches_the_stores_of_its_own_resources() -> None:
    given = {
        "files": [{"id": "file-menu", "filename": "menu.md", "content": "Soup of the day"}],
        "vector_stores": [{"id": "vs_menu", "file_ids": ["file-menu"]}],
    }
    api = Foundry({"given": given, "turns": [{"steps": [{"search": "auto"}]}]})
    thread, assistant = api.thread("Soup"), api.assistant(tools=[{"type": "file_search"}])
    own = {"file_search": {"vector_store_ids": ["vs_menu"]}}
    run = api.run(thread, assistant, tool_resources=own).json["id"]
    api.poll(thread, run)
    (step,) = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"]
    assert [one["file_name"] for one in step["step_details"]["tool_calls"][0]["file_search"]["results"]] == ["menu.md"]


def test_an_attachment_can_be_a_source(foundry: Foundry) -> None:
    attachment = {"data_source": SOURCE, "tools": [{"type": "code_interpreter"}]}
    body = {"role": "user", "content": "Look", "attachments": [attachment]}
    assert foundry.post(f"/v1/threads/{foundry.thread()}/messages", body).json["attachments"] == [attachment]
    missing = {**body, "attachments": [{"tools": []}]}
    refused = foundry.post(f"/v1/threads/{foundry.thread()}/messages", missing)
    assert refused.error[1] == "Missing required parameter: 'attachments[0].file_id'."


def test_outputs_may_say_their_type() -> None:
    api = Foundry({"turns": [{"steps": [{"call": {"f": {}}}, {"say": "{{ f }}"}]}]})
    tools = [{"type": "function", "function": {"name": "f"}}]
    thread, assistant = api.thread("Hello"), api.assistant(tools=tools)
    run = api.run(thread, assistant).json["id"]
    api.poll(thread, run)
    at = f"/v1/threads/{thread}/runs/{run}"
    call = api.get(at).json["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
    output = {"type": "function_call_output", "tool_call_id": call, "output": "dry"}
    assert api.post(f"{at}/submit_tool_outputs", {"tool_outputs": [output]}).status == 200


def refused_source(api: InProcess, kind: str) -> Reply:
    store = api.post("/v1/vector_stores", {}).json["id"]
    configuration = {"data_sources": [SOURCE]}
    inline = {"file_search": {"vector_stores": [{"name": "s", "configuration": configuration}]}}
    path, body = {
        "store": ("/v1/vector_stores", {"configuration": configuration}),
        "inline store": ("/v1/assistants", {"model": "m", "tool_resources": inline}),
        "batch": (f"/v1/vector_stores/{store}/file_batches", {"data_sources": [SOURCE]}),
        "file": (f"/v1/vector_stores/{store}/files", {"data_source": SOURCE}),
    }[kind]
    return api.post(path, body)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("store", "Vector store configuration is not supported."),
        ("inline store", "Vector store configuration is not supported."),
        ("batch", "Parameter `data_sources` is not supported."),
        ("file", "Parameter `data_source` is not supported."),
    ],
)
def test_a_store_takes_no_sources(foundry: Foundry, kind: str, words: str) -> None:
    refused = refused_source(foundry, kind)
    assert refused.error == (400, f"Invalid request. {words}", "invalid_request_error", None, None)


def test_the_refusal_of_a_batch_is_as_long_as_the_quoted_one(foundry: Foundry) -> None:
    assert len(refused_source(foundry, "batch").body) == 171


@pytest.mark.parametrize("kind", ["store", "inline store", "batch", "file"])
def test_azure_does_not_know_sources(kind: str) -> None:
    assert refused_source(Azure(), kind).error[4] in ("unknown_parameter", "missing_required_parameter")
