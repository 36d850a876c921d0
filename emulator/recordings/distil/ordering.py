"""Joins recordings that belong together: in the order in which they were made, with an id for one object only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from emulator.recordings.distil.api_calls import operation_of, read_events
from emulator.recordings.distil.bases import with_found_base
from emulator.recordings.exchange import Exchange, Recording

#: Bytes of a stream in which the created objects appear.
_HEAD: Final = 64 * 1024
#: What the ids of objects begin with that only one session has; others use assistants and files of others.
_OF_A_SESSION: Final = ("thread_", "run_", "conv_", "resp_")


def arrange(recordings: Iterable[Recording]) -> list[Exchange]:
    """All exchanges in the order in which they were made: by time if every time is known, else as the files came.

    The order within a file never changes. A file that creates an object comes before a file that refers to it.
    """
    files = [with_found_base(recording).exchanges for recording in recordings]
    if all(exchange.time is not None for exchanges in files for exchange in exchanges):
        files = sorted(files, key=lambda exchanges: min((one.time or 0 for one in exchanges), default=0))
    created = [created_in(exchanges) for exchanges in files]
    makers = {id: number for number, ids in enumerate(created) for id in ids}
    needs = [
        {makers[id] for id in references_in(exchanges) - own if id in makers}
        for exchanges, own in zip(files, created, strict=True)
    ]
    order: list[int] = []
    left = dict.fromkeys(range(len(files)))
    while left:
        ready = (number for number in left if needs[number].isdisjoint(left))
        order.append(next(ready, next(iter(left))))
        del left[order[-1]]
    return _with_unique_ids(exchange for number in order for exchange in files[number])


def sessions(recordings: Sequence[Recording]) -> int:
    """How many sessions these are: recordings belong to one session if one names what another has made."""
    found = [with_found_base(one).exchanges for one in recordings]
    made = [created_in(exchanges) for exchanges in found]
    named = [references_in(exchanges) - own for exchanges, own in zip(found, made, strict=True)]
    old = [{id for id in ids if id.startswith(_OF_A_SESSION)} for ids in named]
    left = set(range(len(recordings)))
    count = 0
    while left:
        count += 1
        waiting = [left.pop()]
        while waiting:
            one = waiting.pop()
            joined = {
                other
                for other in left
                if not (
                    named[one].isdisjoint(made[other])
                    and named[other].isdisjoint(made[one])
                    and old[one].isdisjoint(old[other])
                )
            }
            left -= joined
            waiting += joined
    return count


def created_in(exchanges: Iterable[Exchange]) -> set[str]:
    """The ids of the objects that these exchanges created."""
    return {id for exchange in exchanges for id in _created_ids(exchange)}


def _created_ids(exchange: Exchange) -> list[str]:
    if exchange.method != "POST" or exchange.status >= 300 or operation_of(exchange)[0] is None:
        return []
    responses = [exchange.response_json()]
    if exchange.streamed:
        head = read_events((exchange.response_body or b"")[:_HEAD])
        responses = [data for name, data in head if name in ("thread.created", "thread.run.created")]
    ids = [
        response["id"] for response in responses if isinstance(response, dict) and isinstance(response.get("id"), str)
    ]
    return [id for id in ids if id and id not in exchange.url and id.encode() not in (exchange.request_body or b"")]


def references_in(exchanges: Iterable[Exchange]) -> set[str]:
    """Parts of URLs and texts of bodies; the ids in requests are among them."""
    references: set[str] = set()
    for exchange in exchanges:
        references |= set(exchange.path.split("/"))
        references |= set((exchange.request_body or b"").decode("utf-8", "replace").split('"'))
    return references


def _with_unique_ids(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Numbers ids that occur twice: emulators create the same ones in each world, and people invent few."""
    times: dict[str, int] = {}
    renamed: dict[str, str] = {}
    found = []
    for exchange in exchanges:
        for id in _created_ids(exchange):
            times[id] = times.get(id, 0) + 1
            if times[id] > 1:
                renamed[id] = f"{id}_{times[id]}"
        found.append(_renamed(exchange, renamed) if renamed else exchange)
    return found


def _renamed(exchange: Exchange, ids: Mapping[str, str]) -> Exchange:
    known = "|".join(map(re.escape, sorted(ids, key=len, reverse=True)))
    pattern = re.compile(f"(?<![A-Za-z0-9_-])(?:{known})(?![A-Za-z0-9_-])".encode())

    def put(raw: bytes | None) -> bytes | None:
        return None if raw is None else pattern.sub(lambda match: ids[match[0].decode()].encode(), raw)

    return replace(
        exchange,
        url=(put(exchange.url.encode("utf-8", "surrogatepass")) or b"").decode("utf-8", "surrogatepass"),
        request_body=put(exchange.request_body),
        response_body=put(exchange.response_body),
    )
