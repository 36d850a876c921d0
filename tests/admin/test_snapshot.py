"""Snapshots: what the inspector shows of a world, whole and by what has changed. Nothing that they read moves."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest

from emulator.admin.request import in_slices
from emulator.admin.snapshot.snapshot import pieces
from tests.support import InProcess

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}
SCENARIO: dict[str, Any] = {
    "version": 1,
    "name": "tour",
    "given": {
        "files": [{"id": "file-menu", "filename": "menu.md", "content": "Soup"}],
        "vector_stores": [{"id": "vs_menu", "file_ids": ["file-menu"]}],
        "assistants": [
            {
                "id": "asst_tour",
                "model": "gpt-4o",
                "tools": [
                    {"type": "function", "function": {"name": "get_weather"}},
                    {"type": "code_interpreter"},
                    {"type": "file_search"},
                ],
                "tool_resources": {"file_search": {"vector_store_ids": ["vs_menu"]}},
            }
        ],
    },
    "turns": [
        {
            "name": "weather",
            "when": {"message": "weather"},
            "steps": [{"call": {"get_weather": {"city": "Paris"}}}, {"say": "It is {{ get_weather }} degrees."}],
        },
        {
            "name": "menu",
            "when": {"message": "menu"},
            "steps": [
                {"search": {"query": "soup", "results": [{"file": "menu.md", "text": "Soup", "score": 0.5}]}},
                {"say": {"text": "Soup[m]", "cite": [{"file": "menu.md", "marker": "[m]"}]}},
            ],
        },
        {
            "name": "chart",
            "when": {"message": "chart", "model": "gpt-4o"},
            "steps": [
                {
                    "code": {
                        "input": "plot()",
                        "logs": "done",
                        "images": [{"filename": "c.png", "base64": base64.b64encode(PNG).decode()}],
                    }
                },
                {"say": "Here."},
            ],
        },
        {"name": "slow", "when": {"message": "slow"}, "steps": [{"hold": "kitchen"}, {"refuse": "No."}]},
    ],
}


def ask(api: InProcess, text: str, *, outputs: bool = False, polls: int = 3) -> tuple[str, str]:
    """A question on a new thread, polled until it rests; the ids of the thread and the run."""
    body = {"assistant_id": "asst_tour", "thread": {"messages": [{"role": "user", "content": text}]}}
    run = api.post("/v1/threads/runs", body).json
    thread, path = run["thread_id"], f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    for _ in range(polls):
        run = api.get(path).json
    if outputs:
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        sent = [{"tool_call_id": call["id"], "output": "21"} for call in calls]
        api.post(f"{path}/submit_tool_outputs", {"tool_outputs": sent})
        for _ in range(polls):
            api.get(path)
    return thread, run["id"]


def respond(api: InProcess, text: Any, **more: Any) -> Any:
    return api.post(
        "/v1/responses", {"model": "gpt-4o", "input": text, "tools": [WEATHER], "instructions": "Help.", **more}
    ).json


def snapshot(api: InProcess, after: int = 0, epoch: str = "") -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/_emulator/snapshot?after={after}&epoch={epoch}").json
    return found


def chat(shown: dict[str, Any], id: str) -> dict[str, Any]:
    return next(one for one in shown["chats"] if one["id"] == id)


# ---- What it shows ----


def test_a_call_with_its_output_is_a_chat() -> None:
    api = InProcess(SCENARIO)
    thread, run = ask(api, "The weather?", outputs=True)
    entries = chat(snapshot(api), thread)["entries"]
    assert [(one["type"], one.get("role") or one.get("name")) for one in entries] == [
        ("message", "user"), ("call", "get_weather"), ("message", "assistant"),
    ]  # fmt: skip
    assert (entries[1]["arguments"], entries[1]["output"], entries[1]["run_id"]) == ('{"city":"Paris"}', "21", run)
    assert entries[2]["parts"] == [{"type": "text", "text": "It is 21 degrees.", "citations": []}]


def test_code_with_its_image_is_a_chat_and_the_image_is_there() -> None:
    api = InProcess(SCENARIO)
    thread, _ = ask(api, "A chart")
    shown = snapshot(api)
    ran = chat(shown, thread)["entries"][1]
    assert (ran["type"], ran["input"], ran["logs"]) == ("code", "plot()", ["done"])
    (image,) = [one for one in shown["files"] if one["id"] == ran["images"][0]]
    assert image["image"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert "image" not in next(one for one in shown["files"] if one["id"] == "file-menu")


def test_a_search_and_a_citation_name_the_file() -> None:
    api = InProcess(SCENARIO)
    thread, _ = ask(api, "The menu")
    entries = chat(snapshot(api), thread)["entries"]
    assert entries[1]["results"] == [{"filename": "menu.md", "score": 0.5, "text": "Soup"}]
    cited = {"file_id": "file-menu", "filename": "menu.md", "marker": "[m]"}
    assert entries[2]["parts"][0]["citations"] == [cited]


def test_responses_are_chats_by_chain_and_by_conversation() -> None:
    api = InProcess(SCENARIO)
    first = respond(api, "The weather?")
    output = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": "21"}
    respond(api, [output], previous_response_id=first["id"])
    conversation = api.post("/v1/conversations", {}).json["id"]
    respond(api, "The weather?", conversation=conversation)
    shown = snapshot(api)
    kinds = [(one["kind"], one["id"]) for one in shown["chats"]]
    assert kinds == [("conversation", conversation), ("chain", first["id"])]
    rows = chat(shown, first["id"])["entries"]
    assert [one["type"] for one in rows] == ["message", "call", "message"]
    assert rows[1]["output"] == "21"
    assert chat(shown, conversation)["entries"][1]["output"] is None


def test_a_turn_has_its_steps_and_a_timeline_with_their_words() -> None:
    api = InProcess(SCENARIO)
    _, run = ask(api, "The weather?", outputs=True)
    (turn,) = snapshot(api)["turns"]
    assert [turn[key] for key in ("id", "turn", "status", "scenario")] == [run, "weather", "completed", "tour"]
    assert [one["text"] for one in turn["steps"]] == ["get_weather(city='Paris')", "It is {{ get_weather }} degrees."]
    texts = list(dict.fromkeys(one["text"] for one in turn["timeline"]))
    assert texts == ["", 'get_weather({"city":"Paris"})', "It is 21 degrees."]
    assert all(one["seq"] > 0 and one["ms"] > 1_600_000_000_000 for one in turn["timeline"])
    assert [one["seq"] for one in turn["timeline"]] == sorted(one["seq"] for one in turn["timeline"])


def test_near_misses_are_a_table_of_turns_by_conditions() -> None:
    api = InProcess(SCENARIO)
    body = {
        "assistant_id": "asst_tour",
        "model": "gpt-4",
        "thread": {"messages": [{"role": "user", "content": "chart"}]},
    }
    run = api.post("/v1/threads/runs", body).json["id"]
    (table,) = snapshot(api)["near_misses"]
    assert (table["run_id"], table["question"]) == (run, "chart")
    nearest = table["turns"][0]
    assert nearest["turn"] == "chart"
    assert [(one["condition"], one["fits"], one["got"]) for one in nearest["conditions"]] == [
        ("message", True, None), ("model", False, "gpt-4"),
    ]  # fmt: skip


def test_holds_say_who_stands_there_and_scenarios_how_often_turns_were_played() -> None:
    api = InProcess(SCENARIO)
    thread, run = ask(api, "slow")
    shown = snapshot(api)
    assert shown["holds"] == [{"label": "kitchen", "released": False, "runs": [{"id": run, "thread_id": thread}]}]
    assert [one["played"] for one in shown["scenarios"][0]["turns"]] == [0, 0, 0, 1]
    api.post("/_emulator/holds/kitchen/release")
    assert snapshot(api)["holds"][0]["released"]


def test_a_request_says_what_it_was_about() -> None:
    api = InProcess(SCENARIO)
    thread, run = ask(api, "The weather?", polls=1)
    api.get("/v1/threads/thread_none")
    rows = snapshot(api)["requests"]
    assert [(one["operation"], one["status"], one["object_id"], one["text"]) for one in rows] == [
        ("create_thread_and_run", 200, run, ""),
        ("get_run", 200, run, ""),
        ("get_thread", 404, "thread_none", "No thread found with id 'thread_none'."),
    ]
    assert rows[0]["thread_id"] == thread
    assert rows[0]["turn"] == "weather"
    detail = api.get(f"/_emulator/requests/{rows[0]['seq']}").json
    assert detail["json"]["assistant_id"] == "asst_tour"
    assert detail["answer"]["id"] == run


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("requests/9999", 404, "has no request 9999"),
        ("requests/first", 400, "expected a number in the path from 0, got 'first'"),
        ("snapshot?after=-1", 400, "expected ?after= from 0, got '-1'"),
        ("snapshot?after=x", 400, "got 'x'"),
        ("export?as=scenario&run=run_none", 400, "there is no run 'run_none'"),
    ],
)
def test_what_it_does_not_have(path: str, status: int, words: str) -> None:
    reply = InProcess(SCENARIO).get(f"/_emulator/{path}")
    assert reply.status == status
    assert words in reply.json["error"]["message"]


def test_long_texts_are_cut_and_hostile_ones_stay_text() -> None:
    api = InProcess(SCENARIO)
    thread = api.post("/v1/threads", {"messages": [{"role": "user", "content": "<script>" * 30_000}]}).json["id"]
    (entry,) = chat(snapshot(api), thread)["entries"]
    assert entry["parts"][0]["text"].startswith("<script><script>")
    assert entry["parts"][0]["text"].endswith("… 220,000 more characters")


# ---- What has changed ----


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What a page knows after these snapshots."""
    known: dict[str, Any] = {"requests": {}, "turns": {}, "chats": {}}
    for part in parts:
        if part["full"]:
            known = {"requests": {}, "turns": {}, "chats": {}}
        for name, key in (("requests", "seq"), ("turns", "id"), ("chats", "id")):
            for one in part[name]:
                if one.get("deleted"):
                    known[name].pop(one["id"], None)
                else:
                    known[name][one[key]] = one
    return known


