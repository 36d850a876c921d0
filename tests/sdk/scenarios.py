"""What the SDKs' patterns are answered from: the bundled scenarios of applications before what is written for them."""

from __future__ import annotations

from pathlib import Path

from tests.support import SCENARIOS

#: Those loaded later are asked first.
OF_THE_PATTERNS = (
    Path(__file__).parent / "scenario.yaml",
    *(SCENARIOS / f"{name}.yaml" for name in ("chatbot", "rag", "data_analysis")),
)
