"""What the parameters of a run bind the model to: ``tool_choice`` and ``parallel_tool_calls``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import InProcess

Body = dict[str, Any]

STORE = {
    "files": [{"id": "file-a", "filename": "a.md", "purpose": "assistants", "content": "A"}],
    "vector_stores": [{"id": "vs_a", "file_ids": ["file-a"]}],
}
SEARCH: Body = {"search": {"query": "x", "results": [{"file": "a.md", "text": "A", "score": 0.5}]}}
RUN: Body = {"code": {"input": "1"}}
SAY: Body = {"say": "Done."}
CALL: Body = {"call": {"find": {}}}
OTHER: Body = {"call": {"other": {}}}
TWICE: Body = {"call": [{"find": {}}, {"find": {}}]}
BOTH: Body = {"call": {"find": {}, "other": {}}}
NAMED = {"type": "function", "function": {"name": "find"}}
TOOLS = [
    {"type": "function", "function": {"name": "find"}},
    {"type": "function", "function": {"name": "other"}},
    {"type": "file_search"},
    {"type": "code_interpreter"},
]


def bound(steps: list[Body], more: Body) -> tuple[str, list[tuple[str, str]]]:
    """The status of a run with all tools once each call has its output, and the world's problems."""
    api = InProcess({"given": STORE, "turns": [{"steps": steps}]})
    thread = api.thread("Hello")
    assert api.run(thread, api.assistant(tools=TOOLS), stream=True, **more).status == 200
    (run,) = api.turns
    while calls := api.required_calls(run):
        outputs = [{"tool_call_id": call["id"], "output": "1"} for call in calls]
        sent = {"tool_outputs": outputs, "stream": True}
        assert api.post(f"/v1/threads/{thread}/runs/{run}/submit_tool_outputs", sent).status == 200
    return api.stored_run(run)["status"], [(one.kind, one.message) for one in api.world.check()]


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        ([TWICE, BOTH, SAY], {}),
        ([CALL, OTHER, CALL, SAY], {"parallel_tool_calls": False}),
        ([{"code": [RUN["code"]] * 2}, CALL, SAY], {"parallel_tool_calls": False}),
        ([SAY], {"tool_choice": "none"}),
        ([{"reason": "Hm."}, SAY], {"tool_choice": "none"}),
        ([CALL, SAY], {"tool_choice": "required"}),
        ([SAY, CALL, SAY], {"tool_choice": "required"}),
        ([RUN, SAY], {"tool_choice": "required"}),
        ([SEARCH, SAY], {"tool_choice": "required"}),
        ([{"fail": "server_error"}], {"tool_choice": "required"}),
        ([SAY, {"incomplete": "content_filter"}], {"tool_choice": "required"}),
        ([CALL, SAY], {"tool_choice": NAMED}),
        ([TWICE, SAY], {"tool_choice": NAMED}),
        ([CALL, OTHER, RUN, SAY], {"tool_choice": NAMED}),
        ([RUN, SAY], {"tool_choice": {"type": "code_interpreter"}}),
        ([SEARCH, CALL, SAY], {"tool_choice": {"type": "file_search"}}),
        ([SAY], {"tool_choice": "required", "tools": []}),
    ],
)
def test_steps_that_keep_to_the_parameters_are_played(steps: list[Body], more: Body) -> None:
    status, found = bound(steps, more)

    assert found == []
    assert status == {"fail": "failed", "incomplete": "incomplete"}.get(next(iter(steps[-1])), "completed")


@pytest.mark.parametrize(
    ("steps", "more", "why"),
    [
        ([TWICE], {"parallel_tool_calls": False}, "cannot make 2 calls at once: parallel_tool_calls is false"),
        ([CALL, BOTH], {"parallel_tool_calls": False}, "cannot make 2 calls at once: parallel_tool_calls is false"),
        ([CALL], {"tool_choice": "none"}, "cannot use 'find': tool_choice is none"),
        ([SAY, RUN], {"tool_choice": "none"}, "cannot use 'code_interpreter': tool_choice is none"),
        ([SEARCH, SAY], {"tool_choice": "none"}, "cannot use 'file_search': tool_choice is none"),
        ([SAY], {"tool_choice": "required"}, "has to use a tool before it is done: tool_choice requires it"),
        ([], {"tool_choice": "required"}, "has to use a tool before it is done: tool_choice requires it"),
        ([{"refuse": "No."}], {"tool_choice": "required"}, "has to use a tool before it is done"),
        ([SAY], {"tool_choice": NAMED}, "has to use 'find' before it is done: tool_choice requires it"),
        ([OTHER, CALL], {"tool_choice": NAMED}, "cannot use 'other': tool_choice allows only 'find'"),
        ([BOTH], {"tool_choice": NAMED}, "cannot use 'other': tool_choice allows only 'find'"),
        ([RUN, CALL], {"tool_choice": NAMED}, "cannot use 'code_interpreter': tool_choice allows only 'find'"),
        ([CALL], {"tool_choice": {"type": "file_search"}}, "cannot use 'find': tool_choice allows only 'file_search'"),
    ],
)
def test_steps_that_break_the_parameters_are_impossible(steps: list[Body], more: Body, why: str) -> None:
    status, found = bound(steps, more)

    ((kind, message),) = found
    assert (status, kind) == ("failed", "impossible")
    assert f"the model {why}" in message


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"type": "function", "function": {"name": "lose"}}, "lose"),
        ({"type": "code_interpreter"}, "code_interpreter"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/threads/{thread}/runs", "/v1/threads/runs"])
def test_a_choice_of_a_tool_that_the_run_does_not_have_is_refused(path: str, choice: Body, name: str) -> None:
    api = InProcess()
    assistant = api.assistant(tools=TOOLS, instructions="Help.")
    body = {"assistant_id": assistant, "tools": TOOLS[:3], "tool_choice": choice}

    reply = api.post(path.format(thread=api.thread("Hello")), body)

    words = f"Tool choice '{name}' not found in 'tools' parameter."
    assert reply.error == (400, words, "invalid_request_error", "tool_choice", None)
    assert api.turns == {}
