"""A new recording format is one module: once it is in the package of readers, every door takes its files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.cli.main import main
from emulator.recordings import readers
from emulator.recordings.readers import READERS, discover
from emulator.recordings.sources import is_recording, load_sources
from emulator.scenarios.loading import load_scenario
from tests.conftest import Emulate
from tests.recording.handmade import QUESTION, Book
from tests.recording.inner_pytest import run_pytest_apart
from tests.recording.test_sources import ask_question
from tests.support import Api

#: Recorded stub mappings, as a mock server writes them; ``tape_mappings`` is the key of no other format.
MODULE = """
from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.decoding import json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry
from emulator.recordings.readers.registry import listed, reader


@reader("stub_tape", "stub mappings of Tape", listed("tape_mappings"), marks=("tape_mappings",))
def read(entry: Entry) -> Exchange:
    sent = entry.optional_text("request", "equalToJson")
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "url"),
        status=entry.status("response", "status"),
        request_headers=(),
        request_body=None if sent is None else text_bytes(sent),
        response_headers=entry.headers("response", "headers"),
        response_body=entry.bytes_of(json_bytes, entry.get("response", "jsonBody"), "response", "jsonBody"),
    )
"""

#: Adds the package's directory in another process.
EXTEND = "import emulator.recordings.readers as readers; readers.__path__.append({!r}); readers.discover()"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that belongs to the package of readers and holds a module for the new format."""
    directory = tmp_path / "more_readers"
    directory.mkdir()
    (directory / "stub_tape.py").write_text(MODULE)
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(directory)])
    discover()
    yield directory
    del READERS["stub_tape"]
    del sys.modules["emulator.recordings.readers.stub_tape"]


@pytest.fixture
def recording(package: Path, tmp_path: Path) -> Path:
    """A conversation in the new format."""
    book = Book().assistant().talk(QUESTION, "Sunny.")
    mappings = [
        {
            "request": {
                "method": one.method,
                "url": one.path,
                **({"equalToJson": one.request_body.decode()} if one.request_body else {}),
            },
            "response": {
                "status": one.status,
                "headers": {"Content-Type": "application/json"},
                "jsonBody": json.loads(one.response_body or b""),
            },
        }
        for one in book.exchanges
    ]
    file = tmp_path / "tapes" / "talk.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"tape_mappings": mappings}))
    return file


def test_the_module_is_found_and_registered(package: Path) -> None:
    assert READERS["stub_tape"].title == "stub mappings of Tape"


def test_the_file_is_told_from_a_scenario_that_mentions_the_mark(recording: Path) -> None:
    assert is_recording(recording.read_bytes())
    assert not is_recording(b'{"turns": [{"steps": [{"call": {"f": {"tape_mappings": []}}}]}]}')
    assert not is_recording(b'{"tape_mappings": {}}')


def test_import_takes_the_file_and_its_directory(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (recording.parent / "notes.txt").write_text("tape_mappings: none")
    for source, out in ((recording, tmp_path / "one.yaml"), (recording.parent, tmp_path / "all.yaml")):
        assert main(["import", str(source), "--out", str(out)]) == 0
        assert load_scenario(out).turns[0].name == "How is the weather"
    assert "notes.txt" in capsys.readouterr().err


def test_sources_and_the_emulator_take_the_file(
    recording: Path, emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    assert [scenario.name for scenario in load_sources(recording)] == ["talk"]
    assert [scenario.name for scenario in load_sources(recording.parent)] == ["talk"]
    emulator = emulate(recording)

    assert ask_question(connect(emulator)) == "Sunny."
    emulator.check()


def test_a_running_emulator_loads_the_file(
    recording: Path, emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    emulator = emulate()

    assert emulator.load(recording) == "talk"
    assert ask_question(connect(emulator)) == "Sunny."


def test_the_marker_takes_the_file(
    recording: Path, package: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest(EXTEND.format(str(package)))
    pytester.path.joinpath("talk.json").write_bytes(recording.read_bytes())

    result = run_pytest_apart(
        pytester,
        monkeypatch,
        f"""
@pytest.mark.assistants_emulator("talk.json")
def test_app(assistants_client):
    assert ask(assistants_client, {QUESTION!r})[1] == "Sunny."
""",
    )

    result.assert_outcomes(passed=1)


def test_serve_takes_the_file(recording: Path, package: Path) -> None:
    program = (
        f"{EXTEND.format(str(package))}; import sys; from emulator.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "serve", "--port", "0", str(recording)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        api = Api(process.stdout.readline().removeprefix("listening on ").removesuffix("/v1\n"))
        assert ask_question(api) == "Sunny."
        api.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0
