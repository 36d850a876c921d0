"""Event loops: clients that outlive theirs, and verbs that would block one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
from openai import AsyncOpenAI

from emulator import Emulator
from emulator.base.problems import CheckFailed, EmulatorError
from emulator.control.client import Control
from emulator.testing.own_emulator import OwnEmulator

HELD = {"turns": [{"steps": [{"hold": "typing"}, {"say": "Hello!"}]}]}
Verb = Callable[[Control], Any]
AsyncVerb = Callable[[Control], Awaitable[Any]]


async def held_turn(control: Control) -> Any:
    """A run that stands at its hold."""
    async with AsyncOpenAI(base_url=control.base_url, api_key=control.api_key) as client:
        assistant = await client.beta.assistants.create(model="gpt-4o")
        thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        return await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_twins_let_the_application_run_on() -> None:
    async def use(emulator: Emulator) -> str:
        run = asyncio.create_task(held_turn(emulator))
        held = await emulator.wait_held_async("typing")
        await emulator.advance_async(5)
        await emulator.release_async("typing")
        ended = await run
        assert (held, ended.status) == (ended.id, "completed")
        await emulator.check_async()
        await emulator.reset_async(seed=2)
        assert not emulator.requests()
        return held

    with Emulator(HELD) as emulator:
        assert asyncio.run(use(emulator)).startswith("run_")


def test_a_twin_raises_what_its_verb_raises() -> None:
    async def use(control: Control) -> None:
        with pytest.raises(EmulatorError, match="there is no hold 'typed'"):
            await control.wait_held_async("typed")
        with pytest.raises(EmulatorError, match="no run reached the hold"):
            await control.wait_held_async("typing", timeout=0)
        await control.check_async()

    with Emulator(HELD) as emulator:
        asyncio.run(use(emulator))
        asyncio.run(use(Control(emulator.url, emulator.api_key)))
        with httpx.Client(headers={"authorization": "Bearer k"}) as client:
            client.get(f"{emulator.base_url}/nowhere")
        with pytest.raises(CheckFailed):
            asyncio.run(emulator.check_async())


@pytest.mark.parametrize(
    ("verb", "twin"),
    [
        (lambda control: control.wait_held("typing"), "wait_held() would block the event loop"),
        (lambda control: control.advance(1), "advance() would block the event loop"),
    ],
)
def test_a_verb_that_waits_refuses_to_block_an_event_loop(verb: Verb, twin: str) -> None:
    async def use(control: Control) -> str:
        with pytest.raises(EmulatorError) as error:
            verb(control)
        return str(error.value)

    with Emulator(HELD) as emulator:
        said = asyncio.run(use(emulator))
        assert said.startswith(twin)
        assert f"use `await {twin.partition('(')[0]}_async(…)`" in said
        assert asyncio.run(use(Control(emulator.url, emulator.api_key))) == said


def test_a_twin_works_with_trio_too() -> None:
    trio = pytest.importorskip("trio")

    async def use(control: Control) -> None:
        with pytest.raises(EmulatorError, match="advance_async"):
            control.advance(1)
        await control.advance_async(1)

    with Emulator() as emulator:
        trio.run(use, emulator)


def test_in_place_of_sleep_advance_works_in_a_loop_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application that sleeps in a coroutine blocks its loop by itself."""

    async def application() -> None:
        time.sleep(5)
        await asyncio.sleep(7)
        await anyio.sleep(0)

    with Emulator() as emulator:
        monkeypatch.setattr("time.sleep", emulator.advance)
        monkeypatch.setattr("asyncio.sleep", emulator.advance_async)
        before = emulator.state()["now"]
        asyncio.run(application())
        assert emulator.state()["now"] == before + 12


# ---- Clients of many loops ----


@pytest.mark.parametrize(
    ("headers", "closes"),
    [
        ({"x-stainless-async": "false"}, False),
        ({"x-stainless-async": "async:asyncio"}, True),
        ({}, True),
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/models", None),
        ("GET", "/v1/threads/none", None),
        ("POST", "/v1/responses", {"model": "gpt-4o", "input": "Hi", "stream": True}),
        ("POST", "/v1/files", None),
        ("GET", "/_emulator/state", None),
    ],
)
def test_a_connection_ends_with_its_response_but_for_the_synchronous_sdk(
    method: str, path: str, body: object, headers: dict[str, str], closes: bool
) -> None:
    emulator = OwnEmulator({"turns": [{"steps": [{"say": "Hello!"}]}]})
    emulator.start()
    with httpx.Client(base_url=emulator.url, headers={"authorization": "Bearer k", **headers}) as client:
        files = {"file": b"hi"} if path == "/v1/files" else None
        response = client.request(method, path, json=body, files=files)
        assert (response.headers.get("connection") == "close") is closes
        assert response.content
        again = client.request(method, path, json=body, files=files)
        assert again.status_code == response.status_code
    emulator.end()


def test_each_key_of_a_server_says_whether_its_connections_end() -> None:
    with Emulator(worlds="key") as server:
        Control(server.url, "many").end_connections()
        with httpx.Client(base_url=server.base_url) as client:

            def closes(key: str, **headers: str) -> bool:
                response = client.get("/models", headers={"authorization": f"Bearer {key}", **headers})
                return bool(response.headers.get("connection") == "close")

            assert (closes("many"), closes("other"), client.get("/models").status_code) == (True, False, 401)
            assert not closes("many", **{"x-stainless-async": "false"})
            Control(server.url, "many").reset()
            assert closes("many")
            Control(server.url, "many").keep_connections()
            assert not closes("many")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_client_of_an_ended_loop_works_in_the_next() -> None:
    emulator = OwnEmulator({"turns": [{"steps": [{"say": "Hello!"}]}]})
    emulator.start()
    client = AsyncOpenAI(base_url=emulator.base_url, api_key="k", max_retries=0)

    async def use() -> list[str]:
        assistant = await client.beta.assistants.create(model="gpt-4o")
        thread: Any = {"messages": [{"role": "user", "content": "Hi"}]}
        async with client.beta.threads.create_and_run_stream(assistant_id=assistant.id, thread=thread) as stream:
            return [delta async for delta in stream.text_deltas]

    assert [asyncio.run(use()) for _ in range(3)] == [["Hello", "!"]] * 3
    emulator.end()
