"""The distributions, built once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import ROOT


@dataclass(frozen=True)
class Distributions:
    wheel: Path
    sdist: Path


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """As ``make build`` makes them: the wheel from the source distribution."""
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(directory), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,), (sdist,) = directory.glob("*.whl"), directory.glob("*.tar.gz")
    return Distributions(wheel, sdist)


@pytest.fixture(scope="session")
def checkout(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone has: the source distribution, unpacked."""
    directory = tmp_path_factory.mktemp("checkout")
    shutil.unpack_archive(distributions.sdist, directory, "gztar")
    (unpacked,) = directory.iterdir()
    return unpacked
