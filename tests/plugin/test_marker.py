"""What fixture, marker and options can say, and the one line that refuses what they cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator import Emulator
from emulator.testing import pytest_internals
from emulator.testing.pytest_internals import fixture_definitions
from tests.plugin.inner import GREETING, HEAD, WITHOUT, run
from tests.support import Api


def test_options_come_from_the_fixture_and_the_markers_add_to_them(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
pytestmark.append(pytest.mark.assistants_emulator({"name": "module", "turns": [{"steps": [{"say": "module"}]}]}))

@pytest.fixture
def assistants_emulator_options():
    return {"scenarios": [{"name": "all", "turns": [{"steps": [{"say": "all"}]}]}], "seed": 3, "start": "2030-01-01"}

TEST = {"name": "test", "turns": [{"when": {"message": "x"}, "steps": [{"say": "test"}]}]}

@pytest.mark.assistants_emulator(TEST, seed=4)
def test_app(assistants_emulator, assistants_client):
    assert [ask(assistants_client, text)[1] for text in ("x", "y")] == ["test", "module"]
    state = assistants_emulator.state()
    assert (state["settings"]["seed"], state["settings"]["start"]) == (4, "2030-01-01")
""",
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "options",
    ['{"scenarios": "greeting.yaml"}', '{"scenarios": ("greeting.yaml",)}', '{"scenarios": {"turns": %s}}', "{}"],
)
def test_the_fixture_takes_one_scenario_or_several(pytester: pytest.Pytester, options: str) -> None:
    pytester.path.joinpath("greeting.yaml").write_text(GREETING)
    turns = '[{"times": 1, "steps": [{"say": "Hello!"}]}]'
    expected = "Hello!" if "scenarios" in options else None

    result = run(
        pytester,
        f"""
@pytest.fixture
def assistants_emulator_options():
    return {options.replace("%s", turns)}

def test_app(assistants_client):
    assert ask(assistants_client)[1] == {expected!r} or {expected!r} is None
""",
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("scope", ["class", "module", "session"])
def test_the_options_can_be_a_fixture_of_any_scope(pytester: pytest.Pytester, scope: str) -> None:
    result = run(
        pytester,
        f"""
@pytest.fixture(scope="{scope}")
def assistants_emulator_options():
    return {{"seed": 5}}

@pytest.mark.parametrize("n", range(2))
def test_app(assistants_emulator, n):
    assert assistants_emulator.state()["settings"] == {{"seed": 5}}
""",
    )

    result.assert_outcomes(passed=2)


def test_the_marker_alone_is_enough(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture(scope="module")
def assistant(assistants_emulator_server):
    with OpenAI() as client:
        yield client.beta.assistants.create(model="gpt-4o")

@pytest.fixture
def client():
    with OpenAI() as client:
        yield client

@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "Hello!"}]}]})
@pytest.mark.parametrize("n", range(2))
def test_app(client, assistant, n):
    assert client.beta.assistants.retrieve(assistant.id).id == assistant.id
    assert ask(client)[1] == "Hello!"

@pytest.mark.assistants_emulator
def test_without_arguments():
    assert app()[0].status == "completed"
