"""No silent green: what a test, or a session, left undone is a warning, or a failure where the session is strict."""

from __future__ import annotations

import pytest

from tests.plugin.inner import LIGHT, run

TESTS = """
CALL = {"turns": [{"name": "weather", "steps": [{"call": {"f": {}}}, {"say": "Sunny."}]}]}
TOOL = {"type": "function", "function": {"name": "f"}}

def start():
    assistant = send("/assistants", {"model": "gpt-4o", "tools": [TOOL]})
    thread = send("/threads", {"messages": [{"role": "user", "content": "Hi"}]})
    return send(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})

@pytest.mark.assistants_emulator(CALL)
def test_outputs_are_forgotten():
    run = start()
    for _ in range(2):
        send(f"/threads/{run['thread_id']}/runs/{run['id']}")

@pytest.mark.assistants_emulator(CALL)
def test_nobody_polls():
    start()

@pytest.mark.assistants_emulator({"turns": [{"name": "never", "steps": [{"say": "Hi"}]}]})
def test_its_scenario_is_not_played():
    send("/models")

@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "Hi"}]}]})
def test_nothing_is_left_undone():
    app()

@pytest.mark.assistants_emulator(CALL)
class TestOfOne:
    def test_sends_something_else(self):
        send("/models")
"""
TOLD = [
    "run_… waits for the output of f (call_…), which nobody submitted",
    "run_… is queued: it moves by polls, and nobody polled; if",
    "no turn of the scenario 'unnamed-1' was played: 'never'",
]


@pytest.mark.parametrize("how", ["warnings", "option", "setting"])
def test_what_a_test_leaves_undone_is_a_warning_or_a_failure(pytester: pytest.Pytester, how: str) -> None:
    if how == "setting":
        pytester.makeini("[pytest]\nassistants_strict = true\n")

    result = run(pytester, TESTS, *(["--assistants-strict"] if how == "option" else []), head=LIGHT)

    text = result.stdout.str()
    if how == "warnings":
        result.assert_outcomes(passed=5, warnings=3)
        assert text.count("LooseEndWarning: ") == 3
    else:
        result.assert_outcomes(passed=2, failed=3)
        assert [line for line in result.outlines if line == "the test left 1 loose end:"] == [
            "the test left 1 loose end:"
        ] * 3
    for sentence in TOLD:
        parts = sentence.split("…")
        assert any(all(part in line for part in parts) for line in result.outlines)


def test_a_test_that_fails_of_itself_has_them_in_its_report(pytester: pytest.Pytester) -> None:
    failing = TESTS.replace(
        "def test_nobody_polls():\n    start()", "def test_nobody_polls():\n    assert start() is None"
    )

    result = run(pytester, failing, "-k", "nobody", head=LIGHT)

    assert "loose ends:" in result.outlines
    assert "problems:" in result.outlines


SESSION = """
@pytest.mark.assistants_emulator("weather.yaml", "other.yaml")
class TestAll:
    def test_one(self):
        {use}

    def test_two(self):
        assert True
"""


ALL_UNPLAYED = [
    "no test has sent a request to the emulator",
    "other.yaml: no test has played a turn of it",
    "weather.yaml: no test has played a turn of it",
]


@pytest.mark.parametrize(
    ("use", "lines", "workers"),
    [
        ("app()", ALL_UNPLAYED[1:2], []),
        ("app()", ALL_UNPLAYED[1:2], ["-p", "xdist", "-n", "1"]),
        ("assert True", ALL_UNPLAYED, []),
    ],
)
def test_a_session_tells_what_all_its_tests_left_undone(
    pytester: pytest.Pytester, use: str, lines: list[str], workers: list[str]
) -> None:
    pytester.path.joinpath("weather.yaml").write_text("turns: [{steps: [{say: Sunny.}]}]")
    pytester.path.joinpath("other.yaml").write_text("turns: [{when: {message: other}, steps: [{say: Hi}]}]")
    arguments = [*workers, "--assistants-strict"]

    result = run(pytester, SESSION.format(use=use), *arguments, head=LIGHT)

    result.assert_outcomes(passed=2)
    assert [line for line in result.outlines if "no test has" in line] == lines
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert run(pytester, SESSION.format(use=use), head=LIGHT).ret == pytest.ExitCode.OK


# ---- What the SDK says of the end of the API ----


@pytest.mark.parametrize(
    ("calls", "told"), [(["create"], "once"), (["create", "create", "retrieve"], "3 times"), ([], None)]
)
def test_warnings_of_the_sdk_are_one_with_the_filters_that_hide_it(
    pytester: pytest.Pytester, calls: list[str], told: str | None
) -> None:
    """The SDK has two sentences: threads are deprecated in one, assistants by a word."""
    tests = f"""
import warnings

@pytest.mark.parametrize("call", {calls or ["none"]})
def test_app(assistants_emulator, call):
    send("/models")
    if call == "create":
        warnings.warn("The Assistants API is deprecated in favor of the Responses API", DeprecationWarning)
    if call == "retrieve":
        warnings.warn("deprecated", DeprecationWarning)
    warnings.warn("of another library", DeprecationWarning)
"""
    result = run(pytester, tests, "-W", "default::DeprecationWarning", head=LIGHT)

    lines = result.outlines
    folded = [line for line in lines if line.startswith("the SDK warned")]
    assert [line.split(" that ")[0] for line in folded] == ([f"the SDK warned {told}"] if told else [])
    assert sum("DeprecationWarning: of another library" in line for line in lines) == 1  # pytest shows equal ones once
    assert not any("DeprecationWarning: The Assistants" in line or line.endswith(": deprecated") for line in lines)
    if folded:
        setting = folded[0].rpartition("settings: ")[2]
        pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\n{setting}\n")
        hidden = run(pytester, tests, head=LIGHT).outlines
        assert not any(line.startswith("the SDK warned") for line in hidden)
