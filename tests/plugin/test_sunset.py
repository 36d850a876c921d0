"""After 2026-08-26: what the removed operations answer, and which tests still depend on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator import Emulator, EmulatorError
from emulator.base.operations import REMOVED, Operation
from tests.bench import servers
from tests.plugin.inner import HEAD, WITHOUT, run
from tests.support import ASSISTANTS_OPERATIONS as ROUTES
from tests.support import Api, InProcess

Emulate = Callable[..., Emulator]
Connect = Callable[[Emulator], Api]

REMOVED_ROUTES = [route for route in ROUTES if route.name in REMOVED]


def test_what_is_removed_is_all_that_the_api_was() -> None:
    alive = {one.name for one in ROUTES if one.heading in ("files", "uploads", "vector_stores", "models")}
    assert not REMOVED & alive
    assert {route.name for route in ROUTES} == REMOVED | alive


@pytest.mark.parametrize("route", REMOVED_ROUTES, ids=[route.name for route in REMOVED_ROUTES])
def test_a_removed_operation_is_a_404_whatever_is_asked(route: Operation) -> None:
    api = InProcess({"given": {"assistants": [{"id": "asst_1", "model": "gpt-4o"}]}}, after_sunset=True)
    path = route.path.replace("{assistant_id}", "asst_1").replace("{", "").replace("}", "")
    method = route.method

    plain = api.request(method, f"/v1{path}", {} if method == "POST" else None)
    azure = api.request(method, f"/openai{path}?api-version=2025-04-01-preview")
    foundry = api.request(method, f"/api/projects/p{path}?api-version=v1")

    words = f"Invalid URL ({method} /v1{path})"
    assert plain.error == (404, words, "invalid_request_error", None, None)
    gateway = b'{"error":{"code":"404","message":"Resource not found"}}'
    assert [(one.status, one.body) for one in (azure, foundry)] == [(404, gateway)] * 2
    journal = api.get("/_emulator/requests").json["requests"]
    assert {one["operation"] for one in journal} == {route.name}
    assert api.get("/_emulator/check").json["ok"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v1/threads", 404), ("GET", "/v1/assistants/asst_1/files", 404), ("GET", "/v1/threads/x/nothing", 404),
        ("GET", "/v1", 404), ("GET", "/v1/", 404), ("PUT", "/v1/models", 405), ("GET", "/v1/files", 200),
        ("GET", "/v1/vector_stores", 200), ("POST", "/v1/vector_stores", 200), ("GET", "/v1/models/gpt-4o", 200),
        ("GET", "/openai/files?api-version=2025-04-01-preview", 200), ("GET", "/v1/responses/resp_1", 404),
        ("POST", "/v1/responses", 400), ("POST", "/v1/responses/input_tokens", 200),
    ],
)  # fmt: skip
def test_around_it_the_rest_lives_on(method: str, path: str, status: int) -> None:
    assert InProcess(after_sunset=True).request(method, path).status == status


def test_without_a_key_it_is_still_a_401() -> None:
    assert InProcess(after_sunset=True).post("/v1/threads", headers={"Authorization": ""}).status == 401


def test_a_world_can_be_of_another_time(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(after_sunset=True)
    api = connect(emulator)
    emulator.reset(after_sunset=False)
    assert api.get("/v1/assistants").status == 200
    emulator.reset()
    assert api.get("/v1/assistants").status == 404
    with pytest.raises(EmulatorError, match="after_sunset: expected true or false"):
        Emulator(after_sunset="yes")  # type: ignore[arg-type]


def test_a_server_can_be_of_that_time() -> None:
    with servers.emulator("--after-sunset") as process:
        api = Api(f"http://127.0.0.1:{process.port}")
        assert [api.get(path).status for path in ("/v1/assistants", "/v1/files")] == [404, 200]
        api.close()


# ---- In pytest ----

TESTS = """
import openai

@pytest.fixture(scope="module")
def assistant(assistants_emulator_server):
    with OpenAI() as client:
        yield client.beta.assistants.create(model="gpt-4o")

def test_files(assistants_client):
    assert assistants_client.files.list().data == []

def test_runs(assistants_client):
    ask(assistants_client)
    ask(assistants_client)

class TestWithFixture:
    def test_only_that(self, assistant, assistants_client):
        assert assistants_client.models.list()

    def test_more(self, assistant, assistants_client):
        assert assistants_client.beta.assistants.retrieve(assistant.id)

def test_responses(assistants_client):
    assert assistants_client.responses.create(model="gpt-4o", input="Hi").status == "completed"

