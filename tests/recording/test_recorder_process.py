"""``record`` as a process: what it says, what it refuses, and what is left of it when it is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from emulator.cli.main import main
from emulator.recordings.exchange import Recording
from emulator.recordings.own_format import header_line, read
from tests.conftest import Emulate
from tests.recording.test_own_format import numbered
from tests.recording.upstreams import CHUNKED, PATIENCE, Talk, upstream
from tests.support import Api

COMMAND = [sys.executable, "-W", "error", "-m", "emulator", "record", "--port", "0"]


@contextmanager
def process(url: str, tape: Path, *arguments: str, **more: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A recorder, and where it says that it listens."""
    command = [*COMMAND, "--upstream", url, "--out", str(tape), *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    with subprocess.Popen(command, text=True, **pipes) as running:  # type: ignore[call-overload]
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            found = re.fullmatch(r"listening on (http://[\d.]+:\d+)/v1\n", line)
            assert found, running.communicate(timeout=PATIENCE)
            yield running, found[1]
        finally:
            running.kill()


def recorded(tape: Path) -> Recording:
    return read(tape.read_bytes(), tape.name)


# ---- What it says ----


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_in_the_end_what_it_has(
    emulate: Emulate, tmp_path: Path, sign: signal.Signals
) -> None:
    emulator, tape = emulate(), tmp_path / "tape.jsonl"
    with process(emulator.base_url, tape) as (running, url):
        api = Api(url, "sk-planted0123456789")
        api.run(api.thread("Hi"), api.assistant(), stream=True)
        api.get("/v1/threads/thread_unknown")
        api.close()
        running.send_signal(sign)
        out, told = running.communicate(timeout=PATIENCE)

    assert (out, running.returncode) == ("", 0)
    began, summary, following = told.splitlines()
    assert began == f"recording {emulator.base_url} to {tape}, files by length and hash"
    size = f"{tape.stat().st_size / 1024:.1f} KiB"
    counts = r"recorded 4 requests, 1 run, 1 stream, 1 failure, \d+ redactions; "
    assert re.fullmatch(counts + re.escape(f"{tape}: {size}"), summary)
    assert following == f"next: assistants-emulator import {tape} --out scenario.yaml"
    assert len(recorded(tape).exchanges) == 4


def test_it_records_more_into_a_file_and_cuts_off_what_broke(emulate: Emulate, tmp_path: Path) -> None:
    emulator, tape = emulate(), tmp_path / "tape.jsonl"
    for torn in (b"", b'{"n":2,"time":17', b""):
        if tape.exists():
            tape.write_bytes(tape.read_bytes() + torn)
        with process(emulator.base_url, tape, "--append") as (running, url):
            httpx.get(f"{url}/v1/models", headers={"authorization": "Bearer sk-x"})
            running.terminate()
            _, told = running.communicate(timeout=PATIENCE)
        assert (f"the last line of {tape} was incomplete; removed its {len(torn)} bytes" in told) is bool(torn)

    recording = recorded(tape)
    assert [one.number for one in recording.exchanges] == [1, 3, 4]
    assert recording.notes == (
        f"{tape.name}: no response to request 2: not finished when the recorder stopped, or removed from the file",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("ci", [False, True])
def test_a_terminal_shows_how_far_it_is_and_a_log_does_not(tmp_path: Path, ci: bool) -> None:
    sent, seen = threading.Event(), threading.Event()

    def script(talk: Talk) -> None:
        talk.head()
        talk.send(CHUNKED)
        talk.chunk(b"data: {}\n\n" * 300)
        sent.set()
        assert seen.wait(PATIENCE)
        talk.send(b"0\r\n\r\n")

    ours, theirs = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | ({"CI": "1"} if ci else {})
    told = b""
    with ExitStack() as stack:
        url = stack.enter_context(upstream(script))
        running, base = stack.enter_context(process(url, tmp_path / "tape.jsonl", stderr=theirs, env=environment))
        os.close(theirs)
        with httpx.stream("GET", f"{base}/v1/x", timeout=PATIENCE) as answer:
            assert sent.wait(PATIENCE)
            while not ci and b"1 request, 1 open stream, 2.9 KiB" not in told:
                told += os.read(ours, 4096)
            seen.set()
            answer.read()
        running.terminate()
        running.wait(PATIENCE)
        try:
            while piece := os.read(ours, 4096):
                told += piece
        except OSError:  # so Linux tells that nobody writes to it any more
            os.close(ours)

    assert (b"open stream" in told) is not ci
    assert b"recorded 1 request, 0 runs, 1 stream, 0 failures" in told


# ---- What it refuses ----


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--upstream localhost:1 --out new.jsonl", "did you mean 'http://localhost:1'?"),
        ("--upstream http://u --out new.jsonl --timeout 0", "--timeout 0: expected more than 0 seconds"),
        ("--upstream http://u --out new.jsonl --redact (a", "--redact '(a' is not a regular expression: missing )"),
        (
            "--upstream http://u --out tape.jsonl",
            "tape.jsonl already exists. Use --append to add to it, or another --out.",
        ),
        ("--upstream http://u --out nowhere/tape.jsonl", "there is no directory nowhere"),
        ("--upstream http://u --out folder --append", "cannot write folder: Is a directory"),
        ("--upstream http://u --out other.txt --append", "other.txt:1: expected a line of JSON"),
        ("--upstream http://u --out broken.jsonl --append", "broken.jsonl:3: expected a line of JSON"),
        ("--upstream http://u --out later.jsonl --append", "later.jsonl:1: expected version 1 of the format, got 2"),
        ("--upstream http://u --out tape.jsonl --append", "with upstream 'http://upstream', not 'http://u'"),
        ("--upstream http://upstream --out tape.jsonl --append --files", "with files False, not True"),
        ("--upstream http://u --out new.jsonl --host 192.0.2.1", "cannot listen on 192.0.2.1 port 0"),
        ("--out new.jsonl", "the following arguments are required: --upstream"),
        ("--upstream http://u --out new.jsonl --timeout soon", "argument --timeout: invalid float value: 'soon'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    files = {
        "tape.jsonl": numbered(1),
        "other.txt": b"interactions: []\n",
        "broken.jsonl": numbered(1) + b"{\n" + numbered(2).partition(b"\n")[2],
        "later.jsonl": header_line("http://u").replace(b'"version":1', b'"version":2'),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    try:
        code = main(["record", "--port", "0", *arguments.split()])
    except SystemExit as exit:  # argparse ends so
        code = int(exit.code or 0)

    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert words in printed.err.splitlines()[-1]
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file()} == files


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such lock")
def test_two_recorders_do_not_write_to_one_file(
    emulate: Emulate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, tape = emulate().base_url, tmp_path / "tape.jsonl"
    with process(url, tape):
        assert main(["record", "--port", "0", "--upstream", url, "--out", str(tape), "--append"]) == 2

    assert capsys.readouterr().err == f"assistants-emulator: another recorder writes to {tape}\n"


def test_a_host_that_others_can_reach_is_told(tmp_path: Path) -> None:
    with process("http://127.0.0.1:9", tmp_path / "tape.jsonl", "--host", "0.0.0.0") as (running, _):
        running.terminate()
        _, told = running.communicate(timeout=PATIENCE)

    assert told.startswith("warning: other machines can reach 0.0.0.0\n")
    assert told.endswith(
        f"recorded 0 requests, 0 runs, 0 streams, 0 failures, 0 redactions; {tmp_path / 'tape.jsonl'}: 101 bytes\n"
    )


# ---- kill -9 ----

CLIENTS = 4
#: Answers that have to be there before it is killed.
ENOUGH = 60


def test_killed_under_load_it_has_lost_nothing_that_a_client_has_seen_to_its_end(
    emulate: Emulate, tmp_path: Path
) -> None:
    emulator = emulate(
        {"turns": [{"when": {"message": "wait"}, "steps": [{"hold": "gate"}]}, {"steps": [{"say": "Hi"}]}]}
    )
    tape, finished = tmp_path / "tape.jsonl", dict[str, bytes]()
    enough = threading.Event()

    def drive(number: int) -> None:
        """Requests without end, polled and streamed, small and large, until nobody answers any more."""
        api = Api(url, "sk-x")
        try:
            assistant = api.assistant()
            while True:
                thread = api.thread(f"Hello {'x' * 20_000}")
                for reply in (api.run(thread, assistant, stream=True), api.get(f"/v1/threads/{thread}/messages")):
                    finished[reply.headers["x-request-id"]] = reply.body
                if len(finished) >= ENOUGH:
                    enough.set()
        except httpx.HTTPError:
            return
        finally:
            api.close()

    def hang() -> None:
        """A stream that is under way all the time: its first event is there before the others begin."""
        api = Api(url, "sk-x")
        body = {"assistant_id": api.assistant(), "stream": True}
        headers = {"Authorization": "Bearer sk-x", "OpenAI-Beta": "assistants=v2"}
        try:
            with api.client.stream(
                "POST", f"/v1/threads/{api.thread('wait')}/runs", json=body, headers=headers
            ) as answer:
                for _ in answer.iter_raw():
                    hanging.set()
        except httpx.HTTPError:
            return
        finally:
            api.close()

    hanging = threading.Event()
    with process(emulator.base_url, tape) as (running, url):
        threads = [threading.Thread(target=hang), *(threading.Thread(target=drive, args=(n,)) for n in range(CLIENTS))]
        threads[0].start()
        assert hanging.wait(PATIENCE)
        for thread in threads[1:]:
            thread.start()
        assert enough.wait(PATIENCE)
        running.kill()
        for thread in threads:
            thread.join(PATIENCE)

    recording = recorded(tape)
    found = {one.response_header("x-request-id"): one for one in recording.exchanges}
    assert len(finished) >= ENOUGH
    assert {id: (found[id].response_body, found[id].ended) for id in finished} == {
        id: (body, "complete") for id, body in finished.items()
    }
    assert len(found) == len(recording.exchanges)
    numbers = {one.number for one in recording.exchanges}
    *torn, lost = recording.notes  # the stream that hung, and what was under way beside it
    assert [one for one in torn if "breaks off" not in one] == []  # perhaps it was killed in the middle of a line
    assert re.search(r"no response to requests? [\d ,\-and]*\b3\b", lost)
    assert 3 not in numbers
