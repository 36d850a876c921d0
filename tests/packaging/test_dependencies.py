"""The package imports what it declares, and declares what it imports."""

from __future__ import annotations

import ast
import functools
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.packaging import constraints
from tests.support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

#: What only those import who have it: the plugin runs in pytest, and its clients are the user's.
BROUGHT_BY_THE_USER = {"pytest", "openai", "pytest-html", "allure", "allure-python-commons"}
#: What uvicorn is told to use by name.
NAMED_FOR_UVICORN = {"httptools", "uvloop"}


def declared(*extras: str) -> set[str]:
    optional = [one for extra in extras for one in PROJECT["optional-dependencies"][extra]]
    return {canonicalize_name(Requirement(one).name) for one in PROJECT["dependencies"] + optional}


@functools.cache
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
    foreign = modules - set(sys.stdlib_module_names) - {"assistants_emulator", "emulator"}
    return {canonicalize_name(known.get(module, [module])[0]) for module in foreign}


def test_all_that_is_imported_is_declared() -> None:
    assert imported() - declared("documents") - BROUGHT_BY_THE_USER == set()


def test_all_that_is_declared_is_imported() -> None:
    assert declared("documents") - imported() - NAMED_FOR_UVICORN == set()


#: The first versions without the holes that were published of those before them, and the names of these.
FIXED = {
    "brotli": ("1.2", "CVE-2025-6176: a small body unpacks without bound"),
    "jinja2": ("3.1.6", "CVE-2025-27516: a template leaves the sandbox by the filter attr"),
    "orjson": ("3.11.6", "CVE-2025-67221: deep nesting ends the process"),
    "pypdf": ("6.10", "CVE-2025-55197 and later ones: a small file takes all memory or time"),
    "python-multipart": ("0.0.26", "CVE-2026-40347: a long preamble takes all time"),
    "starlette": ("1.0.1", "CVE-2026-48710 and earlier ones: a header bends the URL, a range takes all time"),
}


@pytest.mark.parametrize("name", FIXED)
def test_no_version_with_a_published_hole_is_allowed(name: str) -> None:
    first, why = FIXED[name]
    everything = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["documents"]]
    (requirement,) = (one for one in map(Requirement, everything) if canonicalize_name(one.name) == name)
    lowest = min(Version(one.version) for one in requirement.specifier if one.operator == ">=")
    assert lowest >= Version(first), why


# ---- The versions that are known to pass ----


def test_the_constraints_have_a_version_of_all_that_is_installed() -> None:
    pinned = constraints.read()
    assert set(pinned) >= set(constraints.needed()), "python -m tests.packaging.constraints writes them anew"


def test_the_constraints_are_within_the_bounds() -> None:
    pinned = constraints.read()
    for requirement in map(Requirement, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["documents"]]):
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} {version}"
