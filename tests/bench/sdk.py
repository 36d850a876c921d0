"""What the emulator adds to the openai SDK: six calls, beside the same calls of a server that answers constants.

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
from tests.bench.rounds import Cost, cost, cost_row, limited_row, paired
from tests.bench.scenes import MESSAGE, SAID, encoded, saying, serving
from tests.bench.servers import Process, bare, emulator
from tests.bench.six_calls import DONE, POLLS, six_calls

_SIX = "six calls of the openai SDK, assistant to messages"
_CREATE_AND_POLL = "create_and_poll by the openai SDK"
SCENARIO = saying([SAID], settings={"polls": POLLS})


def measurements(scale: Scale) -> Iterator[Measurement]:
    yield one(_SIX, lambda: _six(scale.rounds, scale.calls))
    yield one(_CREATE_AND_POLL, lambda: _create_and_poll(scale.runs))


def _client(port: int) -> Any:
    from openai import OpenAI  # nothing else here needs it

    return OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="sk-bench")


def _six(rounds: int, calls: int) -> Row:
    """``calls``: how often all six in a round."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", DeprecationWarning)
        ours = stack.enter_context(serving(SCENARIO))
        theirs = stack.enter_context(bare({"kind": "constants", "value": _constants(ours.port)}))
        near, far = (stack.enter_context(_client(server.port)) for server in (ours, theirs))
        pairs = paired(lambda: _cost(ours, near, calls), lambda: _cost(theirs, far, calls), rounds)
    return cost_row(_SIX, "a server that answers constants", "ms of CPU, client and server", pairs, Aim("<=", 1.1))


def _cost(server: Process, client: Any, calls: int) -> Cost:
    def work() -> None:
        for _ in range(calls):
            if (came := six_calls(client)) != DONE:
                raise MeasurementFailed(f"the six calls came to {came} instead of {DONE}")

    return cost(lambda: server.cpu() + time.process_time(), work, calls)


def _constants(port: int) -> list[list[str]]:
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


def _create_and_poll(repeats: int) -> Row:
    times: list[float] = []
    with warnings.catch_warnings(), emulator() as server:
        warnings.simplefilter("ignore", DeprecationWarning)
        with _client(server.port) as client:
            threads = client.beta.threads
            assistant = client.beta.assistants.create(model="gpt-4o")
            server_used, client_used = 0.0, 0.0
            for _ in range(repeats + 1):
                thread = threads.create(messages=[{"role": "user", "content": "Hello"}])
                before = server.cpu(), time.process_time()
                begin = time.perf_counter()
                run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
                times.append(time.perf_counter() - begin)
                server_used += server.cpu() - before[0]
                client_used += time.process_time() - before[1]
                if run.status != "completed":
                    raise MeasurementFailed(f"the run is {run.status}")
    used = [seconds / len(times) * 1e3 for seconds in (client_used, server_used)]
    note = "of processor time, {:.2g} ms the client's and {:.2g} ms the server's".format(*used)
    return limited_row(_CREATE_AND_POLL, 5, times[1:], note)
