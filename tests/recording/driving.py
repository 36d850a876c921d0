"""Drives the real SDK against whatever speaks the protocol, and notes what a client sees: no ids, no times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import openai
from openai.types.beta.threads import Run

#: What every driven assistant can call.
FUNCTIONS = ("look_up", "add")
TOOLS: list[Any] = [
    {"type": "code_interpreter"},
    *({"type": "function", "function": {"name": name, "description": f"To {name}."}} for name in FUNCTIONS),
]


@dataclass(frozen=True, slots=True)
class Talk:
    """One run to drive: what the user says, and whether the client streams."""

    says: str
    streams: bool
    #: Other things that a client asks: of them, errors.
    asks_wrongly: bool = False


@dataclass(slots=True)
class Client:
    """An SDK client and the log of what it saw."""

    sdk: openai.OpenAI
    seen: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, base_url: str, key: str = "sk-driver") -> Client:
        return cls(openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=20))

    def note(self, *what: Any) -> None:
        self.seen.append(what)


def drive(client: Client, talks: Iterable[Talk]) -> list[Any]:
    """Drives all talks, one after another; answers what was seen."""
    with client.sdk:
        assistant = client.sdk.beta.assistants.create(model="gpt-4o", name="Driver", tools=TOOLS)
        for talk in talks:
            _drive_one(client, assistant.id, talk)
    return client.seen


def _drive_one(client: Client, assistant_id: str, talk: Talk) -> None:
    threads = client.sdk.beta.threads
    thread = threads.create(messages=[{"role": "user", "content": talk.says}])
    try:
        run = _streamed(client, thread.id, assistant_id) if talk.streams else _polled(client, thread.id, assistant_id)
    except openai.APIStatusError as error:
        client.note("error", error.status_code, _message(error))
        return
    except (openai.APIError, OSError) as error:  # a stream that brought an error, or broke off
        client.note("broke", type(error).__name__)
        return
    client.note("run", run and (run.status, run.last_error and run.last_error.to_dict(), _reason(run)))
    if talk.asks_wrongly:
        _ask_wrongly(client, thread.id)
    for message in threads.messages.list(thread.id, order="asc"):
        client.note("message", message.role, [part.to_dict(mode="json") for part in message.content])
    if run is not None:
        steps = threads.runs.steps.list(run_id=run.id, thread_id=thread.id, order="asc")
        client.note("steps", [(step.type, step.status, _details(step)) for step in steps])


def _reason(run: Any) -> str | None:
    return run.incomplete_details.reason if run.incomplete_details else None


def _details(step: Any) -> Any:
    if step.type == "message_creation":
        return None
    return [_call(call) for call in step.step_details.tool_calls]


def _call(call: Any) -> Any:
    if call.type == "function":
        return call.function.name, call.function.arguments, call.function.output
    return call.to_dict(mode="json")[call.type]


def _message(error: openai.APIStatusError) -> str:
    body: Any = error.body
    return str(body.get("message", "")) if isinstance(body, dict) else error.message


def _polled(client: Client, thread_id: str, assistant_id: str) -> Any:
    runs = client.sdk.beta.threads.runs
    run = runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    while run.status == "requires_action":
        run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread_id, tool_outputs=_outputs(client, run))
    return run


def _streamed(client: Client, thread_id: str, assistant_id: str) -> Any:
    runs = client.sdk.beta.threads.runs
    run: Run | None = None
    stream = runs.create(thread_id=thread_id, assistant_id=assistant_id, stream=True)
    while True:
        for event in stream:
            client.note("event", event.event, _delta(event))
            run = event.data if isinstance(event.data, Run) else run
        if run is None or run.status != "requires_action":
            return run
        stream = runs.submit_tool_outputs(
            run_id=run.id, thread_id=thread_id, tool_outputs=_outputs(client, run), stream=True
        )


def _delta(event: Any) -> Any:
    """What a delta brings, without ids; arguments of functions are cut in the emulator's own way."""
    if isinstance(event.data, openai.types.beta.threads.MessageDeltaEvent):
        return [part.to_dict(mode="json") for part in event.data.delta.content or ()]
    if event.event == "thread.run.step.delta":
        return [call.type for call in event.data.delta.step_details.tool_calls or ()]
    return None


def _outputs(client: Client, run: Any) -> list[Any]:
    calls = run.required_action.submit_tool_outputs.tool_calls
    client.note("calls", [(call.function.name, call.function.arguments) for call in calls])
    return [{"tool_call_id": call.id, "output": json.dumps({"value": number})} for number, call in enumerate(calls)]


def _ask_wrongly(client: Client, thread_id: str) -> None:
    """Errors that a client earns: the emulator has its own rules for them."""
    threads = client.sdk.beta.threads
    wrong = (
        lambda: threads.retrieve("thread_nowhere"),
        lambda: threads.messages.create(thread_id, role="user", content="x", metadata={"k": 1}),  # type: ignore[dict-item]
        lambda: threads.runs.create(thread_id=thread_id, assistant_id="asst_nobody"),
    )
    for ask in wrong:
        try:
            ask()
        except openai.APIStatusError as error:
            client.note("earned", error.status_code, _message(error))


def names(seen: Iterable[Any]) -> Iterator[str]:
    """The events among what was seen."""
    return (what[1] for what in seen if what[0] == "event")
