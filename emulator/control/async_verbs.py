"""``await`` twins of the verbs that can wait, and the refusal of the others inside a running event loop.

A verb that waits inside a loop would also stop the application for which it waits, if both run in the same loop.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from emulator.base.problems import EmulatorError

T = TypeVar("T")


class Verbs(Protocol):
    """The verbs that have a twin."""

    def wait_held(self, label: str, timeout: float = 5) -> str: ...

    def advance(self, seconds: float) -> None: ...

    def release(self, label: str) -> None: ...

    def reset(self, **options: Any) -> None: ...

    def check(self) -> None: ...


class AsyncVerbs:
    """Each twin does the same as the verb of its name, in another thread, while the event loop runs on."""

    async def wait_held_async(self: Verbs, label: str, timeout: float = 5) -> str:
        """The same as ``wait_held``, for tests that run in an event loop."""
        return await _in_thread(self.wait_held, label, timeout)

    async def advance_async(self: Verbs, seconds: float) -> None:
        """The same as ``advance``, for tests that run in an event loop, and in place of ``asyncio.sleep``."""
        await _in_thread(self.advance, seconds)

    async def release_async(self: Verbs, label: str) -> None:
        """The same as ``release``, for tests that run in an event loop."""
        await _in_thread(self.release, label)

    async def reset_async(self: Verbs, **options: Any) -> None:
        """The same as ``reset``, for tests that run in an event loop."""
        await _in_thread(partial(self.reset, **options))

    async def check_async(self: Verbs) -> None:
        """The same as ``check``, for tests that run in an event loop."""
        await _in_thread(self.check)


async def _in_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Calls ``work`` in another thread; a cancelled caller does not wait for its end."""
    if _trio_runs():
        from anyio.to_thread import run_sync

        return await run_sync(partial(work, *arguments), abandon_on_cancel=True)
    import asyncio

    return await asyncio.to_thread(work, *arguments)


def refuse_in_event_loop(verb: str) -> None:
    """Raises EmulatorError if an event loop runs in this thread."""
    if _is_in_event_loop():
        raise EmulatorError(
            f"{verb}() would block the event loop that runs here, and with it the application under test; "
            f"use `await {verb}_async(…)`"
        )


def _is_in_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    try:
        return _trio_runs() or (asyncio is not None and asyncio.get_running_loop() is not None)
    except RuntimeError:
        return False


def _trio_runs() -> bool:
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())
