"""The pytest plugin: one emulator a worker, a fresh world a test, and the truth at its end.

Imports nothing but the standard library and pytest until a test asks for the emulator (``emulator/testing``).
"""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from emulator.control.client import Control
    from emulator.testing.worker import Worker

_MARKER = (
    "assistants_emulator(*scenarios, seed=…, clock=…, start=…, unmatched=…, shapes=…, after_sunset=…): scenarios "
    "(dicts, or files relative to the test's file or the root directory) and options of the world; the test has the "
    "fixture assistants_emulator, whether it names it or not"
)
_FIXTURES = frozenset({"assistants_emulator", "assistants_emulator_server"})

_worker_key = pytest.StashKey["Worker"]()


def _worker(config: pytest.Config) -> Worker:
    """The process's emulator, which is started when it is asked for."""
    if _worker_key not in config.stash:
        from emulator.testing.worker import Worker

        config.stash[_worker_key] = Worker(config)
    return config.stash[_worker_key]


# ---- Options ----


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("assistants-emulator", "emulator of the OpenAI Assistants API")
    group.addoption(
        "--assistants-emulator-url",
        metavar="URL",
        help="use the server that runs there (assistants-emulator serve), each xdist worker with a key of its own",
    )
    group.addoption(
        "--assistants-emulator-key",
        metavar="KEY",
        help="the key there, and so the world; sessions that share a server at a time need different ones",
    )
    group.addoption(
        "--assistants-emulator-clock",
        choices=["skip", "real"],
        help="the clock of tests that do not say (skip: waits take no real time)",
    )
    group.addoption(
        "--assistants-allow-real",
        dest="assistants_emulator_allow_real",
        action="store_true",
        help="let tests that use the emulator reach the real service too",
    )
    group.addoption(
        "--assistants-after-sunset",
        dest="assistants_emulator_after_sunset",
        action="store_true",
        help="Assistants operations answer as the removed API does, with a 404",
    )
    group.addoption(
        "--assistants-sunset",
        dest="assistants_emulator_sunset",
        choices=["report", "fail"],
        help="list the tests that still depend on the removed API, or fail them",
    )
    parser.addini(
        "assistants_emulator",
        "start the emulator before collection, and lead clients to it for the whole session",
        type="bool",
        default=False,
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """With the setting on, clients that conftest files and test modules make at import time find the emulator."""
    if early_config.getini("assistants_emulator"):
        from emulator.base.problems import EmulatorError

        _check_server(early_config.known_args_namespace)
        try:
            _worker(early_config).lead_session()
        except EmulatorError as error:
            raise pytest.UsageError(str(error)) from None
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    _check_server(config.option)


def _check_server(options: argparse.Namespace) -> None:
    """Raises pytest.UsageError for a server that cannot be."""
    url, key = options.assistants_emulator_url, options.assistants_emulator_key
    if url is not None:
        from emulator.testing.worker import is_url

        if not is_url(url):
            raise pytest.UsageError(f"--assistants-emulator-url: expected http://HOST:PORT, got {url!r}")
    elif key is not None:
        raise pytest.UsageError("--assistants-emulator-key: expected --assistants-emulator-url beside it")


# ---- Fixtures ----


@pytest.fixture
def assistants_emulator(
    request: pytest.FixtureRequest, assistants_emulator_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Control]:
    """The emulator, with a fresh world for each test; OpenAI's and Azure's clients are led to it by the environment.

    The marker ``assistants_emulator`` adds scenarios and options. A test that passes fails if ``check()`` does.
    """
    with _worker(request.config).test(request.node, assistants_emulator_options, monkeypatch) as control:
        yield control


@pytest.fixture
def assistants_client(assistants_emulator: Control) -> Iterator[OpenAI]:
    """An ``openai.OpenAI`` of that emulator."""
    from openai import OpenAI

    with OpenAI(base_url=assistants_emulator.base_url, api_key=assistants_emulator.api_key) as client:
        yield client


@pytest.fixture
def assistants_async_client(assistants_emulator: Control) -> AsyncOpenAI:
    """An ``openai.AsyncOpenAI`` of that emulator, under any async plugin.

    Its connections close with each answer, so that none outlives the test's event loop.
    """
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=assistants_emulator.base_url,
        api_key=assistants_emulator.api_key,
        default_headers={"Connection": "close"},
    )


@pytest.fixture(scope="session")
def assistants_emulator_server(request: pytest.FixtureRequest) -> Control:
    """The same emulator without a reset, for fixtures of a wider scope: one URL and one key a worker."""
    from emulator.testing.worker import in_one_line

    with in_one_line():
        return _worker(request.config).control


@pytest.fixture
def assistants_emulator_options() -> dict[str, Any]:
    """Override it: a dict with ``scenarios`` and the marker's options, for all tests in its reach."""
    return {}


# ---- Tests, and the end of the session; once the emulator is in use, emulator/testing/hooks.py does the rest ----


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test with the marker has the fixture, after its wider ones and before its others."""
    for item in items:
        if not isinstance(item, pytest.Function) or item.get_closest_marker("assistants_emulator") is None:
            continue
        names = item.fixturenames
        if "assistants_emulator" not in names:
            definitions = item._fixtureinfo.name2fixturedefs
            wide = [name for name in names if name in definitions and definitions[name][-1].scope != "function"]
            names.insert(names.index(wide[-1]) + 1 if wide else 0, "assistants_emulator")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Around a test that uses the emulator, its fixtures of any scope included."""
    worker = item.config.stash.get(_worker_key, None)
    if (worker is None or not worker.leads_session) and _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
        return (yield)
    with _worker(item.config).serving(item):
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How many tests still depend on the removed API, and who asked for the real service."""
    reports = [report for group in terminalreporter.stats.values() for report in group if _is_of_a_test(report)]
    if any(hasattr(report, "assistants_emulator") for report in reports):
        from emulator.testing.summary import summarize

        summarize(terminalreporter, reports, config.option.assistants_emulator_sunset)


def _is_of_a_test(report: Any) -> bool:
    return getattr(report, "when", None) in ("setup", "call", "teardown")
