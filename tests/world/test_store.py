"""Collections: pages that walk everything exactly once, whatever happens between them; stores; stored messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.apis.assistants import objects, views
from emulator.apis.assistants.messages import StoredMessage, page
from emulator.apis.assistants.objects import Message
from emulator.apis.assistants.store import RUN, AssistantsStore, Thread
from emulator.apis.http.id_forms import not_found
from emulator.apis.http.json_text import pretty
from emulator.base.json_types import Object
from emulator.engine.usage import tokens
from emulator.world.state import collection as collections
from emulator.world.state.collection import Collection, Page, Query
from emulator.world.state.missing import Kind, Missing
from emulator.world.state.state import Shape
from emulator.world.state.store import Store

SHAPES: tuple[Shape, ...] = ("wire", "spec")


def filled(count: int, kind: Kind = RUN) -> Collection[Object]:
    """Objects named ``run_0``, ``run_1`` …, oldest first."""
    collection: Collection[Object] = Collection(kind)
    for number in range(count):
        collection.put(f"run_{number}", {"n": number})
    return collection


def numbers(page: Page[Object]) -> list[int]:
    assert page.ids == [f"run_{row['n']}" for row in page.rows]
    return [row["n"] for row in page.rows]


@pytest.mark.parametrize(
    ("query", "expected", "has_more"),
    [
        (Query(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], False),
        (Query(order="asc"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], False),
        (Query(limit=3), [9, 8, 7], True),
        (Query(limit=3, order="asc"), [0, 1, 2], True),
        (Query(limit=10), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], False),
        (Query(limit=3, after="run_7"), [6, 5, 4], True),
        (Query(limit=3, after="run_2"), [1, 0], False),
        (Query(limit=3, order="asc", after="run_7"), [8, 9], False),
        (Query(after="run_0"), [], False),
        (Query(order="asc", after="run_9"), [], False),
        (Query(before="run_7"), [9, 8], False),
        (Query(limit=2, before="run_5"), [7, 6], True),
        (Query(limit=2, order="asc", before="run_5"), [3, 4], True),
        (Query(order="asc", before="run_2"), [0, 1], False),
        (Query(before="run_9"), [], False),
        (Query(order="asc", before="run_0"), [], False),
        (Query(after="run_8", before="run_5"), [7, 6], False),
        (Query(limit=1, after="run_8", before="run_5"), [7], True),
        (Query(order="asc", after="run_5", before="run_8"), [6, 7], False),
        (Query(after="run_5", before="run_8"), [], False),
        (Query(after="run_5", before="run_5"), [], False),
        (Query(after="", before=""), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], False),
    ],
    ids=str,
)
def test_a_page_lies_between_its_cursors(query: Query, expected: list[int], has_more: bool) -> None:
    page = filled(10).page(query)
    assert (numbers(page), page.has_more) == (expected, has_more)


@pytest.mark.parametrize(
    ("query", "expected", "has_more"),
    [
        (Query(limit=2), [8, 6], True),
        (Query(limit=2, order="asc", after="run_5"), [6, 8], False),
        (Query(limit=2, before="run_3"), [6, 4], True),
        (Query(limit=1, order="asc", before="run_1"), [0], False),
    ],
    ids=str,
)
def test_a_filtered_page_counts_what_it_keeps(query: Query, expected: list[int], has_more: bool) -> None:
    page = filled(10).page(query, keep=lambda row: row["n"] % 2 == 0)
    assert (numbers(page), page.has_more) == (expected, has_more)


@pytest.mark.parametrize(
    ("query", "status", "message", "param"),
    [
        (Query(after="run_x"), 404, "No run found with id 'run_x'.", None),
        (Query(before="run_x"), 404, "No run found with id 'run_x'.", None),
        (Query(after="msg_1"), 400, "Invalid 'after': 'msg_1'. Expected an ID that begins with 'run'.", "after"),
        (Query(before="x"), 400, "Invalid 'before': 'x'. Expected an ID that begins with 'run'.", "before"),
        (Query(after="run_1", before="run_x"), 404, "No run found with id 'run_x'.", None),
    ],
    ids=str,
)
def test_a_cursor_that_never_was_is_refused(query: Query, status: int, message: str, param: str | None) -> None:
    with pytest.raises(Missing) as refused:
        filled(3).page(query)
    error = not_found(refused.value)
    assert (error.status, error.message, error.param) == (status, message, param)


# ---- The law of paging ----


class Model:
    """What a collection should be: numbers in the order they were made, and which of them are there."""

    def __init__(self, count: int) -> None:
        self.collection = filled(count)
        self.made = count
        self.live = set(range(count))

    def change(self, change: int) -> None:
        """Creates an object, or deletes one of those that are there."""
        if change < 0 or not self.live:
            self.collection.put(f"run_{self.made}", {"n": self.made})
            self.live.add(self.made)
            self.made += 1
        else:
            gone = sorted(self.live)[change % len(self.live)]
            self.collection.remove(f"run_{gone}")
            self.live.remove(gone)
        assert len(self.collection) == len(self.live)
        assert [row["n"] for row in self.collection] == sorted(self.live)

    def beyond(self, cursor: int | None, up: bool) -> list[int]:
        """All that a walk in that direction has still to see, nearest first."""
        ahead = [n for n in self.live if cursor is None or (n > cursor if up else n < cursor)]
        return sorted(ahead, reverse=not up)


changes = st.lists(st.integers(min_value=-20, max_value=30), max_size=30)


@given(
    count=st.integers(0, 30),
    first=changes,
    order=st.sampled_from(["asc", "desc"]),
    by=st.sampled_from(["after", "before"]),
    pages=st.lists(st.tuples(st.integers(1, 7), changes), min_size=1, max_size=30),
    holes=st.sampled_from([0, 1, 5, 64]),
)
@settings(deadline=None, max_examples=300)
def test_a_walk_sees_every_surviving_object_once_and_in_order(
    count: int, first: list[int], order: str, by: str, pages: list[tuple[int, list[int]]], holes: int
) -> None:
    """Whatever is made and deleted between the pages. What is made behind the cursor is not met; ahead of it, it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collections, "_HOLES_KEPT", holes)
        model = Model(count + 1)
        for change in first:
            model.change(change)
        up = (order == "asc") == (by == "after")  # towards newer objects
        cursor = None if by == "after" else (0 if up else count)  # a walk by ``before`` starts at the far end
        there_all_along, seen = set(model.beyond(cursor, up)), []
        for limit, between in [*pages, *[(100, [])] * 2]:
            ahead = model.beyond(cursor, up)
            page = model.collection.page(
                Query(limit=limit, order=order, **{by: None if cursor is None else f"run_{cursor}"})
            )
            nearest_first = numbers(page) if by == "after" else numbers(page)[::-1]
            assert (nearest_first, page.has_more) == (ahead[:limit], len(ahead) > limit)
            seen += nearest_first
            cursor = seen[-1] if seen else cursor
            for change in between:
                model.change(change)
            there_all_along &= model.live
        assert seen == sorted(set(seen), reverse=not up), "in order, none twice"
        assert there_all_along <= set(seen), "none missed"


