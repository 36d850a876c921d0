"""``check --drop-chunks``: chunks that no longer join to their text go, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.cli.main import main
from emulator.scenarios.loading import load_scenario

BEFORE = """\
# A comment
version: 1
turns:
  - steps:
      - say: {text: Hello there, chunks: [Hello, there], phase: final_answer}  # flow
      - say: {chunks: [x], text: Hello}
      - say:
          text: |
            Two
            lines
          chunks:
            - Two
            - lines  # wrong
          phase: commentary
      - say: {text: Kept., chunks: [Ke, pt.]}
      - reason: {summary: [a b], chunks: [[ab]]}
      - say:
          chunks: ["No"]
          text: 'Yes'
"""
AFTER = """\
# A comment
version: 1
turns:
  - steps:
      - say: {text: Hello there, phase: final_answer}  # flow
      - say: {text: Hello}
      - say:
          text: |
            Two
            lines
          phase: commentary
      - say: {text: Kept., chunks: [Ke, pt.]}
      - reason: {summary: [a b]}
      - say:
          text: 'Yes'
"""


def test_chunks_that_do_not_join_are_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "edited.yaml"
    file.write_text(BEFORE)

    assert main(["check", str(file)]) == 1
    assert capsys.readouterr().out.count("or drop them (`check --drop-chunks` does)") == 5
    assert main(["check", "--drop-chunks", str(file)]) == 0
    assert file.read_text() == AFTER
    assert "edited.yaml: dropped the chunks of 5 texts" in capsys.readouterr().err
    load_scenario(file)


@pytest.mark.parametrize(
    "text", ['{"turns": [{"steps": [{"say": {"text": "a", "chunks": ["b"]}}]}]}', "turns: [", "turns: []", "\xff"]
)
def test_other_files_stay_as_they_are(text: str, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_bytes(text.encode("latin-1"))
    main(["check", "--drop-chunks", str(file)])

    assert file.read_bytes() == text.encode("latin-1")
