"""Every pair of statuses of every object: the table says which moves pass, and a refused one changes nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from emulator.apis.assistants import objects
from emulator.apis.assistants.lifecycle import FIRST, LIVES, IllegalMove, advance, event_names
from emulator.base.json_types import Object
from emulator.scenarios.model import REST, TERMINAL
from tests.support import SHARED, needs_shared

MADE, BEFORE, NOW = 1000, 1500, 2000

_ASSISTANT = objects.assistant("asst_1", MADE, {"model": "gpt-4o"})
_RUN = objects.run("run_1", MADE, "thread_1", _ASSISTANT, {})
_DETAILS = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
NEW: dict[str, Mapping[str, Any]] = {
    "thread.run": _RUN,
    "thread.message": objects.run_message("msg_1", MADE, _RUN),
    "thread.run.step": objects.run_step("step_1", MADE, _RUN, _DETAILS),
}

#: What a move does to the object's times, by the status it takes. Everything else stays.
STAMPS: dict[str, dict[str, dict[str, int | None]]] = {
    "thread.run": {
        "queued": {},
        "in_progress": {"started_at": NOW},
        "requires_action": {},
        "cancelling": {},
        "cancelled": {"cancelled_at": NOW, "expires_at": None},
        "completed": {"completed_at": NOW, "expires_at": None},
        "failed": {"failed_at": NOW, "expires_at": None},
        "incomplete": {"completed_at": NOW, "expires_at": None},
        "expired": {"expires_at": None},
    },
    "thread.message": {
        "in_progress": {},
        "completed": {"completed_at": NOW},
        "incomplete": {"incomplete_at": NOW},
    },
    "thread.run.step": {
        "in_progress": {},
        "completed": {"completed_at": NOW},
        "failed": {"failed_at": NOW},
        "cancelled": {"cancelled_at": NOW},
        "expired": {"expired_at": NOW},
    },
}


def in_status(kind: str, status: str) -> Object:
    """An object as it stands in that status, with a start behind it where it has one."""
    thing = {**copy.deepcopy(NEW[kind]), "status": status}
    return {**thing, "started_at": BEFORE} if kind == "thread.run" else thing


PAIRS = [
    pytest.param(kind, old, new, new in following, id=f"{kind}: {old} to {new}")
    for kind, life in LIVES.items()
    for old, following in life.items()
    for new in life
]


@pytest.mark.parametrize(("kind", "old", "new", "allowed"), PAIRS)
def test_every_pair_of_statuses_moves_as_the_table_says(kind: str, old: str, new: str, allowed: bool) -> None:
    thing = in_status(kind, old)
    before = copy.deepcopy(thing)
    if allowed:
        moved = advance(thing, new, NOW)
        assert moved == {**before, "status": new, **STAMPS[kind][new]}
        assert list(moved) == list(before), "the keys keep their order"
        assert moved is not thing
    else:
        with pytest.raises(IllegalMove, match=new):
            advance(thing, new, NOW)
    assert thing == before, "what was there is never changed in place"
    assert list(thing) == list(before)


@pytest.mark.parametrize(
    ("kind", "old", "message"),
    [
        ("thread.run", "requires_action", "cancelling or expired or queued, but was to become completed"),
        ("thread.run", "queued", "cancelling or expired or in_progress, but was to become completed"),
        ("thread.message", "completed", "nothing: it is at its end, but was to become completed"),
        ("thread.run.step", "failed", "nothing: it is at its end, but was to become completed"),
    ],
)
def test_a_refusal_names_what_would_have_been_possible(kind: str, old: str, message: str) -> None:
    thing = in_status(kind, old)
    with pytest.raises(IllegalMove) as refused:
        advance(thing, "completed", NOW)
    assert str(refused.value) == f"{kind} {thing['id']} is {old}; it can become {message}"


@pytest.mark.parametrize("kind", LIVES)
def test_a_status_that_no_life_has_is_refused(kind: str) -> None:
    with pytest.raises(IllegalMove):
        advance(in_status(kind, FIRST[kind]), "finished", NOW)


@pytest.mark.parametrize("kind", LIVES)
def test_every_status_can_be_reached_from_the_first(kind: str) -> None:
    reached = {FIRST[kind]}
    while more := {new for old in reached for new in LIVES[kind][old]} - reached:
        reached |= more
    assert reached == set(LIVES[kind])


@pytest.mark.parametrize("kind", LIVES)
def test_every_move_leads_to_a_status_of_the_same_table(kind: str) -> None:
    assert {new for following in LIVES[kind].values() for new in following} <= set(LIVES[kind])


@pytest.mark.parametrize("status", LIVES["thread.run"])
def test_a_run_is_at_its_end_exactly_where_nothing_follows(status: str) -> None:
    assert (status in TERMINAL) == (not LIVES["thread.run"][status])


def test_rest_is_every_end_and_requires_action() -> None:
    beside_ends = REST - TERMINAL
    assert beside_ends == {"requires_action"}
    assert TERMINAL < REST


@pytest.mark.parametrize("kind", LIVES)
def test_new_objects_have_the_first_status(kind: str) -> None:
    assert NEW[kind]["status"] == FIRST[kind]


@pytest.mark.parametrize(
    ("kind", "status", "changes"),
    [
        ("thread.run", "failed", {"last_error": {"code": "server_error", "message": "No."}}),
        ("thread.run", "incomplete", {"incomplete_details": {"reason": "max_prompt_tokens"}}),
        ("thread.message", "incomplete", {"incomplete_details": {"reason": "run_cancelled"}}),
        ("thread.run.step", "completed", {"usage": {"prompt_tokens": 1}, "step_details": {"type": "tool_calls"}}),
    ],
)
def test_other_changes_come_with_the_status(kind: str, status: str, changes: Object) -> None:
    before = in_status(kind, "in_progress")
    moved = advance(before, status, NOW, changes)
    assert moved == {**before, "status": status, **STAMPS[kind][status], **changes}
    assert list(moved) == list(before)


def test_the_required_action_stays_only_while_it_is_required() -> None:
    action = {"type": "submit_tool_outputs"}
    waiting = advance(in_status("thread.run", "in_progress"), "requires_action", NOW, {"required_action": action})
    assert waiting["required_action"] == action
    for following in LIVES["thread.run"]["requires_action"]:
        assert advance(waiting, following, NOW)["required_action"] is None
    assert waiting["required_action"] == action


def test_a_run_that_is_queued_again_starts_anew_and_keeps_its_expiry() -> None:
    """Recorded (docs/wire.md §2): queued again keeps the old start, in progress again resets it."""
    run = in_status("thread.run", "requires_action")
    queued = advance(run, "queued", NOW)
    assert (queued["started_at"], queued["expires_at"]) == (BEFORE, MADE + 600)
    again = advance(queued, "in_progress", NOW + 5)
    assert (again["started_at"], again["expires_at"]) == (NOW + 5, MADE + 600)


@needs_shared
def test_the_tables_speak_exactly_the_event_names_of_the_published_schema() -> None:
    document = orjson.loads((SHARED / "spec" / "assistants-v2.openapi.json").read_bytes())
    schemas = document["components"]["schemas"]

    def names(schema: Any) -> set[str]:
        variants = schema.get("oneOf", [schema])
        return {name for variant in variants for name in variant["properties"]["event"]["enum"]}

    kinds = ("Thread", "Run", "RunStep", "Message")
    assert event_names() == set().union(*(names(schemas[f"{kind}StreamEvent"]) for kind in kinds))
