"""A copy of the project with a contribution applied to it, and commands that run in that copy."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support import ROOT, Api

#: What a contributor may change, and what the commands below read.
PARTS: Final = ("emulator", "fixtures", "docs", "tests", "README.md", "pyproject.toml")
_LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "node_modules", ".*")
_HUNK: Final = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


class Tree:
    """A copy of the project. Its commands import the copy, not the project that the tests run in."""

    python: Final = sys.executable

    def __init__(self, path: Path) -> None:
        self.path = path
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, path / part, ignore=_LEFT_OUT)
            else:
                shutil.copy(ROOT / part, path / part)

    def run(self, *arguments: str | Path, code: int = 0, **environ: str) -> str:
        """What ``python ARGUMENTS`` prints on stdout and stderr. Raises AssertionError for another exit code."""
        done = subprocess.run(
            [self.python, *arguments],
            cwd=self.path,
            env={**self._environ(), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, f"{arguments} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    @contextmanager
    def serve(self, *sources: str) -> Iterator[Api]:
        """A client of ``assistants-emulator serve SOURCES``, which stops afterwards."""
        process = subprocess.Popen(
            [self.python, "-m", "emulator", "serve", "--port", "0", *sources],
            cwd=self.path,
            env=self._environ(),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            api = Api(process.stdout.readline().removeprefix("listening on ").removesuffix("/v1\n"))
            yield api
            api.close()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)

    def _environ(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
        return {**inherited, "PYTHONPATH": str(self.path)}

    def write(self, name: str, text: str) -> Path:
        """Writes a file of the copy, and returns its path."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def page(self, name: str) -> str:
        """The text of a page of the copy's documentation."""
        return (self.path / "docs" / f"{name}.md").read_text(encoding="utf-8")

    def apply(self, patch: str) -> list[str]:
        """Applies a patch as ``git diff`` writes it, and returns the names of the files that it changes or adds.

        Line numbers are ignored: the lines that a hunk keeps and removes say where it goes. Raises ValueError for
        lines that are not in the file exactly once, and for a text that is no patch.
        """
        names: dict[str, None] = {}
        for name, before, after in _hunks(patch):
            text = (self.path / name).read_text(encoding="utf-8") if before else ""
            if before and text.count(before) != 1:
                raise ValueError(f"{name} has these lines {text.count(before)} times, not once:\n{before}")
            self.write(name, text.replace(before, after) if before else after)
            names[name] = None
        return list(names)


def _hunks(patch: str) -> Iterator[tuple[str, str, str]]:
    """The file of each hunk, and its lines before and after. Raises ValueError for a text without a hunk."""
    lines, name, number = iter(patch.splitlines(keepends=True)), "", 0
    for line in lines:
        if line.startswith("+++ "):
            name = line.split()[1].removeprefix("b/")
        elif found := _HUNK.match(line):
            if not name:
                break
            number += 1
            yield name, *_hunk(lines, *(int(count or 1) for count in found.groups()))
    if not number:
        raise ValueError("it is no patch")


def _hunk(lines: Iterator[str], before: int, after: int) -> tuple[str, str]:
    """Reads as many lines as the hunk's heading counts."""
    old: list[str] = []
    new: list[str] = []
    while len(old) < before or len(new) < after:
        line = next(lines, "")
        if not line:
            raise ValueError("a hunk has fewer lines than its heading counts")
        if line[0] in " -\n":
            old.append(line[1:] or "\n")
        if line[0] in " +\n":
            new.append(line[1:] or "\n")
    return "".join(old), "".join(new)
