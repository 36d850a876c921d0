"""By which names the emulator may be called: pages of other sites cannot, whatever their names lead to."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.server.hosts import NO_PAGE, Caller, Hosts, is_loopback
from tests.conftest import Emulate

FINE = [
    "127.0.0.1:8787",
    "127.0.0.1",
    "localhost:1",
    "LocalHost",
    "localhost.",
    "app.localhost:8787",
    "[::1]:8787",
    "[::1]",
    "10.0.0.7:8787",
]


@pytest.mark.parametrize(
    ("hosts", "host", "fits"),
    [
        *((Hosts(), host, True) for host in FINE),
        *((Hosts("0.0.0.0", ["emulator.test"]), host, True) for host in FINE),
        (Hosts(), "emulator:8787", True),  # a container's name has no dot, a site's has
        (Hosts(), "evil.example", False),
        (Hosts(), "evil.example:8787", False),
        (Hosts(), "127.0.0.1.evil.example", False),
        (Hosts(), "localhost.evil.example", False),
        (Hosts(), "evillocalhost.example", False),
        (Hosts("emulator.test"), "emulator.test:1", True),
        (Hosts("0.0.0.0", ["Emulator.Test:99"]), "emulator.test.", True),
        (Hosts("0.0.0.0", ["emulator.test"]), "www.emulator.test", False),
        (Hosts("0.0.0.0", ["emulator.test"]), "emulator", False),
        (Hosts("0.0.0.0", ["*"]), "evil.example", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_host_fits_these_names(hosts: Hosts, host: str, fits: bool) -> None:
    headers = {b"accept": b"*/*", b"host": host.encode()}

    assert (hosts.caller(headers).unknown_host is None) is fits
    assert (hosts.caller(headers).unknown_host is None) is fits, "also when it is remembered"


def test_a_request_without_a_name_is_fine() -> None:
    assert Hosts().caller({b"accept": b"*/*"}) == NO_PAGE


@pytest.mark.parametrize(
    ("hosts", "host", "origin", "site", "is_own"),
    [
        (Hosts(), "127.0.0.1:8787", "http://localhost:5173", "cross-site", True),
        (Hosts(), "127.0.0.1:8787", "http://127.0.0.1:5173", "same-site", True),
        (Hosts(), "127.0.0.1:8787", "https://localhost:6006", "", True),
        (Hosts(), "127.0.0.1:8787", "http://app.localhost:3000", "cross-site", True),
        (Hosts(), "localhost:8787", "http://[::1]:3000", "cross-site", True),
        (Hosts(), "emulator:8787", "http://web:3000", "", True),  # containers
        (Hosts("0.0.0.0"), "192.168.1.7:8787", "http://192.168.1.7:5173", "", True),
        (Hosts("0.0.0.0"), "192.168.1.7:8787", "http://192.168.1.8:5173", "", False),
        (Hosts("0.0.0.0", ["app.test"]), "127.0.0.1:1", "http://app.test", "cross-site", True),
        (Hosts("0.0.0.0", ["app.test"]), "app.test", "http://www.app.test", "same-site", True),
        (Hosts("0.0.0.0", ["app.test"]), "app.test", "http://www.app.test", "cross-site", False),
        (Hosts("0.0.0.0", ["app.test"]), "app.test", "http://web:3000", "", False),
        (Hosts(), "127.0.0.1:8787", "https://evil.example", "cross-site", False),
        (Hosts(), "127.0.0.1:8787", "https://evil.example", "", False),
        (Hosts(), "127.0.0.1:8787", "http://203.0.113.9", "cross-site", False),
        (Hosts(), "127.0.0.1:8787", "http://203.0.113.9", "", False),
        (Hosts(), "127.0.0.1:8787", "http://localhost.evil.example", "", False),
        (Hosts(), "127.0.0.1:8787", "null", "", False),
        (Hosts(), "127.0.0.1:8787", "file://", "", False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_of_this_machine_is_let_in(hosts: Hosts, host: str, origin: str, site: str, is_own: bool) -> None:
    headers = {b"host": host.encode(), b"origin": origin.encode(), b"sec-fetch-site": site.encode()}

    expected = Caller(origin=origin.encode()) if is_own else Caller(is_foreign=True)
    assert hosts.caller(headers) == expected
    assert hosts.caller(headers) == expected, "also when it is remembered"


def test_a_page_of_the_same_origin_may_hide_it() -> None:
    assert Hosts().caller({b"origin": b"null", b"sec-fetch-site": b"same-origin"}) == NO_PAGE


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a", False)],
)
def test_what_other_machines_cannot_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("path", ["/v1/models", "/_emulator/state", "/_emulator/health", "/nowhere"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sk"}], ids=["no key", "key"])
def test_another_name_is_refused_at_every_door_before_the_key_is_read(
    emulate: Emulate, path: str, headers: dict[str, str]
) -> None:
    emulator = emulate()
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)
    connection.request("GET", path, headers={"Host": "evil.example:80", **headers})
    answer = connection.getresponse()
    told: Any = answer.read()
    connection.close()

    assert (answer.status, b"--allow-host evil.example" in told, b"unknown_host" in told) == (403, True, True)
    assert emulator.requests() == []


def test_an_emulator_in_python_can_be_given_more_names(emulate: Emulate) -> None:
    emulator = emulate(allow_hosts=["emulator.test"])
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)
    connection.request("GET", "/_emulator/health", headers={"Host": "emulator.test"})

    assert connection.getresponse().status == 200
    connection.close()
