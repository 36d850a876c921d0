"""Large bodies are read beside other requests, and nobody sees a difference."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from emulator.apis.http import bodies, pipeline
from emulator.sandbox import json_schema, large_values
from tests.support import BETA, InProcess, Reply

SCENARIO: dict[str, Any] = {"turns": [{"steps": [{"say": "Hello."}]}]}
REQUESTS: list[tuple[str, Any]] = [
    ("/v1/threads", {"messages": [{"role": "user", "content": "Hi"}]}),
    ("/v1/threads", {"messages": 3}),
    ("/v1/threads", {"unknown": 3}),
    ("/v1/threads/thread_none/messages", {"role": "user", "content": "Hi"}),
    ("/v1/threads?limit=x", {}),
    ("/v1/responses", {"model": "gpt-4o", "input": "Hi"}),
    ("/v1/responses", {"model": "gpt-4o", "thread_id": "thread_1", "input": "Hi"}),
    ("/v1/responses", {"model": "gpt-4o", "input": "Hi", "stream": True}),
    ("/v1/nowhere", {"model": "gpt-4o"}),
]


def _answers() -> tuple[list[Reply], Any]:
    api = InProcess(SCENARIO)
    answers = [api.post(path, body) for path, body in REQUESTS]
    answers += [api.post("/v1/threads", content=b'{"x"'), api.post("/v1/threads", {}, headers={"OpenAI-Beta": ""})]
    return answers, [problem.as_json() for problem in api.world.check()]


def test_what_is_read_beforehand_is_answered_as_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = _answers()
    monkeypatch.setattr(pipeline, "LARGE", -1)
    monkeypatch.setattr(bodies, "LARGE", -1)
    assert _answers() == at_once


@pytest.mark.parametrize(("kind", "status"), [({"kind": "error", "status": 429}, 429), ({"kind": "truncate"}, 200)])
def test_a_fault_acts_on_a_request_with_a_large_body(
    kind: dict[str, Any], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "LARGE", -1)
    api = InProcess({**SCENARIO, "faults": [{"operation": "create_response", "times": 1, **kind}]})
    body = {"model": "gpt-4o", "input": "Hi", "stream": True}
    first, second = api.post("/v1/responses", body), api.post("/v1/responses", body)
    assert (first.status, second.status) == (status, 200)
    assert len(first.body) < len(second.body)


def test_a_reset_while_a_large_body_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request comes to the world that is there when it is handled."""
    api, is_reset = InProcess(SCENARIO), threading.Event()
    api.get("/_emulator/health")  # imports the admin API

    def read_late(operation: str, body: bytes, *, foundry: bool) -> Future[dict[str, Any]]:
        assert is_reset.wait(10)
        return bodies.outcome_of(operation, body, foundry=foundry)

    monkeypatch.setattr(pipeline, "LARGE", -1)
    monkeypatch.setattr(pipeline, "outcome_of", read_late)

    async def both() -> Reply:
        headers = {"Authorization": f"Bearer {api.key}", **BETA}
        creating = asyncio.create_task(api._exchange("POST", "/v1/threads", b"{}", headers))
        await asyncio.sleep(0)
        await api._exchange("POST", "/_emulator/reset", b"", headers)
        is_reset.set()
        return await creating

    thread = asyncio.run(both()).json["id"]
    assert api.get(f"/v1/threads/{thread}").status == 200


@pytest.mark.parametrize("at", [0, 5, 7, 8, 9, 10, 100])
@pytest.mark.parametrize("number", ["2.0", "2e0", "2E0"])
def test_a_whole_number_is_found_at_any_place_of_a_body(number: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large body is searched in pieces, and a number may stand where two meet."""
    monkeypatch.setattr(bodies, "LARGE", 10)
    text = b'{"max_num_results":' + b" " * at + number.encode() + b', "query": "x"}'
    (value,) = [bodies.read_json("search_vector_store", text)["max_num_results"]]
    assert (value, type(value)) == (2, int)


SCHEMA: dict[str, Any] = {
    "$defs": {"item": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}, "maxItems": 500},
        "text": {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "array", "items": {"type": "string"}}]},
        "names": {"maxProperties": 500, "additionalProperties": {"type": "string"}, "propertyNames": {"maxLength": 9}},
    },
}
LARGE_VALUES: list[tuple[Any, list[tuple[list[Any], str]]]] = [
    ({"items": [{"n": n} for n in range(300)]}, []),
    (
        {"items": [{"n": n} for n in range(300)] + [{"n": "x"}, {}]},
        [(["items", 300, "n"], "type"), (["items", 301], "required")],
    ),
    ({"items": [{}] * 501}, [(["items"], "maxItems")]),
    ({"items": "none"}, [(["items"], "type")]),
    ({"text": "short"}, []),
    ({"text": "too long"}, [(["text"], "anyOf")]),
    ({"names": {str(n): 3 for n in range(501)}}, [(["names"], "maxProperties")]),
    ({"names": {"short": "", "long enough": "", "x": 3}}, [(["names", "x"], "type"), (["names"], "maxLength")]),
]


def _without_words(breach: json_schema.Breach) -> Any:
    """What the errors of the APIs are made from."""
    branches = [[_without_words(one) for one in branch] for branch in breach.branches]
    return breach.path, breach.keyword, breach.expected, breach.found, breach.of_name, branches


@pytest.mark.parametrize(("value", "expected"), LARGE_VALUES)
def test_a_large_value_is_refused_for_the_same_reasons(
    value: Any, expected: list[tuple[list[Any], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [1], "x" * 9_000, [[0] * 9_000], [{"x": "x" * 9_000}]
    assert [large_values.is_large(one) for one in values] == [False, True, True, True]
    monkeypatch.setattr(large_values, "_LARGE", 0)
    found = json_schema.breaches(SCHEMA, value)
    assert sorted((breach.path, breach.keyword) for breach in found) == sorted(expected)
    monkeypatch.setattr(large_values, "_LARGE", 1e9)
    as_small = json_schema.breaches(SCHEMA, value)
    if len(found) == len(as_small):
        assert [_without_words(one) for one in found] == [_without_words(one) for one in as_small]