""",
    )

    result.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ('"nothing.yaml"', "there is no scenario 'nothing.yaml'; tried /*/nothing.yaml"),
        ("5", "a scenario is a file (text or a Path), a directory or a dict; got 5"),
        ("None", "a scenario is a file (text or a Path), a directory or a dict; got None"),
        (
            '["a.yaml", "b.yaml"]',
            "a scenario is a file (text or a Path), a directory or a dict; got ['a.yaml', 'b.yaml']",
        ),
        (
            "sed=3",
            "assistants_emulator has no option sed; its options are: seed, clock, start, unmatched, shapes, "
            "sleepers, after_sunset, parity; did you mean 'seed'?",
        ),
        (
            'scenarios=["a.yaml"]',
            "assistants_emulator has no option scenarios; its options are: seed, clock, start, unmatched, shapes, "
            "sleepers, after_sunset, parity; pass scenarios as positional arguments",
        ),
        ('{"turn": []}', "<posted>:1:*: turn: unknown key; did you mean 'turns'? expected one of: *"),
        ("seed=[]", "seed: expected a whole number or text; got []"),
        ('clock="fast"', 'clock: expected one of: skip, real; got "fast"'),
        ('after_sunset="yes"', 'after_sunset: expected true or false; got "yes"'),
        ('"bad.yaml"', "bad.yaml:1:1: turn: unknown key; did you mean 'turns'? expected one of: *"),
        ('"empty"', "*empty: expected scenario files (.yaml, .yml, .json) in this directory"),
        ('"latin.yaml"', "latin.yaml:1:1: expected UTF-8 text: *"),
    ],
)
def test_a_marker_that_cannot_be_used_says_why_in_a_line(pytester: pytest.Pytester, marker: str, words: str) -> None:
    pytester.path.joinpath("bad.yaml").write_text("turn: []")
    pytester.path.joinpath("latin.yaml").write_bytes(b"name: \xe9")
    pytester.mkdir("empty")
    test = f"@pytest.mark.assistants_emulator({marker})\ndef test_app(assistants_emulator): assert True"

    result = run(pytester, test)

    result.assert_outcomes(errors=1)
    lines = result.stdout.lines
    said = lines[next(n for n, line in enumerate(lines) if "ERROR at setup" in line) + 1 :]
    result.stdout.__class__(said[:1]).fnmatch_lines([words.replace("[", "[[]")])
    assert said[1].startswith("===")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("5", "assistants_emulator_options: expected a dict, got 5"),
        ("None", "assistants_emulator_options: expected a dict, got None"),
        ('{"scenarios": 5}', "assistants_emulator_options: scenarios: expected files and dicts, got 5"),
    ],
)
def test_options_that_cannot_be_used_say_why_in_a_line(pytester: pytest.Pytester, options: str, words: str) -> None:
    result = run(
        pytester,
        f"""
@pytest.fixture
def assistants_emulator_options():
    return {options}

def test_app(assistants_emulator): assert True
""",
    )

    result.assert_outcomes(errors=1)
    assert words in result.stdout.lines


def test_a_file_that_cannot_be_read_is_one_line(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.path.joinpath("greeting.yaml").write_text(GREETING)
    result = run(
        pytester,
        """
@pytest.fixture
def locked(monkeypatch):
    def read_file(path):
        raise PermissionError(13, "Permission denied", str(path))
    monkeypatch.setattr("emulator.control.client.read_file", read_file)

@pytest.mark.assistants_emulator("greeting.yaml")
def test_app(locked, assistants_emulator): assert True
""",
    )

    result.assert_outcomes(errors=1)
    assert "[Errno 13] Permission denied: 'greeting.yaml'" in result.stdout.lines


def test_a_scenario_is_found_beside_the_test_or_under_the_root(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]")
    pytester.path.joinpath("root.yaml").write_text("name: root\n" + GREETING.replace("Hello!", "root"))
    folder = pytester.mkdir("inner")
    folder.joinpath("beside.yaml").write_text("name: beside\n" + GREETING.replace("Hello!", "beside"))
    folder.joinpath("test_app.py").write_text(
        HEAD
        + """
from pathlib import Path

@pytest.mark.assistants_emulator("root.yaml", Path("beside.yaml"))
def test_app(assistants_client):
    assert [ask(assistants_client)[1] for _ in range(2)] == ["beside", "root"]
"""
    )

    pytester.runpytest_inprocess(*WITHOUT, "-q").assert_outcomes(passed=1)


def test_a_directory_stands_for_its_scenarios(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("scenarios")
    for name in ("a", "b"):
        folder.joinpath(f"{name}.yaml").write_text(f"name: {name}\n" + GREETING.replace("Hello!", name))

    result = run(
        pytester,
        """
