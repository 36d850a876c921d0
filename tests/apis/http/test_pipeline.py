"""The pipeline: any request gets a response in the API's words; a fault of ours is a problem with its traceback."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given as fuzz
from hypothesis import strategies as st

from emulator import Emulator
from emulator.apis.assistants import objects
from emulator.apis.http.bodies import TOO_LARGE, read_body
from emulator.base.limits import MAX_BODY
from emulator.base.operations import OPERATIONS as ROUTES
from emulator.base.problems import CheckFailed
from tests.apis.endpoints import valid
from tests.apis.endpoints.given import begin, given
from tests.apis.http.test_validation import ANYTHING, nearly, steady
from tests.apis.responses import valid as valid_for_responses
from tests.conftest import Emulate
from tests.support import Api, InProcess, Reply

BODIES = {**valid.BODIES, **valid_for_responses.BODIES}
OPERATIONS = [(route.method, route.path, route.name) for route in ROUTES]
by_operation = pytest.mark.parametrize(
    ("method", "template", "operation"), OPERATIONS, ids=[one[2] for one in OPERATIONS]
)

#: Ids as they may stand in a URL: known ones, and what nobody should send.
STRANGE = ["\0", "世界", "é", "a/b", "%", "\n", "msg_\u2028", "'\"<>", " "]
NASTY = ["", ".", "..", "x" * 10_000, *map(quote, STRANGE), "%FF", "%", "%zz", "\xe9"]
IDS = {"assistant": ["asst_told"], "thread": ["thread_old"], "message": ["msg_hi"], "run": ["run_old"]}


def queries() -> st.SearchStrategy[str]:
    names = st.sampled_from(
        ["limit", "order", "after", "before", "run_id", "include[]", "stream", "starting_after", "api-version", "", "é"]
    )
    values = st.sampled_from(
        ["", "1", "0", "-1", "true", "--1", "-", "1e3", "9" * 30, "asc", "msg_hi", "%00", "%ff", "\xe9", "²"]
    )
    pairs = st.lists(st.tuples(names, values).map("=".join), max_size=3).map("&".join)
    return pairs | st.text(st.characters(max_codepoint=255, exclude_characters="#"), max_size=10)


# Hypothesis examines each strategy that it has not seen before: those that all tests draw from are made once.
QUERY = st.none() | queries()
ANY_ID = st.sampled_from(NASTY) | st.text(max_size=8).map(lambda text: quote(text, safe=""))
MODEL = st.sampled_from(["gpt-4o", *NASTY])


def path_of(data: st.DataObject, template: str, live: dict[str, str]) -> str:
    """The operation's URL with ids filled in, known ones mostly, and perhaps a query."""
    path = template.replace("{model}", data.draw(MODEL)) if "{model}" in template else template
    for name in ("assistant", "thread", "message", "run", "step", "response"):
        if f"{{{name}_id}}" in path:
            known = IDS.get(name, []) + ([live[name]] if name in live else [])
            path = path.replace(f"{{{name}_id}}", data.draw(st.sampled_from(known * 4 or ["step_1"]) | ANY_ID))
    query = data.draw(QUERY)
    return "/v1" + path + (f"?{query}" if query else "")


@functools.cache
def bodies(operation: str) -> st.SearchStrategy[bytes]:
    raw = st.binary(max_size=20) | ANYTHING.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    valid = BODIES.get(operation)
    if valid is None:
        return raw
    return raw | nearly(valid).map(orjson.dumps) | st.just(orjson.dumps(valid))


def check_answer(reply: Reply) -> None:
    assert reply.status < 500
    if reply.status >= 400:
        error = reply.json["error"]
        assert list(error) in (["message", "type", "param", "code"], ["code", "message"])
        assert error["message"]


@by_operation
@steady(max_examples=25)
@fuzz(data=st.data())
def test_no_request_breaks_anything(method: str, template: str, operation: str, data: st.DataObject) -> None:
    api = given()
    thread, run = begin(api, message := data.draw(st.sampled_from(["hold", "call", "queued", "say"])))
    response = api.post("/v1/responses", {"model": "gpt-4o", "input": message, "background": True}).json["id"]
    live = {"thread": thread, "run": run, "response": response}
    for _ in range(3):
        path = path_of(data, template, live)
        check_answer(api.request(method, path, content=data.draw(bodies(operation)) if method == "POST" else None))
    assert [problem for problem in api.world.check() if problem.kind == "internal"] == []
    assert api.get("/_emulator/requests").status == 200
    assert api.get(f"/v1/threads/{thread}/runs").status in (200, 404)


