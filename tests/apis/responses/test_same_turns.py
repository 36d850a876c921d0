"""One scenario on two APIs: the same texts, calls and outputs, whichever way the client takes them."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from emulator import Emulator
from emulator.engine.turn_engine import TurnEngine
from tests.apis.responses.driving import CODE, Body, function, get, items, made, outputs, respond, search, store_of
from tests.conftest import Emulate
from tests.support import Api, InProcess

PIXEL = "iVBORw0KGgo="
SCENARIO: Body = {
    "version": 1,
    "name": "bureau",
    "given": {
        "files": [{"id": "file-menu", "filename": "menu.md", "purpose": "assistants", "content": "Soup on Mondays."}],
        "vector_stores": [{"id": "vs_menu", "file_ids": ["file-menu"]}],
    },
    "turns": [
        {
            "name": "trip",
            "when": {"message": "trip"},
            "steps": [
                {"call": {"find_flight": {"city": "Paris"}}},
                {"say": "A flight at {{ find_flight.hour }}. And the weather?"},
                {"call": [{"get_weather": {"day": 1}}, {"get_weather": {"day": 2}}]},
                {"say": "{{ outputs | map(attribute='output') | join(', ') }} – have a good trip, {{ message }}."},
            ],
        },
        {
            "name": "menu",
            "when": {"message": "menu"},
            "steps": [
                {"search": {"query": "monday", "results": [{"file": "menu.md", "text": "Soup", "score": 0.5}]}},
                {"say": {"text": "There is soup【1】.", "cite": [{"file": "menu.md", "marker": "【1】"}]}},
            ],
        },
        {
            "name": "plot",
            "when": {"message": "plot"},
            "steps": [
                {
                    "code": {
                        "input": "plot(x)\n",
                        "logs": "done\n",
                        "images": [{"filename": "plot.png", "base64": PIXEL}],
                    }
                },
                {"say": "Here it is."},
            ],
        },
    ],
}
OUTPUTS = {"find_flight": '{"hour": 7}', "get_weather": '"sunny"'}
QUESTIONS = ["my trip", "the menu", "a plot"]
FUNCTIONS = ["find_flight", "get_weather"]
ASSISTANT = {
    "tools": [
        *({"type": "function", "function": {"name": name}} for name in FUNCTIONS),
        {"type": "file_search"},
        {"type": "code_interpreter"},
    ],
    "tool_resources": {"file_search": {"vector_store_ids": ["vs_menu"]}},
}
REQUEST = {
    "tools": [*(function(name) for name in FUNCTIONS), search("vs_menu"), CODE],
    "include": ["file_search_call.results", "code_interpreter_call.outputs"],
}


@dataclass
class Seen:
    """What a client sees of a turn, free of the API's form: the words without markers."""

    texts: list[str] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    searched: list[tuple[str, str]] = field(default_factory=list)
    code: list[tuple[str, str, bytes]] = field(default_factory=list)


EXPECTED = [
    Seen(
        ["A flight at 7. And the weather?", "{'hour': 7}, sunny, sunny – have a good trip, my trip."],
        calls=[("find_flight", '{"city":"Paris"}'), ("get_weather", '{"day":1}'), ("get_weather", '{"day":2}')],
    ),
    Seen(["There is soup."], ["menu.md"], searched=[("menu.md", "Soup")]),
    Seen(["Here it is."], code=[("plot(x)\n", "done\n", base64.b64decode(PIXEL))]),
]


# ---- Assistants ----


def on_assistants(api: Api, question: str, *, stream: bool) -> Seen:
    thread, assistant = api.thread(question), api.assistant(**ASSISTANT)
    seen = Seen()
    reply = api.run(thread, assistant, stream=stream)
    while True:
        run = reply.events[-2].json() if stream else reply.json
        path = f"/v1/threads/{thread}/runs/{run['id']}"
        if not stream:
            api.poll(thread, run["id"])
            run = api.get(path).json
        if run["status"] != "requires_action":
            break
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        seen.calls += [(call["function"]["name"], call["function"]["arguments"]) for call in calls]
        filled = [{"tool_call_id": call["id"], "output": OUTPUTS[call["function"]["name"]]} for call in calls]
        reply = api.post(f"{path}/submit_tool_outputs", {"tool_outputs": filled, "stream": stream})
    assert run["status"] == "completed"
    for message in api.get(f"/v1/threads/{thread}/messages?order=asc").json["data"][1:]:
        for part in message["content"]:
            read_text(api, seen, part["text"])
    shown = "?order=asc&include[]=step_details.tool_calls[*].file_search.results[*].content"
    for step in api.get(f"{path}/steps{shown}").json["data"]:
        for call in step["step_details"].get("tool_calls", []):
            read_call(api, seen, call)
    return seen


