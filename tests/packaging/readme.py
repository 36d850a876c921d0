"""What the README tells a reader to type."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.support import ROOT

_HEADING = "## One minute to a green test"
_CHECKOUT = "path/to/the/checkout"


@dataclass(frozen=True)
class OneMinute:
    """``requirements``: what pip installs, with the place of the emulator's own at the front left out."""

    requirements: list[str]
    files: dict[str, str]


def one_minute() -> OneMinute:
    text = (ROOT / "README.md").read_text()
    section = text.partition(f"{_HEADING}\n")[2].partition("\n## ")[0]
    assert section, f"the README has no {_HEADING!r} any more"
    installs = re.search(r"^\$ pip install (.*)$", section, re.MULTILINE)
    assert installs, "the README does not say what to install"
    words = installs[1].split()
    assert words[0] == _CHECKOUT, f"the README installs {words[0]!r}, not {_CHECKOUT!r}"
    written = re.findall(r"Write `([\w.]+)`[^\n]*:\n\n```\w+\n(.*?)```", section, re.DOTALL)
    return OneMinute(words[1:], dict(written))
