"""Vector stores whose time is over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.endpoints.stores import (
    advance,
    filled,
    make_store,
)
from tests.apis.endpoints.test_files import DAY, START, make_file
from tests.apis.endpoints.words import (
    error,
)
from tests.support import InProcess


def test_a_store_expires_when_it_was_not_used_for_so_long() -> None:
    api = InProcess()
    store = make_store(
        api, expires_after={"anchor": "last_active_at", "days": 2}, file_ids=[make_file(api, "a.txt", b"apples")]
    )
    assert api.get(store).json["expires_at"] == START + 2 * DAY
    advance(api, DAY)
    api.post(f"{store}/search", {"query": "apples"})
    found = api.get(store).json
    assert (found["last_active_at"], found["expires_at"], found["status"]) == (
        START + DAY,
        START + 3 * DAY,
        "completed",
    )
    advance(api, 2 * DAY - 1)
    assert api.get(store).json["status"] == "completed"
    advance(api, 1)
    assert api.get(store).json["status"] == "expired"
    assert api.get("/v1/vector_stores").json["data"][0]["status"] == "expired"


def test_a_run_keeps_its_stores_from_expiring() -> None:
    api = InProcess()
    store = make_store(api, expires_after={"anchor": "last_active_at", "days": 1})
    resources = {"file_search": {"vector_store_ids": [store.rpartition("/")[2]]}}
    assistant = api.assistant(tools=[{"type": "file_search"}], tool_resources=resources)
    advance(api, DAY - 1)
    assert api.run(api.thread("hi"), assistant).status == 200
    assert api.get(store).json["expires_at"] == START + 2 * DAY - 1


def expired(api: InProcess) -> tuple[str, str, str]:
    """The URL of an expired store, a file in it and one that is not."""
    inside, outside = make_file(api, "a.txt", b"apples"), make_file(api, "b.txt")
    store = make_store(api, expires_after={"anchor": "last_active_at", "days": 1}, file_ids=[inside])
    advance(api, DAY)
    return store, inside, outside


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/search", {"query": "apples"}),
        ("/files", {"file_id": "{file}"}),
        ("/file_batches", {"file_ids": ["{file}"]}),
    ],
    ids=["search", "add", "batch"],
)
def test_an_expired_store_is_not_used(path: str, body: dict[str, Any]) -> None:
    api = InProcess()
    store, _, outside = expired(api)
    id = store.rpartition("/")[2]
    assert api.post(f"{store}{path}", filled(body, outside)).error == error(f"Vector store '{id}' has expired")
    assert api.get(store).json["file_counts"]["total"] == 1


@pytest.mark.parametrize(
    "where", ["create assistant", "create thread", "modify assistant", "modify thread", "thread and run"]
)
def test_an_expired_store_is_given_to_nobody(where: str) -> None:
    api = InProcess()
    assistant, thread = api.assistant(), api.thread("hi")
    store, _, _ = expired(api)
    id = store.rpartition("/")[2]
    resources = {"tool_resources": {"file_search": {"vector_store_ids": [id]}}}
    message = {"messages": [{"role": "user", "content": "hi"}]}
    url, body = {
        "create assistant": ("/v1/assistants", {"model": "gpt-4o", **resources}),
        "create thread": ("/v1/threads", resources),
        "modify assistant": (f"/v1/assistants/{assistant}", resources),
        "modify thread": (f"/v1/threads/{thread}", resources),
        "thread and run": ("/v1/threads/runs", {"assistant_id": assistant, "thread": {**message, **resources}}),
    }[where]
    before = api.get("/_emulator/state").json["objects"]
    assert api.post(url, body).error == error(f"Vector store '{id}' has expired")
    assert api.get("/_emulator/state").json["objects"] == before


@pytest.mark.parametrize("holder", ["assistant", "thread"])
def test_no_run_with_an_expired_store(holder: str) -> None:
    api = InProcess()
    store = make_store(api, expires_after={"anchor": "last_active_at", "days": 1})
    id = store.rpartition("/")[2]
    resources = {"tool_resources": {"file_search": {"vector_store_ids": [id]}}}
    assistant = api.assistant(tools=[{"type": "file_search"}], **(resources if holder == "assistant" else {}))
    message = {"messages": [{"role": "user", "content": "hi"}]}
    thread = api.post("/v1/threads", {**message, **(resources if holder == "thread" else {})}).json["id"]
    advance(api, DAY)
    assert api.run(thread, assistant).error == error(f"Vector store '{id}' has expired")
    assert api.get(f"/v1/threads/{thread}/runs").json["data"] == []


def test_an_attachment_does_not_come_into_an_expired_store() -> None:
    api = InProcess()
    store, _, outside = expired(api)
    thread = api.thread("hi")
    id = store.rpartition("/")[2]
    fresh = make_store(api, expires_after={"anchor": "last_active_at", "days": 1}).rpartition("/")[2]
    api.post(f"/v1/threads/{thread}", {"tool_resources": {"file_search": {"vector_store_ids": [fresh]}}})
    advance(api, DAY)
    body = {
        "role": "user",
        "content": "look",
        "attachments": [{"file_id": outside, "tools": [{"type": "file_search"}]}],
    }
    assert api.post(f"/v1/threads/{thread}/messages", body).error == error(f"Vector store '{fresh}' has expired")
    assert len(api.get(f"/v1/threads/{thread}/messages").json["data"]) == 1
    assert id != fresh
