"""An input that repeats what its conversation or its chain carries already, which the service takes without a word."""

from __future__ import annotations

from typing import Any

from emulator.apis.responses.contexts import Context
from emulator.apis.responses.objects import Item
from emulator.base.loose_ends import LooseEnd
from emulator.base.text import plural
from emulator.scenarios.model import Turn
from emulator.world.state.state import State


def note_repeated(world: State, id: str, turn: Turn, context: Context) -> None:
    """Notes an input that begins as the history does that it continues. ``id``: of the response."""
    number = _repeated(context)
    # one item alone may be said twice, unless it is all that there is
    if number > 1 or 0 < number == len(context.before):
        what = f"the first {plural(number, 'item')}" if number > 1 else "the only item"
        message = f"the input of {id} repeats {what} of {context.parent.id}, which it continues: send only what is new"
        world.note(LooseEnd("repeated", message, turn.file, turn.line, id))


def _repeated(context: Context) -> int:
    """How many items at the beginning of the input are those at the beginning of the history."""
    number = 0
    for sent, known in zip(context.input, context.before, strict=False):
        if _essence(sent) != _essence(known):
            break
        number += 1
    return number


def _essence(item: Item) -> Any:
    """What an item says, without what the service adds to it."""
    if item["type"] == "message":
        return item["role"], [part.get("text") or part for part in item.get("content") or ()]
    return {key: value for key, value in item.items() if key not in ("id", "status")}
