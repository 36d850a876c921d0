"""The emulator of one pytest process: started, or connected to, at its first use; released at the session's end."""

from __future__ import annotations

import functools
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from emulator.base.problems import EmulatorError
from emulator.base.project import Project, project_of
from emulator.control.client import Control
from emulator.control.network_guard import EXCEPTED, Guard
from emulator.testing.baselines import Baselines
from emulator.testing.failures import failing
from emulator.testing.loose_ends import Used
from emulator.testing.neighbours import Admission, keep_sleep, real_files
from emulator.testing.options import WORLD_OPTIONS, TestOptions, in_one_line, options_of, refuse
from emulator.testing.sunset_report import Dependence, senders

#: The fixture that gives a test a world of its own.
FIXTURE: Final = "assistants_emulator"

#: The fixtures of a test that is meant to reach the emulator.
FIXTURES: Final = frozenset({FIXTURE, "assistants_emulator_server"})

#: The API key for a running server; each xdist worker appends its name.
KEY: Final = "sk-assistants-emulator"


@dataclass(slots=True)
class Use:
    """How a test uses the emulator. ``checked``: it has a world of its own, whose problems fail it."""

    #: The number of hosts that the guard refused before the test.
    refused: int
    checked: bool = False
    #: The names of the scenarios that the test's own marker names.
    own_scenarios: list[str] = field(default_factory=list)
    #: Habits and cost of the test, if the command line asks for them.
    review: dict[str, Any] | None = None
    #: What it left undone, once it was called.
    used: Used = field(default_factory=Used)
    #: The fields in which the two APIs may differ (``--assistants-parity``).
    may_differ: Sequence[str] = ()


