"""Azure OpenAI and Foundry (docs/wire.md §6): the same operations under other bases, with objects of their forms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AssistantEventHandler, AsyncAzureOpenAI, AzureOpenAI

from emulator import Emulator
from emulator.base.json_types import Object
from tests.conformance.all_operations import SCENARIO, WEATHER
from tests.support import ASSISTANTS_OPERATIONS as ROUTES
from tests.support import InProcess, Reply

VERSION = "2025-04-01-preview"
#: A base and a version: Azure's, and two of Foundry's.
BASES = [("/openai", VERSION), ("/api/projects/p", "v1"), ("/some/proxy/openai", "2025-05-15-preview")]
METHODS = [(route.method, route.path) for route in ROUTES]


class Azure(InProcess):
    """The emulator as it is asked in Azure's flavour: by its key's header, without the beta header."""

    def __init__(self, *scenarios: Any, base: str = "/openai", version: str = VERSION, **options: Any) -> None:
        super().__init__(*scenarios, **options)
        self.base, self.version = base, version

    def request(self, method: str, path: str, json: Any = None, **more: Any) -> Reply:
        plain = path.removeprefix("/v1")
        query = f"{'&' if '?' in plain else '?'}api-version={self.version}" if self.version else ""
        headers = {"Authorization": "", "OpenAI-Beta": "", "api-key": self.key, **more.pop("headers", {})}
        return super().request(method, self.base + plain + query, json, headers=headers, **more)


def run_to_end(api: InProcess, **assistant: Any) -> tuple[Object, list[Object]]:
    """A run with tools, polled, and its steps."""
    thread = api.thread("Soup?")
    run = api.run(thread, api.assistant(**assistant)).json["id"]
    api.poll(thread, run)
    steps = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"]
    return api.get(f"/v1/threads/{thread}/runs/{run}").json, steps


TOOLS = [{"type": "code_interpreter"}, {"type": "file_search", "file_search": {}}, WEATHER]
GIVEN = {"given": {"files": [{"id": "file-menu", "filename": "menu.md", "content": "Soup"}]}, **SCENARIO}


@pytest.fixture
def azure() -> Azure:
    return Azure(GIVEN)


# ---- Routes ----


@pytest.mark.parametrize(("base", "version"), BASES)
@pytest.mark.parametrize(("method", "path"), METHODS)
def test_every_operation_is_there_under_every_base(method: str, path: str, base: str, version: str) -> None:
    """What the same request gets from OpenAI's routes, or the flavour's own words for it."""
    names = {name: f"no-{name}" for name in ("thread_id", "run_id", "message_id", "step_id", "upload_id", "model")}
    names |= {name: f"no-{name}" for name in ("assistant_id", "file_id", "vector_store_id", "batch_id")}
    asked: tuple[str, str, Any] = (method, "/v1" + path.format_map(names), {} if method == "POST" else None)
    theirs, ours = Azure(base=base, version=version).request(*asked), InProcess().request(*asked)
    without = {"description"} if path == "/vector_stores" and method == "POST" else set()
    assert (theirs.status, theirs.json.keys()) == (ours.status, ours.json.keys() - without)
    assert "Resource not found" not in theirs.body.decode()


@pytest.mark.parametrize(("method", "path"), METHODS)
@pytest.mark.parametrize("version", ["", "latest-and-greatest", "2025-04"])
def test_azure_wants_a_version_that_can_be_one(method: str, path: str, version: str) -> None:
    refused = Azure(version=version).request(method, path)
    assert (refused.status, refused.body) == (404, b'{"error":{"code":"404","message":"Resource not found"}}')


@pytest.mark.parametrize("key", ["", "a key with spaces"])
def test_a_request_without_a_key_is_the_gateways_401(key: str) -> None:
    refused = Azure().get("/v1/assistants", headers={"api-key": key})
    words = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource."
    )
    assert (refused.status, refused.json) == (401, {"error": {"code": "401", "message": words}})


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer token", "api-key": ""}, {"api-key": "key"}])
def test_a_key_is_taken_from_either_header(azure: Azure, headers: dict[str, str]) -> None:
    assert azure.get("/v1/assistants", headers=headers).status == 200


def test_an_error_of_the_service_has_openais_envelope(azure: Azure) -> None:
    refused = azure.get("/v1/threads/thread_no")
    assert refused.error == (404, "No thread found with id 'thread_no'.", "invalid_request_error", None, None)


# ---- Objects ----


def test_an_assistant_is_as_recorded(azure: Azure) -> None:
    """A:BasicFileSearchWorks, but for the ids."""
    made = azure.post("/v1/assistants", {"model": "gpt-4o-mini", "tools": [{"type": "file_search", "file_search": {}}]})
    assert made.json.items() >= {"tools": [{"type": "file_search"}]}.items()
    assert list(made.json) == [
        "id", "object", "created_at", "name", "description", "model", "instructions", "tools", "top_p", "temperature",
        "tool_resources", "metadata", "response_format",
    ]  # fmt: skip
    again = azure.get(f"/v1/assistants/{made.json['id']}").json
    changed = azure.post(f"/v1/assistants/{made.json['id']}", {}).json
    assert made.json == again == changed == azure.get("/v1/assistants").json["data"][0]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"type": "file_search"}, {"type": "file_search"}),
        (
            {"type": "file_search", "file_search": {"max_num_results": 5}},
            {"type": "file_search", "file_search": {"max_num_results": 5}},
        ),
        ({"type": "code_interpreter"}, {"type": "code_interpreter"}),
    ],
)
def test_how_a_tool_is_echoed(azure: Azure, sent: Object, shown: Object) -> None:
    assert azure.post("/v1/assistants", {"model": "m", "tools": [sent]}).json["tools"] == [shown]


def test_a_run_and_its_steps_are_as_recorded(azure: Azure) -> None:
    run, steps = run_to_end(azure, tools=TOOLS)
    assert list(run) == [
        "id", "object", "created_at", "assistant_id", "thread_id", "status", "started_at", "expires_at",
        "cancelled_at", "failed_at", "completed_at", "required_action", "last_error", "model", "instructions", "tools",
        "tool_resources", "metadata", "temperature", "top_p", "max_completion_tokens", "max_prompt_tokens",
        "truncation_strategy", "incomplete_details", "usage", "response_format", "tool_choice", "parallel_tool_calls",
    ]  # fmt: skip
    assert run["tools"][1] == {"type": "file_search"}
    for thing in (run, *steps):
        assert list(thing["usage"]) == ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_token_details"]


def test_events_show_what_json_shows(azure: Azure) -> None:
    stream = azure.run(azure.thread("Soup?"), azure.assistant(tools=TOOLS), stream=True)
    for event in stream.events[:-1]:
        thing = json.loads(event.data)
        assert "reasoning_effort" not in thing
        assert "completion_tokens_details" not in (thing.get("usage") or {})
        assert {"type": "file_search"} in thing.get("tools", [{"type": "file_search"}])
    assert json.loads(stream.events[-2].data)["usage"]["total_tokens"] > 0


def test_what_was_made_there_is_complete_at_openais_routes(azure: Azure) -> None:
    """The flavour is in the view, not in what is stored."""
    id = azure.assistant(tools=TOOLS)
    seen = InProcess.request(azure, "GET", f"/v1/assistants/{id}").json
    assert seen["reasoning_effort"] is None
    assert seen["tools"][1]["file_search"]["ranking_options"]["ranker"] == "default_2024_08_21"


def test_files_have_ids_of_their_own(azure: Azure) -> None:
    form = b"--b\r\ncontent-disposition: form-data; name=purpose\r\n\r\nassistants\r\n--b\r\n"
    form += b'content-disposition: form-data; name=file; filename="a.txt"\r\n\r\na\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    uploaded = azure.post("/v1/files", content=form, headers=headers).json
    assert uploaded["id"].startswith("assistant-")

    _, steps = run_to_end(azure, tools=TOOLS)
    code = steps[-1]["step_details"]["tool_calls"][0]["code_interpreter"]
    assert code["outputs"][1]["image"]["file_id"].startswith("assistant-")


# ---- The SDK's client ----


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(SCENARIO) as emulator:
        yield emulator
        emulator.check()


@pytest.fixture
def client(emulator: Emulator) -> Iterator[AzureOpenAI]:
    with AzureOpenAI(azure_endpoint=emulator.url, api_version=VERSION, api_key="key") as client:
        yield client


def test_the_basic_pattern_works_with_azures_client(client: AzureOpenAI) -> None:
    assistant = client.beta.assistants.create(model="my-deployment", tools=[{"type": "code_interpreter"}])
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="A crime, please.")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed"
    newest = client.beta.threads.messages.list(thread.id).data[0]
    assert newest.content[0].type == "refusal"


def test_the_streaming_pattern_works_with_azures_client(client: AzureOpenAI) -> None:
    assistant = client.beta.assistants.create(model="my-deployment", tools=[WEATHER])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "How is the weather?"}])
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread.id, assistant_id=assistant.id, event_handler=AssistantEventHandler()) as stream:
        stream.until_done()
        asked = stream.current_run
    assert asked is not None
    assert asked.required_action is not None
    call = asked.required_action.submit_tool_outputs.tool_calls[0]
    with runs.submit_tool_outputs_stream(
        run_id=asked.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": "dry"}]
    ) as stream:
        assert "".join(stream.text_deltas) == "Dry."
        assert stream.get_final_run().status == "completed"


async def _function_pattern(emulator: Emulator) -> str:
    async with AsyncAzureOpenAI(azure_endpoint=emulator.url, api_version=VERSION, azure_ad_token="token") as client:
        assistant = await client.beta.assistants.create(model="my-deployment", tools=[WEATHER])
        run = await client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "How is the weather?"}]}
        )
        assert run.required_action is not None
        calls = run.required_action.submit_tool_outputs.tool_calls
        run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=run.thread_id,
            tool_outputs=[{"tool_call_id": call.id, "output": "dry"} for call in calls],
        )
        assert run.status == "completed"
        assert run.usage is not None
        assert run.usage.total_tokens > 0
        messages = await client.beta.threads.messages.list(run.thread_id)
        part = messages.data[0].content[0]
        assert part.type == "text"
        return part.text.value


def test_the_function_pattern_with_an_entra_token(emulator: Emulator) -> None:
    assert asyncio.run(_function_pattern(emulator)) == "Dry."
