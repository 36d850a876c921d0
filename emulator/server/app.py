"""The application: the API by its routes (``emulator/apis``), and the admin API beside it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from emulator.apis.endpoints import ENDPOINTS
from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.apis.http.forms import is_form
from emulator.apis.http.headers import JSON, Headers
from emulator.apis.http.pending import PENDING
from emulator.apis.http.pipeline import Api, WatchedApi
from emulator.apis.http.response import Ready
from emulator.server.hosts import Hosts
from emulator.world.journal import Entry
from emulator.world.world import World
from emulator.world.worlds import Worlds

if TYPE_CHECKING:
    from starlette.applications import Starlette

ADMIN_PREFIX = "/_emulator"


class Application:
    """The emulator as one ASGI application, serving these worlds to those who call it by one of these names.

    ``watch`` is told of each request to the API as ``WatchedApi`` says.
    """

    def __init__(
        self, worlds: Worlds, hosts: Hosts | None = None, watch: Callable[[World, Entry], object] | None = None
    ) -> None:
        self._worlds, self._hosts = worlds, hosts or Hosts()
        self._api = WatchedApi(worlds, ENDPOINTS, watch) if watch else Api(worlds, ENDPOINTS)

    @functools.cached_property
    def _administration(self) -> Starlette:
        """Imported and made when somebody first asks for it: a start does not wait for it."""
        from starlette.applications import Starlette

        from emulator.admin import endpoints

        made = Starlette(
            routes=endpoints.routes, exception_handlers={404: endpoints.not_found, 405: endpoints.not_allowed}
        )
        made.router.redirect_slashes = False
        made.state.worlds = self._worlds
        return made

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Without a coroutine of its own: there is no lifespan to run, and no WebSocket."""
        if refusal := self._refusal(scope["headers"]):
            return _refuse(refusal, send)
        path: str = scope["path"]
        if path.startswith(ADMIN_PREFIX):
            inner = {**scope, "path": path.removeprefix(ADMIN_PREFIX) or "/"}
            return self._administration(inner, receive, send)
        return self._api(scope, receive, send)

    def answer_now(self, scope: Scope, body: bytes) -> Ready | None:
        """The answer, if nobody has to wait for it; else what was begun goes along in the scope."""
        if scope["path"].startswith(ADMIN_PREFIX) or is_form(scope) or self._refusal(scope["headers"]):
            return None
        pending = scope[PENDING] = self._api.begin(scope, body)
        return self._api.respond_now(pending)

    def _refusal(self, headers: Headers) -> ApiError | None:
        """Why a request comes through no door at all."""
        name = self._hosts.refused(headers)
        if name is not None:
            return errors.unknown_host(name)
        return errors.cross_site() if self._hosts.is_foreign(headers) else None


async def _refuse(error: ApiError, send: Send) -> None:
    """Before anything else of the request is looked at."""
    body = error.body()
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [JSON, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
