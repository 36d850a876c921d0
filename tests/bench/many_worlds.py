"""What a run costs where each of many keys has a world of its own, beside one key that has all runs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.load import request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, Row
from tests.bench.rounds import Cost, cost_of, cost_row, paired
from tests.bench.scenes import SCENARIO, TEXT, encoded, serving

RUNS = 10
CONNECTIONS = 64

_ASKED = encoded(
    {"assistant_id": "asst_bench", "thread": {"messages": [{"role": "user", "content": TEXT}]}, "stream": True}
)


def measurements(scale: Scale) -> Iterator[Measurement]:
    name = f"{scale.worlds:,} worlds, {RUNS} runs in each, {CONNECTIONS} connections"
    yield one(name, lambda: _measure(name, scale.worlds, min(scale.page_rounds, 3)))


def _measure(name: str, worlds: int, rounds: int) -> Row:
    """The first request of a key makes its world, which is in the cost."""
    keys = [f"sk-{number}" for number in range(worlds)]
    pairs = paired(lambda: _cost(keys * RUNS), lambda: _cost(["sk-bench"] * worlds * RUNS), rounds, warm_up=0)
    return cost_row(name, "all runs in 1 world, cost by cost", "us of server CPU a run", pairs, Aim("<=", 1.1))


def _cost(keys: list[str]) -> Cost:
    """A run for each time that a key is named, on a new emulator. One streamed request makes a thread and its run."""
    with serving(SCENARIO) as server:
        return cost_of(server, [request("POST", "/v1/threads/runs", _ASKED, key=key) for key in keys], CONNECTIONS)
