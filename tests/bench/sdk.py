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

from tests.bench.load import exchange_all, request
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


#: Method, path, body and headers of an answer.
Constant = tuple[str, str, str, dict[str, str]]


def _asked(port: int, method: str, path: str, body: bytes = b"") -> Constant:
    """An answer as the emulator has it: the client reads as much of either server."""
    headers, answer = exchange_all(port, request(method, path, body))
    return method, path, answer.decode(), headers


def _id(constant: Constant) -> str:
    return str(json.loads(constant[2])["id"])


def constants(port: int) -> list[Constant]:
    """The answers to the six."""
    assistant = _asked(port, "POST", "/v1/assistants", encoded({"model": "gpt-4o", "name": "Weather"}))
    thread = _asked(port, "POST", "/v1/threads", b"{}")
    path = f"/v1/threads/{_id(thread)}"
    message = _asked(port, "POST", f"{path}/messages", MESSAGE)
    run = _asked(port, "POST", f"{path}/runs", encoded({"assistant_id": _id(assistant)}))
    polled = _asked(port, "GET", f"{path}/runs/{_id(run)}")
    return [assistant, thread, message, run, polled, _asked(port, "GET", f"{path}/messages")]


def _create_and_poll(rounds: int, calls: int) -> Row:
    """A run that is over at its first poll; on the other side the same two answers, always."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", DeprecationWarning)
        ours = stack.enter_context(serving(SCENARIO))
        path = f"/v1/threads/{(constant := thread(ours.port, 1))}/runs"
        created = _asked(ours.port, "POST", path, RUN)
        answers = [created, _asked(ours.port, "GET", f"{path}/{_id(created)}")]
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
