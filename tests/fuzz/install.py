"""Installs what fuzzes, each in an environment of its own: ``python -m tests.fuzz.install [schemathesis] [atheris]``.

Neither is among the requirements for development. schemathesis is a plugin of pytest that loads itself into every run,
and holds back the validator that the emulator uses; atheris is there for some systems and versions of Python only.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

from tests.sdk.install import ROOT, install_python, is_installed, once, python_of

SCHEMATHESIS: Final = "schemathesis"
ATHERIS: Final = "atheris"
#: ``uvicorn`` and the like come with the emulator, which is fuzzed as it stands here.
_REQUIREMENTS: Final = {
    SCHEMATHESIS: ["schemathesis>=4.32,<5"],
    ATHERIS: ["atheris>=3", "--editable", f"{ROOT}[documents]"],
}
NO_ATHERIS: Final = "atheris cannot be installed here: it has packages for Linux and macOS and some versions of Python."


def install(name: str) -> bool:
    """False if it cannot be had here."""
    needs = (ROOT / "pyproject.toml").read_text() if name == ATHERIS else ""
    wanted = f"{_REQUIREMENTS[name]} {needs} {sys.version}"
    try:
        once(name, wanted, partial(install_python, name, *_REQUIREMENTS[name]))
    except subprocess.CalledProcessError:
        return False
    return True


def program(name: str) -> Path:
    """A program of an environment, beside its interpreter."""
    return python_of(name).with_name("st" if name == SCHEMATHESIS else name)


def main(names: list[str]) -> int:
    for name in names or [SCHEMATHESIS, ATHERIS]:
        if not install(name) or not is_installed(name):
            print(NO_ATHERIS if name == ATHERIS else f"{name} could not be installed", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
