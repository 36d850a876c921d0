"""What a request costs where there is much: turns in the scenario, entries in the journal, open streams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from tests.bench.load import Connection, connected, drive, exchange, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row, Spread
from tests.bench.rounds import Pairs, cost_of, cost_row, paired
from tests.bench.scenes import ASSISTANTS, MESSAGE, RUN, SCENARIO, STREAMED_RUN, reset, serving, thread, threads
from tests.bench.servers import Process

#: Entries of the small journal.
FEW = 10
_UNIT = "us of server CPU a request"
_FLAT = Aim("<=", 1.1)
#: Requests in a round.
_GETS, _RUNS = 2000, 500


def measurements(scale: Scale) -> Iterator[Measurement]:
    gets, runs = (min(many, scale.requests or many) for many in (_GETS, _RUNS))
    turns, entries, streams = scale.turns, scale.messages // 10, scale.streams
    rows = [
        (f"create run, the last of {turns:,} turns fits", partial(_turns, turns, runs)),
        (f"GET thread at {entries:,} journal entries", partial(_journal, entries, gets)),
        (f"GET thread at {streams:,} open streams", partial(_streams, streams, gets)),
    ]
    for name, measure in rows:
        yield one(name, partial(measure, name, scale.page_rounds))


# ---- Turns ----


def _turns(many: int, runs: int, name: str, rounds: int) -> Row:
    """Turns are tried in their order, so this grows with them; what one costs that does not fit is said beside it."""
    with serving(_cases([many])) as small, serving(_cases(range(1, many + 1))) as large:
        pairs = paired(
            lambda: cost_of(large, _asking(large, runs, many)),
            lambda: cost_of(small, _asking(small, runs, many)),
            rounds,
        )
    return replace(
        cost_row(name, "the only turn, cost by cost", _UNIT, pairs, Aim("<=", 4)),
        note=f"{_each(pairs, many - 1):.2f} us a turn",
    )


def _cases(numbers: Sequence[int]) -> dict[str, Any]:
    turns = [{"when": {"message": f"case {n:06}"}, "steps": [{"say": f"Answer {n}."}]} for n in numbers]
    return {"given": {"assistants": ASSISTANTS}, "turns": turns}


def _asking(server: Process, runs: int, case: int) -> list[bytes]:
    reset(server.port)
    asked = threads(server.port, runs, 1, f"What about case {case:06}?")
    return [request("POST", f"/v1/threads/{id}/runs", RUN) for id in asked]


def _each(pairs: Pairs, more: int) -> float:
    """Microseconds that each of so many more adds."""
    return Spread.of([(a.used - b.used) * 1e6 / more for a, b in pairs]).median


# ---- Journal ----


def _journal(many: int, gets: int, name: str, rounds: int) -> Row:
    with serving(SCENARIO) as small, serving(SCENARIO) as large:
        of_few, of_many = ([_noted(server, entries)] * gets for server, entries in ((small, FEW), (large, many)))
        pairs = paired(lambda: cost_of(large, of_many), lambda: cost_of(small, of_few), rounds)
    return cost_row(name, f"at {FEW}", _UNIT, pairs, _FLAT)


def _noted(server: Process, entries: int) -> bytes:
    """A request that looks at a thread, where the journal has that many entries. Looks that change nothing are one."""
    other, id = threads(server.port, 2)
    asked = request("GET", f"/v1/threads/{id}")
    drive(server.port, [request("POST", f"/v1/threads/{other}/messages", MESSAGE)] * (entries - 3))
    exchange(server.port, asked)
    noted = json.loads(exchange(server.port, request("GET", "/_emulator/requests")))["requests"]
    if len(noted) != entries:
        raise MeasurementFailed(f"the journal has {len(noted)} entries instead of {entries}")
    return asked


# ---- Streams ----


def _streams(many: int, gets: int, name: str, rounds: int) -> Row:
    held = {"given": {"assistants": ASSISTANTS}, "turns": [{"steps": [{"hold": "approval"}]}]}
    with serving(held) as small, serving(held) as large, _held(small, 1), _held(large, many):
        of_few, of_many = ([request("GET", f"/v1/threads/{thread(server.port)}")] * gets for server in (small, large))
        pairs = paired(lambda: cost_of(large, of_many), lambda: cost_of(small, of_few), rounds)
    return cost_row(name, "at 1", _UNIT, pairs, _FLAT)


@contextmanager
def _held(server: Process, many: int) -> Iterator[None]:
    """So many streams whose runs stand at a hold. Raises MeasurementFailed if they did not last."""
    asked = [request("POST", f"/v1/threads/{id}/runs", STREAMED_RUN) for id in threads(server.port, many, 1)]
    with connected(server.port, many) as connections:
        for connection, sent in zip(connections, asked, strict=True):
            connection.send(sent)
            _read_until(connection, b"thread.run.in_progress")
        yield
        for connection in connections:
            connection.socket.setblocking(False)
            try:
                got = connection.socket.recv(1 << 16)
            except BlockingIOError:
                continue
            if b"event: done" in got or not got:
                raise MeasurementFailed("the streams came to their end while they were to be open")


def _read_until(connection: Connection, mark: bytes) -> None:
    got = b""
    while mark not in got:
        got += connection.more()
