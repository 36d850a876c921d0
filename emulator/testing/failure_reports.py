"""One HTML file for each failed test: the inspector's page with the world of the test inside."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

import pytest

from emulator.base.prices import Prices
from emulator.control.client import Control

#: Characters of a file's name.
_LONGEST: Final = 120


def write_report(control: Control, folder: Path, nodeid: str, prices: Prices) -> Path:
    """Writes the file of a failed test, with the cost by these prices.

    Raises EmulatorError, or OSError for a folder that cannot be written.
    """
    from emulator.admin.inspector.report import report_of

    path = folder / file_name(nodeid)
    text = report_of(control, nodeid, prices)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def file_name(nodeid: str) -> str:
    """A file's name for a test: its words, and a hash where they are not all of its id."""
    words = re.sub(r"[^A-Za-z0-9_.]+", "-", nodeid).strip("-.")
    if re.sub(r"::|/", "-", nodeid) == words and len(words) <= _LONGEST:
        return f"{words}.html"
    return f"{words[:_LONGEST]}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}.html"


def attach(report: pytest.TestReport, path: Path, config: pytest.Config) -> None:
    """Shows the file in the reports of other plugins: pytest-html and allure-pytest."""
    if config.pluginmanager.hasplugin("html"):
        from pytest_html import extras  # type: ignore[import-not-found, unused-ignore]

        shown: Any = report
        shown.extras = [*getattr(report, "extras", []), extras.url(path.as_uri(), name="assistants emulator")]
    if config.pluginmanager.hasplugin("allure_listener") or config.pluginmanager.hasplugin("allure_pytest"):
        import allure  # type: ignore[import-not-found, unused-ignore]

        allure.attach.file(str(path), "assistants emulator", attachment_type=allure.attachment_type.HTML)
