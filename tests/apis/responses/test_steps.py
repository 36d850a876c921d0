"""What steps see on Responses, and holds that foreground responses wait at."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emulator import Emulator
from tests.apis.responses.driving import Body, function, get, items, made, outputs, problems, respond, search, text
from tests.apis.responses.test_ends import TOO_LONG
from tests.conftest import Emulate
from tests.support import Api, InProcess

FIND = function("find", n={"type": "integer"})

# ---- Templates ----

SEEN = (
    "{{ assistant.name }} {{ assistant.model }} {{ assistant.instructions }} {{ assistant.metadata.tone }} "
    "{{ thread.metadata.user }} {{ run.metadata.step }} {{ run.model }} {{ run.assistant_id }} {{ message }} "
    "{{ run.thread_id == thread.id }}"
)
DESK = {
    "id": "asst_desk",
    "model": "gpt-4o",
    "name": "Desk",
    "instructions": "Be kind.",
    "metadata": {"tone": "warm"},
}


def test_templates_see_the_same_on_both_apis() -> None:
    api = InProcess({"given": {"assistants": [DESK]}, "turns": [{"steps": [{"say": SEEN}]}]})
    thread = api.post("/v1/threads", {"metadata": {"user": "7"}, "messages": [{"role": "user", "content": "hi"}]})
    id = thread.json["id"]
    run = api.run(id, "asst_desk", metadata={"step": "1"}).json["id"]
    api.poll(id, run)
    said = api.get(f"/v1/threads/{id}/messages").json["data"][0]["content"][0]["text"]["value"]
    assert said == "Desk gpt-4o Be kind. warm 7 1 gpt-4o asst_desk hi true"

    root = made(api, "first", instructions="Be kind.", metadata={"user": "7", "step": "0"})
    carried = {"instructions": "Be kind.", "metadata": {"step": "1"}}
    assert text(made(api, previous_response_id=root["id"], **carried)) == said


def test_templates_see_outputs_by_function_and_in_order() -> None:
    steps = [
        {"call": [{"find": {"n": 1}}, {"find": {"n": 2}}]},
        {"call": {"find": {"n": "{{ find.next }}"}}},
        {"say": "{% for one in outputs %}{{ one.name }}({{ one.arguments.n }})={{ one.output }};{% endfor %}"},
    ]
    api = InProcess({"turns": [{"steps": steps}]})
    first = made(api, tools=[FIND])
    second = made(api, outputs(first, '"a"', '{"next": 3}'), previous_response_id=first["id"], tools=[FIND])
    third = made(api, outputs(second, "plain"), previous_response_id=second["id"], tools=[FIND])

    assert items(second, "function_call")[0]["arguments"] == '{"n":3}'
    assert text(third) == 'find(1)=a;find(2)={"next":3};find(3)=plain;'


def test_an_output_in_parts_is_their_text() -> None:
    api = InProcess({"turns": [{"steps": [{"call": {"find": {}}}, {"say": "{{ find }}"}]}]})
    asked = made(api, tools=[FIND])
    (output,) = outputs(asked, "")
    output["output"] = [
        {"type": "input_text", "text": "a"},
        {"type": "input_image", "image_url": "data:image/png;base64,aGk="},
        {"type": "input_text", "text": "b"},
    ]
    told = made(api, [output], previous_response_id=asked["id"])

    assert text(told).split() == ["a", "b"]


def test_an_output_that_is_not_as_expected_is_a_problem_and_the_turn_goes_on() -> None:
    steps = [{"call": {"find": {}}, "expect": {"find": {"type": "object"}}}, {"say": "Done."}]
    api = InProcess({"turns": [{"steps": steps}]})
    asked = made(api, tools=[FIND])
    told = made(api, outputs(asked, "[]"), previous_response_id=asked["id"])

    assert text(told) == "Done."
    assert [kind for kind, _ in problems(api)] == ["expect"]


@pytest.mark.parametrize(
    ("steps", "kind", "why"),
    [
        ([{"say": "{{ nobody }}"}], "template", "nobody"),
        ([{"call": {"other": {}}}], "impossible", "cannot call 'other': it has find"),
        ([{"call": {"find": {"n": "one"}}}], "impossible", "the arguments of 'find' break its declared parameters"),
        ([{"code": {"input": "1"}}], "impossible", "code_interpreter"),
        ([{"search": "auto"}], "impossible", "file_search"),
        ([{"say": {"text": "x", "images": ["a.png"]}}], "impossible", "there is no file 'a.png'"),
    ],
)
def test_a_step_that_cannot_be_played_fails_the_response(steps: list[Body], kind: str, why: str) -> None:
    api = InProcess({"turns": [{"steps": steps}]})
    response = made(api, tools=[FIND])

    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")
    assert why in response["error"]["message"]
    assert [problem for problem, _ in problems(api)] == [kind]


def test_an_omitted_strict_makes_optional_arguments_mandatory() -> None:
    """The request's schema becomes strict, so arguments that Assistants took break it."""
    parameters = {"type": "object", "properties": {"n": {"type": "integer"}, "unit": {"type": "string"}}}
    api = InProcess({"turns": [{"steps": [{"call": {"find": {"n": 1}}}]}]})
    tool = {"type": "function", "name": "find", "parameters": {**parameters, "required": ["n"]}}

    assert made(api, tools=[{**tool, "strict": False}])["status"] == "completed"
    assert problems(api) == []
    assert made(api, tools=[tool])["status"] == "failed"
    ((kind, message),) = problems(api)
    assert (kind, "unit" in message) == ("impossible", True)


