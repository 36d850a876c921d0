"""Hints, shortened values and counted nouns."""

from __future__ import annotations

import pytest

from emulator.base.text import did_you_mean, plural, shorten


@pytest.mark.parametrize(
    ("word", "hint"), [("srve", "; did you mean 'serve'?"), ("serve", "; did you mean 'serve'?"), ("other", "")]
)
def test_a_hint_names_the_most_similar_word(word: str, hint: str) -> None:
    assert did_you_mean(word, ["serve", "check"]) == hint


def test_a_hint_can_stand_between_other_words() -> None:
    assert did_you_mean("srve", ["serve"], before="(", after=")") == "(did you mean 'serve'?)"


@pytest.mark.parametrize(("text", "shown"), [("abcde", "abcde"), ("abcdef", "abcd…"), ("", "")])
def test_a_text_is_shortened_to_the_width(text: str, shown: str) -> None:
    assert shorten(text, 5) == shown


@pytest.mark.parametrize(("number", "words"), [(0, "0 turns"), (1, "1 turn"), (2, "2 turns"), (1000, "1,000 turns")])
def test_a_noun_agrees_with_its_number(number: int, words: str) -> None:
    assert plural(number, "turn") == words
