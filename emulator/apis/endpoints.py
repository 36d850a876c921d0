"""All that the pipeline serves: the APIs together.

An operation is handled by the function of its name, in the module of its heading. Importing this module registers how
the APIs make given objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import emulator.apis.given  # noqa: F401
from emulator.apis.assistants import errors, fault_target
from emulator.apis.assistants.beta import check_beta
from emulator.apis.assistants.endpoints import assistants, messages, run_steps, runs, threads
from emulator.apis.files.endpoints import files, models, uploads, vector_stores
from emulator.apis.files.errors import sub_route_not_found
from emulator.apis.http.endpoints import Endpoints
from emulator.apis.http.errors import ApiError, unknown_url_of
from emulator.apis.http.request import Handler
from emulator.apis.responses import fault_target as response_fault_target
from emulator.apis.responses.endpoints import containers, conversations, responses
from emulator.apis.responses.old_names import report_old_names
from emulator.base.operations import OPERATIONS

#: The module of each heading of the API reference.
_MODULES: Final = {
    "assistants": assistants,
    "threads": threads,
    "messages": messages,
    "runs": runs,
    "run_steps": run_steps,
    "files": files,
    "uploads": uploads,
    "vector_stores": vector_stores,
    "models": models,
    "responses": responses,
    "conversations": conversations,
    "containers": containers,
}

#: By operation.
HANDLERS: Final[Mapping[str, Handler]] = {
    operation.name: getattr(_MODULES[operation.heading], operation.name) for operation in OPERATIONS
}


def _unknown_url(segments: list[str], method: str, path: str) -> ApiError:
    """The error for a URL that leads nowhere, by the heading under which it leads there (docs/wire.md §4)."""
    if segments[:1] == ["assistants"] and segments[2:3] == ["files"]:
        return errors.deprecated_route()
    if segments[:1] == ["vector_stores"] and len(segments) > 2:
        return sub_route_not_found()
    return unknown_url_of(segments, method, path)


ENDPOINTS: Final = Endpoints(
    handlers=HANDLERS,
    check_headers={"assistants": check_beta},
    unknown_url=_unknown_url,
    fault_targets={"assistants": fault_target.fault_target, "responses": response_fault_target.fault_target},
    explain={"responses": report_old_names},
)