def read_text(api: Api, seen: Seen, text: Body) -> None:
    words = text["value"]
    for annotation in text["annotations"]:
        words = words.replace(annotation["text"], "")
        seen.cited.append(api.get(f"/v1/files/{annotation['file_citation']['file_id']}").json["filename"])
    seen.texts.append(words)


def read_call(api: Api, seen: Seen, call: Body) -> None:
    if call["type"] == "file_search":
        found = call["file_search"]["results"]
        seen.searched += [(one["file_name"], one["content"][0]["text"]) for one in found]
    if call["type"] == "code_interpreter":
        logs, image = call["code_interpreter"]["outputs"]
        content = api.get(f"/v1/files/{image['image']['file_id']}/content").body
        seen.code.append((call["code_interpreter"]["input"], logs["logs"], content))


# ---- Responses ----


def on_responses(api: Api, question: str, answer: Callable[..., Body]) -> Seen:
    seen = Seen()
    response = answer(api, question, **REQUEST)
    while True:
        read_items(seen, response)
        calls = items(response, "function_call")
        seen.calls += [(call["name"], call["arguments"]) for call in calls]
        if not calls:
            return seen
        filled = outputs(response, *[OUTPUTS[call["name"]] for call in calls])
        response = answer(api, filled, previous_response_id=response["id"], **REQUEST)


def read_items(seen: Seen, response: Body) -> None:
    for item in response["output"]:
        if item["type"] == "message":
            part = item["content"][0]
            seen.texts.append(part["text"])
            seen.cited += [one["filename"] for one in part["annotations"] if one["type"] == "file_citation"]
        if item["type"] == "file_search_call":
            seen.searched += [(one["filename"], one["text"]) for one in item["results"]]
        if item["type"] == "code_interpreter_call":
            logs, image = item["outputs"]
            kind, _, data = image["url"].partition(",")
            assert kind == "data:image/png;base64"
            seen.code.append((item["code"], logs["logs"], base64.b64decode(data)))


def in_background(api: Api, input: Any, **more: Any) -> Body:
    response = made(api, input, background=True, **more)
    query = "?" + "&".join(f"include[]={one}" for one in more["include"])
    statuses = [response["status"]]
    while response["status"] in ("queued", "in_progress"):
        assert len(statuses) < 9
        response = get(api, response["id"], query)
        statuses.append(response["status"])
    assert statuses == ["queued", "in_progress", "completed"]
    return response


def streamed(api: Api, input: Any, **more: Any) -> Body:
    return made(api, input, stream=True, **more)


def streamed_in_background(api: Api, input: Any, **more: Any) -> Body:
    return made(api, input, stream=True, background=True, **more)


