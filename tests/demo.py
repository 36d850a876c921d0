"""``make demo``: the three patterns of the Assistants API that need no files, with the real SDK against an emulator.

What is printed is taken from the emulator's journal, so it is what went over the socket. The same on every run, but
for the port.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path
from typing import Any

from openai import OpenAI

from emulator import Emulator, Request

SCENARIOS = Path(__file__).parent.parent / "fixtures" / "scenarios"

WEATHER_TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def main() -> int:
    """Runs the demo and answers the exit code."""
    warnings.filterwarnings("ignore", "(?i).*deprecated", DeprecationWarning)  # the SDK's, of the API itself
    with Emulator(SCENARIOS) as emulator, OpenAI(base_url=emulator.base_url, api_key=emulator.api_key) as client:
        transcript = Transcript(emulator)
        print(f"An emulator of the Assistants API listens on {emulator.base_url}")
        print("The real openai SDK talks to it; scenario files say what the assistant does.")

        transcript.heading("1. Basic: create a run, poll it, read the answer", "plain_answer.yaml")
        basic(client)
        transcript.print_requests()

        transcript.heading("2. Streaming: the same as server-sent events", "streaming.yaml")
        streaming(client)
        transcript.print_requests()

        transcript.heading("3. Function calling: requires_action, submit, answer", "function_call.yaml")
        function_calling(client)
        transcript.print_requests()

        transcript.print_runs()
        emulator.check()
        print("\ncheck(): no problems. No model, no network, and nothing has slept.")
    return 0


def basic(client: OpenAI) -> None:
    """The pattern as most applications have it, with a loop of their own."""
    assistant = client.beta.assistants.create(model="gpt-4o", name="Geographer")
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="What is the capital of France?")
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    while run.status in ("queued", "in_progress"):
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    client.beta.threads.messages.list(thread.id)


def streaming(client: OpenAI) -> None:
    """The events of a run while it goes on."""
    assistant = client.beta.assistants.create(model="gpt-4o", name="Sage")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Tell me a proverb."}])
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()


def function_calling(client: OpenAI) -> None:
    """The run asks for a function's output, gets it and goes on; with the SDK's polling helpers."""
    assistant = client.beta.assistants.create(model="gpt-4o", name="Weather", tools=[WEATHER_TOOL])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "What is the weather in Paris?"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": '{"celsius": 21}'}]
    )
    client.beta.threads.messages.list(thread.id)


# ---- The transcript ----


class Transcript:
    """Prints what an emulator was asked and what it answered."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.printed = 0

    def heading(self, title: str, scenario: str) -> None:
        print(f"\n{title}\n{'-' * len(title)}\nanswered from fixtures/scenarios/{scenario}\n")

    def print_requests(self) -> None:
        """The requests since the last time: method, path, status, and what was said."""
        requests = self.emulator.requests()
        fresh, self.printed = requests[self.printed :], len(requests)
        for request in fresh:
            print(f"  {request.method:<5}{short(request.path):<62}{request.status}  {answered(request)}{sent(request)}")
            if is_stream(request):
                print_events(request.answer)

    def print_runs(self) -> None:
        """Each run's statuses, by the second of the world's clock in which they began."""
        title = "What became of the runs, second by second of the world's clock"
        print(f"\n{title}\n{'-' * len(title)}\n")
        for run in self.emulator.runs():
            start = run.timeline[0].time
            moves = [
                f"{event.time - start}s {event.removeprefix('thread.run.')}"
                for event in run.timeline
                if event.startswith("thread.run.") and ".step." not in event and not event.endswith(".created")
            ]
            print(f"  {short(run.id)}  {run.turn:<9}{' → '.join(moves)}")


def is_stream(request: Request) -> bool:
    return isinstance(request.answer, list)


def print_events(events: list[dict[str, Any]]) -> None:
    """One line an event; the pieces of a message in a row are one."""
    pieces: list[str] = []
    for number, event in enumerate(events):
        name, data = event["event"], event["data"]
        if name == "thread.message.delta":
            pieces.append(data["delta"]["content"][0]["text"]["value"])
            if events[number + 1]["event"] == name:
                continue
            print(f"       {f'{name} ({len(pieces)})':<34}{' | '.join(pieces)}")
            pieces.clear()
        else:
            print(f"       {name:<34}{short(data.get('id', '')) if isinstance(data, dict) else data}".rstrip())


def answered(request: Request) -> str:
    """What matters in an answer."""
    answer = request.answer
    if is_stream(request):
        return f"{len(answer)} events:"
    if answer["object"] == "list":
        newest = answer["data"][0]
        return f'{newest["role"]}: "{newest["content"][0]["text"]["value"]}"'
    if answer["object"] == "thread.run":
        return f"{answer['status']}{asked_for(answer)}"
    return short(answer["id"])


def sent(request: Request) -> str:
    """What matters in a request, if there is something."""
    match request.operation:
        case "create_message":
            return f' "{request.json["content"]}"'
        case "create_thread" if request.json.get("messages"):
            return f' "{request.json["messages"][0]["content"]}"'
        case "submit_tool_outputs_to_run":
            return f", told {request.json['tool_outputs'][0]['output']}"
    return ""


def asked_for(run: dict[str, Any]) -> str:
    """The calls for which a run waits."""
    if not run["required_action"]:
        return ""
    calls = [call["function"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]
    return ": " + ", ".join(f"{call['name']}({call['arguments']})" for call in calls)


def short(text: str) -> str:
    """Ids by their first characters."""
    return re.sub(r"\b((?:asst|thread|msg|run|step|call)_\w{4})\w{20}\b", r"\1…", text)


if __name__ == "__main__":
    sys.exit(main())
