"""Applications and frameworks that drive the Assistants API: nobody here wrote or changed what drives it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator import Control, Emulator, Request
from tests.frameworks.expected import FOUND, STREAMED
from tests.sdk.install import FRAMEWORKS, HOW, PYTHON_SDKS, is_installed, python_of

HERE = Path(__file__).parent

#: The environments of each application: a framework's own, or all versions of the SDK.
ENVIRONMENTS = {"openai_documentation": ("newest", *PYTHON_SDKS), **{name: (name,) for name in FRAMEWORKS}}

pytestmark = pytest.mark.clients


@dataclass
class Played:
    """What an application found, and what it asked."""

    application: str
    found: dict[str, Any]
    requests: list[Request]


@pytest.fixture(
    scope="module",
    params=[(application, where) for application, places in ENVIRONMENTS.items() for where in places],
    ids="-".join,
)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    application, where = request.param
    if where != "newest" and not is_installed(where):
        pytest.skip(f"{where} is {HOW}")
    python = sys.executable if where == "newest" else str(python_of(where))
    with Emulator(HERE / "scenario.yaml") as emulator:
        found = play(python, application, emulator.environ, tmp_path_factory.mktemp(application))
        emulator.check()
        yield Played(application, found, emulator.requests())


def play(python: str, application: str, environ: Mapping[str, str], directory: Path) -> dict[str, Any]:
    """In an empty directory. Frameworks warn of what they use themselves."""
    environment = {**os.environ, **environ, "PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"}
    command = [python, "-m", f"programs.{application}"]
    run = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_an_application_finds_what_its_scenario_says(played: Played) -> None:
    assert played.found == FOUND[played.application]


def test_no_request_of_the_framework_is_refused(played: Played) -> None:
    assert [(asked.method, asked.path, asked.status) for asked in played.requests if asked.status >= 400] == []


def test_the_framework_streams_where_it_can(played: Played) -> None:
    created = [asked for asked in played.requests if asked.operation == "create_run" and streams(asked)]
    submitted = [
        asked for asked in played.requests if asked.operation == "submit_tool_outputs_to_run" and streams(asked)
    ]

    assert (len(created), len(submitted)) == STREAMED[played.application]


def streams(asked: Request) -> bool:
    return isinstance(asked.json, dict) and asked.json.get("stream") is True


def test_semantic_kernels_own_client_of_azure_is_served_by_https(tmp_path: Path) -> None:
    """The whole application again; ``SSL_CERT_FILE`` makes it trust the certificate."""
    if not is_installed("semantic_kernel"):
        pytest.skip(f"semantic_kernel is {HOW}")
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not on the PATH")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    how = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([openssl, *how.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    serve = [sys.executable, "-m", "emulator", "serve", str(HERE / "scenario.yaml"), "--port", "0"]
    tls = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    with subprocess.Popen([*serve, *tls], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().removeprefix("listening on ").removesuffix("/v1\n")
        environ = {**Control(url, "sk-any").environ, "SSL_CERT_FILE": str(certificate)}
        found = play(str(python_of("semantic_kernel")), "semantic_kernel", environ, tmp_path)
        server.terminate()

    assert url.startswith("https://127.0.0.1:")
    assert found == FOUND["semantic_kernel"]


def test_no_application_is_left_out() -> None:
    programs = {path.stem for path in (HERE / "programs").glob("*.py")} - {"__init__", "shared"}

    assert programs == set(ENVIRONMENTS) == set(FOUND) == set(STREAMED)
