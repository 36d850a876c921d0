"""``leading``: points clients to the emulator in any test framework, and keeps them from the real service."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI

from emulator import Emulator, EmulatorError
from tests.conftest import Emulate
from tests.support import ROOT

NAMES = ("OPENAI_BASE_URL", "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "NO_PROXY", "no_proxy")


def variables() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in NAMES}


def test_clients_are_led_here_until_the_block_ends(emulate: Emulate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://before.test/v1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "own.test")
    before = variables()
    emulator = emulate()
    with emulator.leading() as led:
        assert led is emulator
        with OpenAI() as client:
            assert client.models.list().data
        assert os.environ["NO_PROXY"].startswith("own.test,127.0.0.1,api.openai.com")

    assert variables() == before
    assert [request.operation for request in emulator.requests()] == ["list_models"]


def test_the_real_service_is_refused_until_the_block_ends(emulate: Emulate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lookup := lambda *asked, **more: [asked[0]])
    emulator = emulate()
    with emulator.leading(), emulator.leading():
        with pytest.raises(socket.gaierror, match=r"Refused to connect to api\.openai\.com: Emulator\.leading"):
            socket.getaddrinfo("api.openai.com", 443)
        assert list(map(str, socket.getaddrinfo("other.test", 443))) == ["other.test"]
    assert socket.getaddrinfo is lookup
    with emulator.leading(allow_real=True):
        assert list(map(str, socket.getaddrinfo("api.openai.com", 443))) == ["api.openai.com"]
        assert "openai" not in os.environ["NO_PROXY"]


def test_an_error_in_the_block_restores_the_variables_too(emulate: Emulate) -> None:
    before = variables()
    with pytest.raises(KeyError), emulate().leading():
        raise KeyError

    assert variables() == before


def test_an_emulator_that_has_not_started_leads_nobody() -> None:
    with pytest.raises(EmulatorError, match="start the emulator first"), Emulator().leading():
        """Never reached."""


def test_it_needs_no_pytest(tmp_path: Path) -> None:
    script = "import sys; from emulator import Control\nwith Control('http://127.0.0.1:1', 'k').leading(): pass\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}sys.exit('pytest' in sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert done.returncode == 0
