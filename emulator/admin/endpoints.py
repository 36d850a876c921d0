"""The admin API under ``/_emulator``: the one door of command line, fixtures and pages into a running emulator.

JSON, for the world of the caller's key and nothing else. ``control.Control`` is its client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from emulator.admin.posted import posted_scenario
from emulator.apis.assistants.store import objects_of
from emulator.apis.http import headers
from emulator.apis.http.bodies import MAX_BODY, MAX_VALUES, TOO_LARGE, TOO_MANY, lingering, read_body
from emulator.apis.http.errors import ApiError
from emulator.base.clock import LAST_INSTANT
from emulator.base.operations import BY_NAME
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.base.version import __version__
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.checks import fault_problems
from emulator.scenarios.document import path_in_words
from emulator.scenarios.faults import fault_of
from emulator.world.world import World
from emulator.world.worlds import Worlds


class AdminError(EmulatorError):
    """An admin request that cannot be done; ``status`` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _json(value: Any, status: int = 200) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    return Response(body + b"\n", status, media_type="application/json")


def _refused(status: int, message: str, **more: Any) -> Response:
    return _json({"error": {"message": message, **more}}, status)


Endpoint = Callable[[Request], Awaitable[Response]]


def _in_world(endpoint: Callable[[Request, World], Awaitable[Response]]) -> Endpoint:
    """Calls an endpoint with the world of the caller's key; what it refuses becomes an answer."""

    @wraps(endpoint)
    async def respond(request: Request) -> Response:
        # before the world is looked for: it may be reset while a body comes in
        request.state.raw = await read_body(request.receive, MAX_BODY, request.scope["headers"])
        try:
            world = _worlds(request).of(headers.read_key(request.scope["headers"]))
        except ApiError as error:
            return Response(error.body(), error.status, media_type="application/json")
        try:
            if world.clock.name == "real":
                TurnEngine(world).catch_up()
            return await endpoint(request, world)
        except ScenarioError as error:
            return _refused(400, str(error), problems=error.problems)
        except AdminError as error:
            refusal = _refused(error.status, str(error))
            return _Lingering(refusal.body, 413, media_type="application/json") if error.status == 413 else refusal
        except EmulatorError as error:
            return _refused(400, str(error))
        except Exception as error:
            world.report_exception(error)
            return _refused(500, f"the emulator failed, which is a bug in it; check() has the traceback: {error!r}")

    return respond


def _worlds(request: Request) -> Worlds:
    worlds: Worlds = request.app.state.worlds
    return worlds


def _key(request: Request) -> str:
    return headers.read_key(request.scope["headers"])


def _body(request: Request) -> Any:
    raw = _raw(request)
    try:
        return orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as error:
        raise AdminError(400, f"expected a JSON body: {error}") from None


def _raw(request: Request) -> bytes:
    raw: bytes | None = request.state.raw
    if raw is TOO_LARGE:
        raise AdminError(413, f"expected at most {MAX_BODY} bytes in the body")
    if raw is TOO_MANY:
        raise AdminError(413, f"expected about {MAX_VALUES} values in the body at most")
    return raw or b""


