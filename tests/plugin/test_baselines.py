"""Baselines lie upon each other, and what was asked is counted whatever is reset: what the plugin builds on."""

from __future__ import annotations

from collections.abc import Callable

from emulator import Emulator
from tests.support import Api, InProcess

Emulate = Callable[..., Emulator]
Connect = Callable[[Emulator], Api]


def test_a_forgotten_baseline_uncovers_the_one_before(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate()
    api = connect(emulator)

    def assistants() -> int:
        emulator.reset()
        return len(api.get("/v1/assistants").json["data"])

    api.assistant()
    emulator.keep_baseline()
    api.assistant()
    emulator.keep_baseline()
    api.assistant()

    assert assistants() == 2
    emulator.forget_baseline()
    assert assistants() == 1
    emulator.keep_baseline()
    emulator.forget_baseline(all=True)
    assert assistants() == 0
    emulator.forget_baseline()
    assert assistants() == 0


def test_a_world_goes_on_when_its_baseline_is_forgotten(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate()
    api = connect(emulator)
    assistant = api.assistant()
    emulator.keep_baseline()

    emulator.forget_baseline()

    assert api.delete(f"/v1/assistants/{assistant}").status == 200


def test_keys_have_baselines_of_their_own(emulate: Emulate) -> None:
    emulator = emulate(worlds="key")
    mine, other = Api(emulator.url, "sk-mine"), Api(emulator.url, "sk-other")
    for api in (mine, other):
        api.assistant()
        api.post("/_emulator/baseline")
    other.delete("/_emulator/baseline")
    for api in (mine, other):
        api.post("/_emulator/reset")

    assert [len(api.get("/v1/assistants").json["data"]) for api in (mine, other)] == [1, 0]
    mine.close()
    other.close()


def test_what_was_asked_is_counted_across_resets() -> None:
    api = InProcess()
    thread = api.thread()
    for _ in range(3):
        api.get(f"/v1/threads/{thread}")
    api.post("/_emulator/reset")
    api.get(f"/v1/threads/{thread}")
    api.get("/v1/nothing")

    assert api.get("/_emulator/state").json["asked"] == {"create_thread": 1, "get_thread": 4, "unknown": 1}
