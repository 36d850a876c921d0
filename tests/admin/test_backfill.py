"""Rehearsals of a backfill over a socket: a correct script passes, and the report names the mistake of each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.control.backfill import BackfillReport
from tests import golden
from tests.admin.moving import Mistake, move
from tests.support import GOLDEN, Api

CAT = {"type": "image_file", "image_file": {"file_id": "file-cat"}}
CHART = {"type": "image_url", "image_url": {"url": "https://x.test/chart.png"}}
PICTURES = [{"type": "text", "text": "What is it?"}, CAT, CHART]
LIST = [{"file_id": "file-list", "tools": [{"type": "file_search"}]}]
SCENARIO = {
    "version": 1,
    "given": {
        "files": [{"id": f"file-{name}", "filename": f"{name}.md", "content": name} for name in ("cat", "list", "old")],
        "vector_stores": [{"id": "vs_old", "file_ids": ["file-old"]}],
        "threads": [
            {
                "id": "thread_pictures",
                "tool_resources": {"code_interpreter": {"file_ids": ["file-old"]}},
                "messages": [
                    {"id": "msg_a", "role": "user", "content": PICTURES},
                    {"id": "msg_b", "role": "assistant", "content": "A cat."},
                    {"id": "msg_c", "role": "user", "content": "Sum up the list.", "attachments": LIST},
                    {"id": "msg_d", "role": "assistant", "content": "It has two lines."},
                    {"id": "msg_e", "role": "user", "content": "Thanks!"},
                ],
            },
            {
                "id": "thread_long",
                "messages": [
                    {"id": f"msg_{number}", "role": ("assistant", "user")[number % 2], "content": f"Text {number}"}
                    for number in range(1, 31)
                ],
            },
            {"id": "thread_empty"},
        ],
    },
}
THREADS = ["thread_pictures", "thread_long", "thread_empty"]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(SCENARIO) as running:
        yield running


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    client = Api(emulator.url, emulator.api_key)
    yield client
    client.close()


def kinds(report: BackfillReport) -> list[tuple[str, str]]:
    return [(one.thread, difference.kind) for one in report.threads for difference in one.differences]


@pytest.mark.parametrize("names_thread", [True, False])
def test_a_correct_backfill_passes(emulator: Emulator, api: Api, names_thread: bool) -> None:
    moved = move(api, THREADS, names_thread=names_thread)
    requests_before = len(emulator.requests())
    report = emulator.backfill()
    assert report.ok, str(report)
    joined = [(one.thread, one.conversation, one.joined_by) for one in report.threads]
    if names_thread:
        assert joined == [(thread, id, "metadata") for thread, id in zip(THREADS, moved, strict=True)]
    else:  # no text tells where the empty conversation belongs
        assert joined == [*((thread, id, "texts") for thread, id in zip(THREADS[:2], moved, strict=False)),
                          ("thread_empty", None, None)]  # fmt: skip
        assert report.unjoined == ((moved[2], None),)
    assert len(emulator.requests()) == requests_before
    emulator.check()


MISTAKES: dict[Mistake, list[tuple[str, str]]] = {
    "reversed": [("thread_pictures", "order"), ("thread_long", "order")],
    "truncated": [("thread_pictures", "count"), ("thread_long", "count")],
    "without images": [("thread_pictures", "images")],
    "without attachments": [("thread_pictures", "attachments")],
    "roles": [("thread_pictures", "role")] * 2 + [("thread_long", "role")] * 15,
    "twice": [(thread, "count") for thread in THREADS],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_named(emulator: Emulator, api: Api, mistake: Mistake) -> None:
    moved = move(api, THREADS, mistake)
    report = emulator.backfill()
    assert not report.ok
    assert kinds(report) == MISTAKES[mistake]
    text = f"{report}\n"
    for number, id in enumerate(moved, 1):
        text = text.replace(id, f"conv_{number}")
    golden.expect(GOLDEN / "backfill" / f"{mistake.replace(' ', '_')}.txt", text.encode())


def test_nothing_was_moved(emulator: Emulator) -> None:
    report = emulator.backfill()
    assert [(one.thread, one.conversation, one.joined_by) for one in report.threads] == [
        (thread, None, None) for thread in THREADS
    ]
    assert kinds(report) == [("thread_pictures", "count"), ("thread_long", "count")]
    golden.expect(GOLDEN / "backfill" / "nothing_moved.txt", f"{report}\n".encode())


def test_a_world_without_threads() -> None:
    with Emulator() as emulator:
        assert str(emulator.backfill()) == "backfill: there are no threads"
        assert emulator.backfill() == BackfillReport(ok=True, threads=(), unjoined=())


def test_the_report_as_json(emulator: Emulator, api: Api) -> None:
    (id,) = move(api, THREADS[:1], "without images")
    stray = api.post("/v1/conversations", {"metadata": {"legacy_thread_id": "thread_gone"}}).json["id"]
    report = api.get("/_emulator/backfill").json
    assert report["threads"][0] == {
        "thread": "thread_pictures",
        "conversation": id,
        "joined_by": "metadata",
        "differences": [
            {
                "kind": "images",
                "message": "msg_a",
                "number": 1,
                "expected": ["file-cat", "https://x.test/chart.png"],
                "got": [],
            }
        ],
        "notes": [
            "file file-old is only in code_interpreter, which a conversation does not carry: "
            "each request has to name it"
        ],
    }
    assert (report["ok"], report["unjoined"]) == (False, [{"conversation": stray, "names": "thread_gone"}])


def test_a_rehearsal_with_threads_of_an_export(tmp_path: Path) -> None:
    """From the file that a team has kept to a report, without a scenario in between."""
    export = tmp_path / "export.json"
    messages = [{"role": role, "content": text} for role, text in (("assistant", "A cat."), ("user", "What is it?"))]
    export.write_text(json.dumps([{**one, "thread_id": "thread_kept"} for one in messages]))
    with Emulator(export) as emulator:
        api = Api(emulator.url, emulator.api_key)
        move(api, ["thread_kept"])
        assert str(emulator.backfill()) == "backfill: 1 thread: 1 the same, 0 different"
        api.close()
