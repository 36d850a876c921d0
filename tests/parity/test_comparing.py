"""Transcripts side by side: which turns are the same, which fields differ, what has no equivalent."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control.records import Transcript
from emulator.parity.comparing import allowed_fields, compare


def transcript(turn: str = "holidays", **fields: Any) -> Transcript:
    """One of a turn that says something; ``fields`` override."""
    plain: dict[str, Any] = {
        "turn": turn,
        "place": "handbook.yaml:9",
        "api": "assistants",
        "question": "How many holidays?",
        "texts": ("Thirty days.",),
        "refusal": None,
        "calls": (),
        "files": (),
        "citations": (),
        "searched": (),
        "ended": "completed",
        "carried": None,
        "usage": None,
        "notes": (),
    }
    return Transcript(**{**plain, **fields})


CALL = {"name": "get_weather", "arguments": {"city": "Paris"}, "output": "sunny"}


@pytest.mark.parametrize(
    ("fields", "different"),
    [
        ({"texts": ("Thirty days", ".")}, ["text"]),
        ({"question": "And sick days?"}, ["question"]),
        ({"refusal": "No."}, ["refusal"]),
        ({"calls": (CALL,)}, ["calls"]),
        ({"files": ({"name": "plot.png", "sha256": "00"},)}, ["files"]),
        ({"citations": ("handbook.md",), "searched": ("vs_handbook",)}, ["citations", "searched"]),
        ({"ended": "failed: server_error"}, ["ended"]),
        ({"api": "responses", "usage": {"prompt_tokens": 1}, "notes": ("x",), "carried": {"missing": ["tools"]}}, []),
        ({"place": "another.yaml:1"}, []),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_two_are_equal_when_all_but_four_fields_are(fields: dict[str, Any], different: list[str]) -> None:
    (turn,) = compare([transcript()], [transcript(**fields)])

    assert [one.field for one in turn.differences] == different
    assert turn.is_same is not bool(different)


def test_a_difference_has_both_values() -> None:
    (turn,) = compare([transcript(calls=(CALL,))], [transcript()])

    assert [one._asdict() for one in turn.differences] == [
        {"field": "calls", "assistants": [CALL], "responses": [], "allowed": False}
    ]


def test_a_field_that_is_allowed_to_differ_leaves_the_turn_the_same() -> None:
    old, new = transcript(), transcript(texts=("30.",), citations=("a.md",))

    (text_allowed,) = compare([old], [new], ["text"])
    (both_allowed,) = compare([old], [new], ["text", "citations"])

    assert [(one.field, one.allowed) for one in text_allowed.differences] == [("text", True), ("citations", False)]
    assert (text_allowed.is_same, both_allowed.is_same) == (False, True)


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("abc", "abc", ["aa", "bb", "cc"]),
        ("abc", "ac", ["aa", "b-", "cc"]),
        ("ac", "abc", ["aa", "-b", "cc"]),
        ("abc", "axc", ["aa", "bx", "cc"]),
        ("ab", "axyb", ["aa", "-x", "-y", "bb"]),
        ("a", "", ["a-"]),
        ("", "", []),
    ],
)
def test_turns_are_paired_by_their_names_in_order(old: str, new: str, pairs: list[str]) -> None:
    compared = compare([transcript(name) for name in old], [transcript(name) for name in new])

    assert [
        (one.assistants.turn if one.assistants else "-") + (one.responses.turn if one.responses else "-")
        for one in compared
    ] == pairs
    assert [one.is_same for one in compared] == [pair[0] == pair[1] for pair in pairs]


@pytest.mark.parametrize(
    ("before", "after", "different"),
    [
        ({}, {}, []),
        ({"calls": ({**CALL, "output": None},)}, {"calls": (CALL,)}, []),
        ({"calls": (CALL,)}, {"calls": ({**CALL, "name": "get_time"},)}, ["calls"]),
        ({"texts": ("Wait.",)}, {"texts": ("Wait.", "Done.")}, []),
        ({"texts": ("Wait.",)}, {"texts": ("Done.",)}, ["text"]),
        ({"texts": ("Wait.",)}, {"texts": ()}, ["text"]),
        ({}, {"refusal": "No."}, ["refusal"]),
    ],
)
def test_what_follows_where_a_run_has_expired_has_no_equivalent(
    before: dict[str, Any], after: dict[str, Any], different: list[str]
) -> None:
    (turn,) = compare([transcript(ended="expired", **before)], [transcript(**after)])

    assert turn.no_equivalent == "expire: a response does not expire"
    assert [one.field for one in turn.differences] == different


def test_the_fields_that_a_marker_allows() -> None:
    assert allowed_fields("text, calls") == ["text", "calls"]
    assert allowed_fields("") == []
    with pytest.raises(ValueError, match=r"there is no field 'texts'; the fields are: turn, .*; did you mean 'text'\?"):
        allowed_fields("texts")
