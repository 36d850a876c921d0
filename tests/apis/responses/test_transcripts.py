"""Transcripts: what a user would notice of a turn, the same on both APIs, and what a request fails to carry."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from emulator.base import limits
from emulator.world.state import state
from tests.apis.responses.driving import CODE, function, get, items, made, outputs, respond, search
from tests.support import Api, InProcess

PIXELS = hashlib.sha256(b"pixels").hexdigest()
GIVEN: dict[str, Any] = {
    "files": [
        {"id": "file-book", "filename": "handbook.md", "content": "Thirty days of holidays."},
        {"id": "file-logo", "filename": "logo.png", "content": "pixels"},
    ],
    "vector_stores": [{"id": "vs_book", "file_ids": ["file-book"]}],
    "assistants": [
        {
            "id": "asst_clerk",
            "name": "Clerk",
            "model": "gpt-4o",
            "instructions": "You know the handbook.",
            "tools": [
                {"type": "file_search"},
                {"type": "code_interpreter"},
                {"type": "function", "function": {"name": "days_left"}},
            ],
            "tool_resources": {"file_search": {"vector_store_ids": ["vs_book"]}},
        }
    ],
}
CARRIED: dict[str, Any] = {
    "instructions": "You know the handbook.",
    "tools": [search("vs_book"), CODE, function("days_left")],
}
CALL = {"call": {"days_left": {"year": 2026}}}
NOTHING: dict[str, Any] = {
    "turn": "it",
    "place": None,
    "question": "Hello",
    "texts": [],
    "refusal": None,
    "calls": [],
    "files": [],
    "citations": [],
    "searched": [],
    "ended": "completed",
    "notes": [],
}
#: The steps of a turn, and what its transcript has on both APIs beyond NOTHING.
TURNS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "text": ([{"say": "Hello!"}, {"say": "Again."}], {"texts": ["Hello!", "Again."]}),
    "a citation": (
        [{"say": {"text": "Thirty【1】.", "cite": [{"file": "handbook.md", "marker": "【1】"}]}}],
        {"texts": ["Thirty."], "citations": ["handbook.md"]},
    ),
    "a citation without a marker": (
        [{"say": {"text": "Thirty.", "cite": [{"file": "handbook.md"}]}}],
        {"texts": ["Thirty."], "citations": ["handbook.md"]},
    ),
    "a refusal": ([{"refuse": "I cannot."}], {"refusal": "I cannot."}),
    "a search": ([{"search": "auto"}, {"say": "Yes."}], {"texts": ["Yes."], "searched": ["vs_book"]}),
    "files of code": (
        [
            {
                "code": {
                    "input": "plot()",
                    "images": [{"filename": "plot.png", "content": "pixels"}],
                    "files": [{"filename": "plot.csv", "content": "pixels"}],
                }
            },
            {"say": "Here: sandbox:/mnt/data/plot.csv"},
        ],
        {
            "texts": ["Here: sandbox:/mnt/data/plot.csv"],
            "files": [{"name": "plot.png", "sha256": PIXELS}, {"name": "plot.csv", "sha256": PIXELS}],
        },
    ),
    "an image that is there": (
        [{"code": {"input": "show()", "images": ["logo.png"]}}, {"say": "Here."}],
        {"texts": ["Here."], "files": [{"name": "logo.png", "sha256": PIXELS}]},
    ),
    "calls": (
        [CALL, {"say": "{{ days_left }} days."}],
        {
            "texts": ["12 days."],
            "calls": [{"name": "days_left", "arguments": {"year": 2026}, "output": "12"}],
        },
    ),
    "a failure": (
        [{"say": "Wait."}, {"fail": "rate_limit_exceeded"}],
        {"texts": ["Wait."], "ended": "failed: rate_limit_exceeded"},
    ),
    "a cut": (
        [{"say": "Wait."}, {"incomplete": "content_filter"}],
        {"texts": ["Wait."], "ended": "incomplete: content_filter"},
    ),
    "a step that cannot be played": ([{"say": "{{ nothing }}"}], {"ended": "failed: server_error"}),
}


def world(*steps: Any) -> InProcess:
    return InProcess({"version": 1, "given": GIVEN, "turns": [{"name": "it", "steps": list(steps)}]})


def transcripts(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/_emulator/transcripts").json["transcripts"]
    return found


def on_assistants(api: InProcess) -> dict[str, Any]:
    thread = api.thread("Hello")
    run = api.run(thread, "asst_clerk").json["id"]
    path = f"/v1/threads/{thread}/runs/{run}"
    for _ in range(8):
        if calls := api.required_calls(run):
            sent = [{"tool_call_id": one["id"], "output": "12"} for one in calls]
            api.post(f"{path}/submit_tool_outputs", {"tool_outputs": sent})
        api.get(path)
    return transcripts(api)[-1]


def on_responses(api: InProcess, **more: Any) -> dict[str, Any]:
    response = made(api, "Hello", **{**CARRIED, **more})
    while items(response, "function_call"):
        response = made(api, outputs(response, "12"), previous_response_id=response["id"], **{**CARRIED, **more})
    return transcripts(api)[-1]


@pytest.mark.parametrize("name", TURNS)
def test_a_turn_has_the_same_transcript_on_both_apis(name: str) -> None:
    steps, expected = TURNS[name]
    old, new = on_assistants(world(*steps)), on_responses(world(*steps))

    assert [one.pop("api") for one in (old, new)] == ["assistants", "responses"]
    assert [one.pop("carried") is None for one in (old, new)] == [True, False]
    assert [one.pop("usage") is not None for one in (old, new)] == [True, not new["ended"].startswith("failed")]
    assert old == new == {**NOTHING, **expected}


# ---- What requests carry ----

PARTS = ["instructions", "tools.file_search", "tools.code_interpreter", "function days_left", "vector store vs_book"]


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({}, []),
        ({"instructions": "You know the handbook. Be brief."}, []),
        ({"instructions": "Be brief."}, PARTS[:1]),
        ({"tools": [CODE, function("days_left")]}, ["tools.file_search", "vector store vs_book"]),
        ({"tools": []}, PARTS[1:]),
    ],
)
def test_what_a_request_carries_of_an_assistant(more: dict[str, Any], missing: list[str]) -> None:
    told = on_responses(world({"say": "Hi"}), **more)

    left = [part for part in PARTS if part not in missing]
    assert told["carried"] == {"assistant": "Clerk", "parts": left, "missing": missing}


def test_what_a_later_request_of_the_turn_does_not_carry_is_missing() -> None:
    api = world(CALL, {"say": "Done."})
    first = made(api, "Hello", **CARRIED)

    made(api, outputs(first, "12"), previous_response_id=first["id"], tools=CARRIED["tools"])

    assert transcripts(api)[0]["carried"] == {"assistant": "Clerk", "parts": PARTS[1:], "missing": ["instructions"]}


def test_without_a_given_assistant_there_is_nothing_to_carry() -> None:
    api = InProcess({"version": 1, "turns": [{"steps": [{"say": "Hi"}]}]})

    assert on_responses(api, tools=[])["carried"] is None


@pytest.mark.parametrize("name", ["Clerk", "asst_clerk"])
def test_the_assistant_is_the_one_that_the_turn_is_for(name: str) -> None:
    others = [{"id": "asst_plain", "name": "Plain", "model": "gpt-4o"}, *GIVEN["assistants"]]
    turn = {"name": "it", "when": {"assistant": name}, "steps": [{"say": "Hi"}]}
    api = InProcess({"version": 1, "given": {**GIVEN, "assistants": others}, "turns": [turn]})

    assert on_responses(api)["carried"]["assistant"] == "Clerk"


# ---- Calls that wait ----

REFUSED = {"refused": "invalid_request_error"}
WAITING = {"name": "days_left", "arguments": {"year": 2026}, "output": None}


def test_a_request_that_leaves_calls_waiting_is_in_the_transcript_on_responses() -> None:
    api = world(CALL, {"say": "Done."})
    first = made(api, "Hello", **CARRIED)

    assert respond(api, "And now?", previous_response_id=first["id"]).status == 400

    assert [(one["calls"], one["ended"]) for one in transcripts(api)] == [([WAITING, REFUSED], "requires_action")]


@pytest.mark.parametrize("by", ["conversation", "history"])
def test_the_turn_is_found_by_its_conversation_or_by_the_ids_of_its_calls(by: str) -> None:
    api = world(CALL, {"say": "Done."})
    place = {"conversation": api.post("/v1/conversations", {}).json["id"]} if by == "conversation" else {}
    first = made(api, "Hello", **CARRIED, **place)
    history = [{"role": "user", "content": "Hello"}, *items(first, "function_call")]

    assert respond(api, "And now?" if place else history, **place).status == 400

    assert transcripts(api)[0]["calls"] == [WAITING, REFUSED]


@pytest.mark.parametrize("what", ["outputs", "another run"])
def test_a_request_that_leaves_calls_waiting_is_in_the_transcript_on_assistants(what: str) -> None:
    api = world(CALL, {"say": "Done."})
    thread = api.thread("Hello")
    run = api.run(thread, "asst_clerk").json["id"]
    assert api.poll(thread, run)[-1] == "requires_action"

    if what == "outputs":
        path = f"/v1/threads/{thread}/runs/{run}/submit_tool_outputs"
        reply = api.post(path, {"tool_outputs": [{"tool_call_id": "call_other", "output": "12"}]})
    else:
        reply = api.run(thread, "asst_clerk")

    assert (reply.status, transcripts(api)[0]["calls"]) == (400, [WAITING, REFUSED])


# ---- What differs ----


@pytest.mark.parametrize(
    ("step", "background", "ended", "notes"),
    [
        ({"expire": True}, False, "completed", ["a response does not expire"]),
        ({"expire": True}, True, "failed: server_error", ["a response does not expire"]),
        (
            {"incomplete": "max_completion_tokens"},
            False,
            "incomplete: max_completion_tokens",
            ["max_completion_tokens is max_output_tokens on Responses"],
        ),
        ({"incomplete": "max_prompt_tokens"}, False, "failed: context_length_exceeded", []),
    ],
)
def test_an_end_without_an_equivalent_is_noted(
    step: dict[str, Any], background: bool, ended: str, notes: list[str]
) -> None:
    api = world({"say": "Wait."}, step)
    reply = respond(api, "Hello", background=background, **CARRIED)
    for _ in range(4 if background else 0):
        get(api, reply.json["id"])

    (told,) = transcripts(api)
    assert (told["texts"], told["ended"], told["notes"]) == (["Wait."], ended, notes)


def test_the_usage_is_that_of_the_whole_turn() -> None:
    api = world(
        {**CALL, "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
        {"say": "Done.", "usage": {"prompt_tokens": 9, "completion_tokens": 3}},
    )

    assert on_responses(api)["usage"] == on_assistants(api)["usage"] == {"prompt_tokens": 14, "completion_tokens": 5}


def test_a_turn_that_no_condition_fits_has_a_transcript() -> None:
    api = InProcess({"version": 1, "turns": [{"when": {"message": "bye"}, "steps": [{"say": "Bye"}]}]})

    told = on_responses(api, tools=[])
    assert (told["turn"], told["question"], told["ended"]) == ("unmatched", "Hello", "failed: server_error")


# ---- How long they are kept ----


def test_a_world_drops_the_oldest_transcripts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.MAX_TRANSCRIPTS == 10_000
    monkeypatch.setattr(state, "MAX_TRANSCRIPTS", 2)
    api = world({"say": "Hi"})

    for question in "abc":
        made(api, question, **CARRIED)

    told = api.get("/_emulator/transcripts").json
    assert ([one["question"] for one in told["transcripts"]], told["dropped"]) == (["b", "c"], 1)
    assert [one["turn"] for one in api.get("/_emulator/runs").json["runs"]] == ["it"] * 3


def test_a_reset_forgets_them() -> None:
    api = world({"say": "Hi"})
    made(api, "Hello", **CARRIED)

    api.post("/_emulator/reset", {})

    assert api.get("/_emulator/transcripts").json == {"transcripts": [], "dropped": 0}
