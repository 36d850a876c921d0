"""What comes by the thousand: turns in a scenario file, exchanges in cassettes, messages in an export.

Each is done once by a process of its own, beside what such a process cannot do without.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.bench.load import drive, exchange, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import Cost, cost, cost_of, cost_row, paired
from tests.bench.scenes import SCENARIO, encoded, serving, thread
from tests.bench.servers import EMULATOR, PYTHON, ROOT, children_cpu, surroundings

#: Exchanges of a cassette that are polls.
_POLLS = 6
#: Reads YAML with libyaml, and does nothing with it.
_READ = "import sys, yaml; [yaml.load(open(path), yaml.CSafeLoader) for path in sys.argv[1:]]"
#: Loads a scenario, as ``serve`` does.
_LOAD = "import sys; from emulator.scenarios.loading import load_scenario; load_scenario(sys.argv[1])"
_UNIT = "ms of CPU"


def measurements(scale: Scale) -> Iterator[Measurement]:
    rounds, turns, cassettes, messages = scale.page_rounds, scale.file_turns, scale.cassettes, scale.exported
    large = tuple(f"{what} of a scenario of {turns:,} turns" for what in ("load", "check"))
    imported = f"import of {cassettes} cassettes"
    exported = f"export of {messages:,} messages"
    yield Measurement(large, partial(_large, large, min(rounds, 5), turns))
    yield one(imported, partial(_import, imported, min(rounds, 5), cassettes))
    yield one(exported, partial(_export, exported, min(rounds, 5), messages))


def _ran(command: Sequence[str]) -> Cost:
    """What a command costs that ends with 0."""
    before = children_cpu()
    done = subprocess.run(command, cwd=ROOT, env=surroundings(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementFailed(f"{' '.join(command[:4])} …: {done.stdout}{done.stderr}")
    taken = children_cpu() - before
    return Cost(taken, taken)


def _beside(
    name: str, against: str, rounds: int, aim: float, ours: Callable[[], Cost], other: Callable[[], Cost]
) -> Row:
    return cost_row(name, f"{against}, cost by cost", _UNIT, paired(ours, other, rounds), Aim("<=", aim))


# ---- A large scenario ----


def _large(names: Sequence[str], rounds: int, turns: int) -> Iterator[Row]:
    """Loading refuses what is wrong; a check then also looks for what can never do anything."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "large.yaml")
        Path(path).write_text("".join(["version: 1\nturns:\n", *map(_turn, range(turns))]))
        read = [PYTHON, "-c", _READ, path]
        for name, command in zip(names, ([PYTHON, "-c", _LOAD, path], [EMULATOR, "check", path]), strict=True):
            yield _beside(name, "PyYAML reads it", rounds, 2, partial(_ran, command), partial(_ran, read))


def _turn(number: int) -> str:
    return (
        f"  - name: case {number:06}\n    when: {{message: 'case {number:06}'}}\n"
        f"    steps:\n      - call: {{look_up: {{number: {number}}}}}\n      - say: Answer {number}.\n"
    )


# ---- Cassettes ----


def _import(name: str, rounds: int, many: int) -> Row:
    with TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"cassette-{number}.yaml") for number in range(many)]
        for path, cassette in zip(paths, _cassettes(many), strict=True):
            Path(path).write_text(json.dumps(cassette))
        out = str(Path(folder) / "out.yaml")
        command = [EMULATOR, "import", *paths, "--out", out, "--force"]
        read = [PYTHON, "-c", _READ, *paths]
        return _beside(name, "PyYAML reads them", rounds, 8, lambda: _ran(command), lambda: _ran(read))


def _cassettes(many: int) -> Iterator[dict[str, Any]]:
    """Recordings of the emulator, as VCR keeps them: each of one question, its run and the answer."""
    with serving({**SCENARIO, "settings": {"polls": {"in_progress": _POLLS}}}) as server:
        for number in range(many):
            interactions: list[dict[str, Any]] = []

            def ask(method: str, path: str, body: Any = None, kept: list[dict[str, Any]] = interactions) -> str:
                sent = b"" if body is None else encoded(body)
                answer = exchange(server.port, request(method, path, sent)).decode()
                kept.append(_interaction(method, path, sent.decode(), answer))
                return str(json.loads(answer).get("id"))

            made = f"/v1/threads/{ask('POST', '/v1/threads', {})}"
            ask("POST", f"{made}/messages", {"role": "user", "content": f"What is the weather in city {number}?"})
            run = ask("POST", f"{made}/runs", {"assistant_id": "asst_bench"})
            for _ in range(_POLLS + 1):
                ask("GET", f"{made}/runs/{run}")
            ask("GET", f"{made}/messages")
            yield {"version": 1, "interactions": interactions}


def _interaction(method: str, path: str, sent: str, answer: str) -> dict[str, Any]:
    headers = {"Content-Type": ["application/json"], "OpenAI-Beta": ["assistants=v2"]}
    return {
        "request": {"method": method, "uri": f"https://api.openai.com{path}", "body": sent, "headers": headers},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": headers, "body": {"string": answer}},
    }


# ---- An export ----


def _export(name: str, rounds: int, messages: int) -> Row:
    """Of a thread's messages, as a scenario gives them; beside it a writer that leaves out nothing and no default."""
    with serving(SCENARIO) as server:
        path = f"/v1/threads/{thread(server.port)}/messages"
        posted = (encoded({"role": "user", "content": f"Message number {n:06}."}) for n in range(messages))
        drive(server.port, [request("POST", path, body) for body in posted])
        asked = request("GET", "/_emulator/export?as=scenario")
        document = yaml.load(exchange(server.port, asked), yaml.CSafeLoader)
        if len(document["given"]["threads"][0]["messages"]) != messages:
            raise MeasurementFailed("the export has not all messages")

        def write() -> None:
            yaml.safe_dump(document, sort_keys=False)

        pairs = paired(lambda: cost_of(server, [asked], 1), lambda: cost(time.process_time, write, 1), rounds)
    return cost_row(name, "PyYAML writes the same, cost by cost", _UNIT, pairs, Aim("<=", 1.5))