@steady(max_examples=150)
@fuzz(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW"]),
    path=st.lists(st.sampled_from(["v1", "openai", "threads", "runs", "models", "thread_old", *NASTY]), max_size=7),
    query=QUERY,
)  # fmt: skip
def test_no_url_breaks_anything(method: str, path: list[str], query: str | None) -> None:
    api = given()
    reply = api.request(method, "/" + "/".join(path) + (f"?{query}" if query else ""))
    check_answer(reply)
    assert {problem.kind for problem in api.world.check()} <= {"unknown_operation"}


def _nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("depth", [10, 200, 250, 300, 1000, 5000])
def test_a_deep_body_is_stored_and_shown_or_refused(depth: int) -> None:
    api = InProcess()
    function = b'{"type": "function", "function": {"name": "f", "parameters": %b}}' % _nested(depth)
    check_answer(api.post("/v1/assistants", content=b'{"model": "m", "tools": [%b]}' % function))
    check_answer(api.get("/v1/assistants"))
    assert api.world.check() == []
    assert api.get("/_emulator/requests").status == 200


def test_the_journal_shows_a_deep_body(emulate: Emulate, connect: Callable[[Emulator], Api]) -> None:
    api = connect(emulate())
    assert "nested too deeply" in api.post("/v1/threads", content=_nested(300)).error[1]
    shown = api.get("/_emulator/requests")
    assert (shown.status, shown.json["requests"][0]["status"]) == (200, 400)


def test_a_name_that_ends_in_a_line_break_is_refused() -> None:
    body = {"model": "m", "tools": [{"type": "function", "function": {"name": "get_weather\n"}}]}
    assert InProcess().post("/v1/assistants", body).error[3:] == ("tools[0].function.name", "invalid_value")


@pytest.mark.parametrize("path", ["/v1/assistants/", "/v1/assistants//", "/v1/assistants//x", "/v1//assistants"])
def test_an_empty_segment_ends_the_path(path: str) -> None:
    expected = 200 if path.startswith("/v1/a") else 404
    assert InProcess().get(path).status == expected


def test_an_encoded_slash_is_part_of_an_id() -> None:
    assert InProcess().get("/v1/threads/thread_a%2Fb").error[1].startswith("Invalid 'thread_id': 'thread_a/b'.")


# ---- Faults of ours ----


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("planted")


