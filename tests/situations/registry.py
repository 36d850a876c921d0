"""Situations that a client can get into, one scenario and one function each.

A function plays its situation with the real SDK and says what the application sees. ``test_situations`` plays each of
them, ``test_determinism`` plays all of them again and compares what the emulator noted.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import openai
from openai import OpenAI
from openai.types.beta.threads import Message, Run

from emulator import Emulator
from tests.support import SCENARIOS

DIRECTORY: Final = SCENARIOS / "situations"

#: Reading longer than this is what a client calls a time-out. Connecting may take its time.
IMPATIENT: Final = openai.Timeout(10, read=0.5)

Play = Callable[[Emulator, OpenAI], None]


@dataclass(frozen=True, slots=True)
class Situation:
    """``clients``: how many talk at once. ``problems``: what ``check()`` finds in the end, by kind."""

    name: str
    play: Play
    clients: int
    problems: tuple[str, ...]

    @property
    def scenario(self) -> Path:
        return DIRECTORY / f"{self.name}.yaml"


SITUATIONS: Final[dict[str, Situation]] = {}


def situation(*, clients: int = 1, problems: tuple[str, ...] = ()) -> Callable[[Play], Play]:
    """Registers a function for the scenario of its name."""

    def register(play: Play) -> Play:
        SITUATIONS[play.__name__] = Situation(play.__name__, play, clients, problems)
        return play

    return register


def client_of(emulator: Emulator, **more: Any) -> OpenAI:
    return OpenAI(base_url=emulator.base_url, api_key=emulator.api_key, **{"max_retries": 2, "timeout": 10, **more})


def played(one: Situation) -> str:
    """Plays a situation in a world of its own: the journal that it leaves, as text."""
    with Emulator(one.scenario) as emulator, client_of(emulator) as client:
        one.play(emulator, client)
        return journal_of(emulator, by_run=one.clients > 1)


def journal_of(emulator: Emulator, *, by_run: bool = False) -> str:
    """What was asked and answered and how the runs went: all that the client does not make up by itself.

    ``by_run``: what concerns each run, whatever several clients asked in between.
    """
    problems = [(problem.kind, problem.message) for problem in emulator.problems()]
    runs: list[dict[str, Any]] = [
        {
            "id": run.id,
            "thread_id": run.thread_id,
            "turn": run.turn,
            "status": run.status,
            "timeline": [(str(event), event.time, event.times) for event in run.timeline],
        }
        for run in emulator.runs()
    ]
    requests = [asdict(request) for request in emulator.requests()]
    for request in requests:
        del request["headers"]  # with the client's own ids, and its version
    if not by_run:
        return _text({"requests": requests, "runs": runs, "problems": problems})
    asked: dict[str, list[Any]] = defaultdict(list)
    for request in requests:
        asked[request["run_id"]].append(request)
    whole = [{**run, "requests": asked[run["id"]]} for run in sorted(runs, key=lambda run: str(run["id"]))]
    return _text({"runs": whole, "problems": problems})


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True)


# ---- What the applications have in common ----


def begin(client: OpenAI, text: str = "Hello?", assistant: str = "") -> tuple[str, str]:
    """A thread with a message, and the assistant that is to answer it."""
    return (
        client.beta.threads.create(messages=[{"role": "user", "content": text}]).id,
        assistant or client.beta.assistants.create(model="gpt-4o").id,
    )


def listen(client: OpenAI, thread: str, assistant: str, heard: list[str]) -> None:
    """Streams a run and notes its events as they come, so that they are there when the stream breaks."""
    with client.beta.threads.runs.create(thread_id=thread, assistant_id=assistant, stream=True) as stream:
        for event in stream:
            heard.append(event.event)


def answers(client: OpenAI, thread: str) -> list[str]:
    """What the assistant said, oldest first."""
    return [text_of(one) for one in client.beta.threads.messages.list(thread, order="asc") if one.role == "assistant"]


def text_of(message: Message) -> str:
    return "".join(part.text.value for part in message.content if part.type == "text")


def calls_of(run: Run) -> dict[str, str]:
    """The ids of the calls that a run waits for, by function."""
    assert run.required_action is not None
    return {call.function.name: call.id for call in run.required_action.submit_tool_outputs.tool_calls}


def only_run(client: OpenAI, thread: str) -> Run:
    (run,) = client.beta.threads.runs.list(thread).data
    return run
