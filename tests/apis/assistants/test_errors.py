"""The service's errors (docs/wire.md §4) as these operations meet them: request -> status, message, type, param, code.

What the state of a run forbids stands in ``routes/test_refused.py``, limits in ``test_validation.py``.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.endpoints.given import given, is_pretty
from tests.apis.endpoints.words import (
    BAD_JSON,
    NO_BETA,
    NO_KEY,
    NOTHING_TO_RUN_ON,
    TOOL_TYPES,
    V1_BETA,
    V1_ROUTE,
    WRONG_KEY,
    Error,
    absent,
    error,
    ill_typed,
    key_too_long,
    missing,
    no_url,
    no_value,
    too_high,
    too_long,
    too_low,
    too_many,
    too_many_keys,
    unknown,
    wrong_id,
)  # fmt: skip
from tests.support import InProcess

A, T, M, R = "/v1/assistants", "/v1/threads", "/v1/threads/thread_old/messages", "/v1/threads/thread_old/runs"
OLD_RUN = f"{R}/run_old"


# ---- Whoever asks, whatever for ----

HEAD = [
    pytest.param({"OpenAI-Beta": ""}, error(NO_BETA, None, "invalid_beta"), id="no beta header"),
    pytest.param({"OpenAI-Beta": "realtime=v1"}, error(NO_BETA, None, "invalid_beta"), id="another beta"),
    pytest.param({"OpenAI-Beta": "assistants=v1"}, error(V1_BETA, None, "invalid_beta"), id="v1 beta header"),
    pytest.param({"Authorization": ""}, error(NO_KEY, status=401), id="no key"),
]


@pytest.mark.parametrize(("headers", "expected"), HEAD)
@pytest.mark.parametrize("path", [A, "/v1/threads/thread_old", M, R, f"{OLD_RUN}/steps"])
def test_what_the_head_of_a_request_must_say(path: str, headers: dict[str, str], expected: Error) -> None:
    assert given().get(path, headers=headers).error == expected


@pytest.mark.parametrize(
    ("key", "masked"),
    [("not a key", "*********"), ("sk-abcdefgh ijklmnop", "sk-abcde********mnop"), ("sk-\xfc\xfc", "*****")],
)
def test_a_key_that_cannot_be_one_is_masked(key: str, masked: str) -> None:
    reply = given().get(A, headers={"Authorization": f"Bearer {key}"})
    assert reply.error == error(WRONG_KEY.format(masked), None, "invalid_api_key", 401)


def test_models_need_a_key_and_no_beta_header() -> None:
    assert given().get("/v1/models", headers={"OpenAI-Beta": ""}).status == 200
    assert given().get("/v1/models", headers={"Authorization": ""}).error == error(NO_KEY, status=401)


# ---- Which object, which URL ----

GET = [
    (f"{A}/asst_none", absent("assistant", "asst_none")),
    (f"{T}/thread_none", absent("thread", "thread_none")),
    (f"{T}/thread_none/messages", absent("thread", "thread_none")),
    (f"{T}/thread_none/runs", absent("thread", "thread_none")),
    (f"{T}/thread_none/runs/run_old/steps", absent("thread", "thread_none")),
    (f"{M}/msg_none", absent("message", "msg_none")),
    (f"{R}/run_none", absent("run", "run_none")),
    (f"{R}/run_none/steps", absent("run", "run_none")),
    (f"{OLD_RUN}/steps/step_123", absent("run step", "step_123")),
    (f"{T}/thread_empty/messages/msg_hi", absent("message", "msg_hi")),
    (f"{T}/thread_empty/runs/run_old", absent("run", "run_old")),
    (f"{A}/wf_1", wrong_id("assistant_id", "wf_1", "asst")),
    (f"{T}/undefined", wrong_id("thread_id", "undefined", "thread")),
    (f"{M}/x", wrong_id("message_id", "x", "msg")),
    (f"{R}/x", wrong_id("run_id", "x", "run")),
    (f"{OLD_RUN}/steps/x", wrong_id("step_id", "x", "step")),
    ("/v1/nonsense", no_url("GET", "/v1/nonsense")),
    ("/v1", no_url("GET", "/v1")),
    (f"{OLD_RUN}/steps/step_1/more", no_url("GET", f"{OLD_RUN}/steps/step_1/more")),
    ("/assistants", no_url("GET", "/assistants")),
    ("/v1/models/gpt-x", error("The model 'gpt-x' does not exist", "model", "model_not_found", 404)),
    (f"{A}?limit=101", too_high("limit", 100, 101)),
    (f"{M}?limit=0", too_low("limit", 1, 0)),
    (f"{M}?limit=-1", too_low("limit", 1, -1)),
    (f"{R}?limit=ten", ill_typed("limit", "an integer", "a string")),
    (f"{R}?limit=--5", ill_typed("limit", "an integer", "a string")),
    (f"{R}?limit=1.5", ill_typed("limit", "an integer", "a string")),
    (f"{A}?order=up", no_value("up", "'asc' and 'desc'", "order")),
    (f"{A}?page=2", unknown("page")),
    (f"{A}?after=asst_none", absent("assistant", "asst_none")),
]


@pytest.mark.parametrize(("path", "expected"), GET, ids=[path for path, _ in GET])
def test_a_wrong_get_is_refused_in_these_words(path: str, expected: Error) -> None:
    assert given().get(path).error == expected


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_route_of_v1_says_that_v1_is_over(method: str) -> None:
    reply = given().request(method, f"{A}/asst_told/files", {"file_id": "file-1"} if method == "POST" else None)
    assert reply.error[:3] == (400, V1_ROUTE, "invalid_request_error")


@pytest.mark.parametrize(
    ("method", "path", "allowed", "words"),
    [
        ("GET", f"{OLD_RUN}/cancel", "POST", "Only POST requests are accepted."),
        ("GET", T, "POST", "Only POST requests are accepted."),
        ("PUT", A, "GET, POST", "Only GET and POST requests are accepted."),
        ("PATCH", f"{T}/thread_old", "DELETE, GET, POST", "Only DELETE, GET and POST requests are accepted."),
        ("DELETE", f"{OLD_RUN}/steps", "GET", "Only GET requests are accepted."),
    ],
)
def test_a_wrong_method_is_refused_and_the_allowed_ones_are_listed(
    method: str, path: str, allowed: str, words: str
) -> None:
    reply = given().request(method, path)
    assert (reply.error, reply.headers["allow"]) == (error(words, None, "method_not_supported", 405), allowed)


@pytest.mark.parametrize("raw", [b"{", b"model=gpt-4o", b"\xff", b"\x00", b"NaN", b'{"model": "\\ud800"}', b"{} {}"])
def test_a_body_that_is_no_json_is_refused(raw: bytes) -> None:
    assert given().post(A, content=raw).error == error(BAD_JSON)


# ---- What was sent ----


def asst(**more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", **more}


LONG = "k" * 65
STORES = "tool_resources.file_search"
RESULTS = "tools[0].file_search.max_num_results"
UNSUPPORTED = "The requested model 'gpt-5.1' cannot be used with the Assistants API."
NOTHING = error(NOTHING_TO_RUN_ON, None, "invalid_thread")

POST = [
    (A, {}, missing("model")),
    (R, {}, missing("assistant_id")),
    (A, asst(tools=[{"type": "function"}]), missing("tools[0].function")),
    (M, {"role": "user"}, missing("content")),
    (A, asst(file_ids=[]), unknown("file_ids")),
    (A, asst(tool_resources={"file_search": {"file_ids": []}}), unknown(f"{STORES}.file_ids")),
    (R, {"assistant_id": "asst_told", "tool_resources": {}}, unknown("tool_resources")),
    (A, asst(tools=[{"type": "retrieval"}]), no_value("retrieval", TOOL_TYPES, "tools[0].type")),
    (M, {"role": "human", "content": "x"}, no_value("human", "'user' and 'assistant'", "role")),
    (A, asst(tools=[{"type": "file_search", "file_search": {"max_num_results": 0}}]), too_low(RESULTS, 1, 0)),
    (A, asst(tools=[{"type": "code_interpreter"}] * 129), too_many("tools", 128, 129)),
    (A, {"model": "gpt-5.1"}, error(UNSUPPORTED, "model", "unsupported_model")),
    (f"{A}/asst_told", {"model": "gpt-5.1"}, error(UNSUPPORTED, "model", "unsupported_model")),
    (R, {"assistant_id": "asst_told", "model": "gpt-5.1"}, error(UNSUPPORTED, "model", "unsupported_model")),
    (A, asst(instructions="x" * 256_001), too_long("instructions", 256_000, 256_001)),
    (A, asst(name="x" * 257), too_long("name", 256, 257)),
    (A, asst(description="x" * 513), too_long("description", 512, 513)),
    (M, {"role": "user", "content": "x" * 1_620_133}, too_long("content", 256_000, 1_620_133)),
    (f"{T}//messages", {"role": "user", "content": "hi"}, unknown("role")),
    (T, {"metadata": {"modified": True}}, ill_typed("metadata.modified", "a string", "a boolean")),
    (T, {"metadata": {str(n): "" for n in range(17)}}, too_many_keys("metadata", 16, 17)),
    (T, {"metadata": {"k": "x" * 600}}, too_long("metadata.k", 512, 600)),
    (T, {"metadata": {LONG: ""}}, key_too_long("metadata", LONG, 64)),
    (A, [], error("Invalid type: expected an object, but got an array instead.", None, "invalid_type")),
    (R, {"assistant_id": "asst_none"}, absent("assistant", "asst_none")),
    (R, {"assistant_id": "wf_6"}, wrong_id("assistant_id", "wf_6", "asst")),
    (f"{T}/runs", {"assistant_id": "asst_bare"}, NOTHING),
    (f"{T}/thread_empty/runs", {"assistant_id": "asst_bare"}, NOTHING),
    (f"{T}/thread_empty/runs", {"assistant_id": "asst_bare", "stream": True}, NOTHING),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "expected"), POST, ids=[f"{row[0]}: {row[2][1][:60]}" for row in POST])
def test_a_wrong_post_is_refused_in_these_words(path: str, body: Any, expected: Error) -> None:
    reply = given().post(path, body)
    assert reply.error == expected
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", [T + "/thread_old", M + "/msg_hi", OLD_RUN])
def test_metadata_is_validated_when_modified(path: str) -> None:
    reply = given().post(path, {"metadata": {"modified": True}})
    assert reply.error == ill_typed("metadata.modified", "a string", "a boolean")


# ---- As bytes ----


def test_the_body_is_pretty_printed_in_this_order() -> None:
    reply = given().get("/v1/nope")
    assert reply.body == (
        b'{\n  "error": {\n    "message": "Invalid URL (GET /v1/nope)",\n    "type": "invalid_request_error",\n'
        b'    "param": null,\n    "code": null\n  }\n}'
    )
    assert reply.headers["content-length"] == str(len(reply.body))


@pytest.mark.parametrize("path", [A + "/asst_%C3%A9%E4%B8%96", T + "/undefined?a=b", A + "?limit=1000"])
def test_every_error_body_is_pretty_printed(path: str) -> None:
    reply = given().get(path)
    assert reply.status in (400, 404)
    assert is_pretty(reply)
    assert list(reply.json) == ["error"]
    assert list(reply.json["error"]) == ["message", "type", "param", "code"]


AZURE_401 = (
    b'{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure '
    b'to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}'
)
AZURE_404 = b'{"error":{"code":"404","message":"Resource not found"}}'
V = "api-version=2025-04-01-preview"


@pytest.mark.parametrize(
    ("path", "key", "status", "body"),
    [
        pytest.param(f"/openai/assistants?{V}", "", 401, AZURE_401, id="no key"),
        pytest.param(f"/openai/assistants?{V}", "not a key", 401, AZURE_401, id="no such key"),
        pytest.param(f"/v1/assistants?{V}", "", 401, AZURE_401, id="no key, under a base that ends in v1"),
        pytest.param(f"/openai/nonsense?{V}", "k", 404, AZURE_404, id="unknown path"),
        pytest.param("/openai/assistants", "k", 404, AZURE_404, id="no version"),
        pytest.param("/openai/assistants?api-version=soon", "k", 404, AZURE_404, id="malformed version"),
        pytest.param(f"/project/nonsense?{V}", "k", 404, AZURE_404, id="unknown path under another base"),
    ],
)
def test_azures_gateway_has_an_envelope_of_its_own(path: str, key: str, status: int, body: bytes) -> None:
    reply = given().get(path, headers={"Authorization": "", "api-key": key})
    assert (reply.status, reply.body) == (status, body)


def test_azures_service_answers_in_openais_envelope() -> None:
    api: InProcess = given()
    assert api.get(f"/openai/threads/thread_none?{V}").error == absent("thread", "thread_none")
    body = asst(tools=[{"type": "file_search", "file_search": {"max_num_results": 0}}])
    assert api.post(f"/openai/assistants?{V}", body).error == too_low(RESULTS, 1, 0)
