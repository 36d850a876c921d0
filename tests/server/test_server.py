"""The server, its client ``Control``, and the variables that lead SDKs to it."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest

from emulator import CheckFailed, Control, Emulator, EmulatorError, ScenarioError
from tests.conftest import Emulate
from tests.support import Api

Connect = Callable[[Emulator], Api]


def test_it_answers_as_soon_as_start_returns_and_not_after_stop() -> None:
    emulator = Emulator().start()
    with Api(emulator.url).client as client:
        assert client.get("/_emulator/health").json()["status"] == "ok"
    emulator.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((emulator.url.split("/")[2].split(":")[0], int(emulator.url.rsplit(":", 1)[1])))


def test_it_cannot_be_started_twice_and_can_be_stopped_twice() -> None:
    emulator = Emulator()
    with emulator, pytest.raises(EmulatorError, match="already running"):
        emulator.start()
    emulator.stop()


def test_a_taken_port_is_a_helpful_error(emulate: Emulate) -> None:
    port = int(emulate().url.rsplit(":", 1)[1])

    with pytest.raises(EmulatorError, match=f"cannot listen on 127.0.0.1 port {port}: .*; try another port, or 0"):
        Emulator(port=port).start()


def test_it_listens_on_ipv6_too() -> None:
    try:
        with Emulator(host="::1") as emulator:
            assert emulator.url.startswith("http://[::1]:")
            assert emulator.state()["clock"] == "skip"
    except EmulatorError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")


def test_a_bad_scenario_is_refused_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("turns:\n  - stepps: []\n")

    with pytest.raises(ScenarioError) as refused:
        Emulator(file)

    assert refused.value.problems[0].startswith(f"{file}:2:")


def test_an_open_connection_that_is_idle_does_not_delay_the_stop(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate()
    api = connect(emulator)
    api.get("/v1/models")

    emulator.stop()

    assert emulator._thread is None


def test_an_answer_under_way_is_delivered_before_the_stop(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate()
    api = connect(emulator)
    thread = api.thread()
    with ThreadPoolExecutor(1) as pool:
        message = {"role": "user", "content": "x" * 200_000}
        reply = pool.submit(api.post, f"/v1/threads/{thread}/messages", message)
        reply.result()
        emulator.stop()

    assert reply.result().status == 200


# ---- Control ----


def test_control_drives_a_server_that_somebody_else_started(emulate: Emulate) -> None:
    emulator = emulate()
    control = Control(emulator.base_url, "sk-any")

    name = control.load({"name": "hello", "turns": [{"times": 1, "steps": [{"say": "Hello!"}]}]})
    api = Api(control.url)
    api.run(api.thread("Hi"), api.assistant())
    api.close()
    control.advance(10)

    (run,) = control.runs()
    assert (name, run.turn, run.status, run.timeline[-1]) == ("hello", "turn 1", "completed", "thread.run.completed")
    assert [event.times for event in run.timeline if event == "thread.message.delta"] == [2]
    assert run.timeline[-1].time - run.timeline[0].time == 2
    copied = pickle.loads(pickle.dumps(run))
    assert copied == run
    assert [event.times for event in copied.timeline] == [event.times for event in run.timeline]
    assert [one.operation for one in control.requests()] == ["create_thread", "create_assistant", "create_run"]
    assert control.requests(thread=run.thread_id, operation="create_run")[0].json["assistant_id"].startswith("asst_")
    assert control.requests(run=run.id)[0].answer["status"] == "queued"
    control.check()
    control.reset()
    assert control.runs() == []


def test_check_raises_an_assertion_error_with_its_problems(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate({"turns": [{"when": {"message": "x"}, "steps": []}]})
    api = connect(emulator)
    api.poll(thread := api.thread("y"), api.run(thread, api.assistant()).json["id"])

    with pytest.raises(AssertionError, match="the emulator found 1 problem") as failed:
        emulator.check()

    assert isinstance(failed.value, CheckFailed)
    assert [problem.kind for problem in failed.value.problems] == ["unmatched"]


def test_a_scenario_file_is_read_by_the_client_and_named_after_it(emulate: Emulate, tmp_path: Path) -> None:
    file = tmp_path / "greeting.yaml"
    file.write_text("turns: [{steps: [{say: Hi}]}]")
    emulator = emulate()

    assert emulator.load(file) == "greeting"
    file.write_text("turns: [{steps: [{sai: Hi}]}]")
    with pytest.raises(ScenarioError, match=f"{file}:1:18: .*did you mean 'say'"):
        emulator.load(str(file))
    with pytest.raises(FileNotFoundError):
        emulator.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda control: control.advance(-1), 'expected {"seconds": a number from 0}'),
        (lambda control: control.reset(sead=1), "sead: unknown key; did you mean 'seed'"),
        (lambda control: control.requests("create_runs"), "there is no operation 'create_runs'; the operations are:"),
    ],
    ids=["advance", "reset", "requests"],
)
def test_what_the_emulator_refuses_is_an_error_with_its_words(
    emulate: Emulate, act: Callable[[Control], Any], words: str
) -> None:
    with pytest.raises(EmulatorError) as refused:
        act(emulate())

    assert words in str(refused.value)


def test_a_server_that_is_no_emulator_is_called_so(httpserver: Any) -> None:
    httpserver.expect_request("/_emulator/check").respond_with_data("<html>", content_type="text/html")

    with pytest.raises(EmulatorError, match="is not an emulator: GET /_emulator/check returned 200"):
        Control(httpserver.url_for(""), "sk").check()


def test_nobody_there_is_an_error_that_names_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        with pytest.raises(EmulatorError, match=f"no emulator responds at {url}"):
            Control(url, "sk").check()


# ---- The environment ----


def test_the_environment_leads_openai_clients_here(emulate: Emulate, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = emulate()
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for name, value in emulator.environ.items():
        monkeypatch.setenv(name, value)

    with openai.OpenAI() as client:
        assistant = client.beta.assistants.create(model="gpt-4o")
    with openai.AzureOpenAI() as azure:
        same = azure.beta.assistants.retrieve(assistant.id)

    assert same.id == assistant.id
    assert emulator.environ["NO_PROXY"] == "example.org,127.0.0.1"
