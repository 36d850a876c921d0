"""Which operation a URL names: paths by segment, so that finding one of many costs as much as finding one of few."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.base.operations import Operation

#: The error for a URL that leads nowhere: segments below the base, method, whole path.
Unknown = Callable[[list[str], str, str], ApiError]


class Router:
    """Operations by path segment; literal segments come before parameters."""

    def __init__(self, operations: Sequence[Operation], unknown: Unknown = errors.unknown_url_of) -> None:
        self._root, self._unknown = _Node(), unknown
        for operation in operations:
            node = self._root
            for segment in operation.path.strip("/").split("/"):
                node = node.below(segment)
            node.operations[operation.method] = operation

    @property
    def roots(self) -> frozenset[str]:
        """The first segments: the headings of the API reference."""
        return frozenset(self._root.literal)

    def find(self, segments: list[str], method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation and the path's parameters. Raises ApiError: unknown URL, wrong method.

        An empty segment ends the path, as it does for the service: ``POST /threads//messages`` creates a thread.
        """
        node, values = self._root, {}
        for segment in segments:
            if not segment:
                break
            following = node.literal.get(segment)
            if following is None:
                if node.parameter is None:
                    raise self._unknown(segments, method, path)
                name, following = node.parameter
                values[name] = segment
            node = following
        if not node.operations:
            raise self._unknown(segments, method, path)
        operation = node.operations.get(method)
        if operation is None:
            raise errors.wrong_method(node.operations)
        return operation, values


class _Node:
    __slots__ = ("literal", "operations", "parameter")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.parameter: tuple[str, _Node] | None = None
        self.operations: dict[str, Operation] = {}

    def below(self, segment: str) -> _Node:
        if not segment.startswith("{"):
            return self.literal.setdefault(segment, _Node())
        name = segment.strip("{}")
        if self.parameter is None:
            self.parameter = (name, _Node())
        assert self.parameter[0] == name, f"one place, two names: {name} and {self.parameter[0]}"
        return self.parameter[1]
