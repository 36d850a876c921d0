"""The package imports what it declares, and declares what it imports."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

#: What only those import who have it: the plugin runs in pytest, and its clients are the user's.
BROUGHT_BY_THE_USER = {"pytest", "openai", "pytest-html", "allure", "allure-python-commons"}
#: What uvicorn is told to use by name.
NAMED_FOR_UVICORN = {"httptools", "uvloop"}


def declared(*extras: str) -> set[str]:
    optional = [one for extra in extras for one in PROJECT["optional-dependencies"][extra]]
    return {canonicalize_name(Requirement(one).name) for one in PROJECT["dependencies"] + optional}


def imported() -> set[str]:
    """The distributions of all that the package imports, early or late."""
    modules: set[str] = set()
    for path in (ROOT / "emulator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    known = packages_distributions()
    foreign = modules - set(sys.stdlib_module_names) - {"emulator"}
    return {canonicalize_name(known.get(module, [module])[0]) for module in foreign}


def test_all_that_is_imported_is_declared() -> None:
    assert imported() - declared("documents") - BROUGHT_BY_THE_USER == set()


def test_all_that_is_declared_is_imported() -> None:
    assert declared("documents") - imported() - NAMED_FOR_UVICORN == set()
