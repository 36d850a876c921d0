"""Laws of ``import``: a file of any format, cut or hurt, becomes a scenario that loads, or a line that says why not."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.cli.commands.exits import CANNOT, FOUND_PROBLEMS, OK
from emulator.cli.main import main
from emulator.recordings import own_format
from emulator.scenarios.loading import load_scenario
from emulator.world.options import Options
from emulator.world.world import World
from tests.fuzz.mutate import mutated
from tests.recording.samples import FORMATS
from tests.recording.samples_of_sessions import session

Capture = pytest.CaptureFixture[str]

SAMPLES = {name: format.sample() for name, format in FORMATS.items()}
SAMPLES["our own"] = own_format.header_line("https://api.openai.com") + b"".join(
    own_format.line(one) for one in session().exchanges[:12]
)
#: pytest's fixtures are the same for all examples: each clears what the one before has written.
laws = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
every_format = pytest.mark.parametrize("name", SAMPLES)


@pytest.fixture(autouse=True)
def _no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from this project's pyproject.toml, which the command would read each time."""
    monkeypatch.chdir(tmp_path)


def check_import(raw: bytes, folder: Path, capsys: Capture) -> bool:
    """True if a scenario was written."""
    shutil.rmtree(folder / "made", ignore_errors=True)
    (folder / "made").mkdir()
    (folder / "recording").write_bytes(raw)
    capsys.readouterr()

    code = main(["import", str(folder / "recording"), "--out", str(folder / "made" / "x.yaml")])

    printed, told = capsys.readouterr()
    assert printed == ""
    assert "Traceback" not in told
    if code in (OK, FOUND_PROBLEMS):
        World(Options(), (load_scenario(folder / "made" / "x.yaml"),))
        return True
    assert code == CANNOT, told
    assert told.startswith("assistants-emulator: ")
    assert told.endswith("\n")
    assert str(folder / "recording") in told
    assert list((folder / "made").iterdir()) == []
    return False


@every_format
def test_a_whole_file_is_imported(name: str, tmp_path: Path, capsys: Capture) -> None:
    assert check_import(SAMPLES[name], tmp_path, capsys)


@every_format
def test_a_file_that_breaks_off(name: str, tmp_path: Path, capsys: Capture) -> None:
    """Where a text ends in the middle nothing is read; of our own recordings, what was written by then."""
    raw = SAMPLES[name]
    cuts = [*range(0, len(raw), max(1, len(raw) // 25)), len(raw) - 1]

    written = [check_import(raw[:cut], tmp_path, capsys) for cut in cuts]

    assert not written[0]


@every_format
@given(seed=st.integers(0, 2**32), rounds=st.integers(1, 3))
@laws
def test_a_file_with_other_values(name: str, seed: int, rounds: int, tmp_path: Path, capsys: Capture) -> None:
    raw, random = SAMPLES[name], Random(seed)
    for _ in range(rounds):
        raw = mutated(raw, random) or raw

    check_import(raw, tmp_path, capsys)


@every_format
@given(data=st.data())
@laws
def test_a_file_with_other_bytes(name: str, data: st.DataObject, tmp_path: Path, capsys: Capture) -> None:
    raw = SAMPLES[name]
    begin = data.draw(st.integers(0, len(raw)))
    put = data.draw(st.binary(max_size=6) | st.sampled_from([b"\n", b'"', b"- ", b"*x", b"&x ", b"{", b"\\u0000"]))

    check_import(raw[:begin] + put + raw[begin + data.draw(st.integers(0, 40)) :], tmp_path, capsys)