class Worker:
    """The emulator of a process, the baselines of its world, and the guard against the real service.

    ``on_first_use`` is called when the emulator is first used.
    """

    def __init__(self, config: pytest.Config, on_first_use: Callable[[Worker], object]) -> None:
        self.config, self._on_first_use = config, on_first_use
        self.guard = Guard()
        self.use = pytest.StashKey[Use]()
        #: All clients of the session use the emulator, not only those of tests that request it.
        self.serves_session = False
        self._control: Control | None = None
        #: The running test, if it uses the emulator, and whether its own world has begun.
        self.item: pytest.Item | None = None
        self.in_own_world = False
        #: The variables of the environment before clients were led to the emulator.
        self._environ_before: dict[str, str | None] = {}

    # ---- The emulator ----

    @property
    def control(self) -> Control:
        """The emulator. Raises EmulatorError if there is none at the URL of the command line."""
        if self._control is None:
            url = self.option("url")
            control = self._connect(url) if url else self._start()
            self.dependence = Dependence(control)
            self.baselines = Baselines(control, self._session_options())
            self.admission = Admission(control.url)
            self._control = control
            self._on_first_use(self)
        return self._control

    def _start(self) -> Control:
        from emulator.testing.own_emulator import OwnEmulator

        emulator = OwnEmulator(**self._session_options())
        emulator.start()
        if "pyfakefs" in sys.modules:
            emulator.read_ahead()
        self.config.add_cleanup(emulator.end)
        return emulator

    def _connect(self, url: str) -> Control:
        """Connects to a running server and begins a new world for this worker's key."""
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        key = self.option("key") or KEY
        control = Control(url, f"{key}-{worker}" if worker else key)

        def release() -> None:
            with suppress(EmulatorError):  # the server may end before the session
                control.forget_baseline(all=True)
                control.keep_connections()
                control.reset()

        control.end_connections()
        control.forget_baseline(all=True)
        control.reset(**self._session_options())
        self.config.add_cleanup(release)
        return control

    def option(self, name: str) -> Any:
        """An option of the command line, also before pytest has parsed all of it."""
        name = f"assistants_emulator_{name}"
        return getattr(self.config.option, name, None) or getattr(self.config.known_args_namespace, name, None)

    @functools.cached_property
    def project(self) -> Project | None:
        """The settings of ``[tool.assistants-emulator]``. Raises EmulatorError if they cannot be read."""
        return project_of(self.config.rootpath)

    def _session_options(self) -> dict[str, Any]:
        """The options of all worlds from pyproject.toml and the command line; fixtures and markers override them."""
        stated = self.project.options("pytest") if self.project else {}
        options = {"clock": self.option("clock"), "after_sunset": self.option("after_sunset")}
        return {name: value for name, value in stated.items() if name in WORLD_OPTIONS} | {
            name: value for name, value in options.items() if value
        }

    # ---- Pointing clients to it ----

    @property
    def environ(self) -> dict[str, str]:
        """The emulator's variables. They exclude the real service from proxies, so that the guard sees its lookups."""
        environ = self.control.environ
        if not self.option("allow_real"):
            for name in ("NO_PROXY", "no_proxy"):
                environ[name] = f"{environ[name]},{EXCEPTED}"
        return environ

    def guarded(self) -> Any:
        """The guard as a context manager, unless the command line allows the real service."""
        return nullcontext() if self.option("allow_real") else self.guard

    @contextmanager
    def redirecting(self) -> Iterator[None]:
        """Points clients to the emulator and refuses the real service."""
        with pytest.MonkeyPatch.context() as patch, self.guarded():
            environ = self.environ
            self._environ_before = {name: os.environ.get(name) for name in environ}
            for name, value in environ.items():
                patch.setenv(name, value)
            yield

    def serve_session(self) -> None:
        """Points clients to the emulator until the session ends. Raises EmulatorError if there is no emulator."""
        stack = ExitStack()
        stack.enter_context(self.redirecting())
        self.config.add_cleanup(stack.close)
        self.serves_session = True

    @contextmanager
    def serving(self, item: pytest.Item) -> Iterator[None]:
        """Surrounds a test that uses the emulator, and the setup of its wide fixtures."""
        stack = ExitStack()
        with failing(item), suppress(EmulatorError):  # without an emulator, the fixture reports that
            if not self.serves_session:
                stack.enter_context(self.redirecting())
            self._begin_use(item)
        try:
            yield
        finally:
            self.item = None
            with failing(item):
                if self._control is not None:
                    self.admission.withdraw(all=True)
                stack.close()

    def admit(self) -> None:
        """Lets the running test through to the emulator, whatever blocks or records connections by now."""
        if self.item is not None and not FIXTURES.isdisjoint(getattr(self.item, "fixturenames", ())):
            self.admission.admit()

    def _begin_use(self, item: pytest.Item) -> Use:
        self.control  # noqa: B018  raises if there is none
        self.item = item
        self.baselines.begin(shared=self.shares_world)
        self.dependence.begin()
        use = item.stash[self.use] = Use(len(self.guard.refused))
        keep_sleep()
        if item.get_closest_marker("vcr"):
            self.admission.expect_cassette()
        self.admit()
        return use

    @property
    def shares_world(self) -> bool:
        """True if the running test does not request a world of its own."""
        return FIXTURE not in getattr(self.item, "fixturenames", ())

    # ---- A world for each test ----

    @contextmanager
    def test(self, request: pytest.FixtureRequest, general: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
        """A fresh world for one test, with the options of its fixtures and markers."""
        item: pytest.Item = request.node
        with in_one_line():
            control = self.control
            use = item.stash.get(self.use, None) or self._begin_use(item)
            with real_files():
                options = options_of(item, general)
                use.may_differ = options.may_differ
                self._begin_world(item, use, options)
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        use.checked = self.in_own_world = True
        try:
            with self.guarded(), self._with_cassettes(request, options, monkeypatch):
                yield control
        finally:
            self.in_own_world = False
            with in_one_line():
                self.baselines.reset()

    def _begin_world(self, item: pytest.Item, use: Use, options: TestOptions) -> None:
        for sender in senders(item):
            if why := self.baselines.why_not(sender):
                refuse(why)
        self.baselines.keep_first()
        self._reset(item, options.options)
        usual = [] if self._plays_cassettes(item) else self._usual_scenarios()
        for scenario in options.scenarios or usual:
            name = self.control.load(scenario)
            if any(scenario is one for one in options.own):
                use.own_scenarios.append(name)

    def _reset(self, item: pytest.Item, options: dict[str, Any]) -> None:
        """Resets the world. The ids of each test with a cassette are its own, as recorded ones are."""
        if self._plays_cassettes(item) and "seed" not in {**self._session_options(), **options}:
            with suppress(EmulatorError):  # with a baseline that has objects, no test can have its own seed
                return self.baselines.reset(**options, seed=zlib.crc32(item.nodeid.encode()))
        return self.baselines.reset(**options)

    def _with_cassettes(
        self, request: pytest.FixtureRequest, options: TestOptions, monkeypatch: pytest.MonkeyPatch
    ) -> AbstractContextManager[None]:
        """Makes the cassettes of a test with the marker ``vcr`` its scenarios, if the setting says so."""
        item = request.node
        if options.scenarios or not self._plays_cassettes(item):
            return nullcontext()
        from emulator.testing.cassette_use import Cassettes

        def leave_alone() -> None:
            for name, value in {} if self.serves_session else self._environ_before.items():
                monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)

        cassettes = Cassettes(item, self.control, leave_alone)
        with real_files():
            cassettes.find(request.getfixturevalue)
        return cassettes.open()

    def _plays_cassettes(self, item: pytest.Item) -> bool:
        is_wanted = bool(self.config.getini("assistants_emulator_cassettes"))
        return is_wanted and isinstance(item, pytest.Function) and item.get_closest_marker("vcr") is not None

    def _usual_scenarios(self) -> list[Path]:
        """The scenarios of pyproject.toml, which are for tests that name none."""
        from emulator.scenarios.loading import scenario_files

        return scenario_files(*self.project.scenarios("pytest")) if self.project else []


def is_url(text: str) -> bool:
    """True for a valid URL of a server."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number
        return False
