"""What pytest calls once the emulator is in use: what fixtures leave, what a test owes, and what its report tells."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from emulator.base.problems import EmulatorError
from emulator.control.report import report as text_of
from emulator.testing.options import refuse
from emulator.testing.sunset_report import senders
from emulator.testing.worker import Use, Worker, in_one_line


class Hooks:
    """Registered when the emulator starts."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """With the setting on, modules may ask the emulator when they are imported."""
        result = yield
        if self._worker.leads_session and not isinstance(collector, pytest.Class):
            self._worker.dependence.look_for(collector)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """What a wide fixture makes is kept for all tests in its reach."""
        worker = self._worker
        if fixturedef.scope == "function" or worker.item is None or worker.in_own_world:
            return (yield)
        worker.dependence.look()
        worker.baselines.begin_fixture(fixturedef, shared=worker.shares_world)
        result = yield
        named = fixturedef in senders(worker.item)
        asked = worker.dependence.look_for(fixturedef) if named else worker.dependence.look()
        if asked or "assistants_emulator_server" in fixturedef.argnames:
            worker.baselines.keep(fixturedef)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """A test that passed is held to what the emulator saw."""
        result = yield
        worker = self._worker
        use = item.stash.get(worker.use, None)
        if use is None:
            return result
        with in_one_line():
            if use.checked:
                worker.control.check()
            if worker.option("sunset") == "fail":
                worker.dependence.look()
                if words := worker.dependence.of(item):
                    lines = "\n".join(f"  {line}" for line in words)
                    refuse(f"this test still depends on the removed Assistants API:\n{lines}")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A test that failed tells what its client asked; each tells, at its end, whether it needs the removed API."""
        report = yield
        worker = self._worker
        use = item.stash.get(worker.use, None)
        if use is None:
            return report
        refused = worker.guard.refused[use.refused :]
        try:
            if report.when == "teardown" or report.failed:
                worker.dependence.look()
            if report.when == "teardown":
                end = {"removed": worker.dependence.of(item), "refused": refused}
                report.assistants_emulator = end  # type: ignore[attr-defined]  # xdist sends plain values on
            elif report.failed and (report.when == "call" or worker.dependence.requests):
                report.sections.append(("assistants emulator", self._told(use, refused)))
        except EmulatorError as error:
            report.sections.append(("assistants emulator", str(error)))
        return report

    def _told(self, use: Use, refused: list[str]) -> str:
        """Of a test with a world of its own, that world; of any other, what came since it began."""
        newest = None if use.checked else self._worker.dependence.requests
        return text_of(self._worker.control, newest=newest, refused=refused)
