"""The soak itself, for some seconds: it finds nothing in the server, and it would find something if there were."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.soak.__main__ import main
from tests.soak.actions import ACTS
from tests.soak.ledger import Books, operation_of
from tests.soak.report import BOUNDS, LOOP, is_fine, leaks, lines
from tests.soak.rounds import Soaked
from tests.soak.subject import Holding
from tests.soak.watching import Seen

HOLDING = Holding(50, 14, 3, 0, 2, 1, 0, 1)


@pytest.mark.clients
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the server is measured by /proc")
def test_ten_seconds_leave_nothing_behind_and_the_books_balance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "soak.json"

    code = main(["--minutes", "0.17", "--seed", "7", "--json", str(out)])

    found, printed = json.loads(out.read_text()), capsys.readouterr().out
    assert (code, found["violations"]) == (0, []), printed
    assert found["fine"]
    assert found["exit_code"] == 0
    assert "books: balance" in printed
    assert set(found["leaks"]) == {*BOUNDS, "loop"}
    assert {"create_run", "create_response", "create_conversation"} <= set(found["requests"])
    assert found["worlds"] > 0
    assert found["rows"] > 0
    assert sum(found["requests"].values()) > 100
    assert set(found["acts"]) <= set(ACTS)


@pytest.mark.parametrize(("name", "most"), [*BOUNDS.items(), ("loop", LOOP)])
def test_a_bound_that_is_broken_is_found(name: str, most: float) -> None:
    after = replace(HOLDING, **{name: getattr(HOLDING, name) + most + 1})
    soaked = Soaked(requests=Counter(get_run=1), seconds=1, holdings=[HOLDING, HOLDING, HOLDING, after])

    assert [leak.name for leak in leaks(soaked.holdings) if not leak.holds] == [name]
    assert not is_fine(soaked, 0)
    assert sum(line.endswith("BROKEN") for line in lines(soaked, 0)) == 1


def test_a_violation_and_an_exit_code_are_not_fine_either() -> None:
    soaked = Soaked(requests=Counter(get_run=1), seconds=1, holdings=[HOLDING] * 4)

    assert is_fine(soaked, 0)
    assert not is_fine(soaked, 1)
    soaked.violations.append("sk-calm-0: it went wrong")
    assert not is_fine(soaked, 0)
    assert "  sk-calm-0: it went wrong" in list(lines(soaked, 0))


def _entry(serial: str, **more: Any) -> dict[str, Any]:
    return {
        "operation": "get_thread",
        "path": "/v1/threads/t",
        "status": 200,
        "headers": {"x-soak": serial},
        "repeats": 0,
        "fault": None,
        **more,
    }


@pytest.mark.parametrize(
    ("entries", "asked", "words"),
    [
        ([{}], 1, ""),
        ([{}], 2, "the emulator counts 2, its clients sent 1 to 1"),
        ([], 1, "1 requests are not in the journal, which has 0 repetitions"),
        ([{}, {}], 1, "is 2 times in the journal"),
        ([{"status": 404}], 1, "is get_thread 404 in the journal"),
        ([{"operation": "create_thread"}], 1, "is create_thread 200 in the journal"),
        ([{"repeats": 1}], 1, "1 entries and 1 repetitions for 1 requests"),
    ],
    ids=[
        "balanced",
        "counted twice",
        "not noted",
        "noted twice",
        "another status",
        "another operation",
        "a repetition",
    ],
)
def test_books_that_do_not_balance_are_found(entries: list[dict[str, Any]], asked: int, words: str) -> None:
    books = Books()
    serial, sent = books.open("GET", "/v1/threads/t")
    sent.saw, sent.sure, sent.whole = 200, True, True

    found = books.audit({"get_thread": asked}, {"requests": [_entry(serial, **more) for more in entries], "dropped": 0})

    assert any(words in line for line in found) if words else not found, found
    assert books.audit({"get_thread": asked}, {"requests": [], "dropped": 0}) == []  # the books have begun anew


@pytest.mark.parametrize(("fault", "fine"), [("garble", True), (None, False)])
def test_a_broken_answer_needs_a_fault(fault: str | None, fine: bool) -> None:
    books = Books()
    serial, sent = books.open("GET", "/v1/threads/t")
    sent.saw, sent.sure, sent.broken = 200, True, "cut short"

    found = books.audit({"get_thread": 1}, {"requests": [_entry(serial, fault=fault)], "dropped": 0})

    assert (not found) is fine


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/v1/threads/runs", "create_thread_and_run"),
        ("POST", "/v1/threads/t", "modify_thread"),
        ("GET", "/v1/threads/t/runs?limit=2", "list_runs"),
        ("PUT", "/v1/threads/t", "unknown"),
        ("GET", "/v1/nothing", "unknown"),
    ],
)
def test_the_books_name_operations_as_the_emulator_does(method: str, path: str, operation: str) -> None:
    assert operation_of(method, path) == operation


def _snapshot(seq: int, *requests: dict[str, Any], full: bool = False, epoch: str = "a", left_out: int = 0) -> Any:
    more = {"full": full, "epoch": epoch, "left_out": {"requests": left_out}}
    return {"seq": seq, "requests": list(requests), "turns": [], **more}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([_snapshot(1, {"seq": 1}, full=True), _snapshot(3, {"seq": 1, "repeats": 1}, {"seq": 3})], ""),
        ([_snapshot(3, {"seq": 3}, full=True)], "requests 1: {'seq': 1, 'repeats': 1} was told as None"),
        ([_snapshot(3, {"seq": 1}, {"seq": 3}, full=True)], "was told as {'seq': 1}"),
        ([_snapshot(2, {"seq": 1, "repeats": 1}, {"seq": 3}, full=True)], "the last change is 3, and 2 was told last"),
        ([_snapshot(9, {"seq": 9}, full=True, epoch="b")], "the epoch is a, and b was told last"),
        ([_snapshot(3, {"seq": 3}, full=True, left_out=1)], ""),
    ],
    ids=["piece by piece", "a gap", "an old row", "not the last change", "another world", "too fast"],
)
def test_a_gap_in_the_news_is_found(told: list[Any], words: str) -> None:
    seen = Seen()
    for snapshot in told:
        seen.merge(snapshot)

    gaps = seen.gaps(_snapshot(3, {"seq": 1, "repeats": 1}, {"seq": 3}, full=True))

    assert any(words in gap for gap in gaps) if words else not gaps, gaps
