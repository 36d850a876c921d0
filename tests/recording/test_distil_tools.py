"""Rounds of function calls: what was called, with which arguments, and what the client is expected to submit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.base.json_types import Object
from tests.recording.carried import carry
from tests.recording.handmade import (
    QUESTION,
    Book,
    functions,
    listed,
    message,
    proven,
    refusal,
    requires,
    run,
    step,
    steps_of,
)
from tests.support import Api

FUNCTIONS = [
    {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "required": ["city"]}}},
    {"type": "function", "function": {"name": "add"}},
]
RUN = "/v1/threads/thread_1/runs/run_1"


def _outputs(run: Object, answers: dict[str, Any]) -> list[Object]:
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    return [{"tool_call_id": call["id"], "output": json.dumps(answers.get(call["function"]["name"]))} for call in calls]


def _converse(api: Api, answers: dict[str, Any], *, streams: bool = False) -> None:
    """A run to its end, all calls answered by the function's name; then all that there is to see of it."""
    assistant = api.assistant(tools=FUNCTIONS)
    thread = api.thread(QUESTION)
    made = api.run(thread, assistant, stream=streams)
    runs = f"/v1/threads/{thread}/runs"
    path = f"{runs}/{api.get(runs).json['data'][0]['id'] if streams else made.json['id']}"
    for _ in range(20):
        now = api.get(path).json
        if now["status"] == "requires_action":
            outputs = _outputs(now, answers)
            api.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs, "stream": streams})
        elif now["status"] not in ("queued", "in_progress"):
            break
    api.get(f"{path}/steps")
    api.get(f"/v1/threads/{thread}/messages")


CALLS: list[list[Object]] = [
    [{"call": {"add": {}}}, {"say": "Done."}],
    [{"call": {"look_up": {"city": "Paris"}}}, {"say": "It is {{ look_up.celsius }} degrees."}],
    [{"call": {"look_up": {"city": "Paris"}, "add": {"a": 1, "b": [2, None]}}}, {"say": "Done."}],
    [{"call": [{"add": {"a": 1}}, {"add": {"a": 2}}, {"look_up": {"city": "Rome"}}]}, {"say": "Done."}],
    [{"call": {"add": {}}}, {"call": {"add": {"n": 2}}}, {"call": {"look_up": {"city": "Oslo"}}}, {"say": "Done."}],
    [{"say": "Let me see."}, {"call": {"add": {}}}, {"say": "Well."}, {"call": {"add": {}}}, {"say": "Done."}],
    [{"call": {"add": '{"broken": '}}, {"say": "Done."}],
    [{"call": {"look_up": "{}"}}, {"say": "Done."}],
    [{"call": {"add": '{ "a":1 }'}}, {"say": "Done."}],
    [{"call": {"add": "[1]"}}, {"say": "Done."}],
    [{"call": {"add": "{{ '{{' }} nobody }}"}}, {"say": "Done."}],
    [{"call": {"add": {}}}],
    [{"call": {"add": {"chunks": 3, "text": "x"}}}, {"say": {"text": "Done.", "chunks": "chars"}}],
    [{"call": {"add": {}}}, {"wait": 5}, {"expire": True}],
    [{"call": {"add": {}}}, {"fail": {"code": "server_error", "message": "Sorry."}}],
    [{"call": {"add": {}}}, {"say": "Half"}, {"incomplete": "content_filter"}],
]
ANSWERS = {"look_up": {"celsius": 21}, "add": 3}


@pytest.mark.parametrize("streams", [False, True], ids=["polled", "streamed"])
@pytest.mark.parametrize("steps", CALLS, ids=lambda steps: json.dumps(steps)[:60])
def test_rounds_are_played_as_they_were(steps: list[Object], streams: bool) -> None:
    distilled = carry({"turns": [{"steps": steps}]}, lambda api: _converse(api, ANSWERS, streams=streams))

    assert distilled.left_out == []


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ('{"city":"Paris"}', {"city": "Paris"}),
        ('{"city": "Paris"}', '{"city": "Paris"}'),
        ('{"n":1.0}', {"n": 1.0}),
        ('{"n":1e3}', '{"n":1e3}'),
        ('{"n":36893488147419103232}', '{"n":36893488147419103232}'),
        ('{"a":1,"a":2}', '{"a":1,"a":2}'),
        ("{}", {}),
        ("", ""),
        ("[1]", "[1]"),
        ("null", "null"),
        ('{"text":"{{ x }}"}', {"text": "{{ '{{' }} x }}"}),
        ('{"broken', '{"broken'),
        ('{"é":"日本"}', {"é": "日本"}),
    ],
)
def test_arguments_are_a_mapping_only_if_it_gives_the_same_text(arguments: str, written: Any) -> None:
    book = Book().assistant(tools=functions("f")).thread(QUESTION)
    more: Object = {"tools": functions("f")}
    book.run(**more).ask(f"GET {RUN}", None, requires(("call_1", "f", arguments), **more))

    assert steps_of(proven(book)) == [{"call": {"f": written}}]


