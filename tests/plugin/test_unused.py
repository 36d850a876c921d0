"""Installed and not used, the plugin is as good as not there."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.plugin.inner import WITHOUT
from tests.support import ROOT

#: All that is loaded while a test runs, but for the standard library and what the interpreter had before.
LISTING = """
import sys

def test_app():
    roots = {name.partition(".")[0] for name in sys.modules}
    print("loaded:", *sorted(roots - set(sys.stdlib_module_names)))
    print("ours:", *sorted(name for name in sys.modules if name.partition(".")[0] == "emulator"))

class TestMore:
    def test_more(self):
        assert True
"""


def loaded(folder: Path, *arguments: str) -> dict[str, list[str]]:
    """What a pytest in a process of its own has loaded, without any plugin but those of the arguments."""
    folder.joinpath("test_listing.py").write_text(LISTING)
    command = [sys.executable, "-m", "pytest", "-q", "-s", *arguments]
    environ = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True)
    said = dict(line.split(":", 1) for line in done.stdout.splitlines() if line.startswith(("loaded:", "ours:")))
    return {name: text.split() for name, text in said.items()}


def test_it_loads_nothing_but_the_standard_library_and_pytest(tmp_path: Path) -> None:
    without = loaded(tmp_path)
    unused = loaded(tmp_path, "-p", "emulator.pytest_plugin")

    assert set(unused["loaded"]) - set(without["loaded"]) == {"emulator"}
    assert unused["ours"] == ["emulator", "emulator.pytest_plugin"]


def test_the_entry_point_leads_to_that_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    door = importlib.import_module(project["entry-points"]["pytest11"]["assistants_emulator"])
    manager, parser = pytest.PytestPluginManager(), pytest.Parser(_ispytest=True)

    for _ in range(2):  # a session may name the plugin besides
        door.pytest_addoption(parser, manager)

    assert manager.has_plugin("emulator.pytest_plugin")
    # pytest would read the entry points of all installed packages for it
    assert not hasattr(door, "pytest_plugins")


def test_this_suite_runs_without_the_installed_plugin(request: pytest.FixtureRequest) -> None:
    assert not request.config.pluginmanager.has_plugin("assistants_emulator")


def test_the_options_are_documented_where_pytest_lists_them(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_inprocess(*WITHOUT, "--help").stdout.str()

    for option in (
        "emulator-url=URL",
        "emulator-key=KEY",
        "emulator-clock={skip,real}",
        "allow-real",
        "after-sunset",
        "parity",
    ):
        assert f"  --assistants-{option}" in shown
    assert "--assistants-sunset={report,fail}" in shown
    assert "  assistants_emulator (bool):" in shown


def test_the_fixtures_are_documented_where_pytest_lists_them(pytester: pytest.Pytester) -> None:
    lines = pytester.runpytest_inprocess(*WITHOUT, "--fixtures").stdout.lines

    ours = {line.split()[0]: lines[n + 1] for n, line in enumerate(lines) if line.startswith("assistants_")}
    assert set(ours) == {
        "assistants_emulator", "assistants_emulator_server", "assistants_emulator_options", "assistants_client",
        "assistants_async_client", "assistants_api",
    }  # fmt: skip
    assert all("no docstring" not in line for line in ours.values())
