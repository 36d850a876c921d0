"""The same turn on both APIs: a response plays all of it in one request, a run in three."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.bench.load import bodies, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, Row
from tests.bench.rounds import Cost, cost, cost_of, cost_row, paired
from tests.bench.scenes import RESPONSE, RUN, SAID, reset, saying, serving, threads
from tests.bench.servers import Process
from tests.bench.six_calls import POLLS

_NAME = "create response, beside a run of the same turn"
#: Turns in a round.
_TURNS = 1000


def measurements(scale: Scale) -> Iterator[Measurement]:
    many = min(scale.requests or _TURNS, _TURNS)
    yield one(_NAME, lambda: _measure(scale.rounds, many))


def _measure(rounds: int, many: int) -> Row:
    with serving(saying([SAID], settings={"polls": POLLS})) as server:
        pairs = paired(lambda: _response(server, many), lambda: _run(server, many), rounds)
    against = "creating the run, one poll, the list of messages; cost by cost"
    return cost_row(_NAME, against, "us of server CPU a turn", pairs, Aim("<=", 1.0))


def _response(server: Process, many: int) -> Cost:
    reset(server.port)
    return cost_of(server, [request("POST", "/v1/responses", RESPONSE)] * many)


def _run(server: Process, many: int) -> Cost:
    reset(server.port)
    paths = [f"/v1/threads/{id}" for id in threads(server.port, many, 1)]
    runs: list[str] = []

    def create() -> None:
        runs[:] = [json.loads(body)["id"] for body in bodies(server.port, created)]

    created = [request("POST", f"{path}/runs", RUN) for path in paths]
    creation = cost(server.cpu, create, many)
    polls = [request("GET", f"{path}/runs/{run}") for path, run in zip(paths, runs, strict=True)]
    lists = [request("GET", f"{path}/messages") for path in paths]
    rest = [cost_of(server, requests) for requests in (polls, lists)]
    return Cost(creation.cpu + sum(one.cpu for one in rest), creation.wall + sum(one.wall for one in rest))
