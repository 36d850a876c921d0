"""All that the pipeline serves: the APIs together.

An operation is handled by the function of its name, in the module of its heading. An API is imported when a request
first needs it, so that no start waits for it. Importing this module says how the APIs make given objects.
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING, Final

import emulator.apis.given  # noqa: F401
from emulator.apis.assistants.beta import check_beta
from emulator.apis.http.endpoints import Endpoints
from emulator.apis.http.errors import ApiError, unknown_url_of
from emulator.apis.http.request import Handler
from emulator.base.operations import BY_NAME
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.scenarios.conditions import Situation


@functools.cache
def handler(operation: str) -> Handler:
    """The function that handles an operation."""
    _, _, _, heading, api = BY_NAME[operation]
    found: Handler = getattr(import_module(f"emulator.apis.{api}.endpoints.{heading}"), operation)
    return found


def _of_a_run(world: World, operation: str, path: dict[str, str], raw: bytes) -> Situation | None:
    from emulator.apis.assistants.fault_target import fault_target

    return fault_target(world, operation, path, raw)


def _of_a_response(world: World, operation: str, path: dict[str, str], raw: bytes) -> Situation | None:
    from emulator.apis.responses.fault_target import fault_target

    return fault_target(world, operation, path, raw)


def _report_old_names(world: World, operation: str, raw: bytes) -> None:
    from emulator.apis.responses.old_names import report_old_names

    report_old_names(world, operation, raw)


def _unknown_url(segments: list[str], method: str, path: str) -> ApiError:
    """The error for a URL that leads nowhere, by the heading under which it leads there (docs/wire.md §4)."""
    if segments[:1] == ["assistants"] and segments[2:3] == ["files"]:
        from emulator.apis.assistants.errors import deprecated_route

        return deprecated_route()
    if segments[:1] == ["vector_stores"] and len(segments) > 2:
        from emulator.apis.files.errors import sub_route_not_found

        return sub_route_not_found()
    return unknown_url_of(segments, method, path)


ENDPOINTS: Final = Endpoints(
    handler=handler,
    check_headers={"assistants": check_beta},
    unknown_url=_unknown_url,
    fault_targets={"assistants": _of_a_run, "responses": _of_a_response},
    explain={"responses": _report_old_names},
)
