"""What the service refused beyond its schema (docs/wire.md §4): situation, flavour, request -> status and error.

Each row of that table is here, and so is what stands just this side of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from tests.apis.endpoints.test_files import send_form
from tests.apis.endpoints.words import Error, error, missing, too_long, too_many, unknown, wrong_id
from tests.support import InProcess

#: The bases of the flavours, for a path that may have a query.
BASES = {
    "OpenAI": "/v1{path}",
    "Azure": "/openai{path}?api-version=2025-04-01-preview",
    "Azure of 2024-08": "/openai{path}?api-version=2024-08-01-preview",
    "Azure of 2024-10": "/openai{path}?api-version=2024-10-01-preview",
    "Foundry": "/api/projects/shop{path}?api-version=v1",
}
JSON: dict[str, Any] = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
TEXT = {"type": "text", "text": "x"}
SEARCH, CODE = {"type": "file_search"}, {"type": "code_interpreter"}
WORLD: dict[str, Any] = {
    "version": 1,
    "given": {
        "files": [{"id": "file-1", "filename": "menu.md", "content": "Soup."}],
        "vector_stores": [{"id": "vs_1"}],
        "assistants": [
            {"id": "asst_4o", "model": "gpt-4o"},
            {"id": "asst_set", "model": "gpt-4o", "temperature": 1, "top_p": 0.5},
            {"id": "asst_o1", "model": "o1"},
            {"id": "asst_json", "model": "gpt-4o", "response_format": JSON},
            {"id": "asst_search", "model": "gpt-4o", "tools": [SEARCH]},
        ],
        "threads": [{"id": "thread_1", "messages": [{"role": "user", "content": "Hi"}]}],
    },
    "turns": [{"steps": [{"say": "Hello."}]}],
}

Body = Mapping[str, Any] | None


class Row(NamedTuple):
    """A request. ``error``: None for one that is taken."""

    situation: str
    flavour: str
    request: str
    body: Body
    error: Error | None


def _outputs(*outputs: str) -> dict[str, Any]:
    return {"tool_outputs": [{"tool_call_id": f"call_{n}", "output": one} for n, one in enumerate(outputs)]}


def _messages(count: int) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "x"}] * count


def _image(url: str) -> dict[str, Any]:
    return {
        "role": "user",
        "content": [TEXT, {"type": "image_url", "image_url": {"url": url}}],
    }


def _described(length: int) -> dict[str, Any]:
    functions = [{"name": "a"}, {"name": "b", "description": "d" * length}]
    return {"model": "gpt-4o", "tools": [{"type": "function", "function": one} for one in functions]}


def _attached(file_id: str) -> dict[str, Any]:
    return {"role": "user", "content": "x", "attachments": [{"file_id": file_id, "tools": [SEARCH]}]}


def _unsupported(name: str) -> Error:
    words = f"Unsupported parameter: '{name}' is not supported with this model."
    return error(words, "model", "unsupported_model")


def _no_effort(shown: str) -> Error:
    words = f"Unsupported value: 'reasoning_effort' does not support '{shown}' with this model."
    return error(words, None, "unsupported_value")


def _unstructured(model: str) -> Error:
    words = f"Invalid parameter: 'response_format' of type 'json_schema' is not supported with model version `{model}`."
    return error(words, "response_format")


def _no_url(path: str) -> Error:
    words = f"Invalid '{path}'. Expected a valid URL, but got a value with an invalid format."
    return error(words, path, "invalid_value")


def _characters(param: str, id: str) -> Error:
    expected = "Expected an ID that contains letters, numbers, underscores, or dashes"
    words = f"Invalid '{param}': '{id}'. {expected}, but this value contained additional characters."
    return error(words, param, "invalid_value")


def _hinted(told: Error, sent: str, meant: str) -> Error:
    status, message, kind, param, code = told
    return status, f"{message} You provided '{sent}', did you mean to provide '{meant}'?", kind, param, code


TOO_LARGE = error(
    "'tool_outputs' too large: the combined tool outputs must be less than 512kb.", "tool_outputs", "invalid_value"
)
FUNCTIONS_ONLY = error(
    "Invalid tools: all tools must be of type `function` when `response_format` is of type `json_schema`"
)
NO_JSON_SCHEMA = error(
    "Invalid value: 'json_schema'. Supported values are: 'json_object' and 'text'.",
    "response_format.type",
    "invalid_value",
)
UUID = "31abac64-545c-4c30-ba06-2a7ae1b987bf"
OUTPUTS = "POST /threads/thread_1/runs/run_1/submit_tool_outputs"
NEW, NEW_THREAD, NEW_STORE = "POST /assistants", "POST /threads", "POST /vector_stores"
MESSAGE, RUN, BOTH = "POST /threads/thread_1/messages", "POST /threads/thread_1/runs", "POST /threads/runs"
KEY = "content[1].image_file"


def _modify(name: str) -> str:
    return f"POST /assistants/asst_{name}"


def _run(name: str, **more: Any) -> dict[str, Any]:
    return {"assistant_id": f"asst_{name}", **more}


def _both(name: str, thread: Body = None, **more: Any) -> dict[str, Any]:
    return {**_run(name, **more), "thread": thread or {"messages": _messages(1)}}


def _made(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, **more}


def _file_id(path: str, id: str, prefix: str = "file") -> Error:
    return wrong_id(path, id, prefix)


OUTPUT_ROWS = [
    Row("one output too long", flavour, OUTPUTS, _outputs("a", "b", "x" * 9_714_095),
        too_long("tool_outputs[2].output", 1_048_576, 9_714_095))
    for flavour in ("OpenAI", "Azure")
] + [
    Row("one output too long, judged before all together", "OpenAI", OUTPUTS, _outputs("x" * 600_000, "x" * 1_048_577),
        too_long("tool_outputs[1].output", 1_048_576, 1_048_577)),
    *(Row("outputs together", flavour, OUTPUTS, _outputs("x" * 300_000, "x" * 300_000), TOO_LARGE)
      for flavour in ("OpenAI", "Azure", "Foundry")),
    Row("one output as large as all may be", "OpenAI", OUTPUTS, _outputs("x" * 512_000), TOO_LARGE),
    Row("outputs in bytes", "OpenAI", OUTPUTS, _outputs("é" * 256_000), TOO_LARGE),
    Row("outputs just small enough", "OpenAI", OUTPUTS, _outputs("x" * 511_999),
        error("No run found with id 'run_1'.", status=404)),
]  # fmt: skip

SAMPLING_ROWS = [
    *(Row(f"{name} with {model}", flavour, request, body, _unsupported(name))
      for name, value in (("temperature", 0.2), ("temperature", 1), ("top_p", 0.5))
      for model in ("o1", "o3-mini", "o9-2031-01-01", "ft:o4-mini-2025-04-16:acme::x", "gpt-5")
      for flavour in ("OpenAI", "Foundry")
      for request, body in ((NEW, _made(model, **{name: value})), (_modify("o1"), _made(model, **{name: value})))),
    Row("both: the temperature first", "OpenAI", NEW, _made("o1", top_p=1, temperature=1), _unsupported("temperature")),
    Row("a modified o1 without a model", "OpenAI", _modify("o1"), {"temperature": 1}, _unsupported("temperature")),
    Row("a run", "OpenAI", RUN, _run("o1", top_p=0.5), _unsupported("top_p")),
    Row("a run on Foundry", "Foundry", RUN, _run("o1", temperature=1), _unsupported("temperature")),
    Row("a thread with a run", "OpenAI", BOTH, _both("o1", temperature=0.2), _unsupported("temperature")),
    Row("a deployment", "Azure", NEW, _made("contoso-o3-mini", temperature=1), _unsupported("temperature")),
    Row("a deployment that says nothing", "Azure", NEW, _made("contoso", temperature=1, reasoning_effort="low"), None),
    Row("a model that says nothing", "OpenAI", NEW, _made("octopus", temperature=1), None),
    Row("gpt-4o takes both", "OpenAI", NEW, _made("gpt-4o", temperature=0.2, top_p=0.5), None),
    Row("null is none", "OpenAI", NEW, _made("o1", temperature=None, top_p=None), None),
    Row("set for the assistant, model of the run", "OpenAI", RUN,
        _run("set", model="o3-mini", reasoning_effort="low"), _unsupported("temperature")),
    Row("set for the assistant, model modified", "OpenAI", _modify("set"), _made("o3-mini", reasoning_effort="low"),
        _unsupported("temperature")),
    Row("a default is not set", "OpenAI", RUN, _run("4o", model="o3-mini", reasoning_effort="low"), None),
]  # fmt: skip

EFFORT_ROWS = [
    *(Row(f"from o1 to {model}", "OpenAI", request, body, _no_effort("medium"))
      for model in ("gpt-4", "gpt-3.5-turbo", "gpt-4o", "gpt-4.1-mini-2025-04-14", "ft:gpt-4o-2024-08-06:acme::x")
      for request, body in ((_modify("o1"), _made(model)), (RUN, _run("o1", model=model)))),
    Row("from o1 to gpt-4o without the effort", "OpenAI", _modify("o1"), _made("gpt-4o", reasoning_effort=None), None),
    Row("from o1 to a model that says nothing", "OpenAI", _modify("o1"), _made("octopus"), None),
    Row("from o1 to o3-mini", "OpenAI", _modify("o1"), _made("o3-mini"), None),
    *(Row(f"from gpt-4o to {model}", "OpenAI", request, body, _no_effort("null"))
      for model in ("o3-mini", "o5", "gpt-5-mini")
      for request, body in ((_modify("4o"), _made(model)), (RUN, _run("4o", model=model)),
                            (BOTH, _both("4o", model=model)))),
    Row("from gpt-4o to o3-mini, null sent", "OpenAI", _modify("4o"), _made("o3-mini", reasoning_effort=None),
        _no_effort("null")),
    Row("with an effort", "OpenAI", _modify("4o"), _made("o3-mini", reasoning_effort="low"), None),
    Row("from gpt-4o to gpt-4.1", "OpenAI", _modify("4o"), _made("gpt-4.1"), None),
    Row("Azure has no effort to inherit", "Azure", _modify("4o"), _made("o3-mini"), None),
    Row("an effort that gpt-4o has not", "OpenAI", NEW, _made("gpt-4o", reasoning_effort="low"), _no_effort("low")),
    Row("an effort that o3-mini has not", "OpenAI", RUN, _run("o1", reasoning_effort="minimal"), _no_effort("minimal")),
]  # fmt: skip

FORMAT_ROWS = [
    *(Row(f"json_schema beside {tool['type']}", "OpenAI", request, body, FUNCTIONS_ONLY)
      for tool in (SEARCH, CODE)
      for request, body in ((NEW, _made("gpt-4o", tools=[tool], response_format=JSON)),
                            (_modify("json"), {"tools": [tool]}),
                            (RUN, _run("json", tools=[tool])))),
    Row("json_schema for an assistant that searches", "OpenAI", _modify("search"), {"response_format": JSON},
        FUNCTIONS_ONLY),
    Row("json_schema for a run that searches", "OpenAI", BOTH, _both("search", response_format=JSON), FUNCTIONS_ONLY),
    *(Row(f"json_schema with {model}", "OpenAI", request, body, _unstructured(model))
      for model in ("gpt-4-turbo", "gpt-3.5-turbo", "gpt-4-0613", "gpt-4o-2024-05-13", "ft:gpt-3.5-turbo-0125:acme::x")
      for request, body in ((NEW, _made(model, response_format=JSON)), (_modify("json"), _made(model)),
                            (RUN, _run("4o", model=model, response_format=JSON)))),
    *(Row(f"json_schema with {model}", "OpenAI", NEW, _made(model, response_format=JSON), None)
      for model in ("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-mini", "gpt-4.1", "o3-mini", "gpt-7", "octopus")),
    Row("json_schema of an old version", "Azure of 2024-08", NEW, _made("gpt-4o", response_format=JSON),
        NO_JSON_SCHEMA),
    Row("json_schema of an old version", "Azure of 2024-08", RUN, _run("4o", response_format=JSON), NO_JSON_SCHEMA),
    Row("json_object of an old version", "Azure of 2024-08", NEW,
        _made("gpt-4o", response_format={"type": "json_object"}), None),
    Row("json_schema of the next version", "Azure of 2024-10", NEW, _made("gpt-4o", response_format=JSON), None),
]  # fmt: skip

LIMIT_ROWS = [
    Row("33 messages", "OpenAI", NEW_THREAD, {"messages": _messages(33)}, too_many("messages", 32, 33)),
    Row("33 messages with a run", "OpenAI", BOTH, _both("4o", {"messages": _messages(33)}),
        too_many("thread.messages", 32, 33)),
    Row("32 messages", "OpenAI", NEW_THREAD, {"messages": _messages(32)}, None),
    Row("a function's description", "OpenAI", NEW, _described(1890),
        too_long("tools[1].function.description", 1024, 1890)),
    Row("a shorter one", "OpenAI", NEW, _described(1024), None),
    Row("more files than a store is created with", "OpenAI", NEW_STORE, {"file_ids": ["file-1"] * 1084},
        too_many("file_ids", 500, 1084)),
    Row("as many as the schema says", "OpenAI", NEW_STORE, {"file_ids": ["file-1"] * 500}, None),
]  # fmt: skip

IMAGE_ROWS = [
    *(Row(f"an image {url}", "OpenAI", request, body, _no_url(f"{path}content[1].image_url.url"))
      for url in ("data:image/png;base64,iVBORw0KGgo=", "photos/file_1.jpg", "//example.com/a.png", "https://",
                  "file:///a.png", "ftp://example.com/a.png", "", "https:/example.com", "https://a b.example/",
                  "https://a\u0007.example/", "https://example.com/\u0082.png", "https://example.com/a.png\n")
      for path, request, body in (
          ("", MESSAGE, _image(url)),
          ("messages[0].", NEW_THREAD, {"messages": [_image(url)]}),
          ("thread.messages[0].", BOTH, _both("4o", {"messages": [_image(url)]})),
          ("additional_messages[0].", RUN, _run("4o", additional_messages=[_image(url)])))),
    *(Row(f"an image {url}", "OpenAI", MESSAGE, _image(url), None)
      for url in ("https://example.com/a.png", "HTTP://example.com", "http://127.0.0.1:80/a?b#c", "https://ü.example/",
                  "https://example.com/a b.png")),
]  # fmt: skip

ID_ROWS = [
    Row("other characters", "Foundry", "GET /assistants/name:7", None, _characters("assistant_id", "name:7")),
    Row("other characters", "OpenAI", "GET /threads/thread_a.b", None, _characters("thread_id", "thread_a.b")),
    Row("other characters in a body", "OpenAI", RUN, {"assistant_id": "asst_4o "},
        _characters("assistant_id", "asst_4o ")),
    Row("another prefix", "Foundry", "GET /assistants/name", None, wrong_id("assistant_id", "name", "asst")),
    *(Row("another prefix in a body", "OpenAI", request, body, _file_id(f"{path}attachments[0].file_id", UUID))
      for path, request, body in (("", MESSAGE, _attached(UUID)),
                                  ("messages[0].", NEW_THREAD, {"messages": [_attached(UUID)]}))),
    Row("an image of another kind", "OpenAI", MESSAGE,
        {"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "img_1"}}]},
        _file_id("content[0].image_file.file_id", "img_1")),
    Row("a store of another kind", "OpenAI", NEW,
        _made("gpt-4o", tool_resources={"file_search": {"vector_store_ids": ["file-1"]}}),
        _file_id("tool_resources.file_search.vector_store_ids[0]", "file-1", "vs")),
    Row("a file of another kind for code", "OpenAI", _modify("4o"),
        {"tool_resources": {"code_interpreter": {"file_ids": ["file-1", "x"]}}},
        _file_id("tool_resources.code_interpreter.file_ids[1]", "x")),
    Row("a file of another kind for a store", "OpenAI", "POST /vector_stores/vs_1/files", {"file_id": UUID},
        _file_id("file_id", UUID)),
    Row("a run of another kind to list by", "OpenAI", "GET /threads/thread_1/messages?run_id=msg_1", None,
        wrong_id("run_id", "msg_1", "run")),
    Row("the path before the body", "OpenAI", "POST /threads/undefined/messages", {},
        wrong_id("thread_id", "undefined", "thread")),
    Row("the form of a second id before the look-up of the first", "OpenAI", "GET /threads/thread_none/runs/x", None,
        wrong_id("run_id", "x", "run")),
    Row("a store's id for a batch", "OpenAI", "GET /vector_stores/vs_1/file_batches/vs_1", None,
        wrong_id("batch_id", "vs_1", "vsfb_")),
    Row("store and batch swapped", "OpenAI", "GET /vector_stores/vsfb_1/file_batches/vs_2", None,
        wrong_id("batch_id", "vs_2", "vsfb_")),
    Row("a batch's id for a store", "OpenAI", "GET /vector_stores/vsfb_1", None,
        wrong_id("vector_store_id", "vsfb_1", "vs")),
    Row("store and file swapped", "OpenAI", "GET /vector_stores/file-1/files/vs_1", None,
        wrong_id("vector_store_id", "file-1", "vs")),
    Row("files are looked up as they are", "OpenAI", "GET /files/fake:id", None,
        error("No such File object: fake:id", "id", status=404)),
    Row("Azure's files", "OpenAI", MESSAGE, _attached("assistant-1"),
        error("No file found with id 'assistant-1'.", "attachments", status=404)),
]  # fmt: skip

KEY_ROWS = [
    Row("a required key in another case", "OpenAI", MESSAGE,
        {"role": "user", "content": [TEXT, {"type": "image_file", "image_file": {"file_Id": "x"}}]},
        _hinted(missing(f"{KEY}.file_id"), "file_Id", "file_id")),
    Row("a kind in another case", "OpenAI", NEW, _made("gpt-4o", tools=[{"Type": "function"}]),
        _hinted(missing("tools[0].type"), "Type", "type")),
    Row("an optional key in another case", "OpenAI", NEW, _made("gpt-4o", Name="x"),
        _hinted(unknown("Name"), "Name", "name")),
    Row("a key twice", "OpenAI", NEW, _made("gpt-4o", Name="x", name="y"), unknown("Name")),
    Row("another near miss", "OpenAI", NEW, _made("gpt-4o", names="x"), unknown("names")),
    Row("null for messages", "OpenAI", NEW_THREAD, {"messages": None}, None),
    Row("null for messages with a run", "OpenAI", BOTH, _both("o1", {"messages": None}, instructions="Hi"), None),
]  # fmt: skip

SOURCES = [{"uri": "azureml://menu", "type": "uri_asset"}]
AZURE_ROWS = [
    *(Row("unknown files for a store", flavour, request, body, error(f"Files [{listed}] were not found", status=404))
      for flavour in ("Azure", "Foundry")
      for request, body, listed in (
          ("POST /vector_stores/vs_1/files", {"file_id": "file-x"}, "file-x"),
          (NEW_STORE, {"file_ids": ["file-1", "file-x", "assistant-y"]}, "file-x, assistant-y"),
          ("POST /vector_stores/vs_1/file_batches", {"file_ids": ["file-x"]}, "file-x"))),
    Row("data of a project for a batch", "Foundry", "POST /vector_stores/vs_1/file_batches", {"data_sources": SOURCES},
        error("Invalid request. Parameter `data_sources` is not supported.")),
    Row("data of a project for a store", "Foundry", NEW_STORE, {"configuration": {"data_sources": SOURCES}},
        error("Invalid request. Vector store configuration is not supported.")),
    Row("data of a project for a batch", "OpenAI", "POST /vector_stores/vs_1/file_batches",
        {"file_ids": ["file-1"], "data_sources": SOURCES}, unknown("data_sources")),
]  # fmt: skip

ROWS = [
    *OUTPUT_ROWS,
    *SAMPLING_ROWS,
    *EFFORT_ROWS,
    *FORMAT_ROWS,
    *LIMIT_ROWS,
    *IMAGE_ROWS,
    *ID_ROWS,
    *KEY_ROWS,
    *AZURE_ROWS,
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.situation[:70]}: {row.flavour}, {row.request[:40]}" for row in ROWS])
def test_a_rule_of_the_service(row: Row) -> None:
    api = InProcess(WORLD)
    method, path = row.request.split()
    plain, _, query = path.partition("?")
    address = BASES[row.flavour].format(path=plain) + (f"?{query}" if query else "")
    reply = api.request(method, address, row.body)
    if row.error is None:
        assert reply.status == 200, reply.body
    else:
        assert reply.error == row.error
    assert api.world.check() == []


def test_an_unknown_field_of_a_form_in_bytes() -> None:
    api = InProcess()
    reply = send_form(api, "/v1/files", {"purpose": "assistants", "filename": "a"}, {"file": ("a.txt", b"a")})
    words = "Additional properties are not allowed ('filename' was unexpected)"
    assert reply.error == error(words)
    assert reply.json["detail"] == {"message": words, "code": None}
    assert reply.body.endswith(b"}\n")


def test_azure_has_no_files_of_vision() -> None:
    api = InProcess()
    query = "api-version=2025-04-01-preview"
    listed = api.get(f"/openai/files?{query}&purpose=vision")
    uploaded = send_form(api, f"/openai/files?{query}", {"purpose": "vision"}, {"file": ("a.png", b"a")})
    assert (listed.status, uploaded.status) == (400, 400)
    words = b'{"error":{"code":"invalidPayload","message":"Invalid value for purpose."}}'
    assert (listed.body, uploaded.body) == (words, words)
    assert api.get("/v1/files?purpose=vision").status == 200


# ---- What a model has where nobody says it ----


@pytest.mark.parametrize(
    ("model", "effort"),
    [("o1", "medium"), ("o3-mini", "medium"), ("o9", "medium"), ("gpt-5-nano", "medium"),
     ("gpt-4o-mini", None), ("gpt-4", None), ("octopus", None)],
)  # fmt: skip
def test_the_effort_of_a_model_by_default(model: str, effort: str | None) -> None:
    api = InProcess(WORLD)
    made = api.post("/v1/assistants", {"model": model, "reasoning_effort": None}).json
    assert (made["reasoning_effort"], made["temperature"], made["top_p"]) == (effort, 1.0, 1.0)
    run = api.post("/v1/threads/thread_1/runs", {"assistant_id": made["id"]}).json
    assert (run["reasoning_effort"], run["temperature"], run["top_p"]) == (effort, 1.0, 1.0)


def test_an_effort_follows_its_model() -> None:
    api = InProcess(WORLD)
    path = "/v1/assistants/asst_o1"
    assert api.post(path, {"model": "gpt-4o", "reasoning_effort": None}).json["reasoning_effort"] is None
    assert api.post(path, {"model": "o3-mini", "reasoning_effort": "high"}).json["reasoning_effort"] == "high"
    assert api.post(path, {"model": "o1"}).json["reasoning_effort"] == "high"
    assert api.post(path, {"reasoning_effort": None}).json["reasoning_effort"] == "medium"


def test_a_temperature_once_set_stays_set_in_a_copy_and_is_gone_with_its_assistant() -> None:
    api = InProcess(WORLD)
    store = api.world.store.copy()
    assert api.post("/v1/assistants/asst_4o", {"temperature": 0.1}).status == 200
    run = _run("4o", model="o3-mini", reasoning_effort="low")
    assert api.post("/v1/threads/thread_1/runs", run).error == _unsupported("temperature")
    api.world.store = store
    assert api.post("/v1/threads/thread_1/runs", run).status == 200


# ---- Ids that a scenario has chosen ----


def test_an_id_that_a_scenario_gives_may_be_any() -> None:
    given = {
        "files": [{"id": "menu", "filename": "menu.md", "content": "Soup."}],
        "vector_stores": [{"id": "the store", "file_ids": ["menu"]}],
        "assistants": [{"id": "waiter:1", "model": "gpt-4o",
                        "tool_resources": {"file_search": {"vector_store_ids": ["the store"]}}}],
        "threads": [{"id": "run 7", "messages": [{"id": "first", "role": "user", "content": "Hi"}]}],
    }  # fmt: skip
    api = InProcess({"version": 1, "given": given, "turns": [{"steps": [{"say": "Hello."}]}]})
    assert api.get("/v1/threads/run%207/messages/first").status == 200
    assert api.get("/v1/vector_stores/the%20store/files/menu").status == 200
    assert api.post("/v1/threads/run%207/messages", _attached("menu")).status == 200
    assert api.post("/v1/threads/run%207/runs", {"assistant_id": "waiter:1"}).status == 200
    assert api.get("/v1/threads/run%208").error == _characters("thread_id", "run 8")
