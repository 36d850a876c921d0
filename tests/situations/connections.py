"""What goes wrong between client and service: errors, time-outs, broken and spoilt answers."""

from __future__ import annotations

import json
import time

import openai
import pytest
from openai import OpenAI

from emulator import Emulator
from tests.situations.registry import IMPATIENT, answers, begin, listen, only_run, situation, text_of

#: What a stream brings before the faults of these scenarios: all up to the first piece of text.
UP_TO_THE_FIRST_WORD = [
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
]

# ---- Errors ----


@situation()
def rate_limit_retried(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)

    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant)

    assert run.status == "completed"
    created = emulator.requests("create_run")
    assert [(one.status, one.fault) for one in created] == [(429, "error"), (429, "error"), (200, None)]
    assert [one.headers["x-stainless-retry-count"] for one in created] == ["0", "1", "2"]


@situation()
def server_error_retried(emulator: Emulator, client: OpenAI) -> None:
    thread = client.beta.threads.create().id

    client.beta.threads.messages.create(thread, role="user", content="Are you there?")

    assert [one.status for one in emulator.requests("create_message")] == [500, 200]
    assert [text_of(one) for one in client.beta.threads.messages.list(thread)] == ["Are you there?"]


@situation()
def retries_give_up(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)

    with pytest.raises(openai.RateLimitError) as raised:
        client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    assert (raised.value.status_code, raised.value.code, raised.value.type) == (429, "rate_limit_exceeded", "tokens")
    assert [one.status for one in emulator.requests("create_run")] == [429, 429, 429]
    assert emulator.runs() == []


@situation()
def overloaded_once(emulator: Emulator, client: OpenAI) -> None:
    """An application that keeps its poll loop going when one look fails."""
    impatient = client.with_options(max_retries=0)
    thread, assistant = begin(client)
    run = impatient.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)
    seen: list[str] = []
    while run.status in ("queued", "in_progress"):
        try:
            run = impatient.beta.threads.runs.retrieve(run.id, thread_id=thread)
            seen.append(run.status)
        except openai.InternalServerError as error:
            seen.append(f"HTTP {error.status_code}")

    assert seen == ["in_progress", "HTTP 503", "completed"]


# ---- Time-outs ----


@situation()
def stalled_answer(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    impatient = client.with_options(timeout=IMPATIENT, max_retries=0)

    with pytest.raises(openai.APITimeoutError):
        impatient.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    run = only_run(client, thread)  # it was created all the same: to create another would be a 400
    assert client.beta.threads.runs.poll(run.id, thread_id=thread).status == "completed"
    assert answers(client, thread) == ["Nobody heard of me."]


@situation()
def stalled_stream(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    heard: list[str] = []

    with pytest.raises(openai.APITimeoutError):
        listen(client.with_options(timeout=IMPATIENT), thread, assistant, heard)

    assert heard == UP_TO_THE_FIRST_WORD
    assert answers(client, thread) == ["One two three four"]


@situation()
def slow_answer(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    start = time.perf_counter()

    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant)

    assert run.status == "completed"
    assert time.perf_counter() - start > 0.05
    assert [one.fault for one in emulator.requests(run=run.id)] == ["delay"] * 3


# ---- Connections that break, answers that are spoilt ----


@situation()
def broken_stream(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    heard: list[str] = []

    with pytest.raises(openai.APIConnectionError) as raised:
        listen(client, thread, assistant, heard)

    assert type(raised.value.__cause__).__name__ == "RemoteProtocolError"
    assert heard == UP_TO_THE_FIRST_WORD
    assert only_run(client, thread).status == "completed"
    assert answers(client, thread) == ["One two three four"]


@situation()
def lost_answer(emulator: Emulator, client: OpenAI) -> None:
    """An application that sends again what may have been lost."""
    thread = client.beta.threads.create().id
    once = client.with_options(max_retries=0)
    with pytest.raises(openai.APIConnectionError):
        once.beta.threads.messages.create(thread, role="user", content="Buy ten shares.")
    once.beta.threads.messages.create(thread, role="user", content="Buy ten shares.")

    assert [text_of(one) for one in client.beta.threads.messages.list(thread)] == ["Buy ten shares."] * 2


@situation()
def truncated_stream(emulator: Emulator, client: OpenAI) -> None:
    """An application that believes a stream only when its run came to a rest."""
    thread, assistant = begin(client)

    with client.beta.threads.runs.stream(thread_id=thread, assistant_id=assistant) as stream:
        text = "".join(stream.text_deltas)  # raises nothing
        run = stream.current_run
    assert text == "One"
    assert run is not None
    assert run.status == "in_progress"  # this is how to notice

    run = client.beta.threads.runs.poll(run.id, thread_id=thread)
    assert run.status == "completed"
    assert answers(client, thread) == ["One two three four"]


@situation()
def error_event(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    heard: list[str] = []

    with pytest.raises(openai.APIError, match="The server had an error processing your request") as raised:
        listen(client, thread, assistant, heard)

    assert not isinstance(raised.value, openai.APIStatusError)  # the status was 200
    assert raised.value.type == "server_error"
    assert heard == UP_TO_THE_FIRST_WORD


@situation()
def garbled_event(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    heard: list[str] = []

    with pytest.raises(json.JSONDecodeError):
        listen(client, thread, assistant, heard)

    assert heard == UP_TO_THE_FIRST_WORD


@situation()
def garbled_answer(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)
    run = client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant)

    with pytest.raises(json.JSONDecodeError):
        client.beta.threads.runs.retrieve(run.id, thread_id=thread)

    assert client.beta.threads.runs.poll(run.id, thread_id=thread).status == "completed"


@situation()
def split_characters(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client)

    with client.beta.threads.runs.stream(thread_id=thread, assistant_id=assistant) as stream:
        text = "".join(stream.text_deltas)

    assert text == "Grüße aus 東京 🗼"
    assert answers(client, thread) == [text]


# ---- Beside the Assistants API ----


@situation()
def stubbed_moderation(emulator: Emulator, client: OpenAI) -> None:
    thread, assistant = begin(client, "May I ask something?")

    (verdict,) = client.moderations.create(input="May I ask something?").results

    assert not verdict.flagged
    client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant)
    assert answers(client, thread) == ["You are welcome here."]
