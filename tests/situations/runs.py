"""What an application meets when its runs expire, are cancelled, wait for tools, or are not alone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import openai
import pytest
from openai import OpenAI
from openai.types.beta.threads import Run
from openai.types.beta.threads.runs import FileSearchToolCall

from emulator import Emulator
from tests.situations.registry import answers, begin, calls_of, client_of, listen, situation

# ---- Runs that end otherwise ----


@situation()
def poll_meets_expired(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    run = client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)
    seen: list[str] = []
    while run.status in ("queued", "in_progress"):
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread)
        seen.append(run.status)

    assert seen == ["in_progress", "expired"]
    assert answers(client, thread) == ["Let me think."]


@situation()
def cancel_too_late(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    run = client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    assert client.beta.threads.runs.cancel(run.id, thread_id=thread).status == "cancelling"

    assert client.beta.threads.runs.poll(run.id, thread_id=thread).status == "completed"
    assert answers(client, thread) == ["Done already."]


@situation()
def cancel_in_message(emulator: Emulator, client: OpenAI) -> None:
    """An application with a stop button: while one thread of it reads the stream, another one cancels."""
    thread, assistant = begin(client)
    heard: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(listen, client, thread, assistant, heard)
        run = emulator.wait_held("half way")
        client.beta.threads.runs.cancel(run, thread_id=thread)
        reading.result()

    assert heard[-4:] == [
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
    ]
    assert answers(client, thread) == ["Once upon a time"]
    (step,) = client.beta.threads.runs.steps.list(run, thread_id=thread)
    assert step.status == "cancelled"


@situation()
def sleeping_app(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    run = client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", emulator.advance)
        run, naps = wait_on_run(client, run)

    assert (run.status, naps) == ("completed", 3)
    assert run.completed_at is not None
    assert run.completed_at - run.created_at >= 20


def wait_on_run(client: OpenAI, run: Run) -> tuple[Run, int]:
    """As half of the applications out there have it."""
    naps = 0
    while run.status in ("queued", "in_progress"):
        time.sleep(10)
        naps += 1
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    return run, naps


@situation()
def still_indexing(emulator: Emulator, client: OpenAI) -> None:
    store = client.vector_stores.create(file_ids=["file-menu"])
    assistant = client.beta.assistants.create(
        model="gpt-4o",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    thread, _ = begin(client, "What is the soup?", assistant.id)

    assert _found(client, thread, assistant.id) == []
    client.vector_stores.files.poll("file-menu", vector_store_id=store.id)
    assert _found(client, thread, assistant.id) == ["menu.md"]


def _found(client: OpenAI, thread: str, assistant: str) -> list[str | None]:
    """The files in which the search of a run found something."""
    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant)
    step = client.beta.threads.runs.steps.list(run.id, thread_id=thread, order="asc").data[0]
    assert step.step_details.type == "tool_calls"
    (call,) = step.step_details.tool_calls
    assert isinstance(call, FileSearchToolCall)
    return [result.file_name for result in call.file_search.results or []]


# ---- Tools ----


def ask(client: OpenAI) -> Run:
    """Creates a run of the given assistant and polls it until it asks for tools."""
    thread, assistant = begin(client, assistant="asst_1")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant)
    assert run.status == "requires_action"
    return run


def reply(client: OpenAI, run: Run, **outputs: str) -> Run:
    """Submits outputs by function and polls on."""
    calls = calls_of(run)
    return client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": calls[name], "output": output} for name, output in outputs.items()],
    )


@situation()
def tool_times_out(emulator: Emulator, client: OpenAI) -> None:
    run = ask(client)

    with pytest.raises(openai.BadRequestError, match="expired"):
        reply(client, run, search="The spring of nations.")

    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "expired"


@situation()
def three_tool_rounds(emulator: Emulator, client: OpenAI) -> None:
    run = ask(client)
    arguments: list[str] = []
    for number in ("1", "2", "3"):
        assert run.required_action is not None
        (call,) = run.required_action.submit_tool_outputs.tool_calls
        arguments.append(call.function.arguments)
        run = reply(client, run, count=number)

    assert arguments == ['{"from":0}', '{"from":1}', '{"from":2}']
    assert answers(client, run.thread_id) == ["We are at 3."]


@situation(problems=("expect",))
def one_bad_output(emulator: Emulator, client: OpenAI) -> None:
    """The run goes on, as it would; ``check()`` tells the application's author."""
    run = reply(client, ask(client), weather='{"fahrenheit": 70}', time="noon")

    assert run.status == "completed"
    assert "the output of 'weather' is not as expected" in emulator.problems()[0].message


@situation()
def wrong_call_ids(emulator: Emulator, client: OpenAI) -> None:
    run = ask(client)

    with pytest.raises(openai.BadRequestError, match="call_wrong"):
        client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": "call_wrong", "output": "1"}]
        )

    assert reply(client, run, dice="6").status == "completed"
    assert answers(client, run.thread_id) == ["You rolled 6."]


# ---- Threads that are busy ----


@situation()
def message_during_run(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    run = client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    with pytest.raises(openai.BadRequestError, match=f"while a run {run.id} is active"):
        client.beta.threads.messages.create(thread, role="user", content="One more thing.")

    client.beta.threads.runs.poll(run.id, thread_id=thread)
    client.beta.threads.messages.create(thread, role="user", content="One more thing.")


@situation()
def second_run(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    first = client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    with pytest.raises(openai.BadRequestError, match=f"already has an active run {first.id}"):
        client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    client.beta.threads.runs.poll(first.id, thread_id=thread)
    second = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant)
    assert second.status == "completed"


@situation(clients=2)
def two_clients(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    heard: list[str] = []
    with ThreadPoolExecutor(1) as pool, client_of(emulator) as other:
        reading = pool.submit(listen, client, thread, assistant, heard)
        run = emulator.wait_held("moment")
        assert other.beta.threads.runs.retrieve(run, thread_id=thread).status == "in_progress"
        with pytest.raises(openai.BadRequestError, match=f"already has an active run {run}"):
            other.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)
        assert not reading.done()
        emulator.release("moment")
        reading.result()
        assert heard[-1] == "thread.run.completed"
        assert answers(other, thread) == ["Wait a moment.", "Here you are."]


@situation(clients=2)
def two_pollers(emulator: Emulator, client: OpenAI) -> None:
    """Two clients poll one run at the same time: each sees it complete, and neither hurries it."""
    thread, assistant = begin(client)
    run = client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)
    both = Barrier(2)

    def poll(mine: OpenAI) -> str:
        both.wait()
        return mine.beta.threads.runs.poll(run.id, thread_id=thread).status

    with ThreadPoolExecutor(2) as pool, client_of(emulator) as other:
        assert list(pool.map(poll, (client, other))) == ["completed", "completed"]

    looks = emulator.requests("get_run")
    assert sum(1 + look.repeats for look in looks) == 7
