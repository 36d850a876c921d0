"""What the machine refuses is told to the client in OpenAI's words, in ``check()``, and in a line of the log."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from emulator.apis.http import pipeline
from emulator.base.unbroken import unbroken
from emulator.cli.log_stream import LogStream
from emulator.recordings.readers import parse_recording
from tests.hardness.bounds import bounded, needs_limits
from tests.support import Api, InProcess

LARGE = b"x" * 3_000_000


def upload(api: Api) -> Any:
    head = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + LARGE + b"\r\n--b--\r\n"
    return api.request(
        "POST", "/v1/files", content=head + file, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )


class _Full(BytesIO):
    """A file on a disk that is full."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__()

    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        raise OSError(28, "No space left on device")


def _no_folder(*arguments: Any, **named: Any) -> Any:
    raise FileNotFoundError(2, "No usable temporary directory found")


def _no_descriptors(*arguments: Any, **named: Any) -> Any:
    raise OSError(24, "Too many open files")


@pytest.mark.parametrize(
    ("temporary_file", "words"),
    [(_Full, "No space left"), (_no_folder, "No usable temporary directory"), (_no_descriptors, "Too many open files")],
)
def test_an_upload_that_cannot_be_kept(
    temporary_file: Callable[..., Any], words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", temporary_file)
    api = InProcess()
    refused = upload(api)
    assert (refused.status, refused.json["error"]["type"]) == (500, "server_error")
    (problem,) = api.get("/_emulator/check").json["problems"]
    assert problem["kind"] == "machine"
    assert words in problem["message"]
    assert [words in one.getMessage() for one in caplog.records] == [True]
    monkeypatch.undo()
    assert upload(api).status == 200


@pytest.mark.parametrize("error", [MemoryError(), ImportError("no module"), RecursionError("deep"), OSError(5, "I/O")])
def test_what_fails_outside_the_pipe_is_no_bare_500(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(pipeline, "read_any", fail)
    api = InProcess()
    failed = api.post("/v1/threads", {})
    assert (failed.status, failed.json["error"]["type"]) == (500, "server_error")
    assert len(api.get("/_emulator/check").json["problems"]) == 1
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.ERROR


def _small_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))


@contextmanager
def serving(*options: str, **more: Any) -> Iterator[tuple[subprocess.Popen[bytes], Api]]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, **more) as process:
        assert process.stdout is not None
        found = re.search(rb"http://[^/]+", process.stdout.readline())
        assert found
        api = Api(found[0].decode())
        try:
            yield process, api
        finally:
            api.close()
            process.terminate()
            process.communicate(timeout=20)


@needs_limits
def test_a_full_disk_is_a_line_on_stderr() -> None:
    with tempfile.TemporaryFile() as errors:
        with serving(stderr=errors, preexec_fn=_small_files) as (_, api):
            assert upload(api).status == 500
        errors.seek(0)
        assert errors.read().count(b"the machine refused the emulator something") == 1


