"""Holds: a run stands still at a named place until the test releases it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import Emulator, EmulatorError
from tests.conftest import Emulate
from tests.support import Api, InProcess

HELD = {"turns": [{"steps": [{"say": "Let me see"}, {"hold": "seeing"}, {"say": "Done."}]}]}
Connect = Callable[[Emulator], Api]


def test_polls_of_a_held_run_respond_at_once_and_ask_for_a_later_poll(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(HELD)
    api = connect(emulator)
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]

    answers = [api.get(f"/v1/threads/{thread}/runs/{run}") for _ in range(4)]

    assert [answer.json["status"] for answer in answers] == ["in_progress"] * 4
    assert [answer.headers["openai-poll-after-ms"] for answer in answers] == ["50"] * 4
    assert emulator.wait_held("seeing") == run
    emulator.release("seeing")
    assert api.poll(thread, run) == ["completed"]
    emulator.check()


def test_a_message_before_a_hold_is_written_but_still_open(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(HELD)
    api = connect(emulator)
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]
    api.poll(thread, run, times=2)
    held = api.get(f"/v1/threads/{thread}/messages").json["data"][0]
    steps = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"]

    assert held["content"][0]["text"]["value"] == "Let me see"
    assert [step["status"] for step in steps] == ["in_progress"]
    emulator.release("seeing")
    api.poll(thread, run)
    steps = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"]
    assert [step["status"] for step in steps] == ["completed", "completed"]


def test_done_beside_a_message_completes_it_before_the_hold() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Wait", "done": True}, {"hold": "x"}]}]})
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]
    api.poll(thread, run, times=2)

    assert api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"][0]["status"] == "completed"


def test_a_held_stream_waits_and_goes_on_when_released(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(HELD)
    reader = connect(emulator)
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(lambda: reader.run(reader.thread("Hi"), reader.assistant(), stream=True))
        emulator.wait_held("seeing")
        assert not reply.done()
        emulator.release("seeing")

    assert reply.result().event_names[-2:] == ["thread.run.completed", "done"]


def test_a_streamed_run_goes_on_without_its_reader(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(HELD)
    api = connect(emulator)
    thread, assistant = api.thread("Hi"), api.assistant()
    body = {"assistant_id": assistant, "stream": True}
    headers = {"Authorization": "Bearer x", "OpenAI-Beta": "assistants=v2"}
    with api.client.stream("POST", f"/v1/threads/{thread}/runs", json=body, headers=headers) as response:
        assert next(response.iter_lines()) == "event: thread.run.created"

    emulator.release("seeing")

    assert emulator.runs()[0].status == "completed"


def test_a_released_hold_stays_open_for_runs_to_come() -> None:
    api = InProcess({"turns": [{"steps": [{"hold": "a"}, {"say": "Hi"}]}]})
    api.post("/_emulator/holds/a/release")
    thread = api.thread("Hi")

    assert api.run(thread, api.assistant(), stream=True).event_names[-1] == "done"


def test_a_label_that_no_scenario_names_is_an_error(emulate: Emulate) -> None:
    emulator = emulate(HELD)

    for use in (emulator.release, emulator.wait_held):
        with pytest.raises(EmulatorError, match="there is no hold 'seing'; the holds are: seeing"):
            use("seing")


def test_wait_held_says_when_nobody_came(emulate: Emulate) -> None:
    with pytest.raises(EmulatorError, match="no run reached the hold 'seeing' within 0 seconds"):
        emulate(HELD).wait_held("seeing", timeout=0)


def test_a_run_left_at_a_hold_is_a_problem(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(HELD)
    api = connect(emulator)
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]
    api.poll(thread, run, times=2)

    (problem,) = emulator.problems()

    assert (problem.kind, problem.message) == ("hold", f"{run} still stands at 'seeing'; nobody released it")


@pytest.mark.parametrize("stream", [False, True], ids=["polled", "streamed"])
def test_a_hold_that_nobody_releases_fails_its_run(emulate: Emulate, connect: Connect, stream: bool) -> None:
    emulator = emulate(HELD, hold_limit=0.05)
    api = connect(emulator)
    thread = api.thread("Hi")
    reply = api.run(thread, api.assistant(), stream=stream)
    if stream:
        assert reply.event_names[-2:] == ["thread.run.failed", "done"]
    else:
        assert api.poll(thread, reply.json["id"], times=100_000)[-1] == "failed"

    (problem,) = emulator.problems()
    assert (problem.kind, problem.message.split(": ")[1]) == ("hold", "nobody released 'seeing' within 0.05 seconds")


def test_cancelling_releases_that_run(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(HELD)
    api = connect(emulator)
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]
    api.poll(thread, run, times=2)

    api.post(f"/v1/threads/{thread}/runs/{run}/cancel")

    assert api.poll(thread, run) == ["cancelled"]
    emulator.check()