class _Lingering(Response):
    """The answer to a request whose body was not read to its end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, lingering(receive, send))


# ---- Endpoints ----


async def health(request: Request) -> Response:
    """Needs no key."""
    return _json({"status": "ok", "version": __version__})


async def openapi(request: Request) -> Response:
    """The OpenAPI document of the API. Needs no key."""
    from emulator.admin.openapi import document

    return _json(document())


@_in_world
async def reset(request: Request, world: World) -> Response:
    """A new world. Options in the body (seed, clock, start, unmatched, shapes) are in force until the next reset."""
    old = _worlds(request).reset(_key(request), _body(request))
    if old is not None:  # once the answer is out: to let go of a large world takes longer than to begin a new one
        asyncio.get_running_loop().call_soon(old.forget)
    return _json({})


@_in_world
async def keep_baseline(request: Request, world: World) -> Response:
    """From now on a reset returns to what is there now, until this baseline is forgotten."""
    _worlds(request).keep(_key(request))
    return _json({})


@_in_world
async def forget_baseline(request: Request, world: World) -> Response:
    """A reset returns to the baseline that was kept before this one; with ``?all=true`` to an empty world."""
    _worlds(request).forget(_key(request), all=request.query_params.get("all") == "true")
    return _json({})


@_in_world
async def state(request: Request, world: World) -> Response:
    objects = objects_of(world)
    threads = objects.threads.values()
    return _json(
        {
            "clock": world.clock.name,
            "now": world.clock.now(),
            "settings": world.settings,
            "objects": {
                "assistants": len(objects.assistants),
                "threads": len(threads),
                "messages": sum(len(thread.messages) for thread in threads),
                "runs": sum(len(thread.runs) for thread in threads),
            },
            "asked": {operation or "unknown": times for operation, times in world.journal.counts.items()},
            "active_runs": [
                {"id": id, "thread_id": one.thread_id, "status": one.status, "held": one.held}
                for id, one in TurnEngine(world).active.items()
            ],
        }
    )


@_in_world
async def requests(request: Request, world: World) -> Response:
    asked = request.query_params
    unknown = set(asked) - {"operation", "thread", "run"}
    if unknown:
        raise AdminError(400, f"unknown query {', '.join(sorted(unknown))}; expected operation, thread or run")
    operation = asked.get("operation")
    if operation is not None and operation not in BY_NAME:
        known = ", ".join(sorted(BY_NAME))
        raise AdminError(400, f"there is no operation {operation!r}; the operations are: {known}")
    entries = world.journal.requests(operation, asked.get("thread"), asked.get("run"))
    return _json({"requests": [entry.as_json() for entry in entries], "dropped": world.journal.dropped})


@_in_world
async def runs(request: Request, world: World) -> Response:
    return _json({"runs": [turn.as_json() for turn in world.turns.values()]})


@_in_world
async def advance(request: Request, world: World) -> Response:
    body = _body(request)
    seconds = body.get("seconds") if isinstance(body, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e10:
        raise AdminError(400, f'expected {{"seconds": a number from 0}}, got {body!r}')
    if world.clock.name == "real":
        raise AdminError(400, "advance is for the skip clock; this world runs on the real one, which nobody moves")
    until = world.clock.now() + seconds
    if until > LAST_INSTANT:
        left = LAST_INSTANT - world.clock.now()
        raise AdminError(400, f"the clock would leave the calendar; it can advance {left:.0f} seconds more")
    TurnEngine(world).play_until(until)
    world.clock.move_to(until)
    return _json({"now": world.clock.now()})


@_in_world
async def list_scenarios(request: Request, world: World) -> Response:
    """In the order in which they are asked."""
    return _json(
        {
            "scenarios": [
                {
                    "name": one.name,
                    "file": one.file,
                    "turns": [
                        {"name": turn.name, "times": turn.times, "played": world.played[one.name, turn.name]}
                        for turn in one.turns
                    ],
                }
                for one in world.scenarios
            ]
        }
    )


@_in_world
async def add_scenario(request: Request, world: World) -> Response:
    """One document, JSON or YAML. ``?file=`` says where it was read, ``?name=`` what to call it if it does not say.

    Or ``{"document": text, "contents": {path: base64}}``, with the local files that it names: the server opens none.
    A recording stands for the scenario that it is distilled to.
    """
    asked = request.query_params
    scenario = posted_scenario(_raw(request), asked.get("file", "<posted>"), asked.get("name", ""))
    world.load(scenario)
    return _json({"name": world.scenarios[0].name})


@_in_world
async def export(request: Request, world: World) -> Response:
    """``?as=recording``: the journal, in our own format. ``?as=scenario``: the objects, as a scenario's ``given``."""
    from emulator.recordings.exporting import recording_of, scenario_of

    kind = request.query_params.get("as", "recording")
    if kind == "recording":
        return Response(recording_of(world), media_type="application/jsonl")
    if kind == "scenario":
        return Response(scenario_of(world), media_type="application/yaml")
    raise AdminError(400, f"expected ?as=recording or ?as=scenario, got {kind!r}")


