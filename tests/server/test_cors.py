"""Browser applications: pages of this machine may read every response, and ask before they send."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Emulate
from tests.support import Api, InProcess

PAGE = "http://localhost:5173"
OWN = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}
FOREIGN = {"Origin": "https://evil.example"}
BROKEN = {"turns": [{"steps": [{"say": "Hi"}]}], "stubs": [{"request": "GET /v1/own", "body": "{{ request.path }}"}]}
FORM = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--b--\r\n'

MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}

#: Every kind of response: method, path, what is sent, and the status.
DOORS: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "list": ("GET", "/v1/assistants", {}, 200),
    "created": ("POST", "/v1/assistants", {"json": {"model": "gpt-4o"}}, 200),
    "stream": ("POST", "/v1/responses", {"json": {"model": "gpt-4o", "input": "?", "stream": True}}, 200),
    "bad request": ("POST", "/v1/assistants", {"json": {}}, 400),
    "broken body": ("POST", "/v1/assistants", {"content": b"{"}, 400),
    "no key": ("GET", "/v1/assistants", {"headers": {"Authorization": ""}}, 401),
    "not found": ("GET", "/v1/threads/thread_none", {}, 404),
    "unknown URL": ("GET", "/v1/nothing", {}, 404),
    "stub": ("GET", "/v1/own", {}, 200),
    "wrong method": ("PUT", "/v1/threads", {}, 405),
    "form": (
        "POST",
        "/v1/files",
        {"content": FORM, "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        400,
    ),
    "azure": ("GET", "/openai/assistants?api-version=2024-05-01-preview", {}, 200),
    "azure without a key": ("GET", "/openai/assistants?api-version=v1", {"headers": {"Authorization": ""}}, 401),
    "front page": ("GET", "/", {}, 200),
    "admin": ("GET", "/_emulator/state", {}, 200),
    "health": ("GET", "/_emulator/health", {"headers": {"Authorization": ""}}, 200),
    "admin refused": ("POST", "/_emulator/faults", {"json": {}}, 400),
    "admin unknown": ("GET", "/_emulator/nothing", {}, 404),
    "admin without a key": ("GET", "/_emulator/state", {"headers": {"Authorization": ""}}, 401),
}
every_door = pytest.mark.parametrize(("method", "path", "sent", "status"), DOORS.values(), ids=DOORS)


def ask(api: Api, method: str, path: str, sent: dict[str, Any], headers: dict[str, str]) -> Any:
    return api.request(method, path, **{**sent, "headers": {**sent.get("headers", {}), **headers}})


@every_door
def test_a_page_may_read_every_response(method: str, path: str, sent: dict[str, Any], status: int) -> None:
    reply = ask(InProcess(BROKEN), method, path, sent, OWN)

    allowed = {name: value for name, value in reply.headers.items() if name.startswith("access-control-")}
    readable = allowed.pop("access-control-expose-headers", "")
    assert (reply.status, allowed) == (
        status,
        {"access-control-allow-origin": PAGE, "access-control-allow-credentials": "true"},
    )
    assert ("x-request-id" in readable) is ("x-request-id" in reply.headers)
    assert "Origin" in reply.headers["vary"]


@every_door
def test_others_get_the_same_bytes_without_these_headers(
    method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    plain, page = (ask(InProcess(BROKEN), method, path, sent, headers) for headers in ({}, OWN))

    assert (plain.status, plain.body) == (page.status, page.body)
    assert not [name for name in plain.headers if name.startswith("access-control-")]


@every_door
def test_a_foreign_page_is_refused(method: str, path: str, sent: dict[str, Any], status: int) -> None:
    reply = ask(InProcess(BROKEN), method, path, sent, FOREIGN)

    assert (reply.status, reply.json["error"]["code"]) == (403, "cross_site_request")
    assert not [name for name in reply.headers if name.startswith("access-control-")]


@every_door
def test_a_preflight_is_answered_without_a_key(method: str, path: str, sent: dict[str, Any], status: int) -> None:
    asked = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,openai-beta,x-stainless-arch",
        "Access-Control-Request-Private-Network": "true",
        "Authorization": "",
        "OpenAI-Beta": "",
    }
    api = InProcess(BROKEN)
    reply, foreign = (api.request("OPTIONS", path, headers={**asked, **headers}) for headers in (OWN, FOREIGN))

    assert (reply.status, reply.body, foreign.status) == (204, b"", 403)
    assert method in reply.headers["access-control-allow-methods"].split(", ")
    allowed = [reply.headers[f"access-control-allow-{name}"] for name in ("origin", "headers", "private-network")]
    assert allowed == [PAGE, asked["Access-Control-Request-Headers"], "true"]
    assert api.get("/_emulator/requests").json["requests"] == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 429, "headers": {"retry-after": "1", "access-control-allow-origin": "https://x.y"}},
        {"kind": "truncate"},
        {"kind": "garble"},
        {"kind": "slice", "bytes": 7},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_a_page_may_read_what_a_fault_makes(emulate: Emulate, fault: dict[str, Any]) -> None:
    emulator = emulate({"faults": [{"operation": "*", **fault}]})
    api = Api(emulator.url)
    reply = api.get("/v1/assistants", headers=OWN)
    api.close()

    assert reply.headers["access-control-allow-origin"] == PAGE
    assert ("retry-after" in reply.headers["access-control-expose-headers"]) is (fault["kind"] == "error")


def test_a_page_gets_it_over_a_socket_too(emulate: Emulate) -> None:
    connection = http.client.HTTPConnection(urlsplit(emulate().url).netloc, timeout=10)
    found = []
    for method, headers in (
        ("OPTIONS", {"Access-Control-Request-Method": "POST"}),
        ("POST", {"Authorization": "Bearer k", "Content-Type": "application/json", "OpenAI-Beta": "assistants=v2"}),
        ("GET", {"Authorization": "Bearer k", "OpenAI-Beta": "assistants=v2"}),
    ):
        connection.request(method, "/v1/assistants", '{"model": "m"}' if method == "POST" else None, {**headers, **OWN})
        answer = connection.getresponse()
        answer.read()
        found.append((answer.status, answer.getheader("access-control-allow-origin")))
    connection.close()

    assert found == [(204, PAGE), (200, PAGE), (200, PAGE)]


# ---- The page at / ----


@pytest.mark.parametrize(
    ("method", "accept", "kind", "has_body"),
    [
        ("GET", "text/html,application/xhtml+xml", "text/html; charset=utf-8", True),
        ("GET", "*/*", "text/plain; charset=utf-8", True),
        ("HEAD", "application/json, text/plain, */*", "text/plain; charset=utf-8", False),  # as wait-on asks
    ],
)
def test_a_browser_and_a_tool_that_waits_get_a_200_without_a_key(
    emulate: Emulate, method: str, accept: str, kind: str, has_body: bool
) -> None:
    emulator = emulate()
    api = Api(emulator.url)
    reply = api.request(method, "/", headers={"Authorization": "", "OpenAI-Beta": "", "Accept": accept})
    api.close()

    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert (f"OPENAI_BASE_URL={emulator.url}/v1" in reply.body.decode()) is has_body
    assert emulator.problems() == []


def test_a_link_of_another_site_leads_to_the_page_and_nowhere_else() -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    assert [InProcess().get(path, headers=link).status for path in ("/", "/v1/models", "/_emulator/health")] == [
        200,
        403,
        403,
    ]
