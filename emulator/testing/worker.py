"""The emulator of one pytest process: started, or reached, when first asked for, and let go at the session's end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Final

import pytest

from emulator.base.problems import EmulatorError
from emulator.control.client import Control
from emulator.testing.baselines import Baselines
from emulator.testing.network_guard import EXCEPTED, Guard
from emulator.testing.options import Wanted, refuse, wanted
from emulator.testing.sunset_report import Dependence, senders

#: The fixture that gives a test a world of its own.
FIXTURE: Final = "assistants_emulator"

#: The key with which a running server is asked; xdist's workers put their names behind it.
KEY: Final = "sk-assistants-emulator"


@dataclass(slots=True)
class Use:
    """What a test has of the emulator. ``checked``: a world of its own, whose problems fail it."""

    #: Hosts that were refused before the test.
    refused: int
    checked: bool = False


class Worker:
    """One process's emulator, the baselines of its world, and the guard before the real service."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.guard = Guard()
        self.use = pytest.StashKey[Use]()
        #: The whole session is led to the emulator, not only tests that ask for it.
        self.leads_session = False
        self._control: Control | None = None
        #: The test that is running, if it uses the emulator, and whether its own world is there.
        self.item: pytest.Item | None = None
        self.in_own_world = False

    # ---- The emulator ----

    @property
    def control(self) -> Control:
        """Raises EmulatorError when there is none at the URL that was given."""
        if self._control is None:
            url = self.option("url")
            control = self._reach(url) if url else self._start()
            self.dependence = Dependence(control)
            self.baselines = Baselines(control, self._session_options())
            self._control = control
            from emulator.testing.hooks import Hooks

            self.config.pluginmanager.register(Hooks(self), "assistants_emulator_in_use")
        return self._control

    def _start(self) -> Control:
        from emulator.testing.own_emulator import OwnEmulator

        emulator = OwnEmulator(**self._session_options())
        emulator.start()
        self.config.add_cleanup(emulator.end)
        return emulator

    def _reach(self, url: str) -> Control:
        """A running server: its world of this worker's key, as if nobody had used it before."""
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        key = self.option("key") or KEY
        control = Control(url, f"{key}-{worker}" if worker else key)

        def leave() -> None:
            with suppress(EmulatorError):  # it may be gone before the session is
                control.forget_baseline(all=True)
                control.reset()

        control.forget_baseline(all=True)
        control.reset(**self._session_options())
        self.config.add_cleanup(leave)
        return control

    def option(self, name: str) -> Any:
        """An option of the command line, also before it is parsed to its end."""
        name = f"assistants_emulator_{name}"
        return getattr(self.config.option, name, None) or getattr(self.config.known_args_namespace, name, None)

    def _session_options(self) -> dict[str, Any]:
        """What the command line says of all worlds; fixtures and markers beat it."""
        said = {"clock": self.option("clock"), "after_sunset": self.option("after_sunset")}
        return {name: value for name, value in said.items() if value}

    # ---- Clients are led to it ----

    @property
    def environ(self) -> dict[str, str]:
        """The emulator's, and no proxy for the real service, so that the guard sees who asks for it."""
        environ = self.control.environ
        if not self.option("allow_real"):
            for name in ("NO_PROXY", "no_proxy"):
                environ[name] = f"{environ[name]},{EXCEPTED}"
        return environ

    def guarded(self) -> Any:
        return nullcontext() if self.option("allow_real") else self.guard

    @contextmanager
    def leading(self) -> Iterator[None]:
        """Clients find the emulator, and not the real service."""
        with pytest.MonkeyPatch.context() as patch, self.guarded():
            for name, value in self.environ.items():
                patch.setenv(name, value)
            yield

    def lead_session(self) -> None:
        """From now on, to the session's end. Raises EmulatorError when there is no emulator."""
        stack = ExitStack()
        stack.enter_context(self.leading())
        self.config.add_cleanup(stack.close)
        self.leads_session = True

    @contextmanager
    def serving(self, item: pytest.Item) -> Iterator[None]:
        """Around all of a test that asks for the emulator, so that its wide fixtures find it too."""
        try:
            leading = nullcontext() if self.leads_session else self.leading()
            self._begin_use(item)
        except EmulatorError:
            yield  # there is none, as the fixture will say
            return
        try:
            with leading:
                yield
        finally:
            self.item = None

    def _begin_use(self, item: pytest.Item) -> Use:
        self.control  # noqa: B018  it may not be there
        self.item = item
        self.baselines.begin(shared=self.shares_world)
        self.dependence.begin()
        use = item.stash[self.use] = Use(len(self.guard.refused))
        return use

    @property
    def shares_world(self) -> bool:
        """The running test does not ask for a world of its own."""
        return FIXTURE not in getattr(self.item, "fixturenames", ())

    # ---- A world for each test ----

    @contextmanager
    def test(self, item: pytest.Item, general: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
        """A fresh world for one test, with what its fixtures and markers want."""
        with in_one_line():
            control = self.control
            use = item.stash.get(self.use, None) or self._begin_use(item)
            self._begin_world(item, wanted(item, general))
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        use.checked = self.in_own_world = True
        try:
            with self.guarded():
                yield control
        finally:
            self.in_own_world = False
            with in_one_line():
                self.baselines.reset()

    def _begin_world(self, item: pytest.Item, want: Wanted) -> None:
        for sender in senders(item):
            if why := self.baselines.why_not(sender):
                refuse(why)
        self.baselines.keep_first()
        self.baselines.reset(**want.options)
        for scenario in want.scenarios:
            self.control.load(scenario)


@contextmanager
def in_one_line() -> Iterator[None]:
    """What the emulator or the file system refuses fails the test, without a traceback."""
    try:
        yield
    except (EmulatorError, OSError) as error:
        refuse(str(error))


def is_url(text: str) -> bool:
    """True for what can be a server's URL."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number
        return False
