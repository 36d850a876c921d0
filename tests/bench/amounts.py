"""What a world of many messages costs: a page of it, its memory, and the requests in which Python collects."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import closing

from tests.bench.load import Connection, drive, exchange, request
from tests.bench.plan import Measurement, Scale
from tests.bench.report import Aim, MeasurementFailed, Row, Spread
from tests.bench.rounds import Cost, cost_of, cost_row, paired
from tests.bench.scenes import MESSAGE, encoded, thread
from tests.bench.servers import Process, emulator

#: Requests that fill the journal to its bound, so that what grows afterwards are the messages.
JOURNAL = 10_000
FEW = 100


def measurements(scale: Scale) -> Iterator[Measurement]:
    """All rows, on one emulator that is filled once."""
    many = scale.messages
    names = (_page_name(many), _memory_name(many), *_pause_names(many, scale.posts))
    yield Measurement(names, lambda: _measure(scale.page_rounds, many, scale.posts))


def _page_name(messages: int) -> str:
    return f"page of 20 at {messages:,} messages"


def _memory_name(messages: int) -> str:
    return f"memory per {messages:,} short messages"


def _measure(rounds: int, many: int, posts: int) -> Iterator[Row]:
    with emulator() as server:
        few_messages = _filled(server.port, FEW)
        _filled(server.port, min(many, JOURNAL))
        before = server.resident()
        many_messages = _filled(server.port, many)
        grown = server.resident() - before
        yield _page(server, few_messages, many_messages, rounds, many)
        yield _memory(server, many_messages, grown, many)
        yield from _pauses(server, thread(server.port), rounds, posts, _pause_names(many, posts))


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
    of_few, of_many = requests
    pairs = paired(lambda: cost_of(server, of_many), lambda: cost_of(server, of_few), rounds)
    return cost_row(_page_name(messages), f"at {FEW}", "us of server CPU a request", pairs, Aim("<=", 1.1))


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


# ---- Pauses ----


def _pause_names(messages: int, posts: int) -> tuple[str, str]:
    stored = f"with {messages:,} messages stored"
    return f"POST message, p99 {stored}", f"POST message, the dearest of {posts:,} {stored}"


def _pauses(server: Process, thread_id: str, rounds: int, posts: int, names: tuple[str, str]) -> Iterator[Row]:
    """What single requests cost the server, one after the other: one in which Python collects garbage stands out."""
    sent = request("POST", f"/v1/threads/{thread_id}/messages", MESSAGE)
    with closing(Connection(server.port)) as connection:
        measured = [_each(server, connection, sent, posts) for _ in range(rounds + 1)][1:]
    for name, part, aim in zip(names, (0.99, 1.0), (Aim("<=", 10), None), strict=True):
        pairs = [(quantile(costs, part), quantile(costs, 0.5)) for costs in measured]
        yield cost_row(name, "its median, cost by cost", "us of server CPU a request", pairs, aim)


def _each(server: Process, connection: Connection, sent: bytes, posts: int) -> list[Cost]:
    """From answer to answer, so that what the server does after one is the next one's cost."""
    costs, cpu, wall = [], server.cpu(), time.perf_counter()
    for _ in range(posts):
        connection.send(sent)
        connection.receive()
        before, begin = cpu, wall
        cpu, wall = server.cpu(), time.perf_counter()
        costs.append(Cost(cpu - before, wall - begin))
    return costs


def quantile(costs: list[Cost], part: float) -> Cost:
    """The cost that this part of them does not exceed, each clock by itself."""
    at = math.ceil(len(costs) * part) - 1
    return Cost(sorted(cost.cpu for cost in costs)[at], sorted(cost.wall for cost in costs)[at])