def test_arguments_that_break_the_declared_parameters_stay_raw() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "required": ["city"]}}}]
    book = Book().assistant(tools=tools).thread(QUESTION).run(tools=tools)
    book.ask(f"GET {RUN}", None, requires(("call_1", "f", '{"town":"Paris"}'), tools=tools))

    assert steps_of(proven(book)) == [{"call": {"f": '{"town":"Paris"}'}}]


def _round(number: int, output: str, function: str = "f") -> Book:
    """A run of its own thread that calls once."""
    more: Object = {"tools": functions("f"), "id": f"run_{number}", "thread": f"thread_{number}"}
    path = f"/v1/threads/thread_{number}/runs/run_{number}"
    book = Book().thread(QUESTION, id=more["thread"]).run(**more)
    book.ask(f"GET {path}", None, requires((f"call_{number}", function, "{}"), **more))
    sent = {"tool_outputs": [{"tool_call_id": f"call_{number}", "output": output}]}
    book.ask(f"POST {path}/submit_tool_outputs", sent, run("queued", **more))
    return book.ask(f"GET {path}", None, run("completed", **more)).says("Done.", run=more["id"], thread=more["thread"])


def test_what_was_submitted_is_expected_of_every_run_together() -> None:
    book = Book().assistant(tools=functions("f"))
    for number, output in enumerate(['{"a": 1, "b": "x"}', '{"a": null, "c": []}', "7"], 1):
        book.exchanges += _round(number, output).exchanges

    steps = steps_of(proven(book))

    assert steps[0]["expect"] == {"f": {"type": ["object", "number"]}}


def test_outputs_that_only_run_steps_show_are_expected_too() -> None:
    tools = functions("f")
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}", "output": '{"a": 1}'}}
    book = Book().assistant(tools=tools).thread(QUESTION).run("completed", tools=tools)
    book.ask(f"GET {RUN}/steps", None, listed(step("step_2", message_id="msg_2", at=14), step("step_1", call)))
    book.ask("GET /v1/threads/thread_1/messages/msg_2", None, message("Done.", "msg_2", run="run_1", at=14))

    expected = {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}}
    assert steps_of(book.distilled()) == [{"call": {"f": {}}, "expect": {"f": expected}}, {"say": "Done."}]


def test_two_calls_of_a_function_are_expected_to_give_what_both_gave() -> None:
    tools = functions("f")
    book = Book().assistant(tools=tools).thread(QUESTION).run(tools=tools)
    book.ask(f"GET {RUN}", None, requires(("call_1", "f", "{}"), ("call_2", "f", "{}"), tools=tools))
    outputs = [{"tool_call_id": "call_1", "output": "1"}, {"tool_call_id": "call_2", "output": "none"}]
    book.ask(f"POST {RUN}/submit_tool_outputs", {"tool_outputs": outputs}, run("queued", tools=tools))
    book.ask(f"GET {RUN}", None, run("completed", tools=tools)).says("Done.")

    assert steps_of(proven(book))[0] == {
        "call": [{"f": {}}, {"f": {}}],
        "expect": {"f": {"type": ["number", "string"]}},
    }


def test_outputs_that_were_refused_are_not_expected() -> None:
    tools = functions("f")
    book = Book().assistant(tools=tools).thread(QUESTION).run(tools=tools)
    book.ask(f"GET {RUN}", None, requires(("call_1", "f", "{}"), tools=tools))
    words = "Expected tool outputs for call_ids ['call_1'], got ['call_x']"
    sent = {"tool_outputs": [{"tool_call_id": "call_x", "output": "1"}]}
    book.ask(f"POST {RUN}/submit_tool_outputs", sent, refusal(words), 400)

    assert steps_of(proven(book)) == [{"call": {"f": {}}}]


def test_a_run_that_waits_to_the_end_of_the_recording_ends_in_its_call() -> None:
    tools = functions("f")
    book = Book().assistant(tools=tools).thread(QUESTION).run(tools=tools)
    book.ask(f"GET {RUN}", None, requires(("call_1", "f", "{}"), tools=tools))

    distilled = proven(book)

    assert (steps_of(distilled), distilled.left_out) == ([{"call": {"f": {}}}], [])