@_in_world
async def list_faults(request: Request, world: World) -> Response:
    """Lists the faults in the order in which they are tried."""
    return _json({"faults": [{**one.fault.as_json(), "applied": one.applied} for one in world.faults]})


@_in_world
async def inject_fault(request: Request, world: World) -> Response:
    """Adds a fault, which is tried before those of scenarios and those injected earlier."""
    data = _body(request)
    if found := [f"{path_in_words(path) or 'fault'}: {why}" for path, why in fault_problems(data)]:
        raise AdminError(400, "; ".join(found))
    world.faults.inject(fault_of(data))
    return _json({})


@_in_world
async def clear_faults(request: Request, world: World) -> Response:
    """Removes the injected faults; scenarios keep theirs."""
    world.faults.clear()
    return _json({})


@_in_world
async def wait_held(request: Request, world: World) -> Response:
    """Waits until a run stands at the gate, at most ``?timeout=`` real seconds (5)."""
    label = _label(request, world)
    asked = request.query_params.get("timeout", "5")
    try:
        timeout = float(asked)
    except ValueError:
        timeout = -1
    if not 0 <= timeout <= 3600:
        raise AdminError(400, f"expected ?timeout= in seconds, from 0 to 3600, got {asked!r}")
    engine, reached = TurnEngine(world), asyncio.Event()
    # with the real clock a polled run comes to its gate when its time comes, and no event tells of that
    pause = 0.02 if world.clock.name == "real" else None
    world.on_held.append(reached.set)
    world.on_end.append(reached.set)
    try:
        async with asyncio.timeout(timeout):
            while (turn := engine.held_at(label)) is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(reached.wait(), pause)
                reached.clear()
                if pause is not None:
                    engine.catch_up()
                if world is not _worlds(request).of(_key(request)):
                    raise AdminError(409, f"the world was reset while waiting for {label!r}")
    except TimeoutError:
        raise AdminError(408, f"no run came to {label!r} within {timeout:g} seconds") from None
    finally:
        world.on_held.remove(reached.set)
        world.on_end.remove(reached.set)
    return _json({"run_id": turn.id, "thread_id": turn.thread_id})


@_in_world
async def release(request: Request, world: World) -> Response:
    label = _label(request, world)
    TurnEngine(world).release(label)
    return _json({})


def _label(request: Request, world: World) -> str:
    label: str = request.path_params["label"]
    known = world.labels()
    if label not in known:
        gates = f"the gates are: {', '.join(sorted(known))}" if known else "no scenario has a hold"
        raise AdminError(404, f"no scenario holds at {label!r}; {gates}")
    return label


@_in_world
async def check(request: Request, world: World) -> Response:
    problems = world.check()
    return _json({"ok": not problems, "problems": [problem.as_json() for problem in problems]})


async def not_found(request: Request, error: Exception) -> Response:
    known = ", ".join(sorted({f"/_emulator{route.path}" for route in routes}))
    known = known.replace(":path}", "}")
    return _refused(404, f"there is no {request.method} {_path(request)}; the admin API has: {known}")


def _path(request: Request) -> str:
    return f"/_emulator{request.scope['path']}"


async def not_allowed(request: Request, error: Exception) -> Response:
    allowed = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    return _refused(405, f"{_path(request)} does not take {request.method}; it takes {allowed}")


routes = [
    Route("/health", health),
    Route("/openapi.json", openapi),
    Route("/reset", reset, methods=["POST"]),
    Route("/baseline", keep_baseline, methods=["POST"]),
    Route("/baseline", forget_baseline, methods=["DELETE"]),
    Route("/state", state),
    Route("/requests", requests),
    Route("/runs", runs),
    Route("/clock/advance", advance, methods=["POST"]),
    Route("/scenarios", list_scenarios),
    Route("/scenarios", add_scenario, methods=["POST"]),
    Route("/faults", list_faults),
    Route("/faults", inject_fault, methods=["POST"]),
    Route("/faults", clear_faults, methods=["DELETE"]),
    Route("/export", export),
    Route("/holds/{label:path}/release", release, methods=["POST"]),
    Route("/holds/{label:path}", wait_held),
    Route("/check", check),
]
