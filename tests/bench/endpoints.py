"""Requests against a bare endpoint that answers constant bytes of the same size, in alternating rounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.bench.bare import PATH
from tests.bench.load import Connection, chunks, drive, exchange, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import cost_of, paired, speed_row
from tests.bench.scenes import (
    MESSAGE,
    RESPONSE,
    RUN,
    SCENARIO,
    STREAMED_RESPONSE,
    STREAMED_RUN,
    reset,
    saying,
    serving,
    thread,
    threads,
)
from tests.bench.servers import Process, bare

#: The least that a round may take: what is shorter is noise.
ROUND_SECONDS = 0.4
#: The most requests in a round that have something made for each.
_MADE_FOR = 2000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row. ``kind``: of the bare endpoint. ``requests``: makes that many of them ready for the emulator.

    ``events``: of a stream. ``at_most``: requests in a round.
    """

    name: str
    kind: str
    body: bytes
    aim: Aim | None
    requests: Callable[[int, int], list[bytes]]
    events: int = 0
    scenario: dict[str, Any] = field(default_factory=lambda: SCENARIO)
    at_most: int = 1_000_000


def _get_thread(port: int, many: int) -> list[bytes]:
    return [request("GET", f"/v1/threads/{thread(port)}")] * many


def _post_message(port: int, many: int) -> list[bytes]:
    return [request("POST", f"/v1/threads/{thread(port)}/messages", MESSAGE)] * many


def _list_messages(messages: int, port: int, many: int) -> list[bytes]:
    path = f"/v1/threads/{thread(port)}/messages"
    drive(port, [request("POST", path, MESSAGE)] * messages)
    return [request("GET", f"{path}?limit={messages}")] * many


def _runs(body: bytes, port: int, many: int) -> list[bytes]:
    """Each run has a thread of its own, in a world that has no others, so that none has more to read than another."""
    reset(port)
    return [request("POST", f"/v1/threads/{id}/runs", body) for id in threads(port, many, 1)]


def _responses(body: bytes, port: int, many: int) -> list[bytes]:
    """Each response begins a chain of its own, in a world that has no others."""
    reset(port)
    return [request("POST", "/v1/responses", body)] * many


def _saying(deltas: int) -> dict[str, Any]:
    return saying([f"word{n:04} " for n in range(deltas)]) if deltas > 1 else SCENARIO


def _response_stream(deltas: int, aim: Aim) -> Endpoint:
    """A response that writes one message in so many deltas."""
    name = f"response stream of {deltas:,} deltas" + (", flushed per event" if deltas > 100 else "")
    made = partial(_responses, STREAMED_RESPONSE)
    return Endpoint(name, "stream", STREAMED_RESPONSE, aim, made, deltas + 8, _saying(deltas), _MADE_FOR)


def _stream(deltas: int, aim: Aim) -> Endpoint:
    """A run that writes one message in so many deltas."""
    events = deltas + 11
    name = f"stream, {events} events" if deltas == 1 else f"stream of {deltas:,} deltas, flushed per event"
    made = partial(_runs, STREAMED_RUN)
    return Endpoint(name, "stream", STREAMED_RUN, aim, made, events, _saying(deltas), _MADE_FOR)


def endpoints(deltas: int = 1000) -> list[Endpoint]:
    """All rows. ``deltas``: of the long stream."""
    return [
        Endpoint("GET thread", "get", b"", Aim(">=", 1.3), _get_thread),
        Endpoint("POST message", "post", MESSAGE, Aim(">=", 1.1), _post_message),
        Endpoint("create run", "post", RUN, Aim(">=", 0.9), partial(_runs, RUN), at_most=_MADE_FOR),
        Endpoint("list of 20 messages", "get", b"", Aim(">=", 2.0), partial(_list_messages, 20)),
        Endpoint("list of 100 messages", "get", b"", Aim(">=", 2.5), partial(_list_messages, 100)),
        _stream(1, Aim(">=", 1.0)),
        _stream(deltas, Aim(">=", 0.8)),
        Endpoint("create response", "post", RESPONSE, None, partial(_responses, RESPONSE), at_most=_MADE_FOR),
        _response_stream(12, Aim(">=", 1.0)),
        _response_stream(deltas, Aim(">=", 0.8)),
    ]


_AGAINST = {
    "get": "bare JSONResponse, same size",
    "post": "bare JSONResponse, same size, body parsed",
    "stream": "bare StreamingResponse, same frames",
}


def bare_spec(kind: str, answer: bytes, events: int = 0) -> dict[str, Any]:
    """What the bare endpoint has to answer, so that it sends as many bytes as ``answer`` has; of a stream, as often."""
    if kind == "stream":
        frames = answer.decode().split("\n\n")[:-1]
        if len(frames) != events:
            raise MeasurementFailed(f"the stream has {len(frames)} events instead of {events}")
        return {"kind": kind, "value": [f"{frame}\n\n" for frame in frames]}
    value = {**json.loads(answer), "padding": ""}
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {"kind": kind, "value": {**value, "padding": "x" * (len(answer) - len(compact.encode()))}}


def measurements(scale: Scale) -> Iterator[Measurement]:
    """Each on an emulator of its own, so that no row bears what the one before left."""
    for endpoint in endpoints(scale.deltas):
        yield one(endpoint.name, partial(_measure, endpoint, scale.rounds, scale.requests))


def _measure(endpoint: Endpoint, rounds: int, requests: int | None) -> Row:
    """``requests``: in each round; None: as many as a round needs."""
    with serving(endpoint.scenario) as ours:
        spec = bare_spec(endpoint.kind, exchange(ours.port, endpoint.requests(ours.port, 1)[0]), endpoint.events)
        if "flushed" in endpoint.name:
            check_flushed(_raw(ours.port, endpoint.requests(ours.port, 1)[0]), endpoint.events)
        with bare(spec) as theirs:
            return _compare(endpoint, ours, theirs, rounds, requests)


def _raw(port: int, sent: bytes) -> bytes:
    """The body of an answer with the marks of its chunks."""
    with closing(Connection(port)) as connection:
        connection.send(sent)
        return connection.receive().partition(b"\r\n\r\n")[2]


def check_flushed(body: bytes, events: int) -> None:
    """Raises MeasurementFailed unless each event comes in a chunk of its own: together they would cost less."""
    if (sent := len(chunks(body))) < events:
        raise MeasurementFailed(f"{events} events came in {sent} chunks")


def _compare(endpoint: Endpoint, ours: Process, theirs: Process, rounds: int, requests: int | None) -> Row:
    method = "GET" if endpoint.kind == "get" else "POST"
    bare_request = request(method, PATH, endpoint.body)
    many = requests or min(endpoint.at_most, _enough(theirs, bare_request))
    pairs = paired(
        lambda: cost_of(ours, endpoint.requests(ours.port, many)),
        lambda: cost_of(theirs, [bare_request] * many),
        rounds,
    )
    return speed_row(endpoint.name, _AGAINST[endpoint.kind], "us of server CPU a request", pairs, endpoint.aim)


def _enough(process: Process, sent: bytes) -> int:
    """Requests that take this server as long as a round is to last."""
    many = 20
    drive(process.port, [sent] * many)
    return max(many, int(ROUND_SECONDS / cost_of(process, [sent] * many).wall))
