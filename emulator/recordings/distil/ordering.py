"""Recordings that belong together as one: in the order in which they were made, each id for one thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from emulator.recordings.distil.api_calls import operation_of, read_events
from emulator.recordings.exchange import Exchange, Recording

#: Bytes of a stream in which it tells what it made.
_HEAD: Final = 64 * 1024


def arrange(recordings: Iterable[Recording]) -> list[Exchange]:
    """All exchanges in the order in which they were made: by their times if all are known, else as the files came.

    Within a file the order is the file's; a file that made what another asks for comes before it.
    """
    files = [recording.exchanges for recording in recordings]
    if all(exchange.time is not None for exchanges in files for exchange in exchanges):
        files = sorted(files, key=lambda exchanges: min((one.time or 0 for one in exchanges), default=0))
    made = [_made(exchanges) for exchanges in files]
    makers = {id: number for number, ids in enumerate(made) for id in ids}
    needs = [
        {makers[id] for id in _asked(exchanges) - own if id in makers}
        for exchanges, own in zip(files, made, strict=True)
    ]
    order: list[int] = []
    left = dict.fromkeys(range(len(files)))
    while left:
        ready = (number for number in left if needs[number].isdisjoint(left))
        order.append(next(ready, next(iter(left))))
        del left[order[-1]]
    return _with_ids_of_their_own(exchange for number in order for exchange in files[number])


def _made(exchanges: Iterable[Exchange]) -> set[str]:
    """Ids of what these exchanges made."""
    return {id for exchange in exchanges for id in _made_by(exchange)}


def _made_by(exchange: Exchange) -> list[str]:
    if exchange.method != "POST" or exchange.status >= 300 or operation_of(exchange)[0] is None:
        return []
    answers = [exchange.answer_json()]
    if exchange.streamed:
        head = read_events((exchange.answer_body or b"")[:_HEAD])
        answers = [data for name, data in head if name in ("thread.created", "thread.run.created")]
    ids = [answer["id"] for answer in answers if isinstance(answer, dict) and isinstance(answer.get("id"), str)]
    return [id for id in ids if id and id not in exchange.url and id.encode() not in (exchange.request_body or b"")]


def _asked(exchanges: Iterable[Exchange]) -> set[str]:
    """Parts of URLs, and texts of bodies: among them the ids that were asked for."""
    asked: set[str] = set()
    for exchange in exchanges:
        asked |= set(exchange.path.split("/"))
        asked |= set((exchange.request_body or b"").decode("utf-8", "replace").split('"'))
    return asked


def _with_ids_of_their_own(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Ids that were made twice get a number: emulators make the same ones in each world, and people invent few."""
    times: dict[str, int] = {}
    renamed: dict[str, str] = {}
    found = []
    for exchange in exchanges:
        for id in _made_by(exchange):
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
        answer_body=put(exchange.answer_body),
    )
