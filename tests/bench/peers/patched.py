"""The six calls over a socket and, by turns, with openai-responses, which answers them in this process.

``python -m tests.bench.peers.patched PORT PID CONSTANTS ROUNDS CALLS`` in the environment that has it; PORT and PID are
the emulator's, and CONSTANTS is the port of a server that answers constants. It prints as JSON the costs of all rounds:
what is left on each side after the client's own cost. ``own`` takes for that the cost of the same calls on a transport
that answers constants in this process; ``beyond_sockets`` takes for the emulator what the client itself costs over a
socket, so that no more is left of it than what the emulator adds.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable

import httpx
import openai
import openai_responses

from tests.bench.rounds import Cost, cost
from tests.bench.sdk import constants
from tests.bench.servers import cpu_of
from tests.bench.six_calls import six_calls

#: What the six calls come to, here and there.
_QUEUED = ("queued", 1)


def main(port: int, pid: int, constant_port: int, rounds: int, calls: int) -> None:
    """The processor's time is this process's and, over the socket, the emulator's too."""
    warnings.simplefilter("ignore", DeprecationWarning)
    ours, far = (
        openai.OpenAI(base_url=f"http://127.0.0.1:{one}/v1", api_key="sk-bench") for one in (port, constant_port)
    )

    def over_the_socket() -> Cost:
        return cost(lambda: time.process_time() + cpu_of(pid), lambda: _call(ours, calls), calls)

    @openai_responses.mock()
    def patched() -> Cost:
        client = openai.OpenAI(api_key="sk-bench")
        return cost(time.process_time, lambda: _call(client, calls), calls)

    answers = {(method, path): (body, headers) for method, path, body, headers in constants(port)}

    def answer(request: httpx.Request) -> httpx.Response:
        body, headers = answers[request.method, request.url.path]
        return httpx.Response(200, content=body, headers=headers)

    transport = httpx.Client(transport=httpx.MockTransport(answer))
    alone = openai.OpenAI(base_url="http://constants/v1", api_key="sk-bench", http_client=transport)  # type: ignore[arg-type]  # of 2.x

    def by_itself(client: openai.OpenAI) -> Cost:
        return cost(time.process_time, lambda: _call(client, calls), calls)

    kinds: list[Callable[[], Cost]] = [over_the_socket, patched, lambda: by_itself(alone), lambda: by_itself(far)]
    measured = [[kind().cpu for kind in kinds] for _ in range(rounds + 1)][1:]
    own = [[here - client, there - client] for here, there, client, _ in measured]
    beyond = [[here - socket, there - client] for here, there, client, socket in measured]
    print(json.dumps({"own": own, "beyond_sockets": beyond}))


def _call(client: openai.OpenAI, calls: int) -> None:
    for _ in range(calls):
        if (came := six_calls(client)) != _QUEUED:
            sys.exit(f"the six calls came to {came} instead of {_QUEUED}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
