"""``pytest --assistants-parity``: tests with the fixture ``assistants_api`` run on both APIs, and have to be the same.

Each process sends the transcripts of its tests with their reports. They are compared where reports arrive: in xdist's
controller, or in the only process. So it does not matter which worker has run which half.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from emulator.base.problems import EmulatorError
from emulator.control.records import Transcript
from emulator.parity.comparing import APIS, NEITHER, ComparedTurn, compare
from emulator.parity.report import Comparison, ParityReport
from emulator.testing.failures import fail_report
from emulator.testing.worker import Worker

FIXTURE: Final = "assistants_api"


@dataclass(slots=True)
class _Half:
    """A test on one API. ``transcripts``: None if it was not called."""

    outcome: str = "did not run"
    transcripts: list[Transcript] | None = None


@dataclass(slots=True)
class _Test:
    """A test on both APIs."""

    halves: dict[str, _Half] = field(default_factory=dict)
    turns: list[ComparedTurn] = field(default_factory=list)


class ParityHooks:
    """Registered with the option. ``worker``: returns the emulator of this process."""

    def __init__(self, config: pytest.Config, worker: Callable[[], Worker]) -> None:
        self._worker = worker
        self._collects_reports = not hasattr(config, "workerinput")
        self._tests: dict[str, _Test] = {}

    @pytest.hookimpl
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Runs a test once on each API, unless it says itself on which."""
        if FIXTURE in metafunc.fixturenames and not _is_parametrized(metafunc):
            metafunc.parametrize(FIXTURE, APIS, indirect=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Adds the test's transcripts to its report."""
        report = yield
        callspec: Any = getattr(item, "callspec", None)
        if callspec is None or FIXTURE not in callspec.params:
            return report
        api = callspec.params[FIXTURE]
        record: dict[str, Any] = {"test": _name(item.nodeid, callspec.id, api), "api": api}
        if report.when == "call" and not report.skipped:
            self._add_transcripts(item, report, record)
        report.assistants_parity = record  # type: ignore[attr-defined]  # xdist forwards plain values
        return report

    def _add_transcripts(self, item: pytest.Item, report: pytest.TestReport, record: dict[str, Any]) -> None:
        """The transcripts of a test with a world of its own, and the fields that it allows to differ."""
        worker = self._worker()
        use = item.stash.get(worker.use, None)
        if use is None or not use.checked:
            return
        try:
            record["transcripts"] = [one.as_json() for one in worker.control.transcripts()]
            record["allowed"] = list(use.may_differ)
        except EmulatorError as error:
            if report.passed:
                report.outcome, report.longrepr = "failed", str(error)
        except Exception as error:
            fail_report(report, error)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Fails the second half of a test that differs from its first."""
        record = getattr(report, "assistants_parity", None)
        if record is not None and self._collects_reports:
            self._take(report, record)
        return (yield)

    def _take(self, report: pytest.TestReport, record: dict[str, Any]) -> None:
        test = self._tests.setdefault(record["test"], _Test())
        half = test.halves.setdefault(record["api"], _Half())
        if report.when == "call" or not report.passed:
            half.outcome = report.outcome
        if "transcripts" not in record:
            return
        half.transcripts = [Transcript.from_json(one) for one in record["transcripts"]]
        old, new = (test.halves.get(api, _Half()).transcripts for api in APIS)
        if old is not None and new is not None:
            test.turns = compare(old, new, record["allowed"])
            comparison = _comparison(record["test"], test)
            if not (comparison.only or comparison.is_same):
                report.outcome = "failed"
                report.longrepr = "\n".join(["The two APIs differ in what a user notices:", *comparison.lines()])

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._collects_reports:
            return
        terminalreporter.section("assistants emulator parity", sep="-")
        comparisons = [_comparison(name, test) for name, test in sorted(self._tests.items())]
        report = (
            str(ParityReport(comparisons, "test")) if comparisons else f"parity: no test used the fixture {FIXTURE}"
        )
        for line in report.splitlines():
            terminalreporter.write_line(line)


def _comparison(name: str, test: _Test) -> Comparison:
    """The comparison of a test, with the reason if it did not pass on both APIs."""
    outcomes = {api: test.halves.get(api, _Half()).outcome for api in APIS}
    passed = [api for api, outcome in outcomes.items() if outcome == "passed"]
    if len(passed) == len(APIS):
        return Comparison(test.turns, name)
    why = ", ".join(f"{outcome} on {api}" for api, outcome in outcomes.items() if api not in passed)
    return Comparison(test.turns if passed else [], name, passed[0] if passed else NEITHER, why)


def _name(nodeid: str, id: str, api: str) -> str:
    """The name of a test without the API among its parameters: the same for both halves."""
    others = id.split("-")
    if api in others:
        others.remove(api)
    left = "-".join(others)
    return nodeid.replace(f"[{id}]", f"[{left}]" if left else "")


def _is_parametrized(metafunc: pytest.Metafunc) -> bool:
    """True if a test's own marker gives the fixture its values."""
    named = [marker.args[0] for marker in metafunc.definition.iter_markers("parametrize") if marker.args]
    lists = [one.split(",") if isinstance(one, str) else one for one in named]
    return any(FIXTURE in [name.strip() for name in names] for names in lists)
