"""The command line, as a process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import Control, __version__
from emulator.cli import main
from tests.support import SCENARIOS, Api

COMMAND = [sys.executable, "-W", "error", "-m", "emulator"]


def serve(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE, text=True)


def url_of(process: subprocess.Popen[str]) -> str:
    """Where it says that it listens."""
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)/v1\n", line)
    assert found, line
    return found[1]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_where_it_listens_and_stops_gracefully(sign: signal.Signals) -> None:
    process = serve(str(SCENARIOS), "--seed", "7")
    control = Control(url_of(process), "sk-cli")

    assert control.state()["settings"]["seed"] == 7
    process.send_signal(sign)

    assert process.communicate(timeout=10)[0] == ""
    assert process.returncode == 0


def test_serve_keeps_one_world_a_key_unless_told_otherwise() -> None:
    for arguments, status in (((), 404), (("--worlds", "one"), 200)):
        process = serve(*arguments)
        url = url_of(process)
        one, other = Api(url, "sk-one"), Api(url, "sk-other")
        assert other.get(f"/v1/assistants/{one.assistant()}").status == status
        one.close()
        other.close()
        process.terminate()
        process.communicate(timeout=10)


def test_serve_stops_while_a_stream_waits() -> None:
    process = serve("--worlds", "one")
    api = Api(url_of(process))
    api.post("/_emulator/scenarios", {"turns": [{"steps": [{"hold": "x"}]}]})
    body = {"assistant_id": api.assistant(), "stream": True}
    headers = {"Authorization": "Bearer sk-test", "OpenAI-Beta": "assistants=v2"}
    with api.client.stream("POST", f"/v1/threads/{api.thread('Hi')}/runs", json=body, headers=headers):
        process.terminate()
        process.communicate(timeout=10)
    api.close()

    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["serve", "nowhere.yaml"], 2, "nowhere.yaml"),
        (["serve", "."], 1, "expected scenario files"),
        (["check", "bad.yaml"], 1, "bad.yaml:1:1: turn: unknown key; did you mean 'turns'?"),
        (["check", "good.yaml"], 0, "1 checked, no problems"),
        (["check", "good.yaml", "bad.yaml"], 1, "2 checked, 1 problem"),
        (["check", "."], 1, "2 checked, 1 problem"),
        (["--version"], 0, __version__),
        ([], 2, "COMMAND"),
        (["--help"], 0, "assistants-emulator serve weather.yaml --seed 7"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_end_with_a_word_and_an_exit_code(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "bad.yaml").write_text("turn: []")
    (tmp_path / "files" / "good.yaml").write_text("turns: []")
    monkeypatch.chdir(tmp_path if arguments[:2] == ["serve", "."] else tmp_path / "files")
    try:
        ended = main(arguments)
    except SystemExit as exit:  # argparse ends so
        ended = int(exit.code or 0)

    printed = capsys.readouterr()
    assert (ended, words in printed.out + printed.err) == (code, True)


def test_scenarios_that_disagree_and_a_taken_port_end_serve_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for seed in (1, 2):
        (tmp_path / f"{seed}.yaml").write_text(f"settings: {{seed: {seed}}}")

    assert main(["serve", str(tmp_path)]) == 1
    assert "they must agree" in capsys.readouterr().err
    process = serve()
    port = url_of(process).rsplit(":", 1)[1]
    assert main(["serve", "--port", port]) == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err
    process.terminate()
    process.communicate(timeout=10)
