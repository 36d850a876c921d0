"""How the emulator saw the polling helpers of an SDK."""

from __future__ import annotations

from emulator import Emulator


def polls_of_helpers(emulator: Emulator, operation: str = "get_run") -> dict[str, list[str]]:
    """The statuses that the SDK's polling helpers got, by run, or by the object that the operation gets."""
    polls: dict[str, list[str]] = {}
    for poll in emulator.requests(operation):
        if "x-stainless-poll-helper" in poll.headers:
            polls.setdefault(poll.answer["id"], []).extend([poll.answer["status"]] * (1 + poll.repeats))
    return polls
