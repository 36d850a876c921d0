"""Builds values from the events of a YAML parser, with limits on depth and size; scenarios and recordings share it.

It takes events instead of PyYAML's tree of nodes, because composing a deep tree overruns the stack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from emulator.base.limits import MAX_YAML_DEPTH
from emulator.base.problems import EmulatorError

if TYPE_CHECKING:
    from yaml import Event

TOO_DEEP: Final = f"expected at most {MAX_YAML_DEPTH} levels"
CONTAINS_ITSELF: Final = "this alias contains itself"
#: The key of a container whose next event is a key, and of a list.
NO_KEY: Final = object()


class Place(NamedTuple):
    """A place in a text; both count from 1."""

    line: int
    column: int


class Unreadable(EmulatorError):
    """The text cannot be read; ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def place_of(mark: Any) -> Place:
    """The place of a mark of either parser; the start of the text for None."""
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def refused(event: Event, message: str) -> Unreadable:
    """An error at the start of an event."""
    return Unreadable(message, *place_of(event.start_mark))


def too_many(max_values: int) -> str:
    return f"expected at most {max_values} values, aliases counted as often as used"


class Container:
    """A list or mapping that has not ended.

    ``key``: of the value that follows. ``height``: levels inside it so far. ``note``: see ``TreeBuilder.begin``.
    """

    __slots__ = ("height", "is_list", "key", "note", "size_before", "start", "value")

    def __init__(self, value: Any, start: Any, size_before: int) -> None:
        self.value, self.start, self.size_before = value, start, size_before
        self.is_list = type(value) is list
        self.note: Any = None
        self.key: Any = NO_KEY
        self.height = 0


class Anchored(NamedTuple):
    """The value of an anchor, the event of its start, its size (None until it has ended) and the levels inside it."""

    value: Any
    start: Event
    size: int | None
    height: int = 0


class TreeBuilder:
    """Makes a value of the events of a document. Subclasses give values to keys and scalars.

    ``size`` counts values, aliases as often as they are used; it may not exceed ``max_size``.
    """

    max_size: ClassVar[int]
    no_key: ClassVar[str] = "expected text as a key, got a list, a mapping or an alias"
    second_document: ClassVar[str] = "expected one document, got another"

    def __init__(self) -> None:
        self.document: Any = None
        self.size = 0
        self.stack: list[Container] = []
        self.anchors: dict[str, Anchored] = {}

    def build(self, events: Iterable[Event]) -> Any:
        """The value of the only document; None if there is none. Raises Unreadable."""
        from yaml import events as kinds

        scalar, mapping, sequence = kinds.ScalarEvent, kinds.MappingStartEvent, kinds.SequenceStartEvent
        for event in events:
            kind = type(event)
            if kind is scalar:
                self._scalar(event)
            elif kind is mapping:
                self._open(event, {})
            elif kind is sequence:
                self._open(event, [])
            elif kind is kinds.MappingEndEvent or kind is kinds.SequenceEndEvent:
                self._close()
            elif kind is kinds.AliasEvent:
                self.alias(event)
            elif kind is kinds.DocumentStartEvent and self.size:
                raise refused(event, self.second_document)
        return self.document

    # ---- What subclasses decide ----

    def key(self, event: Any) -> str:
        """The key of a scalar, in the mapping on top of the stack."""
        raise NotImplementedError

    def scalar(self, event: Any) -> Any:
        """The value of a scalar."""
        raise NotImplementedError

    def size_of(self, event: Any) -> int:
        """The size of a scalar."""
        return 1

    def begin(self, event: Any, value: Any = None) -> Any:
        """Called at the start of each scalar, list and mapping. A list or mapping, which ``value`` is while it is
        still empty, keeps the result as ``note``."""

    def aliased(self, alias: Any, anchored: Anchored) -> Any:
        """The value that an alias stands for."""
        return anchored.value

    # ---- Building ----

    def awaits_key(self) -> bool:
        """True if the next event is a key."""
        return bool(self.stack) and self.stack[-1].key is NO_KEY and not self.stack[-1].is_list

    def alias(self, event: Any) -> None:
        """Puts the value of an anchor. Raises Unreadable for an unknown anchor, and for one that has not ended."""
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            raise refused(event, f"there is no anchor {event.anchor!r} for this alias")
        if anchored.size is None:
            raise refused(event, CONTAINS_ITSELF)
        if self.awaits_key():
            raise refused(event, self.no_key)
        self._check(event, anchored.size, anchored.height)
        self._put(self.aliased(event, anchored), anchored.height)

    def _scalar(self, event: Any) -> None:
        container = self.stack[-1] if self.stack else None
        if container is not None and container.key is NO_KEY and not container.is_list:
            container.key = self.key(event)
            return
        size = self.size_of(event)
        self._check(event, size)
        self.begin(event)
        value = self.scalar(event)
        if event.anchor:
            self.anchors[event.anchor] = Anchored(value, event, size)
        self._put(value)

    def _open(self, event: Any, value: Any) -> None:
        if self.awaits_key():
            raise refused(event, self.no_key)
        container = Container(value, event, self.size)
        self._check(event, 1)
        container.note = self.begin(event, value)
        if event.anchor:
            self.anchors[event.anchor] = Anchored(value, event, None)
        self._put(value)
        self.stack.append(container)

    def _close(self) -> None:
        ended = self.stack.pop()
        if self.stack and self.stack[-1].height <= ended.height:
            self.stack[-1].height = ended.height + 1
        if ended.start.anchor:
            size = self.size - ended.size_before
            self.anchors[ended.start.anchor] = Anchored(ended.value, ended.start, size, ended.height)

    def _check(self, event: Any, size: int, height: int = 0) -> None:
        """Adds the size of a value, and checks the limits."""
        self.size += size
        if self.size > self.max_size:
            raise refused(event, too_many(self.max_size))
        if len(self.stack) + height > MAX_YAML_DEPTH:
            raise refused(event, TOO_DEEP)

    def _put(self, value: Any, height: int = 0) -> None:
        if not self.stack:
            self.document = value
            return
        container = self.stack[-1]
        if container.height <= height:
            container.height = height + 1
        if container.is_list:
            container.value.append(value)
        else:
            container.value[container.key] = value
            container.key = NO_KEY
