"""``--assistants-report-habits`` and ``--assistants-report-cost``: what the terminal summary tells of a session."""

from __future__ import annotations

import json

import pytest

from tests.plugin.inner import LIGHT, run

TESTS = """
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100}
SCENARIO = {"version": 1, "turns": [{"usage": USAGE, "steps": [{"say": "Hi"}]}]}

@pytest.mark.assistants_emulator(SCENARIO)
def test_creates_two(assistants_emulator):
    app()
    app()

@pytest.mark.assistants_emulator(SCENARIO)
def test_cleans_up(assistants_emulator):
    assistant = send("/assistants", {"model": "gpt-4o-mini"})
    thread = send("/threads", {"messages": [{"role": "user", "content": "hi"}]})
    path = f"/threads/{thread['id']}/runs"
    run = send(path, {"assistant_id": assistant["id"]})
    while send(f"{path}/{run['id']}")["status"] != "completed":
        pass
    send(f"/threads/{thread['id']}", method="DELETE")
"""
TOTAL = "together US$ 0.00721, by the prices of 2026-08-26*"


def summary(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    result = run(pytester, TESTS, *arguments, head=LIGHT)
    result.assert_outcomes(passed=2)
    return result


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_habits_are_told_with_the_lines_of_the_tests(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    result = summary(pytester, "--assistants-report-habits", *workers)
    result.stdout.fnmatch_lines(
        [
            "habits:",
            "  reuse_assistants",
            "    test_app.py:* test_creates_two: 2 assistants with the same configuration (gpt-4o) were *",
            "  clean_up",
            "    test_app.py:* test_creates_two: 2 threads were created and not deleted: *",
        ]
    )
    assert "test_cleans_up: " not in result.stdout.str()
    assert "cost:" not in result.stdout.str()


def test_the_cost_is_told_by_model_and_by_test(pytester: pytest.Pytester) -> None:
    result = summary(pytester, "--assistants-report-cost")
    result.stdout.fnmatch_lines(
        [
            "cost:",
            "  gpt-4o       2,000 prompt and 200 completion tokens  US$ 0.007",
            "  gpt-4o-mini  1,000 prompt and 100 completion tokens  US$ 0.00021",
            f"  {TOTAL}",
            "    test_app.py:* test_creates_two: US$ 0.007",
            "    test_app.py:* test_cleans_up: US$ 0.00021",
        ]
    )


def test_without_the_options_nothing_is_told(pytester: pytest.Pytester) -> None:
    told = summary(pytester).stdout.str()
    assert "habits" not in told
    assert "US$" not in told


@pytest.mark.parametrize(
    ("off", "told"),
    [
        ("reuse_assistants clean_up", "habits: nothing to say"),
        ("all", "habits: nothing to say"),
        ("reuse_assistant", "assistants_habits_off: there is no habit 'reuse_assistant'*"),
    ],
)
def test_a_setting_turns_habits_off(pytester: pytest.Pytester, off: str, told: str) -> None:
    result = summary(pytester, "--assistants-report-habits", "-o", f"assistants_habits_off={off}")
    result.stdout.fnmatch_lines([f"*{told}"])


def test_a_price_table_of_ones_own(pytester: pytest.Pytester) -> None:
    table = {
        "date": "2027-01-01",
        "source": "my contract",
        "per_million_tokens": {"gpt-4o": {"input": 1000, "output": 0}},
        "vector_storage": {"per_gb_day": 0, "free_gb": 0},
    }
    pytester.path.joinpath("prices.json").write_text(json.dumps(table))
    result = summary(pytester, "--assistants-report-cost", "--assistants-prices=prices.json")
    result.stdout.fnmatch_lines(["*together US$ 2 without gpt-4o-mini, by the prices of 2027-01-01 (my contract)"])


def test_a_bad_price_table_ends_nothing(pytester: pytest.Pytester) -> None:
    result = summary(pytester, "--assistants-report-cost", "--assistants-prices=none.json")
    result.stdout.fnmatch_lines(["*none.json: the prices cannot be read*"])
