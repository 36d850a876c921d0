"""Exports of threads and lists of messages: read as given threads, whichever end they begin with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import Emulator
from emulator.recordings.exchange import RecordingError
from emulator.recordings.importing import Imported, import_files
from emulator.recordings.readers import parse_recording, recognises
from tests.recording.test_reader_laws import VALUES, ask, paths
from tests.support import Api

FORMAT = "assistants-thread-export/v1"
THREAD = {"id": "thread_abc", "object": "thread", "created_at": 100, "metadata": {"user": "7"}, "tool_resources": {}}
RUN = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 103,
    "assistant_id": "asst_1",
    "thread_id": "thread_abc",
    "status": "completed",
    "model": "gpt-4o",
    "instructions": "Be kind.",
    "usage": {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24},
    "steps": [{"id": "step_1", "object": "thread.run.step"}],
}


def message(number: int, role: str, *content: Any, **more: Any) -> dict[str, Any]:
    parts = [
        {"type": "text", "text": {"value": one, "annotations": []}} if isinstance(one, str) else one for one in content
    ]
    return {
        "id": f"msg_{'abcdefgh'[number]}",
        "object": "thread.message",
        "created_at": 101 + number,
        "thread_id": "thread_abc",
        "role": role,
        "content": parts,
        **more,
    }


MESSAGES = [
    message(0, "user", "What is it?", {"type": "image_file", "image_file": {"file_id": "file-cat"}}),
    message(1, "assistant", "A cat.", assistant_id="asst_1", run_id="run_1"),
    message(
        2,
        "user",
        "And this?",
        attachments=[{"file_id": "file-doc", "tools": [{"type": "file_search"}]}],
        metadata={"a": "1"},
    ),
    message(3, "assistant", "A list.", assistant_id="asst_1", run_id="run_1"),
]
OTHER = {**THREAD, "id": "thread_b"}
TEXTS = ["What is it?", "A cat.", "And this?", "A list."]
EXPORT = {"export_schema": FORMAT, "thread_id": "thread_abc", "thread": THREAD, "messages": MESSAGES, "runs": [RUN]}


def imported(tmp_path: Path, value: Any, name: str = "export.json") -> Imported:
    file = tmp_path / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return import_files([file], "moved")


def threads(found: Imported) -> list[dict[str, Any]]:
    given: list[dict[str, Any]] = found.distilled.document["given"]["threads"]
    return given


def texts(thread: dict[str, Any]) -> list[str]:
    contents = [one["content"] for one in thread["messages"]]
    return [one if isinstance(one, str) else one[0]["text"] for one in contents]


FORMS: dict[str, Any] = {
    "one thread": EXPORT,
    "newest first": {**EXPORT, "messages": MESSAGES[::-1]},
    "several threads": {"format": FORMAT, "threads": [{**THREAD, "messages": MESSAGES, "runs": [RUN]}]},
    "threads of an export": {"export_schema": FORMAT, "threads": [{**EXPORT, "export_schema": FORMAT}]},
    "JSON Lines": json.dumps(EXPORT) + "\n" + json.dumps({**EXPORT, "thread": OTHER, "messages": []}) + "\n",
    "JSON Lines of threads": json.dumps({**THREAD, "messages": MESSAGES})
    + "\n"
    + json.dumps({**OTHER, "messages": []}),
    "list": MESSAGES,
    "list, newest first": MESSAGES[::-1],
    "page": {"object": "list", "data": MESSAGES[::-1], "has_more": False},
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_thread_in_order(form: str, tmp_path: Path) -> None:
    found = imported(tmp_path, FORMS[form])
    thread = threads(found)[0]
    assert (thread["id"], texts(thread)) == ("thread_abc", TEXTS)
    assert [one["role"] for one in thread["messages"]] == ["user", "assistant"] * 2
    found.proof.allowed = frozenset({"length"})
    assert found.proof.played > 0
    assert found.proof.differences == []
    assert recognises((tmp_path / "export.json").read_bytes())


def test_all_that_a_thread_can_be_given_is_carried_over(tmp_path: Path) -> None:
    found = imported(tmp_path, EXPORT)
    assert threads(found) == [
        {
            "id": "thread_abc",
            "metadata": {"user": "7"},
            "messages": [
                {
                    "id": "msg_a",
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image_file", "image_file": {"file_id": "file-cat"}},
                    ],
                },
                {
                    "id": "msg_b",
                    "role": "assistant",
                    "content": "A cat.",
                    "run_id": "run_1",
                    "assistant_id": "asst_1",
                },
                {
                    "id": "msg_c",
                    "role": "user",
                    "content": "And this?",
                    "attachments": [{"file_id": "file-doc", "tools": [{"type": "file_search"}]}],
                    "metadata": {"a": "1"},
                },
                {
                    "id": "msg_d",
                    "role": "assistant",
                    "content": "A list.",
                    "run_id": "run_1",
                    "assistant_id": "asst_1",
                },
            ],
            "runs": [
                {
                    "id": "run_1",
                    "assistant_id": "asst_1",
                    "status": "completed",
                    "usage": {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24},
                }
            ],
        }
    ]
    assert found.distilled.document["given"]["assistants"] == [
        {"id": "asst_1", "model": "gpt-4o", "instructions": "Be kind."}
    ]
    assert [one.split(": ", 1)[1] for one in found.distilled.left_out if "thread_abc" in one] == [
        "thread thread_abc: 1 run step without step_details"
    ]


def test_run_steps_and_annotations_are_carried_over(tmp_path: Path) -> None:
    cited = {"type": "file_citation", "text": "【4:0†cats.md】", "start_index": 6, "end_index": 18,
             "file_citation": {"file_id": "file-cats"}}  # fmt: skip
    said = message(1, "assistant", "A cat.【4:0†cats.md】", assistant_id="asst_1", run_id="run_1")
    said["content"][0]["text"]["annotations"] = [cited]
    used = {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24}
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}", "output": "1"}}
    steps = [
        {"id": "step_2", "created_at": 1767225702, "type": "message_creation", "status": "completed", "usage": used,
         "step_details": {"type": "message_creation", "message_creation": {"message_id": said["id"]}}},
        {"id": "step_1", "created_at": 1767225701, "type": "tool_calls", "status": "completed", "usage": used,
         "step_details": {"type": "tool_calls", "tool_calls": [call]}},
    ]  # fmt: skip
    found = imported(tmp_path, {**EXPORT, "messages": [MESSAGES[0], said], "runs": [{**RUN, "steps": steps}]})

    (run,) = threads(found)[0]["runs"]
    assert [(one["id"], one["usage"], one["step_details"]["type"]) for one in run["steps"]] == [
        ("step_1", used, "tool_calls"),
        ("step_2", used, "message_creation"),
    ]
    assert threads(found)[0]["messages"][1]["annotations"] == [cited]
    found.proof.allowed = frozenset({"length"})
    assert found.proof.differences == []
    assert found.proof.played == 4


def test_a_run_under_way_stays_so_and_is_said_to(tmp_path: Path) -> None:
    found = imported(tmp_path, {**EXPORT, "runs": [{**RUN, "status": "in_progress"}]})
    assert threads(found)[0]["runs"][0]["status"] == "in_progress"
    assert "run run_1: what became of it; it stays in_progress here" in found.distilled.left_out


def test_the_name_of_a_file_is_that_of_the_export(tmp_path: Path) -> None:
    found = imported(tmp_path, {**EXPORT, "files": {"file-doc": {"filename": "list.md"}, "file-cat": {"error": "404"}}})
    names = {one["id"]: one["filename"] for one in found.distilled.document["given"]["files"]}
    assert names == {"file-doc": "list.md", "file-cat": "file.txt"}


def test_threads_of_more_than_one_page(tmp_path: Path) -> None:
    many = [{"role": "user", "content": f"text {number}", "created_at": 1000 - number} for number in range(250)]
    found = imported(tmp_path, many, "chat.json")
    (thread,) = threads(found)
    assert thread["id"] == "thread_chat"
    assert texts(thread) == [f"text {number}" for number in reversed(range(250))]
    assert (found.proof.played, found.proof.alike) == (4, 4)


def test_messages_of_several_threads_in_one_list(tmp_path: Path) -> None:
    mixed = [{"role": "user", "content": f"text {number}", "thread_id": f"thread_{number % 2}"} for number in range(4)]
    found = threads(imported(tmp_path, mixed))
    assert {one["id"]: texts(one) for one in found} == {
        "thread_0": ["text 0", "text 2"],
        "thread_1": ["text 1", "text 3"],
    }


UNKNOWN_ORDER = "the order of its messages: nothing in them shows it, and it is kept as it is"


@pytest.mark.parametrize(
    ("messages", "expected", "is_known"),
    [
        pytest.param([("a", "user", 5), ("b", "assistant", 6)], "ab", True, id="by time"),
        pytest.param([("b", "assistant", 6), ("a", "user", 5)], "ab", True, id="by time, newest first"),
        pytest.param(
            [("c", "user", 6), ("b", "user", 5), ("a", "user", 5)], "abc", True, id="equal times, newest first"
        ),
        pytest.param([("a", "user", 5), ("b", "user", 5), ("c", "user", 6)], "abc", True, id="equal times"),
        pytest.param([("a", "user", 5), ("c", "user", 7), ("b", "user", 6)], "abc", True, id="neither order"),
        pytest.param([("m1", "user", 5), ("m2", "user", 5)], "m1m2", True, id="by number"),
        pytest.param([("m10", "user", 5), ("m9", "user", 5)], "m9m10", True, id="by number, newest first"),
        pytest.param([("x", "user", None), ("y", "assistant", None)], "xy", True, id="by role"),
        pytest.param([("y", "assistant", None), ("x", "user", None)], "xy", True, id="by role, newest first"),
        pytest.param([("y", "user", None), ("x", "user", None)], "yx", False, id="by nothing"),
        pytest.param([("m2", "user", None), ("m1", "user", 3), ("m9", "user", None)], "m2m1m9", False, id="some times"),
        pytest.param([("x", "assistant", None)], "x", True, id="one"),
    ],
)
def test_which_end_comes_first(
    messages: list[tuple[str, str, int | None]], expected: str, is_known: bool, tmp_path: Path
) -> None:
    sent = [
        {"id": id, "role": role, "content": id, **({} if at is None else {"created_at": at})}
        for id, role, at in messages
    ]
    found = imported(tmp_path, sent)
    assert "".join(texts(threads(found)[0])) == expected
    assert any(UNKNOWN_ORDER in note for note in found.distilled.left_out) is not is_known


def test_ids_that_are_made_up_tell_no_order(tmp_path: Path) -> None:
    sent = [{"role": role, "content": role} for role in ("assistant", "user")]
    (thread,) = threads(imported(tmp_path, sent, "chat.json"))
    assert [(one["id"], one["role"]) for one in thread["messages"]] == [
        ("msg_chat_1", "user"),
        ("msg_chat_2", "assistant"),
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({**EXPORT, "export_schema": "assistants-thread-export/v2"},
         f"expected the format {FORMAT}, got assistants-thread-export/v2"),
        ({"format": FORMAT, "threads": []}, "expected a thread with its messages, got nothing"),
        ({"format": FORMAT, "threads": 7}, "expected a thread with its messages, got 7"),
        ({"format": FORMAT, "threads": [THREAD]}, "thread thread_abc: expected the key messages, a list"),
        ({**EXPORT, "messages": {}}, "thread thread_abc: messages: expected a list, got a mapping"),
        ({**EXPORT, "messages": [7]}, "thread thread_abc: message 1: expected a message, got 7"),
        ({**EXPORT, "thread": {"id": 7}}, "the id of a thread: expected text, got 7"),
        ([{"role": "system", "content": "Be kind."}],
         "thread thread_a: message 1: role: expected user or assistant, the roles in a thread, got 'system'"),
        ([{"role": "user", "content": "Hi", "created_at": "today"}],
         "thread thread_a: message 1: created_at: expected seconds since 1970, got 'today'"),
        ([{"role": "user", "content": "Hi", "id": 7}], "thread thread_a: message 1: id: expected text, got 7"),
        ([{"role": "user", "content": 7}],
         "thread thread_a: message 1: content: expected text or a list of parts, got 7"),
        ([{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
         "thread thread_a: message 1: content part 1: expected a part of a message (text, image_file, image_url, "
         "refusal) with its value, got 'input_text'"),
        ([{"role": "user", "content": "Hi", "attachments": [{"tools": []}]}],
         "thread thread_a: message 1: attachments: expected mappings with a file_id, got a mapping"),
        ([{"role": "user", "content": "Hi", "metadata": [1]}],
         "thread thread_a: message 1: metadata: expected a mapping of texts, got a list"),
        ({**EXPORT, "runs": {}}, "thread thread_abc: runs: expected a list, got a mapping"),
        ({**EXPORT, "runs": [{"id": "run_1"}]},
         "thread thread_abc: run 1: expected a run with id and status, got a mapping"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_place(value: Any, said: str) -> None:
    with pytest.raises(RecordingError) as refused:
        parse_recording(json.dumps(value).encode(), "a.json")
    assert str(refused.value) == f"a.json: {said}"


@pytest.mark.parametrize("form", ["one thread", "several threads", "list", "page"])
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_any_value_in_any_place(form: str, data: st.DataObject) -> None:
    document = {"": json.loads(json.dumps(FORMS[form]))}
    *above, last = data.draw(st.sampled_from(paths(document)[1:]))
    inner: Any = document
    for key in above:
        inner = inner[key]
    inner[last] = data.draw(VALUES)
    ask(json.dumps(document[""]).encode())


def test_an_export_can_be_served_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(EXPORT))
    with Emulator(file) as emulator:
        api = Api(emulator.url, emulator.api_key)
        listed = api.get("/v1/threads/thread_abc/messages?order=asc").json
        api.close()
    assert [one["content"][0]["text"]["value"] for one in listed["data"]] == TEXTS
