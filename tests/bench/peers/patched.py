"""The six calls over a socket and, by turns, with openai-responses, which answers them in this process.

``python -m tests.bench.peers.patched PORT PID ROUNDS CALLS`` in the environment that has it; PORT and PID are the
emulator's. It prints as JSON the costs of all rounds, cpu and wall here and there, and what of it is the emulator's.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from dataclasses import astuple

import openai
import openai_responses

from tests.bench.rounds import Cost, cost, paired
from tests.bench.servers import cpu_of
from tests.bench.six_calls import six_calls

#: What the six calls come to, here and there.
_QUEUED = ("queued", 1)


def main(port: int, pid: int, rounds: int, calls: int) -> None:
    """The processor's time is this process's and, over the socket, the emulator's too."""
    warnings.simplefilter("ignore", DeprecationWarning)
    ours = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="sk-bench")

    def over_the_socket() -> Cost:
        return cost(lambda: time.process_time() + cpu_of(pid), lambda: _call(ours, calls), calls)

    @openai_responses.mock()
    def patched() -> Cost:
        client = openai.OpenAI(api_key="sk-bench")
        return cost(time.process_time, lambda: _call(client, calls), calls)

    begin = cpu_of(pid)
    pairs = [[astuple(one) for one in pair] for pair in paired(over_the_socket, patched, rounds)]
    print(json.dumps({"pairs": pairs, "emulator": (cpu_of(pid) - begin) / (rounds + 1) / calls}))


def _call(client: openai.OpenAI, calls: int) -> None:
    for _ in range(calls):
        if (came := six_calls(client)) != _QUEUED:
            sys.exit(f"the six calls came to {came} instead of {_QUEUED}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
