"""How a thread differs from its conversation, message by message."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apis.backfill.comparing import compare, notes
from emulator.apis.backfill.pairing import pair
from emulator.apis.backfill.records import ChatRecord, MessageRecord

ROLES = {"u": "user", "a": "assistant"}


def chat(*messages: str | MessageRecord, id: str = "chat") -> ChatRecord:
    """``u:Hi`` is a message of the user; messages are numbered from 1."""
    made = [
        MessageRecord(f"m{number}", ROLES[one[0]], one[2:]) if isinstance(one, str) else one
        for number, one in enumerate(messages, 1)
    ]
    return ChatRecord(id, {}, tuple(made))


def found(thread: ChatRecord, conversation: ChatRecord) -> list[tuple[Any, ...]]:
    """Kind, message, expected and got; of a count also what is missing and extra."""
    return [
        (one.kind, one.message, one.expected, one.got, *((one.missing, one.extra) if one.kind == "count" else ()))
        for one in compare(thread, conversation)
    ]


def shown(images: str, attachments: str = "") -> MessageRecord:
    return MessageRecord("m1", "user", "See", tuple(images.split()), tuple(attachments.split()))


@pytest.mark.parametrize(
    ("old", "new", "differences"),
    [
        pytest.param("u:1 a:2", "u:1 a:2", [], id="the same"),
        pytest.param("", "", [], id="empty"),
        pytest.param("u:ok a:ok u:ok", "u:ok a:ok u:ok", [], id="repetitions"),
        pytest.param("u:1 a:2 u:3", "u:3 a:2 u:1", [("order", "m1", [1, 2, 3], [3, 2, 1])], id="reversed"),
        pytest.param("u:1 a:2 u:3", "a:2 u:1 u:3", [("order", "m1", [1, 2, 3], [2, 1, 3])], id="two swapped"),
        pytest.param("u:1 a:2 u:3", "u:1 a:2", [("count", "m3", 3, 2, ("m3",), ())], id="cut at the end"),
        pytest.param("u:1 a:ok u:2 a:ok", "u:2 a:ok", [("count", "m1", 4, 2, ("m1", "m2"), ())], id="cut at the front"),
        pytest.param("u:1 a:2 u:3", "u:1 u:3", [("count", "m2", 3, 2, ("m2",), ())], id="one dropped"),
        pytest.param("u:1", "u:1 a:2", [("count", "m2", 1, 2, (), ("m2",))], id="one added"),
        pytest.param("u:1 a:2", "", [("count", "m1", 2, 0, ("m1", "m2"), ())], id="nothing arrived"),
        pytest.param("u:1 a:2", "u:1 a:x", [("text", "m2", "2", "x")], id="another text"),
        pytest.param("u:1 a:2", "u:1 u:2", [("role", "m2", "assistant", "user")], id="another role"),
        pytest.param(
            "u:1 a:2", "a:1 u:2", [("role", "m1", "user", "assistant"), ("role", "m2", "assistant", "user")],
            id="roles swapped",
        ),
        pytest.param(
            "u:1 a:2 u:3", "u:1 u:x", [("count", "m2", 3, 2, ("m2",), ()), ("text", "m3", "3", "x")],
            id="one dropped, one changed",
        ),
        pytest.param("u:1 a:2 u:3", "a:2 u:3 u:4", [("text", "m1", "1", "4")], id="as many, at another place"),
        pytest.param(
            "u:1 a:2 u:3 a:4", "a:4 u:3 a:2",
            [("order", "m2", [2, 3, 4], [4, 3, 2]), ("count", "m1", 4, 3, ("m1",), ())],
            id="reversed and cut",
        ),
    ],
)  # fmt: skip
def test_messages(old: str, new: str, differences: list[Any]) -> None:
    assert found(chat(*old.split()), chat(*new.split())) == differences


@pytest.mark.parametrize(
    ("old", "new", "differences"),
    [
        (shown("file-a url"), shown("file-a url"), []),
        (shown("file-a url"), shown("file-a"), [("images", "m1", ("file-a", "url"), ("file-a",))]),
        (shown("a b"), shown("b a"), [("images", "m1", ("a", "b"), ("b", "a"))]),
        (shown("", "file-a"), shown("", ""), [("attachments", "m1", ("file-a",), ())]),
        (shown("file-a", "file-b"), shown("file-b", "file-a"),
         [("images", "m1", ("file-a",), ("file-b",)), ("attachments", "m1", ("file-b",), ("file-a",))]),
    ],
)  # fmt: skip
def test_images_and_attachments(old: MessageRecord, new: MessageRecord, differences: list[Any]) -> None:
    assert found(chat(old), chat(new)) == differences


def test_a_moved_message_is_compared_with_itself() -> None:
    picture = MessageRecord("m1", "user", "See", ("file-a",))
    bare = MessageRecord("n2", "user", "See")
    assert found(chat(picture, "a:2"), chat("a:2", bare)) == [
        ("order", "m1", [1, 2], [2, 1]),
        ("images", "m1", ("file-a",), ()),
    ]


def test_what_the_assistant_shows_is_a_note() -> None:
    """The API refuses images and files in a message of the assistant, so no script can move them."""
    thread = chat("u:Draw", MessageRecord("m2", "assistant", "Here", ("file-chart",), ("file-data",)))
    assert compare(thread, chat("u:Draw", "a:Here")) == []
    assert notes(thread) == [
        "message m2 of the assistant has file-chart, file-data: in a conversation such a message has only text"
    ]
    assert [one.kind for one in compare(thread, chat("u:Draw", "u:Here"))] == ["role", "images", "attachments"]


def test_a_long_thread_that_changed_everywhere_is_compared() -> None:
    old = chat(*(f"u:{number}" for number in range(5000)))
    new = chat(*(f"u:new {number}" for number in range(5000)))
    assert [one.kind for one in compare(old, new)] == ["text"] * 5000


CHATS = st.lists(st.sampled_from(["u:ok", "a:ok", "u:1", "a:2", "a:1"]), max_size=8)


@given(CHATS, CHATS)
@settings(deadline=None)
def test_every_message_is_paired_missing_or_extra(old: list[str], new: list[str]) -> None:
    thread, conversation = chat(*old), chat(*new)
    found = pair(thread.messages, conversation.messages)
    assert sorted([*(place for place, _ in found.pairs), *found.missing]) == list(range(len(old)))
    assert sorted([*(place for _, place in found.pairs), *found.extra]) == list(range(len(new)))
    assert not (found.missing and found.extra)
    assert (compare(thread, conversation) == []) is (old == new)


@given(CHATS.flatmap(lambda old: st.tuples(st.just(old), st.permutations(old))))
@settings(deadline=None)
def test_a_change_of_order_is_nothing_but_that(chats: tuple[list[str], list[str]]) -> None:
    old, new = chats
    assert [one.kind for one in compare(chat(*old), chat(*new))] == ([] if old == new else ["order"])
