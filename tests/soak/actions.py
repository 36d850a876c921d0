"""What clients of the soak do: an act is a small story, told whole unless a fault, a reset or the client ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from tests.load.wire import Answer, Wire
from tests.soak.client import Client, Unexpected
from tests.soak.ledger import Sent

Act = Callable[[Client], Awaitable[None]]
ACTS: Final[dict[str, tuple[Act, int]]] = {}

SCENARIO: Final[dict[str, Any]] = {
    "name": "soak",
    "turns": [
        {
            "when": {"message": "weather"},
            "steps": [{"call": {"get_weather": {"city": "Paris"}}}, {"say": "It is {{ get_weather }}."}],
        },
        {"when": {"message": "wait"}, "steps": [{"say": "Let me see."}, {"hold": "gate"}, {"say": "I have seen."}]},
        {"when": {"message": "much"}, "steps": [{"say": " ".join(f"word{n}" for n in range(400))}]},
        {"when": {"message": "search"}, "steps": [{"search": "auto"}, {"say": "Found."}]},
        {"when": {"message": "slow"}, "polls": {"queued": 2, "in_progress": 4}, "steps": [{"say": "At last."}]},
        {"when": {"message": "late"}, "steps": [{"call": {"get_weather": {}}}, {"expire": True}]},
        {"when": {"message": "fail"}, "steps": [{"say": "Well"}, {"fail": "rate_limit_exceeded"}]},
        {"when": {"message": "invent"}, "steps": [{"say": "{{ fake.sentence() }}"}]},
        {"steps": [{"say": "You said {{ message }}."}]},
    ],
}
ENDED: Final = frozenset({"completed", "failed", "cancelled", "expired", "incomplete"})
FUNCTION: Final = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


def act(weight: int) -> Callable[[Act], Act]:
    """Registers an act, and how often it is chosen."""

    def register(function: Act) -> Act:
        ACTS[function.__name__] = (function, weight)
        return function

    return register


async def new_run(client: Client, text: str, **more: Any) -> dict[str, Any]:
    assistant = await client.ask("POST", "/v1/assistants", {"model": "gpt-4o", "tools": [FUNCTION]})
    thread = {"messages": [{"role": "user", "content": text}]}
    return {"assistant_id": assistant["id"], "thread": thread, **more}


async def open_stream(client: Client, text: str, window: int | None = None) -> tuple[Wire, Sent, Answer]:
    """A streamed run of which the head has come, on a connection of its own."""
    body = await new_run(client, text, stream=True)
    wire = await client.new_wire(window)
    try:
        return wire, *await client.begin(wire, "POST", "/v1/threads/runs", body)
    except BaseException:
        await wire.close()
        raise


@act(6)
async def polled_run(client: Client) -> None:
    await _polled(client, client.random.choice(["weather", "slow", "hello", "fail", "late"]))


@act(1)
async def invented_run(client: Client) -> None:
    await _polled(client, "invent")


async def _polled(client: Client, text: str) -> None:
    run = await client.ask("POST", "/v1/threads/runs", await new_run(client, text))
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    for _ in range(30):
        run = await client.ask("GET", path)
        if run["status"] in ENDED:
            break
        if run["status"] == "requires_action":
            calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": call["id"], "output": "sunny"} for call in calls]
            if text == "late":
                continue  # to name it is to find it expired
            if client.random.random() < 0.2:
                await client.ask("POST", f"{path}/cancel", {})
            else:
                await client.ask("POST", f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
    await client.ask("GET", f"/v1/threads/{run['thread_id']}/messages?limit=100")
    await client.ask("GET", f"{path}/steps")
    if run["status"] not in ENDED:
        raise Unexpected(f"{path} is {run['status']} after 30 looks")


@act(6)
async def streamed_run(client: Client) -> None:
    wire, sent, head = await open_stream(client, client.random.choice(["much", "hello", "fail"]))
    try:
        events = await client.stream(wire, sent, head)
        if events[0].name != "thread.created":
            raise Unexpected(f"the first event is {events[0].name}")
    finally:
        await wire.close()


@act(3)
async def stream_with_outputs(client: Client) -> None:
    wire, sent, head = await open_stream(client, "weather")
    try:
        events = await client.stream(wire, sent, head)
        if events[-2].name != "thread.run.requires_action":
            raise Unexpected(f"no call before the end: {events[-2].name}")
        run = events[-2].data
        call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
        path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
        body = {"stream": True, "tool_outputs": [{"tool_call_id": call, "output": "rainy"}]}
        await client.stream(wire, *await client.begin(wire, "POST", path, body))
    finally:
        await wire.close()


@act(6)
async def abandoned_stream(client: Client) -> None:
    """Left after some events: closed, half-closed, or reset."""
    wire, sent, head = await open_stream(client, client.random.choice(["much", "wait", "hello"]))
    try:
        await client.stream(wire, sent, head, most=client.random.choice([1, 2, 3, 5]))
        way = client.random.choice(["close", "half", "reset"])
        if way == "reset":
            wire.reset()
        elif way == "half":
            wire.half_close()
            while await asyncio.wait_for(wire.reader.read(1 << 16), wire.patience):
                continue
    finally:
        await wire.close()


@act(3)
async def abandoned_request(client: Client) -> None:
    """Left before its answer: whether the server has had it is not sure. Or left before it was sent whole."""
    wire = await client.new_wire()
    try:
        if client.random.random() < 0.5:
            await client.send(wire, "POST", "/v1/threads", {})
        else:
            await wire.send_bytes(b"POST /v1/threads HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        if client.random.random() < 0.5:
            wire.reset()
    finally:
        await wire.close()


@act(1)
async def abandoned_wait(client: Client) -> None:
    """Asks to be told when a run stands at the gate, and leaves."""
    wire = await client.new_wire()
    try:
        await wire.send("GET", "/_emulator/holds/gate?timeout=600")
        if client.random.random() < 0.5:
            wire.reset()
    finally:
        await wire.close()


@act(3)
async def held_stream(client: Client) -> None:
    """Stands at a gate that is released, or its run is cancelled, or it is forgotten."""
    wire, sent, head = await open_stream(client, "wait")
    try:
        events = await client.stream(wire, sent, head, most=2)
        if events[-1].name != "thread.run.created":
            raise Unexpected(f"the second event is {events[-1].name}")
        run = events[-1].data
        end = client.random.choice(["release", "cancel", "forget"])
        if end == "release":
            await client.admin("POST", "/holds/gate/release")
        elif end == "cancel":
            with suppress(Unexpected):  # another client has released the gate already, and the run is over
                await client.ask("POST", f"/v1/threads/{run['thread_id']}/runs/{run['id']}/cancel", {})
        if end != "forget":
            await client.stream(wire, sent, head)
    finally:
        await wire.close()


@act(3)
async def cancelled_run(client: Client) -> None:
    """Early, or after some looks."""
    run = await client.ask("POST", "/v1/threads/runs", await new_run(client, "slow"))
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    for _ in range(client.random.randrange(4)):
        await client.ask("GET", path)
    await client.ask("POST", f"{path}/cancel", {})
    for _ in range(5):
        if (await client.ask("GET", path))["status"] == "cancelled":
            return
    raise Unexpected(f"{path} is not cancelled after 5 looks")


@act(2)
async def slow_reader(client: Client) -> None:
    """Takes its stream in small pieces, and others come between."""
    wire, sent, head = await open_stream(client, "much", 4096)
    try:
        await client.stream(wire, sent, head)
    finally:
        await wire.close()


@act(4)
async def objects(client: Client) -> None:
    """Makes, changes, lists and deletes."""
    assistant = await client.ask("POST", "/v1/assistants", {"model": "gpt-4o", "name": "x" * 50})
    await client.ask("POST", f"/v1/assistants/{assistant['id']}", {"name": "other"})
    thread = await client.ask("POST", "/v1/threads", {"metadata": {"a": "b"}})
    path = f"/v1/threads/{thread['id']}"
    for number in range(client.random.randrange(1, 8)):
        await client.ask("POST", f"{path}/messages", {"role": "user", "content": f"message {number} " * 20})
    page = await client.ask("GET", f"{path}/messages?limit=3&order=asc")
    await client.ask("GET", f"{path}/messages?after={page['last_id']}")
    await client.ask("DELETE", f"{path}/messages/{page['first_id']}")
    await client.ask("DELETE", path)
    await client.ask("GET", path, status=404)
    await client.ask("DELETE", f"/v1/assistants/{assistant['id']}")
    await client.ask("GET", "/v1/assistants?limit=20")


@act(3)
async def bad_requests(client: Client) -> None:
    """Each is refused in the service's words, and nothing else comes of it."""
    deep = b'{"metadata":' + b'{"a":' * 200 + b"1" + b"}" * 201
    for method, path, body, headers, status in (
        ("POST", "/v1/threads", b"{", {}, 400),
        ("POST", "/v1/threads", deep, {}, 400),
        ("POST", "/v1/assistants", {}, {}, 400),
        ("POST", "/v1/assistants", {"model": 7, "tools": "x"}, {}, 400),
        ("GET", "/v1/threads/thread_nowhere", None, {}, 404),
        ("GET", "/v1/assistants", None, {"OpenAI-Beta": ""}, 400),
        ("GET", "/v1/assistants?limit=x", None, {}, 400),
        ("GET", "/v1/nothing/here", None, {}, 404),
        ("DELETE", "/v1/files/file-nowhere", None, {}, 404),
    ):
        await client.ask(method, path, body, headers, status=status)
    wire = await client.new_wire()
    try:
        await wire.send_bytes(b"\x00\x01nonsense\r\n\r\n")
        if (refused := await wire.answer()).status != 400:
            raise Unexpected(f"nonsense is answered {refused.status}")
    finally:
        await wire.close()
