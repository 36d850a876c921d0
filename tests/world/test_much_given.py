"""Scenarios that give thousands of objects: they are made aside, and nobody sees a difference or a part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from emulator.base.problems import ScenarioError
from emulator.scenarios.loading import load_scenarios
from emulator.world import drafts
from emulator.world.drafts import Draft, gives_much
from emulator.world.worlds import Worlds
from tests.support import BETA, InProcess, Reply

MESSAGES = [{"role": ("assistant", "user")[n % 2], "content": f"hello {n}"} for n in range(600)]
GIVEN: dict[str, Any] = {
    "assistants": [{"id": "asst_given", "model": "gpt-4o"}],
    "files": [{"id": "file-given", "filename": "a.txt", "content": "soup"}],
    "vector_stores": [{"id": "vs_given", "file_ids": ["file-given"]}],
    "threads": [{"id": "thread_given", "messages": MESSAGES}, {"messages": MESSAGES[:3]}],
    "conversations": [{"id": "conv_given", "items": [{"role": "user", "content": "Hi"}]}],
}
SCENARIO: dict[str, Any] = {
    "name": "much",
    "given": GIVEN,
    "turns": [{"steps": [{"say": "Hello."}], "times": 1}],
    "faults": [{"operation": "get_thread", "kind": "error", "status": 429, "times": 1}],
}
BAD: dict[str, Any] = {**SCENARIO, "given": {**GIVEN, "vector_stores": [{"file_ids": ["file-none"]}]}}
PATHS = (
    "/v1/threads/thread_given/messages?limit=100", "/v1/threads/thread_given", "/v1/threads/thread_given",
    "/v1/vector_stores", "/v1/files", "/v1/conversations/conv_given/items", "/_emulator/requests", "/_emulator/check",
)  # fmt: skip


def _told(api: InProcess) -> list[tuple[int, bytes]]:
    """What a client sees of a world; a run and a thread tell the next ids."""
    made = [api.post("/v1/threads", {}), api.run("thread_given", "asst_given")]
    return [(reply.status, reply.body) for reply in [*map(api.get, PATHS), *made]]


def _posted(scenario: Any, *, before: bool) -> InProcess:
    api = InProcess({"turns": []})
    if before:
        api.post("/v1/threads", {"messages": MESSAGES[1:2]})
    api.post("/_emulator/scenarios", {"version": 1, **scenario})
    return api


@pytest.mark.parametrize("before", [False, True])
def test_what_is_made_aside_is_as_what_is_made_at_once(before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gives_much(load_scenarios(SCENARIO))
    aside = _told(_posted(SCENARIO, before=before))
    monkeypatch.setattr(drafts, "_MANY", 1e9)
    assert _told(_posted(SCENARIO, before=before)) == aside


@pytest.mark.parametrize("settings", [{}, {"seed": 7}, {"clock": "real", "start": "2026-01-01T00:00:00Z"}])
def test_worlds_begin_with_what_is_made_once(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    options = {} if "clock" in settings else settings
    first = InProcess({**SCENARIO, "settings": {} if options else settings})
    first.worlds.mode = "key"

    def told(api: InProcess) -> list[list[tuple[int, bytes]]]:
        seen = []
        for api.key in ("one", "two", "one"):
            api.post("/_emulator/reset", options)
            seen.append(_told(api) if "clock" not in settings else [(0, api.get(PATHS[0]).body[:100])])
        return seen

    several = told(first)
    monkeypatch.setattr(drafts, "_MANY", 1e9)
    second = InProcess({**SCENARIO, "settings": {} if options else settings})
    second.worlds.mode = "key"
    assert told(second) == several
    assert several[0] == several[2]


@pytest.mark.parametrize("before", [False, True])
def test_a_scenario_that_gives_what_cannot_be_changes_nothing(before: bool) -> None:
    api = _posted(SCENARIO, before=before)
    store = api.world.store
    refused = api.post("/_emulator/scenarios", {"version": 1, **BAD, "name": "bad"})
    assert (refused.status, "file-none" in refused.json["error"]["message"]) == (400, True)
    assert api.world.store is store
    assert [one.name for one in api.world.scenarios] == ["much", "unnamed-1"]


def _seeded(seed: int) -> dict[str, Any]:
    return {**SCENARIO, "name": f"of {seed}", "settings": {"seed": seed}}


def test_worlds_of_scenarios_that_disagree_cannot_begin() -> None:
    with pytest.raises(ScenarioError, match="they must agree"):
        Worlds(scenarios=load_scenarios(_seeded(1), _seeded(2))).prepare({})


def test_a_draft_of_a_world_that_has_changed_is_not_taken() -> None:
    api = _posted({"turns": []}, before=True)
    (scenario,) = load_scenarios(SCENARIO)
    changes: list[Callable[[], object]] = [
        lambda: api.post("/v1/threads", {}),
        lambda: api.post("/_emulator/clock/advance", {"seconds": 5}),
        lambda: api.post("/_emulator/scenarios", {"version": 1, "name": "other", "turns": []}),
        lambda: api.post("/_emulator/reset"),
    ]
    for change in changes:
        draft = Draft(api.world, scenario)
        draft.make()
        change()
        assert not draft.take_over()
        assert api.get("/v1/threads/thread_given").status == 404
        api.post("/v1/threads", {})


def test_nobody_sees_a_part_of_what_is_given() -> None:
    """Requests of the same key go on while it is made; some of them change the world, and it is made again."""
    api = InProcess({"turns": []})
    headers = {"Authorization": f"Bearer {api.key}", **BETA}
    body = orjson.dumps({"version": 1, **SCENARIO, "faults": []})

    async def both() -> tuple[Reply, set[int]]:
        posting = asyncio.create_task(api._exchange("POST", "/_emulator/scenarios", body, headers))
        seen = set()
        while not posting.done():
            await api._exchange("POST", "/v1/threads", b"{}", headers)
            await asyncio.sleep(0)
            listed = await api._exchange("GET", "/v1/threads/thread_given/messages?limit=1&order=asc", b"", headers)
            seen.add(listed.status)
        return await posting, seen

    posted, seen = asyncio.run(both())
    assert posted.status == 200
    assert 404 in seen
    assert api.get("/v1/threads/thread_given/messages?limit=100").json["has_more"]


def test_a_turn_that_is_under_way_goes_on_when_much_is_given() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Hello."}]}]})
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]
    assert api.post("/_emulator/scenarios", {"version": 1, **SCENARIO, "turns": []}).status == 200
    assert api.poll(thread, run)[-1] == "completed"
    assert api.get("/v1/threads/thread_given").status == 429
