"""``health``: waits until an emulator answers, where the same variables say that one is."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulator import Emulator
from emulator.base.version import __version__
from emulator.cli.main import main
from tests.cli.test_main import ended
from tests.conftest import Emulate


@pytest.fixture
def port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found: int = taken.getsockname()[1]
    return found


def test_it_says_that_a_server_is_ready(emulate: Emulate, capsys: pytest.CaptureFixture[str]) -> None:
    url = emulate().url

    assert main(["health", url]) == 0
    assert capsys.readouterr().out == f"{url} is ready\n"
    assert main(["health", f"{url}/v1", "--json"]) == 0
    shown = {"url": f"{url}/v1", "status": "ok", "version": __version__, "worlds": 0}
    assert json.loads(capsys.readouterr().out) == shown


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_it_reads_the_variables_of_the_server(
    emulate: Emulate, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    emulator = emulate()
    monkeypatch.setenv("ASSISTANTS_EMULATOR_HOST", host)
    monkeypatch.setenv("ASSISTANTS_EMULATOR_PORT", str(urlsplit(emulator.url).port))

    assert main(["health", "--timeout", "5"]) == 0


def test_it_waits_for_a_server_that_is_still_to_come(port: int) -> None:
    codes: list[int] = []
    waiting = threading.Thread(target=lambda: codes.append(main(["health", "--port", str(port)])))
    waiting.start()
    with Emulator(port=port):
        waiting.join()

    assert codes == [0]


def test_it_gives_up(capsys: pytest.CaptureFixture[str], port: int) -> None:
    assert main(["health", "--port", str(port), "--timeout", "0.1"]) == 1

    told = capsys.readouterr().err
    assert told.startswith(f"assistants-emulator: no emulator answers at http://127.0.0.1:{port} within 0.1 s: [Errno")


@pytest.mark.parametrize(("status", "body"), [(200, b"hello"), (200, b'{"status": "up"}'), (200, b"[]"), (404, b"{}")])
def test_another_server_is_no_emulator(capsys: pytest.CaptureFixture[str], status: int, body: bytes) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        assert main(["health", f"http://127.0.0.1:{server.server_port}", "--timeout", "0.1"]) == 1
        server.shutdown()
        serving.join()

    assert "what answers there is no emulator" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["127.0.0.1:8787"], "health: expected a URL such as http://127.0.0.1:8787, got '127.0.0.1:8787'"),
        (["--timeout", "0"], "argument --timeout: expected a number of seconds above 0, got '0'"),
        (["--port", "many"], "argument --port: expected a port"),
        (["--tls-cert", "nowhere.pem"], "No such file or directory"),
    ],
)
def test_what_it_cannot_do_is_a_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], words: str
) -> None:
    assert ended(["health", *arguments]) == 2
    assert words in capsys.readouterr().err
