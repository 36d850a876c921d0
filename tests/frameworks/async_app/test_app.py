"""The tests of the service. Nothing in them depends on the plugin that runs coroutines."""

import asyncio

import pytest

pytestmark = pytest.mark.assistants_emulator("service.yaml")


async def ask(http, chat, text):
    response = await http.post(f"/chats/{chat}/questions", json={"text": text})
    return response.status_code, response.json()


async def test_a_question_is_answered(http, chat):
    assert await ask(http, chat, "Hello") == (200, {"status": "completed", "answer": "You said: Hello"})


async def test_a_chat_remembers(http, chat, assistants_emulator):
    await ask(http, chat, "One")
    await ask(http, chat, "Two")
    assert len(assistants_emulator.runs()) == 2


@pytest.mark.parametrize("text", ["Hello", "Good morning"])
async def test_an_answer_is_streamed(http, chat, text):
    response = await http.post(f"/chats/{chat}/stream", json={"text": text})
    assert response.text == f"You said: {text}"


async def test_a_stream_comes_in_pieces(http, chat):
    async with http.stream("POST", f"/chats/{chat}/stream", json={"text": "Hi"}) as response:
        assert [piece async for piece in response.aiter_text()] != []


async def test_a_tool_is_called(http, chat):
    assert (await ask(http, chat, "The weather?"))[1]["answer"] == "It is 21 degrees in Paris."


async def test_two_tools_are_called(http, chat):
    assert (await ask(http, chat, "And both?"))[1]["answer"] == "2 cities are warm."


async def test_the_stop_button(http, chat, assistants_emulator):
    asked = asyncio.create_task(ask(http, chat, "A poem"))
    await assistants_emulator.wait_held_async("writing")
    assert (await http.post(f"/chats/{chat}/stop")).json()["status"] == "cancelling"
    assert (await asked)[1] == {"status": "cancelled", "answer": None}


async def test_a_rate_limit_is_retried(http, chat, assistants_emulator):
    limit = {"operation": "create_run", "kind": "error", "status": 429, "headers": {"retry-after-ms": "1"}}
    assistants_emulator.inject({**limit, "times": 1})
    assert (await ask(http, chat, "Hello"))[0] == 200


async def test_a_rate_limit_that_stays_is_told(http, chat, assistants_emulator):
    limit = {"operation": "create_run", "kind": "error", "status": 429, "headers": {"retry-after-ms": "1"}}
    assistants_emulator.inject(limit)
    assert await ask(http, chat, "Hello") == (503, {"detail": "too busy"})


async def test_a_run_that_fails(http, chat):
    assert await ask(http, chat, "Please fail") == (200, {"status": "failed", "answer": None})


async def test_a_file_is_uploaded(http, assistants_emulator):
    made = (await http.post("/documents", files={"file": ("menu.md", b"Soup")})).json()
    assert made["name"] == "menu.md"
    assert len(assistants_emulator.requests("create_file")) == 1
