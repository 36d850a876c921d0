"""The hint for a module of tests whose import fails because of a client that it creates."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control.network_guard import IMPORT_HINT


def add_hint(report: Any, module: pytest.Module) -> None:
    """Adds the hint to the report of a failed import, if a client of OpenAI failed and the module uses the plugin."""
    if module.config.getini("assistants_emulator") or "openai" not in str(report.longrepr).lower():
        return
    if "assistants_" in module.path.read_text(encoding="utf-8", errors="replace"):
        report.sections.append(("assistants emulator", IMPORT_HINT))
