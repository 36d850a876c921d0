"""Which conversation a thread has become."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from emulator.apis.backfill.joining import join
from emulator.apis.backfill.records import ChatRecord, MessageRecord


def chat(id: str, texts: str, metadata: Mapping[str, str] | None = None) -> ChatRecord:
    messages = [MessageRecord(f"{id}_{number}", "user", text) for number, text in enumerate(texts.split())]
    return ChatRecord(id, metadata or {}, tuple(messages))


def joined(threads: list[ChatRecord], conversations: list[ChatRecord]) -> tuple[dict[str, list[str]], list[str]]:
    """The ids of conversations by thread, after the way they were found; and those left over."""
    rows, unjoined = join(threads, conversations)
    found = {one.thread.id: [*([one.by] if one.by else []), *(each.id for each in one.conversations)] for one in rows}
    return found, [one.id for one in unjoined]


@pytest.mark.parametrize("key", ["thread_id", "legacy_thread_id"])
def test_the_metadata_names_the_thread(key: str) -> None:
    threads = [chat("t1", "a b"), chat("t2", "c d")]
    conversations = [chat("c1", "a b", {key: "t2"}), chat("c2", "c d", {key: "t1"})]
    assert joined(threads, conversations) == ({"t1": ["metadata", "c2"], "t2": ["metadata", "c1"]}, [])


def test_several_conversations_name_one_thread() -> None:
    conversations = [chat(id, "a", {"thread_id": "t1"}) for id in ("c1", "c2")]
    assert joined([chat("t1", "a")], conversations) == ({"t1": ["metadata", "c1", "c2"]}, [])


def test_a_thread_that_does_not_exist_is_no_reason_to_try_the_texts() -> None:
    assert joined([chat("t1", "a b")], [chat("c1", "a b", {"thread_id": "t9"})]) == ({"t1": []}, ["c1"])


@pytest.mark.parametrize(
    ("threads", "conversations", "expected"),
    [
        pytest.param(["a b", "c d"], ["c d", "a b"], {0: 1, 1: 0}, id="the same texts"),
        pytest.param(["a b c d"], ["d c b a"], {0: 0}, id="in another order"),
        pytest.param(["a b c d"], ["a"], {0: 0}, id="truncated"),
        pytest.param(["a b c d"], ["a b x y"], {0: 0}, id="half of the texts"),
        pytest.param(["hi b c d"], ["hi x y z"], {}, id="a greeting in common"),
        pytest.param(["hi b", "hi c"], ["hi c", "hi b"], {0: 1, 1: 0}, id="the most similar first"),
        pytest.param(["hi", "hi"], ["hi", "hi"], {0: 0, 1: 1}, id="equal ones in their order"),
        pytest.param(["a"], ["a", "a"], {0: 0}, id="one thread, two conversations"),
        pytest.param([""], [""], {}, id="no texts"),
    ],
)
def test_the_texts_are_the_same(threads: list[str], conversations: list[str], expected: dict[int, int]) -> None:
    found, left = joined(
        [chat(f"t{number}", texts) for number, texts in enumerate(threads)],
        [chat(f"c{number}", texts) for number, texts in enumerate(conversations)],
    )
    pairs = {f"t{thread}": ["texts", f"c{other}"] for thread, other in expected.items()}
    assert found == {f"t{number}": pairs.get(f"t{number}", []) for number in range(len(threads))}
    assert left == [f"c{number}" for number in range(len(conversations)) if number not in expected.values()]


def test_metadata_goes_before_texts() -> None:
    conversations = [chat("c1", "a b"), chat("c2", "x", {"thread_id": "t1"})]
    assert joined([chat("t1", "a b")], conversations) == ({"t1": ["metadata", "c2"]}, ["c1"])
