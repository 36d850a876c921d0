"""Raw requests over TCP: what the document allows is answered, what is hurt is refused, and broken laws are seen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from emulator.base.operations import BY_NAME
from tests.conftest import Emulate
from tests.fuzz.over_tcp import Broken, campaign, check, exchange
from tests.fuzz.raw_requests import HURTS, Connection, connection
from tests.fuzz.talking import WORLD
from tests.fuzz.valid_requests import OPERATIONS, valid


def test_every_operation_of_the_document_has_a_request() -> None:
    assert {one.name for one in OPERATIONS} == set(BY_NAME)


def test_a_connection_is_made_from_its_seed_alone() -> None:
    assert connection(Random("1/2")) == connection(Random("1/2"))
    made = [connection(Random(f"1/{number}")) for number in range(2000)]
    assert HURTS.keys() | {"between", "bytes", "cut off", "valid"} == set("+".join(one.how for one in made).split("+"))
    assert len({one.raw for one in made}) > 1900


def test_valid_requests_are_answered_in_order_on_one_connection(emulate: Emulate) -> None:
    port = int(emulate(WORLD).url.rpartition(":")[2])
    for operation in OPERATIONS:
        requests = [valid(operation, Random(number)) for number in range(3)]
        requests[-1].headers.append(b"Connection: close")
        sent = Connection([one.whole() for one in requests], 3, operation.name)

        assert all(status < 500 for status in check(sent, exchange(port, sent)))


def test_hurt_requests_are_refused_and_the_server_goes_on(emulate: Emulate) -> None:
    emulator = emulate(WORLD)
    port = int(emulator.url.rpartition(":")[2])
    statuses: Counter[int] = Counter()
    for number in range(150):
        sent = connection(Random(f"test/{number}"))
        statuses.update(check(sent, exchange(port, sent)))

    assert {200, 400, 404} <= statuses.keys()
    assert [one for one in emulator.problems() if one.kind == "internal"] == []


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
ASKED = b"GET /v1/models HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("answers", "received", "why"),
    [
        (1, OK + OK, "1 valid requests had 2 responses"),
        (2, OK, "2 valid requests had 1 responses"),
        (1, b"", "1 valid requests had 0 responses"),
        (1, OK[:-1], "cut off"),
        (1, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", "cut off"),
        (None, b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "a 503"),
        (None, b"Internal Server Error", "no response begins with"),
        (None, OK + b"{}", "no response begins with"),
        (None, OK.replace(b"{}", b"smuggled-request").replace(b": 2", b": 16"), "inside the body of another"),
    ],
)
def test_a_broken_law_is_seen(answers: int | None, received: bytes, why: str) -> None:
    with pytest.raises(Broken, match=why):
        check(Connection([ASKED], answers, ""), received)


@pytest.mark.clients
def test_a_campaign_counts_connections(tmp_path: Path) -> None:
    report = campaign(60, most=50, cache=tmp_path)

    assert (report.inputs, report.findings) == (50, [])
