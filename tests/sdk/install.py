"""Installs the clients that ``make test-clients`` runs beside the newest Python SDK: ``python -m tests.sdk.install``.

Everything goes to ``.cache/sdk``. What is there is left alone, so the second time costs nothing; delete the directory
to get newer versions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.packaging.pythons import RUNNING, VERSIONS, find

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".cache" / "sdk"

#: Each SDK in an environment of its own.
PYTHON_SDKS = {"openai-2": "openai>=2,<3 vcrpy>=9", "openai-1.109.1": "openai==1.109.1"}
#: Those whose poll loops do not know the status ``incomplete``.
PYTHON_POLL_LOOPS = {
    "openai-1.26.0": "openai==1.26.0 httpx<0.28",
    "semantic-kernel-1.4.0": "semantic-kernel==1.4.0 openai==1.35.0 httpx<0.28 pydantic<2.9",
}
#: Environments for recorders alone: the newest SDK's patterns are played without one.
PYTHON_RECORDERS = {"openai-3": "openai>=3 vcrpy>=9"}
#: The environment of other plugins and tools that a session with the emulator may have.
NEIGHBOURS = "neighbours"
NEIGHBOURS_NEED = (
    "openai>=3 fastapi httpx requests django vcrpy pytest-recording pytest-socket respx responses pyfakefs freezegun "
    "time-machine pytest-randomly pytest-rerunfailures pytest-timeout pytest-xdist pytest-asyncio anyio pytest-html "
    "allure-pytest"
)
#: The environment with the lowest version of each direct dependency, on the oldest Python: old packages fit that.
LOWEST = "python-lowest"
#: The environment that drives Chromium.
BROWSER = "browser"
BROWSER_NEEDS = "playwright axe-core-python"
NODE_SDKS = ("openai", "openai-6")
#: Directories with packages for Node, and which.
NODE_PROGRAMS = "node"
NODE_RECORDERS = "node-recorders"
NODE_RUNNERS = "node-runners"
_PACKAGES = {
    NODE_PROGRAMS: HERE / "node" / "package.json",
    NODE_RUNNERS: HERE / "runners.json",
    NODE_RECORDERS: HERE.parent / "recording" / "clients" / "node" / "package.json",
}
_FRAMEWORKS = ROOT / "tests" / "frameworks"
_RESPONSES = _FRAMEWORKS / "responses" / "requirements"
#: The agent frameworks, each with the versions of all that it needs: on Assistants, on Responses, and there in Node.
FRAMEWORKS = {path.stem: path for path in sorted((_FRAMEWORKS / "requirements").glob("*.txt"))}
RESPONSES_FRAMEWORKS = {f"responses-{path.stem}": path for path in sorted(_RESPONSES.glob("*.txt"))}
RESPONSES_NODE_FRAMEWORKS = {f"responses-{path.stem}": path for path in sorted(_RESPONSES.glob("*.json"))}

#: What Chromium is called on the PATH.
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

HOW = "not installed: run `make test-clients`"
NO_CHROMIUM = "chromium is not on the PATH, and only root can install it with apt-get: its tests will be skipped."
_NO_NODE = "npm is not on the PATH: the TypeScript clients need Node 20 or newer. Install it and try again."


def python_of(sdk: str) -> Path:
    """The interpreter that has this SDK, installed or not."""
    scripts, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return CACHE / sdk / scripts / f"python{suffix}"


def node_modules(directory: str = NODE_PROGRAMS) -> Path:
    return CACHE / directory / "node_modules"


def chromium() -> str | None:
    """The browser's program, if there is one."""
    return next(filter(None, map(shutil.which, _CHROMIUM)), None)


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


def install_python(directory: str, *requirements: str, python: Path = Path(sys.executable)) -> None:
    """A new environment with what pip makes of these."""
    # pip comes from the environment that runs this: a second one would be most of the time this takes
    subprocess.run([python, "-m", "venv", "--without-pip", CACHE / directory], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python_of(directory)), "install", "-qq", "--no-compile"]
    subprocess.run([*pip, "--disable-pip-version-check", *requirements], check=True)


