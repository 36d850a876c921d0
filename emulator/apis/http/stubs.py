"""Responses of stubs to requests outside the API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from emulator.apis.http.errors import ApiError
from emulator.apis.http.headers import JSON, read_query
from emulator.apis.http.pending import PendingRequest, json_or_none
from emulator.apis.http.request import JsonResponse
from emulator.base.operations import OPERATIONS
from emulator.base.problems import Problem
from emulator.base.text import nearest
from emulator.world.journal import Entry
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.scenarios.stubs import MatchedStub

#: Responses that HTTP gives no body.
BODILESS: Final = frozenset({204, 304})
#: The statuses of errors for a URL or a method that no operation has.
_NO_OPERATION: Final = (404, 405)


def stub_or(error: ApiError, pending: PendingRequest) -> JsonResponse | ApiError:
    """The response of a stub to a request outside the API, or else the error, and a problem."""
    world, entry = pending.world, pending.entry
    if entry.operation is not None or error.status not in _NO_OPERATION:
        return error
    matched = world.stub(entry.method, entry.path)
    if matched is not None:
        return _respond(matched, pending)
    used_up = "; ".join(f"{one.place or one.path} (times: {one.times})" for one in _used_up(world, entry))
    why = f"its stubs are used up: {used_up}" if used_up else "no stub answers it"
    meant = "" if used_up else _nearest_operation(entry)
    world.report(
        Problem("unknown_operation", f"{entry.method} {entry.path} is no operation of the API{meant}, and {why}")
    )
    return error


def _nearest_operation(entry: Entry) -> str:
    """The operation whose method and path, without the version, are most like those of the request."""
    named = {f"{one.method} {one.path}": f"{one.method} /v1{one.path}" for one in OPERATIONS}
    found = nearest(f"{entry.method} {entry.path.removeprefix('/v1')}", named)
    return "" if found is None else f" (did you mean {named[found]!r}?)"


def _used_up(world: World, entry: Entry) -> list[Any]:
    return world.used_up_stubs(entry.method, entry.path)


def _respond(matched: MatchedStub, pending: PendingRequest) -> JsonResponse:
    stub = matched.stub
    headers = list(stub.headers)
    if stub.status in BODILESS:
        return JsonResponse(b"", stub.status, headers=headers)
    if stub.template is None:
        return JsonResponse(stub.body, stub.status, headers=headers)
    return _rendered(matched, pending)


def _rendered(matched: MatchedStub, pending: PendingRequest) -> JsonResponse:
    """The body with its templates filled in. A value keeps its type; a text is sent as text."""
    from emulator.sandbox import templates
    from emulator.scenarios.stubs import TEXT

    stub, world = matched.stub, pending.world
    try:
        body = templates.render(stub.template, _variables(matched, pending))
        raw = body.encode() if isinstance(body, str) else templates.as_json(body).encode()
    except templates.TemplateError as error:
        file, _, line = stub.place.rpartition(":")
        words = f"stub {stub.method} {stub.path}: {error}"
        world.report(Problem("template", words, file or None, int(line) if line else None))
        failed = {"message": words, "type": "emulator_error", "param": None, "code": "stub_template"}
        return JsonResponse(orjson.dumps({"error": failed}, option=orjson.OPT_INDENT_2), 500)
    kind = (b"content-type", TEXT) if isinstance(body, str) else JSON
    return JsonResponse(raw, stub.status, headers=list({kind[0]: kind[1], **dict(stub.headers)}.items()))


def _variables(matched: MatchedStub, pending: PendingRequest) -> dict[str, Any]:
    """The names that the templates of a stub can use: the named parts of its path, ``request`` and ``fake``."""
    from emulator.sandbox.fake import Fake

    entry, world, stub = pending.entry, pending.world, matched.stub
    text = entry.body.decode("utf-8", "replace")
    value = json_or_none(entry.body) if entry.body else None
    request = {
        "method": entry.method,
        "path": entry.path,
        "params": matched.parameters,
        "query": read_query(entry.query),
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in entry.headers},
        "json": value,
        "body": text,
    }
    seed = partial(world.ids.stream, "fake", f"{stub.method} {stub.path} {matched.before}")
    return {**matched.parameters, "request": request, "fake": Fake(seed, world.clock.now())}
