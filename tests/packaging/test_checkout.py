"""What the README says of a fresh checkout: Python, make and a package index are all that has to be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.environments import run, variables
from tests.pages import PAGES
from tests.support import GOLDEN, ROOT

pytestmark = pytest.mark.clients


def test_nothing_is_needed_before_the_demo(checkout: Path, tmp_path: Path) -> None:
    demo = run(["make", "demo"], checkout, variables(home=tmp_path))

    assert demo.returncode == 0, demo.stdout + demo.stderr
    printed = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", demo.stdout)
    printed = re.sub(r"file:///.*/\.cache/demo\.html", "file:///…/.cache/demo.html", printed)
    assert printed.endswith((GOLDEN / "demo.txt").read_text(encoding="utf-8"))


def test_a_checkout_contains_all_pages(checkout: Path) -> None:
    assert [page.name for page in PAGES if not (checkout / page.relative_to(ROOT)).exists()] == []


def test_make_alone_lists_what_contributors_are_told_of(checkout: Path, tmp_path: Path) -> None:
    listed = run(["make"], checkout, variables(home=tmp_path)).stdout
    told = re.findall(r"^\| `make ([\w-]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)

    assert told
    assert [target for target in told if not re.search(rf"^{target} ", listed, re.MULTILINE)] == []
