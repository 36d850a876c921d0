"""What a test or a command left undone: each kind as data, by ``Control.report()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import emulator.engine.loose_ends  # noqa: F401  # registers the kinds of turns
from emulator import Emulator
from emulator.base.loose_ends import LooseEnd
from emulator.base.problems import EmulatorError
from emulator.control.world_report import WorldReport
from emulator.world.loose_ends import LOOSE_ENDS, loose_end
from tests.support import Api

Emulate = Callable[..., Emulator]
Connect = Callable[[Emulator], Api]

TOOL = {"type": "function", "function": {"name": "get_weather"}}
CALL: dict[str, Any] = {"turns": [{"name": "weather", "steps": [{"call": {"get_weather": {}}}, {"say": "Sunny."}]}]}
LONE_CALL: dict[str, Any] = {"turns": [{"steps": [{"call": {"get_weather": {}}}]}]}
SEARCH: dict[str, Any] = {
    "given": {"files": [{"id": "file-fruit", "filename": "fruit.md", "content": "apples"}]},
    "turns": [{"name": "look", "steps": [{"search": "auto"}, {"say": "Nothing."}]}],
}
WAYS_OUT = (
    'if the application sleeps instead of polling, use monkeypatch.setattr("time.sleep", emulator.advance), '
    "or settings: {sleepers: true} where it sleeps for real"
)
RESPONSES_TOOL = {"type": "function", "name": "get_weather", "parameters": {}}


def run_to_rest(api: Api, **assistant: Any) -> None:
    made = api.assistant(**assistant)
    thread = api.thread("Hi")
    run = api.run(thread, made)
    for _ in range(3):
        api.get(f"/v1/threads/{thread}/runs/{run.json['id']}")


def respond(api: Api, **body: Any) -> Any:
    return api.post("/v1/responses", {"model": "gpt-4o", "input": "Hi", **body}).json


def store(api: Api) -> dict[str, Any]:
    """The resources of a new store with the given file."""
    made = api.post("/v1/vector_stores", {"file_ids": ["file-fruit"]}).json
    return {"file_search": {"vector_store_ids": [made["id"]]}}


def polled_in_vain(api: Api) -> None:
    run_to_rest(api, tools=[{"type": "file_search"}], tool_resources=store(api))


def converse(api: Api, *inputs: Any, chained: bool = False, items: list[Any] | None = None) -> None:
    """Responses on one conversation, or one chain."""
    conversation = None if chained else api.post("/v1/conversations", {"items": items or []}).json["id"]
    previous: dict[str, Any] = {}
    for input in inputs:
        made = respond(api, input=input, **({"conversation": conversation} if conversation else previous))
        previous = {"previous_response_id": made["id"]}


def said(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


HELLO: dict[str, Any] = {"turns": [{"steps": [{"say": "Hello!"}]}]}
HISTORY = [said("user", "Hi"), said("assistant", "Hello!")]

CASES: list[tuple[str, Any, Callable[[Api], object], list[tuple[str, str]]]] = [
    ("nothing was sent", CALL, lambda api: None, [
        ("unplayed", "no turn of the scenario 'unnamed-1' was played: 'weather'"),
        ("no_request", "no request was sent to the emulator"),
    ]),
    ("only something else", CALL, lambda api: api.thread("Hi"), [
        ("unplayed", "no turn of the scenario 'unnamed-1' was played: 'weather'"),
    ]),
    ("outputs of a run", CALL, lambda api: run_to_rest(api, tools=[TOOL]), [
        ("outputs", "run_… waits for the output of get_weather (call_…), which nobody submitted"),
    ]),
    ("outputs of a response", CALL, lambda api: respond(api, tools=[RESPONSES_TOOL]), [
        ("outputs", "resp_… waits for the output of get_weather (call_…), which nobody submitted"),
    ]),
    ("a call that is all", LONE_CALL, lambda api: respond(api, tools=[RESPONSES_TOOL]), []),
    ("a run that nobody polled", CALL, lambda api: api.run(api.thread("Hi"), api.assistant(tools=[TOOL])), [
        ("unpolled", "run_… is queued: it moves by polls, and nobody polled; " + WAYS_OUT),
    ]),
    ("a response in the background", CALL, lambda api: respond(api, tools=[RESPONSES_TOOL], background=True), [
        ("unpolled", "resp_… is queued: it moves by polls, and nobody polled; " + WAYS_OUT),
    ]),
    ("a search without a store", SEARCH, lambda api: run_to_rest(api, tools=[{"type": "file_search"}]), [
        ("search", "a search of run_… found nothing: it has no vector store"),
    ]),
    ("a store that is not ready", {**SEARCH, "indexing": [{"file": "fruit.md", "outcome": "completed", "polls": 9}]},
     polled_in_vain, [("search", "a search of run_… found nothing: in vs_…, fruit.md is in_progress")]),
    ("a store that is", SEARCH, polled_in_vain, []),
    ("results that nobody could see", SEARCH,
     lambda api: respond(api, tools=[{"type": "file_search", **store(api)["file_search"]}]), [
        ("search", "a search of resp_… found nothing: no file has a word of the query, and nobody could see that "
                   "without include: file_search_call.results"),
    ]),
    ("a history sent again on a conversation", HELLO,
     lambda api: converse(api, "Hi", [*HISTORY, said("user", "Bye")]), [
        ("repeated", "the input of resp_… repeats the first 2 items of conv_…, which it continues: send only what is "
                     "new"),
    ]),
    ("a history sent again in a chain", HELLO,
     lambda api: converse(api, "Hi", [*HISTORY, said("user", "Bye")], chained=True), [
        ("repeated", "the input of resp_… repeats the first 2 items of resp_…, which it continues: send only what is "
                     "new"),
    ]),
    ("a question that the conversation began with", HELLO,
     lambda api: converse(api, [said("user", "Hi")], items=[{"type": "message", **said("user", "Hi")}]), [
        ("repeated", "the input of resp_… repeats the only item of conv_…, which it continues: send only what is new"),
    ]),
    ("a text that is said twice", HELLO, lambda api: converse(api, "Hi", "Hi", "Hi"), []),
    ("a history without an id beside it", HELLO, lambda api: respond(api, input=[*HISTORY, said("user", "Bye")]), []),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "use", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_was_left_undone(
    emulate: Emulate,
    connect: Connect,
    scenario: dict[str, Any],
    use: Callable[[Api], object],
    expected: list[tuple[str, str]],
) -> None:
    emulator = emulate(scenario)
    use(connect(emulator))

    ends = emulator.report().loose_ends

    assert [(end.kind, without_ids(end.message)) for end in ends] == expected
    assert all((end.run_id is not None) is (end.kind in ("outputs", "unpolled", "search", "repeated")) for end in ends)
    assert all(call.name == "get_weather" and call.id.startswith("call_") for end in ends for call in end.calls)
    assert all(LooseEnd.from_json(end.as_json()) == end for end in ends)


def without_ids(text: str) -> str:
    words = [
        f"{word.partition('_')[0]}_…{word[len(word.rstrip('),')) :]}" if word.lstrip("(").startswith(PREFIXES) else word
        for word in text.split(" ")
    ]
    return " ".join(words)


PREFIXES = ("run_", "resp_", "call_", "conv_", "vs_")


def test_a_world_where_all_was_done_has_none(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate({"turns": [{"steps": [{"say": "Hello!"}]}]})
    run_to_rest(connect(emulator))

    report = emulator.report()

    assert (report.loose_ends, str(report)) == ((), "no loose ends")
    assert [(one.name, one.played) for one in report.scenarios] == [("unnamed-1", 1)]


def test_the_other_turns_that_fitted(emulate: Emulate, connect: Connect) -> None:
    turns = [
        {"name": "first", "when": {"message": "hi"}, "steps": [{"say": "1"}]},
        {"name": "other", "when": {"message": "bye"}, "steps": [{"say": "2"}]},
        {"name": "hidden", "when": {"message": "h"}, "steps": [{"say": "3"}]},
        {"name": "fallback", "steps": [{"say": "4"}]},
    ]
    emulator = emulate({"turns": turns})
    run_to_rest(connect(emulator))

    (others,) = emulator.report().also_fitted.values()

    assert [one.turn for one in others] == ["hidden", "fallback"]


def test_loose_ends_of_worlds_that_were_reset_are_remembered_where_asked(connect: Connect) -> None:
    with Emulator({**CALL, "name": "weather"}, {**SEARCH, "name": "look"}) as emulator:
        emulator.remember_loose_ends()
        for _ in range(2):
            run_to_rest(connect(emulator), tools=[TOOL, {"type": "file_search"}])
            emulator.reset()
        kinds = [end.kind for end in emulator.report().loose_ends]

        assert sorted(kinds) in (["outputs", "outputs", "unplayed"], ["search", "search", "unplayed"])


def test_a_kind_is_registered_once() -> None:
    with pytest.raises(ValueError, match="there is a kind of loose end 'outputs' already"):
        loose_end("outputs", "twice")(lambda world: [])
    assert list(LOOSE_ENDS) == ["search", "repeated", "unplayed", "no_request", "reset", "outputs", "unpolled"]
    assert all(kind.summary for kind in LOOSE_ENDS.values())


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(EmulatorError, match="no emulator responds"):
        Emulator().report()
    assert WorldReport((), (), {}).loose_ends == ()
