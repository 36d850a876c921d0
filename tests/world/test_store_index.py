"""The index of a vector store: what changes is indexed anew, and all is found as in an index made at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.world.state import store_index
from emulator.world.state.search import Index
from emulator.world.state.store_index import StoreIndex

_TEXTS = st.lists(
    st.sampled_from(["red apples", "apples", "a pear and apples", "Birnen, süß", "東京の天気"]), max_size=3
)
_CHANGE = st.tuples(st.sampled_from("abc"), _TEXTS | st.none())


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many chunks were indexed, each time."""
    times: list[int] = []

    class Counted(Index):
        def add(self, chunks: Any) -> None:
            listed = list(chunks)
            times.append(len(listed))
            super().add(listed)

    monkeypatch.setattr("emulator.world.state.search.Index", Counted)
    return times


def files(**chunks: list[str]) -> dict[str, Any]:
    return {id: SimpleNamespace(chunks=texts) for id, texts in chunks.items()}


@given(st.lists(_CHANGE, max_size=8), st.sampled_from(["apples", "red apples pear", "süß", "天気"]))
def test_what_changed_by_and_by_is_found_as_in_an_index_made_at_once(
    changes: list[tuple[str, list[str] | None]], query: str
) -> None:
    now: dict[str, Any] = {}
    index = StoreIndex()
    for id, texts in changes:
        now.pop(id, None) if texts is None else now.update(files(**{id: texts}))
        index.change(id)
        index.search("apples", now)
    fresh = StoreIndex()
    for id in now:
        fresh.change(id)

    assert index.search(query, now) == fresh.search(query, now)


def test_only_what_changed_is_indexed_anew(added: list[int]) -> None:
    index, now = StoreIndex(), files(a=["red apples"] * 100, b=["a pear"])
    for id in now:
        index.change(id)
    index.search("pear", now)
    now |= files(b=["two pears", "a plum"])
    index.change("b")

    assert [found.text for found in index.search("pear plum", now)] == ["two pears", "a plum"]
    assert added == [0, 100, 1, 2]


def test_a_lot_is_indexed_in_parts_before_a_search_needs_it(added: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_index, "_MANY", 100)
    monkeypatch.setattr(store_index, "_AHEAD", 60)
    index, now = StoreIndex(), files(**{id: ["x" * 30] for id in "abcdef"})
    for id in now:
        index.change(id)
        index.index_ahead(now)

    assert added == [0, 1, 1, 1, 1]  # two at the fourth file, by which there are more than 100 characters, and so on
    assert len(index.search("x" * 30, now)) == 6
    assert sum(added) == 6
