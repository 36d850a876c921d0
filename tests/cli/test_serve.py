"""``serve``, as a process: what it prints, whom it answers, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import openai
import pytest

from emulator import Control
from emulator.cli.main import main
from tests.cli.test_main import COMMAND
from tests.conftest import Emulate
from tests.support import ROOT, SCENARIOS, Api

#: A certificate of localhost, 127.0.0.1 and emulator.test that has signed itself, and keys.
TLS = ROOT / "tests" / "tls"
CERT, KEY = TLS / "cert.pem", TLS / "key.pem"


class Served:
    """A server in a process of its own, and where it says that it listens."""

    def __init__(self, arguments: tuple[str, ...], command: str = "serve", **environ: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "ASSISTANTS_EMULATOR_PORT": "0", **environ},
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.search(r"https?://[^/]+", self.line)
        assert found, self.line
        self.url = found[0]

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        """What was printed since, on stdout and stderr, but for the address of the inspector."""
        self.process.send_signal(sign)
        out, errors = self.process.communicate(timeout=10)
        inspector = f"the inspector is {self.url}/_emulator/\n"
        assert inspector in errors
        return out, errors.replace(inspector, "")


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers on free ports, and sees that they end."""
    with ExitStack() as running:

        def start(*arguments: str, **environ: str) -> Served:
            served = Served(arguments, **environ)
            running.enter_context(served.process)
            running.callback(served.process.kill)
            return served

        yield start


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_stops_gracefully(serve: Serve, sign: signal.Signals) -> None:
    served = serve(str(SCENARIOS), "--seed", "7")
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+/v1\n", served.line)
    assert Control(served.url, "sk-cli").state()["settings"]["seed"] == 7

    assert served.stop(sign) == ("", "")
    assert served.process.returncode == 0


@pytest.mark.parametrize(("arguments", "status"), [((), 404), (("--worlds", "one"), 200)])
def test_it_keeps_one_world_a_key_unless_told_otherwise(serve: Serve, arguments: tuple[str, ...], status: int) -> None:
    served = serve(*arguments)
    one, other = Api(served.url, "sk-one"), Api(served.url, "sk-other")

    assert other.get(f"/v1/assistants/{one.assistant()}").status == status
    one.close()
    other.close()


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_it_stops_while_a_stream_waits(serve: Serve, monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERT))
    served = serve("--worlds", "one", *(["--tls-cert", str(CERT), "--tls-key", str(KEY)] if tls else []))
    api = Api(served.url)
    api.post("/_emulator/scenarios", {"turns": [{"steps": [{"hold": "x"}]}]})
    body = {"assistant_id": api.assistant(), "stream": True}
    headers = {"Authorization": "Bearer sk-test", "OpenAI-Beta": "assistants=v2"}
    with api.client.stream("POST", f"/v1/threads/{api.thread('Hi')}/runs", json=body, headers=headers):
        served.stop()
    api.close()

    assert served.process.returncode == 0


def test_scenarios_that_disagree_and_a_taken_port_end_it_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, serve: Serve
) -> None:
    for seed in (1, 2):
        (tmp_path / f"{seed}.yaml").write_text(f"settings: {{seed: {seed}}}")

    assert main(["serve", str(tmp_path)]) == 1
    assert "they must agree" in capsys.readouterr().err
    port = serve().url.rpartition(":")[2]
    assert main(["serve", "--port", port]) == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err


# ---- What it says of requests ----


def talk(url: str) -> None:
    """A run that fits, one that does not, and a look that is refused."""
    api = Api(url)
    for text in ("proverb", "nonsense"):
        thread = api.thread(text)
        api.run(thread, api.assistant(), stream=text == "proverb")
    api.get("/v1/threads/thread_none")
    api.close()


def test_a_log_has_a_line_for_each_request_if_it_is_wanted(serve: Serve) -> None:
    served = serve(str(SCENARIOS / "streaming.yaml"), "--log")
    talk(served.url)

    out, err = served.stop()
    lines = [re.sub(r"_\w{24}\b", "_…", line) for line in err.splitlines()]
    assert (out, "\x1b" in err) == ("", False)
    assert lines[:4] == [
        "200 POST /v1/threads [create_thread] thread_…",
        "200 POST /v1/assistants [create_assistant] asst_…",
        "200 POST /v1/threads/thread_…/runs [create_run] 15 events, turn 'proverb'",
        "200 POST /v1/threads [create_thread] thread_…",
    ]
    assert lines[6].startswith(
        f"problem: {SCENARIOS / 'streaming.yaml'}:11: no turn fits run_… (nearest first): 'proverb'"
    )
    assert lines[7:] == [
        "404 GET /v1/threads/thread_none [get_thread]: No thread found with id 'thread_none'.",
    ]


def test_a_machine_gets_lines_of_json(serve: Serve) -> None:
    served = serve(str(SCENARIOS / "streaming.yaml"), ASSISTANTS_EMULATOR_JSON="1", ASSISTANTS_EMULATOR_LOG="yes")
    assert json.loads(served.line) == {"listening": f"{served.url}/v1"}
    talk(served.url)

    out, err = served.stop()
    told = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    assert [(one["operation"], one["status"], one["turn"], one["run_status"]) for one in told] == [
        ("create_thread", 200, None, None),
        ("create_assistant", 200, None, None),
        ("create_run", 200, "proverb", "completed"),
        ("create_thread", 200, None, None),
        ("create_assistant", 200, None, None),
        ("create_run", 200, "unmatched", "queued"),
        ("get_thread", 404, None, None),
    ]
    assert [problem["kind"] for one in told for problem in one["problems"]] == ["unmatched"]


