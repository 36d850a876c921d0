"""What a recorder costs that stands between: when the first event of a stream comes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.load import Connection, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import Cost, Pairs, cost_row
from tests.bench.scenes import SCENARIO, STREAMED_RUN, serving, thread
from tests.bench.servers import EMULATOR, Process

_NAME = "first event of a stream through record"


def measurements(scale: Scale) -> Iterator[Measurement]:
    yield one(_NAME, lambda: _measure(scale.runs))


def _measure(streams: int) -> Row:
    """By turns directly and through a recorder, each on one connection that is kept."""
    with serving(SCENARIO) as upstream, TemporaryDirectory() as folder:
        tape = str(Path(folder) / "tape.jsonl")
        url = f"http://127.0.0.1:{upstream.port}"
        with closing(Process([EMULATOR, "record", "--upstream", url, "--out", tape, "--port", "0"])) as recorder:
            return _first_event(upstream.port, recorder.port, streams)


def _first_event(direct: int, through: int, streams: int) -> Row:
    pairs: Pairs = []
    with closing(Connection(direct)) as near, closing(Connection(through)) as far:
        for number in range(streams + 1):
            order = (near, far) if number % 2 else (far, near)
            waits = {connection: _wait(connection, thread(direct, 1)) for connection in order}
            pairs.append((Cost(float("nan"), waits[far]), Cost(float("nan"), waits[near])))
    return cost_row(
        _NAME, "directly, cost by cost", "ms", pairs[1:], Aim("<=", 5)
    )  # the first connects to the upstream


def _wait(connection: Connection, thread_id: str) -> float:
    """Seconds from the request to the first event; the stream is then read to its end."""
    begin = time.perf_counter()
    connection.send(request("POST", f"/v1/threads/{thread_id}/runs", STREAMED_RUN))
    got = connection.more()
    while b"event: " not in got:
        got += connection.more()
    waited = time.perf_counter() - begin
    if not got.startswith(b"HTTP/1.1 200 "):
        raise MeasurementFailed(f"not a 200: {got[:1000].decode('latin-1')}")
    while not got.endswith(b"0\r\n\r\n"):
        got += connection.more()
    return waited
