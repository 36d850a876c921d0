"""The bench itself works: all rows, in the table and as JSON. What it measures is not asserted here."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.bench.__main__ import main
from tests.bench.amounts import quantile
from tests.bench.bare import PATH, application
from tests.bench.endpoints import bare_spec, check_flushed
from tests.bench.peers import rows
from tests.bench.peers.install import DIRECTORIES, NO_NODE
from tests.bench.plan import Measurement, one
from tests.bench.report import Aim, MeasurementFailed, Row, Spread
from tests.bench.rounds import Cost, waited
from tests.bench.servers import ROOT
from tests.sdk.install import is_installed

NAMES = [
    "GET thread",
    "POST message",
    "create run",
    "list of 20 messages",
    "list of 100 messages",
    "stream, 12 events",
    "stream of 20 deltas, flushed per event",
    "create response",
    "response stream of 12 deltas",
    "response stream of 20 deltas",
    "create response, beside a run of the same turn",
    "page of 20 at 200 messages",
    "memory per 200 short messages",
    "POST message, p99 with 200 messages stored",
    "POST message, the dearest of 20 with 200 messages stored",
    "six calls of the openai SDK, assistant to messages",
    "create_and_poll by the openai SDK",
    "5 worlds, 10 runs in each, 64 connections",
    "create run, the last of 20 turns fits",
    "GET thread at 20 journal entries",
    "GET thread at 5 open streams",
    "process start to first answer",
    "the unused plugin, in a suite of 100 tests",
    "session fixture, start to first answer",
    "session fixture, stop",
    "per-test reset",
    "per-test reset at 20 messages",
    "first event of a stream through record",
    "page of 20 at 200 files",
    "list of all 200 files",
    "upload of 1 MiB",
    "upload of 1 MiB, by the wall",
    "search in 20 documents",
    "first search in 20 documents after a change",
    "load of a scenario of 20 turns",
    "check of a scenario of 20 turns",
    "import of 2 cassettes",
    "export of 200 messages",
    "make test",
]


@pytest.mark.clients
def test_a_quick_run_has_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bench.json"
    assert main(["--quick", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    rows = json.loads(out.read_text())["rows"]
    assert [row["name"] for row in rows] == NAMES
    assert all(name in printed for name in NAMES)
    assert all(math.isfinite(row["ratio"]["median"]) for row in rows if row["aim"])


def test_the_bare_endpoint_answers_as_many_bytes_as_the_emulator() -> None:
    answer = json.dumps({"id": "thread_1", "metadata": {"city": "Orléans"}}, indent=2, ensure_ascii=False).encode()
    assert len(_asked("get", answer)) == len(answer)
    assert len(_asked("post", answer)) == len(answer)


def test_the_bare_stream_sends_the_same_frames() -> None:
    answer = b"event: done\ndata: [DONE]\n\n" * 12
    assert _asked("stream", answer) == answer


def test_a_stream_of_other_length_is_no_measurement() -> None:
    with pytest.raises(MeasurementFailed, match="1 events instead of 12"):
        bare_spec("stream", b"event: done\ndata: [DONE]\n\n", 12)


def test_a_stream_whose_events_come_together_is_no_measurement() -> None:
    check_flushed(b"4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n", 2)
    with pytest.raises(MeasurementFailed, match="2 events came in 1 chunks"):
        check_flushed(b"8\r\none\ntwo\n\r\n0\r\n\r\n", 2)


def test_constants_are_what_was_given_for_a_method_and_path() -> None:
    answer = '{\n  "id": "thread_1"\n}'
    headers = {"content-type": "application/json", "x-request-id": "req_1"}
    constants = application({"kind": "constants", "value": [["POST", "/v1/threads", answer, headers]]})

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(constants), base_url="http://bare") as client:
            return await client.post("/v1/threads", json={})

    answered = asyncio.run(ask())
    assert (answered.content, dict(answered.headers)) == (answer.encode(), headers | {"content-length": "22"})


@pytest.mark.parametrize(("part", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_quantile_is_what_that_part_does_not_exceed(part: float, expected: int) -> None:
    costs = [Cost(float(n), float(101 - n)) for n in range(1, 101)]
    assert quantile(costs, part) == Cost(expected, expected)


def test_what_is_waited_for_has_no_processor_time() -> None:
    calls: list[int] = []
    taken = waited(lambda: calls.append(1))
    assert (calls, math.isnan(taken.cpu), taken.used == taken.wall >= 0) == ([1], True, True)


def test_what_cannot_be_measured_here_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(rows, "_SPEC", ROOT / "nowhere.json")
    out = tmp_path / "bench.json"
    assert main(["--quick", "--only", "Prism|aimock", "--out", str(out)], rows.measurements) == 0
    printed = capsys.readouterr().out
    assert "skipped: GET thread, beside Prism: the published schema is not at nowhere.json" in printed
    assert f"skipped: events of a stream of 20 deltas, beside aimock: {NO_NODE}" in printed
    assert len(json.loads(out.read_text())["skipped"]) == 2


@pytest.mark.clients
@pytest.mark.skipif(not all(map(is_installed, DIRECTORIES)), reason="not installed: run `make bench-peers`")
def test_a_quick_run_beside_the_peers_has_every_row(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    assert main(["--quick", "--out", str(out)], rows.measurements) == 0
    measured = json.loads(out.read_text())
    assert [row["name"] for row in measured["rows"]] + list(measured["skipped"]) == [
        "GET thread, beside Prism",
        "events of a stream of 20 deltas, beside aimock",
        "process start to first answer, beside moto",
        "own cost of six calls of openai 2.x, beside openai-responses",
        "own cost of six calls of openai 2.x, beside openai-responses, without the client's sockets",
    ]


def _asked(kind: str, answer: bytes) -> bytes:
    async def ask() -> bytes:
        transport = httpx.ASGITransport(application(bare_spec(kind, answer, 12)))
        async with httpx.AsyncClient(transport=transport, base_url="http://bare") as client:
            return (await client.request("GET" if kind == "get" else "POST", PATH, content=b"{}")).content

    return asyncio.run(ask())


#: A row's aim and its median, what is said of it, and the exit code of a bench that has that row among others.
VERDICTS = [
    (Aim(">=", 1.3), 1.3, "met", 0),
    (Aim(">=", 1.3), 2.0, "met", 0),
    (Aim(">=", 1.0), 0.93, "missed by 7 %, within 20 %", 0),
    (Aim(">=", 1.0), 0.801, "missed by 20 %, within 20 %", 0),
    (Aim(">=", 1.0), 0.75, "MISSED BY 25 %", 1),
    (Aim("<=", 1.1), 1.1, "met", 0),
    (Aim("<=", 1.1), -0.5, "met", 0),
    (Aim("<=", 10), 11.0, "missed by 10 %, within 20 %", 0),
    (Aim("<=", 10), 13.0, "MISSED BY 30 %", 1),
    (None, 1000.0, "", 0),
]


@pytest.mark.parametrize(("aim", "median", "verdict", "code"), VERDICTS)
def test_the_bench_fails_where_a_median_misses_its_aim_by_more_than_a_fifth(
    aim: Aim | None,
    median: float,
    verdict: str,
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = Row("this row", "", "us", 1, 2, Spread(median, 0, 100), None, aim)
    assert row.verdict == verdict
    planned = [one(other.name, partial(_itself, other)) for other in (_MET, row)]
    monkeypatch.setattr("tests.bench.__main__.measurements", lambda scale: planned)
    assert main(["--out", str(tmp_path / "bench.json")]) == code
    printed = capsys.readouterr()
    assert verdict in printed.out
    assert ("this row: " in printed.err.splitlines()[-1]) is bool(code)


_MET = Row("another row", "", "us", 1, 2, Spread(2, 2, 2), None, Aim(">=", 1.0))


def _itself(row: Row) -> Row:
    return row


def _fails() -> Row:
    raise MeasurementFailed("not a 200")


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (_fails, "a measurement failed: not a 200"),
        (lambda: Row("renamed", "", "us", 1), "a measurement failed: 'renamed' is not among the rows ('this row',)"),
    ],
)
def test_a_measurement_that_fails_is_another_exit_code_than_a_missed_aim(
    measured: Callable[[], Row], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bench.__main__.measurements", lambda scale: [one("this row", measured)])
    assert main([]) == 2
    assert said in capsys.readouterr().err


def test_a_row_that_was_announced_has_to_be_measured() -> None:
    with pytest.raises(MeasurementFailed, match=r"\['this row'\] were not measured"):
        list(Measurement(("this row",), lambda: iter([])).rows())


def test_only_selected_rows_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Measurement(("a page", "a list"), lambda: (Row(name, "", "us", 1) for name in ("a page", "a list")))
    monkeypatch.setattr("tests.bench.__main__.measurements", lambda scale: [both, one("fails", _fails)])
    assert main(["--only", "PAGE$", "--out", str(tmp_path / "bench.json")]) == 0
    assert [row["name"] for row in json.loads((tmp_path / "bench.json").read_text())["rows"]] == ["a page"]
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "nothing"])
    assert "no row has such a name; there are\n  a page\n  a list\n  fails" in capsys.readouterr().err


def test_a_spread_is_the_middle_half() -> None:
    assert Spread.of([5, 1, 2, 4, 3]) == Spread(3, 2, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)