@pytest.mark.parametrize("arguments", [("--log",), ("--log", "--json")], ids=" ".join)
def test_a_reader_that_has_left_harms_no_client(serve: Serve, arguments: tuple[str, ...]) -> None:
    served = serve(*arguments)
    for stream in (served.process.stdout, served.process.stderr):
        assert stream is not None
        stream.close()
    api = Api(served.url)
    assert [api.get("/v1/models").status for _ in range(3)] == [200] * 3
    api.close()
    served.process.terminate()

    assert served.process.wait(timeout=10) == 0


def test_the_collector_does_not_look_at_what_is_stored() -> None:
    """Of what it has looked at and kept, nothing is left for it."""
    code = (
        "import gc; from emulator.cli.commands.serve import _tune_process; _tune_process(); "
        "stored = [[number] for number in range(50_000)]; print(len(gc.get_objects()), gc.get_freeze_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    looked_at, left_alone = map(int, done.stdout.split())
    assert looked_at < 5_000
    assert left_alone > 45_000


def test_a_path_cannot_steer_the_terminal_or_forge_a_line(serve: Serve) -> None:
    served = serve("--log")
    api = Api(served.url)
    api.get("/v1/threads/%1b[2J%0a200%20GET/runs")
    api.get("/nowhere%1b[2J%0aforged")
    api.close()

    err = served.stop()[1]
    assert ("\x1b" in err, [line.split()[0] for line in err.splitlines()]) == (False, ["400", "404", "problem:"])


# ---- replay ----


@pytest.mark.parametrize(("arguments", "refused"), [((), False), (("--strict",), True)], ids=["", "strict"])
def test_replay_answers_from_recordings(
    serve: Serve, emulate: Emulate, tmp_path: Path, arguments: tuple[str, ...], refused: bool
) -> None:
    recorded = emulate({"turns": [{"when": {"message": "Hello"}, "steps": [{"say": "Hi"}]}]})
    assert hello(recorded.url) == ("queued", 200)
    (tmp_path / "tape.jsonl").write_text(recorded.export().replace("/v1/models", "/v1/moderations"))
    served = serve(str(tmp_path / "tape.jsonl"), *arguments, command="replay")

    status, unrecorded = hello(served.url)
    out, err = served.stop()

    assert (status, unrecorded >= 400) == ("queued", refused)
    assert (out, err.splitlines()[0]) == ("", "not imported:")


def hello(url: str) -> tuple[str, int]:
    """The status of a new run, whose end nobody waits for, and what comes of a look at the models."""
    api = Api(url)
    thread = {"messages": [{"role": "user", "content": "Hello"}]}
    run = api.post("/v1/threads/runs", {"assistant_id": api.assistant(), "thread": thread}).json
    models = api.get("/v1/models").status
    api.close()
    return run["status"], models


# ---- https, and whom it answers ----


def test_https_with_the_sdk_and_control(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERT))
    served = serve("--tls-cert", str(CERT), "--tls-key", str(KEY), "--worlds", "one")
    assert re.fullmatch(r"listening on https://127\.0\.0\.1:\d+/v1\n", served.line)

    control = Control(served.url, "sk")
    with openai.OpenAI(base_url=control.environ["OPENAI_BASE_URL"], api_key="sk") as client:
        client.beta.assistants.create(model="gpt-4o")
    assert [request.operation for request in control.requests()] == ["create_assistant"]
    assert served.stop() == ("", "")
    assert served.process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tls-key", KEY], "expected --tls-cert too"),
        (["--tls-cert", TLS / "none.pem"], f"{TLS / 'none.pem'}: No such file or directory"),
        (["--tls-cert", CERT], "expected PEM files, the key unencrypted"),
        (["--tls-cert", CERT, "--tls-key", TLS], f"{TLS}: Is a directory"),
        (["--tls-cert", CERT, "--tls-key", TLS / "encrypted_key.pem"], "expected PEM files, the key unencrypted"),
        (["--tls-cert", CERT, "--tls-key", TLS / "other_key.pem"], "the key does not match the certificate"),
        (["--tls-cert", KEY, "--tls-key", CERT], "expected PEM files"),
    ],
    ids=lambda value: "",
)
def test_a_bad_certificate_is_told_in_a_line(
    capsys: pytest.CaptureFixture[str], arguments: list[Any], words: str
) -> None:
    assert main(["serve", "--port", "0", *map(str, arguments)]) == 2

    told = capsys.readouterr().err
    assert (words in told, told.count("\n")) == (True, 1), told


def test_hosts_and_a_warning_for_addresses_that_others_reach(serve: Serve) -> None:
    served = serve("--host", "0.0.0.0", "--allow-host", "emulator.test")
    api = Api(served.url.replace("0.0.0.0", "127.0.0.1"))
    statuses = {
        host: api.get("/_emulator/state", headers={"Host": host}).status
        for host in ("emulator.test:80", "127.0.0.1", "evil.example", "emulator")
    }
    api.close()

    assert statuses == {"emulator.test:80": 200, "127.0.0.1": 200, "evil.example": 403, "emulator": 403}
    assert served.stop()[1] == "warning: other machines can reach 0.0.0.0, and any API key is accepted\n"
