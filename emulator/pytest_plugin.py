"""The pytest plugin: one emulator for each worker, a fresh world for each test, and a check at the test's end.

It imports only the standard library and pytest until a test uses the emulator (``emulator.testing``).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from emulator.control.client import Control
    from emulator.testing.worker import Worker

_MARKER = (
    "assistants_emulator(*scenarios, seed=…, clock=…, start=…, unmatched=…, shapes=…, sleepers=…, after_sunset=…, "
    "parity=…): use the fixture assistants_emulator with these scenarios (dicts, or files relative to the test's file "
    "or the root directory) and options"
)
_FIXTURES = frozenset({"assistants_emulator", "assistants_emulator_server"})

_worker_key = pytest.StashKey["Worker"]()
_reports_key = pytest.StashKey[list[Any]]()
_PHASES = ("setup", "call", "teardown")
#: What reports carry of the emulator.
_MARKS = frozenset({"assistants_emulator", "assistants_cassette"})


def _worker(config: pytest.Config) -> Worker:
    """The emulator of this process, which starts at its first use."""
    if _worker_key not in config.stash:
        from emulator.testing.hooks import Hooks
        from emulator.testing.worker import Worker

        def register_hooks(worker: Worker) -> None:
            config.pluginmanager.register(Hooks(worker), "assistants_emulator_in_use")

        config.stash[_worker_key] = Worker(config, register_hooks)
    return config.stash[_worker_key]


# ---- Options ----


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("assistants-emulator", "emulator of the OpenAI Assistants API")
    group.addoption(
        "--assistants-emulator-url",
        metavar="URL",
        help="use a running server (assistants-emulator serve), with a different key for each xdist worker",
    )
    group.addoption(
        "--assistants-emulator-key",
        metavar="KEY",
        help="the API key for that server; sessions that share it at the same time need different keys",
    )
    group.addoption(
        "--assistants-emulator-clock",
        choices=["skip", "real"],
        help="the default clock of tests (skip: waits take no real time)",
    )
    group.addoption(
        "--assistants-allow-real",
        dest="assistants_emulator_allow_real",
        action="store_true",
        help="let tests that use the emulator connect to the real service",
    )
    _add_sunset_options(group)
    _add_report_options(parser, group)
    group.addoption(
        "--assistants-parity",
        dest="assistants_emulator_parity",
        action="store_true",
        help="run tests with the fixture assistants_api once on each API, and fail those that differ",
    )
    _add_strictness(parser, group)
    _add_settings(parser)


def _add_settings(parser: pytest.Parser) -> None:
    parser.addini(
        "assistants_emulator",
        "start the emulator before the collection and point clients to it for the whole session",
        type="bool",
        default=False,
    )
    parser.addini(
        "assistants_emulator_cassettes",
        "a test with the marker vcr gets its cassette as scenario, if that has requests for the API",
        type="bool",
        default=False,
    )


def _add_strictness(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    group.addoption(
        "--assistants-strict",
        dest="assistants_emulator_strict",
        action="store_true",
        help="fail tests that leave loose ends, as a run that waits for outputs; without it, they are warnings",
    )
    parser.addini("assistants_strict", "the same as --assistants-strict", type="bool", default=False)


def _add_sunset_options(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--assistants-after-sunset",
        dest="assistants_emulator_after_sunset",
        action="store_true",
        help="answer Assistants operations with 404, as the service does after the removal",
    )
    group.addoption(
        "--assistants-sunset",
        dest="assistants_emulator_sunset",
        choices=["report", "fail"],
        help="list the tests that still depend on the removed API, or fail them",
    )


def _add_report_options(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    group.addoption(
        "--assistants-report-habits",
        dest="assistants_emulator_report_habits",
        action="store_true",
        help="list in the summary what a reviewer would say: an assistant for each question, answers not streamed, …",
    )
    group.addoption(
        "--assistants-report-cost",
        dest="assistants_emulator_report_cost",
        action="store_true",
        help="list in the summary what the tokens and the storage would cost, by model and by test",
    )
    group.addoption(
        "--assistants-prices",
        dest="assistants_emulator_prices",
        metavar="FILE",
        help="the price table for --assistants-report-cost (JSON, in the form of the bundled one)",
    )
    parser.addini("assistants_habits_off", "habits that are not reported, by name, or all", type="args", default=[])
    group.addoption(
        "--assistants-report",
        dest="assistants_emulator_report",
        metavar="DIR",
        help="write an HTML file for each failed test that uses the emulator: all that happened, to look at",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """With the setting on, clients that conftest files and test modules create at import time use the emulator."""
    if early_config.getini("assistants_emulator"):
        from emulator.base.problems import EmulatorError

        _check_server(early_config.known_args_namespace)
        try:
            _worker(early_config).serve_session()
        except EmulatorError as error:
            raise pytest.UsageError(str(error)) from None
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    _check_server(config.option)
    if config.option.assistants_emulator_parity:
        from emulator.testing.parity import ParityHooks

        config.pluginmanager.register(ParityHooks(config, lambda: _worker(config)), "assistants_emulator_parity")


def _check_server(options: argparse.Namespace) -> None:
    """Raises pytest.UsageError for invalid options of a server."""
    url, key = options.assistants_emulator_url, options.assistants_emulator_key
    if url is not None:
        from emulator.testing.worker import is_url

        if not is_url(url):
            raise pytest.UsageError(f"--assistants-emulator-url: expected http://HOST:PORT, got {url!r}")
    elif key is not None:
        raise pytest.UsageError("--assistants-emulator-key: expected --assistants-emulator-url too")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Tells how a client of a module's import reaches the emulator, where its error is shown."""
    report = yield
    if report.outcome == "failed" and isinstance(collector, pytest.Module):
        from emulator.testing.failures import fail_report
        from emulator.testing.import_hint import add_hint

        try:
            add_hint(report, collector)
        except Exception as error:
            fail_report(report, error)
    return report


