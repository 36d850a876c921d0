"""Messages of an exported thread: checked, in the API's form, oldest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.exchange import RecordingError
from emulator.recordings.readers.entry import shortened

_ROLES: Final = ("user", "assistant")
#: The key of a content part that identifies what it shows, by the part's type.
_SHOWN_BY: Final = {"image_file": "file_id", "image_url": "url"}
_LAST_NUMBER: Final = re.compile(r"(\d{1,18})\D*$")


def read_messages(sent: Any, thread_id: str, place: str) -> tuple[list[Object], bool]:
    """The messages of a thread, oldest first, and False if nothing in them shows their order.

    ``place`` names file and thread in errors. Raises RecordingError for a value that is no list of messages.
    """
    if not isinstance(sent, list):
        raise RecordingError(f"{place}: messages: expected a list, got {shortened(sent)}")
    messages = [_message(one, thread_id, f"{place}: message {number}") for number, one in enumerate(sent, 1)]
    is_known, messages = oldest_first(messages)
    is_dated = all(_is_time(one["created_at"]) for one in messages)
    for number, one in enumerate(messages, 1):
        one["id"] = one["id"] or f"msg_{thread_id.removeprefix('thread_')}_{number}"
        one["created_at"] = one["created_at"] if is_dated else number
    return messages, is_known


def oldest_first(messages: Sequence[Object]) -> tuple[bool, list[Object]]:
    """Messages that are listed from either end, oldest first.

    Their times tell the order; where these are missing or equal the numbers at the ends of their ids do, and then the
    roles: a user begins. The first value is False if none of them does; the messages then keep their order.
    """
    times = [one["created_at"] for one in messages]
    if all(map(_is_time, times)) and len(set(times)) > 1:
        begins_with_oldest = times[0] < times[-1] or (times[0] == times[-1] and _rises(times))
        ordered = list(messages if begins_with_oldest else reversed(messages))
        return True, sorted(ordered, key=lambda one: float(one["created_at"]))
    numbers = [int(found[1]) for one in messages if (found := _LAST_NUMBER.search(one["id"] or ""))]
    if len(numbers) == len(messages) > 1 and numbers in (sorted(set(numbers)), sorted(set(numbers), reverse=True)):
        return True, list(messages if numbers[0] < numbers[-1] else reversed(messages))
    ends = tuple(messages[place]["role"] for place in (0, -1)) if messages else ()
    if ends == ("assistant", "user"):
        return True, list(reversed(messages))
    return len(messages) < 2 or ends == ("user", "assistant"), list(messages)


def _rises(times: Sequence[float]) -> bool:
    """True if the first step between two different times leads to a later one."""
    return next((before < after for before, after in pairwise(times) if before != after), True)


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e11


def _message(sent: Any, thread_id: str, place: str) -> Object:
    if not isinstance(sent, dict):
        raise RecordingError(f"{place}: expected a message, got {shortened(sent)}")
    if sent.get("role") not in _ROLES:
        got = shortened(sent.get("role"))
        raise RecordingError(f"{place}: role: expected user or assistant, the roles in a thread, got {got}")
    time = sent.get("created_at")
    if time is not None and not _is_time(time):
        raise RecordingError(f"{place}: created_at: expected seconds since 1970, got {shortened(time)}")
    return {
        "id": _text(sent, "id", place),
        "object": "thread.message",
        "created_at": time,
        "thread_id": thread_id,
        "assistant_id": _text(sent, "assistant_id", place),
        "run_id": _text(sent, "run_id", place),
        "role": sent["role"],
        "content": _content(sent.get("content"), place),
        "attachments": _attachments(sent.get("attachments") or [], place),
        "metadata": _metadata(sent.get("metadata") or {}, place),
    }


def _text(sent: Object, key: str, place: str) -> str | None:
    value = sent.get(key)
    if value is not None and not isinstance(value, str):
        raise RecordingError(f"{place}: {key}: expected text, got {shortened(value)}")
    return value


def _metadata(sent: Any, place: str) -> Object:
    if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
        raise RecordingError(f"{place}: metadata: expected a mapping of texts, got {shortened(sent)}")
    return sent


def _attachments(sent: Any, place: str) -> list[Object]:
    for one in sent if isinstance(sent, list) else [sent]:
        if not isinstance(one, dict) or not isinstance(one.get("file_id"), str):
            raise RecordingError(f"{place}: attachments: expected mappings with a file_id, got {shortened(one)}")
    return list(sent)


def _content(sent: Any, place: str) -> list[Object]:
    if isinstance(sent, str):
        return [_text_part(sent)]
    if not isinstance(sent, list):
        raise RecordingError(f"{place}: content: expected text or a list of parts, got {shortened(sent)}")
    return [_part(one, f"{place}: content part {number}") for number, one in enumerate(sent, 1)]


def _part(sent: Any, place: str) -> Object:
    kind = sent.get("type") if isinstance(sent, dict) else None
    value = sent.get(kind) if isinstance(kind, str) else None
    shown_by = _SHOWN_BY.get(kind) if isinstance(kind, str) else None
    if kind == "text" and isinstance(value, str):
        return _text_part(value)
    if kind == "text" and isinstance(value, dict) and isinstance(value.get("value"), str):
        annotations = value.get("annotations")
        return {"type": "text", "text": {**value, "annotations": annotations if isinstance(annotations, list) else []}}
    if kind == "refusal" and isinstance(value, str):
        return {"type": "refusal", "refusal": value}
    if shown_by and isinstance(value, dict) and isinstance(value.get(shown_by), str):
        return dict(sent)
    got = shortened(sent if kind is None else kind)
    known = ", ".join(["text", *_SHOWN_BY, "refusal"])
    raise RecordingError(f"{place}: expected a part of a message ({known}) with its value, got {got}")


def _text_part(text: str) -> Object:
    return {"type": "text", "text": {"value": text, "annotations": []}}
