"""``python -m tests.alone``: every test file in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import alone
from tests.support import ROOT

GOOD = "def test_good(): pass\n"
#: Passes only after another file of the same process has left something behind.
NEEDS_COMPANY = "import os\ndef test_leans(): assert os.environ.get('LEFT_BEHIND')\n"
LEAVES = "import os\ndef test_leaves(): os.environ['LEFT_BEHIND'] = 'yes'\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, in which the inner pytest has no settings."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:assistants_emulator\nmarkers = clients\n")
    monkeypatch.setattr(alone, "ROOT", tmp_path)
    return tmp_path


def test_a_file_that_needs_another_fails_and_its_output_is_shown(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "test_a.py").write_text(LEAVES)
    (files / "test_b.py").write_text(NEEDS_COMPANY)

    assert alone.main([str(files), "--jobs", "1"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert [(line[:6].strip(), line.partition(" s  ")[2]) for line in sorted(lines[:2])] == [
        ("FAILED", "test_b.py: 1 failed"),
        ("ok", "test_a.py: 1 passed"),
    ]
    assert "=== test_b.py, run alone ===" in lines
    assert any("assert os.environ.get('LEFT_BEHIND')" in line for line in lines)
    assert lines[-1].startswith("2 files alone, 1 failed, in ")


def test_a_file_whose_tests_all_need_clients_passes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "test_a.py").write_text(f"import pytest\n@pytest.mark.clients\n{GOOD}")

    assert alone.main([str(files)]) == 0
    assert "test_a.py: 1 deselected" in capsys.readouterr().out


def test_a_file_that_cannot_be_imported_fails(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "test_a.py").write_text("import missing_module\n")

    assert alone.main([str(files / "test_a.py")]) == 1
    assert "No module named 'missing_module'" in capsys.readouterr().out


def test_no_file_at_all_is_a_failure(files: Path) -> None:
    assert alone.main([str(files)]) == 1


def test_the_suite_is_every_test_file_but_those_of_the_recipes_the_largest_first() -> None:
    found = alone.files_of([ROOT / "tests"])

    assert {file.name for file in found} >= {"test_marker.py", "test_alone.py"}
    assert not any("examples" in file.parts for file in found)
    sizes = [file.stat().st_size for file in found]
    assert sizes == sorted(sizes, reverse=True)
