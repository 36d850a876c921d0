"""Lists of vector stores and their files."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apis.endpoints.stores import (
    make_store,
)
from tests.apis.endpoints.test_files import make_file
from tests.support import InProcess


def test_stores_are_listed_like_everything() -> None:
    api = InProcess()
    ids = [make_store(api).rpartition("/")[2] for _ in range(25)]
    page = api.get("/v1/vector_stores").json
    assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
    assert [one["id"] for one in page["data"]] == ids[:4:-1]
    assert page["has_more"] is True
    assert [one["id"] for one in api.get(f"/v1/vector_stores?order=asc&after={ids[22]}").json["data"]] == ids[23:]
    assert [one["id"] for one in api.get(f"/v1/vector_stores?before={ids[22]}").json["data"]] == ids[:22:-1]


def test_a_cursor_that_never_was_is_no_fault_of_ours() -> None:
    api = InProcess()
    assert api.get(f"{make_store(api)}/files?after=file-none").status in (400, 404)


class _Walk:
    """A list of files that is walked page by page while files come and go."""

    def __init__(self, kind: str) -> None:
        self.api = InProcess()
        self.kind = kind
        self.store = make_store(self.api) if kind != "files" else ""
        self.path = "/v1/files" if kind == "files" else f"{self.store}/files"
        self.made: list[str] = []
        self.gone: set[str] = set()

    def create(self) -> None:
        self.made.append(make_file(self.api, f"{len(self.made)}.txt", b"x"))
        if self.store:
            self.api.post(self.path, {"file_id": self.made[-1]})

    def delete(self, number: int) -> None:
        alive = [id for id in self.made if id not in self.gone]
        if alive:
            id = alive[number % len(alive)]
            path = self.path if self.kind == "store, taken out" else "/v1/files"
            assert self.api.delete(f"{path}/{id}").status == 200
            self.gone.add(id)

    def page(self, query: str) -> dict[str, Any]:
        page: dict[str, Any] = self.api.get(f"{self.path}?{query}").json
        return page


changes = st.lists(st.just(None) | st.integers(0, 30), max_size=4)


@pytest.mark.parametrize(
    ("kind", "cursor"),
    [
        ("files", "after"),
        ("store", "after"),
        ("store", "before"),
        ("store, taken out", "after"),
        ("store, taken out", "before"),
    ],
)
@given(
    count=st.integers(0, 12),
    limit=st.integers(1, 5),
    order=st.sampled_from(["asc", "desc"]),
    between=st.lists(changes, max_size=12),
)
@settings(deadline=None, max_examples=25)
def test_any_walk_visits_each_surviving_file_once_and_in_order(
    kind: str, cursor: str, count: int, limit: int, order: str, between: list[list[int | None]]
) -> None:
    walk = _Walk(kind)
    for _ in range(count):
        walk.create()
    first = list(walk.made)
    seen: list[str] = []
    # ``before`` walks from the end of the order to its beginning; it starts at a file behind all others.
    if cursor == "before":
        walk.create()
        end = walk.made[-1] if order == "asc" else walk.made[0]
        first = [id for id in walk.made if id != end]
        place = end
    else:
        place = ""
    pauses = iter(between)
    while True:
        page = walk.page(f"order={order}&limit={limit}&{cursor}={place}")
        rows = [one["id"] for one in page["data"]]
        assert len(rows) <= limit
        seen += rows if cursor == "after" else rows[::-1]
        if not page["has_more"]:
            break
        place = page["last_id"] if cursor == "after" else page["first_id"]
        for change in next(pauses, []):
            walk.create() if change is None else walk.delete(change)
    assert len(seen) == len(set(seen))
    survivors = [id for id in first if id not in walk.gone]
    assert set(survivors) <= set(seen)
    forwards = (order == "asc") is (cursor == "after")
    expected = [id for id in walk.made if id in seen]
    assert seen == (expected if forwards else expected[::-1])
