"""``exec``: a command with an emulator of its own, and the exit code for both."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from emulator.cli.main import main
from tests import golden
from tests.cli.test_main import COMMAND
from tests.support import GOLDEN, ROOT

SCENARIO = """\
turns:
  - when: {message: weather}
    times: 1
    steps: [{say: It is sunny.}]
"""

#: A suite in some language: one run for each argument, and the exit code that it is told.
SUITE = """\
import json, os, sys, urllib.request
def post(path, **body):
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "OpenAI-Beta": "assistants=v2"}
    sent = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(sent) as answer:
        return json.load(answer)
for text in sys.argv[2:]:
    thread = {"messages": [{"role": "user", "content": text}]}
    post("/threads/runs", assistant_id=post("/assistants", model="gpt-4o")["id"], thread=thread)
print("suite ended")
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command, in a directory with a scenario."""
    (tmp_path / "weather.yaml").write_text(SCENARIO)
    (tmp_path / "suite.py").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    return [sys.executable, "suite.py"]


def run(*arguments: str, command: Sequence[str]) -> int:
    return main(["exec", *arguments, "--", *command])


@pytest.mark.parametrize(
    ("own", "asks", "code", "told"),
    [
        (0, ["The weather?"], 0, "succeeded, and left 1 loose end"),
        (0, [], 0, "succeeded, and left 2 loose ends"),
        (3, [], 3, "exited with 3 and sent no request; clients have to take their address from OPENAI_BASE_URL"),
        (0, ["The weather?", "The time?"], 1, "succeeded, the emulator found 1 problem"),
        (0, ["The time?"], 1, "succeeded, the emulator found 2 problems"),
        (3, ["The weather?"], 3, "exited with 3, the emulator found no problems"),
        (3, ["The time?"], 3, "exited with 3, the emulator found 2 problems"),
    ],
)
def test_the_exit_code_is_the_commands_or_the_emulators(
    capfd: pytest.CaptureFixture[str], suite: list[str], own: int, asks: list[str], code: int, told: str
) -> None:
    assert run("weather.yaml", command=[*suite, str(own), *asks]) == code

    out, err = capfd.readouterr()
    assert (out, told in err, bool(err)) == ("suite ended\n", True, bool(told))


def test_the_report_is_that_of_a_failed_test(capfd: pytest.CaptureFixture[str], suite: list[str]) -> None:
    run("weather.yaml", command=[*suite, "0", "The time?"])

    told = capfd.readouterr().err.replace(sys.executable, "python")
    golden.expect(GOLDEN / "exec_report.txt", told.encode())


def test_a_machine_gets_the_verdict_as_the_last_line(capfd: pytest.CaptureFixture[str], suite: list[str]) -> None:
    assert run("--json", "weather.yaml", command=[*suite, "0", "The time?"]) == 1

    out, err = capfd.readouterr()
    first, last = out.splitlines()
    verdict = json.loads(last)
    assert (first, err) == ("suite ended", "")
    assert [problem.pop("kind") for problem in verdict["problems"]] == ["unmatched", "times"]
    assert [run["status"] for run in verdict["runs"]] == ["queued"]
    assert {key: verdict[key] for key in ("code", "command_code", "requests", "command")} == {
        "code": 1,
        "command_code": 0,
        "requests": 2,
        "command": [*suite, "0", "The time?"],
    }


#: A suite of two workers: the n-th asks what the n-th argument says, with a key of its own, and begins with a reset.
WORKERS = """\
import json, os, sys, threading, urllib.request
meet = threading.Barrier(2)
def work(name, text):
    def post(path, **body):
        headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"] + name, "OpenAI-Beta": "assistants=v2"}
        sent = urllib.request.Request(os.environ["AZURE_OPENAI_ENDPOINT"] + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(sent) as answer:
            return json.load(answer)
    meet.wait()
    post("/_emulator/reset")
    thread = post("/v1/threads", messages=[{"role": "user", "content": text}])["id"]
    meet.wait()
    post("/v1/threads/" + thread + "/runs", assistant_id=post("/v1/assistants", model="gpt-4o")["id"])
workers = [threading.Thread(target=work, args=("-%d" % n, text)) for n, text in enumerate(sys.argv[2:], 1)]
for worker in workers: worker.start()
for worker in workers: worker.join()
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("own", "asks", "code", "shown", "not_shown"),
    [
        (0, ["The weather?", "The weather!"], 0, [], ["world"]),
        (0, ["The weather?", "The time?"], 1, ["found 2 problems", "emulator-2"], ["emulator-1"]),
        (0, ["The time?", "The time!"], 1, ["found 4 problems", "emulator-1", "emulator-2"], ["not shown"]),
        (3, ["The weather?", "The weather!"], 3, ["exited with 3", "emulator-1", "emulator-2"], ["not shown"]),
    ],
)
def test_workers_with_keys_of_their_own_do_not_meet_and_all_worlds_are_checked(
    capfd: pytest.CaptureFixture[str],
    suite: list[str],
    own: int,
    asks: list[str],
    code: int,
    shown: list[str],
    not_shown: list[str],
) -> None:
    Path("suite.py").write_text(WORKERS)
    assert run("weather.yaml", command=[*suite, str(own), *asks]) == code

    told = capfd.readouterr().err
    assert [words in told for words in [*shown, *not_shown]] == [True] * len(shown) + [False] * len(not_shown)
    assert ("left 2 loose ends" in told) is (not code)


