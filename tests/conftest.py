"""Fixtures of the project's own tests. The plugin is not among them: it is tested by running pytest in pytest."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from emulator import Emulator
from tests.conformance.answers import Watch
from tests.support import ROOT, SHARED, Api

pytest_plugins = ["pytester"]

if os.environ.get("FIXED_EXAMPLES"):
    from hypothesis import settings

    # a law that new examples break is news, but no reason for another change not to land
    settings.register_profile("fixed examples", derandomize=True)
    settings.load_profile("fixed examples")

Emulate = Callable[..., Emulator]

#: Looks at every answer that any test gets from an emulator in this process, if the published schema is there.
WATCH = pytest.StashKey[Watch]()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keeps the collector away from the twelve thousand tests: each full collection would walk through all of them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def one_certificate(request: pytest.FixtureRequest) -> Iterator[None]:
    """Clients trust one certificate: those of the system take 20 ms to read, for each of a thousand clients."""
    with pytest.MonkeyPatch.context() as patch:
        if not any(item.get_closest_marker("clients") for item in request.session.items):  # they may install something
            patch.setenv("SSL_CERT_FILE", str(ROOT / "tests" / "tls" / "cert.pem"))
        yield


@pytest.fixture(scope="session", autouse=True)
def watch(request: pytest.FixtureRequest) -> Iterator[Watch | None]:
    with pytest.MonkeyPatch.context() as patch:
        found = Watch() if SHARED.is_dir() else None
        if found:
            request.config.stash[WATCH] = found
            found.begin(patch)
        yield found


@pytest.fixture(autouse=True)
def answers_are_as_published(watch: Watch | None) -> Iterator[None]:
    """Set up before a test's emulators, so torn down after they have stopped."""
    yield
    if watch and (violations := watch.take()):
        pytest.fail("answers that are not as published:\n" + "\n".join(dict.fromkeys(violations)), pytrace=False)


@pytest.fixture
def emulate() -> Iterator[Emulate]:
    """Starts emulators, as ``Emulator(...)`` does, and stops them after the test."""
    with ExitStack() as running:

        def start(*scenarios: Any, **options: Any) -> Emulator:
            return running.enter_context(Emulator(*scenarios, **options))

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[[Emulator], Api]]:
    """Plain HTTP clients of an emulator, closed after the test."""
    with ExitStack() as open_clients:

        def client(emulator: Emulator) -> Api:
            api = Api(emulator.url)
            open_clients.callback(api.close)
            return api

        yield client
