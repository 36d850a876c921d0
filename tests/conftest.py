"""Fixtures of the project's own tests. The plugin is not among them: it is tested by running pytest in pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from emulator import Emulator
from tests.support import Api

pytest_plugins = ["pytester"]

Emulate = Callable[..., Emulator]


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
