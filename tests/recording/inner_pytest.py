"""A pytest in a process of its own: in this one it would unload the modules that other tests here have imported."""

from __future__ import annotations

import pytest

from tests.plugin.inner import HEAD, WITHOUT


def run_pytest_apart(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str) -> pytest.RunResult:
    """Runs pytest on a module that begins with HEAD."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(test_app=HEAD + test)
    return pytester.runpytest_subprocess(*WITHOUT, "-q")