def test_a_list_that_is_emptied_as_fast_as_it_is_filled_does_not_grow() -> None:
    collection: Collection[Object] = Collection(RUN)
    for number in range(2000):
        collection.put(f"run_{number}", {"n": number})
        collection.remove(f"run_{number}")
    assert len(collection._rows) < 200
    assert collection.page(Query(order="asc", after="run_5")).ids == []


# ---- Objects ----

ASSISTANT = objects.assistant("asst_1", 0, {"model": "gpt-4o"})
THE_RUN = objects.run("run_1", 0, "thread_1", ASSISTANT, {})
RUN_STEP = objects.run_step("step_1", 0, THE_RUN, {"type": "tool_calls", "tool_calls": []})


def test_an_object_is_found_replaced_in_its_place_and_removed() -> None:
    collection = filled(3)
    collection.put("run_1", {"n": 1, "new": True})
    assert [row.get("new") for row in collection] == [None, True, None]
    collection.remove("run_1")
    assert ("run_1" in collection, collection.get("run_1"), len(collection)) == (False, None, 2)
    with pytest.raises(Missing, match=r"No run found with id 'run_1'\."):
        collection.find("run_1", "run_id")
    collection.put("run_1", {"n": 1})
    assert [id for id, _ in collection.newest_first()] == ["run_1", "run_2", "run_0"]


