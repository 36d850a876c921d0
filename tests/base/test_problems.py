"""Problems carry data: reports read their fields, never their sentences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator import Emulator
from emulator.base.problems import NearMiss, Problem
from emulator.control.records import Run
from emulator.control.report import run_lines
from tests.support import Api

Emulate = Callable[..., Emulator]
Connect = Callable[[Emulator], Api]

NEAR = (NearMiss("weather", "message: expected 'weather', got 'Hi'"), NearMiss("time", "it was played 1 of 1 times"))


@pytest.mark.parametrize(
    "problem",
    [
        Problem("times", "A turn was not played.", "a.yaml", 3),
        Problem("more", "and 2 more problems"),
        Problem("unmatched", "No turn.", "a.yaml", 1, run_id="run_1", nearest=NEAR),
    ],
    ids=lambda problem: problem.kind,
)
def test_json_keeps_a_problem_whole(problem: Problem) -> None:
    data = problem.as_json()

    assert Problem.from_json(data) == problem
    assert list(data)[:4] == ["kind", "message", "file", "line"]


@pytest.mark.parametrize("sentence", ["no turn fits run_1 (nearest first): 'x': y", "Any other sentence.", ""])
def test_a_report_takes_the_near_misses_from_fields_whatever_the_sentence(sentence: str) -> None:
    run = Run("run_1", "thread_1", "unmatched", "failed", ())

    assert run_lines(run, [Problem("unmatched", sentence, run_id="run_1", nearest=NEAR)]) == [
        "run_1 on thread_1, no turn fits: failed",
        "  nearest: 'weather': message: expected 'weather', got 'Hi'; 'time': it was played 1 of 1 times",
    ]
    assert run_lines(run, [Problem("unmatched", sentence, run_id="run_2", nearest=NEAR)]) == [
        "run_1 on thread_1, turn 'unmatched': failed"
    ]


def test_an_unmatched_run_is_a_problem_with_its_near_misses(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate({"turns": [{"name": "weather", "when": {"message": "weather"}, "steps": [{"say": "Sunny."}]}]})
    api = connect(emulator)
    assistant = api.post("/v1/assistants", {"model": "gpt-4o"}).json["id"]
    thread = {"messages": [{"role": "user", "content": "Hi"}]}
    run = api.post("/v1/threads/runs", {"assistant_id": assistant, "thread": thread}).json["id"]

    (problem,) = emulator.problems()
    assert (problem.kind, problem.run_id) == ("unmatched", run)
    assert problem.nearest == (NearMiss("weather", "message: expected 'weather', got 'Hi'"),)
