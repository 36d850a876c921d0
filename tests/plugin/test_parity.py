"""``--assistants-parity``: each test once on each API, in worlds of the same seed, and a report of what differs."""

from __future__ import annotations

import pytest

from tests import golden
from tests.plugin.inner import run
from tests.support import GOLDEN

#: An application behind one interface, by the standard library; its Responses half has the mistakes that a test names.
HEAD = """
import json, os, pytest, urllib.request

def send(path, body=None):
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "OpenAI-Beta": "assistants=v2"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, data, headers)) as answer:
        return json.load(answer)

def old(text, output="{}"):
    thread = send("/threads", {"messages": [{"role": "user", "content": text}]})
    path = f"/threads/{thread['id']}/runs"
    run = send(path, {"assistant_id": "asst_handbook"})
    while run["status"] in ("queued", "in_progress", "requires_action"):
        if run["status"] == "requires_action":
            calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": call["id"], "output": output} for call in calls]
            send(f"{path}/{run['id']}/submit_tool_outputs", {"tool_outputs": outputs})
        run = send(f"{path}/{run['id']}")

FUNCTION = {"type": "function", "name": "days_left", "parameters": {}, "strict": False}
SEARCH = {"type": "file_search", "vector_store_ids": ["vs_handbook"]}

def new(text, output="{}", tools=(FUNCTION, SEARCH)):
    body = {"model": "gpt-4o", "instructions": "You know the handbook.", "tools": list(tools)}
    response = send("/responses", {**body, "input": text})
    while calls := [item for item in response["output"] if item["type"] == "function_call"]:
        outputs = [{"type": "function_call_output", "call_id": call["call_id"], "output": output} for call in calls]
        response = send("/responses", {**body, "previous_response_id": response["id"], "input": outputs})

def ask(api, text, output="{}", **mistakes):
    old(text, output) if api == "assistants" else new(text, **{"output": output, **mistakes})

pytestmark = pytest.mark.assistants_emulator("handbook.yaml")
"""
SCENARIO = """\
given:
  files: [{id: file-handbook, filename: handbook.md, content: Everybody has thirty days of holidays.}]
  vector_stores: [{id: vs_handbook, file_ids: [file-handbook]}]
  assistants:
    - id: asst_handbook
      model: gpt-4o
      instructions: You know the handbook.
      tools: [{type: file_search}, {type: function, function: {name: days_left}}]
      tool_resources: {file_search: {vector_store_ids: [vs_handbook]}}
turns:
  - name: holidays
    when: {message: holidays}
    steps:
      - search: auto
      - say: {text: Thirty days., cite: [{file: handbook.md}]}
  - name: days left
    when: {message: left}
    steps:
      - call: {days_left: {year: 2026}}
      - say: "{{ days_left }} days."
  - name: slow
    when: {message: slow}
    steps: [{call: {days_left: {year: 2026}}}, {expire: true}]
  - name: hello
    steps: [{say: Hello!}]
"""
TESTS = """
def test_greets(assistants_api):
    ask(assistants_api, "Hi")

@pytest.mark.parametrize("text", ["How many holidays?", "Any holidays left-over?"])
def test_searches(assistants_api, text):
    ask(assistants_api, text)

def test_footnotes(assistants_api):
    tools = [FUNCTION, {**SEARCH, "vector_store_ids": []}]
    ask(assistants_api, "How many holidays?", tools=tools)

def test_red_by_a_problem(assistants_api):
    ask(assistants_api, "How many holidays?", tools=())

def test_outputs(assistants_api):
    ask(assistants_api, "How many are left?", output="12" if assistants_api == "assistants" else "11")

@pytest.mark.assistants_emulator(parity="text, calls")
def test_outputs_may_differ(assistants_api):
    ask(assistants_api, "How many are left?", output="12" if assistants_api == "assistants" else "11")

def test_asks_twice(assistants_api):
    ask(assistants_api, "Hi")
    if assistants_api == "responses":
        ask(assistants_api, "How many holidays?")

def test_expires(assistants_api):
    if assistants_api == "assistants":
        with pytest.raises(urllib.error.HTTPError):
            old("slow")
    else:
        new("slow")

def test_only_old(assistants_api):
    if assistants_api == "responses":
        pytest.skip("not moved yet")
    ask(assistants_api, "Hi")

def test_fails(assistants_api):
    assert assistants_api == "responses"

def test_fails_on_both(assistants_api):
    assert assistants_api == "neither"

def test_sends_nothing(assistants_api):
    assert os.environ["ASSISTANTS_API"] == assistants_api

@pytest.mark.parametrize("assistants_api", ["responses"], indirect=True)
def test_chooses_itself(assistants_api):
    ask(assistants_api, "Hi")

@pytest.mark.parametrize("assistants_api", ["responses"])
def test_names_the_api_without_the_fixture(assistants_api):
    ask(assistants_api, "Hi")

def test_without_the_fixture():
    pass
"""