def test_a_copy_changes_independently() -> None:
    collection = filled(3)
    other = collection.copy()
    other.put("run_9", {"n": 9})
    other.put("run_0", {"n": 0, "new": True})
    other.remove("run_1")
    assert (collection.page(Query()).ids, collection.get("run_0")) == (["run_2", "run_1", "run_0"], {"n": 0})
    assert other.page(Query()).ids == ["run_9", "run_2", "run_0"]
    collection.remove("run_2")
    assert "run_2" in other


def test_a_copied_store_shares_no_collection() -> None:
    store = Store()
    original = store.parts[AssistantsStore]
    assert store.is_empty()
    thread = Thread(objects.thread("thread_1", 0, {}))
    original.threads.put(thread)
    original.assistants.put("asst_1", ASSISTANT)
    thread.put_run(THE_RUN)
    thread.put_message(user_message("msg_1", "hello"))
    thread.active_run = "run_1"
    assert not store.is_empty()
    copy = store.copy().parts[AssistantsStore]
    copied = copy.thread("thread_1")
    assert (copied.active_run, len(copied.messages), len(copied.runs), len(copied.steps_of("run_1"))) == (
        "run_1",
        1,
        1,
        0,
    )
    copied.put_message(user_message("msg_2", "more"))
    copied.put_run(objects.run("run_2", 0, "thread_1", ASSISTANT, {}))
    copied.put_step(RUN_STEP)
    copied.active_run = None
    copy.assistants.remove("asst_1")
    copy.threads.remove("thread_1")
    assert (thread.active_run, len(thread.messages), len(thread.runs), len(thread.steps_of("run_1"))) == (
        "run_1",
        1,
        1,
        0,
    )
    assert ("asst_1" in original.assistants, original.thread("thread_1") is thread) == (True, True)


def _change_object(thread: Thread) -> None:
    thread.object = {**thread.object, "metadata": {"changed": "yes"}}


def _change_active_run(thread: Thread) -> None:
    thread.active_run = None


CHANGES: list[Callable[[Thread], object]] = [
    _change_object,
    _change_active_run,
    lambda thread: thread.put_message(user_message("msg_2", "more")),
    lambda thread: thread.remove_message("msg_1"),
    lambda thread: thread.put_run({**THE_RUN, "status": "in_progress"}),
    lambda thread: thread.put_step(RUN_STEP),
]


def _held(thread: Thread) -> object:
    """All that a thread holds."""
    steps = [list(thread.steps_of(run["id"])) for run in thread.runs]
    return thread.object, thread.active_run, list(thread.messages), list(thread.runs), steps, thread.last_user_text()


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_does_not_see_what_becomes_of_a_thread(change: Callable[[Thread], object]) -> None:
    """The thread is the same object before and after: the turn that is played on it goes on with it."""
    original = AssistantsStore()
    thread = Thread(objects.thread("thread_1", 0, {}))
    original.threads.put(thread)
    thread.put_run(THE_RUN)
    thread.put_message(user_message("msg_1", "hello"))
    thread.active_run = "run_1"
    before = _held(thread)
    copies = [original.copy(), original.copy()]
    later = copies[0].copy()
    change(thread)
    changed = _held(thread)
    assert changed != before
    assert original.thread("thread_1") is thread
    assert [_held(copy.thread("thread_1")) for copy in copies] == [before, before]
    change(later.thread("thread_1"))
    assert _held(thread) == changed
    assert [_held(copy.thread("thread_1")) for copy in (*copies, copies[1].copy())] == [before] * 3


def test_an_unknown_thread_is_the_service_s_404() -> None:
    with pytest.raises(Missing) as refused:
        AssistantsStore().thread("thread_x")
    error = not_found(refused.value)
    assert (error.status, error.message) == (404, "No thread found with id 'thread_x'.")


