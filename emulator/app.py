"""The application: what answers which URL. The routes are the table of contents."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator import admin
from emulator.api import Api
from emulator.routes import assistants, files, messages, models, run_steps, runs, threads, uploads, vector_stores
from emulator.worlds import Worlds

#: The operations of the API, by heading of its reference.
ROUTES: list[Route] = [
    *assistants.routes,
    *threads.routes,
    *messages.routes,
    *runs.routes,
    *run_steps.routes,
    *files.routes,
    *uploads.routes,
    *vector_stores.routes,
    *models.routes,
]

ADMIN_PREFIX = "/_emulator"


def build(worlds: Worlds) -> ASGIApp:
    """The emulator as one ASGI application, serving these worlds."""
    api = Api(worlds, ROUTES)
    administration = Starlette(routes=admin.routes, exception_handlers={404: admin.not_found, 405: admin.not_allowed})
    administration.router.redirect_slashes = False
    administration.state.worlds = worlds
    administration.state.operations = {route.name for route in ROUTES}

    def application(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Without a coroutine of its own: there is no lifespan to run, and no WebSocket."""
        path: str = scope["path"]
        if path.startswith(ADMIN_PREFIX):
            return administration({**scope, "path": path.removeprefix(ADMIN_PREFIX) or "/"}, receive, send)
        return api(scope, receive, send)

    return application
