"""What all lists share: envelope, order, limit, cursors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.apis.endpoints.given import is_pretty
from tests.support import InProcess

N = 25


def _assistants(api: InProcess) -> tuple[str, list[str]]:
    return "/v1/assistants", [api.assistant(name=str(n)) for n in range(N)]


def _messages(api: InProcess) -> tuple[str, list[str]]:
    path = f"/v1/threads/{api.thread()}/messages"
    return path, [api.post(path, {"role": "user", "content": str(n)}).json["id"] for n in range(N)]


def _runs(api: InProcess) -> tuple[str, list[str]]:
    thread, assistant = api.thread("hi"), api.assistant()
    made = []
    for _ in range(N):
        made.append(api.run(thread, assistant).json["id"])
        api.poll(thread, made[-1])
    return f"/v1/threads/{thread}/runs", made


def _steps(api: InProcess) -> tuple[str, list[str]]:
    api.post("/_emulator/scenarios", {"version": 1, "turns": [{"steps": [{"say": str(n)} for n in range(N)]}]})
    thread = api.thread("hi")
    run = api.run(thread, api.assistant()).json["id"]
    api.poll(thread, run)
    path = f"/v1/threads/{thread}/runs/{run}/steps"
    return path, [one["id"] for one in api.get(f"{path}?order=asc&limit=100").json["data"]]


Fill = Callable[[InProcess], tuple[str, list[str]]]
every_list = pytest.mark.parametrize("fill", [_assistants, _messages, _runs, _steps])

#: Query, with ``{n}`` for the id of the n-th made; the numbers of the rows in the order sent; whether there are more.
QUERIES = [
    ("", range(24, 4, -1), True),
    ("order=desc&limit=100", range(24, -1, -1), False),
    ("order=asc", range(20), True),
    ("limit=1", [24], True),
    ("limit=25", range(24, -1, -1), False),
    ("limit=24", range(24, 0, -1), True),
    ("after={5}", [4, 3, 2, 1, 0], False),
    ("after={0}", [], False),
    ("order=asc&after={20}", [21, 22, 23, 24], False),
    ("order=asc&after={20}&limit=2", [21, 22], True),
    ("order=asc&after={24}", [], False),
    ("order=asc&before={3}", [0, 1, 2], False),
    ("order=asc&before={10}&limit=3", [7, 8, 9], True),
    ("before={22}", [24, 23], False),
    ("before={10}&limit=2", [12, 11], True),
    ("order=asc&before={0}", [], False),
    ("order=asc&after={3}&before={6}", [4, 5], False),
    ("after={6}&before={3}", [5, 4], False),
    ("order=asc&after={6}&before={3}", [], False),
    ("after=&before=", range(24, 4, -1), True),
]


@every_list
def test_a_page_has_these_objects(fill: Fill) -> None:
    api = InProcess()
    path, ids = fill(api)
    for query, rows, has_more in QUERIES:
        asked = query
        for number in range(N):
            asked = asked.replace(f"{{{number}}}", ids[number])
        reply = api.get(f"{path}?{asked}" if asked else path)
        expected = [ids[number] for number in rows]
        assert [one["id"] for one in reply.json["data"]] == expected, query
        assert list(reply.json) == ["object", "data", "first_id", "last_id", "has_more"]
        first, last = (expected[0], expected[-1]) if expected else (None, None)
        assert (reply.json["object"], reply.json["first_id"], reply.json["last_id"]) == ("list", first, last), query
        assert reply.json["has_more"] is has_more, query
        assert is_pretty(reply)


@every_list
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_walk_sees_everything_once(fill: Fill, order: str) -> None:
    api = InProcess()
    path, ids = fill(api)
    seen: list[str] = []
    page: dict[str, Any] = {"has_more": True, "last_id": ""}
    while page["has_more"]:
        page = api.get(f"{path}?order={order}&limit=7&after={page['last_id']}").json
        seen += [one["id"] for one in page["data"]]
    assert seen == (ids if order == "asc" else ids[::-1])


def test_an_empty_list_to_the_byte() -> None:
    assert InProcess().get("/v1/assistants").body == (
        b'{\n  "object": "list",\n  "data": [],\n  "first_id": null,\n  "last_id": null,\n  "has_more": false\n}'
    )
    api = InProcess()
    assert api.get(f"/v1/threads/{api.thread()}/messages").body == InProcess().get("/v1/assistants").body


@pytest.mark.parametrize("fill", [_assistants, _messages])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_walk_that_deletes_what_it_has_seen_sees_everything(fill: Fill, order: str) -> None:
    api = InProcess()
    path, ids = fill(api)
    seen: list[str] = []
    last = ""
    while page := api.get(f"{path}?order={order}&limit=4&after={last}").json["data"]:
        for one in page:
            api.delete(f"{path}/{one['id']}")
        seen += [one["id"] for one in page]
        last = seen[-1]
    assert seen == (ids if order == "asc" else ids[::-1])
    assert api.get(path).json["data"] == []


@pytest.mark.parametrize("cursor", ["after", "before"])
def test_a_cursor_that_never_was_is_not_found(cursor: str) -> None:
    api = InProcess()
    path, _ = _messages(api)
    assert api.get(f"{path}?{cursor}=msg_none").error[:2] == (404, "No message found with id 'msg_none'.")
    assert api.get(f"{path}?{cursor}=none").error[3:] == (cursor, "invalid_value")
