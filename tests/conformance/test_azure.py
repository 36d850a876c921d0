"""Azure OpenAI and Foundry (docs/wire.md §6): the same operations under other bases, with objects of their forms."""

from __future__ import annotations

import asyncio
import json
import re
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


STORE_KEYS = [
    "id", "object", "name", "status", "usage_bytes", "created_at", "file_counts", "metadata", "expires_after",
    "expires_at", "last_active_at",
]  # fmt: skip


@pytest.mark.parametrize(("base", "version"), [*BASES, ("/openai/v1", "")])
def test_vector_stores_have_the_older_form(base: str, version: str) -> None:
    """F:cancel_file_batch, wherever a store or a file of it is shown."""
    azure = Azure(GIVEN, base=base, version=version)
    made = azure.post("/v1/vector_stores", {"file_ids": ["file-menu"], "name": "s"}).json
    store = f"/v1/vector_stores/{made['id']}"
    batch = azure.post(f"{store}/file_batches", {"file_ids": ["file-menu"]}).json
    stores = [made, azure.get(store).json, azure.post(store, {}).json, azure.get("/v1/vector_stores").json["data"][0]]
    assert [list(one) for one in stores] == [STORE_KEYS] * 4
    assert re.fullmatch(r"vs_[A-Za-z0-9]{24}", made["id"])
    assert re.fullmatch(r"vsfb_[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", batch["id"])
    files = [
        azure.post(f"{store}/files", {"file_id": "file-menu", "attributes": {"a": 1}}).json,
        azure.get(f"{store}/files/file-menu").json,
        azure.post(f"{store}/files/file-menu", {"attributes": {"a": 2}}).json,
        azure.get(f"{store}/files").json["data"][0],
        azure.get(f"{store}/file_batches/{batch['id']}/files").json["data"][0],
    ]
    assert [list(one)[-1] for one in files] == ["chunking_strategy"] * 5
    kept = InProcess.request(azure, "GET", f"{store}/files/file-menu").json
    assert kept["attributes"] == {"a": 2}


def test_stores_that_other_objects_bring_about_have_azures_ids(azure: Azure) -> None:
    form = r"vs_[A-Za-z0-9]{24}"
    inline = {"file_search": {"vector_stores": [{"file_ids": ["file-menu"]}]}}
    attached = [{"file_id": "file-menu", "tools": [{"type": "file_search"}]}]
    message = {"role": "user", "content": "Soup?", "attachments": attached}
    assistant = azure.assistant(tool_resources=inline)
    threads = [
        azure.post("/v1/threads", {"tool_resources": inline}).json["id"],
        azure.post("/v1/threads", {"messages": [message]}).json["id"],
        (by_message := azure.thread()),
        (by_run := azure.thread("Hello")),
    ]
    azure.post(f"/v1/threads/{by_message}/messages", message)
    azure.run(by_run, assistant, additional_messages=[message])
    holders = [f"/v1/assistants/{assistant}", *[f"/v1/threads/{thread}" for thread in threads]]
    for holder in holders:
        (store,) = azure.get(holder).json["tool_resources"]["file_search"]["vector_store_ids"]
        assert re.fullmatch(form, store), holder


# ---- Refusals in Azure's words ----


def refused_file(api: InProcess, way: str) -> Reply:
    """A file that is not there comes into a store."""
    store = api.post("/v1/vector_stores", {}).json["id"]
    inline = {"file_search": {"vector_stores": [{"file_ids": ["file-no"]}]}}
    path, body = {
        "a file": (f"/v1/vector_stores/{store}/files", {"file_id": "file-no"}),
        "a batch": (f"/v1/vector_stores/{store}/file_batches", {"file_ids": ["file-no", "file-menu", "file-none"]}),
        "a new store": ("/v1/vector_stores", {"file_ids": ["file-no"]}),
        "a store of an assistant": ("/v1/assistants", {"model": "m", "tool_resources": inline}),
        "a store of a thread": ("/v1/threads", {"tool_resources": inline}),
    }[way]
    return api.post(path, body)


WAYS = ["a file", "a batch", "a new store", "a store of an assistant", "a store of a thread"]


@pytest.mark.parametrize("base", ["/openai", "/api/projects/p"])
@pytest.mark.parametrize("way", WAYS)
def test_an_unknown_file_of_a_store(way: str, base: str) -> None:
    listed = "file-no, file-none" if way == "a batch" else "file-no"
    refused = refused_file(Azure(GIVEN, base=base), way)
    assert refused.error == (404, f"Files [{listed}] were not found", "invalid_request_error", None, None)


@pytest.mark.parametrize("way", WAYS)
def test_openai_has_other_words_for_it(way: str) -> None:
    refused = refused_file(InProcess(GIVEN), way)
    assert refused.error[:2] == (404, "No file found with id 'file-no'.")


def upload(api: InProcess, purpose: str) -> Reply:
    form = f"--b\r\ncontent-disposition: form-data; name=purpose\r\n\r\n{purpose}\r\n--b\r\n".encode()
    form += b'content-disposition: form-data; name=file; filename="a.png"\r\n\r\na\r\n--b--\r\n'
    return api.post("/v1/files", content=form, headers={"content-type": "multipart/form-data; boundary=b"})


@pytest.mark.parametrize(
    ("base", "purpose", "uploads", "lists"),
    [
        ("/openai", "vision", False, False),
        ("/openai", "world_domination", False, False),
        ("/openai", "assistants", True, True),
        ("/openai", "assistants_output", False, True),
        ("/openai/v1", "vision", False, False),
        ("/api/projects/p", "vision", True, True),
    ],
)
def test_purposes_that_azures_gateway_refuses(base: str, purpose: str, *, uploads: bool, lists: bool) -> None:
    azure = Azure(base=base)
    refusal = b'{"error":{"code":"invalidPayload","message":"Invalid value for purpose."}}'
    for reply, passes in ((upload(azure, purpose), uploads), (azure.get(f"/v1/files?purpose={purpose}"), lists)):
        assert (reply.status, reply.body == refusal) == ((200, False) if passes else (400, True))


def test_a_fault_of_a_full_gateway_names_operation_and_version() -> None:
    azure = Azure({"faults": [{"operation": "create_assistant", "kind": "error", "status": 429}]})
    refused = azure.post("/v1/assistants", {"model": "m"})
    assert refused.json["error"]["message"].startswith(
        "Requests to the Create_Assistant Operation under Azure OpenAI API version 2025-04-01-preview have exceeded "
    )


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
