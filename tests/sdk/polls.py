"""How the emulator saw the polling helpers of an SDK."""

from __future__ import annotations

from emulator import Emulator


def looks_of_helpers(emulator: Emulator, operation: str = "get_run") -> dict[str, list[str]]:
    """The statuses that the SDK's polling helpers saw, by run, or by what else the operation gets."""
    looks: dict[str, list[str]] = {}
    for look in emulator.requests(operation):
        if "x-stainless-poll-helper" in look.headers:
            looks.setdefault(look.answer["id"], []).extend([look.answer["status"]] * (1 + look.repeats))
    return looks
