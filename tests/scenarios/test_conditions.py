"""Every key of ``when``, every form of a pattern, and the words for what did not fit."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.apis.assistants import objects
from emulator.sandbox.json_schema import breaches
from emulator.scenarios import conditions
from emulator.scenarios.conditions import CONDITIONS, Mismatch, Situation, condition, first_mismatch, fits

SITUATION = Situation(
    message="What's the Weather in Paris?\nStra\u00dfe 5",
    instructions="Be brief.",
    model="gpt-4o-mini",
    tools=["get_weather", "code_interpreter"],
    assistant=objects.assistant("asst_1", 0, {"model": "gpt-4o", "name": "Weather"}),
    thread=objects.thread("thread_1", 0, {"metadata": {"user": "ann", "plan": "Pro"}}),
    metadata={"step": "2", "tag": "Alpha Beta"},
    run=2,
)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("weather", "What's the Weather?", True),
        ("WEATHER", "the weather", True),
        ("STRASSE", "Stra\u00dfe", True),
        ("stra\u00dfe", "STRASSE", True),
        ("\u03a3\u03a3", "\u03c3\u03c2", True),
        ("", "", True),
        ("", "anything", True),
        ("weather ", "weather", False),
        ("w.ather", "weather", False),
        ({"equals": "Weather"}, "Weather", True),
        ({"equals": "weather"}, "Weather", False),
        ({"equals": "Weath"}, "Weather", False),
        ({"equals": ""}, "", True),
        ({"equals": "a\n"}, "a", False),
        ({"matches": "w.ather"}, "the weather", True),
        ({"matches": "^w.ather$"}, "the weather", False),
        ({"matches": "WEATHER"}, "weather", False),
        ({"matches": "(?i)WEATHER"}, "weather", True),
        ({"matches": r"(?m)^b$"}, "a\nb", True),
        ({"matches": r"\d+ degrees"}, "18 degrees", True),
        ({"matches": ""}, "", True),
        ({"matches": r"\p{Lu}"}, "\u00c9", True),
    ],
    ids=str,
)
def test_a_text_fits_a_pattern(pattern: Any, text: str, expected: bool) -> None:
    assert fits(pattern, text) is expected


#: A key of ``when``, what it says, and the value that did not fit (None: it fits).
CONDITION_TABLE: list[tuple[str, Any, Any]] = [
    ("message", "paris", None),
    ("message", "Strasse 5", None),
    ("message", "rome", SITUATION.message),
    ("message", {"equals": "Paris"}, SITUATION.message),
    ("message", {"matches": r"in \w+\?"}, None),
    ("instructions", "brief", None),
    ("instructions", {"equals": "Be brief."}, None),
    ("instructions", "long", "Be brief."),
    ("model", "gpt-4o", None),
    ("model", {"equals": "gpt-4o"}, "gpt-4o-mini"),
    ("model", {"matches": "^gpt-4o(-mini)?$"}, None),
    ("tools", "get_weather", None),
    ("tools", ["code_interpreter", "get_weather"], None),
    ("tools", [], None),
    ("tools", "get_weath", ["get_weather", "code_interpreter"]),
    ("tools", ["get_weather", "file_search"], ["get_weather", "code_interpreter"]),
    ("assistant", "asst_1", None),
    ("assistant", "Weather", None),
    ("assistant", "weather", "asst_1 / Weather"),
    ("assistant", "asst", "asst_1 / Weather"),
    ("assistant", {"matches": "^W"}, None),
    ("assistant", {"equals": "asst_2"}, "asst_1 / Weather"),
    ("thread", "thread_1", None),
    ("thread", "thread", "thread_1"),
    ("thread", {"metadata": {"user": "ann"}}, None),
    ("thread", {"metadata": {"user": "ann", "plan": {"matches": "^P"}}}, None),
    ("thread", {"metadata": {"user": "bob"}}, {"user": "ann", "plan": "Pro"}),
    ("thread", {"metadata": {"missing": "x"}}, {"user": "ann", "plan": "Pro"}),
    ("thread", {"metadata": {}}, None),
    ("metadata", {"step": "2"}, None),
    ("metadata", {"tag": "Alpha"}, {"step": "2", "tag": "Alpha Beta"}),
    ("metadata", {"tag": {"matches": "Alpha"}}, None),
    ("metadata", {"step": {"equals": "2"}, "tag": {"equals": "Alpha Beta"}}, None),
    ("metadata", {"step": "3"}, {"step": "2", "tag": "Alpha Beta"}),
    ("run", 2, None),
    ("run", 1, 2),
]


@pytest.mark.parametrize(("name", "expected", "came"), CONDITION_TABLE, ids=str)
def test_every_condition_compares_what_it_says(name: str, expected: Any, came: Any) -> None:
    assert breaches(CONDITIONS[name].schema, expected) == [], "a scenario may say this"
    mismatch = first_mismatch({name: expected}, SITUATION)
    assert mismatch == (None if came is None else Mismatch(name, expected, came))


def test_every_condition_is_in_the_table_fitting_and_not() -> None:
    for fitting in (True, False):
        assert {name for name, _, came in CONDITION_TABLE if (came is None) is fitting} == set(CONDITIONS)


@pytest.mark.parametrize(
    ("changes", "when"),
    [
        ({"message": ""}, {"message": "x"}),
        ({"instructions": ""}, {"instructions": "x"}),
        ({"metadata": {}}, {"metadata": {"a": "b"}}),
        ({"tools": []}, {"tools": "x"}),
        ({"assistant": objects.assistant("asst_1", 0, {"model": "m"})}, {"assistant": "Weather"}),
    ],
    ids=["message", "instructions", "metadata", "tools", "assistant"],
)
def test_what_is_empty_does_not_fit_either(changes: Any, when: Any) -> None:
    assert first_mismatch(when, SITUATION._replace(**changes)) is not None


@pytest.mark.parametrize("pattern", [{"equals": ""}, {"matches": "^$"}], ids=str)
def test_an_assistant_without_a_name_has_no_empty_name(pattern: Any) -> None:
    nameless = objects.assistant("asst_1", 0, {"model": "m"})
    assert first_mismatch({"assistant": pattern}, SITUATION._replace(assistant=nameless)) is not None


@pytest.mark.parametrize(
    ("when", "condition", "fitted"),
    [
        ({"message": "rome", "run": 1}, "message", 0),
        ({"run": 2, "message": "rome"}, "message", 1),
        ({"run": 2, "message": "paris", "model": "o3"}, "model", 2),
    ],
    ids=str,
)
def test_the_first_condition_that_does_not_fit_is_told(when: Any, condition: str, fitted: int) -> None:
    mismatch = first_mismatch(when, SITUATION)
    assert mismatch
    assert (mismatch.condition, mismatch.fitted) == (condition, fitted)


@pytest.mark.parametrize("when", [{}, {"run": 2, "message": "paris", "model": "mini"}], ids=str)
def test_all_keys_must_fit_and_none_is_needed(when: Any) -> None:
    assert first_mismatch(when, SITUATION) is None


@pytest.mark.parametrize(
    ("mismatch", "text"),
    [
        (Mismatch("message", "rome", "paris"), "message: expected 'rome', got 'paris'"),
        (Mismatch("message", {"equals": "a"}, "b"), "message: expected exactly 'a', got 'b'"),
        (Mismatch("message", {"matches": "^a"}, "b"), "message: expected a match of '^a', got 'b'"),
        (Mismatch("run", 1, 2), "run: expected 1, got 2"),
        (Mismatch("tools", ["a"], []), "tools: expected ['a'], got []"),
        (Mismatch("metadata", {"a": "b"}, {}), "metadata: expected {'a': 'b'}, got {}"),
        (Mismatch("message", "x", "y" * 300), f"message: expected 'x', got '{'y' * 198}\u2026"),
    ],
    ids=str,
)
def test_a_mismatch_names_both_values(mismatch: Mismatch, text: str) -> None:
    assert str(mismatch) == text


def test_a_second_condition_of_the_same_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is a condition 'message' already"):
        condition("message", {}, "again")(lambda expected, situation: None)


def test_a_new_condition_is_one_decorated_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "CONDITIONS", {**CONDITIONS})

    @condition("length", {"type": "integer"}, "the number of characters of the message")
    def _length(expected: Any, situation: Situation) -> Any:
        count = len(situation.message)
        return None if count == expected else count

    length = len(SITUATION.message)
    assert first_mismatch({"length": length}, SITUATION) is None
    assert first_mismatch({"length": 8}, SITUATION) == Mismatch("length", 8, length)
