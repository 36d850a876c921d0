"""What the emulator adds to the openai SDK: its calls, beside the same calls of a server that answers constants.

Most of such a call is the client's. Both processes work by turns, so what counts is the processor time of the two
together: it is what one waits for on a machine that has nothing else to do, and it stays itself on one that has.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from tests.bench.load import exchange, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import Cost, cost, cost_row, paired
from tests.bench.scenes import MESSAGE, RUN, SAID, encoded, saying, serving, thread, threads
from tests.bench.servers import Process, bare
from tests.bench.six_calls import DONE, POLLS, six_calls

_SIX = "six calls of the openai SDK, assistant to messages"
_CREATE_AND_POLL = "create_and_poll by the openai SDK"
SCENARIO = saying([SAID], settings={"polls": POLLS})


def measurements(scale: Scale) -> Iterator[Measurement]:
    yield one(_SIX, lambda: _six(scale.rounds, scale.calls))
    yield one(_CREATE_AND_POLL, lambda: _create_and_poll(scale.rounds, scale.calls))


def client(port: int) -> Any:
    """A client of the server on that port."""
    from openai import OpenAI  # nothing else here needs it

    return OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="sk-bench")


def _six(rounds: int, calls: int) -> Row:
    """``calls``: how often all six in a round."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", DeprecationWarning)
        ours = stack.enter_context(serving(SCENARIO))
        theirs = stack.enter_context(bare({"kind": "constants", "value": constants(ours.port)}))
        near, far = (stack.enter_context(client(server.port)) for server in (ours, theirs))
        pairs = paired(lambda: _cost(ours, near, calls), lambda: _cost(theirs, far, calls), rounds)
    return cost_row(_SIX, "a server that answers constants", "ms of CPU, client and server", pairs, Aim("<=", 1.1))


def _cost(server: Process, client: Any, calls: int) -> Cost:
    def work() -> None:
        for _ in range(calls):
            if (came := six_calls(client)) != DONE:
                raise MeasurementFailed(f"the six calls came to {came} instead of {DONE}")

    return cost(lambda: server.cpu() + time.process_time(), work, calls)


def constants(port: int) -> list[list[str]]:
    """The method, path and answer of each of the six, as the emulator has them."""
    found: list[list[str]] = []

    def ask(method: str, path: str, body: bytes = b"") -> str:
        answer = exchange(port, request(method, path, body)).decode()
        found.append([method, path, answer])
        return str(json.loads(answer).get("id"))

    assistant = ask("POST", "/v1/assistants", encoded({"model": "gpt-4o", "name": "Weather"}))
    thread = f"/v1/threads/{ask('POST', '/v1/threads', b'{}')}"
    ask("POST", f"{thread}/messages", MESSAGE)
    run = ask("POST", f"{thread}/runs", encoded({"assistant_id": assistant}))
    ask("GET", f"{thread}/runs/{run}")
    ask("GET", f"{thread}/messages")
    return found


def _create_and_poll(rounds: int, calls: int) -> Row:
    """A run that is over at its first poll; on the other side the same two answers, always."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", DeprecationWarning)
        ours = stack.enter_context(serving(SCENARIO))
        path = f"/v1/threads/{(constant := thread(ours.port, 1))}/runs"
        created = exchange(ours.port, request("POST", path, RUN)).decode()
        run = f"{path}/{json.loads(created)['id']}"
        answers = [["POST", path, created], ["GET", run, exchange(ours.port, request("GET", run)).decode()]]
        theirs = stack.enter_context(bare({"kind": "constants", "value": answers}))
        near, far = (stack.enter_context(client(server.port)) for server in (ours, theirs))
        pairs = paired(
            lambda: _polled(ours, near, threads(ours.port, calls, 1)),
            lambda: _polled(theirs, far, [constant] * calls),
            rounds,
        )
    against = "a server that answers constants"
    return cost_row(_CREATE_AND_POLL, against, "ms of CPU, client and server", pairs, Aim("<=", 1.1))


def _polled(server: Process, client: Any, ids: list[str]) -> Cost:
    left = iter(ids)

    def work() -> None:
        for id in left:
            run = client.beta.threads.runs.create_and_poll(thread_id=id, assistant_id="asst_bench")
            if run.status != "completed":
                raise MeasurementFailed(f"the run is {run.status}")

    return cost(lambda: server.cpu() + time.process_time(), work, len(ids))
