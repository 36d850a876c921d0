"""Other tools in the same session: they block or record what others send, and never what goes to the emulator."""

from __future__ import annotations

import pytest

from tests.plugin.inner import run

#: A tool in a conftest.py that does what its kind does, and a test that would have met it.
BLOCKERS = {
    "a class that makes no sockets": """
import socket, pytest

class Blocked(socket.socket):
    def __new__(cls, *args, **named):
        raise RuntimeError("blocked")

def refuse(*args, **named):
    raise RuntimeError("no lookups")

@pytest.fixture(autouse=True)
def blocker(monkeypatch):
    monkeypatch.setattr(socket, "socket", Blocked)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
""",
    "methods that connect to nobody": """
import socket, pytest

def refuse(self, address):
    self.close()
    raise RuntimeError("blocked")

@pytest.fixture(autouse=True)
def blocker(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
""",
    "a client whose requests are replayed": """
import http.client, pytest

@pytest.fixture(autouse=True)
def blocker(monkeypatch):
    def refuse(*args, **named):
        raise RuntimeError("not in the cassette")
    monkeypatch.setattr(http.client.HTTPConnection, "request", refuse)
""",
}
BLOCKED = """
import http.client, socket

@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "Hello!"}]}]})
def test_a_client_reaches_the_emulator(assistants_client, assistants_emulator):
    assert ask(assistants_client)[1] == "Hello!"
    assert len(assistants_emulator.requests("create_run")) == 1

@pytest.fixture
def asked(assistants_client):
    yield ask(assistants_client)
    assert ask(assistants_client)[1] == "Hello!"

@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "Hello!"}]}]})
def test_a_fixture_does_so_too(asked):
    assert asked[1] == "Hello!"

@pytest.mark.assistants_emulator
def test_nobody_reaches_anything_else():
    with pytest.raises(RuntimeError):
        http.client.HTTPConnection("127.0.0.1", 9, timeout=1).request("GET", "/")

def test_a_test_without_it_stays_blocked():
    with pytest.raises(RuntimeError):
        http.client.HTTPConnection("127.0.0.1", 9, timeout=1).request("GET", "/")
"""


@pytest.mark.parametrize("blocker", BLOCKERS)
def test_a_blocker_lets_the_emulator_through_and_nothing_else(pytester: pytest.Pytester, blocker: str) -> None:
    pytester.makeconftest(BLOCKERS[blocker])

    run(pytester, BLOCKED, "--tb=short").assert_outcomes(passed=4)


#: What vcrpy has of a cassette, as far as the plugin relies on it.
CASSETTE = """
class Cassette:
    opened = []

    def __init__(self, path, before_record_request=None):
        self.before, self.path = before_record_request or (lambda request: request), path
        self.opened.append(self)
"""


def test_a_cassette_ignores_the_emulator_and_nothing_else(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(**{"vcr/__init__": "", "vcr/cassette": CASSETTE})
    test = """
from types import SimpleNamespace
from urllib.parse import urlsplit
from vcr.cassette import Cassette

def requests(url):
    ours = urlsplit(url)
    return [SimpleNamespace(host=host, port=port) for host, port in ((ours.hostname, ours.port), ("example.org", 443))]

@pytest.mark.parametrize("before", [None, lambda request: request.host])
def test_opened(assistants_emulator, before):
    cassette = Cassette("one", before_record_request=before)
    ours, other = requests(assistants_emulator.url)
    assert cassette.before(ours) is None
    assert cassette.before(other) == (before(other) if before else other)

def test_elsewhere(assistants_emulator_server):
    pass

def test_without():
    assert not hasattr(Cassette.__init__, "__assistants_emulator__")
"""
    run(pytester, test, "--tb=short").assert_outcomes(passed=4)


# ---- A hook that fails ----


@pytest.mark.parametrize(
    ("place", "outcome"),
    [
        ("emulator.testing.worker.Worker._begin_use", {"errors": 1, "passed": 1}),
        ("emulator.testing.neighbours.Admission.withdraw", {"errors": 1, "passed": 2}),
        ("emulator.testing.hooks.Hooks._add_to", {"errors": 2, "passed": 1}),
        ("emulator.testing.pytest_internals.fixture_definitions", {"errors": 1, "passed": 1}),
        ("emulator.testing.summary.summarize", {"passed": 2}),
    ],
)
def test_what_goes_wrong_in_a_hook_fails_its_test_and_no_other(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str, outcome: dict[str, int]
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise LookupError("out of order")

    monkeypatch.setattr(place, fail)
    test = "@pytest.mark.assistants_emulator\ndef test_used():\n    app()\n\ndef test_unused():\n    assert True\n"

    result = run(pytester, test, "--tb=short")

    result.assert_outcomes(**outcome)
    assert "LookupError: out of order" in result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str()


@pytest.mark.parametrize("serves_session", ["true", "false"])
def test_a_hook_of_the_collection_fails_the_collection(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, serves_session: str
) -> None:
    monkeypatch.setattr("emulator.testing.sunset_report.Dependence.count_for", lambda *args: 1 / 0)
    pytester.makeini(f"[pytest]\nassistants_emulator = {serves_session}\n")

    result = run(pytester, "def test_one():\n    pass\n")

    assert "INTERNALERROR" not in result.stdout.str()
    assert result.ret == (0 if serves_session == "false" else pytest.ExitCode.INTERRUPTED)
