"""What the tests of responses share: requests as clients send them, and what they read of the answers."""

from __future__ import annotations

from typing import Any

from emulator.apis.responses.store import ResponsesStore, responses_of
from tests.support import Api, InProcess, Reply

Body = dict[str, Any]

CODE: Body = {"type": "code_interpreter", "container": {"type": "auto"}}


def function(name: str, **properties: Any) -> Body:
    """A function with these parameters, none of which is required."""
    return {
        "type": "function",
        "name": name,
        "parameters": {"type": "object", "properties": properties},
        "strict": False,
    }


def search(*stores: str) -> Body:
    """File search in these vector stores."""
    return {"type": "file_search", "vector_store_ids": list(stores)}


def respond(api: Api, input: Any = "hi", **more: Any) -> Reply:
    """Creates a response; with ``stream=True`` reads its stream to the end."""
    body = {"model": "gpt-4o", **({} if input is None else {"input": input}), **more}
    return api.post("/v1/responses", body)


def made(api: Api, input: Any = "hi", **more: Any) -> Body:
    """A response that the request is given, whether as JSON or as a stream."""
    reply = respond(api, input, **more)
    assert reply.status == 200, reply.body
    if not more.get("stream"):
        body: Body = reply.json
        return body
    last: Body = reply.events[-1].json()["response"]
    return last


def get(api: Api, id: str, query: str = "") -> Body:
    reply = api.get(f"/v1/responses/{id}{query}")
    assert reply.status == 200, reply.body
    body: Body = reply.json
    return body


def items(response: Body, type: str) -> list[Body]:
    """The items of that kind in a response's output."""
    return [item for item in response["output"] if item["type"] == type]


def text(response: Body) -> str:
    """All texts and refusals that a response says."""
    parts = [part for item in items(response, "message") for part in item["content"]]
    return "|".join(part.get("text", part.get("refusal", "")) for part in parts)


def outputs(response: Body, *values: str) -> list[Body]:
    """Outputs for the calls of a response, in their order; the last value is for all that are left."""
    calls = items(response, "function_call")
    filled = [*values, *[values[-1]] * (len(calls) - len(values))]
    return [
        {"type": "function_call_output", "call_id": call["call_id"], "output": value}
        for call, value in zip(calls, filled, strict=True)
    ]


def user(said: str) -> Body:
    return {"role": "user", "content": said}


def problems(api: InProcess) -> list[tuple[str, str]]:
    """Kind and message of all problems of the world."""
    return [(problem.kind, problem.message) for problem in api.world.check()]


def store_of(api: InProcess) -> ResponsesStore:
    return responses_of(api.world)
