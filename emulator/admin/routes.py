"""The admin API under ``/_emulator``, by which the command line, fixtures and pages drive a running emulator.

It takes and returns JSON, and concerns only the world of the request's API key. ``emulator.control.client.Control`` is
its client.
"""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.admin.endpoints import backfill, holds, inspector, journal, report, scenarios, world
from emulator.admin.request import refusal

#: All routes of the admin API, without their prefix ``/_emulator``.
ROUTES: Final = [
    Route("/health", world.health),
    Route("/openapi.json", world.openapi),
    Route("/schema.json", scenarios.schema),
    Route("/reset", world.reset, methods=["POST"]),
    Route("/baseline", world.keep_baseline, methods=["POST"]),
    Route("/baseline", world.forget_baseline, methods=["DELETE"]),
    Route("/world", world.delete, methods=["DELETE"]),
    Route("/connections", world.end_connections, methods=["POST"]),
    Route("/connections", world.keep_connections, methods=["DELETE"]),
    Route("/state", world.state),
    Route("/requests", journal.requests),
    Route("/runs", journal.runs),
    Route("/transcripts", journal.transcripts),
    Route("/clock/advance", world.advance, methods=["POST"]),
    Route("/scenarios", scenarios.list_scenarios),
    Route("/scenarios", scenarios.add_scenario, methods=["POST"]),
    Route("/faults", scenarios.list_faults),
    Route("/faults", scenarios.inject_fault, methods=["POST"]),
    Route("/faults", scenarios.clear_faults, methods=["DELETE"]),
    Route("/export", journal.export),
    Route("/holds/{label:path}/release", holds.release, methods=["POST"]),
    Route("/holds/{label:path}", holds.wait_held),
    Route("/backfill", backfill.backfill),
    Route("/check", world.check),
    Route("/snapshot", inspector.snapshot),
    Route("/events", inspector.events),
    Route("/requests/{seq}", inspector.request_detail),
    Route("/worlds", inspector.list_worlds),
    Route("/", inspector.page),
    Route("/inspector/{name}", inspector.page),
    Route("/report", report.report),
]


async def not_found(request: Request, error: Exception) -> Response:
    """The response for an unknown path: it lists the known ones."""
    known = ", ".join(sorted({f"/_emulator{route.path}" for route in ROUTES})).replace(":path}", "}")
    return refusal(404, f"there is no {request.method} {_path(request)}; the paths of the admin API are: {known}")


async def not_allowed(request: Request, error: Exception) -> Response:
    """The response for a known path with another method."""
    allowed = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    return refusal(405, f"{_path(request)} does not allow {request.method}; it allows {allowed}")


def _path(request: Request) -> str:
    return f"/_emulator{request.scope['path']}"
