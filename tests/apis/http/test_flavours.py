"""The flavours (docs/wire.md §6): which base speaks which one, and what every response of Azure and Foundry carries."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator.apis.http.flavours import Base, base_of
from tests.support import InProcess, Reply

HUB = (
    "/agents/v1.0/subscriptions/0000-00/resourceGroups/threads/providers/Microsoft.MachineLearningServices"
    "/workspaces/files"
)
V = "api-version=2025-05-15-preview"
NAME = {"x-ms-client-request-id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
TEXT = {"turns": [{"steps": [{"say": "It is dry, and it stays so."}]}]}


# ---- Bases ----


@pytest.mark.parametrize(
    ("path", "query", "base"),
    [
        ("/v1/threads", b"", Base("openai", 3, needs_version=False)),
        ("/v1/openai/threads", b"", Base("openai", 3, needs_version=False)),
        ("/v1/threads", b"api-version=v1", Base("azure", 3)),
        ("/threads", b"", Base("openai", None)),
        ("/threads", b"api-version=v1", Base("foundry", None)),
        ("/openai/threads", b"", Base("azure", 7)),
        ("/openai/v1/threads", b"", Base("azure", 10, needs_version=False)),
        ("/a/proxy/openai/threads", b"", Base("azure", 15)),
        ("/a/proxy/openai/v1/threads", b"", Base("azure", 18, needs_version=False)),
        ("/api/projects/p/threads", b"", Base("foundry_project", 15)),
        ("/api/projects/openai/threads", b"", Base("foundry_project", 20)),
        ("/gate/api/projects/p/threads", b"", Base("foundry_project", 20)),
        ("/api/projects/p/openai/threads", b"", Base("foundry_project", 22)),
        ("/api/projects/p/openai/v1/responses", b"", Base("foundry_project", 25, needs_version=False)),
        (f"{HUB}/threads", b"", Base("foundry", len(HUB))),
    ],
)
def test_the_base_of_a_path(path: str, query: bytes, base: Base) -> None:
    assert base_of(path, query) == base


@pytest.mark.parametrize(
    ("path", "lifetime"),
    [
        ("/v1/threads/runs", 600),
        (f"/openai/threads/runs?{V}", 600),
        ("/openai/v1/threads/runs", 600),
        (f"/threads/runs?{V}", 600),
        (f"{HUB}/threads/runs?{V}", 600),
        ("/api/projects/p/threads/runs?api-version=v1", 1800),
        ("/api/projects/threads/threads/runs?api-version=2025-05-01", 1800),
    ],
)
def test_how_long_a_run_lives(path: str, lifetime: int) -> None:
    """It is the request that creates the run that decides; polls, steps and expiry follow."""
    api = InProcess({"turns": [{"steps": [{"call": {"f": {}}}]}]})
    tools = [{"type": "function", "function": {"name": "f"}}]
    body = {
        "assistant_id": api.assistant(),
        "tools": tools,
        "thread": {"messages": [{"role": "user", "content": "Hello"}]},
    }
    run = api.post(path, body).json
    assert run["expires_at"] - run["created_at"] == lifetime
    at = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    api.get(at)
    assert api.get(at).json["expires_at"] == run["expires_at"]
    assert {step["expires_at"] for step in api.get(f"{at}/steps").json["data"]} == {run["expires_at"]}
    api.post("/_emulator/clock/advance", {"seconds": lifetime - 60})
    assert api.get(at).json["status"] == "requires_action"
    api.post("/_emulator/clock/advance", {"seconds": 60})
    assert api.get(at).json["status"] == "expired"


@pytest.mark.parametrize(
    "path",
    [
        "/openai/deployments/gpt-4o/assistants?api-version=2024-05-01-preview",
        "/openai/v2/assistants",
        "/openai/elsewhere/assistants?api-version=2024-05-01-preview",
        "/api/projects/p/assistants",
        "/api/projects/p/elsewhere/assistants?api-version=v1",
        "/api/projects/p/openai/assistants",
    ],
)
def test_a_path_that_is_not_the_services_is_the_gateways_404(path: str) -> None:
    refused = InProcess().get(path)
    assert (refused.status, refused.body) == (404, b'{"error":{"code":"404","message":"Resource not found"}}')


def test_a_missing_token_gets_foundrys_own_words() -> None:
    refused = InProcess().get("/api/projects/p/assistants?api-version=v1", headers={"Authorization": ""})
    assert (refused.status, refused.body) == (
        401,
        b'{ "statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, audience is incorrect '
        b'(https://ai.azure.com), or have expired." }',
    )


def test_foundrys_request_id_has_no_dashes() -> None:
    headers = InProcess().get("/api/projects/p/assistants?api-version=v1").headers
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
    assert headers["apim-request-id"].replace("-", "") == headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", headers["openai-organization"])


def test_a_stub_stands_for_the_path_below_every_base() -> None:
    api = InProcess({"stubs": [{"request": "POST /v1/chat/completions", "status": 200, "body": {"id": "x"}}]})
    for base in ("/v1", "/openai/v1", "/openai/deployments/gpt-4o", "/api/projects/p/openai/v1"):
        assert api.post(f"{base}/chat/completions", {}).json == {"id": "x"}


# ---- The client's name for its request ----


def ask(kind: str, path: str) -> Reply:
    """A request of one kind, below a base."""
    faults: dict[str, Any] = {
        "fault before": {"kind": "error", "status": 429},
        "fault after": {"kind": "garble"},
        "fault in a stream": {"kind": "error", "status": 500, "after": 3},
    }
    scenario = {**TEXT, "faults": [{"operation": "create_thread_and_run", **faults[kind]}]} if kind in faults else TEXT
    api = InProcess(scenario)
    base, _, query = path.partition("?")
    if kind == "no key":
        return api.get(f"{base}/assistants?{query}", headers={"Authorization": "", **NAME})
    if kind == "no route":
        return api.get(f"{base}/nothing?{query}", headers=NAME)
    if kind == "refusal":
        return api.get(f"{base}/threads/thread_none?{query}", headers=NAME)
    if kind == "a response":
        return api.post(f"{base}/responses?{query}", {"model": "m", "input": "Hello"}, headers=NAME)
    thread = {"messages": [{"role": "user", "content": "Hello"}]}
    body = {"assistant_id": api.assistant(), "thread": thread, "stream": kind in ("stream", "fault in a stream")}
    return api.post(f"{base}/threads/runs?{query}", body, headers=NAME)


KINDS = [
    "answer", "stream", "a response", "refusal", "no route", "no key", "fault before", "fault after",
    "fault in a stream",
]  # fmt: skip


@pytest.mark.parametrize("path", [f"/openai?{V}", "/openai/v1?", f"/api/projects/p?{V}", f"{HUB}?{V}"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_name_of_a_request_is_echoed(kind: str, path: str) -> None:
    assert ask(kind, path).headers["x-ms-client-request-id"] == NAME["x-ms-client-request-id"]


@pytest.mark.parametrize("kind", KINDS)
def test_openai_does_not_know_that_name(kind: str) -> None:
    assert "x-ms-client-request-id" not in ask(kind, "/v1?").headers
