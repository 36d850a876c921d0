"""Endpoints for the past of a world: requests, runs, transcripts, exports."""

from __future__ import annotations

from asyncio import to_thread

from starlette.requests import Request
from starlette.responses import Response

from emulator.admin.request import AdminError, in_world, list_parts, list_response
from emulator.admin.snapshot.requests import about
from emulator.apis.http.bodies import LARGE
from emulator.base.operations import BY_NAME
from emulator.base.text import did_you_mean
from emulator.world.world import World


@in_world
async def requests(request: Request, world: World) -> Response:
    """The journal, oldest request first, beginning with those of the baseline; ``?operation=``, ``?thread=`` and
    ``?run=`` select."""
    filters = request.query_params
    unknown = set(filters) - {"operation", "thread", "run"}
    if unknown:
        raise AdminError(400, f"unknown parameter {', '.join(sorted(unknown))}; expected operation, thread or run")
    operation = filters.get("operation")
    if operation is not None and operation not in BY_NAME:
        known, meant = ", ".join(sorted(BY_NAME)), did_you_mean(operation, BY_NAME)
        raise AdminError(400, f"there is no operation {operation!r}; the operations are: {known}{meant}")
    entries = [
        (entry, baseline)
        for baseline in (True, False)
        for entry in world.journal.requests(operation, filters.get("thread"), filters.get("run"), baseline=baseline)
    ]
    is_large = any(entry.size > LARGE for entry, _ in entries)
    world = world.frozen() if is_large else world
    shown = (entry.as_json() | about(entry, world) | {"baseline": baseline} for entry, baseline in entries)
    if is_large:  # in a thread, since a single body takes longer to show than others should wait
        body = await to_thread(b"".join, list_parts("requests", shown, dropped=world.journal.dropped))
        return Response(body, media_type="application/json")
    return await list_response("requests", shown, dropped=world.journal.dropped)


@in_world
async def runs(request: Request, world: World) -> Response:
    """All runs, and the responses of each turn together, with their timelines, oldest first."""
    return await list_response("runs", (run.as_json() for run in list(world.turns.values())))


@in_world
async def transcripts(request: Request, world: World) -> Response:
    """What a user of the application would notice of each turn, oldest first."""
    kept = (turn.transcript() for turn in list(world.with_transcript))
    return await list_response("transcripts", kept, dropped=world.dropped_transcripts)


@in_world
async def export(request: Request, world: World) -> Response:
    """``?as=recording``: the journal as a recording. ``?as=scenario``: the objects as ``given`` of a scenario, or with
    ``&run=ID`` a run, or the responses of a turn, as a scenario that plays the same.


    Secrets are redacted, and what each ``redact=REGEX`` matches; with ``no_redact=true`` all of them stay.
    """
    query = request.query_params
    kind = query.get("as", "recording")
    if kind not in ("recording", "scenario"):
        raise AdminError(400, f"expected ?as=recording or ?as=scenario, got {kind!r}")
    redact = None if query.get("no_redact") == "true" else query.getlist("redact")
    # in a thread, since it takes seconds for thousands of messages; of a world that does not change meanwhile
    return await to_thread(_exported, world.frozen(), kind, query.get("run"), redact)


def _exported(world: World, kind: str, run: str | None, redact: list[str] | None) -> Response:
    from emulator.recordings.exporting import recording_of, scenario_of
    from emulator.recordings.redaction.redactor import Redactor

    redactor = None if redact is None else Redactor(redact)
    if kind == "recording":
        return Response(recording_of(world, redactor), media_type="application/jsonl")
    if run is None:
        return Response(scenario_of(world, redactor), media_type="application/yaml")
    from emulator.recordings.run_export import scenario_of_run

    return Response(scenario_of_run(world, run, redactor), media_type="application/yaml")
