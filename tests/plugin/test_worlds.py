"""Clients are led to the emulator, and each test has a world of its own, whatever its scope and style."""

from __future__ import annotations

import pytest

from tests.plugin.inner import GREETING, run


def test_unchanged_application_code_is_redirected(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("greeting.yaml").write_text(GREETING)
    result = run(
        pytester,
        """
@pytest.mark.assistants_emulator("greeting.yaml", seed=7)
def test_app(assistants_emulator):
    assert app()[1] == "Hello!"
    assert assistants_emulator.runs()[0].turn == "turn 1"

def test_the_environment_is_as_it_was():
    assert not [name for name in os.environ if name.startswith(("OPENAI_", "AZURE_OPENAI_"))]
    assert "api.openai.com" not in os.environ.get("NO_PROXY", "")
""",
    )

    result.assert_outcomes(passed=2)


def test_the_environment_is_as_it_was_whoever_else_changes_it(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture(autouse=True)
def fake_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-fake")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://nowhere.invalid")

def test_app(assistants_emulator, monkeypatch):
    assert os.environ["OPENAI_API_KEY"] == assistants_emulator.api_key
    assert os.environ["OPENAI_BASE_URL"] == assistants_emulator.base_url
    monkeypatch.setenv("OPENAI_API_VERSION", "of the test")

def test_after_it():
    assert os.environ.pop("OPENAI_API_KEY") == "sk-fake"
    assert "OPENAI_API_VERSION" not in os.environ

def test_without_the_fake():
    assert os.environ["OPENAI_BASE_URL"] == "http://nowhere.invalid"
""",
    )

    result.assert_outcomes(passed=3)


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


def test_async_tests_have_it_too(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
from openai import AsyncOpenAI

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_unchanged(assistants_emulator):
    async with AsyncOpenAI() as client:
        assert (await client.beta.threads.create()).id.startswith("thread_")
    assert [one.operation for one in assistants_emulator.requests()] == ["create_thread"]

@pytest.mark.anyio
@pytest.mark.parametrize("n", range(2))
async def test_with_the_client(assistants_async_client, n):
    assert (await assistants_async_client.beta.threads.create()).id.startswith("thread_")
""",
        "-W",
        "error::ResourceWarning",
    )

    result.assert_outcomes(passed=3)


def test_tests_of_pytest_asyncio_have_it_too(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = session")
    result = run(
        pytester,
        """
from openai import AsyncOpenAI

@pytest.fixture(scope="module")
async def assistant(assistants_emulator_server):
    async with AsyncOpenAI() as client:
        return await client.beta.assistants.create(model="gpt-4o")

async def test_in_a_loop_of_its_own(assistants_async_client):
    assert (await assistants_async_client.beta.threads.create()).id

@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("n", range(2))
async def test_in_the_session_s_loop(assistant, assistants_emulator, n):
    async with AsyncOpenAI() as client:
        assert (await client.beta.assistants.retrieve(assistant.id)).id == assistant.id
    with pytest.raises(Exception, match="Connection error") as caught:
        async with AsyncOpenAI(base_url="https://api.openai.com/v1", max_retries=0) as client:
            await client.models.list()
    assert "Refused to connect to api.openai.com" in str(caught.value.__cause__)
""",
        "-p",
        "pytest_asyncio.plugin",
        "-W",
        "error::ResourceWarning",
    )

    result.assert_outcomes(passed=3)


def test_unittest_classes_have_it_by_marker(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import unittest

@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "Hello!"}]}]})
class TestApp(unittest.TestCase):
    def test_one(self):
        self.assertEqual(app()[1], "Hello!")

    def test_two(self):
        self.assertEqual(app()[1], "Hello!")

@pytest.mark.usefixtures("assistants_emulator")
class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def test_async(self):
        from openai import AsyncOpenAI
        async with AsyncOpenAI() as client:
            self.assertTrue((await client.beta.threads.create()).id)
""",
    )

    result.assert_outcomes(passed=3)


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


IMPORT_TIME = """
from conftest import client
assistant = client.beta.assistants.create(model="gpt-4o", name="made at import time")

@pytest.mark.parametrize("seed", [1, 2])
def test_app(assistants_emulator, seed):
    assert [one.name for one in client.beta.assistants.list()] == ["made at import time"]
    client.beta.assistants.create(model="gpt-4o")

def test_without_the_fixture():
    assert app()[0].status == "completed"
"""
CONFTEST = """
import warnings
warnings.simplefilter("ignore")
from openai import OpenAI
client = OpenAI()

def pytest_unconfigure():
    client.close()
"""


def test_with_the_setting_clients_and_assistants_made_at_import_time_work(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")
    pytester.makeconftest(CONFTEST)

    result = run(pytester, IMPORT_TIME, "-W", "ignore::DeprecationWarning")

    result.assert_outcomes(passed=3)


def test_a_run_that_the_import_left_under_way_is_no_baseline(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")
    pytester.makeconftest(
        CONFTEST + "assistant = client.beta.assistants.create(model='gpt-4o', instructions='Greet.')\n"
        "run = client.beta.threads.create_and_run(assistant_id=assistant.id)\n"
    )

    result = run(pytester, "def test_app(assistants_emulator): assert True", "-W", "ignore::DeprecationWarning")

    result.assert_outcomes(errors=1)
    assert "a baseline cannot hold runs that are under way: run_" in result.stdout.str()


WIDE = """
@pytest.fixture(scope="{scope}")
def assistant(assistants_emulator_server):
    with OpenAI() as client:
        made = client.beta.assistants.create(model="gpt-4o", name="wide")
        yield made
        client.beta.assistants.delete(made.id)