# ---- Fixtures ----


@pytest.fixture
def assistants_emulator(
    request: pytest.FixtureRequest, assistants_emulator_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Control]:
    """The emulator with a fresh world for each test; the environment points OpenAI's and Azure's clients to it.

    The marker ``assistants_emulator`` adds scenarios and options. A test fails at its end if ``check()`` does.
    """
    with _worker(request.config).test(request, assistants_emulator_options, monkeypatch) as control:
        yield control


@pytest.fixture
def assistants_client(assistants_emulator: Control) -> Iterator[OpenAI]:
    """An ``openai.OpenAI`` client of that emulator."""
    from openai import OpenAI

    with OpenAI(base_url=assistants_emulator.base_url, api_key=assistants_emulator.api_key) as client:
        yield client


@pytest.fixture
def assistants_async_client(assistants_emulator: Control) -> AsyncOpenAI:
    """An ``openai.AsyncOpenAI`` client of that emulator, for any async plugin.

    Its connections close after each response, so that none outlives the test's event loop.
    """
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=assistants_emulator.base_url,
        api_key=assistants_emulator.api_key,
        default_headers={"Connection": "close"},
    )


@pytest.fixture(scope="session")
def assistants_emulator_server(request: pytest.FixtureRequest) -> Control:
    """The same emulator without a reset, for fixtures of a wider scope: one URL and one key for each worker."""
    from emulator.testing.options import in_one_line

    with in_one_line():
        return _worker(request.config).control


@pytest.fixture
def assistants_api(
    request: pytest.FixtureRequest, assistants_emulator: Control, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The API that the test is to use: ``"assistants"`` or ``"responses"``, as the variable ``ASSISTANTS_API`` says.

    It is ``"assistants"`` without the variable. With ``--assistants-parity`` the test runs once on each, and the
    variable says so to the application.
    """
    api: str = getattr(request, "param", None) or os.environ.get("ASSISTANTS_API") or "assistants"
    if api not in ("assistants", "responses"):
        pytest.fail(f"ASSISTANTS_API: expected assistants or responses, got {api!r}", pytrace=False)
    monkeypatch.setenv("ASSISTANTS_API", api)
    return api


@pytest.fixture
def assistants_emulator_options() -> dict[str, Any]:
    """Override it to return a dict with ``scenarios`` and the marker's options for all tests in its scope."""
    return {}


# ---- Tests, and the end of the session; ``emulator.testing.hooks`` has the hooks for tests that use the emulator ----


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives a test with the marker the fixture, after its wider fixtures and before its others."""
    plays_cassettes = bool(items) and items[0].config.getini("assistants_emulator_cassettes")
    for item in items:
        if not isinstance(item, pytest.Function) or "assistants_emulator" in item.fixturenames:
            continue
        try:
            is_marked = item.get_closest_marker("assistants_emulator") is not None
            if is_marked or (plays_cassettes and item.get_closest_marker("vcr") is not None):
                from emulator.testing.collecting import give_fixture

                give_fixture(item, is_marked=is_marked)
        except Exception as error:
            _fail(item, error)


def _fail(item: pytest.Item, error: Exception) -> None:
    """What goes wrong in a hook fails the test that it belongs to."""
    from emulator.testing.failures import fail_later

    fail_later(item, error)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Surrounds a test that uses the emulator, including the setup of its fixtures."""
    worker = item.config.stash.get(_worker_key, None)
    if (worker is None or not worker.serves_session) and _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
        return (yield)
    try:
        serving = _worker(item.config).serving(item)
    except Exception as error:
        _fail(item, error)
        return (yield)
    with serving:
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, Any, Any]:
    """Fails a strict session whose tests together left loose ends. Its summary tells them."""
    reports = session.config.stash[_reports_key] = _reports_of_use(session.config)
    if reports:
        from emulator.testing.failures import in_words
        from emulator.testing.summary import finish

        try:
            finish(session, reports)
        except Exception as error:
            _terminal(session.config).write_line(in_words(error))
    return (yield)


def _terminal(config: pytest.Config) -> Any:
    return config.pluginmanager.get_plugin("terminalreporter")


def _reports_of_use(config: pytest.Config) -> list[Any]:
    """The reports of all tests, if one of them has used the emulator or its cassette; none in xdist's workers."""
    stats = getattr(_terminal(config), "stats", {})
    reports = [report for group in stats.values() for report in group if getattr(report, "when", None) in _PHASES]
    return reports if any(not _MARKS.isdisjoint(vars(report)) for report in reports) else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Reports the tests that depend on the removed API or tried to connect to the real service."""
    if reports := config.stash.get(_reports_key, []):
        from emulator.testing.failures import in_words
        from emulator.testing.summary import summarize

        try:
            summarize(terminalreporter, reports, config)
        except Exception as error:
            terminalreporter.write_line(in_words(error))
