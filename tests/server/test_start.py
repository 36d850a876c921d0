"""A start imports what every request needs, and no more: users wait for it in every session."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support import ROOT

#: ``serve`` up to the moment when it would wait for requests.
SERVE = """
import sys
from emulator.cli.main import main
from emulator.server.server import Server
Server.serve_until_stopped = lambda server: print("loaded:", *sys.modules)
sys.exit(main(["serve", "--port", "0"]))
"""
#: An emulator that has had one request.
REQUEST = """
import http.client, sys
from emulator import Emulator
with Emulator() as emulator:
    connection = http.client.HTTPConnection(emulator.url.rpartition("/")[2])
    headers = {{"Authorization": "Bearer sk-test", "OpenAI-Beta": "assistants=v2"}}
    connection.request("POST", "/v1/{path}", "{body}", headers)
    assert connection.getresponse().status == 200
    connection.close()
print("loaded:", *sys.modules)
"""


def loaded(program: str) -> set[str]:
    """The modules that a process of its own has imported."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("loaded:")]
    return set(line.split())


def test_serve_starts_without_what_only_some_requests_need() -> None:
    needless = {
        "emulator.admin", "emulator.control", "emulator.engine", "emulator.parity", "emulator.sandbox",
        "emulator.apis.assistants.endpoints", "emulator.apis.responses", "emulator.apis.http.form_reader",
        "emulator.recordings.readers", "emulator.scenarios.loading", "emulator.scenarios.steps",
        "emulator.scenarios.faults", "emulator.scenarios.stubs",
        "jinja2", "jsonschema", "jsonschema_rs", "starlette.requests", "yaml",
    }  # fmt: skip
    assert needless & loaded(SERVE) == set()


@pytest.mark.parametrize(
    ("path", "body", "own", "other"),
    [
        ("threads", "{}", "assistants", "responses"),
        ("conversations", "{}", "responses", "assistants"),
    ],
)
def test_who_uses_one_api_does_not_load_the_other(path: str, body: str, own: str, other: str) -> None:
    modules = loaded(REQUEST.format(path=path, body=body))
    assert f"emulator.apis.{own}.endpoints.{path}" in modules
    assert [name for name in modules if name.startswith(f"emulator.apis.{other}.endpoints")] == []
