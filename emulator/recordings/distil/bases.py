"""The path below which a recording has the API, if it is not one of the service's: a gateway or a proxy has its own.

Requests below it are taken as requests below ``/v1``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from emulator.base.operations import OPERATIONS
from emulator.recordings.distil.api_calls import OBJECTS, has_address, operation_of, read_events
from emulator.recordings.exchange import Exchange, Recording, RecordingError

_PREFIX: Final = "/v1"
_ROOTS: Final = frozenset(operation.path.split("/")[1] for operation in OPERATIONS)
#: Bytes of a stream in which its first events are.
_HEAD: Final = 4096


def with_base(recording: Recording, base: str) -> Recording:
    """The recording with requests below ``base`` as such below ``/v1``. Raises RecordingError if it has none."""
    clean = base.strip().rstrip("/")
    exchanges = tuple(_moved(one, clean) for one in recording.exchanges)
    if exchanges == recording.exchanges and clean != _PREFIX:
        paths = ", ".join(dict.fromkeys(one.path for one in recording.exchanges[:3]))
        raise RecordingError(f"{recording.name}: expected requests below --base {base}, got {paths or 'no request'}")
    return replace(recording, exchanges=exchanges)


def with_found_base(recording: Recording) -> Recording:
    """The recording as ``with_base`` makes it, if all its requests for the API share a base that is not the service's.

    A base is found where no request of a host is for the API as it stands, and the responses show objects of the API.
    """
    unknown: dict[str, list[Exchange]] = {}
    for one in recording.exchanges:
        if has_address(one):
            unknown.setdefault(one.host, []).append(one)
    moved = {}
    for host, exchanges in unknown.items():
        if not any(operation_of(one)[0] for one in exchanges) and (base := _shared_base(exchanges)) is not None:
            moved[host] = base
    if not moved:
        return recording
    return replace(
        recording,
        exchanges=tuple(_moved(one, moved[one.host]) if one.host in moved else one for one in recording.exchanges),
    )


def _shared_base(exchanges: Sequence[Exchange]) -> str | None:
    """The one base of the requests that would be for the API below it; None if there is none, or several."""
    bases = Counter(base for one in exchanges if (base := base_of(one)) is not None)
    shows_objects = any(base_of(one) is not None and _shows_object(one) for one in exchanges)
    return next(iter(bases)) if len(bases) == 1 and shows_objects else None


def base_of(exchange: Exchange) -> str | None:
    """What stands before the first part of the path that the API begins with, if an operation follows there."""
    segments = exchange.path.split("/")
    for number, segment in enumerate(segments):
        if segment in _ROOTS and operation_of(_moved(exchange, "/".join(segments[:number])))[0] is not None:
            return "/".join(segments[:number])
    return None


def _moved(exchange: Exchange, base: str) -> Exchange:
    """The exchange, its path below ``/v1`` if it is below the base; another exchange as it is."""
    if not (exchange.path + "/").startswith(base + "/"):
        return exchange
    parts = urlsplit(exchange.url)
    path = f"{_PREFIX}{exchange.path[len(base) :]}"
    return replace(exchange, url=urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")))


def _shows_object(exchange: Exchange) -> bool:
    if exchange.streamed:
        names = [name for name, _ in read_events((exchange.response_body or b"")[:_HEAD])]
        return any(name.startswith(("thread.", "response.")) for name in names)
    value = exchange.response_json()
    rows = value.get("data") if isinstance(value, dict) and value.get("object") == "list" else [value]
    kinds = [str(one.get("object") or "") for one in (rows if isinstance(rows, list) else []) if isinstance(one, dict)]
    return any(kind.startswith(OBJECTS) for kind in kinds)