def test_a_machine_gets_the_problems_of_all_worlds(capfd: pytest.CaptureFixture[str], suite: list[str]) -> None:
    Path("suite.py").write_text(WORKERS)
    assert run("--json", "weather.yaml", command=[*suite, "0", "The weather?", "The time?"]) == 1

    verdict = json.loads(capfd.readouterr().out)
    assert (verdict["worlds"], len(verdict["runs"])) == (2, 2)
    assert [problem["kind"] for problem in verdict["problems"]] == ["unmatched", "times"]


def test_one_world_for_all_keys_is_a_choice(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    script = (
        "import os; from emulator import Control; url = os.environ['AZURE_OPENAI_ENDPOINT'];"
        "Control(url, 'a').load({'name': 'new'});"
        "print([len(Control(url, key)._call('GET', '/scenarios')['scenarios']) for key in 'ab'])"
    )
    told = []
    for arguments in (["--worlds", "one"], []):
        assert run(*arguments, command=[sys.executable, "-c", script]) == 0
        told.append(capfd.readouterr().out)

    assert told == ["[1, 1]\n", "[1, 0]\n"]


def test_a_key_that_may_be_real_is_not_told_whole(capfd: pytest.CaptureFixture[str]) -> None:
    script = (
        "import os; from emulator import Control; url = os.environ['AZURE_OPENAI_ENDPOINT'];"
        "import urllib.request as u;"
        "[u.urlopen(u.Request(url + '/v1/models', headers={'api-key': key})) for key in ('sk-proj-s3cret', 'k')];"
        "raise SystemExit(1)"
    )
    assert run(command=[sys.executable, "-c", script]) == 1

    told = capfd.readouterr().err
    assert ("s3cret" in told, "world of the key sk-…cret" in told) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "base_url"), [([], "OPENAI_BASE_URL=http://127.0.0.1:"), (["--azure"], "OPENAI_BASE_URL=None")]
)
def test_the_environment_leads_to_the_emulator(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], base_url: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://my.gateway")
    names = ("OPENAI_BASE_URL", "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "OPENAI_API_VERSION")
    show = f"import os\nfor name in {names}: print(f'{{name}}={{os.environ.get(name)}}')"

    assert run(*arguments, command=[sys.executable, "-c", show]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith(base_url)
    assert "None" not in "".join(lines[1:])
    assert lines[2].startswith("AZURE_OPENAI_ENDPOINT=http://127.0.0.1:")


def test_the_command_has_the_terminals_input(capfd: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run([*COMMAND, "exec", "--", "cat"], input=b"through", capture_output=True, check=True, cwd=ROOT)

    assert done.stdout == b"through"
    assert done.stderr.endswith(b"left 1 loose end:\n  no request was sent to the emulator\n")


def test_a_recording_is_a_scenario_too(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "weather.yaml").write_text(SCENARIO)
    (tmp_path / "tape.jsonl").write_text('{"format": "assistants-emulator recording", "version": 1}\n')

    assert run(str(tmp_path / "tape.jsonl"), command=["true"]) == 0


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["no-such-command"], 127, "exec: there is no command 'no-such-command'\n"),
        (["npm test"], 127, "there is no command 'npm test'; to run a shell command line: sh -c 'npm test'\n"),
        (["./weather.yaml"], 126, "exec: cannot run './weather.yaml': Permission denied\n"),
        (["."], 126, "exec: cannot run '.': Permission denied\n"),
        (["sh", "-c", "kill -9 $$"], 137, ""),
        (["sh", "-c", "kill -TERM $$"], 143, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_run_or_is_killed_ends_as_in_a_shell(
    capfd: pytest.CaptureFixture[str], suite: list[str], command: list[str], code: int, words: str
) -> None:
    assert run(command=command) == code

    err = capfd.readouterr().err
    assert (words in err, err.count("\n")) == (True, bool(words))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["bad.yaml"], 1, "bad.yaml:1:1: turn: unknown key"),
        (["none.yaml"], 2, "none.yaml: No such file or directory"),
        (["--start", "soon"], 2, "start"),
    ],
)
def test_a_command_is_not_run_when_the_emulator_cannot_start(
    capfd: pytest.CaptureFixture[str], suite: list[str], arguments: list[str], code: int, words: str
) -> None:
    Path("bad.yaml").write_text("turn: []")

    assert run(*arguments, command=["touch", "ran"]) == code
    assert words in capfd.readouterr().err
    assert not Path("ran").exists()


