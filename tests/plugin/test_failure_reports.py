"""``--assistants-report``: a page for each failed test, named in its report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.testing.failure_reports import file_name
from tests.plugin.inner import GREETING, LIGHT, run

TESTS = """
import pytest

@pytest.mark.parametrize("text", ["hi", "a/b <c>"])
def test_fails(assistants_emulator, text):
    assert app(text) == "never"

def test_passes(assistants_emulator):
    assistants_emulator.load({"version": 1, "turns": [{"steps": [{"say": "Hello!"}]}]})
    assert app() == "completed"

def test_does_not_use_it():
    assert False
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_each_failed_test_has_a_page_that_its_report_names(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.path.joinpath("greeting.yaml").write_text(GREETING)
    result = run(pytester, TESTS, "--assistants-report=pages", *workers, head=LIGHT)
    result.assert_outcomes(failed=3, passed=1)
    pages = sorted((pytester.path / "pages").iterdir())
    assert [re.sub(r"-\w{8}\.html", "", page.name) for page in pages] == [
        "test_app.py-test_fails-a-b-c",
        "test_app.py-test_fails-hi",
    ]
    named = re.findall(r"^/.*\.html$", result.stdout.str(), re.MULTILINE)
    assert sorted(Path(one) for one in named) == pages
    text = pages[0].read_text(encoding="utf-8")
    assert "<h1>test_app.py::test_fails[a/b &lt;c&gt;]</h1>" in text
    assert "a/b \\u003cc>" in text
    assert all(page.stat().st_size < 150_000 for page in pages)


def test_a_page_that_cannot_be_written_ends_nothing(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("pages").write_text("a file is in the way")
    result = run(pytester, TESTS, "--assistants-report=pages", head=LIGHT)
    result.assert_outcomes(failed=3, passed=1)
    result.stdout.fnmatch_lines(["the file cannot be written: *"])


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("tests/test_a.py::test_b", "tests-test_a.py-test_b.html"),
        ("test_a.py::TestC::test_b", "test_a.py-TestC-test_b.html"),
        ("test_a.py::test_b[x/y]", r"test_a.py-test_b-x-y-\w{8}.html"),
        ("test_a.py::test_b[../../x]", r"test_a.py-test_b-..-..-x-\w{8}.html"),
        ("test_a.py::test_b[" + "x" * 500 + "]", r"test_a.py-test_b-x{103}-\w{8}.html"),
    ],
)
def test_a_page_has_the_name_of_its_test(nodeid: str, name: str) -> None:
    assert re.fullmatch(name, file_name(nodeid))