class TestFirst:
    @pytest.mark.parametrize("n", range(2))
    def test_app(self, assistant, assistants_client, n):
        assistants_client.beta.assistants.create(model="gpt-4o")
        assert [one.name for one in assistants_client.beta.assistants.list()] == [None, "wide"]
"""
OTHER = """
def test_elsewhere(assistants_client):
    assert [one.name for one in assistants_client.beta.assistants.list()] == {left}
"""


@pytest.mark.parametrize(
    ("scope", "left"), [("class", []), ("module", []), ("package", ["wide"]), ("session", ["wide"])]
)
def test_what_a_wide_fixture_makes_lives_as_long_as_the_fixture(
    pytester: pytest.Pytester, scope: str, left: list[str]
) -> None:
    pytester.makepyfile(test_other="from test_app import *\ndel TestFirst\n" + OTHER.format(left=left))

    result = run(pytester, WIDE.format(scope=scope) + OTHER.format(left=[] if scope == "class" else ["wide"]))

    result.assert_outcomes(passed=4)


def test_what_a_class_or_module_sets_up_is_kept_too(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import unittest

def create(name):
    with OpenAI() as client:
        return client.beta.assistants.create(model="gpt-4o", name=name)

def names():
    with OpenAI() as client:
        return [one.name for one in client.beta.assistants.list()]

@pytest.mark.usefixtures("assistants_emulator")
class TestApp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create("of the class")

    def test_one(self):
        create("of the test")
        self.assertEqual(names(), ["of the test", "of the class"])

    def test_two(self):
        self.assertEqual(names(), ["of the class"])

class TestPlain:
    @classmethod
    def setup_class(cls):
        create("of another")

    def test_one(self, assistants_emulator):
        assert names() == ["of another"]

def test_after_them(assistants_emulator):
    assert names() == []
""",
    )

    result.assert_outcomes(passed=4)


def test_what_a_wide_fixture_makes_in_the_middle_of_a_test_is_the_test_s(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture(scope="module")
def assistant(assistants_emulator_server):
    with OpenAI() as client:
        return client.beta.assistants.create(model="gpt-4o")

def test_one(assistants_client, request):
    assistants_client.beta.assistants.create(model="gpt-4o")
    assistant = request.getfixturevalue("assistant")
    assert len(list(assistants_client.beta.assistants.list())) == 2

def test_two(assistants_client):
    assert list(assistants_client.beta.assistants.list()) == []
""",
        "--assistants-sunset=report",
    )

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["test_app.py::test_one", "    create_assistant ×2, list_assistants"])


def test_a_scenario_that_a_wide_fixture_loads_is_kept_too(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture(scope="module")
def weather(assistants_emulator_server):
    assistants_emulator_server.load({"name": "weather", "turns": [{"steps": [{"say": "Sunny."}]}]})

@pytest.mark.parametrize("n", range(2))
def test_app(weather, assistants_client, n):
    assert ask(assistants_client)[1] == "Sunny."
""",
    )

    result.assert_outcomes(passed=2)


def test_a_wide_fixture_that_leaves_a_run_under_way_serves_only_tests_that_share_its_world(
    pytester: pytest.Pytester,
) -> None:
    result = run(
        pytester,
        """
@pytest.fixture(scope="module")
def chat(assistants_emulator_server):
    with OpenAI() as client:
        assistant = client.beta.assistants.create(model="gpt-4o", instructions="Greet.")
        yield client, client.beta.threads.create_and_run(assistant_id=assistant.id)

def test_shared(chat):
    client, run = chat
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "in_progress"

def test_another(chat):
    assert True

@pytest.mark.parametrize("n", range(2))
def test_own(chat, assistants_emulator, n):
    assert False
""",
    )

    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        ["*the fixture chat (module) cannot be shared by tests with worlds of their own: a baseline *"]
    )


def test_a_session_can_share_one_world(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture(scope="session")
def client(assistants_emulator_server):
    with OpenAI() as client:
        yield client

class TestInOrder:
    def test_create(self, client):
        client.beta.assistants.create(model="gpt-4o", name="one")

    def test_list(self, client):
        assert [one.name for one in client.beta.assistants.list()] == ["one"]

def test_the_environment_leads_there_while_a_test_uses_it(assistants_emulator_server):
    assert os.environ["OPENAI_BASE_URL"] == assistants_emulator_server.base_url

def test_and_no_longer():
    assert "OPENAI_BASE_URL" not in os.environ
""",
    )

    result.assert_outcomes(passed=4)


def test_worlds_that_are_shared_leave_nothing_to_those_that_are_not(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture(scope="class")
def assistant(assistants_emulator_server):
    with OpenAI() as client:
        return client.beta.assistants.create(model="gpt-4o", name="wide")

def names():
    with OpenAI() as client:
        return [one.name for one in client.beta.assistants.list()]

def test_shared(assistants_emulator_server):
    app()

class TestApp:
    def test_own(self, assistant, assistants_emulator):
        assert names() == ["wide"]

class TestShared:
    def test_shared(self, assistant):
        app()
        assert names() == [None, "wide"]

    def test_shared_still(self, assistant):
        assert names() == [None, "wide"]

    def test_own(self, assistant, assistants_emulator):
        assert names() == ["wide"]

def test_own(assistants_emulator):
    assert names() == []
""",
    )

    result.assert_outcomes(passed=6)


def test_a_test_cannot_stop_the_emulator_of_the_others(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_app(assistants_emulator):
    with pytest.raises(Exception, match="a test cannot stop the fixture's emulator"):
        assistants_emulator.stop()

def test_the_next(assistants_client):
    assert assistants_client.beta.threads.create().id
""",
    )

    result.assert_outcomes(passed=2)