LEFT = [
    "assistants-emulator: true succeeded, and left 2 loose ends:",
    "  greet.yaml: no turn of the scenario 'greet' was played: 'turn 1'",
    "  no request was sent to the emulator",
]


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--strict"], 1)])
def test_what_a_command_leaves_undone_is_told_and_may_be_a_failure(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("greet.yaml").write_text("turns: [{steps: [{say: Hi}]}]")

    assert run("greet.yaml", *arguments, command=["true"]) == code
    assert capfd.readouterr().err.splitlines() == LEFT


#: A client of the API and of the admin API; the SDK would take a second to be imported.
ASK = """
import json, os, sys, urllib.request
from urllib.error import HTTPError
from emulator import Control

def ask(path, body=None, key=os.environ["OPENAI_API_KEY"]):
    headers = {"Authorization": "Bearer " + key, "OpenAI-Beta": "assistants=v2"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, data, headers)) as answer:
        return json.load(answer)
"""


def test_what_each_world_left_before_a_reset_is_told_too(capfd: pytest.CaptureFixture[str]) -> None:
    script = (
        ASK
        + """
for key in ("one", "two"):
    thread = {"messages": [{"role": "user", "content": "Hi"}]}
    ask("/threads/runs", {"assistant_id": ask("/assistants", {"model": "gpt-4o"}, key)["id"], "thread": thread}, key)
    Control(os.environ["OPENAI_BASE_URL"], key).reset()
"""
    )
    assert run(command=[sys.executable, "-c", script]) == 0
    assert capfd.readouterr().err.count("nobody polled;") == 2


#: Two tests with one key at the same time: the other one's reset comes between a creation and its poll.
ONE_KEY = (
    ASK
    + """
control = Control(os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"])
thread = ask("/threads", {})["id"]
if "other" in sys.argv:
    control.reset()
try:
    ask("/threads/" + thread)
except HTTPError:
    control.reset()
    sys.exit(3)
control.reset()
sys.exit(4)
"""
)


def test_a_reset_under_a_running_test_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(command=[sys.executable, "-c", ONE_KEY, "other"]) == 3

    told = capfd.readouterr().err
    assert "exited with 3, the emulator found no problems" in told
    assert re.search(
        r"\n  /v1/threads/(thread_\w+) is a 404, because a reset ended the world of \1: "
        r"tests that run at the same time need different keys\n",
        told,
    )


def test_a_command_that_reset_its_worlds_has_sent_requests(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(command=[sys.executable, "-c", ONE_KEY]) == 4
    assert capfd.readouterr().err.splitlines()[-1] == (
        "the command has reset the worlds that it used, so there is nothing to show"
    )


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("heeds", [True, False], ids=["heeded", "not heeded"])
def test_signals_are_passed_on_and_the_command_has_the_last_word(sign: signal.Signals, heeds: bool) -> None:
    handler = "lambda *_: sys.exit(7)" if heeds else "signal.SIG_DFL"
    waits = "print('ready', flush=True)\nsignal.pause()"
    script = f"import signal, sys\nsignal.signal({int(sign)}, {handler})\n{waits}"
    process = subprocess.Popen(
        [*COMMAND, "exec", "--", sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(sign)
    process.communicate(timeout=10)

    assert process.returncode == (7 if heeds else 128 + sign)


def test_its_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert run(command=["true"]) == 0

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert os.environ.get("OPENAI_BASE_URL") is None


def test_a_page_for_each_world_that_was_used(
    capfd: pytest.CaptureFixture[str], suite: list[str], tmp_path: Path
) -> None:
    run("--report", str(tmp_path / "pages"), command=[*suite, "0", "The weather?"])
    assert [one.name for one in (tmp_path / "pages").iterdir()] == ["world.html"]
    assert f"assistants-emulator: wrote {tmp_path / 'pages' / 'world.html'}" in capfd.readouterr().err
    assert "create_thread_and_run" in (tmp_path / "pages" / "world.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_said(
    capfd: pytest.CaptureFixture[str], suite: list[str], tmp_path: Path
) -> None:
    (tmp_path / "pages").write_text("a file is in the way")
    run("--report", str(tmp_path / "pages"), command=[*suite, "0", "The weather?"])
    assert "the file cannot be written" in capfd.readouterr().err
