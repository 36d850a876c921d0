"""The inspector in Chromium. Each check of ``program`` is a test here; the browser runs once for all of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.admin.inspector.report import report_of
from tests.browser.scenario import SCENARIO, Client
from tests.sdk import install
from tests.support import ROOT

pytestmark = pytest.mark.clients
PROGRAM = Path(__file__).parent / "program.py"
CHECKS = re.findall(r"^@check\ndef (\w+)", PROGRAM.read_text(encoding="utf-8"), re.MULTILINE)
PICTURE = ROOT / "docs" / "images" / "inspector.png"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each check found; ``work``: the directory with the screenshots."""
    browser = install.chromium()
    if not install.is_installed(install.BROWSER) or browser is None:
        pytest.skip(install.HOW)
    work = tmp_path_factory.mktemp("browser")
    with Emulator(SCENARIO) as emulator, Emulator(worlds="key") as keyed:
        Client(emulator.url).tour()
        (work / "report.html").write_text(report_of(emulator, "test_chat.py::test_weather"), encoding="utf-8")
        command = [str(install.python_of(install.BROWSER)), "-m", "tests.browser.program"]
        done = subprocess.run(
            [*command, emulator.url, keyed.url, str(work), browser],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    print(done.stderr)
    return {**json.loads(done.stdout.splitlines()[-1]), "work": work}


@pytest.mark.parametrize("check", CHECKS)
def test_in_chromium(results: dict[str, Any], check: str) -> None:
    assert results[check] is None, results[check]


def test_the_readme_shows_a_screenshot_of_it(results: dict[str, Any]) -> None:
    """``UPDATE_GOLDEN=1`` takes it anew. Fonts differ from machine to machine, so its size alone is compared."""
    taken: Path = results["work"] / "chat-1280.png"
    if os.environ.get("UPDATE_GOLDEN"):
        PICTURE.parent.mkdir(exist_ok=True)
        shutil.copy(taken, PICTURE)
    sizes = [struct.unpack(">II", path.read_bytes()[16:24]) for path in (taken, PICTURE)]
    assert sizes[0] == sizes[1] == (1280, 800)
    assert "](docs/images/inspector.png)" in (ROOT / "README.md").read_text(encoding="utf-8")
