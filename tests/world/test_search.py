"""Ranking by words: sense, scores in 0…1, ties by order, the same on every machine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.world.state.search import Hit, Index

TEXTS = [
    "Apples are red or green fruits.",
    "Bananas are yellow fruits; monkeys eat bananas, and bananas only.",
    "The capital of France is Paris.",
    "Invoices are paid within thirty days. An invoice has a number.",
    "Grüße aus Köln, naïve café.",
    "東京の天気は晴れです",
    "def snake_case_name(argument): return argument ** 2",
    "nothing at all",
]


def found(query: str, texts: list[str] = TEXTS) -> list[int]:
    return [hit.number for hit in Index(texts).search(query)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("apple", [0]),
        ("APPLES", [0]),
        ("banana", [1]),
        ("yellow fruits", [1, 0]),
        ("fruits", [0, 1]),
        ("What is the capital of France?", [2]),
        ("When do I have to pay an invoice?", [3]),
        ("invoices paid", [3]),
        ("Koln cafe", [4]),
        ("grüße", [4]),
        ("天気", [5]),
        ("東京は晴れですか", [5]),
        ("気", [5]),
        ("気天", []),
        ("snake_case_name", [6]),
        ("case", [6]),
        ("argument", [6]),
        ("unicorn", []),
        ("", []),
        (" \n", []),
        ("?!…", []),
        ("🌍", []),
        ("the", [2]),
        ("all", [7]),
    ],
)
def test_the_best_matching_chunk_is_found_first(query: str, numbers: list[int]) -> None:
    assert found(query) == numbers


def test_operators_in_a_query_are_plain_words() -> None:
    for query in (
        '"',
        "NOT",
        "AND OR",
        "a*",
        "col:x",
        "(",
        "NEAR(a b)",
        "^apple",
        "-apple",
        "apple\x00pear",
        "_",
        "a_",
    ):
        found(query)
    assert found('"apples" OR NOT') == [0]


def test_an_empty_index_finds_nothing() -> None:
    assert Index([]).search("apple") == []
    assert Index(["", " "]).search("apple") == []


def test_equal_chunks_keep_their_order() -> None:
    assert found("same", ["same text"] * 5) == [0, 1, 2, 3, 4]
    scores = {hit.score for hit in Index(["same text"] * 5).search("same")}
    assert len(scores) == 1


def test_a_score_tells_how_much_of_the_query_is_there() -> None:
    index = Index(["red apples", "red bananas", "blue plums"])
    both, one = index.search("red apples")
    assert (both, one.number) == (Hit(0, 1.0), 1)
    assert 0 < one.score < 0.6
    assert Index(["a lonely chunk"]).search("lonely") == [Hit(0, 1.0)]
    assert Index(["a lonely chunk"]).search("lonely hearts") == [Hit(0, 0.5)]


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    texts = ["report on apples"] + ["report on plums"] * 20
    assert found("report apples", texts)[0] == 0
    best, second, *_ = Index(texts).search("report apples")
    assert best.score > second.score


def test_a_long_question_is_a_query_too() -> None:
    index = Index([f"word{n}" for n in range(200)])
    assert len(index.search(" ".join(f"word{n}" for n in range(3000)))) == 200


words = st.sampled_from("red green blue apple plum soup bread the of 天気 東 x_y".split()) | st.text(max_size=8)
texts = st.lists(words, max_size=12).map(" ".join)


@given(st.lists(texts, max_size=12), texts)
@settings(deadline=None, max_examples=60)
def test_any_search_is_in_order_bounded_and_the_same_again(chunks: list[str], query: str) -> None:
    hits = Index(chunks).search(query)
    assert hits == Index(chunks).search(query)
    assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.number))
    assert all(0 < hit.score <= 1 for hit in hits)
    assert len({hit.number for hit in hits}) == len(hits)
    assert all(0 <= hit.number < len(chunks) for hit in hits)
