"""``assistants_emulator_cassettes``: a test with the marker ``vcr`` gets its cassette as scenario."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.plugin.inner import LIGHT, run
from tests.recording.handmade import Book

INI = "[pytest]\nassistants_emulator_cassettes = true\nmarkers =\n    vcr\n    default_cassette\n"
TEST = """
@pytest.mark.vcr
def test_app():
    assert app("How are you?") == "completed"
"""
#: The same in a class, with a parameter that no name of a file can have.
IN_CLASS = """
class TestApp:
    @pytest.mark.vcr
    @pytest.mark.parametrize("word", ["a/b?"])
    def test_app(self, word):
        assert app("How are you?") == "completed"
"""
NAMED = """
@pytest.mark.vcr
@pytest.mark.default_cassette("other.yaml")
def test_app():
    assert app("How are you?") == "completed"
"""
EXTRA = """
@pytest.mark.vcr("extra.yaml")
def test_app():
    assert app("How are you?") == "completed"
    assert app("And tomorrow?") == "completed"
"""
ELSEWHERE = """
@pytest.fixture(scope="module")
def vcr_cassette_dir(request):
    return str(request.config.rootpath / "tapes")

@pytest.fixture
def vcr_cassette_name():
    return "mine"

@pytest.fixture(autouse=True)
def vcr(vcr_cassette_dir, vcr_cassette_name):
    assert vcr_cassette_name == "mine"

@pytest.mark.vcr
def test_app():
    assert app("How are you?") == "completed"
"""


def _cassette(book: Book, place: Path) -> None:
    interactions = [
        {
            "request": {
                "method": one.method,
                "uri": one.url,
                "headers": dict(one.request_headers),
                "body": (one.request_body or b"").decode(),
            },
            "response": {
                "status": {"code": one.status, "message": ""},
                "headers": dict(one.response_headers),
                "body": {"string": (one.response_body or b"").decode()},
            },
        }
        for one in book.exchanges
    ]
    place.parent.mkdir(parents=True, exist_ok=True)
    written = json.dumps({"version": 1, "interactions": interactions}).encode()
    place.write_bytes(gzip.compress(written) if place.suffix == ".gz" else written)


def _asks(question: str = "How are you?") -> Book:
    return Book().assistant().talk(question, "Fine.")


@pytest.mark.parametrize(
    ("test", "cassettes"),
    [
        (TEST, ["cassettes/{module}/test_app.yaml"]),
        (TEST, ["cassettes/test_app.yaml"]),
        (TEST, ["cassettes/{module}/test_app.json"]),
        (TEST, ["cassettes/test_app.yaml.gz"]),
        (IN_CLASS, ["cassettes/{module}/TestApp.test_app[a-b-].yaml"]),
        (NAMED, ["cassettes/{module}/other.yaml"]),
        (ELSEWHERE, ["tapes/mine.yaml"]),
    ],
    ids=["pytest-recording", "pytest-vcr", "JSON", "compressed", "class", "named", "elsewhere"],
)
def test_a_cassette_is_the_scenario_of_its_test(test: str, cassettes: list[str], pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    for place in cassettes:
        _cassette(_asks(), pytester.path / place.format(module="test_app"))

    run(pytester, test, head=LIGHT).assert_outcomes(passed=1)


def test_cassettes_that_the_marker_names_are_loaded_too(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    folder = pytester.path / "cassettes" / "test_app"
    _cassette(_asks(), folder / "test_app.yaml")
    _cassette(_asks("And tomorrow?"), folder / "extra.yaml")

    run(pytester, EXTRA, head=LIGHT).assert_outcomes(passed=1)


def test_a_cassette_of_another_api_stays_a_cassette(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    book = Book().ask("POST /v1/chat/completions", {"model": "gpt-4o"}, {"choices": []})
    _cassette(book, pytester.path / "cassettes" / "test_app.yaml")
    test = "@pytest.mark.vcr\ndef test_app():\n    assert 'OPENAI_BASE_URL' not in os.environ\n"

    run(pytester, test, head=LIGHT).assert_outcomes(passed=1)


def test_without_the_setting_nothing_changes(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI.replace("true", "false"))
    _cassette(_asks(), pytester.path / "cassettes" / "test_app.yaml")
    test = "@pytest.mark.vcr\ndef test_app():\n    assert 'OPENAI_BASE_URL' not in os.environ\n"

    run(pytester, test, head=LIGHT).assert_outcomes(passed=1)


def test_a_cassette_that_is_not_there_is_said_with_the_places(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    result = run(pytester, ELSEWHERE, head=LIGHT)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*this test has the marker vcr, and no cassette: tried *tapes/mine.yaml and *"])
