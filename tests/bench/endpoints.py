"""Requests against a bare endpoint that answers constant bytes of the same size, in alternating rounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.bare import PATH
from tests.bench.load import exchange, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import cost_of, paired, speed_row
from tests.bench.servers import Process, bare, emulator

#: Events of the stream that is measured: a run that writes one message in one delta.
STREAM_EVENTS = 12
#: The least that a round may take: what is shorter is noise.
ROUND_SECONDS = 0.4

_TEXT = "What is the weather in Paris?"
_SAID = "It is 21 degrees and sunny in Paris."
SCENARIO = {
    "given": {"assistants": [{"id": "asst_bench", "model": "gpt-4o", "name": "Weather"}]},
    "turns": [{"name": "weather", "steps": [{"say": {"text": _SAID, "chunks": [_SAID]}}]}],
}


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


MESSAGE = encoded({"role": "user", "content": _TEXT})
RUN = encoded({"assistant_id": "asst_bench", "stream": True})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row. ``kind``: of the bare endpoint. ``requests``: makes that many of them ready for the emulator."""

    name: str
    kind: str
    body: bytes
    aim: Aim
    requests: Callable[[int, int], list[bytes]]


def thread(port: int, messages: int = 0) -> str:
    """The id of a new thread."""
    sent = {"messages": [{"role": "user", "content": _TEXT}] * messages}
    id: str = json.loads(exchange(port, request("POST", "/v1/threads", encoded(sent))))["id"]
    return id


def _get_thread(port: int, many: int) -> list[bytes]:
    return [request("GET", f"/v1/threads/{thread(port)}")] * many


def _post_message(port: int, many: int) -> list[bytes]:
    return [request("POST", f"/v1/threads/{thread(port)}/messages", MESSAGE)] * many


def _list_messages(port: int, many: int) -> list[bytes]:
    return [request("GET", f"/v1/threads/{thread(port, 20)}/messages?limit=20")] * many


def _stream(port: int, many: int) -> list[bytes]:
    """Each run has a thread of its own, so that none has more to read than another."""
    return [request("POST", f"/v1/threads/{thread(port, 1)}/runs", RUN) for _ in range(many)]


ENDPOINTS = [
    Endpoint("GET thread", "get", b"", Aim(">=", 1.3), _get_thread),
    Endpoint("POST message", "post", MESSAGE, Aim(">=", 1.1), _post_message),
    Endpoint("list of 20 messages", "get", b"", Aim(">=", 2.5), _list_messages),
    Endpoint(f"stream, {STREAM_EVENTS} events", "stream", RUN, Aim(">=", 1.0), _stream),
]

_AGAINST = {
    "get": "bare JSONResponse, same size",
    "post": "bare JSONResponse, same size, body parsed",
    "stream": "bare StreamingResponse, same frames",
}


def bare_spec(kind: str, answer: bytes) -> dict[str, Any]:
    """What the bare endpoint has to answer, so that it sends as many bytes as ``answer`` has."""
    if kind == "stream":
        frames = answer.decode().split("\n\n")[:-1]
        if len(frames) != STREAM_EVENTS:
            raise MeasurementFailed(f"the stream has {len(frames)} events instead of {STREAM_EVENTS}")
        return {"kind": kind, "value": [f"{frame}\n\n" for frame in frames]}
    value = {**json.loads(answer), "padding": ""}
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {"kind": kind, "value": {**value, "padding": "x" * (len(answer) - len(compact.encode()))}}


@contextmanager
def scenario_file(scenario: dict[str, Any]) -> Iterator[str]:
    """The path of a scenario as long as it is needed."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bench.json"
        path.write_text(json.dumps({"version": 1, "name": "bench", **scenario}))
        yield str(path)


def measurements(scale: Scale) -> Iterator[Measurement]:
    """Each on an emulator of its own, so that no row bears what the one before left."""
    for endpoint in ENDPOINTS:
        yield one(endpoint.name, partial(_measure, endpoint, scale.rounds, scale.requests))


def _measure(endpoint: Endpoint, rounds: int, requests: int | None) -> Row:
    """``requests``: in each round; None: as many as a round needs."""
    with scenario_file(SCENARIO) as scenario, emulator(scenario) as ours:
        spec = bare_spec(endpoint.kind, exchange(ours.port, endpoint.requests(ours.port, 1)[0]))
        with bare(spec) as theirs:
            return _compare(endpoint, ours, theirs, rounds, requests)


def _compare(endpoint: Endpoint, ours: Process, theirs: Process, rounds: int, requests: int | None) -> Row:
    method = "GET" if endpoint.kind == "get" else "POST"
    bare_request = request(method, PATH, endpoint.body)
    many = requests or _enough(theirs, bare_request)
    pairs = paired(
        lambda: cost_of(ours, endpoint.requests(ours.port, many)),
        lambda: cost_of(theirs, [bare_request] * many),
        rounds,
    )
    return speed_row(endpoint.name, _AGAINST[endpoint.kind], "us of server CPU a request", pairs, endpoint.aim)


def _enough(process: Process, sent: bytes) -> int:
    """Requests that take this server as long as a round is to last."""
    many = 200
    return max(many, int(ROUND_SECONDS / cost_of(process, [sent] * many).wall))
