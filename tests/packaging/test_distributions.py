"""Wheel and source distribution: what is in them, and what they say of themselves."""

from __future__ import annotations

import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from emulator.base.version import __version__
from tests.packaging.conftest import Distributions
from tests.support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(distributions: Distributions) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(distributions.wheel) as opened:
        yield opened


def info(wheel: zipfile.ZipFile, file: str) -> str:
    return wheel.read(f"assistants_emulator-{__version__}.dist-info/{file}").decode()


def metadata(wheel: zipfile.ZipFile) -> Message:
    return HeaderParser().parsestr(info(wheel, "METADATA"))


def files(*directories: str) -> set[str]:
    """What a checkout has there, without what Python keeps beside it."""
    found = (path for directory in directories for path in (ROOT / directory).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}


def test_the_wheel_has_the_whole_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    of_the_package = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert of_the_package == files("emulator", "assistants_emulator")
    assert {"emulator/py.typed", "emulator/base/schemas/requests.json"} <= of_the_package


def test_the_wheel_brings_the_command_and_the_plugin(wheel: zipfile.ZipFile) -> None:
    entries = ConfigParser(delimiters="=")
    entries.read_string(info(wheel, "entry_points.txt"))

    assert {section: dict(entries[section]) for section in entries.sections()} == {
        "console_scripts": {"assistants-emulator": "assistants_emulator:main"},
        "pytest11": {"assistants_emulator": "assistants_emulator.pytest_plugin"},
    }


def test_the_wheel_is_for_every_python_that_it_names(wheel: zipfile.ZipFile, distributions: Distributions) -> None:
    told = metadata(wheel)

    assert distributions.wheel.name == f"assistants_emulator-{__version__}-py3-none-any.whl"
    assert (told["Name"], told["Version"]) == ("assistants-emulator", __version__)
    assert (told["Requires-Python"], told["License-Expression"]) == (">=3.11", "MIT")
    assert "LICENSE" in told.get_all("License-File", [])
    assert told["Description-Content-Type"] == "text/markdown"


def test_the_wheel_needs_at_run_time_what_the_project_says(wheel: zipfile.ZipFile) -> None:
    required = [Requirement(one) for one in metadata(wheel).get_all("Requires-Dist", [])]
    always = {str(one) for one in required if "extra" not in str(one.marker)}

    assert always == {str(Requirement(one)) for one in PROJECT["dependencies"]}
    assert {str(one.name) for one in required if 'extra == "documents"' in str(one.marker)} == {"pypdf", "python-docx"}


def test_the_source_distribution_has_what_it_is_tested_with(distributions: Distributions) -> None:
    with tarfile.open(distributions.sdist) as opened:
        top = f"assistants_emulator-{__version__}/"
        names = {name.removeprefix(top) for name in opened.getnames()}
    beside = {"Dockerfile", ".dockerignore", "action.yml", "Makefile", "README.md", "LICENSE", "pyproject.toml"}

    assert files("emulator", "fixtures", "tests") | beside <= names
    assert [name for name in names if Path(name).parts[0] in {".cache", ".venv", "dist"} or ".pyc" in name] == []