@pytest.mark.assistants_emulator("scenarios")
def test_app(assistants_client):
    assert [ask(assistants_client)[1] for _ in range(2)] == ["b", "a"]
""",
    )

    result.assert_outcomes(passed=1)


def test_a_recording_is_a_scenario_too(
    pytester: pytest.Pytester, emulate: Callable[..., Emulator], connect: Callable[[Emulator], Api]
) -> None:
    recorded = emulate({"turns": [{"steps": [{"say": "As it was."}]}]})
    api = connect(recorded)
    thread, assistant = api.thread("Hi"), api.assistant()
    api.run(thread, assistant, stream=True)
    api.get(f"/v1/threads/{thread}/messages")
    pytester.path.joinpath("session.jsonl").write_text(recorded.export())

    result = run(
        pytester,
        """
@pytest.mark.assistants_emulator("session.jsonl")
def test_app(assistants_client):
    assert ask(assistants_client)[1] == "As it was."
""",
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "own", "clock"),
    [([], "", "skip"), (["--assistants-emulator-clock=real"], "", "real"),
     (["--assistants-emulator-clock=real"], 'clock="skip"', "skip"), ([], 'clock="real"', "real")],
)  # fmt: skip
def test_the_clock_is_the_marker_s_or_the_command_line_s(
    pytester: pytest.Pytester, arguments: list[str], own: str, clock: str
) -> None:
    scenario = {"settings": {"clock": "skip"}}
    test = f"""
@pytest.mark.assistants_emulator({scenario}, {own})
def test_app(assistants_emulator):
    assert assistants_emulator.state()["clock"] == {clock!r}
"""

    run(pytester, test, *arguments).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--assistants-emulator-clock=fast"], "*--assistants-emulator-clock: invalid choice: 'fast'*"),
        (["--assistants-sunset=list"], "*--assistants-sunset: invalid choice: 'list'*"),
        (["--assistants-emulator-url=localhost:8787"], "*--assistants-emulator-url: expected http://HOST:PORT, got *"),
        (["--assistants-emulator-url=http://"], "*--assistants-emulator-url: expected http://HOST:PORT, got 'http://'"),
        (
            ["--assistants-emulator-key=sk-x"],
            "*--assistants-emulator-key: expected --assistants-emulator-url too",
        ),
        (["--assistants-emulator-url=http://host:x"], "*--assistants-emulator-url: expected http://HOST:PORT, got *"),
    ],
)
def test_a_command_line_that_cannot_be_is_a_usage_error(
    pytester: pytest.Pytester, arguments: list[str], words: str
) -> None:
    result = run(pytester, "def test_app(): assert True", *arguments, head="")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


def test_the_marker_is_documented_where_pytest_lists_it(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_inprocess(*WITHOUT, "--markers").stdout.str()

    assert "@pytest.mark.assistants_emulator(*scenarios" in shown


def test_the_marker_works_without_the_private_attribute_of_pytest(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = """
@pytest.fixture(scope="module")
def wide():
    return "wide"

@pytest.fixture
def assistant(wide):
    with OpenAI() as client:
        return client.beta.assistants.create(model="gpt-4o")

@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "Marked."}]}]})
def test_app(assistant):
    assert app()[1] == "Marked."

@pytest.mark.assistants_emulator
def test_without_fixtures():
    assert "OPENAI_BASE_URL" in os.environ
"""
    monkeypatch.setattr(pytest_internals, "PATH", ["renamed"])

    result = run(pytester, test)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["1 of 2 tests still depends *"])


def test_the_fixtures_of_a_test_are_found_in_the_installed_pytest(request: pytest.FixtureRequest) -> None:
    definitions = fixture_definitions(request.node)

    assert definitions["_loaded"][-1].scope == "session"
