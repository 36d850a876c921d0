"""What a person sees at a terminal: golden captures, with colours as ``{green}…{/}``; a pipe gets no escape codes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests import golden
from tests.cli.test_exec import SUITE
from tests.cli.test_main import COMMAND
from tests.pseudo_terminal import Terminal, screen
from tests.support import GOLDEN, ROOT, SCENARIOS, Api

CAPTURES = GOLDEN / "terminal"

BAD = """\
turns:
  - when: {message: weather}
    steps:
      - sai: It is sunny.
"""
STUMBLES = """\
turns:
  - name: greet
    steps: [{say: "Hello, {{ name }}!"}]
"""


@pytest.fixture(scope="module")
def tape() -> str:
    """A recording of that talk."""
    with Emulator(SCENARIOS / "streaming.yaml") as emulator:
        talk(emulator.url)
        return emulator.export()


@pytest.fixture
def files(tmp_path: Path, tape: str) -> Path:
    """A directory with scenarios, a suite and a recording."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    for name in ("streaming.yaml", "function_call.yaml", "rate_limited.yaml"):
        (folder / name).write_bytes((SCENARIOS / name).read_bytes())
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "stumbles.yaml").write_text(STUMBLES)
    (tmp_path / "suite.py").write_text(SUITE)
    (tmp_path / "tape.jsonl").write_text(tape)
    return tmp_path


def talk(url: str) -> None:
    """A polled run with a slow poller, a streamed one, one that no turn fits, and what goes wrong besides."""
    api = Api(url)
    assistant = api.assistant(tools=[{"type": "function", "function": {"name": "get_weather"}}])
    thread = api.thread("How is the weather in Paris? And count down.")
    run = api.run(thread, assistant).json["id"]
    for _ in range(6):
        api.get(f"/v1/threads/{thread}/runs/{run}")
    api.run(api.thread("A proverb"), assistant, stream=True)
    lost = api.thread("Nonsense")
    api.poll(lost, api.run(lost, assistant).json["id"])
    api.get(f"/v1/threads/{lost}/messages")
    api.get("/v1/threads/thread_none")
    api.post("/v1/moderations", {"input": "?"})
    api.close()


def expect(name: str, written: str, folder: Path) -> None:
    shown = screen(written).replace(sys.executable, "python").replace(str(folder), "…")
    golden.expect(CAPTURES / f"{name}.txt", re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8787", shown).encode())


# ---- serve ----


@pytest.fixture(params=[120, 80])
def served(request: pytest.FixtureRequest, files: Path) -> Iterator[Terminal]:
    command = [*COMMAND, "serve", "scenarios", "--port", "0", "--worlds", "one"]
    with Terminal(command, columns=request.param, cwd=files, environ={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.read_until("/v1\r\n")
        yield terminal


def test_serve_shows_each_request_and_counts_polls(served: Terminal, files: Path) -> None:
    talk(re.findall(r"listening on (\S+)/v1", served.written)[0])
    served.read_until("no stub answers it")
    served.press("\x03")
    served.read_all()

    expect(f"serve_{served.columns}", served.written, files)
    assert served.process.returncode == 0


def test_a_stream_that_waits_is_shown_before_it_ends(files: Path) -> None:
    (files / "gate.yaml").write_text("turns: [{steps: [{hold: gate}, {say: Hi}]}]")
    command = [*COMMAND, "serve", "gate.yaml", "--port", "0", "--worlds", "one"]
    with Terminal(command, cwd=files, environ={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.read_until("/v1\r\n")
        api = Api(re.findall(r"listening on (\S+)/v1", terminal.written)[0])
        body = {"assistant_id": api.assistant(), "stream": True}
        headers = {"Authorization": "Bearer sk-test", "OpenAI-Beta": "assistants=v2"}
        with api.client.stream("POST", f"/v1/threads/{api.thread('Hi')}/runs", json=body, headers=headers) as answer:
            before = screen(terminal.read_until("streaming"))
            api.post("/_emulator/holds/gate/release")
            answer.read()
        after = screen(terminal.read_until("events"))
        api.close()

    assert (before.count("in_progress, streaming"), after.count("streaming")) == (1, 0)
    assert len(before.splitlines()) == len(after.splitlines())


# ---- The others ----


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("check", ["check", "scenarios"], 0),
        ("check_problems", ["check", "scenarios", "bad.yaml", "nowhere.yaml", "tape.jsonl"], 2),
        ("check_play", ["check", "--play", "scenarios/streaming.yaml", "stumbles.yaml"], 1),
        ("exec", ["exec", "scenarios/streaming.yaml", "--", sys.executable, "suite.py", "0", "A proverb"], 0),
        ("exec_problems", ["exec", "scenarios/streaming.yaml", "--", sys.executable, "suite.py", "0", "Why?"], 1),
        ("import", ["import", "tape.jsonl", "--out", "old.yaml"], 0),
    ],
)
def test_captures(files: Path, name: str, arguments: list[str], code: int) -> None:
    with Terminal([*COMMAND, *arguments], columns=110, cwd=files, environ={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.read_all()

    expect(name, terminal.written, files)
    assert terminal.process.returncode == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "scenarios", "bad.yaml"],
        ["exec", "scenarios/streaming.yaml", "--", sys.executable, "suite.py", "0", "Why?"],
        ["import", "tape.jsonl", "--out", "old.yaml"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_pipes_get_plain_lines(files: Path, arguments: list[str]) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, cwd=files, env=environ, timeout=30)

    written = done.stdout + done.stderr
    assert (b"\x1b" in written, b"\r" in written, written.endswith(b"\n")) == (False, False, True)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("CI", "true")])
def test_terminals_that_want_no_colours_get_none(files: Path, name: str, value: str) -> None:
    environ = {"PYTHONPATH": str(ROOT), name: value}
    with Terminal([*COMMAND, "check", "scenarios", "bad.yaml"], cwd=files, environ=environ) as terminal:
        terminal.read_all()

    assert "\x1b" not in terminal.written


def test_ctrl_c_at_a_terminal_reaches_the_command_of_exec_once(files: Path) -> None:
    script = (
        "import signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
        "print('ready', flush=True)\n"
        "signal.sigwait([signal.SIGINT])\n"
        "again = signal.sigtimedwait([signal.SIGINT], 0.2)\n"
        "sys.exit(5 if again is None else 6)\n"
    )
    command = [*COMMAND, "exec", "--", sys.executable, "-c", script]
    with Terminal(command, cwd=files, environ={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.read_until("ready")
        terminal.press("\x03")
        terminal.read_all()

    assert terminal.process.returncode == 5


def test_an_import_that_is_interrupted_ends_as_such(files: Path) -> None:
    script = (
        "import signal, sys, emulator.recordings.importing as i, emulator.cli.main as c\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background ignores it
        "i.import_files = lambda *_, **more: signal.raise_signal(signal.SIGINT)\n"
        "sys.exit(c.main(['import', 'tape.jsonl', '--out', '-']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=files, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )

    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, b"")
