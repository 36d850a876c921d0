"""Acts on the Responses API and its conversations, in the same worlds and of the same turns."""

from __future__ import annotations

from typing import Any, Final

from tests.soak.actions import ENDED, act
from tests.soak.client import Client, Unexpected

ENDS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})
FUNCTION: Final = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}


def _asks(text: str | list[Any], **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "input": text, "tools": [FUNCTION], **more}


def _outputs(response: dict[str, Any]) -> list[dict[str, Any]]:
    """What the calls of a response come to."""
    calls = (item for item in response["output"] if item["type"] == "function_call")
    return [{"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"} for call in calls]


@act(5)
async def response(client: Client) -> None:
    """With its calls, its items and its end."""
    made = await client.ask("POST", "/v1/responses", _asks(client.random.choice(["weather", "hello", "fail", "much"])))
    if outputs := _outputs(made):
        more = _asks(outputs, previous_response_id=made["id"])
        made = await client.ask("POST", "/v1/responses", more)
    path = f"/v1/responses/{made['id']}"
    if made["status"] not in ENDED or (await client.ask("GET", path))["status"] != made["status"]:
        raise Unexpected(f"{path} is {made['status']}")
    await client.ask("GET", f"{path}/input_items")
    if client.random.random() < 0.5:
        await client.ask("DELETE", path)
        await client.ask("GET", path, status=404)


@act(5)
async def streamed_response(client: Client) -> None:
    wire = await client.new_wire()
    try:
        body = _asks(client.random.choice(["much", "hello", "fail"]), stream=True)
        events = await client.stream(wire, *await client.begin(wire, "POST", "/v1/responses", body), ends=ENDS)
        numbers = [event.data["sequence_number"] for event in events]
        if events[0].name != "response.created" or numbers != list(range(len(events))):
            raise Unexpected(f"the stream begins with {events[0].name} and numbers its events {numbers[:20]}")
    finally:
        await wire.close()


@act(3)
async def abandoned_response(client: Client) -> None:
    """Left after some events."""
    wire = await client.new_wire()
    try:
        body = _asks(client.random.choice(["much", "wait"]), stream=True)
        sent, head = await client.begin(wire, "POST", "/v1/responses", body)
        await client.stream(wire, sent, head, most=client.random.choice([1, 2, 4]))
        if client.random.random() < 0.5:
            wire.reset()
    finally:
        await wire.close()


@act(3)
async def background_response(client: Client) -> None:
    """Polled to its end, or cancelled."""
    made = await client.ask("POST", "/v1/responses", _asks("slow", background=True))
    path = f"/v1/responses/{made['id']}"
    if client.random.random() < 0.3:
        await client.ask("POST", f"{path}/cancel", {})
    for _ in range(30):
        if made["status"] in ENDED:
            return
        made = await client.ask("GET", path)
    raise Unexpected(f"{path} is {made['status']} after 30 looks")


@act(2)
async def resumed_response(client: Client) -> None:
    """Stands at a gate, is left, and is read on from where its reader was, once the gate is open."""
    wire = await client.new_wire()
    try:
        body = _asks("wait", background=True, stream=True)
        events = await client.stream(wire, *await client.begin(wire, "POST", "/v1/responses", body), most=2)
    finally:
        await wire.close()
    await client.admin("POST", "/holds/gate/release")
    seen, id = events[-1].data["sequence_number"], events[0].data["response"]["id"]
    wire = await client.new_wire()
    try:
        path = f"/v1/responses/{id}?stream=true&starting_after={seen}"
        sent, head = await client.begin(wire, "GET", path)
        if head.status == 400:  # others have moved the clock by more than the five minutes for which it can be read
            return
        events = await client.stream(wire, sent, head, ends=ENDS)
        if events[0].data["sequence_number"] != seen + 1:
            raise Unexpected(f"{path} goes on with {events[0].data}")
    finally:
        await wire.close()


@act(3)
async def conversation(client: Client) -> None:
    """Has the items of its responses in their order, until it is deleted."""
    made = await client.ask("POST", "/v1/conversations", {"metadata": {"a": "b"}})
    path, asked = f"/v1/conversations/{made['id']}", client.random.randrange(1, 4)
    for number in range(asked):
        await client.ask("POST", "/v1/responses", _asks(f"hello {number}", conversation=made["id"]))
    page = await client.ask("GET", f"{path}/items?limit=100&order=asc")
    said = [item["content"][0]["text"] for item in page["data"] if item["role"] == "user"]
    if said != [f"hello {number}" for number in range(asked)]:
        raise Unexpected(f"{path} has {said}")
    await client.ask("DELETE", f"{path}/items/{page['first_id']}")
    await client.ask("DELETE", path)
    await client.ask("GET", path, status=404)


@act(3)
async def response_by_the_async_sdk(client: Client) -> None:
    """Streamed, and asked on from what came."""
    responses = client.async_sdk.responses
    try:
        async with responses.stream(model="gpt-4o", input="hello") as stream:
            first = await stream.get_final_response()
        second = await responses.create(model="gpt-4o", input="again", previous_response_id=first.id)
    except Exception as error:  # an answer that was spoilt may raise anything there
        raise client.sdk_failed(error) from error
    if second.output_text != "You said again.":
        raise Unexpected(f"the SDK's response says {second.output_text!r}")
