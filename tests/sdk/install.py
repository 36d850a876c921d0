"""Installs the clients that ``make test-clients`` runs beside the newest Python SDK: ``python -m tests.sdk.install``.

Everything goes to ``.cache/sdk``. What is there is left alone, so the second time costs nothing; delete the directory
to get newer versions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "sdk"

#: Each SDK in an environment of its own.
PYTHON_SDKS = {"openai-2": "openai>=2,<3", "openai-1.109.1": "openai==1.109.1"}
NODE_SDKS = ("openai", "openai-6")

HOW = "not installed: run `make test-clients`"
_NO_NODE = "npm is not on the PATH: the TypeScript clients need Node 20 or newer. Install it and try again."


def python_of(sdk: str) -> Path:
    """The interpreter that has this SDK, installed or not."""
    scripts, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return CACHE / sdk / scripts / f"python{suffix}"


def node_modules() -> Path:
    return CACHE / "node" / "node_modules"


def is_installed(directory: str) -> bool:
    return _stamp(directory).exists()


def _stamp(directory: str) -> Path:
    return CACHE / directory / ".installed"


def once(directory: str, wanted: str, install: Callable[[], None]) -> None:
    """The stamp comes last, so that an installation which broke off is begun again."""
    stamp = _stamp(directory)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {directory} in {CACHE.name}/", flush=True)
    shutil.rmtree(CACHE / directory, ignore_errors=True)
    install()
    stamp.write_text(wanted)


def _install_python(sdk: str, requirement: str) -> None:
    # pip comes from the environment that runs this: a second one would be most of the time this takes
    venv.create(CACHE / sdk, with_pip=False, symlinks=os.name != "nt")
    pip = [sys.executable, "-m", "pip", "--python", str(python_of(sdk)), "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", requirement], check=True)


def _install_node(npm: str) -> None:
    project = CACHE / "node"
    project.mkdir(parents=True)
    shutil.copy(HERE / "node" / "package.json", project)
    # the newest SDK asks for a newer Node than 20, on which it runs all the same
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--no-engine-strict", "--loglevel=error"]
    subprocess.run([npm, "install", "--no-package-lock", *quiet], cwd=project, check=True)


def main() -> int:
    npm = shutil.which("npm")
    if npm is None:
        print(_NO_NODE, file=sys.stderr)
        return 1
    for sdk, requirement in PYTHON_SDKS.items():
        once(sdk, f"{requirement} {sys.version}", partial(_install_python, sdk, requirement))
    once("node", (HERE / "node" / "package.json").read_text(), partial(_install_node, npm))
    return 0


if __name__ == "__main__":
    sys.exit(main())
