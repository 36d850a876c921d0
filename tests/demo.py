"""``make demo``: the three patterns that need no files, on both APIs side by side, with the real SDK.

What is printed is taken from the emulator's journal, so it is what went over the socket. The same on every run, but
for the port.
"""

from __future__ import annotations

import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

from openai import OpenAI

from emulator import Emulator, Request, Run
from emulator.admin.inspector.report import report_of

SCENARIOS = Path(__file__).parent.parent / "fixtures" / "scenarios"
#: Columns of each of the two APIs.
WIDTH = 50

PARAMETERS: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER_TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}
#: The same function as the Responses API takes it.
WEATHER_FUNCTION: Any = {"type": "function", "name": "get_weather", "parameters": PARAMETERS}

CAPITAL = "What is the capital of France?"
PROVERB = "Tell me a proverb."
WEATHER = "What is the weather in Paris?"
OUTPUT = '{"celsius": 21}'


#: The page that shows what the demo did.
PAGE = Path(__file__).parent.parent / ".cache" / "demo.html"


def main(*arguments: str) -> int:
    """Runs the demo and returns the exit code; with ``--serve`` the emulator stays until Ctrl-C."""
    warnings.filterwarnings("ignore", "(?i).*deprecated", DeprecationWarning)  # the SDK's, of the old API
    with Emulator(SCENARIOS) as emulator, OpenAI(base_url=emulator.base_url, api_key=emulator.api_key) as client:
        transcript = Transcript(emulator, client)
        print(f"An emulator of the Assistants API and the Responses API listens on {emulator.base_url}")
        print("The real openai SDK talks to it; one scenario file says what the model does on both APIs.")

        transcript.show("1. Basic: ask, and read the answer", "plain_answer.yaml", basic, basic_on_responses)
        transcript.show("2. Streaming: server-sent events", "streaming.yaml", streaming, streaming_on_responses)
        transcript.show(
            "3. Function calling: call, output, answer", "function_call.yaml", calling, calling_on_responses
        )

        transcript.print_turns()
        emulator.check()
        print("\ncheck(): no problems. No model, no network, and nothing has slept.")
        show_page(emulator, serve="--serve" in arguments)
    return 0


def show_page(emulator: Emulator, *, serve: bool) -> None:
    """Ends with the address of a page that shows what the demo did: a file, or the emulator itself until Ctrl-C."""
    if serve:
        print(f"\nWhat it did, live, until you press Ctrl-C: {emulator.url}/_emulator/", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
        return
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(report_of(emulator, "make demo"), encoding="utf-8")
    print("\nWhat it did, as a page (make demo-page serves it live):")
    print(PAGE.resolve().as_uri())


# ---- The patterns ----


def basic(client: OpenAI) -> None:
    """The pattern as most applications have it, with a loop of their own."""
    assistant = client.beta.assistants.create(model="gpt-4o", name="Geographer")
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content=CAPITAL)
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    while run.status in ("queued", "in_progress"):
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    client.beta.threads.messages.list(thread.id)


def basic_on_responses(client: OpenAI) -> None:
    """One request is all that it takes."""
    client.responses.create(model="gpt-4o", input=CAPITAL)


def streaming(client: OpenAI) -> None:
    """The events of a run while it goes on."""
    assistant = client.beta.assistants.create(model="gpt-4o", name="Sage")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": PROVERB}])
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()


def streaming_on_responses(client: OpenAI) -> None:
    """The events of a response."""
    with client.responses.stream(model="gpt-4o", input=PROVERB) as stream:
        stream.until_done()


def calling(client: OpenAI) -> None:
    """The run asks for a function's output, gets it and goes on; with the SDK's polling helpers."""
    assistant = client.beta.assistants.create(model="gpt-4o", name="Weather", tools=[WEATHER_TOOL])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": WEATHER}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": OUTPUT}]
    )
    client.beta.threads.messages.list(thread.id)


def calling_on_responses(client: OpenAI) -> None:
    """The response completes with a call, and the next one brings its output."""
    asked = client.responses.create(model="gpt-4o", input=WEATHER, tools=[WEATHER_FUNCTION])
    (call,) = (item for item in asked.output if item.type == "function_call")
    client.responses.create(
        model="gpt-4o",
        previous_response_id=asked.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": OUTPUT}],
        tools=[WEATHER_FUNCTION],
    )