def install_lowest(directory: str, oldest: Path) -> None:
    """The lowest versions that ``pyproject.toml`` allows; what these need, and what tests need, is as new as can be."""
    install_python(directory, "uv", python=oldest)
    uv = [str(python_of(directory).with_name("uv")), "--quiet", "pip"]
    pins = CACHE / directory / "lowest.txt"
    resolved = ["--resolution", "lowest-direct", "--no-deps", "--extra", "documents", "--output-file", str(pins)]
    python = ["--python", str(python_of(directory))]
    subprocess.run([*uv, "compile", *python, *resolved, "pyproject.toml"], cwd=ROOT, check=True)
    subprocess.run([*uv, "install", *python, "--constraint", str(pins), f"{ROOT}[dev]"], check=True)


def install_node(npm: str, directory: str, package: Path) -> None:
    """What that package.json, by whatever name, depends on."""
    project = CACHE / directory
    project.mkdir(parents=True)
    shutil.copy(package, project / "package.json")
    # the newest SDK asks for a newer Node than 20, on which it runs all the same
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--no-engine-strict", "--loglevel=error"]
    subprocess.run([npm, "install", "--no-package-lock", *quiet], cwd=project, check=True)


def _wanted_pythons() -> list[tuple[str, str, Callable[[], None]]]:
    needs = (ROOT / "pyproject.toml").read_text()
    oldest = next(filter(None, map(find, VERSIONS)))
    lowest = (LOWEST, f"{oldest} {needs}", partial(install_lowest, LOWEST, oldest))
    others = [
        (name, f"{python} {needs}", partial(install_python, name, f"{ROOT}[dev]", python=python))
        for version in VERSIONS
        if version != RUNNING and (python := find(version)) and (name := f"python-{version}")
    ]
    return [lowest, *others]


def install_chromium() -> None:
    """From the system's packages: browsers are no packages of npm. Where that cannot be, tests without it can."""
    if chromium() is not None:
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        print(NO_CHROMIUM, file=sys.stderr)
        return
    print("installing chromium", flush=True)
    unasked = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("update -qq", "install -qq --yes --no-install-recommends chromium"):
        if subprocess.run([apt, *command.split()], env=unasked, stdout=subprocess.DEVNULL).returncode:
            print("apt-get could not install chromium: its tests will be skipped.", file=sys.stderr)
            return


def main() -> int:
    npm = shutil.which("npm")
    if npm is None:
        print(_NO_NODE, file=sys.stderr)
        return 1
    wanted: list[tuple[str, str, Callable[[], None]]] = [
        *(
            (name, package.read_text(), partial(install_node, npm, name, package))
            for name, package in (_PACKAGES | RESPONSES_NODE_FRAMEWORKS).items()
        ),
        *(
            (name, f"{needs} {sys.version}", partial(install_python, name, *needs.split()))
            for name, needs in (PYTHON_SDKS | PYTHON_POLL_LOOPS | PYTHON_RECORDERS).items()
        ),
        *(
            (name, f"{file.read_text()} {sys.version}", partial(install_python, name, "-r", str(file)))
            for name, file in (FRAMEWORKS | RESPONSES_FRAMEWORKS).items()
        ),
        (
            NEIGHBOURS,
            f"{NEIGHBOURS_NEED} {sys.version}",
            partial(install_python, NEIGHBOURS, "--editable", str(ROOT), *NEIGHBOURS_NEED.split()),
        ),
        (BROWSER, f"{BROWSER_NEEDS} {sys.version}", partial(install_python, BROWSER, *BROWSER_NEEDS.split())),
        *_wanted_pythons(),
    ]
    with ThreadPoolExecutor(os.cpu_count()) as installers:
        for installed in [installers.submit(install_chromium), *(installers.submit(once, *what) for what in wanted)]:
            installed.result()
    return 0


if __name__ == "__main__":
    sys.exit(main())