def test_nothing_of_it():
    assert True
"""


def test_the_summary_counts_the_tests_that_depend_on_the_removed_api(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS)

    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        ["3 of 6 tests still depend on the removed Assistants API; --assistants-sunset=report lists them"]
    )


def test_a_suite_that_depends_on_nothing_of_it_says_nothing(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_files(assistants_client): assistants_client.files.list()")

    result.assert_outcomes(passed=1)
    assert "assistants emulator" not in result.stdout.str()


LISTED = """\
test_app.py::TestWithFixture::test_more
    get_assistant
    fixture assistant: create_assistant
test_app.py::TestWithFixture::test_only_that
    fixture assistant: create_assistant
test_app.py::test_runs
    create_assistant ×2, create_thread ×2, create_run ×2, get_run ×4, list_messages ×2
3 of 6 tests still depend on the removed Assistants API
"""


def test_they_can_be_listed(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS, "--assistants-sunset=report")

    result.assert_outcomes(passed=6)
    assert LISTED in result.stdout.str()


def test_they_can_be_failed(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS, "--assistants-sunset=fail")

    result.assert_outcomes(passed=3, failed=3)
    assert LISTED in result.stdout.str()
    # At the beginning of a line: on a CI machine pytest's short summary has the words in full once more.
    assert result.stdout.str().count("\nthis test still depends on the removed Assistants API:") == 3
    assert "  fixture assistant: create_assistant\n" in result.stdout.str()


def test_what_a_module_does_when_it_is_imported_counts_for_its_tests(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")
    pytester.makepyfile(test_other="def test_other(): assert True")
    result = run(
        pytester,
        """
with OpenAI() as client:
    assistant = client.beta.assistants.create(model="gpt-4o")

def test_one(assistants_emulator): assert True
def test_two(): assert True
""",
        "--assistants-sunset=report",
        "-W",
        "ignore::DeprecationWarning",
    )

    result.assert_outcomes(passed=3)
    shown = result.stdout.str()
    assert shown.count("    import of test_app.py: create_assistant\n") == 2
    assert "2 of 3 tests still depend on the removed Assistants API\n" in shown


def test_what_a_conftest_does_counts_for_all(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")
    pytester.makeconftest(
        HEAD + "import warnings\nwith warnings.catch_warnings(), OpenAI() as client:\n"
        "    warnings.simplefilter('ignore')\n    client.beta.threads.create()\n"
    )

    result = run(pytester, "def test_one(): assert True", "--assistants-sunset=report", head="")

    result.assert_outcomes(passed=1)
    assert "    import of a conftest.py: create_thread\n1 of 1 tests still depends on" in result.stdout.str()


def test_what_a_test_resets_away_counts_too(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_app(assistants_emulator, assistants_client):
    assistants_client.beta.threads.create()
    assistants_emulator.reset()

def test_late(request):
    assistants_client = request.getfixturevalue("assistants_client")
    assistants_client.beta.threads.create()
""",
    )

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["2 of 2 tests still depend on the removed Assistants API; *"])


AFTER = """
import openai

def test_assistants(assistants_client):
    with pytest.raises(openai.NotFoundError, match=r"Invalid URL \\(POST /v1/threads\\)"):
        assistants_client.beta.threads.create()

def test_the_rest(assistants_client):
    assert assistants_client.vector_stores.create().status == "completed"
"""


@pytest.mark.parametrize("how", ["option", "marker", "fixture"])
def test_tests_can_run_after_the_sunset(pytester: pytest.Pytester, how: str) -> None:
    said = {
        "option": "",
        "marker": "pytestmark.append(pytest.mark.assistants_emulator(after_sunset=True))\n",
        "fixture": "@pytest.fixture\ndef assistants_emulator_options(): return {'after_sunset': True}\n",
    }[how]

    result = run(pytester, said + AFTER, *(["--assistants-after-sunset"] if how == "option" else []))

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["1 of 2 tests still depends on the removed Assistants API; *"])


def test_a_test_can_run_before_it(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.assistants_emulator(after_sunset=False)
def test_app(assistants_client):
    assert assistants_client.beta.threads.create().id
"""

    run(pytester, test, "--assistants-after-sunset").assert_outcomes(passed=1)


def test_without_a_terminal_there_is_no_summary(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_app=HEAD + TESTS)

    assert pytester.runpytest_inprocess(*WITHOUT, "-p", "no:terminal").ret == pytest.ExitCode.OK