def parity_report(result: pytest.RunResult) -> str:
    """The session's parity report, without the line of pytest behind it."""
    told = result.stdout.str().split("assistants emulator parity -")[1].partition("-\n")[2]
    return "\n".join(told.splitlines()[:-1]) + "\n"


@pytest.fixture
def tests(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.path.joinpath("handbook.yaml").write_text(SCENARIO)
    return pytester


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "xdist"])
def test_the_report_names_what_differs(tests: pytest.Pytester, workers: tuple[str, ...]) -> None:
    result = run(tests, TESTS, "--assistants-parity", "--tb=no", "-rN", *workers, head=HEAD)

    golden.expect(GOLDEN / "parity_report.txt", parity_report(result).encode())


def test_a_difference_fails_the_second_half_of_a_test(tests: pytest.Pytester) -> None:
    result = run(tests, TESTS, "--assistants-parity", "-k", "test_outputs and not may", head=HEAD)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "_* test_outputs[[]responses[]] _*",
            "The two APIs differ in what a user notices:",
            "test_app.py::test_outputs   turn 'days left' (handbook.yaml:16)",
            "  text       12 days.                    11 days.",
        ]
    )


@pytest.mark.parametrize(
    ("variable", "api"), [(None, "assistants"), ("assistants", "assistants"), ("responses", "responses")]
)
def test_without_the_option_the_variable_chooses(
    tests: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variable: str | None, api: str
) -> None:
    monkeypatch.delenv("ASSISTANTS_API", raising=False)
    if variable:
        monkeypatch.setenv("ASSISTANTS_API", variable)
    test = f"""
def test_it(assistants_api, assistants_emulator):
    assert (assistants_api, os.environ["ASSISTANTS_API"]) == ({api!r}, {api!r})
    ask(assistants_api, "Hi")
    assert [one.api for one in assistants_emulator.transcripts()] == [{api!r}]
"""
    result = run(tests, test, head=HEAD)

    result.assert_outcomes(passed=1)
    assert "parity" not in result.stdout.str()


@pytest.mark.parametrize(
    ("variable", "marker", "said"),
    [
        ("chat", "", "ASSISTANTS_API: expected assistants or responses, got 'chat'"),
        ("", "parity='texts'", "assistants_emulator: parity: there is no field 'texts'; *; did you mean 'text'[?]"),
        ("", "parity=True", 'assistants_emulator: parity: expected names of fields such as "text,calls", got True'),
    ],
)
def test_a_wrong_api_or_field_fails_the_test(
    tests: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variable: str, marker: str, said: str
) -> None:
    monkeypatch.setenv("ASSISTANTS_API", variable)
    test = f"@pytest.mark.assistants_emulator({marker})\ndef test_it(assistants_api):\n    pass\n"

    result = run(tests, test, "--tb=short", head=HEAD)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


def test_a_session_without_such_tests_says_so(tests: pytest.Pytester) -> None:
    result = run(tests, "def test_it():\n    pass\n", "--assistants-parity", head=HEAD)

    assert parity_report(result).startswith("parity: no test used the fixture assistants_api")


def test_both_halves_have_worlds_of_the_same_seed(tests: pytest.Pytester) -> None:
    test = """
@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "{{ fake.sentence() }}"}]}]}, seed=7)
def test_it(assistants_api, assistants_emulator):
    assert assistants_emulator.state()["settings"]["seed"] == 7
    assert send("/files")["data"][0]["id"] == "file-handbook"
"""
    result = run(tests, test, "--assistants-parity", head=HEAD)

    result.assert_outcomes(passed=2)
