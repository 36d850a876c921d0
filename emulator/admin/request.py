"""What the endpoints of the admin API share: a request's world and body, responses, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import wraps
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from emulator.apis.http import headers
from emulator.apis.http.bodies import TOO_LARGE, TOO_MANY, lingering, read_body
from emulator.apis.http.errors import ApiError
from emulator.base.clock import monotonic
from emulator.base.limits import MAX_BODY, MAX_BODY_VALUES
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.engine.turn_engine import TurnEngine
from emulator.world.kept_worlds import NoWorld
from emulator.world.world import World
from emulator.world.worlds import Worlds

Endpoint = Callable[[Request], Awaitable[Response]]


class AdminError(EmulatorError):
    """An admin request that is refused. ``status``: the HTTP status of the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def in_world(endpoint: Callable[[Request, World], Awaitable[Response]]) -> Endpoint:
    """Calls an endpoint with the world of the request's API key, and turns its errors into responses."""

    @wraps(endpoint)
    async def respond(request: Request) -> Response:
        # read before the world is looked up, which may be reset while the body arrives
        request.state.raw = await read_body(request.receive, MAX_BODY, request.scope["headers"])
        try:
            world = worlds_of(request).of(key_of(request), changes=request.method == "POST")
        except (ApiError, NoWorld) as error:
            return _refused(error)
        try:
            with world.responding():
                if world.clock.name == "real":
                    TurnEngine(world).catch_up()
                response = await endpoint(request, world)
        except Exception as error:
            return _refused(error, world)
        world.is_used = world.is_used or request.method == "POST"
        return response

    return respond


def in_worlds(endpoint: Callable[[Request, Worlds, str], Awaitable[Response]]) -> Endpoint:
    """As ``in_world``, for an endpoint that ends the world of the key: it needs none, and makes none."""

    @wraps(endpoint)
    async def respond(request: Request) -> Response:
        request.state.raw = await read_body(request.receive, MAX_BODY, request.scope["headers"])
        try:
            return await endpoint(request, worlds_of(request), key_of(request))
        except Exception as error:
            return _refused(error)

    return respond


def _refused(error: Exception, world: World | None = None) -> Response:
    """The response to a request that raised an error. A bug of ours is a problem of the world."""
    if isinstance(error, ApiError):
        return Response(error.body(), error.status, media_type="application/json")
    if isinstance(error, NoWorld):
        return refusal(error.status, str(error), code=error.code)
    if isinstance(error, ScenarioError):
        return refusal(400, str(error), problems=error.problems)
    if isinstance(error, AdminError):
        response = refusal(error.status, str(error))
        return _Lingering(response.body, 413, media_type="application/json") if error.status == 413 else response
    if isinstance(error, EmulatorError):
        return refusal(400, str(error))
    if world is None:
        raise error
    world.report_exception(error)
    if isinstance(error, OSError):
        return refusal(500, f"the machine refused the emulator something: {error}")
    return refusal(500, f"the emulator failed, which is a bug in it; check() has the traceback: {error!r}")


# ---- Requests ----


def worlds_of(request: Request) -> Worlds:
    """The worlds of the server."""
    worlds: Worlds = request.app.state.worlds
    return worlds


def key_of(request: Request) -> str:
    """The API key of the request. Raises ApiError if it has none."""
    return headers.read_key(headers.by_name(request.scope["headers"]))


def json_body(request: Request) -> Any:
    """The parsed body, ``{}`` if it is empty. Raises AdminError for a body that is not JSON or is too large."""
    raw = raw_body(request)
    try:
        return orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as error:
        raise AdminError(400, f"expected a JSON body: {error}") from None


def raw_body(request: Request) -> bytes:
    """The body. Raises AdminError if it is too large."""
    raw: bytes | None = request.state.raw
    if raw is TOO_LARGE:
        raise AdminError(413, f"expected at most {MAX_BODY} bytes in the body")
    if raw is TOO_MANY:
        raise AdminError(413, f"expected at most about {MAX_BODY_VALUES} values in the body")
    return raw or b""


# ---- Responses ----

#: Real seconds that an endpoint works before it lets other requests through.
_SLICE: Final = 0.01


async def in_slices(parts: Iterable[bytes]) -> bytes:
    """All parts together. Other requests are answered in between."""
    made: list[bytes] = []
    await let_others_in(map(made.append, parts))
    return b"".join(made)


async def let_others_in(work: Iterable[object]) -> None:
    """Does the work, piece by piece. Other requests are answered in between, if it takes long."""
    begun = monotonic()
    for _ in work:
        if monotonic() - begun > _SLICE:
            await asyncio.sleep(0)
            begun = monotonic()


async def list_response(name: str, items: Iterable[Any], **more: Any) -> Response:
    """An object with a list, which may be long, and more members. It looks as ``json_response`` does."""
    return Response(await in_slices(list_parts(name, items, **more)), media_type="application/json")


def list_parts(name: str, items: Iterable[Any], **more: Any) -> Iterator[bytes]:
    """The body of ``list_response``."""
    found = False
    yield b'{\n  "%b": [' % name.encode()
    for item in items:
        yield (b",\n    " if found else b"\n    ") + _indented(item, b"\n    ")
        found = True
    yield b"\n  ]" if found else b"]"
    for key, value in more.items():
        yield b',\n  "%b": %b' % (key.encode(), _indented(value, b"\n  "))
    yield b"\n}\n"


def _indented(value: Any, line_end: bytes) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).replace(b"\n", line_end)


def json_response(value: Any, status: int = 200) -> Response:
    """Indented JSON, for people who use curl."""
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    return Response(body + b"\n", status, media_type="application/json")


def refusal(status: int, message: str, **more: Any) -> Response:
    """An error response."""
    return json_response({"error": {"message": message, **more}}, status)


class _Lingering(Response):
    """A response to a request whose body was not read to its end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, lingering(receive, send))
