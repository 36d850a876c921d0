"""What is read beside a response: input items and their pages, what ``include`` shows, tokens, usage."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.responses.driving import CODE, Body, function, get, items, made, outputs, respond, search
from tests.support import InProcess

GIVEN: Body = {
    "files": [{"id": "file-menu", "filename": "menu.md", "purpose": "assistants", "content": "Soup on Mondays."}],
    "vector_stores": [{"id": "vs_menu", "file_ids": ["file-menu"]}],
}
TOOLS: Body = {
    "given": GIVEN,
    "turns": [
        {
            "steps": [
                {"search": {"query": "monday", "results": [{"file": "menu.md", "text": "Soup", "score": 0.5}]}},
                {
                    "code": {
                        "input": "plot()",
                        "logs": "done\n",
                        "images": [{"filename": "a.png", "base64": "iVBORw0KGgo="}],
                    }
                },
                {"say": "Look."},
            ]
        }
    ],
}
RESULTS, OUTPUTS = "file_search_call.results", "code_interpreter_call.outputs"
FOUND = {
    "attributes": {},
    "file_id": "file-menu",
    "filename": "menu.md",
    "score": 0.5,
    "text": "Soup",
    "vector_store_id": "vs_menu",
}
SHOWN = [{"type": "logs", "logs": "done\n"}, {"type": "image", "url": "data:image/png;base64,iVBORw0KGgo="}]


# ---- include ----


def seen(response: Body) -> tuple[Any, Any]:
    """The results and the outputs that a response shows."""
    return items(response, "file_search_call")[0]["results"], items(response, "code_interpreter_call")[0]["outputs"]


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"background": True, "stream": True}])
@pytest.mark.parametrize(
    ("include", "shown"),
    [
        ([], (None, None)),
        ([RESULTS], ([FOUND], None)),
        ([OUTPUTS], (None, SHOWN)),
        ([RESULTS, OUTPUTS], ([FOUND], SHOWN)),
    ],
)
def test_results_and_outputs_are_shown_to_those_who_ask(include: list[str], shown: Any, more: Body) -> None:
    api = InProcess(TOOLS)
    response = made(api, tools=[search("vs_menu"), CODE], include=include, **more)

    assert seen(response) == shown
    assert seen(get(api, response["id"])) == (None, None)
    query = "?" + "&".join(f"include[]={one}" for one in include)
    assert seen(get(api, response["id"], query)) == shown


def test_a_call_that_begins_has_no_results_yet() -> None:
    api = InProcess(TOOLS)
    reply = respond(api, tools=[search("vs_menu"), CODE], include=[RESULTS, OUTPUTS], stream=True)
    added = [event.json()["item"] for event in reply.events if event.event == "response.output_item.added"]

    assert [added[0][key] for key in ("queries", "results")] == [[], None]
    assert [added[1][key] for key in ("code", "outputs")] == ["", []]


def test_image_urls_of_the_input_are_shown_to_those_who_ask() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "A cat."}]}]})
    url = "data:image/png;base64,iVBORw0KGgo="
    parts = [{"type": "input_image", "image_url": url}, {"type": "input_file", "filename": "x.pdf", "file_data": url}]
    path = f"/v1/responses/{made(api, [{'role': 'user', 'content': parts}])['id']}/input_items"

    image: Body = {"type": "input_image", "detail": "auto", "file_id": None, "image_url": None}
    file = {"type": "input_file", "file_id": None, "filename": "x.pdf"}
    assert api.get(path).json["data"][0]["content"] == [image, file]
    asked = api.get(f"{path}?include[]=message.input_image.image_url").json["data"][0]["content"]
    assert asked == [{**image, "image_url": url}, file]


# ---- Input items ----


def test_the_input_items_of_a_chain_come_in_pages() -> None:
    api = InProcess({"turns": [{"steps": [{"call": {"find": {}}}, {"say": "{{ find }}"}]}]})
    first = made(
        api, [{"role": "system", "content": "Hm."}, {"role": "user", "content": "hi"}], tools=[function("find")]
    )
    second = made(api, outputs(first, "found"), previous_response_id=first["id"], instructions="No item.")
    path = f"/v1/responses/{second['id']}/input_items"

    newest_first = api.get(path).json
    assert list(newest_first) == ["object", "data", "first_id", "has_more", "last_id"]
    assert [item.get("role", item["type"]) for item in newest_first["data"]] == [
        "function_call_output",
        "function_call",
        "user",
        "system",
    ]
    ids = [item["id"] for item in newest_first["data"]]
    assert ids[1] == first["output"][0]["id"]
    assert ids[0].startswith("fc_")
    assert (newest_first["first_id"], newest_first["last_id"], newest_first["has_more"]) == (ids[0], ids[-1], False)
    assert [item["id"] for item in api.get(f"{path}?order=asc").json["data"]] == ids[::-1]

    walked, after = [], ""
    while True:
        page = api.get(f"{path}?limit=3{after}").json
        walked += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert walked == ids


def test_a_page_without_items() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Hello."}]}]})
    first = made(api)
    path = f"/v1/responses/{first['id']}/input_items"
    only = api.get(path).json["data"][0]

    assert only["content"] == [{"type": "input_text", "text": "hi"}]
    empty: Body = {"object": "list", "data": [], "first_id": None, "has_more": False, "last_id": None}
    assert api.get(f"{path}?after={only['id']}").json == empty


# ---- Tokens ----


def test_tokens_of_an_input_are_those_of_its_response() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Hello."}]}]})
    body = {"instructions": "Be brief.", "tools": [function("find")]}
    first = made(api, "Tell me a joke.", **body)
    counted = api.post("/v1/responses/input_tokens", {"model": "gpt-4o", "input": "Tell me a joke.", **body})

    expected = {"object": "response.input_tokens", "input_tokens": first["usage"]["input_tokens"]}
    assert counted.json == expected
    more = api.post(
        "/v1/responses/input_tokens", {"model": "gpt-4o", "input": "x", "previous_response_id": first["id"]}
    )
    assert more.json["input_tokens"] == made(api, "x", previous_response_id=first["id"])["usage"]["input_tokens"]
    assert len(api.turns) == 2


def test_what_was_read_before_counts_again() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Hello."}]}]})
    first = made(api, "Tell me a joke.")
    second = made(api, "Tell me a joke.", previous_response_id=first["id"])

    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    assert second["usage"]["total_tokens"] == second["usage"]["input_tokens"] + second["usage"]["output_tokens"]


def usages(scenario: Body, rounds: int) -> list[tuple[int, int]]:
    """The tokens of the responses of a turn that calls so often."""
    api = InProcess(scenario)
    response = made(api, tools=[function("find")])
    found = [response["usage"]]
    for _ in range(rounds):
        response = made(api, outputs(response, "x"), previous_response_id=response["id"], tools=[function("find")])
        found.append(response["usage"])
    return [(usage["input_tokens"], usage["output_tokens"]) for usage in found]


CALL: Body = {"call": {"find": {}}}


def test_the_usage_of_a_turn_is_split_and_the_last_gets_the_remainder() -> None:
    turn = {"steps": [CALL, CALL, {"say": "Done."}], "usage": {"prompt_tokens": 32, "completion_tokens": 10}}

    assert usages({"turns": [turn]}, 2) == [(10, 3), (10, 3), (12, 4)]


def test_usage_beside_steps_is_that_of_their_response() -> None:
    steps = [
        {"say": "Well.", "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
        {**CALL, "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
        {"say": "Done.", "usage": {"prompt_tokens": 9, "completion_tokens": 1}},
    ]

    assert usages({"turns": [{"steps": steps}]}, 1) == [(12, 5), (9, 1)]


def test_reasoning_counts_as_output() -> None:
    api = InProcess({"turns": [{"steps": [{"reason": "I have to think about it."}, {"say": "Yes."}]}]})
    usage = made(api)["usage"]

    assert 0 < usage["output_tokens_details"]["reasoning_tokens"] < usage["output_tokens"]
