"""What a world of many messages costs: a page of it, and its memory."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator

from tests.bench.endpoints import encoded, thread
from tests.bench.load import drive, exchange, request
from tests.bench.plan import Measurement, Scale
from tests.bench.report import Aim, MeasurementFailed, Row, Spread
from tests.bench.servers import Process, emulator

#: Requests that fill the journal to its bound, so that what grows afterwards are the messages.
JOURNAL = 10_000
FEW = 100


def measurements(scale: Scale) -> Iterator[Measurement]:
    """Both rows, on one emulator that is filled once."""
    many = scale.messages
    names = (_page_name(many), _memory_name(many))
    yield Measurement(names, lambda: _measure(scale.page_rounds, many))


def _page_name(messages: int) -> str:
    return f"page of 20 at {messages:,} messages"


def _memory_name(messages: int) -> str:
    return f"memory per {messages:,} short messages"


def _measure(rounds: int, many: int) -> Iterator[Row]:
    with emulator() as server:
        few_messages = _filled(server.port, FEW)
        _filled(server.port, min(many, JOURNAL))
        before = server.resident()
        many_messages = _filled(server.port, many)
        grown = server.resident() - before
        yield _page(server, few_messages, many_messages, rounds, many)
        yield _memory(server, many_messages, grown, many)


def _filled(port: int, messages: int) -> str:
    """A new thread with that many short messages, posted one by one."""
    id = thread(port)
    path = f"/v1/threads/{id}/messages"
    bodies = (encoded({"role": "user", "content": f"Message number {n:06}."}) for n in range(messages))
    drive(port, [request("POST", path, body) for body in bodies])
    return id


def _page(server: Process, few: str, many: str, rounds: int, messages: int) -> Row:
    """The newest page and one from the middle, by turns."""
    requests = [_pages(server.port, few, FEW), _pages(server.port, many, messages)]
    costs: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        of_few, of_many = (_cost(server, pages) for pages in requests)
        costs.append((of_few, of_many))
    measured = costs[1:]
    return Row(
        _page_name(messages),
        f"at {FEW}",
        "us of server CPU a request",
        Spread.of([b * 1e6 for _, b in measured]).median,
        Spread.of([a * 1e6 for a, _ in measured]).median,
        Spread.of([b / a for a, b in measured]),
        None,
        Aim("<=", 1.1),
    )


def _pages(port: int, thread_id: str, messages: int) -> list[bytes]:
    path = f"/v1/threads/{thread_id}/messages?limit=20"
    cursor = ""
    for _ in range(messages // 2 // 100):
        page = _listed(port, f"/v1/threads/{thread_id}/messages?limit=100{cursor}")
        cursor = f"&after={page['last_id']}"
    cursor = cursor or f"&after={_listed(port, path)['last_id']}"
    return [request("GET", path), request("GET", path + cursor)] * 250


def _listed(port: int, path: str) -> dict[str, str]:
    page: dict[str, str] = json.loads(exchange(port, request("GET", path)))
    return page


def _cost(server: Process, requests: list[bytes]) -> float:
    cpu, wall = server.cpu(), time.perf_counter()
    drive(server.port, requests)
    used, passed = server.cpu() - cpu, time.perf_counter() - wall
    return (passed if math.isnan(used) else used) / len(requests)


def _memory(server: Process, thread_id: str, grown: int, messages: int) -> Row:
    listed = json.loads(exchange(server.port, request("GET", f"/v1/threads/{thread_id}/messages?limit=1")))
    one = exchange(server.port, request("GET", f"/v1/threads/{thread_id}/messages/{listed['first_id']}"))
    if not one:
        raise MeasurementFailed("a message has no JSON")
    size = len(one) * messages
    return Row(
        _memory_name(messages),
        "their JSON as answered",
        "MiB",
        grown / 2**20,
        size / 2**20,
        Spread.of([grown / size]),
        None,
        Aim("<=", 2.0),
    )
