"""The help desk of a company: what the application wants of an API, and what it tells the model."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MODEL = "gpt-4o"
INSTRUCTIONS = "You are the help desk. Use the handbook, and answer in one sentence."
HANDBOOK = "vs_handbook"
BALANCE = {"Ann": 12, "Bob": 3}


def days_left(person: str) -> dict[str, int]:
    return {"days": BALANCE[person]}


def book_days(person: str, days: int) -> dict[str, object]:
    return {"booked": days <= BALANCE[person], "left": BALANCE[person] - days}


FUNCTIONS: dict[str, Callable[..., object]] = {"days_left": days_left, "book_days": book_days}
PARAMETERS: dict[str, dict[str, object]] = {
    "days_left": {"person": {"type": "string"}},
    "book_days": {"person": {"type": "string"}, "days": {"type": "integer"}},
}


def call(name: str, arguments: str) -> str:
    """The output of a function as the model gets it."""
    try:
        return json.dumps(FUNCTIONS[name](**json.loads(arguments)))
    except (KeyError, TypeError, ValueError) as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"})


class DeskError(Exception):
    """The model did not answer; the message says why."""


@dataclass
class Answer:
    """``sources``: names of cited files. ``files``: what the model made, by name. ``stopped``: by the user."""

    text: str = ""
    sources: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: int = 0
    stopped: bool = False


class Desk(Protocol):
    def open(self, earlier: Sequence[tuple[str, str]] = ()) -> str:
        """The id of a new chat, which goes on from ``earlier`` messages: pairs of role and text."""

    def history(self, chat: str) -> list[tuple[str, str]]:
        """All messages of a chat, the oldest first."""

    def ask(self, chat: str, question: str, show: Callable[[str], None]) -> Answer:
        """Calls ``show`` with each piece of the text. Raises DeskError."""

    def stop(self) -> None:
        """Ends the answer under way. It may be called from ``show``, or from another thread."""
