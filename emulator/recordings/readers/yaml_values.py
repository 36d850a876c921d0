"""YAML as recorders write it, read into plain values: fast, with limits, and without making an object of any tag.

Tags for bytes are decoded; anything else with a tag is read as the text, list or mapping that it looks like.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

from emulator.base.limits import MAX_RECORDING_VALUES
from emulator.scenarios.yaml_parsers import (
    NotReadByLibyaml,
    has_libyaml,
    libyaml_events,
    python_events,
    unreadable,
)
from emulator.scenarios.yaml_tree import TreeBuilder, Unreadable, refused

__all__ = ["MAX_RECORDING_VALUES", "Unreadable", "load", "top_keys"]


_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_FLOAT: Final = re.compile(r"[-+]?[0-9]{1,30}\.[0-9]*(?:[eE][-+][0-9]{1,3})?")
_BYTES: Final = ("!binary", ":binary", "python/bytes")


def load(text: str) -> Any:
    """The only document of a text; None if there is none. Raises Unreadable."""
    return _ValueBuilder().build(_events(text))


def top_keys(text: str) -> Iterator[str]:
    """The keys of the mapping that a text is, read only as far as the caller iterates. Raises Unreadable."""
    import yaml

    depth, key_is_next = 0, True
    for event in _events(text):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if (depth == 1 and isinstance(event, yaml.SequenceStartEvent)) or (depth == 2 and key_is_next):
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            key_is_next = True
        elif depth == 1:
            if key_is_next and isinstance(event, yaml.ScalarEvent):
                yield event.value
            key_is_next = not key_is_next


def _events(text: str) -> Iterator[Any]:
    """By the parser of libyaml, if PyYAML has it."""
    if not has_libyaml():
        return python_events(text)
    return _events_in_c(text)


def _events_in_c(text: str) -> Iterator[Any]:
    try:
        yield from libyaml_events(text)
    except NotReadByLibyaml as error:
        raise unreadable(error.args[0], text) from None


class _ValueBuilder(TreeBuilder):
    max_size = MAX_RECORDING_VALUES

    def key(self, event: Any) -> str:
        """Older recorders wrote names of headers as bytes."""
        value = self.scalar(event)
        return value.decode("latin-1") if isinstance(value, bytes) else str(event.value)

    def size_of(self, event: Any) -> int:
        return 1 + len(event.value) // 64

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag is None or event.tag == "!":
            return _plain(text) if event.implicit[0] else text
        if event.tag.endswith(_BYTES):
            try:
                return base64.b64decode("".join(text.split()), validate=True)
            except (binascii.Error, ValueError):
                raise refused(event, f"expected base64 after the tag {event.tag}") from None
        return text


def _plain(text: str) -> Any:
    """The value of text without quotes: text, unless it is clearly null, a boolean or a number."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] in "+-0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