# ---- Files ----


def test_an_image_of_an_earlier_turn_can_be_shown_again() -> None:
    image = {"filename": "plot.png", "base64": "iVBORw0KGgo="}
    turns = [
        {"when": {"run": 1}, "steps": [{"code": {"input": "1", "images": [image]}}, {"say": "Made."}]},
        {"steps": [{"say": {"text": "Again.", "images": ["plot.png"]}}]},
    ]
    api = InProcess({"turns": turns})
    first = made(api, tools=[{"type": "code_interpreter", "container": {"type": "auto"}}])
    second = made(api, previous_response_id=first["id"])

    (annotation,) = items(second, "message")[0]["content"][0]["annotations"]
    assert (annotation["type"], annotation["filename"]) == ("container_file_citation", "plot.png")
    assert annotation["container_id"] == items(first, "code_interpreter_call")[0]["container_id"]


def test_a_file_of_the_turn_goes_before_one_of_the_account() -> None:
    given = {"files": [{"id": "file-a", "filename": "a.png", "purpose": "vision", "content": "x"}]}
    code = {"input": "1", "images": [{"filename": "a.png", "base64": "iVBORw0KGgo="}]}
    steps = [{"say": {"text": "Old.", "images": ["a.png"]}}, {"code": code}, {"say": {"text": "", "images": ["a.png"]}}]
    api = InProcess({"given": given, "turns": [{"steps": steps}]})
    response = made(api, tools=[{"type": "code_interpreter", "container": {"type": "auto"}}])

    shown = [item["content"][0]["annotations"][0]["file_id"] for item in items(response, "message")]
    assert shown[0] == "file-a"
    assert shown[1].startswith("cfile_")


def test_a_search_finds_what_its_stores_have() -> None:
    names = ["soup", "salad"]
    given = {
        "files": [
            {"id": f"file-{name}", "filename": f"{name}.md", "purpose": "assistants", "content": f"{name} on Mondays"}
            for name in names
        ],
        "vector_stores": [{"id": f"vs_{name}", "file_ids": [f"file-{name}"]} for name in names],
    }
    api = InProcess({"given": given, "turns": [{"steps": [{"search": "auto"}, {"say": "Done."}]}]})
    found = made(api, "What on Mondays?", tools=[search("vs_soup", "vs_salad")], include=["file_search_call.results"])
    results = items(found, "file_search_call")[0]["results"]

    assert {(one["filename"], one["vector_store_id"]) for one in results} == {
        ("soup.md", "vs_soup"),
        ("salad.md", "vs_salad"),
    }


# ---- Holds of foreground responses ----

HELD = [{"say": "Let me think"}, {"hold": "thinking"}]


@pytest.fixture
def held(emulate: Emulate, connect: Callable[[Emulator], Api]) -> Callable[..., tuple[Any, Body]]:
    """Creates a response with these steps behind a hold, and releases it: what the client got, and what others saw."""

    def play(*steps: Body, **more: Any) -> tuple[Any, Body]:
        emulator = emulate({"turns": [{"steps": [*HELD, *steps]}]})
        reader, other = connect(emulator), connect(emulator)
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(respond, reader, **more)
            seen = get(other, emulator.wait_held("thinking"))
            emulator.release("thinking")
        return reply.result(), seen

    return play


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "JSON"])
def test_a_response_waits_until_it_is_released(held: Callable[..., tuple[Any, Body]], stream: bool) -> None:
    reply, seen = held({"say": "Done."}, stream=stream)

    assert (seen["status"], seen["output"]) == ("in_progress", [])
    response = reply.events[-1].json()["response"] if stream else reply.json
    assert (response["status"], text(response)) == ("completed", "Let me think|Done.")


def test_a_context_that_is_too_long_behind_a_hold_is_refused(held: Callable[..., tuple[Any, Body]]) -> None:
    reply, _ = held({"incomplete": "max_prompt_tokens"})

    assert reply.error == TOO_LONG


def test_a_stream_that_has_begun_ends_with_the_refusal(held: Callable[..., tuple[Any, Body]]) -> None:
    reply, _ = held({"incomplete": "max_prompt_tokens"}, stream=True)

    assert [event.event for event in reply.events][-2:] == ["error", "response.failed"]
    assert reply.events[-2].json()["error"]["code"] == "context_length_exceeded"


def test_a_late_cancel_of_a_stream_lets_it_come_to_its_end(
    emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    emulator = emulate({"turns": [{"steps": [*HELD, {"say": "Done."}], "cancel": "late"}]})
    reader, other = connect(emulator), connect(emulator)
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(respond, reader, stream=True, background=True)
        cancelled = other.post(f"/v1/responses/{emulator.wait_held('thinking')}/cancel").json

    assert (cancelled["status"], text(cancelled)) == ("completed", "Let me think|Done.")
    assert [event.event for event in reply.result().events][-1] == "response.completed"


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "JSON"])
def test_with_the_real_clock_a_wait_takes_its_time(
    emulate: Emulate, connect: Callable[[Emulator], Api], stream: bool
) -> None:
    emulator = emulate({"turns": [{"steps": [{"wait": 0.02}, {"say": "Done."}]}]}, clock="real")

    assert text(made(connect(emulator), stream=stream)) == "Done."
