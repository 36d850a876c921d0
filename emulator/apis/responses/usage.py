"""Token usage of responses: as the scenario states it, or estimated, the same on every run."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from emulator.apis.responses import objects
from emulator.apis.responses.objects import Item, text_of
from emulator.apis.responses.store import StoredResponse
from emulator.base.json_types import Object
from emulator.engine import usage
from emulator.scenarios.model import Turn


def input_tokens(instructions: str | None, tools: list[Object], items: Sequence[Item]) -> int:
    """Tokens that the model reads: instructions, tools, and the items of the context."""
    fixed = usage.tokens(instructions or "")
    if tools:
        fixed += usage.tokens(orjson.dumps(tools).decode())
    return usage.prompt(fixed, map(_tokens_read, reversed(items)))


def _tokens_read(item: Item) -> int:
    """Tokens that the model reads of an item."""
    if item["type"] == "message":
        return usage.tokens(text_of(item))
    output = item.get("output", "")
    text = output if isinstance(output, str) else "".join(part.get("text", "") for part in output)
    return usage.tokens(item.get("name", "") + item.get("arguments", "") + text)


def _written(item: Item) -> str:
    return text_of(item) + item.get("name", "") + item.get("arguments", "") + item.get("code", "")


class UsageCounter:
    """The usage of a turn, response by response.

    What the turn states is shared by its responses; what a step states is its response's.
    """

    __slots__ = ("_done", "_turn")

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._done = 0

    def of_response(self, stored: StoredResponse, stated: list[Object], *, is_last: bool) -> Object:
        """The usage of the response that ends now; ``stated``: by its steps."""
        number, self._done = self._done, self._done + 1
        if stated:
            return objects.usage(_sum(stated, "prompt_tokens"), _sum(stated, "completion_tokens"))
        if (of_turn := self._turn.usage) is not None:
            responses = 1 + sum(step.kind == "call" for step in self._turn.steps)
            shares = [
                _share(int(of_turn.get(key, 0)), number, responses, is_last=is_last)
                for key in ("prompt_tokens", "completion_tokens")
            ]
            return objects.usage(*shares)
        response = stored.object
        instructions = response["instructions"] if isinstance(response["instructions"], str) else None
        read = input_tokens(instructions, response["tools"], stored.input)
        written = thought = 0
        for item in response["output"]:
            written += usage.tokens(_written(item))
            thought += sum([usage.tokens(part["text"]) for part in item.get("summary") or ()])
        return objects.usage(read, written + thought, thought)


def _share(whole: int, number: int, parts: int, *, is_last: bool) -> int:
    """An equal part of a whole; the last one is what is left."""
    each = whole // parts
    return whole - each * number if is_last else each


def _sum(stated: list[Object], key: str) -> int:
    return sum(int(one.get(key, 0)) for one in stated)
