"""``assistants_emulator_cassettes``: a test with the marker ``vcr`` gets its cassette as scenario."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.plugin.inner import AS_A_USER, LIGHT, WITHOUT, run
from tests.recording.handmade import Book
from tests.recording.handmade_responses import ask, response, says

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


def _module(pytester: pytest.Pytester, path: str, text: str) -> None:
    place = pytester.path / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


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


@pytest.mark.parametrize(
    ("head", "place"),
    [
        ("", "tests/cassettes/test_app.yaml.gz"),
        ("", "tests/cassettes/unit/test_app/test_app.yaml"),
        ("", "cassettes/test_app/test_app.json"),
        ("@pytest.fixture\ndef vcr_config():\n    return {'cassette_library_dir': 'tapes'}\n", "tapes/test_app.yaml"),
    ],
    ids=["above", "above, by module", "at the root", "vcr_config"],
)
def test_a_cassette_above_its_test_is_found(head: str, place: str, pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    _cassette(_asks(), pytester.path / place)
    _module(pytester, "tests/unit/test_app.py", LIGHT + head + TEST)

    pytester.runpytest_inprocess(*WITHOUT, *AS_A_USER, "-q").assert_outcomes(passed=1)


def test_ids_of_two_tests_differ_as_recorded_ones_do(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    for number in (1, 2):
        _cassette(_asks(), pytester.path / "cassettes" / f"test_{number}.yaml")
    test = """
made = []

@pytest.mark.vcr
def test_1():
    made.append(send("/assistants", {"model": "gpt-4o"})["id"])

@pytest.mark.vcr
def test_2():
    assert send("/assistants", {"model": "gpt-4o"})["id"] not in made
"""

    run(pytester, test, head=LIGHT).assert_outcomes(passed=2)


MISSING = """
@pytest.mark.vcr
def test_asks():
    app("How are you?")

@pytest.mark.vcr
def test_fails():
    raise ValueError("of its own")

@pytest.mark.vcr
def test_asks_nothing():
    assert True
"""


def test_a_test_without_a_cassette_is_said_with_the_places(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)

    result = run(pytester, MISSING, head=LIGHT)

    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*assistants emulator cassettes*",
            "this test has the marker vcr, and no cassette: tried */cassettes/test_app/test_fails.yaml, *",
            "cassettes: 0 of 3 tests with the marker vcr got their cassettes as scenarios; 3 have no cassette",
            "test_app.py::test_asks: this test has the marker vcr, and no cassette: tried *",
        ]
    )


def test_the_summary_counts_cassettes(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    chat = Book().ask("POST /v1/chat/completions", {"model": "gpt-4o"}, {"object": "chat.completion", "choices": []})
    _cassette(_asks(), pytester.path / "cassettes" / "test_app.yaml")
    _cassette(chat, pytester.path / "cassettes" / "test_chat.yaml")

    result = run(pytester, f"{TEST}\n@pytest.mark.vcr\ndef test_chat():\n    assert True\n", head=LIGHT)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "cassettes: 1 of 2 tests with the marker vcr got their cassettes as scenarios; "
            "1 stays with vcrpy, as its cassette has no request for the API"
        ]
    )


# ---- vcrpy itself ----


#: What vcrpy has of a cassette, as far as the plugin relies on it: it finds its file by rules of its own.
VCRPY = """
class Cassette:
    def __init__(self, path, before_record_request=None):
        self._path, self._persister, self.data, self.play_counts = path, None, [], {}

    def _load(self):
        pass

    def can_play_response_for(self, request):
        return request.path.endswith("/embeddings")

    def play_response(self, request):
        return "of the cassette"
"""
#: A plugin of vcrpy, and clients that do not read the environment.
OPENED = """
from types import SimpleNamespace
from urllib.parse import urlsplit
from vcr.cassette import Cassette

@pytest.fixture(autouse=True)
def opened(monkeypatch):
    tape = Cassette(PLACE)
    tape._load()
    if CLEARS:
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return tape

def request(method, uri, body=None):
    parts = urlsplit(uri)
    sent = None if body is None else json.dumps(body).encode()
    headers = {"openai-beta": "assistants=v2", "authorization": "Bearer of-the-test"}
    return SimpleNamespace(method=method, uri=uri, parsed_uri=parts, host=parts.hostname, port=parts.port or 443,
                           path=parts.path, body=sent, headers=headers)

def played(tape, *request_):
    request_ = request(*request_)
    return tape.play_response(request_) if tape.can_play_response_for(request_) else None
"""
ANSWERED = """
CLEARS = True

@pytest.mark.vcr
def test_app(opened):
    made = played(opened, "POST", "https://api.openai.com/v1/threads", {})
    assert made["status"] == {"code": 200, "message": "OK"}
    assert json.loads(made["body"]["string"])["object"] == "thread"
    assert played(opened, "POST", "https://api.openai.com/v1/embeddings", {}) == "of the cassette"
    assert played(opened, "POST", "https://example.org/v1/threads", {}) is None
"""
LEFT = """
CLEARS = False

@pytest.mark.vcr
def test_app(opened):
    assert "OPENAI_BASE_URL" not in os.environ
    assert played(opened, "POST", "https://api.openai.com/v1/embeddings", {}) == "of the cassette"
"""


@pytest.mark.parametrize("test", [ANSWERED, LEFT], ids=["for the API", "for another"])
def test_what_vcrpy_opens_is_the_cassette(test: str, pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(**{"vcr/__init__": "", "vcr/cassette": VCRPY})
    other = Book().ask("POST /v1/embeddings", {"input": "a"}, {"object": "list", "data": [{"object": "embedding"}]})
    place = pytester.path / "hidden" / "by-a-rule-of-its-own.yaml"
    _cassette(_asks() if test is ANSWERED else other, place)

    run(pytester, test, head=f"{LIGHT}PLACE = {str(place)!r}\n{OPENED}").assert_outcomes(passed=1)


def test_a_vcrpy_with_other_internals_ends_nothing(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(**{"vcr/__init__": "", "vcr/cassette": "class Cassette:\n    pass\n"})
    _cassette(_asks(), pytester.path / "cassettes" / "test_app.yaml")

    run(pytester, TEST, head=LIGHT).assert_outcomes(passed=1)


def test_a_cassette_without_urls_is_for_all_hosts(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(**{"vcr/__init__": "", "vcr/cassette": VCRPY})
    place = pytester.path / "tape.yaml"
    book = ask(Book(), response(says("Fine.")), "How are you?")
    book.exchanges = [replace(one, url="**REDACTED**") for one in book.exchanges]
    _cassette(book, place)
    test = """
CLEARS = True

@pytest.mark.vcr
def test_app(opened):
    sent = {"model": "gpt-4o", "input": "How are you?"}
    made = played(opened, "POST", "https://gateway.example/backend/llm/responses", sent)
    assert "Fine." in made["body"]["string"].decode()
    assert played(opened, "POST", "https://gateway.example/backend/llm/embeddings", {}) == "of the cassette"
"""

    run(pytester, test, head=f"{LIGHT}PLACE = {str(place)!r}\n{OPENED}").assert_outcomes(passed=1)
