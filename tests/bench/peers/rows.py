"""The rows: each peer does what it does that is nearest to what the emulator does beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import starts
from tests.bench.load import exchange, request
from tests.bench.peers.install import NO_NODE, python, script
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row, Skipped
from tests.bench.rounds import Cost, Pairs, cost_of, paired, speed_row
from tests.bench.scenes import SAID, STREAMED_RUN, TEXT, encoded, reset, saying, serving, thread, threads
from tests.bench.sdk import constants
from tests.bench.servers import ROOT, Process, bare, emulator, free_port
from tests.support import SHARED

_AHEAD = Aim(">=", 1.0)
_GETS, _STREAMS = 1000, 10
#: The public OpenAPI file of the API, read where it lies.
_SPEC = SHARED / "spec" / "assistants-v2.openapi.json"

_GET_THREAD = "GET thread, beside Prism"
_START = "process start to first answer, beside moto"
_SIX_CALLS = "own cost of six calls of openai 2.x, beside openai-responses"
_BEYOND_SOCKETS = f"{_SIX_CALLS}, without the client's sockets"


def measurements(scale: Scale) -> Iterator[Measurement]:
    events = f"events of a stream of {scale.deltas:,} deltas, beside aimock"
    yield one(_GET_THREAD, lambda: _prism(scale.rounds, min(scale.requests or _GETS, _GETS)))
    yield one(events, lambda: _aimock(events, scale.deltas, scale.rounds, min(scale.requests or _STREAMS, _STREAMS)))
    yield one(_START, lambda: _moto(min(scale.starts, 5)))
    six = (_SIX_CALLS, _BEYOND_SOCKETS)
    yield Measurement(six, lambda: _openai_responses(scale.rounds, min(scale.calls, 20)))


@contextmanager
def _on_node(peer: str, path: str, *arguments: str) -> Iterator[Process]:
    """Raises Skipped where there is no Node."""
    if shutil.which("node") is None:
        raise Skipped(NO_NODE)
    port = free_port()
    with closing(Process([*script(peer, path), *arguments, "--port", str(port)], port=port)) as process:
        yield process


# ---- Prism ----


def _prism(rounds: int, many: int) -> Row:
    """It answers an example that it makes of the schema; the emulator, a thread that was made."""
    if not _SPEC.exists():
        raise Skipped(f"the published schema is not at {os.path.relpath(_SPEC, ROOT)}")
    serve = _on_node("prism", "@stoplight/prism-cli/dist/index.js", "mock", str(_SPEC))
    with emulator() as ours, serve as theirs:
        asked, asked_there = request("GET", f"/v1/threads/{thread(ours.port)}"), request("GET", "/threads/thread_abc")
        if json.loads(exchange(theirs.port, asked_there))["object"] != "thread":
            raise MeasurementFailed("Prism does not answer a thread")
        pairs = paired(lambda: cost_of(ours, [asked] * many), lambda: cost_of(theirs, [asked_there] * many), rounds)
    against = "Prism 5 with the published schema: an example"
    return speed_row(_GET_THREAD, against, "us of server CPU a request", pairs, _AHEAD)


# ---- aimock ----


def _aimock(name: str, deltas: int, rounds: int, many: int) -> Row:
    """Its streams are of chat completions, which have fewer events beside the deltas and no objects that stay."""
    words = [f"word{n:04} " for n in range(deltas)]
    with TemporaryDirectory() as folder, serving(saying(words)) as ours:
        fixtures = Path(folder) / "fixtures.json"
        said = {"match": {"userMessage": "weather"}, "response": {"content": "".join(words)}}
        fixtures.write_text(json.dumps({"fixtures": [said]}))
        options = ["--fixtures", str(fixtures), "--chunk-size", str(len(words[0])), "--log-level", "silent"]
        with _on_node("aimock", "@copilotkit/aimock/dist/cli.js", *options) as theirs:
            chat = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": TEXT}]}
            asked = request("POST", "/v1/chat/completions", encoded(chat))
            events, events_there = _events(ours.port, _runs(ours, 1)[0]), _events(theirs.port, asked)
            if min(events, events_there) < deltas or events_there > events:
                raise MeasurementFailed(f"{events_there} events of aimock are not near to {events}")
            pairs = paired(lambda: cost_of(ours, _runs(ours, many)), lambda: cost_of(theirs, [asked] * many), rounds)
    an_event: Pairs = [
        (Cost(a.cpu / events, a.wall / events), Cost(b.cpu / events_there, b.wall / events_there)) for a, b in pairs
    ]
    against = "aimock 1: a streamed chat completion of as many deltas"
    return speed_row(name, against, "us of server CPU an event", an_event, _AHEAD)


def _runs(server: Process, many: int) -> list[bytes]:
    reset(server.port)
    return [request("POST", f"/v1/threads/{id}/runs", STREAMED_RUN) for id in threads(server.port, many, 1)]


def _events(port: int, sent: bytes) -> int:
    return exchange(port, sent).count(b"data: ")


# ---- moto ----


def _moto(repeats: int) -> Row:
    command = [python("moto"), "-m", "moto.server", "-p", "{port}"]
    return speed_row(_START, "moto server 5", "ms", starts.against(command, "/moto-api/", repeats), _AHEAD)


# ---- openai-responses ----


def _openai_responses(rounds: int, calls: int) -> Iterator[Row]:
    """One program does both, with the SDK that openai-responses can patch, and on both sides the run stays queued.

    There a run is as it was made, unless a test says how it goes on.
    """
    with ExitStack() as stack:
        ours = stack.enter_context(serving(saying([SAID], settings={"polls": {"queued": 10}})))
        theirs = stack.enter_context(bare({"kind": "constants", "value": constants(ours.port)}))
        command = [python("openai-responses"), "-m", "tests.bench.peers.patched", str(ours.port), str(ours.pid)]
        numbers = map(str, (theirs.port, rounds, calls))
        done = subprocess.run([*command, *numbers], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementFailed(f"{' '.join(command)}:\n{done.stderr}")
    measured = json.loads(done.stdout)
    unit, against = "ms of CPU without the client's", "openai-responses 0.13, in process"
    for name, key in ((_SIX_CALLS, "own"), (_BEYOND_SOCKETS, "beyond_sockets")):
        pairs = [(Cost(here, here), Cost(there, there)) for here, there in measured[key]]
        yield speed_row(name, against, unit, pairs, _AHEAD)
