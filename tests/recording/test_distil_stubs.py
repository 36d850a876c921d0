"""Requests outside the API, as stubs."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.json_types import Object
from emulator.recordings.distil.distil import Distilled
from tests.recording.handmade import JSON, SSE, Book, Played, assistant, proven, refusal

CHAT = "POST /v1/chat/completions"
COMPLETION = {"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"message": {"content": "Hi"}}]}
CHUNKS = 'data: {"choices":[{"delta":{"content":"H\u00eb"}}]}\n\ndata: [DONE]\n\n'


def _stubs(distilled: Distilled) -> list[Object]:
    found: list[Object] = distilled.document.get("stubs", [])
    return found


def _book() -> Book:
    """A stub needs the API's host: a recording is of it."""
    return Book().assistant()


@pytest.mark.parametrize(
    ("request_", "answer", "kind", "stub"),
    [
        (CHAT, COMPLETION, "application/json", {"body": COMPLETION}),
        ("GET /v1/models/x/y", [1, "two"], "application/json", {"body": [1, "two"]}),
        ("PUT /v1/x", "done", "text/plain", {"body": "done", "headers": {"content-type": "text/plain"}}),
        ("PATCH /v1/x", "7", "application/json", {"body": "7", "headers": {"content-type": "application/json"}}),
        ("DELETE /v1/x", "", "", {"body": ""}),
        (CHAT, CHUNKS, SSE[0][1], {"body": CHUNKS, "headers": {"content-type": SSE[0][1]}}),
        ("GET /v1/[x]*", {}, "application/json", {"body": {}}),
        ("GET /v1/x", {"a": "{{ b }}"}, "application/json", {"body": {"a": "{{ '{{' }} b }}"}}),
        ("GET /v1/a%20b/%E2%82%AC", {}, "application/json", {"body": {}}),
    ],
)
def test_an_answer_is_given_again(request_: str, answer: Any, kind: str, stub: Object) -> None:
    headers = (("content-type", kind),) if kind else ()
    distilled = _book().ask(request_, {"any": "thing"}, answer, response_headers=headers).distilled()

    (one,) = _stubs(distilled)
    assert {key: one[key] for key in one if key != "request"} == {"status": 200, **stub}
    method, _, path = request_.partition(" ")
    reply = Played(distilled).request(method, path)
    assert reply.status == 200
    assert (reply.body.decode() if isinstance(answer, str) else reply.json) == answer
    assert not kind or reply.headers["content-type"] == kind


@pytest.mark.parametrize("status", [100, 201, 204, 302, 404, 429, 500, 599])
def test_a_stub_has_the_status(status: int) -> None:
    distilled = _book().ask(CHAT, {}, refusal("So be it."), status).distilled()

    assert [one["status"] for one in _stubs(distilled)] == [status]
    assert distilled.left_out == []


@pytest.mark.parametrize(
    "path", ["/openai/deployments/gpt/chat/completions?api-version=2024-10-21", "/openai/v1/moderations"]
)
def test_azures_paths_are_answered_too(path: str) -> None:
    book = Book(host="https://mine.openai.azure.com")
    book.ask("GET /openai/assistants/asst_1?api-version=2024-05-01-preview", None, assistant())
    distilled = book.ask(f"POST {path}", {}, COMPLETION).distilled()

    assert Played(distilled).post(path, {}).json == COMPLETION


def test_the_same_answer_again_is_one_stub_and_another_is_told() -> None:
    book = _book().ask(CHAT, {}, COMPLETION).ask(CHAT, {}, COMPLETION).ask(CHAT, {}, {"other": 1})
    distilled = book.distilled()

    assert [one["body"] for one in _stubs(distilled)] == [COMPLETION]
    assert distilled.left_out == [
        "hand.yaml #4 POST /v1/chat/completions: its response differs from an earlier one, and a stub has only one"
    ]


@pytest.mark.parametrize(
    ("request_", "answer", "status"),
    [
        ("GET /v1/audio", b"\xff\xfb\x90", 200),
        ("GET /v1/x", "x" * 20_001, 200),
        ("HEAD /v1/x", "", 200),
        ("OPTIONS /v1/x", "", 204),
        ("GET /v1/x", "", 0),
        ("GET /v1/x", "", 600),
    ],
)
def test_what_no_stub_can_give_is_told(request_: str, answer: Any, status: int) -> None:
    distilled = _book().ask(request_, None, answer, status).distilled()

    assert _stubs(distilled) == []
    assert distilled.left_out == [f"hand.yaml #2 {request_}: a stub cannot give this response"]


def test_other_hosts_are_counted() -> None:
    book = _book()
    for url in ("https://api.stripe.com/v1/charges", "https://api.stripe.com/v1/x", "https://example.org/"):
        book.ask(f"GET {url}", None, {})
    distilled = book.distilled()

    assert _stubs(distilled) == []
    assert distilled.left_out == [
        "2 requests to api.stripe.com, which is not the API's host",
        "1 request to example.org, which is not the API's host",
    ]


def test_another_host_of_the_service_is_no_other() -> None:
    book = Book(host="http://localhost:9000").assistant()
    book.ask("POST https://api.openai.com/v1/chat/completions", {}, COMPLETION)

    assert len(_stubs(book.distilled())) == 1


def test_paths_without_a_host_are_the_apis() -> None:
    assert len(_stubs(Book(host="").assistant().ask(CHAT, {}, COMPLETION).distilled())) == 1


def test_a_deep_body_is_text() -> None:
    deep = '{"a":' * 100 + "1" + "}" * 100
    distilled = _book().ask(CHAT, {}, deep, response_headers=JSON).distilled()

    assert Played(distilled).post("/v1/chat/completions", {}).body.decode() == deep


def test_stubs_tell_where_they_came_from() -> None:
    assert "stubs:\n  # hand.yaml #2\n" in proven(_book().ask(CHAT, {}, COMPLETION)).text()