# ---- The transcript ----


class Transcript:
    """Plays patterns on both APIs, and prints their requests and responses in two columns."""

    def __init__(self, emulator: Emulator, client: OpenAI) -> None:
        self._emulator, self._client = emulator, client
        self._printed = 0

    def show(self, title: str, scenario: str, old: Callable[[OpenAI], None], new: Callable[[OpenAI], None]) -> None:
        heading(title)
        print(f"scenario: fixtures/scenarios/{scenario}\n")
        print_columns(["Assistants API", "", *self._lines_of(old)], ["Responses API", "", *self._lines_of(new)])

    def _lines_of(self, pattern: Callable[[OpenAI], None]) -> list[str]:
        """The requests of a pattern, each with what matters in it and in its response."""
        pattern(self._client)
        requests = self._emulator.requests()
        new, self._printed = requests[self._printed :], len(requests)
        return [line for request in new for line in lines_of(request)]

    def print_turns(self) -> None:
        """The statuses of each turn, with the second of the world's clock in which they began."""
        heading("How the turns went, by the seconds of the world's clock")
        print()
        for run in self._emulator.runs():
            kind = f"{len(run.responses)} response{'s' if len(run.responses) > 1 else ''}" if run.responses else "run"
            print(f"  {run.turn}, {kind}:\n      {', '.join(statuses(run))}")


def heading(title: str) -> None:
    print(f"\n{title}\n{'-' * len(title)}")


def print_columns(left: list[str], right: list[str]) -> None:
    for one, other in zip_longest(left, right, fillvalue=""):
        print(f"  {one:<{WIDTH}}{other}".rstrip())


def statuses(run: Run) -> Iterator[str]:
    """``queued 0s`` for each status of a run or response."""
    start = run.timeline[0].time
    for event in run.timeline:
        status = re.fullmatch(r"(?:thread\.run|response)\.(\w+)", event)
        if status and status[1] != "created":
            yield f"{status[1]} {event.time - start}s"


def lines_of(request: Request) -> Iterator[str]:
    """A request and its status, and what matters below it."""
    path = re.sub(r"\b(thread|run)_\w+", "…", request.path.removeprefix("/v1"))
    yield f"{request.method:<4} {path:<38}  {request.status}"
    if isinstance(request.answer, list):
        yield from (f"     {line}" for line in [*said_in(request), *events_of(request.answer)])
    else:
        yield from (f"     {line}" for line in [*said_in(request), *said_by(request.answer)])


def said_in(request: Request) -> list[str]:
    """What matters in a request, if there is something."""
    body = request.json
    match request.operation:
        case "create_message":
            return [f'"{body["content"]}"']
        case "create_thread" if body.get("messages"):
            return [f'"{body["messages"][0]["content"]}"']
        case "submit_tool_outputs_to_run":
            return [f"output {body['tool_outputs'][0]['output']}"]
        case "create_response" if isinstance(body["input"], str):
            return [f'"{body["input"]}"']
        case "create_response":
            return [f"output {body['input'][0]['output']}"]
    return []


def said_by(answer: dict[str, Any]) -> Iterator[str]:
    """What matters in a response."""
    match answer["object"]:
        case "list":
            yield f'→ "{answer["data"][0]["content"][0]["text"]["value"]}"'
        case "thread.run":
            yield f"→ {answer['status']}"
            action = answer["required_action"]
            for call in action["submit_tool_outputs"]["tool_calls"] if action else []:
                yield f"→ {call['function']['name']}({call['function']['arguments']})"
        case "response":
            yield f"→ {answer['status']}"
            for item in answer["output"]:
                called = item["type"] == "function_call"
                yield f"→ {item['name']}({item['arguments']})" if called else f'→ "{item["content"][0]["text"]}"'


def events_of(events: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each event; the pieces of a text in a row are one."""
    pieces: list[str] = []
    for number, event in enumerate(events):
        name, data = event["event"], event["data"]
        if not name.endswith(".delta"):
            yield f"→ {name}"
            continue
        delta = data["delta"]
        pieces.append(delta if isinstance(delta, str) else delta["content"][0]["text"]["value"])
        if events[number + 1]["event"] != name:
            yield f"→ {name} ×{len(pieces)}"
            yield f"    {'|'.join(pieces)}"
            pieces.clear()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
