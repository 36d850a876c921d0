"""One target under atheris, in a process of its own: ``python -m tests.fuzz.worker TARGET FINDINGS [libFuzzer's …]``.

An exception that is not documented is written down once for each place that raises it, and the fuzzing goes on. What
ends the process (a hang, too much memory, a crash of C code) leaves libFuzzer's own file behind.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import re
import sys
import traceback
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.fuzz.mutate import mutated

#: Whose branches guide the fuzzing: ours, and those parsers that are written in Python.
GUIDES: Final = ["emulator", "yaml", "python_multipart", "starlette.formparsers", "uvicorn.protocols.http"]
#: Modules that do not read what others wrote, and need pytest or are a program.
_NOT_READERS: Final = (
    "emulator.__main__",
    "emulator.cli.main",
    "emulator.pytest_plugin",
    "emulator.testing",
    "emulator.control.report",
)
_MOST_FINDINGS: Final = 30
#: How often a value is changed and not a byte.
_BY_VALUE: Final = 0.6


class Findings:
    """What came out that should not have: an input and its traceback for each place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def keep(self, raw: bytes, error: BaseException) -> None:
        where = place(error)
        if where in self._known or len(self._known) >= _MOST_FINDINGS:
            return
        self._known.add(where)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(where.encode()).hexdigest()[:12]
        (self._folder / name).write_bytes(raw)
        report = f"{where}\n\n{''.join(traceback.format_exception(error))}"
        (self._folder / f"{name}.txt").write_text(report, encoding="utf-8", errors="backslashreplace")


def place(error: BaseException) -> str:
    """The kind of an error, the innermost place of ours that it went through, and what was asserted."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/emulator/" in frame.filename]
    frame = (ours or frames)[-1]
    words = _last_line(error) if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno} in {frame.name} {words}".rstrip()


def _last_line(error: AssertionError) -> str:
    """Of a traceback that a world has kept, that of the innermost place; else the beginning of what was said."""
    said = re.findall(r'/emulator/(\S+)", line (\d+)', str(error))
    return f"{said[-1][0]}:{said[-1][1]}" if said else str(error)[:60]


def main(arguments: list[str]) -> None:
    import atheris

    name, folder, *more = arguments
    with atheris.instrument_imports(include=GUIDES):
        import emulator

        for module in pkgutil.walk_packages(emulator.__path__, "emulator."):
            if not module.name.startswith(_NOT_READERS):
                importlib.import_module(module.name)
        import yaml  # noqa: F401
    from tests.fuzz.targets import TARGETS

    target, findings = TARGETS[name], Findings(Path(folder))

    def one(raw: bytes) -> None:
        try:
            target.try_(raw)
        except Exception as error:
            findings.keep(raw, error)

    def mutate(raw: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)
        changed = mutated(raw, random) if random.random() < _BY_VALUE else None
        if changed is None or len(changed) > max_size:
            by_bytes: bytes = atheris.Mutate(raw, max_size)
            return by_bytes
        return changed

    setup: Any = atheris.Setup
    setup([sys.argv[0], *more], one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
