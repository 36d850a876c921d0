"""Search in vector stores: pages, filters, order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.apis.endpoints.given import is_pretty
from tests.apis.endpoints.stores import (
    make_store,
    store_of,
)
from tests.apis.endpoints.test_files import make_file
from tests.support import InProcess, Reply

DOCS = {
    "fruit.md": "Apples are red. Apples and pears are fruits.",
    "pie.md": "Apple pie: take six apples, flour and butter.",
    "soup.md": "Soup: take leeks and potatoes.",
}


def library(api: InProcess) -> tuple[str, dict[str, str]]:
    """The URL of a store of the documents, with the file ids by name."""
    ids = {name: make_file(api, name, text.encode()) for name, text in DOCS.items()}
    attributes: dict[str, dict[str, Any]] = {
        "fruit.md": {"kind": "fact", "year": 2020, "public": True},
        "pie.md": {"kind": "recipe", "year": 2022.5, "public": False},
        "soup.md": {"kind": "recipe", "year": 2024},
    }
    store = make_store(api)
    entries = [{"file_id": ids[name], "attributes": attributes[name]} for name in DOCS]
    api.post(f"{store}/file_batches", {"files": entries})
    return store, ids


def names(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [one["filename"] for one in reply.json["data"]]


def test_a_page_of_search_results_has_every_field() -> None:
    api = InProcess()
    store, ids = library(api)
    reply = api.post(f"{store}/search", {"query": "six apples"})
    assert is_pretty(reply)
    assert list(reply.json) == ["object", "search_query", "data", "has_more", "next_page"]
    assert (reply.json["object"], reply.json["search_query"]) == ("vector_store.search_results.page", ["six apples"])
    assert names(reply) == ["pie.md", "fruit.md"]
    best = reply.json["data"][0]
    assert list(best) == ["file_id", "filename", "score", "attributes", "content"]
    assert best == {
        "file_id": ids["pie.md"],
        "filename": "pie.md",
        "score": 1.0,
        "attributes": {"kind": "recipe", "year": 2022.5, "public": False},
        "content": [{"type": "text", "text": DOCS["pie.md"]}],
    }
    assert (reply.json["has_more"], reply.json["next_page"]) == (False, None)
    assert api.post(f"{store}/search", {"query": "six apples"}).body == reply.body


@pytest.mark.parametrize(
    ("more", "found", "has_more"),
    [
        ({}, ["pie.md", "fruit.md"], False),
        ({"max_num_results": 2}, ["pie.md", "fruit.md"], False),
        ({"max_num_results": 1}, ["pie.md"], True),
        ({"ranking_options": {"score_threshold": 0}}, ["pie.md", "fruit.md"], False),
        ({"ranking_options": {"ranker": "auto", "score_threshold": 0.9}}, ["pie.md"], False),
        ({"ranking_options": {"score_threshold": 1}}, ["pie.md"], False),
        ({"ranking_options": None, "filters": None, "rewrite_query": None}, ["pie.md", "fruit.md"], False),
        ({"rewrite_query": True}, ["pie.md", "fruit.md"], False),
        ({"query": ["six", "apples"]}, ["pie.md", "fruit.md"], False),
        ({"query": ["leeks", "flour"]}, ["soup.md", "pie.md"], False),
        ({"query": "unicorns"}, [], False),
        ({"query": "take", "filters": {"type": "lt", "key": "year", "value": 2023}}, ["pie.md"], False),
    ],
    ids=str,
)
def test_a_search_finds_these_files_in_this_order(more: dict[str, Any], found: list[str], has_more: bool) -> None:
    api = InProcess()
    store, _ = library(api)
    reply = api.post(f"{store}/search", {"query": "six apples", **more})
    assert sorted(names(reply)) == sorted(found) if "leeks" in str(more) else names(reply) == found
    assert reply.json["has_more"] is has_more


def test_equal_results_are_in_the_order_of_the_store() -> None:
    api = InProcess()
    store, _ = store_of(api, *["the same text"] * 5)
    assert names(api.post(f"{store}/search", {"query": "same"})) == [f"{n}.txt" for n in range(5)]


def test_ten_results_unless_the_request_wants_more() -> None:
    api = InProcess()
    store, _ = store_of(api, *[f"same {n}" for n in range(12)])
    page = api.post(f"{store}/search", {"query": "same"}).json
    assert (len(page["data"]), page["has_more"]) == (10, True)
    page = api.post(f"{store}/search", {"query": "same", "max_num_results": 50}).json
    assert (len(page["data"]), page["has_more"]) == (12, False)


def test_a_long_file_is_found_piece_by_piece() -> None:
    api = InProcess()
    text = " ".join(["filler"] * 600 + ["needle"] + ["filler"] * 600)
    file = make_file(api, "long.txt", text.encode())
    static = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0}}
    store = make_store(api, file_ids=[file], chunking_strategy=static)
    (found,) = api.post(f"{store}/search", {"query": "needle"}).json["data"]
    assert "needle" in found["content"][0]["text"]
    assert len(found["content"][0]["text"]) <= 400
    assert len(api.post(f"{store}/search", {"query": "filler", "max_num_results": 50}).json["data"]) > 15


def _by(key: str) -> Callable[[str, Any], dict[str, Any]]:
    return lambda comparison, value: {"type": comparison, "key": key, "value": value}


KIND, YEAR, PUBLIC = _by("kind"), _by("year"), _by("public")
FRUIT, PIE, SOUP = DOCS
FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    (KIND("eq", "recipe"), [PIE, SOUP]),
    (KIND("ne", "recipe"), [FRUIT]),
    (KIND("eq", "Recipe"), []),
    (KIND("gt", "fact"), [PIE, SOUP]),
    (KIND("in", ["fact", "other"]), [FRUIT]),
    (KIND("nin", ["fact", "other"]), [PIE, SOUP]),
    (KIND("in", []), []),
    (KIND("nin", []), [FRUIT, PIE, SOUP]),
    (YEAR("eq", 2020), [FRUIT]),
    (YEAR("eq", 2020.0), [FRUIT]),
    (YEAR("gt", 2020), [PIE, SOUP]),
    (YEAR("gte", 2020), [FRUIT, PIE, SOUP]),
    (YEAR("lt", 2022.5), [FRUIT]),
    (YEAR("lte", 2022.5), [FRUIT, PIE]),
    (YEAR("in", [2020, 2024.0]), [FRUIT, SOUP]),
    (PUBLIC("eq", True), [FRUIT]),
    (PUBLIC("eq", False), [PIE]),
    (PUBLIC("ne", True), [PIE, SOUP]),
    (PUBLIC("eq", 1), []),
    (PUBLIC("ne", 1), [FRUIT, PIE, SOUP]),
    (PUBLIC("in", [1, 0]), []),
    (YEAR("eq", "2020"), []),
    (YEAR("gt", "2020"), []),
    (YEAR("ne", "2020"), [FRUIT, PIE, SOUP]),
    (YEAR("in", ["2020"]), []),
    (YEAR("nin", ["2020"]), [FRUIT, PIE, SOUP]),
    ({"type": "eq", "key": "absent", "value": 1}, []),
    ({"type": "ne", "key": "absent", "value": 1}, [FRUIT, PIE, SOUP]),
    ({"type": "gt", "key": "absent", "value": 1}, []),
    ({"type": "nin", "key": "absent", "value": [1]}, [FRUIT, PIE, SOUP]),
    ({"type": "and", "filters": [KIND("eq", "recipe"), YEAR("lt", 2024)]}, [PIE]),
    ({"type": "or", "filters": [KIND("eq", "fact"), YEAR("gte", 2024)]}, [FRUIT, SOUP]),
    ({"type": "and", "filters": []}, [FRUIT, PIE, SOUP]),
    ({"type": "or", "filters": []}, []),
    (
        {
            "type": "or",
            "filters": [{"type": "and", "filters": [KIND("eq", "recipe"), PUBLIC("eq", False)]}, YEAR("eq", 2020)],
        },
        [FRUIT, PIE],
    ),
]


@pytest.fixture(scope="module")
def shelves() -> tuple[InProcess, str]:
    api = InProcess()
    return api, library(api)[0]


@pytest.mark.parametrize(("filters", "found"), FILTERS, ids=[str(one)[:70] for one, _ in FILTERS])
def test_a_filter_of_attributes_leaves_these_files(
    shelves: tuple[InProcess, str], filters: dict[str, Any], found: list[str]
) -> None:
    api, store = shelves
    reply = api.post(f"{store}/search", {"query": "apples fruits soup take", "filters": filters})
    assert sorted(names(reply)) == found
