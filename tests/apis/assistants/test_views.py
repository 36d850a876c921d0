"""Views: the form in which a stored object is sent, and stored messages that give the very bytes of their dicts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apis.assistants import objects, views
from emulator.apis.assistants.messages import StoredMessage, page
from emulator.apis.assistants.objects import Message, RunStep
from emulator.apis.http.json_text import pretty
from emulator.engine.usage import tokens

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['\n  "status": ', '\n  "role": "user",', '"run_id": "run_1",', "\n", "\u2028", '\\"', "{", "]"]
)
METADATA = st.dictionaries(TEXTS, TEXTS, max_size=3)
fuzzed = settings(max_examples=100, deadline=None, derandomize=True)


def stored_message(message: Message) -> StoredMessage:
    return StoredMessage(message, objects.texts_of(message))


def _message(text: str, metadata: dict[str, str], role: str = "user") -> Message:
    return objects.message("msg_1", 5, "thread_1", {"role": role, "content": text, "metadata": metadata})


@fuzzed
@given(text=TEXTS, metadata=METADATA)
def test_pretty_is_what_the_service_writes(text: str, metadata: dict[str, str]) -> None:
    message = _message(text, metadata)
    assert pretty(message) == json.dumps(message, indent=2, ensure_ascii=False).encode()


@fuzzed
@given(text=TEXTS, metadata=METADATA)
def test_a_stored_message_is_shown_as_its_dict_would_be(text: str, metadata: dict[str, str]) -> None:
    message = _message(text, metadata)
    stored = stored_message(message)
    assert stored.message() == message
    assert stored.as_json() == pretty(views.in_json(message))
    assert stored.as_json("spec") == pretty(message)
    assert stored.tokens == tokens(text)


@fuzzed
@given(texts=st.lists(st.tuples(TEXTS, METADATA), max_size=4), has_more=st.booleans())
def test_a_page_of_stored_messages_is_the_page_of_their_dicts(
    texts: list[tuple[str, dict[str, str]]], has_more: bool
) -> None:
    shown = [views.in_json(_message(*one)) for one in texts]
    ids = ("msg_é", "msg_2") if shown else (None, None)
    items = [stored_message(_message(*one)).as_item("wire") for one in texts]
    envelope = {"object": "list", "data": shown, "first_id": ids[0], "last_id": ids[1], "has_more": has_more}
    assert page(items, *ids, has_more=has_more) == json.dumps(envelope, indent=2, ensure_ascii=False).encode()


@fuzzed
@given(text=TEXTS, metadata=METADATA, role=st.sampled_from(["user", "assistant"]))
def test_no_text_passes_for_a_field(text: str, metadata: dict[str, str], role: str) -> None:
    stored = stored_message(_message(text, metadata, role))
    assert stored.is_from_user == (role == "user")
    assert stored.run_id is None
    assert stored_message({**_message(text, metadata), "run_id": "run_1"}).run_id == "run_1"


def _step(status: str = "in_progress") -> RunStep:
    run = objects.run("run_1", 0, "thread_1", objects.assistant("asst_1", 0, {"model": "m"}), {})
    return {**objects.run_step("step_1", 0, run, {"type": "tool_calls", "tool_calls": []}), "status": status}


@pytest.mark.parametrize(
    ("run_status", "expires_at"),
    [("queued", 600), ("in_progress", 600), ("requires_action", 600), ("cancelling", 600), ("completed", None),
     ("failed", None), ("cancelled", None), ("incomplete", None), ("expired", None)],
)  # fmt: skip
def test_a_step_expires_while_its_run_lives(run_status: str, expires_at: int | None) -> None:
    assert views.in_json(_step(), run_status=run_status)["expires_at"] == expires_at
    assert views.in_event(_step())["expires_at"] == 600


def test_events_show_what_json_leaves_out() -> None:
    message = _message("x", {})
    assert views.in_event(message) == message
    run = objects.run("run_1", 0, "thread_1", objects.assistant("asst_1", 0, {"model": "m"}), {})
    assert views.in_json(run)["tool_resources"] == {}
    assert views.in_event(run)["tool_resources"] == {"code_interpreter": {"file_ids": []}}
    assert list(views.in_event(run)) == list(run)
    thread = objects.thread("thread_1", 0, {})
    assert views.in_event(thread) == views.got_thread(thread)
    assert thread["tool_resources"] == {}


def test_a_view_changes_nothing_that_is_stored() -> None:
    step, message = _step(), _message("x", {})
    kept = json.dumps([step, message])
    for shape in ("wire", "spec"):
        for thing in (step, message):
            views.in_json(thing, shape, run_status="completed")
            views.in_event(thing, shape)
        views.modified_message(message, shape)
    assert json.dumps([step, message]) == kept