WAYS: dict[str, Callable[[Api, str], Seen]] = {
    "Assistants, polled": lambda api, question: on_assistants(api, question, stream=False),
    "Assistants, streamed": lambda api, question: on_assistants(api, question, stream=True),
    "Responses, JSON": lambda api, question: on_responses(api, question, made),
    "Responses, streamed": lambda api, question: on_responses(api, question, streamed),
    "Responses, background": lambda api, question: on_responses(api, question, in_background),
    "Responses, background streamed": lambda api, question: on_responses(api, question, streamed_in_background),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_turn_is_the_same_whichever_way_it_is_taken(way: str) -> None:
    api = InProcess(SCENARIO)

    assert [WAYS[way](api, question) for question in QUESTIONS] == EXPECTED
    assert [turn.turn.name for turn in api.turns.values()] == ["trip", "menu", "plot"]
    assert api.world.check() == []


def test_both_apis_serve_one_world() -> None:
    api = InProcess(SCENARIO)

    assert [way(api, question) for way in WAYS.values() for question in QUESTIONS] == EXPECTED * len(WAYS)
    assert api.world.check() == []


# ---- Bytes ----


def play(api: Api, answer: Callable[..., Body]) -> None:
    for question in QUESTIONS:
        on_responses(api, question, answer)


def bytes_of(api: InProcess) -> list[bytes]:
    return [entry.answer for entry in api.world.journal.requests()]


@pytest.mark.parametrize("answer", [made, streamed, in_background, streamed_in_background])
def test_the_same_seed_gives_the_same_bytes(answer: Callable[..., Body]) -> None:
    first, second, other = InProcess(SCENARIO, seed=7), InProcess(SCENARIO, seed=7), InProcess(SCENARIO, seed=8)
    for api in (first, second, other):
        play(api, answer)

    assert bytes_of(first) == bytes_of(second) != bytes_of(other)


def test_a_stream_says_what_json_says() -> None:
    plain, stream = InProcess(SCENARIO), InProcess(SCENARIO)
    for question in QUESTIONS:
        left, right = made(plain, question, **REQUEST), made(stream, question, stream=True, **REQUEST)
        assert left == {**right, "billing": {"payer": "developer"}}
        assert get(stream, right["id"]) == get(plain, left["id"])


# ---- Leaving ----

HELD: Body = {
    "turns": [
        {"when": {"message": "hold"}, "steps": [{"say": "Let me think"}, {"hold": "thinking"}, {"say": "Done."}]},
        {"steps": [{"say": "Yes."}]},
    ]
}


def leave_after_one_event(api: Api, path: str, body: Body) -> str:
    """The id in the first event of a stream of which no more is read."""
    with api.client.stream("POST", path, json=body, headers={"Authorization": "Bearer sk-test"}) as reply:
        head = next(reply.iter_bytes())
    found = re.search(rb'"id":"(resp_\w+)"', head)
    assert found, head
    return found[1].decode()


def test_a_stream_that_is_left_after_one_event_leaves_the_same_world(
    emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    shown = []
    for leaves in (False, True):
        api = connect(emulate(HELD))
        body = {"model": "gpt-4o", "input": "hi", "stream": True}
        if leaves:
            id = leave_after_one_event(api, "/v1/responses", body)
        else:
            id = made(api, "hi", stream=True)["id"]
        listed = api.get(f"/v1/responses/{id}/input_items").body
        following = respond(api, "and now?", previous_response_id=id).body
        shown.append((id, api.get(f"/v1/responses/{id}").body, listed, following))

    assert shown[0] == shown[1]


async def leave(api: InProcess, body: Body) -> bytes:
    """A request for a response whose client leaves as soon as it has to wait; the bytes that it was sent."""
    sent = [{"type": "http.request", "body": orjson.dumps(body), "more_body": False}, {"type": "http.disconnect"}]
    got: list[bytes] = []

    async def receive() -> Any:
        return sent.pop(0)

    async def send(message: Any) -> None:
        got.append(message.get("body", b""))

    headers = [(b"authorization", b"Bearer sk-test")]
    scope = {"type": "http", "method": "POST", "path": "/v1/responses", "raw_path": b"/v1/responses"}
    await api.app({**scope, "query_string": b"", "headers": headers}, receive, send)
    return b"".join(got)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "JSON"])
def test_leaving_at_a_hold_ends_a_foreground_response(stream: bool) -> None:
    api = InProcess(HELD)
    got = asyncio.run(leave(api, {"model": "gpt-4o", "input": "hold", "stream": stream}))

    ((id, turn),) = api.turns.items()
    assert (b"response.output_text.delta" in got, b"response.completed" in got) == (stream, False)
    assert (turn.status, turn.held, api.world.active, store_of(api).responses) == ("cancelled", None, {}, {})
    assert api.get(f"/v1/responses/{id}").status == 404
    assert respond(api, "on", previous_response_id=id).error[-1] == "previous_response_not_found"
    assert api.world.check() == []


def test_leaving_a_background_stream_at_a_hold_changes_nothing() -> None:
    api = InProcess(HELD)
    asyncio.run(leave(api, {"model": "gpt-4o", "input": "hold", "stream": True, "background": True}))

    ((id, turn),) = api.turns.items()
    assert (turn.held, get(api, id)["status"]) == ("thinking", "in_progress")
    TurnEngine(api.world).release("thinking")
    assert get(api, id)["status"] == "completed"


# ---- Many at once ----


def test_chains_at_once_see_what_each_would_see_alone(emulate: Emulate, connect: Callable[[Emulator], Api]) -> None:
    emulator = emulate(SCENARIO)
    clients = [connect(emulator) for _ in range(10)]
    answers = [made, streamed]

    def chain(number: int) -> list[Seen]:
        return [on_responses(clients[number], question, answers[number % 2]) for question in QUESTIONS]

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(chain, range(10))) == [EXPECTED] * 10
    emulator.check()
