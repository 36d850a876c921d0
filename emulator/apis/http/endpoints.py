"""What the pipeline serves: the handlers of the APIs, and what the APIs say before a handler is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from emulator.apis.http.headers import Headers
from emulator.apis.http.request import Handler
from emulator.apis.http.router import Unknown
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.scenarios.conditions import Situation

#: The situation of the turn that a request is about, before it is handled: of world, operation, path parameters and
#: raw body. None when there is no such turn.
FaultTarget = Callable[[World, str, dict[str, str], bytes], "Situation | None"]


#: Reports problems that explain why a body was refused: of world, operation and raw body.
ExplainRefusal = Callable[[World, str, bytes], None]


class Endpoints(NamedTuple):
    """``handler`` of an operation; by API ``check_headers``, which raise ApiError, ``fault_targets`` of the operations
    on turns, and ``explain``; the rest for all.
    """

    handler: Callable[[str], Handler]
    check_headers: Mapping[str, Callable[[Headers], None]]
    unknown_url: Unknown
    fault_targets: Mapping[str, FaultTarget]
    explain: Mapping[str, ExplainRefusal] = {}
