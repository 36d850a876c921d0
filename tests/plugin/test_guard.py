"""No test reaches the real service by mistake: its names do not resolve while a test uses the emulator."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest

from emulator.control.network_guard import IMPORT_HINT, Guard, is_real
from tests.plugin.inner import run, sections


@pytest.mark.parametrize(
    ("host", "real"),
    [
        ("api.openai.com", True), ("API.OpenAI.com.", True), (b"api.openai.com", True), ("eu.api.openai.com", True),
        ("mine.openai.azure.com", True), ("mine.services.ai.azure.com", True), ("mine.openai.azure.us", True),
        ("mine.cognitiveservices.azure.com", True), ("127.0.0.1", False), ("localhost", False), (None, False),
        ("notapi.openai.com", False), ("api.openai.com.evil.example", False), ("openai.com", False), ("", False),
        ("azure.com", False), (b"", False), (7, False),
    ],
)  # fmt: skip
def test_the_hosts_of_openai_and_azure_are_real(host: object, real: bool) -> None:
    assert is_real(host) is real


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that would have been resolved: nobody is asked here, and only this machine is found."""
    asked: list[str] = []
    addresses = socket.getaddrinfo

    def answer(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "127.0.0.1":
            return addresses(host, *rest, **more)
        asked.append(host)
        raise OSError("asked")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, answer)
    return asked


WAYS: dict[str, Callable[[str], object]] = {
    "getaddrinfo": lambda host: socket.getaddrinfo(host, 443),
    "getaddrinfo by name": lambda host: socket.getaddrinfo(host=host, port=443),
    "gethostbyname": lambda host: socket.gethostbyname(host),
    "gethostbyname_ex": lambda host: socket.gethostbyname_ex(host),
    "create_connection": lambda host: socket.create_connection((host, 443)),
    "asyncio": lambda host: asyncio.run(asyncio.open_connection(host, 443)),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_resolve_is_guarded(resolved: list[str], way: str) -> None:
    guard = Guard()
    with (
        guard,
        pytest.raises(
            socket.gaierror,
            match=r"Refused to connect to api\.openai\.com: tests that use the fixture assistants_emulator",
        ),
    ):
        WAYS[way]("api.openai.com")
    assert (guard.refused, resolved) == (["api.openai.com"], [])

    with guard, pytest.raises(OSError, match="asked"):
        WAYS[way]("example.org")
    with pytest.raises(OSError, match="asked"):
        WAYS[way]("api.openai.com")
    assert resolved == ["example.org", "api.openai.com"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
@pytest.mark.parametrize("way", ["getaddrinfo", "create_connection", "create_connection by name"])
def test_uvloop_is_guarded(way: str) -> None:
    import uvloop

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        if way == "getaddrinfo":
            await loop.getaddrinfo("api.openai.com", 443)
        elif way == "create_connection":
            await loop.create_connection(asyncio.Protocol, "api.openai.com", 443)
        else:
            await loop.create_connection(asyncio.Protocol, host="api.openai.com", port=443)

    before = uvloop.Loop.getaddrinfo
    with (
        Guard(),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        pytest.raises(OSError, match="To allow the connection, use --assistants-allow-real"),
    ):
        runner.run(ask())
    assert uvloop.Loop.getaddrinfo is before


def test_a_guard_within_a_guard_changes_nothing(resolved: list[str]) -> None:
    guard = Guard()
    with guard:
        with guard:
            pass
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo("api.openai.com", 443)
    with pytest.raises(OSError, match="asked"):
        socket.getaddrinfo("api.openai.com", 443)


APP = """
import socket

def reach(**options):
    with OpenAI(base_url="https://api.openai.com/v1", max_retries=1, **options) as client:
        client._sleep_for_retry = lambda **kwargs: None
        client.models.list()
"""


def test_a_client_with_an_address_of_its_own_is_told_in_the_report(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        APP
        + """
def test_reaches(assistants_emulator):
    reach()

def test_reaches_azure(assistants_emulator):
    from openai import AzureOpenAI
    endpoint = "https://mine.openai.azure.com"
    with AzureOpenAI(azure_endpoint=endpoint, max_retries=0, api_version="2024-05-01-preview") as client:
        client.beta.assistants.list()

def test_reaches_with_the_session_s(assistants_emulator_server):
    reach()
""",
        "--tb=short",
    )

    result.assert_outcomes(failed=3)
    shown = result.stdout.str()
    assert shown.count("Refused to connect to api.openai.com: tests that use the fixture assistants_emulator") >= 2
    assert "APIConnectionError: Connection error." in shown
    refused = [one.split("refused connections to the real service:\n")[1].split("\n")[0] for one in sections(result)]
    assert refused == ["  api.openai.com", "  mine.openai.azure.com", "  api.openai.com"]
    assert all(f"\n  {IMPORT_HINT}" in one for one in sections(result))


def test_an_application_that_swallows_the_refusal_is_told_at_the_end(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import socket

def test_falls_back(assistants_emulator):
    for _ in range(3):
        with pytest.raises(OSError):
            socket.getaddrinfo("api.openai.com", 443)
""",
    )

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*- assistants emulator summary -*", "test_app.py::test_falls_back: refused a connection to api.openai.com"]
    )


PROXIED = """
import threading, http.server

class Proxy(http.server.BaseHTTPRequestHandler):
    asked = []
    def do_CONNECT(self):
        self.asked.append(self.path)
        self.send_error(502)
    def log_message(self, *args): pass

@pytest.fixture(autouse=True)
def proxy(monkeypatch):
    server = http.server.HTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever).start()
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()

def test_app(assistants_emulator):
    with pytest.raises(Exception, match="Connection error"):
        reach()
    assert Proxy.asked == []
    assert app()[0].status == "completed"
"""


def test_a_proxy_is_not_asked_for_the_real_service(pytester: pytest.Pytester) -> None:
    run(pytester, APP + PROXIED).assert_outcomes(passed=1)


def test_the_refusal_can_be_lifted(pytester: pytest.Pytester, resolved: list[str]) -> None:
    result = run(
        pytester,
        APP
        + """
def test_app(assistants_emulator):
    with pytest.raises(Exception, match="Connection error"):
        reach()
    assert "api.openai.com" not in os.environ["NO_PROXY"]
""",
        "--assistants-allow-real",
    )

    result.assert_outcomes(passed=1)
    assert resolved[:1] == ["api.openai.com"]
    assert "refused" not in result.stdout.str()


def test_only_tests_that_use_the_emulator_are_guarded(pytester: pytest.Pytester, resolved: list[str]) -> None:
    result = run(
        pytester,
        """
import socket

def test_uses_it(assistants_emulator):
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("api.openai.com", 443)

def test_does_not():
    with pytest.raises(OSError, match="asked"):
        socket.getaddrinfo("api.openai.com", 443)
""",
    )

    result.assert_outcomes(passed=2)


def test_with_the_setting_the_whole_session_is_guarded(pytester: pytest.Pytester, resolved: list[str]) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")
    ask = "import socket\ntry:\n    socket.getaddrinfo('api.openai.com', 443)\nexcept socket.gaierror as error:\n"
    pytester.makeconftest(ask + "    said = str(error)\n")

    result = run(pytester, "def test_app():\n    from conftest import said\n    assert 'Refused to connect' in said")

    result.assert_outcomes(passed=1)
    assert resolved == []
