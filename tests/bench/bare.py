"""What the emulator is measured against: a Starlette application of one route that answers constant bytes.

Its uvicorn has the emulator's settings, except for the emulator's own way to start and stop. It reads from standard
input what it is to answer: ``{"kind": "get" | "post" | "form" | "stream" | "constants", "value": …}``.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

PATH = "/bare"


def application(spec: dict[str, Any]) -> Starlette:
    """``get`` answers ``value`` as JSON, ``post`` and ``form`` once they have read the body; ``stream`` its frames.

    ``constants``: a list of method, path, body and headers; each request is read and answered with these, as they are.
    """
    value = spec["value"]
    if spec["kind"] == "constants":
        return Starlette(routes=[_constant(*one) for one in value])

    async def get(request: Request) -> Response:
        return JSONResponse(value)

    async def post(request: Request) -> Response:
        await request.json()
        return JSONResponse(value)

    async def form(request: Request) -> Response:
        await request.form()
        return JSONResponse(value)

    async def stream(request: Request) -> Response:
        return StreamingResponse(sending(), media_type="text/event-stream")

    async def sending() -> AsyncIterator[bytes]:
        for frame in frames:
            yield frame

    frames = [frame.encode() for frame in value] if spec["kind"] == "stream" else []
    endpoint = {"get": get, "post": post, "form": form, "stream": stream}[spec["kind"]]
    return Starlette(routes=[Route(PATH, endpoint, methods=["GET" if spec["kind"] == "get" else "POST"])])


def _constant(method: str, path: str, body: str, headers: dict[str, str]) -> Route:
    answer = body.encode()

    async def constant(request: Request) -> Response:
        await request.body()
        return Response(answer, headers=headers)

    return Route(path, constant, methods=[method])


def main() -> None:
    """Serves until it is terminated."""
    config = uvicorn.Config(
        application(json.load(sys.stdin)),
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
    )
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        print(f"listening on http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