def test_a_fault_of_ours_is_a_500_in_openais_words_and_a_problem(
    emulate: Emulate, connect: Callable[[Emulator], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = emulate()
    api = connect(emulator)
    monkeypatch.setattr(objects, "assistant", _broken)
    reply = api.post("/v1/assistants", {"model": "gpt-4o"})
    message = (
        "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
        "through our help center at help.openai.com if you keep seeing this error. (Please include the request ID "
        f"{reply.headers['x-request-id']} in your email.)"
    )
    assert reply.error == (500, message, "server_error", None, None)
    with pytest.raises(CheckFailed) as failed:
        emulator.check()
    (problem,) = failed.value.problems
    assert problem.kind == "internal"
    assert "Traceback (most recent call last)" in problem.message
    assert 'raise RuntimeError("planted")' in problem.message
    assert "in create_assistant" in problem.message
    (request,) = emulator.requests("create_assistant")
    assert request.status == 500


@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_while_a_run_is_played_fails_the_run(stream: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "run_message", _broken)
    api = given()
    thread = api.thread("say")
    api.run(thread, "asst_told", stream=stream)
    api.get(f"/v1/threads/{thread}/runs")
    api.get(f"/v1/threads/{thread}/runs")
    (run,) = api.get(f"/v1/threads/{thread}/runs").json["data"]
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")
    assert [problem.kind for problem in api.world.check()] == ["internal"]
    assert "planted" in api.world.check()[0].message


# ---- Bodies ----


def _receive(*pieces: bytes, leaves: bool = False) -> Callable[[], Coroutine[Any, Any, Any]]:
    """What a server hands out: the pieces of a body, and then its end or the client's."""
    messages: list[Any] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages += [{"type": "http.disconnect"}] if leaves else []
    if not leaves:
        messages = messages or [{"type": "http.request"}]
        messages[-1] = {**messages[-1], "more_body": False}
    left = iter(messages)

    async def receive() -> Any:
        return next(left)

    return receive


@pytest.mark.parametrize(
    ("pieces", "leaves", "read"),
    [
        pytest.param([], False, b"", id="none"),
        pytest.param([b"ab"], False, b"ab", id="in one piece"),
        pytest.param([b"ab", b"cd"], False, b"abcd", id="in pieces"),
        pytest.param([b"ab", b"", b"cdef"], False, b"abcdef", id="up to the limit"),
        pytest.param([b"ab", b"cdefg"], False, TOO_LARGE, id="over the limit in pieces"),
        pytest.param([b"ab", b"cdefg", b"h"], False, TOO_LARGE, id="over the limit and on"),
        pytest.param([b"abcdefg"], False, TOO_LARGE, id="over the limit in one piece"),
        pytest.param([b"\0"], False, b"\0", id="what looks like the marker"),
        pytest.param([], True, None, id="the client leaves at once"),
        pytest.param([b"ab"], True, None, id="the client leaves"),
        pytest.param([b"abcdefg"], True, TOO_LARGE, id="the client leaves over the limit"),
    ],
)
def test_reading_a_body(pieces: list[bytes], leaves: bool, read: bytes | None) -> None:
    got = asyncio.run(read_body(_receive(*pieces, leaves=leaves), limit=6))
    assert (got, got is TOO_LARGE) == (read, read is TOO_LARGE)


def test_a_client_that_leaves_before_its_body_is_complete_gets_nothing_and_changes_nothing() -> None:
    api = given()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/threads", "raw_path": b"/v1/threads", "query_string": b"",
             "headers": [(b"authorization", b"Bearer sk-test"), (b"openai-beta", b"assistants=v2")]}  # fmt: skip

    async def ask() -> None:
        await api.app(scope, _receive(b"{", leaves=True), send)

    asyncio.run(ask())
    assert sent == []
    assert api.get("/_emulator/requests").json["requests"] == []


def test_a_body_over_the_limit_is_refused(emulate: Emulate, connect: Callable[[Emulator], Api]) -> None:
    api = connect(emulate())
    reply = api.post("/v1/threads", content=b" " * (MAX_BODY + 1))
    message = f"Request body too large. Expected at most {MAX_BODY} bytes."
    assert reply.error == (413, message, "invalid_request_error", None, "request_too_large")
    assert api.post("/v1/threads", content=b"\0").status == 400
    assert api.post("/v1/threads", {}).status == 200


# ---- Methods and sites ----


@pytest.mark.parametrize("method", ["HEAD", "PUT", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(method: str, emulate: Emulate, connect: Callable[[Emulator], Api]) -> None:
    reply = connect(emulate()).request(method, "/v1/assistants")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")
    assert (reply.body == b"") == (method == "HEAD")


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 200), ("same-origin", 200), ("none", 200), ("", 200)]
)
@pytest.mark.parametrize("path", ["/v1/assistants", "/openai/assistants?api-version=v1", "/_emulator/state"])
def test_what_a_browser_marks_as_cross_site_is_refused(path: str, site: str, status: int) -> None:
    reply = InProcess().get(path, headers={"Sec-Fetch-Site": site})
    assert reply.status == status
    if status == 403:
        message = "Requests that a browser marks as cross-site are refused."
        assert reply.error[1:] == (message, "invalid_request_error", None, "cross_site_request")


def test_a_request_that_is_refused_at_the_door_is_in_no_journal() -> None:
    api = InProcess()
    api.get("/v1/assistants", headers={"Sec-Fetch-Site": "cross-site"})
    api.get("/v1/assistants", headers={"Authorization": ""})
    assert api.get("/_emulator/requests").json["requests"] == []
