"""The pytest plugin: one server a worker, a fresh world a test, and the truth at its end.

Imports nothing but the standard library and pytest until a test asks for the emulator.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from emulator import Emulator

#: What the marker and ``assistants_emulator_options`` can say beside scenarios.
_OPTIONS = ("seed", "clock", "start", "unmatched", "shapes")
_MARKER = (
    "assistants_emulator(*scenarios, seed=…, clock=…, start=…, unmatched=…, shapes=…): scenarios (dicts, or files "
    "relative to the test's file or the root directory) and settings for the assistants_emulator fixture"
)

_server_key = pytest.StashKey["_Server"]()
_emulator_key = pytest.StashKey["Emulator"]()


class _Server:
    """The worker's emulator: started when first asked for, stopped with the session."""

    def __init__(self) -> None:
        self._emulator: Emulator | None = None
        self._has_baseline = False

    @property
    def emulator(self) -> Emulator:
        if self._emulator is None:
            from emulator import Emulator

            self._emulator = Emulator().start()
        return self._emulator

    def begin_test(self, options: dict[str, Any]) -> Emulator:
        """A world that holds what was there when the first test began, and nothing else."""
        emulator = self.emulator
        if not self._has_baseline:
            emulator.keep_baseline()
            self._has_baseline = True
        emulator.reset(**options)
        return emulator

    def stop(self) -> None:
        if self._emulator is not None:
            self._emulator.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "assistants_emulator",
        "start the Assistants emulator before collection and lead OpenAI clients to it for the whole session",
        type="bool",
        default=False,
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """With the setting on, clients that conftest files and test modules make at import time find the emulator."""
    server = early_config.stash.setdefault(_server_key, _Server())
    if early_config.getini("assistants_emulator") and not _is_xdist_controller(early_config):
        patch = pytest.MonkeyPatch()
        for name, value in server.emulator.environ.items():
            patch.setenv(name, value)
        early_config.add_cleanup(patch.undo)
    return (yield)


def _is_xdist_controller(config: pytest.Config) -> bool:
    """Workers collect and run; the process that only distributes needs no emulator."""
    distributes = getattr(config.known_args_namespace, "numprocesses", None)
    return bool(distributes) and "PYTEST_XDIST_WORKER" not in os.environ


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    config.add_cleanup(config.stash.setdefault(_server_key, _Server()).stop)


# ---- Fixtures ----


@pytest.fixture(scope="session")
def assistants_emulator_server(request: pytest.FixtureRequest) -> Emulator:
    """The worker's emulator: one URL and one key for the whole session."""
    return request.config.stash[_server_key].emulator


@pytest.fixture
def assistants_emulator_options() -> dict[str, Any]:
    """Override me: ``scenarios`` (a list of files or dicts), seed, clock, start, unmatched, shapes, for every test."""
    return {}


@pytest.fixture
def assistants_emulator(
    request: pytest.FixtureRequest, assistants_emulator_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """The emulator with a fresh world, and OpenAI's clients led to it by the environment.

    The marker ``assistants_emulator`` adds scenarios and settings. A test that passes fails if ``check()`` does.
    """
    options = dict(assistants_emulator_options)
    scenarios = list(options.pop("scenarios", []))
    for marker in reversed(list(request.node.iter_markers("assistants_emulator"))):
        scenarios += marker.args
        options |= marker.kwargs
    _refuse_unknown(options)
    found = [_find(scenario, request) for scenario in scenarios]
    emulator = request.config.stash[_server_key].begin_test(options)
    _load(emulator, found)
    for name, value in emulator.environ.items():
        monkeypatch.setenv(name, value)
    request.node.stash[_emulator_key] = emulator
    yield emulator
    emulator.reset()


@pytest.fixture
def assistants_client(assistants_emulator: Emulator) -> Iterator[OpenAI]:
    """An ``openai.OpenAI`` client of the emulator."""
    from openai import OpenAI

    with OpenAI(base_url=assistants_emulator.base_url, api_key=assistants_emulator.api_key) as client:
        yield client


@pytest.fixture
def assistants_async_client(assistants_emulator: Emulator) -> AsyncOpenAI:
    """An ``openai.AsyncOpenAI`` client of the emulator, for tests under any async plugin.

    Its connections close with each answer, so that none outlives the test's event loop.
    """
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=assistants_emulator.base_url,
        api_key=assistants_emulator.api_key,
        default_headers={"Connection": "close"},
    )


def _refuse_unknown(options: dict[str, Any]) -> None:
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        known = ", ".join(_OPTIONS)
        pytest.fail(f"assistants_emulator has no option {', '.join(unknown)}; its options are: {known}", pytrace=False)


def _find(scenario: Any, request: pytest.FixtureRequest) -> dict[str, Any] | Path:
    """A scenario file, beside the test's file or under the root directory."""
    if isinstance(scenario, dict):
        return scenario
    places: list[Path] = [Path(request.path).parent / scenario, request.config.rootpath / scenario]
    found = next((place for place in places if place.is_file()), None)
    if found is not None:
        return found
    looked = " and ".join(str(place) for place in dict.fromkeys(places))
    pytest.fail(f"there is no scenario {str(scenario)!r}; looked for {looked}", pytrace=False)


def _load(emulator: Emulator, scenarios: list[dict[str, Any] | Path]) -> None:
    from emulator import EmulatorError

    try:
        for scenario in scenarios:
            emulator.load(scenario)
    except EmulatorError as error:
        pytest.fail(str(error), pytrace=False)


# ---- The end of a test ----


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that passed is held to what the emulator saw."""
    result = yield
    emulator = item.stash.get(_emulator_key, None)
    if emulator is not None and (problems := emulator.problems()):
        from emulator import CheckFailed

        pytest.fail(str(CheckFailed(problems)), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed tells what its client asked, how its runs went, and what was wrong."""
    report = yield
    emulator = item.stash.get(_emulator_key, None)
    if emulator is not None and report.failed and report.when == "call":
        report.sections.append(("assistants emulator", _told_by(emulator)))
    return report


def _told_by(emulator: Emulator) -> str:
    from emulator import EmulatorError
    from emulator.report import report

    tell: Callable[[Any], str] = report
    try:
        return tell(emulator)
    except EmulatorError as error:  # the test may have stopped it
        return str(error)
