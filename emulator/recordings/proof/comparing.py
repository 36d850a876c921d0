"""Compares a recorded response with the emulator's, value by value: all that a client could assert on.

Ids are compared by the object that they name, times, counts of tokens and bytes, and scores by their form, and
everything else exactly. A value that is null or empty in the recording may be absent, and the emulator may send more
keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from emulator.base.json_types import Object
from emulator.base.text import shorten

#: The order of the statuses of a run or file that advances by itself. Every other status is at rest.
STATUS_ORDER: Final = {"queued": 0, "in_progress": 1, "cancelling": 2}
_AT_REST: Final = 3
#: What changes while an object advances: a poll here may find it further than the recorded one did.
_MOVES: Final = frozenset(
    "status started_at expires_at completed_at failed_at cancelled_at incomplete_at required_action last_error usage "
    "incomplete_details error output output_text file_counts usage_bytes last_active_at".split()
)
_MOVING: Final = frozenset(
    "response thread.run thread.run.step vector_store vector_store.file vector_store.files_batch "
    "vector_store.file_batch".split()
)
#: Values that are compared by their form: numbers that depend on the model or on the bytes of a file.
_COUNTS: Final = frozenset(
    "prompt_tokens completion_tokens input_tokens output_tokens total_tokens cached_tokens reasoning_tokens "
    "usage_bytes score sequence_number".split()
)
#: Values that may be null in the recording: the emulator estimates the usage, and the service set the other later on.
_SINCE: Final = frozenset({"usage", "prompt_cache_retention"})
#: Values that only the service can make or read.
_OPAQUE: Final = frozenset({"encrypted_content", "obfuscation"})
_NUMBERED: Final = re.compile(r"(?<=^/mnt/data/)[0-9a-f]{32}-")
_ID: Final = re.compile(r"([a-z]+)[_-][A-Za-z0-9_-]+")
#: Keys that give a difference its name, wherever below them it is.
_TELLING: Final = frozenset(
    "metadata attributes annotations attachments logs outputs usage tools tool_resources required_action last_error "
    "file_counts response_format tool_choice truncation_strategy chunking_strategy expires_after".split()
)
#: What a difference is called that is not in a field of the API's objects.
STATUS, ERROR, EVENTS, LENGTH, CONTENT = "status code", "error", "events", "length", "content"
#: What a difference is called that no scenario can repeat: the request did not state the value, and the service chose
#: it by the account, the project or the model.
ACCOUNT: Final = "settings of the account"
#: Fields of a response with such values.
_OF_THE_ACCOUNT: Final = frozenset(
    "store service_tier reasoning temperature top_p prompt_cache_retention billing content_filters".split()
)

#: Name and data of a server-sent event.
_Events = Sequence[tuple[str, Any]]


class Difference(NamedTuple):
    """``kind``: the field, or what else differs. ``where``: its path in the response; ``words``: both values."""

    kind: str
    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.words}" if self.where else self.words


def rank(status: object) -> int:
    """How far a run or file with this status has come."""
    return STATUS_ORDER.get(str(status), _AT_REST)


class Comparer:
    """Compares responses. ``same_id`` says whether two ids name the same object, ``translated`` puts in new ids."""

    def __init__(self, same_id: Callable[[str, str], bool], translated: Callable[[str], str]) -> None:
        self._same_id, self._translated = same_id, translated
        #: The body of the request that created the response, as far as it is known.
        self.sent: Object = {}

    def events(self, expected: _Events, actual: _Events, *, is_cut: bool = False) -> list[Difference]:
        """The differences of two event streams, up to the first event of another name.

        ``is_cut``: the rest of the recorded one was not recorded.
        """
        expected_names, actual_names = _names(expected), _names(actual)
        if is_cut:
            actual_names = actual_names[: len(expected_names)]
        if "thread.run.cancelled" in expected_names and actual_names == expected_names[: len(actual_names)]:
            return []  # the proof stops reading a stream whose run another request cancels
        found = []
        for (name, one), (other_name, other) in zip(_whole(expected), _whole(actual), strict=False):
            if name != other_name:
                break
            found += list(self._walk(one, other, (name,)))
        if expected_names != actual_names:
            pairs = enumerate(zip(expected_names, actual_names, strict=False))
            shorter = min(len(expected_names), len(actual_names))
            place = next((n for n, (one, other) in pairs if one != other), shorter)
            was, is_now = ([*names, "the end"][place] for names in (expected_names, actual_names))
            words = f"event {place + 1} was {was}, the emulator sends {is_now}"
            found = [Difference(EVENTS, "", words), *found]
        return found

    def responses(self, expected: Any, actual: Any, *, by_id: bool = False) -> list[Difference]:
        """The differences of two JSON bodies. ``by_id``: of a list, the objects of an id belong together.

        Other lists are compared by position.
        """
        if by_id and _is_list(expected) and _is_list(actual):
            return list(self._by_id(expected["data"], actual["data"]))
        return list(self._walk(expected, actual, ()))

    # ---- Walking ----

    def _walk(self, want: Any, got: Any, path: tuple[Any, ...]) -> Iterator[Difference]:
        key = path[-1] if path else ""
        if isinstance(want, dict) and isinstance(got, dict):
            yield from self._objects(want, got, path)
        elif isinstance(want, list) and isinstance(got, list):
            if key == "required" and _texts(want) == _texts(got):
                return  # of a JSON Schema, where the order means nothing
            if len(want) != len(got):
                yield self._lengths(want, got, path)
            for number, (one, other) in enumerate(zip(want, got, strict=False)):
                yield from self._walk(one, other, (*path, number))
        elif not self._equal(want, got, str(key)):
            yield _difference(path, f"recorded {_shown(want)}, the emulator sends {_shown(got)}")

    def _objects(self, want: Object, got: Object, path: tuple[Any, ...]) -> Iterator[Difference]:
        is_behind = str(want.get("object")) in _MOVING and rank(want.get("status")) < rank(got.get("status"))
        is_response = want.get("object") == "response"
        for key, value in want.items():
            if is_response and self._is_of_the_account(key, value, got.get(key)):
                found = self._walk(value, got.get(key), (*path, key))
                yield from (one._replace(kind=ACCOUNT) for one in found)
                continue
            if (is_behind and key in _MOVES) or (key not in got and _is_empty(value)):
                continue
            if key in ("first_id", "last_id") and not got.get(key) and value:
                continue  # a list of another length, which its data shows
            if key in got:
                yield from self._walk(value, got[key], (*path, key))
            else:
                yield _difference((*path, key), f"recorded {_shown(value)}, the emulator does not send it")

    def _is_of_the_account(self, key: str, want: Any, got: Any) -> bool:
        """True for a value that the service chose. A name of a model may stand for its newest version."""
        if key == "model" and isinstance(got, str):
            return str(want).startswith(f"{got}-")
        return key in _OF_THE_ACCOUNT and key not in self.sent

    def _by_id(self, want: list[Any], got: list[Any]) -> Iterator[Difference]:
        if len(want) != len(got):
            yield self._lengths(want, got, ("data",))
        for one in want:
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                other = next((each for each in got if isinstance(each, dict) and self._is_it(one, each)), None)
                if other is None:
                    yield Difference(LENGTH, "data", f"it listed {one['id']}, the emulator does not")
                else:
                    yield from self._walk(one, other, ("data", one["id"]))

    def _is_it(self, one: Object, other: Object) -> bool:
        return isinstance(other.get("id"), str) and self._translated(one["id"]) == other["id"]

    @staticmethod
    def _lengths(want: list[Any], got: list[Any], path: tuple[Any, ...]) -> Difference:
        kind = LENGTH if path in ((), ("data",)) else _kind(path)
        return Difference(kind, _where(path), f"recorded {_items(want)}, the emulator sends {_items(got)}")

    def _equal(self, want: Any, got: Any, key: str) -> bool:
        if key.endswith("_at") and (want is None or _is_number(want)):
            return (want is None) == (got is None)
        if key in _COUNTS and _is_number(want):
            return _is_number(got)
        if key in _OPAQUE:
            return type(want) is type(got)
        if key in _SINCE and want is None:
            return True
        if isinstance(want, str) and isinstance(got, str):
            if key == "path":  # of a file in a container, which has a number of its own before its name
                want, got = _NUMBERED.sub("", want), _NUMBERED.sub("", got)
            if want == got or self._translated(want) == got:
                return True
            return _ID.fullmatch(want) is not None and _names_an_object(key) and self._same_id(want, got)
        return (type(want) is type(got) and bool(want == got)) or (_is_number(want) and _is_number(got) and want == got)


def _texts(values: list[Any]) -> list[str]:
    return sorted(map(str, values))


def _is_empty(value: Any) -> bool:
    """True for null, and for what contains nothing else."""
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value is None or value == []


def _names_an_object(key: str) -> bool:
    return key == "id" or key.endswith(("_id", "_ids")) or key.isdecimal()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("data"), list)


def _names(events: _Events) -> list[str]:
    """The names of events; successive deltas count once."""
    names: list[str] = []
    for name, _ in events:
        if not (name.endswith(".delta") and names and names[-1] == name):
            names.append(name)
    return names


def _whole(events: _Events) -> list[tuple[str, Any]]:
    """All events but deltas, whose text the events after them repeat."""
    return [(name, data) for name, data in events if not name.endswith(".delta")]


# ---- Words ----


def _difference(path: tuple[Any, ...], words: str) -> Difference:
    return Difference(_kind(path), _where(path), words)


def _kind(path: tuple[Any, ...]) -> str:
    """The field that gives a difference its name."""
    keys = [str(one) for one in path if isinstance(one, str)]
    telling = next((key for key in keys if key in _TELLING), None)
    return telling or ("text" if keys[-1:] == ["value"] else keys[-1] if keys else CONTENT)


def _where(path: tuple[Any, ...]) -> str:
    """``data[0].metadata.user``"""
    text = ""
    for one in path:
        text += f"[{one}]" if isinstance(one, int) else f".{one}" if text else str(one)
    return text


def _items(found: list[Any]) -> str:
    return "1 item" if len(found) == 1 else f"{len(found)} items"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) <= {"id", "object"}:
        value = dict(value)
    return shorten("null" if value is None else repr(value), 120)
