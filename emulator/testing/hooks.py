"""The hooks that pytest calls once the emulator is in use: baselines of fixtures, checks after tests, reports."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from emulator.base.problems import EmulatorError
from emulator.control.network_guard import IMPORT_HINT
from emulator.control.report import report as history_of
from emulator.testing.cassette_use import is_checked
from emulator.testing.failure_reports import attach, write_report
from emulator.testing.failures import fail_report, failing
from emulator.testing.loose_ends import LooseEndWarning, in_words, is_strict, used
from emulator.testing.options import in_one_line, refuse
from emulator.testing.review import is_wanted, prices_of, review
from emulator.testing.sunset_report import senders
from emulator.testing.worker import Use, Worker


class Hooks:
    """Registered when the emulator is first used."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Counts the requests of a module's import, if the emulator serves the whole session."""
        result = yield
        try:
            if self._worker.serves_session and not isinstance(collector, pytest.Class):
                self._worker.dependence.count_for(collector)
        except Exception as error:
            fail_report(result, error)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Keeps the objects of a wide fixture for all tests in its scope, which reaches the emulator in any case."""
        self._worker.admit()
        try:
            return (yield from self._set_up(fixturedef))
        finally:
            self._worker.admit()

    def _set_up(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        worker = self._worker
        if fixturedef.scope == "function" or worker.item is None or worker.in_own_world:
            return (yield)
        worker.dependence.count()
        worker.baselines.begin_fixture(fixturedef, shared=worker.shares_world)
        result = yield
        is_known = fixturedef in senders(worker.item)
        has_sent = worker.dependence.count_for(fixturedef) if is_known else worker.dependence.count()
        if has_sent or "assistants_emulator_server" in fixturedef.argnames:
            worker.baselines.keep(fixturedef)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Fails a test that passed if the emulator has found problems."""
        self._worker.admit()
        result = yield
        worker = self._worker
        use = item.stash.get(worker.use, None)
        if use is None:
            return result
        with in_one_line():
            if use.checked and is_checked(item, worker.control):
                worker.control.check()
                self._tell_loose_ends(item, use)
            if worker.option("sunset") == "fail":
                worker.dependence.count()
                if operations := worker.dependence.of(item):
                    lines = "\n".join(f"  {line}" for line in operations)
                    refuse(f"this test still depends on the removed Assistants API:\n{lines}")
        return result

    def _tell_loose_ends(self, item: pytest.Item, use: Use) -> None:
        use.used = used(self._worker.control, use.own_scenarios)
        is_failure = bool(use.used.loose_ends) and is_strict(item.config)
        try:
            for end in [] if is_failure else use.used.loose_ends:
                item.warn(LooseEndWarning(end))
        except LooseEndWarning:  # the session turns warnings into errors
            is_failure = True
        if is_failure:
            refuse(in_words(use.used.loose_ends))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Before the tools that block connections end, and find nothing in place of what they have put there."""
        if self._worker.item is not None:
            with failing(item):
                self._worker.admission.withdraw()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Adds the history of the world to a failed test's report, and the removed operations to the last report."""
        report = yield
        use = item.stash.get(self._worker.use, None)
        if use is not None:
            try:
                self._add_to(report, item, use)
            except EmulatorError as error:
                report.sections.append(("assistants emulator", str(error)))
            except Exception as error:
                fail_report(report, error)
        return report

    def _add_to(self, report: pytest.TestReport, item: pytest.Item, use: Use) -> None:
        worker = self._worker
        refused = worker.guard.refused[use.refused :]
        if report.when == "teardown" or report.failed:
            worker.dependence.count()
        if report.when == "teardown":
            end = {
                "removed": worker.dependence.of(item),
                "refused": refused,
                "requests": worker.dependence.requests,
                **use.used.as_plain(),
                "review": use.review,
            }
            report.assistants_emulator = end  # type: ignore[attr-defined]  # xdist forwards plain values
        elif report.failed and use.checked and report.when == "call" and not use.used.called:
            use.used = used(worker.control, use.own_scenarios)
        if report.when == "call" and use.checked and is_wanted(item.config):
            use.review = review(worker.control, item)
        if report.when != "teardown" and report.failed and (report.when == "call" or worker.dependence.requests):
            report.sections.append(("assistants emulator", self._history(use, refused)))
            self._write_file(item, report)

    def _write_file(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Writes the file of a failed test, if the command line asks for it, and names it in the report."""
        folder = self._worker.option("report")
        if not folder:
            return
        try:
            path = write_report(
                self._worker.control, item.config.invocation_params.dir / folder, item.nodeid, prices_of(item.config)
            )
        except OSError as error:
            report.sections.append(("assistants emulator report", f"the file cannot be written: {error}"))
            return
        report.sections.append(("assistants emulator report", str(path)))
        attach(report, path, item.config)

    def _history(self, use: Use, refused: list[str]) -> str:
        """The history of the test's own world; in a shared world, the part since the test began."""
        if refused and not self._worker.serves_session:
            refused = [*dict.fromkeys(refused), IMPORT_HINT]
        newest = None if use.checked else self._worker.dependence.requests
        return history_of(self._worker.control, newest=newest, refused=refused)
