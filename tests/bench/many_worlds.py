"""What a run costs where each of many keys has a world of its own, beside one key that has all runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tests.bench.load import request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, Row
from tests.bench.rounds import Cost, cost_of, cost_row, paired
from tests.bench.scenes import SCENARIO, TEXT, encoded, serving
from tests.bench.servers import Process

RUNS = 10
CONNECTIONS = 64

_ASKED = encoded(
    {"assistant_id": "asst_bench", "thread": {"messages": [{"role": "user", "content": TEXT}]}, "stream": True}
)


def measurements(scale: Scale) -> Iterator[Measurement]:
    name = f"{scale.worlds:,} worlds, {RUNS} runs in each, {CONNECTIONS} connections"
    yield one(name, lambda: _measure(name, scale.worlds, min(scale.page_rounds, 3)))


def _measure(name: str, worlds: int, rounds: int) -> Row:
    """A run, and its thread, is one streamed request. The worlds of a round are new, so making them is in the cost."""
    numbers = itertools.count()

    def keys(many: int) -> list[str]:
        number = next(numbers)
        return [f"sk-{number}-{n}" for n in range(many)]

    with serving(SCENARIO) as many, serving(SCENARIO) as single:
        pairs = paired(
            lambda: _cost(many, keys(worlds) * RUNS), lambda: _cost(single, keys(1) * (RUNS * worlds)), rounds
        )
    return cost_row(name, "all runs in 1 world", "us of server CPU a run", pairs, Aim("<=", 1.1))


def _cost(server: Process, keys: list[str]) -> Cost:
    """One run for each time that a key is named."""
    return cost_of(server, [request("POST", "/v1/threads/runs", _ASKED, key=key) for key in keys], CONNECTIONS)
