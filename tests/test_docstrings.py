"""Names of the package in docstrings exist: a renamed module or function takes its mentions along."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

MODULES = sorted((ROOT / "emulator").rglob("*.py"))
#: The full names of the modules, by their last part.
FULL_NAMES: dict[str, list[str]] = {}
for path in MODULES:
    FULL_NAMES.setdefault(path.stem, []).append(".".join(path.relative_to(ROOT).with_suffix("").parts))


def docstrings(module: Path) -> Iterator[tuple[int, str]]:
    """The docstrings of a module with their lines."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def mentioned(text: str) -> list[str]:
    """Dotted names of the package, also those that begin with the last part of a module, and paths of files."""
    names = re.findall(r"``(\w+(?:[./]\w+)+)(?:\(\))?``", text)
    return [name for name in names if re.split(r"[./]", name)[0] in {"emulator", *FULL_NAMES}]


def exists(name: str) -> bool:
    """True for a path of the package, or a module, class, function or attribute."""
    if "/" in name:
        return (ROOT / name).exists()
    first, _, rest = name.partition(".")
    if first != "emulator":
        return any(exists(f"{full}.{rest}") for full in FULL_NAMES[first])
    module, names = name, list[str]()
    while True:
        try:
            found: object = importlib.import_module(module)
            break
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            names.insert(0, last)
    for attribute in names:
        if not hasattr(found, attribute):
            return False
        found = getattr(found, attribute)
    return True


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_in_docstrings_exist(module: Path) -> None:
    missing = [
        f"{module.name}:{line}: {name}"
        for line, text in docstrings(module)
        for name in mentioned(text)
        if not exists(name)
    ]

    assert missing == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("emulator.control.client.Control.reset", True),
        ("emulator.control", True),
        ("emulator/admin/routes.py", True),
        ("emulator.control.client.Control.rest", False),
        ("emulator.app.build", False),
        ("app.build", False),
        ("app.Application", True),
        ("emulator/testing/nothing.py", False),
    ],
)
def test_a_missing_name_is_noticed(name: str, expected: bool) -> None:
    assert mentioned(f"See ``{name}``.") == [name]
    assert exists(name) is expected
