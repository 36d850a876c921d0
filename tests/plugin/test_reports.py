"""What the report of a failed test tells: golden, as ids are the same on every run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator import Emulator, Request
from emulator.control.records import Run, TimelineEvent
from emulator.control.report import report, request_line
from tests import golden
from tests.bench.servers import free_port
from tests.plugin.inner import run, sections
from tests.support import GOLDEN, Api

Emulate = Callable[..., Emulator]
Connect = Callable[[Emulator], Api]

WEATHER = """
version: 1
turns:
  - name: greet
    when: {message: hi}
    times: 2
    steps:
      - say: Hello!
  - name: weather
    when: {message: weather}
    steps:
      - call: {get_weather: {city: Paris}}
        expect: {get_weather: {type: object, required: [celsius]}}
      - say: Sunny.
faults:
  - {operation: list_messages, kind: error, status: 503, times: 1}
"""

FAILING = """
pytestmark.append(pytest.mark.assistants_emulator("weather.yaml"))
TOOLS = [{"type": "function", "function": {"name": "get_weather"}}]

def test_passes_but_a_turn_was_not_played(assistants_client):
    ask(assistants_client)

def test_fails_because_no_turn_fits(assistants_client):
    assert ask(assistants_client, "Good morning")[0].status == "completed"

def test_fails_with_a_tool_a_stream_and_a_404(assistants_client):
    client = assistants_client
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "The weather?"}])
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()
        run = stream.current_run
    for _ in range(3):
        client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    call = run.required_action.submit_tool_outputs.tool_calls[0]
    outputs = [{"tool_call_id": call.id, "output": "{}"}]
    client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs)
    client.beta.threads.runs.retrieve("run_none", thread_id=thread.id)

class Test:
    def test_fails_before_it_asks(self, assistants_client):
        assert False

@pytest.fixture
def assistant(assistants_client):
    made = assistants_client.beta.assistants.create(model="gpt-4o")
    return assistants_client.beta.assistants.retrieve(made.id + "x")

def test_fails_in_a_fixture(assistant):
    assert True
"""


def test_a_test_that_failed_tells_requests_timelines_and_problems(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("weather.yaml").write_text(WEATHER)

    result = run(pytester, FAILING, "--tb=short")

    result.assert_outcomes(failed=4, errors=1)
    golden.expect(GOLDEN / "failed_test_report.txt", ("\n\n".join(sections(result)) + "\n").encode())
    assert "the emulator found 1 problem:" in result.stdout.str()


def test_a_test_without_a_world_of_its_own_tells_its_own_requests(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_before(assistants_emulator_server):
    app("before")

def test_fails(assistants_emulator_server):
    with OpenAI() as client:
        client.beta.threads.create()
        client.beta.threads.retrieve("thread_none")

def test_does_not_use_it():
    assert False
""",
    )

    result.assert_outcomes(passed=1, failed=2)
    (told,) = sections(result)
    assert [line.split()[3] for line in told.splitlines() if "[" in line] == ["[create_thread]", "[get_thread]:"]
    assert "runs:\n  none" in told