def test_what_has_changed_adds_up_to_the_whole() -> None:
    api = InProcess(SCENARIO)
    acts: list[Callable[[], object]] = [
        lambda: ask(api, "The weather?", outputs=True),
        lambda: ask(api, "slow"),
        lambda: respond(api, "The weather?"),
        lambda: api.post("/_emulator/holds/kitchen/release"),
        lambda: api.post("/v1/conversations", {}),
        lambda: api.delete(f"/v1/threads/{snapshot(api)['chats'][0]['id']}"),
        lambda: api.post("/_emulator/clock/advance", {"seconds": 700}),
        lambda: api.get("/v1/models"),
        lambda: api.get("/v1/models"),
    ]
    seen = [snapshot(api)]
    for act in acts:
        act()
        seen.append(snapshot(api, seen[-1]["seq"], seen[-1]["epoch"]))
        assert merged(seen) == merged([snapshot(api)])
        assert not seen[-1]["full"]


def test_a_poll_that_changes_nothing_changes_its_row_alone() -> None:
    api = InProcess(SCENARIO)
    thread, run = ask(api, "slow")
    before = snapshot(api)
    api.get(f"/v1/threads/{thread}/runs/{run}")
    after = snapshot(api, before["seq"])
    assert [one["repeats"] for one in after["requests"]] == [before["requests"][-1]["repeats"] + 1]
    assert after["turns"] == []


