"""The parity report: values in a line each, reasons, and the JSON of tests."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.parity.comparing import NEITHER, compare
from emulator.parity.report import Comparison, ParityReport
from emulator.parity.values import shown, shown_pair
from tests.parity.test_comparing import CALL, transcript

LACKS_TOOLS = {
    "assistant": "Clerk",
    "parts": ["instructions"],
    "missing": ["tools.file_search", "tools.code_interpreter", "function get_weather"],
}


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("text", [], "none"),
        ("refusal", None, "none"),
        ("text", ["One.\nTwo.", "Three."], "One. ⏎ Two. | Three."),
        ("refusal", "No.\nSorry.", "No. ⏎ Sorry."),
        ("citations", ["a.md", "b.md"], "a.md, b.md"),
        ("calls", [CALL], 'get_weather(city: "Paris") → sunny'),
        ("calls", [{**CALL, "output": None}], 'get_weather(city: "Paris") → no output'),
        ("calls", [{**CALL, "arguments": {}, "output": ""}], "get_weather() → ''"),
        ("calls", [{**CALL, "arguments": "{broken"}], 'get_weather("{broken") → sunny'),
        ("calls", [{"refused": "invalid_request_error"}], "a request refused (invalid_request_error)"),
        ("files", [{"name": "a.png", "sha256": "0123456789ab"}], "a.png 01234567"),
        ("files", [{"name": "a.png", "sha256": None}], "a.png without content"),
    ],
)
def test_a_value_is_shown_in_a_line(field: str, value: Any, line: str) -> None:
    assert shown(field, value) == line


def test_long_values_are_shown_where_they_begin_to_differ() -> None:
    old, new = shown_pair("text", ["So much " * 20 + "for today."], ["So much " * 20 + "for tomorrow, and more " * 9])

    assert old == "… much for today."
    assert new.startswith("… much for tomorrow, and more for")
    assert (len(new), new[-1]) == (72, "…")


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ({"citations": ("a.md",)}, "citations  a.md                        none: the request had no file_search tool"),
        ({"searched": ("vs_a",)}, "searched   vs_a                        none: the request had no file_search tool"),
        (
            {"files": ({"name": "a.png", "sha256": None},)},
            "files      a.png without content       none: the request had no code_interpreter tool",
        ),
        (
            {"calls": ({**CALL, "arguments": {}},)},
            "calls      get_weather() → sunny       none: the request had no function get_weather",
        ),
        ({"calls": ({**CALL, "name": "f", "arguments": {}},)}, "calls      f() → sunny                 none"),
        ({"refusal": "No."}, "refusal    No.                         none"),
    ],
)
def test_the_reason_why_a_response_has_nothing(fields: dict[str, Any], row: str) -> None:
    turns = compare([transcript(**fields)], [transcript(carried=LACKS_TOOLS)])

    *lines, carried = str(ParityReport([Comparison(turns)])).splitlines()[1:]
    assert lines == ["  turn 'holidays' (handbook.yaml:9)", "    text       same", f"    {row}"]
    assert carried.split(maxsplit=2) == ["carried", "instructions", f"not: {', '.join(LACKS_TOOLS['missing'])}"]


def test_a_report_of_tests_as_json() -> None:
    same, different = compare([transcript()], [transcript()]), compare([transcript()], [])
    report = ParityReport(
        [
            Comparison(same, "test_a"),
            Comparison(different, "test_b"),
            Comparison([], "test_c", NEITHER, "failed on assistants, failed on responses"),
        ],
        "test",
    )

    turn = {
        "turn": "holidays",
        "place": "handbook.yaml:9",
        "same": True,
        "only": None,
        "no_equivalent": None,
        "differences": [],
        "carried": None,
    }
    assert report.as_json() == {
        "ok": False,
        "same": 1,
        "different": 1,
        "only": {"assistants": 0, "responses": 0, "neither": 1},
        "tests": [
            {"name": "test_a", "same": True, "turns": [turn]},
            {"name": "test_b", "same": False, "turns": [{**turn, "same": False, "only": "assistants"}]},
            {
                "name": "test_c",
                "same": False,
                "only": "neither",
                "why": "failed on assistants, failed on responses",
                "turns": [],
            },
        ],
    }
