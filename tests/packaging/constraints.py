"""The versions of all dependencies that are known to pass: ``python -m tests.packaging.constraints`` writes them.

They are those of the environment that runs it, in which the tests have passed. A release ships the file, for
``pip install --constraint``.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import ROOT

FILE = ROOT / "deploy" / "constraints.txt"
_HEAD = """\
# The versions with which the tests of this release have passed, on the newest Python that they ran under:
#     pip install --constraint constraints.txt assistants-emulator
"""


def needed() -> dict[str, str]:
    """The installed versions of what the package needs, directly or not, with its extra for documents."""
    found: dict[str, str] = {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting = [Requirement(one) for one in (*project["dependencies"], *project["optional-dependencies"]["documents"])]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found[name] = version(requirement.name)
        for inner in map(Requirement, requires(requirement.name) or []):
            extras = requirement.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                inner.marker = None
                waiting.append(inner)
    return dict(sorted(found.items()))


def read() -> dict[str, str]:
    """The versions in the file, by name."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("==") for line in lines)


def main() -> int:
    pins = "".join(f"{name}=={pinned}\n" for name, pinned in needed().items())
    FILE.write_text(_HEAD + pins, encoding="utf-8")
    print(pins, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
