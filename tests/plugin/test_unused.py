"""The pytest plugin, as its users meet it: pytest run on a test file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import golden
from tests.support import GOLDEN

#: What a user's module begins with; the SDK's own announcements are not the plugin's affair.
HEAD = """
import pytest
from openai import OpenAI
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

def ask(client, text="Hi"):
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    return run, client.beta.threads.messages.list(thread.id).data[0].content[0].text.value
"""
GREETING = "turns: [{when: {message: hi}, times: 1, steps: [{say: Hello!}]}]"


def run(pytester: pytest.Pytester, test: str, *arguments: str, head: str = HEAD) -> pytest.RunResult:
    """Runs pytest in a process of its own on a module that begins with HEAD."""
    pytester.makepyfile(test_app=head + test)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", *arguments)


def test_unchanged_application_code_is_redirected(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("greeting.yaml").write_text(GREETING)
    result = run(
        pytester,
        """
@pytest.mark.assistants_emulator("greeting.yaml", seed=7)
def test_app(assistants_emulator):
    assert ask(OpenAI())[1] == "Hello!"
    assert assistants_emulator.runs()[0].turn == "turn 1"

def test_the_environment_is_as_it_was():
    import os
    assert "OPENAI_BASE_URL" not in os.environ
""",
    )

    result.assert_outcomes(passed=2)


def test_the_clients_are_of_the_emulator(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import asyncio

def test_sync(assistants_client):
    assert ask(assistants_client)[0].status == "completed"

def test_async(assistants_async_client):
    thread = asyncio.run(assistants_async_client.beta.threads.create())
    assert thread.id.startswith("thread_")
""",
        "-W",
        "error::ResourceWarning",
    )

    result.assert_outcomes(passed=2)


def test_each_test_has_a_fresh_world_with_the_same_ids(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
seen = []

@pytest.mark.parametrize("n", range(3))
def test_app(assistants_client, n):
    assert len(assistants_client.beta.assistants.list().data) == 0
    seen.append(assistants_client.beta.assistants.create(model="gpt-4o").id)
    assert len(set(seen)) == 1
""",
    )

    result.assert_outcomes(passed=3)


def test_options_come_from_the_fixture_and_the_markers_add_to_them(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
pytestmark = [*([pytestmark] if not isinstance(pytestmark, list) else pytestmark),
              pytest.mark.assistants_emulator({"name": "module", "turns": [{"steps": [{"say": "module"}]}]})]

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


def test_with_the_setting_clients_and_assistants_made_at_import_time_work(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")
    pytester.makeconftest(
        "from openai import OpenAI\nimport warnings\nwarnings.simplefilter('ignore')\nclient = OpenAI()"
    )
    result = run(
        pytester,
        """
from conftest import client
assistant = client.beta.assistants.create(model="gpt-4o", name="made at import time")

@pytest.mark.parametrize("seed", [1, 2])
def test_app(assistants_emulator, seed):
    assert [one.name for one in client.beta.assistants.list()] == ["made at import time"]
    client.beta.assistants.create(model="gpt-4o")

def test_without_the_fixture():
    assert OpenAI().beta.threads.create().id
""",
        "-W",
        "ignore::DeprecationWarning",
    )

    result.assert_outcomes(passed=3)


def test_xdist_workers_have_a_server_each(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")
    result = run(
        pytester,
        """
@pytest.mark.parametrize("n", range(6))
def test_app(assistants_emulator, n):
    assert ask(OpenAI())[0].status == "completed"
    assert len(assistants_emulator.runs()) == 1
""",
        "-n",
        "2",
    )

    result.assert_outcomes(passed=6)


FAILING = """
@pytest.mark.assistants_emulator({"name": "greeting", "turns": [{"name": "greet", "when": {"message": "hi"}, "times": 2,
                                                                 "steps": [{"say": "Hello!"}]}]})
def test_passes_but_a_turn_was_not_played(assistants_client):
    ask(assistants_client)

@pytest.mark.assistants_emulator({"name": "greeting", "turns": [{"name": "greet", "when": {"message": "hi"},
                                                                 "steps": [{"say": "Hello!"}]}]})
def test_fails_because_no_turn_fits(assistants_client):
    assert ask(assistants_client, "Good morning")[0].status == "completed"
"""


def test_a_test_that_failed_tells_requests_timelines_and_problems(pytester: pytest.Pytester) -> None:
    result = run(pytester, FAILING, "--tb=line", "--no-summary", "-rN")
    told = run(pytester, FAILING, "--tb=short").stdout.str()

    result.assert_outcomes(failed=2)
    sections = told.split("assistants emulator -")[1:]
    bodies = [section.partition("-\n")[2].split("\n___")[0].split("\n===")[0] for section in sections]
    golden.expect(GOLDEN / "failed_test_report.txt", ("\n\n".join(bodies) + "\n").encode())
    assert "the emulator found 1 problem:" in told


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ('"nothing.yaml"', "there is no scenario 'nothing.yaml'; looked for"),
        ("sed=3", "assistants_emulator has no option sed; its options are: seed, clock, start, unmatched, shapes"),
        ('{"turn": []}', "turn: unknown key; did you mean 'turns'?"),
        ("seed=[]", "seed: expected a whole number or text; got []"),
    ],
)
def test_a_marker_that_cannot_be_used_says_why(pytester: pytest.Pytester, marker: str, words: str) -> None:
    test = f"@pytest.mark.assistants_emulator({marker})\ndef test_app(assistants_emulator): assert True"

    result = run(pytester, test)

    result.assert_outcomes(errors=1)
    assert words in result.stdout.str()


def test_a_scenario_is_found_beside_the_test_or_under_the_root(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]")
    pytester.path.joinpath("root.yaml").write_text("name: root\n" + GREETING.replace("Hello!", "root"))
    folder = pytester.mkdir("inner")
    folder.joinpath("beside.yaml").write_text("name: beside\n" + GREETING.replace("Hello!", "beside"))
    folder.joinpath("test_app.py").write_text(
        HEAD
        + """
@pytest.mark.assistants_emulator("root.yaml", "beside.yaml")
def test_app(assistants_client):
    assert [ask(assistants_client)[1] for _ in range(2)] == ["beside", "root"]
"""
    )

    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_marker_is_documented_where_pytest_lists_it(pytester: pytest.Pytester) -> None:
    assert "@pytest.mark.assistants_emulator(*scenarios" in pytester.runpytest_subprocess("--markers").stdout.str()


def test_unused_the_plugin_imports_nothing_but_pytest_and_the_standard_library(pytester: pytest.Pytester) -> None:
    test = """
import sys

def test_app():
    ours = {name for name in sys.modules if name.partition(".")[0] == "emulator"}
    assert ours == {"emulator", "emulator.pytest_plugin"}
    assert not {"starlette", "uvicorn", "jsonschema", "yaml", "orjson", "openai"} & set(sys.modules)
"""
    run(pytester, test, head="").assert_outcomes(passed=1)


def test_a_test_that_stops_its_emulator_still_has_a_report(pytester: pytest.Pytester) -> None:
    test = """
def test_app(assistants_emulator):
    assistants_emulator.stop()
    assert False, "as it should"
"""
    result = run(pytester, test)

    assert "no emulator answers at" in result.stdout.str()


def test_this_suite_runs_without_the_installed_plugin(request: pytest.FixtureRequest) -> None:
    assert not request.config.pluginmanager.has_plugin("assistants_emulator")
    assert Path(sys.executable).exists()
