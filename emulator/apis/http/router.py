"""Which handler answers a URL: routes by path segment, so that finding one of many costs as much as one of few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.apis.http.request import Handler


class Route(NamedTuple):
    """An operation of the API: its path, with ``{parameters}``, and the function that is called as the operation is."""

    path: str
    endpoint: Handler
    method: str

    @property
    def name(self) -> str:
        return self.endpoint.__name__


class RouteTree:
    """Routes by path segment: finding one of many costs as much as finding one of few. Literal segments come first."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for segment in route.path.strip("/").split("/"):
                node = node.below(segment)
            node.operations[route.method] = (route.name, route.endpoint)

    @property
    def roots(self) -> frozenset[str]:
        """The first segments: the headings of the API reference."""
        return frozenset(self._root.literal)

    def find(self, segments: list[str], method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
        """The operation's name, its handler and the path's parameters. Raises ApiError: unknown URL, wrong method.

        An empty segment ends the path, as it does for the service: ``POST /threads//messages`` creates a thread.
        """
        node, values = self._root, {}
        for segment in segments:
            if not segment:
                break
            following = node.literal.get(segment)
            if following is None:
                if node.parameter is None:
                    raise _unknown(segments, method, path)
                name, following = node.parameter
                values[name] = segment
            node = following
        if not node.operations:
            raise _unknown(segments, method, path)
        operation = node.operations.get(method)
        if operation is None:
            raise errors.wrong_method(node.operations)
        return *operation, values


def _unknown(segments: list[str], method: str, path: str) -> ApiError:
    """What the service says of a URL that leads nowhere, by the heading under which it leads there (FACTS §4)."""
    if segments[:1] == ["assistants"] and segments[2:3] == ["files"]:
        return errors.deprecated_route()
    if segments[:1] == ["vector_stores"] and len(segments) > 2:
        return errors.sub_route_not_found()
    return errors.unknown_url(method, unquote(path))


class _Node:
    __slots__ = ("literal", "operations", "parameter")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.parameter: tuple[str, _Node] | None = None
        self.operations: dict[str, tuple[str, Handler]] = {}

    def below(self, segment: str) -> _Node:
        if not segment.startswith("{"):
            return self.literal.setdefault(segment, _Node())
        name = segment.strip("{}")
        if self.parameter is None:
            self.parameter = (name, _Node())
        assert self.parameter[0] == name, f"one place, two names: {name} and {self.parameter[0]}"
        return self.parameter[1]
