"""The ASGI application: the emulated API (``emulator.apis``) and the admin API (``emulator.admin``)."""

from __future__ import annotations

import functools
from asyncio import to_thread
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from emulator.apis.endpoints import ENDPOINTS
from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.apis.http.form import is_form
from emulator.apis.http.headers import JSON, by_name, read_headers
from emulator.apis.http.pending import PENDING
from emulator.apis.http.pipeline import Api
from emulator.apis.http.response import CLOSE_LINE, Ready
from emulator.apis.http.watched import WatchedApi
from emulator.server.hosts import NO_PAGE, Caller, Hosts
from emulator.server.letting_go import let_go_beside_others
from emulator.server.many_loops import closing, may_outlive_its_loop
from emulator.world.journal import Entry
from emulator.world.world import World
from emulator.world.worlds import Worlds

if TYPE_CHECKING:
    from starlette.applications import Starlette

ADMIN_PREFIX = "/_emulator"
#: The front page, and the inspector.
_PAGES = frozenset({"/", ADMIN_PREFIX, f"{ADMIN_PREFIX}/"})


class Application:
    """Serves these worlds to requests for one of these host names.

    ``watch`` is called with each request to the emulated API, as ``WatchedApi`` describes.
    """

    def __init__(
        self, worlds: Worlds, hosts: Hosts | None = None, watch: Callable[[World, Entry], object] | None = None
    ) -> None:
        self._worlds, self._hosts = worlds, hosts or Hosts()
        worlds.let_go_by(let_go_beside_others)
        #: The headers of the latest request, and whether they are of no form, of no page, and for a known host.
        self._read, self._are_plain = read_headers(()), True
        self._api = WatchedApi(worlds, ENDPOINTS, watch) if watch else Api(worlds, ENDPOINTS)

    @functools.cached_property
    def _admin_api(self) -> Starlette:
        """The admin API. It is imported at its first request, so that the start does not wait for it."""
        from starlette.applications import Starlette

        from emulator.admin import routes

        admin = Starlette(routes=routes.ROUTES, exception_handlers={404: routes.not_found, 405: routes.not_allowed})
        admin.router.redirect_slashes = False
        admin.state.worlds = self._worlds
        return admin

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Returns the awaitable of the API itself: there is no lifespan and no WebSocket to handle."""
        if self._worlds.many_loops and may_outlive_its_loop(self._worlds, scope["headers"]):
            send = closing(send)
        caller = self._hosts.caller(by_name(scope["headers"]))
        if refusal := _refusal(caller, scope):
            return _refuse(refusal, send)
        path: str = scope["path"]
        if caller.origin is not None:
            from emulator.server import cors

            if cors.is_preflight(scope):
                return cors.answer_preflight(caller.origin, scope["headers"], send)
            send = cors.allowing(caller.origin, send)
        if path == "/" and _is_front(scope):
            from emulator.server.front_page import show_front

            return show_front(scope, send)
        if path.startswith(ADMIN_PREFIX):
            inner = {**scope, "path": path.removeprefix(ADMIN_PREFIX) or "/"}
            if "_admin_api" in self.__dict__:
                return self._admin_api(inner, receive, send)
            return self._import_admin_api(inner, receive, send)
        return self._api(scope, receive, send)

    async def _import_admin_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The first admin request: the import takes so long that others must not wait for it."""
        await to_thread(import_module, "emulator.admin.routes")
        await self._admin_api(scope, receive, send)

    def answer_now(self, scope: Scope, body: bytes) -> Ready | None:
        """The response, if it needs no waiting. Otherwise the scope keeps the request that was begun."""
        path = scope["path"]
        if scope["headers"] != self._read.sent:
            self._read = read_headers(tuple(scope["headers"]))
            named = self._read.by_name
            self._are_plain = not is_form(named) and self._hosts.caller(named) is NO_PAGE
        if path.startswith(ADMIN_PREFIX) or path == "/" or not self._are_plain:
            return None
        pending = scope[PENDING] = self._api.begin(scope, self._read, body)
        ready = self._api.respond_now(pending)
        if ready and self._worlds.many_loops and may_outlive_its_loop(self._worlds, scope["headers"]):
            return ready[0], ready[1] + CLOSE_LINE, ready[2]
        return ready


def _refusal(caller: Caller, scope: Scope) -> ApiError | None:
    """Why the server refuses a request by its headers; None if it does not."""
    if caller is NO_PAGE:
        return None
    if caller.unknown_host is not None:
        return errors.unknown_host(caller.unknown_host)
    return errors.cross_site() if caller.is_foreign and not _is_link(scope) else None


def _is_front(scope: Scope) -> bool:
    return scope["path"] == "/" and scope["method"] in ("GET", "HEAD")


def _is_link(scope: Scope) -> bool:
    """True if a browser follows a link of another site to a page that holds no data, in a tab and not in a frame."""
    if scope["path"] not in _PAGES or scope["method"] not in ("GET", "HEAD"):
        return False
    headers = scope["headers"]
    return (b"sec-fetch-mode", b"navigate") in headers and (b"sec-fetch-dest", b"document") in headers


async def _refuse(error: ApiError, send: Send) -> None:
    """Sends a refusal without reading the request."""
    body = error.body()
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [JSON, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
