"""Recorders whose upstream leads back to them: refused at the start, or ended with a 508."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from emulator.cli.main import main
from emulator.recordings.record import recorder
from emulator.server.uvicorn_server import bind
from tests.recording.recorders import recording


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "[::]"])
def test_a_recorder_does_not_record_itself(host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    out = tmp_path / "tape.jsonl"
    options = ["--port", str(port), "--out", str(out)]
    assert main(["record", "--upstream", f"http://{host}:{port}/v1", *options]) == 2
    assert "that is the recorder itself; name the server to be recorded" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("others", [0, 1])
def test_a_loop_of_recorders_ends(others: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_MAX_ALIKE", 5)
    first, second = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
    ports = [one.getsockname()[1] for one in (first, second)]
    with (
        recording(f"http://127.0.0.1:{ports[others]}", tmp_path / "a.jsonl", first) as url,
        recording(f"http://127.0.0.1:{ports[0]}", tmp_path / "b.jsonl", second),
    ):
        refused = httpx.post(f"{url}/threads", json={}, timeout=20)
    assert refused.status_code == 508
    assert refused.json()["error"]["code"] == "recorder_loop"
