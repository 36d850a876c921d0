"""The oracle: a faithful emulator breaks none of its laws, and each of them is seen to be broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator.base.operations import BY_NAME
from tests.fuzz.laws import Broken, Model
from tests.fuzz.oracle import Episode, campaign
from tests.support import Reply


@pytest.mark.parametrize("seed", range(3))
def test_no_law_is_broken(seed: int) -> None:
    assert Episode(f"test/{seed}").play(150) > 150


def test_the_same_seed_is_the_same_bytes() -> None:
    one, other = Episode("same"), Episode("same")
    one.play(100)
    other.play(100)

    assert one.said == other.said


def test_a_campaign_counts_requests(tmp_path: Path) -> None:
    report = campaign(60, most=1, cache=tmp_path)

    assert report.inputs > 600  # the first is played twice
    assert report.findings == []


# ---- What the laws see ----


def json_reply(status: int, body: Any) -> Reply:
    return Reply(status, {"content-type": "application/json"}, orjson.dumps(body))


def run(status: str, id: str = "run_1") -> dict[str, Any]:
    return {"id": id, "object": "thread.run", "status": status}


def stream(*statuses: str) -> Reply:
    events = "".join(f"event: x\ndata: {orjson.dumps(run(status)).decode()}\n\n" for status in statuses)
    return Reply(200, {"content-type": "text/event-stream"}, f"{events}event: done\ndata: [DONE]\n\n".encode())


HERE = {"thread_id": "thread_1"}
RUN = {**HERE, "run_id": "run_1"}


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ([("list_models", {}, json_reply(500, {}))], "is a 500"),
        ([("list_models", {}, json_reply(404, {"error": {"message": "token-birch"}}))], "what others sent"),
        ([("create_thread", {}, json_reply(200, {"id": "thread_1"}))] * 2, "was made before"),
        ([("create_run", HERE, json_reply(200, run("completed"))), ("get_run", RUN, json_reply(200, run("queued")))],
         "completed became queued"),
        ([("create_run", HERE, stream("queued", "completed", "in_progress"))], "completed became in_progress"),
        ([("list_messages", HERE, json_reply(200, {"data": [{"id": "msg_1"}, {"id": "msg_1"}]}))], "twice"),
        ([("delete_thread", HERE, json_reply(200, {"id": "thread_1", "deleted": True})),
          ("get_thread", HERE, json_reply(200, {"id": "thread_1"}))], "what was deleted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_response_that_cannot_be_is_seen(replies: list[tuple[str, dict[str, str], Reply]], why: str) -> None:
    model = Model("sk-amber")
    *before, (name, ids, reply) = replies
    for earlier, of, said in before:
        model.read(BY_NAME[earlier], of, said, ["token-birch"])
    with pytest.raises(Broken, match=why):
        model.read(BY_NAME[name], ids, reply, ["token-birch"])


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (["asst_1"], "does not list"),
        (["asst_1", "asst_2", "asst_2"], "twice"),
        (["asst_1", "asst_2", "asst_0"], "what was deleted"),
        (["asst_1", "asst_2", "asst_9"], "what nobody made"),
    ],
)
def test_a_list_that_is_not_whole_is_seen(listed: list[str], why: str) -> None:
    model = Model("sk-amber", gone={"asst_0"}, members={"/assistants": {"asst_1", "asst_2"}})
    with pytest.raises(Broken, match=why):
        model.check_list("/assistants", listed)


def entry(path: str, repeats: int = 0) -> dict[str, Any]:
    return {"method": "GET", "path": path, "status": 200, "repeats": repeats}


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([entry("/a", 1)], "is not what was sent"),
        ([entry("/a", 2), entry("/b")], "is not what was sent"),
        ([entry("/b"), entry("/a", 1)], "another order"),
    ],
)
def test_a_journal_that_differs_is_seen(entries: list[dict[str, Any]], why: str) -> None:
    model = Model("sk-amber", sent=[("GET", "/a", 200), ("GET", "/a", 200), ("GET", "/b", 200)])
    model.check_journal([entry("/a", 1), entry("/b")])
    with pytest.raises(Broken, match=why):
        model.check_journal(entries)
