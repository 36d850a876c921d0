"""More acts: files and stores, the SDKs, and those who meddle: resets, faults, scenarios, the clock."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tests.load.wire import BrokenOff, form_bytes, request_bytes
from tests.soak.actions import FUNCTION, SCENARIO, act, new_run
from tests.soak.client import Client, Unexpected
from tests.soak.ledger import SERIAL


async def _upload(client: Client, path: str, field: str, content: bytes, **fields: str) -> Any:
    body, headers = form_bytes(fields, field, "notes.txt", content)
    return await client.ask("POST", path, body, headers)


def _text(client: Client, size: int) -> bytes:
    words = ["river", "bridge", "castle", "harvest", "signal", "copper", "winter", "market"]
    line = " ".join(client.random.choices(words, k=12)).encode() + b".\n"
    return line * (size // len(line) + 1)


@act(3)
async def files(client: Client) -> None:
    """Up, down (to the end, or not), away."""
    size = client.random.choice([100, 50_000, 1_500_000, 4_000_000])
    file = await _upload(client, "/v1/files", "file", _text(client, size), purpose="user_data")
    wire = await client.new_wire()
    try:
        sent, head = await client.begin(wire, "GET", f"/v1/files/{file['id']}/content")
        if client.random.random() < 0.7:
            got = sum([len(piece) async for piece in wire.pieces(head)])
            if got != file["bytes"]:
                raise Unexpected(f"{got} of {file['bytes']} bytes")
            sent.whole = True
        else:
            wire.reset()
    except BrokenOff as error:
        sent.broken = str(error)
        raise
    finally:
        await wire.close()
    if client.random.random() < 0.8:
        await client.ask("DELETE", f"/v1/files/{file['id']}")


@act(2)
async def upload_in_parts(client: Client) -> None:
    parts = [_text(client, client.random.choice([1000, 700_000])) for _ in range(3)]
    total = sum(map(len, parts))
    body = {"filename": "parts.txt", "purpose": "assistants", "bytes": total, "mime_type": "text/plain"}
    upload = await client.ask("POST", "/v1/uploads", body)
    path = f"/v1/uploads/{upload['id']}"
    ids = [(await _upload(client, f"{path}/parts", "data", part))["id"] for part in parts]
    if client.random.random() < 0.3:
        await client.ask("POST", f"{path}/cancel", {})
        return
    done = await client.ask("POST", f"{path}/complete", {"part_ids": ids})
    await client.ask("DELETE", f"/v1/files/{done['file']['id']}")


@act(2)
async def abandoned_upload(client: Client) -> None:
    """Left in the middle of the file: the request has never been."""
    body, headers = form_bytes({"purpose": "assistants"}, "file", "half.txt", _text(client, 2_500_000))
    wire = await client.new_wire()
    try:
        whole = request_bytes("POST", "/v1/files", wire.key, body, {**headers, SERIAL: "half"})
        await wire.send_bytes(whole[: client.random.choice([2000, 900_000, 2_000_000])])
        if client.random.random() < 0.5:
            wire.reset()
    finally:
        await wire.close()


@act(2)
async def search(client: Client) -> None:
    file = await _upload(client, "/v1/files", "file", _text(client, 20_000), purpose="assistants")
    store = await client.ask("POST", "/v1/vector_stores", {"file_ids": [file["id"]], "name": "soak"})
    path = f"/v1/vector_stores/{store['id']}"
    for _ in range(10):
        if (await client.ask("GET", path))["status"] == "completed":
            break
    await client.ask("POST", f"{path}/search", {"query": "copper castle"})
    body = await new_run(client, "search", tools=[{"type": "file_search"}])
    body["tool_resources"] = {"file_search": {"vector_store_ids": [store["id"]]}}
    run = await client.ask("POST", "/v1/threads/runs", body)
    for _ in range(5):
        await client.ask("GET", f"/v1/threads/{run['thread_id']}/runs/{run['id']}")
    await client.ask("DELETE", f"{path}/files/{file['id']}")
    await client.ask("DELETE", path)
    await client.ask("DELETE", f"/v1/files/{file['id']}")


def _sdk_story(client: Client) -> str:
    sdk = client.sdk
    assistant = sdk.beta.assistants.create(model="gpt-4o", tools=[FUNCTION])  # type: ignore[list-item]
    thread = sdk.beta.threads.create(messages=[{"role": "user", "content": "hello"}])
    run = sdk.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    sdk.beta.threads.messages.list(thread.id)
    sdk.beta.threads.delete(thread.id)
    return run.status


@act(3)
async def by_the_sdk(client: Client) -> None:
    try:
        status = await asyncio.to_thread(_sdk_story, client)
    except Exception as error:  # an answer that was spoilt may raise anything there
        raise client.sdk_failed(error) from error
    if status != "completed":
        raise Unexpected(f"the SDK's run is {status}")


@act(3)
async def by_the_async_sdk(client: Client) -> None:
    beta = client.async_sdk.beta
    try:
        assistant = await beta.assistants.create(model="gpt-4o")
        thread = await beta.threads.create(messages=[{"role": "user", "content": "much"}])
        async with beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
            await stream.until_done()
        await beta.assistants.delete(assistant.id)
    except Exception as error:  # an answer that was spoilt may raise anything there
        raise client.sdk_failed(error) from error


@act(2)
async def looks_from_outside(client: Client) -> None:
    for path in ("/state", "/runs", "/check", "/scenarios", "/faults"):
        await client.admin("GET", path)


@act(1)
async def clock(client: Client) -> None:
    """Plays what is due, also of runs that others look at."""
    if client.scene.kind != "calm":
        await client.admin("POST", "/clock/advance", {"seconds": client.random.choice([0, 5, 60])})


@act(2)
async def scenario(client: Client) -> None:
    """The same one again, so that it replaces itself, or one beside it that is asked for nothing."""
    if client.scene.kind == "calm":
        return
    other = {"name": f"beside-{client.random.randrange(5)}", "turns": [{"when": {"message": "nobody"}, "steps": []}]}
    await client.admin("POST", "/scenarios", client.random.choice([SCENARIO, other]))


@act(2)
async def reset(client: Client) -> None:
    """The world ends under all who are in it; sometimes it comes back as it was."""
    if client.scene.kind != "stormy":
        return
    client.scene.books.was_reset = True
    await client.admin("POST", "/reset", {})
    await client.admin("POST", "/scenarios", SCENARIO)
    if client.random.random() < 0.3:
        try:
            await client.admin("POST", "/baseline")
            await client.admin("POST", "/reset", {})
        finally:
            await client.admin("DELETE", "/baseline?all=true")


FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 429},
    {"kind": "error", "status": 503, "after": 3},
    {"kind": "delay", "seconds": 0.05},
    {"kind": "stall"},
    {"kind": "stall", "after": 2},
    {"kind": "disconnect"},
    {"kind": "disconnect", "after": 4},
    {"kind": "truncate"},
    {"kind": "slice", "bytes": 7},
    {"kind": "garble"},
    {"kind": "garble", "after": 1},
)


@act(9)
async def fault(client: Client) -> None:
    if client.scene.kind != "faulty":
        return
    said = client.random.choice(FAULTS)
    operation = (
        "create_thread_and_run"
        if "after" in said
        else client.random.choice(
            ["*", "get_run", "create_thread", "create_file", "download_file", "create_thread_and_run", "list_messages"]
        )
    )
    await client.admin("POST", "/faults", {**said, "operation": operation, "times": client.random.choice([1, 2])})
    client.scene.faults[said["kind"]] += 1
