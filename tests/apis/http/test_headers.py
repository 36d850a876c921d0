"""Headers in and out (docs/wire.md §1, §6): keys, beta, flavours; which headers an answer has and which it has not."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

import pytest

from emulator.apis.http.headers import read_query
from tests.apis.endpoints.given import begin, given
from tests.support import InProcess

A = "/v1/assistants"
V = "api-version=2025-04-01-preview"

OPENAI = {
    "date", "openai-organization", "openai-processing-ms", "openai-project", "openai-version", "x-content-type-options",
    "x-request-id", "content-type",
}  # fmt: skip
AZURE = {
    "date", "openai-organization", "openai-processing-ms", "openai-version", "x-content-type-options", "x-ms-region",
    "apim-request-id", "x-ms-middleware-request-id", "x-request-id", "content-type",
}  # fmt: skip
FOUNDRY = {
    *AZURE, "azureml-served-by-cluster", "request-context", "x-aml-cluster", "x-ms-response-type", "x-request-time",
}  # fmt: skip
#: Never seen on any of 873 recorded answers.
NEVER = ("x-ratelimit", "cache-control", "server", "cf-ray", "set-cookie", "transfer-encoding")


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


# ---- Keys ----


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Authorization": "Bearer k"}, 200, id="bearer"),
        pytest.param({"Authorization": "bearer   k "}, 200, id="bearer, spaces and case"),
        pytest.param({"Authorization": _basic(":k")}, 200, id="the password of Basic"),
        pytest.param({"Authorization": _basic("user:k")}, 200, id="Basic with a user"),
        pytest.param({"Authorization": _basic("user")}, 401, id="Basic without a password"),
        pytest.param({"Authorization": _basic("user:")}, 401, id="Basic with an empty password"),
        pytest.param({"Authorization": "Basic ???"}, 401, id="Basic that is no base64"),
        pytest.param({"Authorization": "", "api-key": "k"}, 200, id="api-key"),
        pytest.param({"Authorization": "Bearer ", "api-key": "k"}, 200, id="empty bearer beside an api-key"),
        pytest.param({"Authorization": "", "api-key": " "}, 401, id="empty api-key"),
        pytest.param({"Authorization": ""}, 401, id="none"),
        pytest.param({"Authorization": "Bearer"}, 401, id="bearer of nothing"),
        pytest.param({"Authorization": "Digest k"}, 401, id="another scheme"),
        pytest.param({"Authorization": "Bearer a b"}, 401, id="a key with a space"),
        pytest.param({"Authorization": "Bearer k\xe9"}, 401, id="a key that is not ASCII"),
        pytest.param({"Authorization": "Bearer " + "k" * 8192}, 200, id="a long key"),
        pytest.param({"Authorization": "Bearer " + "k" * 8193}, 401, id="an endless key"),
    ],
)
@pytest.mark.parametrize("path", [A, f"/openai/assistants?{V}", "/_emulator/state"])
def test_a_key_is_taken_from_these_headers(path: str, headers: Mapping[str, str], status: int) -> None:
    assert InProcess().get(path, headers=headers).status == status


def test_a_key_never_shows_whole_in_an_error() -> None:
    reply = InProcess().get(A, headers={"Authorization": "Bearer sk-secret secret-secret-secret"})
    assert "secret-secret" not in reply.body.decode()


# ---- The beta header and flavours ----


@pytest.mark.parametrize(
    ("path", "beta", "status"),
    [
        (A, "assistants=v2", 200),
        (A, "other=v1, assistants=v2", 200),
        (A, "assistants=v2,assistants=v1", 200),
        (A, "assistants=v1", 400),
        (A, "", 400),
        ("/v1/models", "", 200),
        ("/v1/models", "assistants=v1", 200),
        (f"/openai/assistants?{V}", "", 200),
        (f"/openai/assistants?{V}", "assistants=v1", 200),
        (f"{A}?{V}", "", 200),
        ("/my/project/assistants?api-version=v1", "", 200),
        ("/openai/assistants?api-version=2024-05-01-preview", "", 200),
        ("/openai/assistants?api-version=2099-01-01", "", 200),
        ("/openai/assistants?api-version=yesterday", "", 404),
        ("/openai/assistants?api-version=", "", 404),
        ("/openai/assistants", "assistants=v2", 404),
        ("/openai/v1/assistants?api-version=preview", "", 200),
    ],
)
def test_the_beta_header_decides_who_is_let_in(path: str, beta: str, status: int) -> None:
    assert InProcess().get(path, headers={"OpenAI-Beta": beta}).status == status


def test_other_parameters_go_beside_the_version() -> None:
    api = given()
    assert [one["id"] for one in api.get(f"/openai/assistants?order=asc&{V}&limit=1").json["data"]] == ["asst_bare"]


def test_both_flavours_are_one_world() -> None:
    api = InProcess()
    id = api.post(f"/openai/assistants?{V}", {"model": "my-deployment"}, headers={"OpenAI-Beta": ""}).json["id"]
    assert api.get(f"{A}/{id}").json["model"] == "my-deployment"


def test_azure_ignores_the_model() -> None:
    api = InProcess()
    assert api.post(f"/openai/assistants?{V}", {"model": "gpt-5.1"}).status == 200
    assert api.post(A, {"model": "gpt-5.1"}).status == 400


@pytest.mark.parametrize(
    ("query", "read"),
    [
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a=", {"a": ""}),
        (b"a[]=1&a[]=2", {"a[]": ["1", "2"]}),
        (b"a%5B%5D=1&a[]=2", {"a[]": ["1", "2"]}),
        (b"a=%E4%B8%96", {"a": "世"}),
        (b"a=%FF", {"a": "\ufffd"}),
        (b"a=%00", {"a": "\0"}),
        (b"&&=&", {"": ""}),
    ],
)
def test_how_a_query_is_read(query: bytes, read: object) -> None:
    assert read_query(query) == read


# ---- What an answer says ----


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (A, {*OPENAI, "content-length"}),
        ("/v1/threads/thread_none", {*OPENAI, "content-length"}),
        ("/v1/threads/thread_old/runs/run_old", {*OPENAI, "content-length", "openai-poll-after-ms"}),
        (f"/openai/assistants?{V}", {*AZURE, "content-length"}),
        ("/openai/assistants", {*AZURE, "content-length"}),
        ("/openai/v1/assistants", {*AZURE, "content-length"}),
        ("/api/projects/p/assistants?api-version=v1", {*FOUNDRY, "content-length"}),
        ("/api/projects/p/assistants", {*FOUNDRY, "content-length"}),
        ("/assistants?api-version=v1", {*FOUNDRY, "content-length"}),
    ],
)
def test_which_headers_an_answer_has(path: str, names: set[str]) -> None:
    reply = given().get(path)
    assert set(reply.headers) == names
    assert reply.headers["content-type"] == "application/json"
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert not [name for name in reply.headers if name.startswith(NEVER)]


def test_the_values_of_openais_headers() -> None:
    headers = InProcess().get(A).headers
    assert headers["openai-version"] == "2020-10-01"
    assert headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["openai-processing-ms"].isdigit()
    assert headers["openai-project"].startswith("proj_")
    assert re.fullmatch(r"req_[0-9a-f]{32}", headers["x-request-id"])


def test_azures_request_id_is_a_uuid() -> None:
    headers = InProcess().get(f"/openai/assistants?{V}").headers
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["x-request-id"])
    assert headers["apim-request-id"] == headers["x-request-id"]


def test_every_request_has_an_id_of_its_own_the_same_in_every_world() -> None:
    first, second = InProcess(), InProcess()
    ids = [first.get(A).headers["x-request-id"] for _ in range(5)]
    assert len(set(ids)) == 5
    assert [second.get(A).headers["x-request-id"] for _ in range(5)] == ids
    assert InProcess(seed=1).get(A).headers["x-request-id"] != ids[0]


def test_the_date_is_the_worlds() -> None:
    api = InProcess(start="2024-02-29T12:00:00Z")
    api.post("/_emulator/clock/advance", {"seconds": 61})
    assert api.get(A).headers["date"] == "Thu, 29 Feb 2024 12:01:01 GMT"


def test_a_streams_headers_are_those_of_json_without_a_length() -> None:
    api = given()
    reply = api.run("thread_old", "asst_told", stream=True)
    assert set(reply.headers) == OPENAI
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_only_runs_say_when_to_poll_again() -> None:
    api = given()
    thread, run = begin(api, "say")
    for path in (
        A,
        f"/v1/threads/{thread}",
        f"/v1/threads/{thread}/messages",
        f"/v1/threads/{thread}/runs/{run}/steps",
    ):
        assert "openai-poll-after-ms" not in api.get(path).headers