def test_putting_a_run_again_keeps_its_steps() -> None:
    thread = Thread(objects.thread("thread_1", 0, {}))
    thread.put_run(THE_RUN)
    thread.put_step(RUN_STEP)
    thread.put_run({**THE_RUN, "status": "in_progress"})
    assert len(thread.steps_of("run_1")) == 1


# ---- Stored messages ----


def stored_message(message: Message) -> StoredMessage:
    return StoredMessage(message, objects.texts_of(message))


def user_message(id: str, text: str) -> Message:
    return objects.message(id, 5, "thread_1", {"role": "user", "content": text})


BAIT = [
    '\n  "status": ',
    '"role": "user",',
    '\n  "run_id": "run_1",',
    '\n  "role": "user",\n',
    '{"run_id":"run_1"}',
    "\r\n",
]
plain = st.text(st.characters(codec="utf-8"))
texts = plain | st.sampled_from(BAIT) | st.lists(plain | st.sampled_from(BAIT)).map("".join)
messages = st.fixed_dictionaries(
    {
        "id": texts,
        "object": st.just("thread.message"),
        "created_at": st.integers(0, 2**33),
        "assistant_id": st.none() | texts,
        "thread_id": texts,
        "run_id": st.none() | texts,
        "status": st.sampled_from(["in_progress", "completed", "incomplete"]),
        "incomplete_details": st.none() | st.fixed_dictionaries({"reason": texts}),
        "incomplete_at": st.none() | st.integers(0, 2**33),
        "completed_at": st.none() | st.integers(0, 2**33),
        "role": st.sampled_from(["user", "assistant"]),
        "content": st.lists(
            st.builds(objects.text_part, texts) | st.fixed_dictionaries({"type": texts, "role": texts, "status": texts})
        ),
        "attachments": st.lists(st.fixed_dictionaries({"file_id": texts, "tools": st.lists(st.just({"type": "x"}))})),
        "metadata": st.dictionaries(st.sampled_from(["status", "role", "run_id"]) | texts, texts),
    }
).map(lambda message: cast("Message", {key: message[key] for key in user_message("", "")}))


@given(messages)
@settings(deadline=None, max_examples=60)
def test_a_stored_message_is_the_message_and_gives_its_json(message: Message) -> None:
    stored = stored_message(message)
    assert stored.tokens == sum(tokens(part["text"]["value"]) for part in message["content"] if "text" in part)
    assert stored.message() == message
    assert list(stored.message()) == list(message)
    for shape in SHAPES:
        assert stored.as_json(shape) == pretty(views.in_json(message, shape))


@given(messages, texts)
@example(user_message("msg_1", '\n  "run_id": "run_1",\n  "role": "user",'), "run_1")
@settings(deadline=None, max_examples=60)
def test_no_text_can_pass_for_a_message_s_own_keys(message: Message, run_id: str) -> None:
    stored = stored_message(message)
    assert stored.is_from_user is (message["role"] == "user")
    assert (stored.run_id == run_id) is (message["run_id"] == run_id)
    assert stored.run_id == message["run_id"]


@pytest.mark.parametrize("ids", [[], ["msg_1"], ["msg_1", "msg_2"]], ids=len)
def test_a_page_is_pretty_printed_around_stored_messages(ids: list[str]) -> None:
    messages = [stored_message(user_message(id, '\n  "x": [],\n')) for id in ids]
    data: list[Any] = [stored.message() for stored in messages]
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    for shape in SHAPES:
        shown = [views.in_json(one, shape) for one in data]
        expected = {"object": "list", "data": shown, "first_id": first, "last_id": last, "has_more": bool(ids)}
        items = [stored.as_item(shape) for stored in messages]
        assert page(items, first, last, has_more=bool(ids)) == pretty(expected)


def test_the_newest_text_of_a_user_is_found() -> None:
    thread = Thread(objects.thread("thread_1", 0, {}))
    assert thread.last_user_text() == ""
    for id, role in (("msg_1", "user"), ("msg_2", "user"), ("msg_3", "assistant")):
        thread.put_message({**user_message(id, f'"role": "user", of {id}'), "role": role})
    assert thread.last_user_text() == '"role": "user", of msg_2'
    assert thread.messages.find("msg_3", "message_id").message()["role"] == "assistant"