def test_what_the_machine_refuses_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a scenario are kept as those that are uploaded."""

    def full(content: bytes) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emulator.world.state.contents.Content.of", full)
    api = InProcess()
    scenario = {"version": 1, "given": {"files": [{"filename": "a.txt", "content": "soup"}]}}
    refused = api.post("/_emulator/scenarios", scenario)
    assert refused.status == 500
    assert "the machine refused the emulator something: [Errno 28]" in refused.json["error"]["message"]
    assert [one["kind"] for one in api.get("/_emulator/check").json["problems"]] == ["machine"]
    monkeypatch.undo()
    assert api.post("/_emulator/scenarios", scenario).status == 200


# ---- Where a command runs ----


@needs_limits
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("words", [["check", "-"], ["schema"]])
def test_a_closed_stream_gets_nothing(words: list[str], closed: tuple[int, ...], tmp_path: Path) -> None:
    """Nothing that the command opens takes the number of the stream, either."""
    scenario = tmp_path / "weather.yaml"
    scenario.write_text("version: 1\nturns: [{steps: [{say: hi}]}]\n")
    words = [str(scenario) if word == "-" and 0 in closed else word for word in words]

    def close() -> None:
        for number in closed:
            os.close(number)

    line = [sys.executable, "-m", "emulator", *words]
    with scenario.open("rb") as source:
        done = subprocess.run(line, stdin=source, capture_output=True, check=False, timeout=60, preexec_fn=close)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (done.stdout == b"") is (1 in closed)


@needs_limits
def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = [sys.executable, "-m", "emulator", "check", "weather.yaml"]
    done = subprocess.run(
        line, cwd=gone, capture_output=True, check=False, timeout=60, preexec_fn=lambda: os.rmdir(str(gone))
    )
    assert (done.returncode, done.stderr) == (2, b"assistants-emulator: the current directory is no longer there\n")


# ---- An export ----

FORM = (b"content-type", b"multipart/form-data; boundary=b")
JSON_TYPE = (b"content-type", b"application/json")


@pytest.mark.parametrize("kinds", [[JSON_TYPE, FORM], [FORM, JSON_TYPE], [FORM], [JSON_TYPE, JSON_TYPE]])
@pytest.mark.parametrize("body", [b"[1]", b'"x"', b'{"a": {"filename": 3}}', b"--b--", b"\xff", b"null", b""])
def test_no_request_spoils_the_export(kinds: list[tuple[bytes, bytes]], body: bytes) -> None:
    api = InProcess()
    with_key = [(b"host", b"localhost"), (b"authorization", b"Bearer sk-test"), (b"openai-beta", b"assistants=v2")]
    scope = {"type": "http", "method": "POST", "path": "/v1/threads", "raw_path": b"/v1/threads", "query_string": b""}

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        assert message.get("status", 200) < 500

    async def exchange() -> None:
        await api.app({**scope, "headers": [*with_key, *kinds]}, receive, send)

    asyncio.run(exchange())
    exported = api.get("/_emulator/export?as=recording")
    assert exported.status == 200
    assert len(parse_recording(exported.body, "export").exchanges) == 1


# ---- The command of exec ----


@needs_limits
def test_exec_takes_its_command_along_when_it_is_killed() -> None:
    command = [sys.executable, "-c", "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"]
    line = [sys.executable, "-m", "emulator", "exec", "--", *command]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process, bounded():
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.kill()
        assert process.stdout.read() == b"", "the end of the command closes its stdout"


# ---- Ctrl-C ----


def test_ctrl_c_is_quiet_while_modules_are_imported(tmp_path: Any) -> None:
    (tmp_path / "argparse.py").write_text("raise KeyboardInterrupt")
    line = [sys.executable, "-m", "emulator", "check", "-"]
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(line, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_ctrl_c_waits_for_what_must_not_break_off() -> None:
    done = []

    def finish_an_import() -> None:
        with unbroken():
            signal.raise_signal(signal.SIGINT)
            done.append("the import")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has none
    try:
        with pytest.raises(KeyboardInterrupt):
            finish_an_import()
        assert done == ["the import"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


# ---- A log that nobody reads ----


@pytest.mark.parametrize("options", [["--json"], []])
def test_a_log_that_nobody_reads_stops_nobody(options: list[str]) -> None:
    with bounded(60), serving("--log", *options, stderr=subprocess.PIPE) as (_, api):
        assert {api.get("/v1/models").status for _ in range(900)} == {200}


def test_lines_are_dropped_and_counted(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.cli.log_stream.MAX_LOG_WAITING", 100)
    can_write, began = threading.Event(), threading.Event()
    written: list[bytes] = []

    def write(descriptor: int, data: bytes) -> int:
        began.set()
        can_write.wait(20)
        written.append(data)
        return len(data)

    monkeypatch.setattr("emulator.cli.log_stream.os.write", write)
    with (tmp_path / "log").open("w") as file:
        stream = LogStream(file, "{} dropped\n".format)
        stream.write("first\n")
        assert began.wait(20)
        for number in range(100):
            stream.write(f"line {number:02}\n")
        can_write.set()
        stream.close()
    assert b"".join(written).decode().splitlines() == ["first", *(f"line {n:02}" for n in range(12)), "88 dropped"]
