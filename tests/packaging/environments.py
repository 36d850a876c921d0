"""Clean environments: a new virtual one, an empty directory, and hardly any variables."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

#: How this machine reaches its package index.
_OF_THE_INDEX = ("PIP_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


def variables(*programs: Path, home: Path, **more: str) -> dict[str, str]:
    """What a shell has on a machine where nobody has set anything. What is used once is not compiled ahead."""
    index = {name: value for name, value in os.environ.items() if name.startswith(_OF_THE_INDEX)}
    path = ":".join([*map(str, programs), "/usr/local/bin", "/usr/bin", "/bin"])
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "PIP_NO_COMPILE": "1", **index, **more}


class Environment:
    """A new virtual environment beside an empty directory in which its commands run."""

    def __init__(self, python: Path, root: Path) -> None:
        self.programs = root / "venv" / "bin"
        self.directory = root / "work"
        self.directory.mkdir(parents=True)
        subprocess.run([python, "-m", "venv", root / "venv"], check=True, env=variables(home=root))
        self.variables = variables(self.programs, home=root)

    def run(self, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return run(command, self.directory, self.variables | more)

    def output(self, *command: str | Path, **more: str) -> str:
        """What a command prints that must end well."""
        ended = self.run(*command, **more)
        assert ended.returncode == 0, f"{command}:\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def install(self, *requirements: str | Path) -> None:
        self.output("pip", "install", "--quiet", "--disable-pip-version-check", *requirements)


def run(
    command: Sequence[str | Path], directory: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=300)