def test_a_test_that_failed_of_itself_does_not_hide_it_behind_the_check(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import unittest

@pytest.mark.assistants_emulator({"turns": [{"times": 2, "steps": [{"say": "Hello!"}]}]})
class TestApp(unittest.TestCase):
    def test_fails(self):
        app()
        self.fail("of itself")

@pytest.mark.xfail(strict=True)
@pytest.mark.assistants_emulator({"turns": [{"times": 2, "steps": [{"say": "Hello!"}]}]})
def test_is_expected_to_fail(assistants_client):
    ask(assistants_client)
""",
    )

    result.assert_outcomes(failed=1, xfailed=1)
    assert "AssertionError: of itself" in result.stdout.str()
    assert "turn 'turn 1' was played 1 of 2 times" in sections(result)[0]


def test_an_emulator_that_is_not_there_is_a_line_a_test(pytester: pytest.Pytester) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    test = "def test_one(assistants_emulator): pass\ndef test_two(assistants_emulator_server): pass"

    result = run(pytester, test, f"--assistants-emulator-url={url}")

    result.assert_outcomes(errors=2)
    said = [line for line in result.stdout.lines if line.startswith("no emulator responds at")]
    assert said == [f"no emulator responds at {url}: [Errno 111] Connection refused"] * 2
    assert not sections(result)


# ---- The text by itself ----


def request(**more: object) -> Request:
    said: dict[str, object] = {
        "operation": "get_run", "method": "GET", "path": "/v1/threads/t/runs/r", "query": {}, "headers": {},
        "json": None, "status": 200, "answer": {}, "thread_id": "t", "run_id": "r", "turn": None, "fault": None,
        "time": 0, "moved": False, "repeats": 0,
    }  # fmt: skip
    return Request(**{**said, **more})  # type: ignore[arg-type]


LONG = "x" * 300
GET_RUN = "200 GET /v1/threads/t/runs/r [get_run]"
REFUSED = "400 GET /v1/threads/t/runs/r [get_run]"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, GET_RUN),
        ({"operation": None, "status": 404}, "404 GET /v1/threads/t/runs/r [unknown]"),
        (
            {"query": {"limit": "1", "include[]": ["a", "b"]}, "answer": {"data": [{}]}},
            "200 GET /v1/threads/t/runs/r?limit=1&include%5B%5D=a&include%5B%5D=b [get_run] 1 item",
        ),
        ({"answer": {"id": "r", "status": "queued"}, "repeats": 3}, f"{GET_RUN} queued, and 3 more like it"),
        ({"answer": {"id": "other", "status": None}}, f"{GET_RUN} other"),
        ({"turn": "greet", "fault": "stall"}, f"{GET_RUN} fault stall"),
        (
            {"operation": "create_run", "turn": "greet", "answer": [{"event": "done", "data": "[DONE]"}]},
            "200 GET /v1/threads/t/runs/r [create_run] 1 event, turn 'greet'",
        ),
        ({"answer": [1, 2]}, GET_RUN),
        ({"answer": "text"}, GET_RUN),
        ({"status": 400, "answer": {"error": {"message": "No\n  way."}}}, f"{REFUSED}: No way."),
        ({"status": 400, "answer": {"error": {"message": "No"}}, "fault": "error"}, f"{REFUSED} fault error: No"),
        ({"status": 400, "answer": {"error": {"message": LONG}}}, f"{REFUSED}: {'x' * 199}…"),
        ({"status": 400, "answer": "Bad gateway"}, REFUSED),
        ({"status": 400, "answer": {"error": "no"}}, REFUSED),
    ],
)  # fmt: skip
def test_a_request_is_one_line(more: dict[str, object], line: str) -> None:
    assert request_line(request(**more)) == line


def test_a_long_list_is_cut_in_its_middle(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate()
    api = connect(emulator)
    for number in range(65):
        api.get(f"/v1/threads/thread_{number}")

    lines = report(emulator).splitlines()
    newest = report(emulator, newest=3).splitlines()

    def shown(number: int) -> str:
        return f"  404 GET /v1/threads/thread_{number} [get_thread]: No thread found with id 'thread_{number}'."

    assert lines[1:62] == [*map(shown, range(20)), "  … 5 more …", *map(shown, range(25, 65))]
    assert newest[1:4] == [shown(62), shown(63), shown(64)]
    assert newest[4:] == ["runs:", "  none", "problems:", "  none"]


def test_repetitions_count_among_the_newest(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate()
    api = connect(emulator)
    thread = api.thread()
    for _ in range(3):
        api.get(f"/v1/threads/{thread}")

    told = report(emulator, newest=3).splitlines()
    assert told[1:3] == [f"  200 GET /v1/threads/{thread} [get_thread] and 2 more like it", "runs:"]


def test_a_timeline_is_stable_text(emulate: Emulate, connect: Connect) -> None:
    scenario = {"turns": [{"name": "greet", "steps": [{"wait": 5}, {"say": "Hello there!"}]}]}
    texts = []
    for seed in (1, 2):
        emulator = emulate(scenario, seed=seed)
        api = connect(emulator)
        assistant, threads = api.assistant(), [api.thread("Hi"), api.thread("Hi")]
        for thread in (*threads, threads[0]):
            api.run(thread, assistant, stream=True)
        texts.append(emulator.timelines())
    assert texts[0] == texts[1]
    golden.expect(GOLDEN / "timelines.txt", texts[0].encode())


def test_a_run_without_events_is_its_head() -> None:
    assert str(Run("run_1", "thread_1", "greet", "queued", ())) == "turn 'greet': queued"
    events = (TimelineEvent("thread.run.created", 10, 1), TimelineEvent("thread.message.delta", 75, 2))
    assert str(Run("run_1", "thread_1", "greet", "queued", events)).splitlines() == [
        "turn 'greet': queued",
        "    +0s thread.run.created",
        "   +65s thread.message.delta ×2",
    ]