def test_files_are_sent_again_only_when_there_are_others() -> None:
    api = InProcess(SCENARIO)
    before = snapshot(api)
    ask(api, "The menu")
    between = snapshot(api, before["seq"])
    ask(api, "A chart")
    after = snapshot(api, between["seq"])
    assert [one["filename"] for one in before["files"]] == ["menu.md"]
    assert "files" not in between
    assert [one["filename"] for one in after["files"]] == ["c.png", "menu.md"]
    assert "files" not in snapshot(api, after["seq"])
    assert snapshot(api)["files"] == after["files"]


def test_a_snapshot_moves_nothing() -> None:
    api = InProcess(SCENARIO)
    ask(api, "The weather?", polls=0)
    before = api.get("/_emulator/runs").body, api.get("/_emulator/state").body
    snapshot(api)
    assert (api.get("/_emulator/runs").body, api.get("/_emulator/state").body) == before


@pytest.mark.parametrize("act", ["reset", "scenario"])
def test_a_new_world_and_a_new_scenario_begin_anew(act: str) -> None:
    api = InProcess(SCENARIO)
    ask(api, "The weather?")
    before = snapshot(api)
    if act == "reset":
        api.post("/_emulator/reset", {})
    else:
        api.post("/_emulator/scenarios", {"version": 1, "name": "more", "given": {"threads": [{"id": "thread_more"}]}})
    after = snapshot(api, before["seq"], before["epoch"])
    assert after["full"]
    assert (after["epoch"] == before["epoch"]) == (act == "scenario")


def test_other_requests_are_answered_while_a_snapshot_is_made() -> None:
    """Pieces are as small as a row, and the loop runs in between."""
    api = InProcess(SCENARIO)
    for _ in range(40):
        ask(api, "The menu", polls=2)
    parts = list(pieces(api.world, 0))
    assert len(parts) > 40 * 5
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def main() -> bytes:
        other = asyncio.create_task(others())
        made = await in_slices(part for _ in range(200) for part in pieces(api.world, 0))
        other.cancel()
        return made

    assert asyncio.run(main()) == b"".join(parts) * 200
    assert turns > 2


# ---- A run as a scenario ----


@pytest.mark.parametrize(("question", "outputs"), [("The weather?", True), ("The menu", False), ("A chart", False)])
def test_a_run_becomes_a_scenario_that_plays_the_same(question: str, outputs: bool) -> None:
    api = InProcess(SCENARIO)
    _, run = ask(api, question, outputs=outputs)
    text = api.get(f"/_emulator/export?as=scenario&run={run}").body.decode()
    again = InProcess(unmatched="fail")
    assert again.post("/_emulator/scenarios", content=text.encode()).status == 200
    ask(again, question, outputs=outputs)
    keys = ("question", "texts", "calls", "citations", "ended")
    mine, theirs = (one.get("/_emulator/transcripts").json["transcripts"][0] for one in (api, again))
    assert {key: mine[key] for key in keys} == {key: theirs[key] for key in keys}
