"""Streams over a real socket: who leaves, who resets, who stops, and the real clock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from emulator import Emulator
from tests.conftest import Emulate
from tests.support import BETA, Api, InProcess

LONG_TEXT = {"turns": [{"steps": [{"say": {"text": "Once upon a time " * 50, "chunks": 1}}]}]}
HELD = {"turns": [{"steps": [{"hold": "approval"}, {"say": "Done."}]}]}
HEADERS = {"Authorization": "Bearer sk-test", **BETA}
Connect = Callable[[Emulator], Api]


def outputs_for(run: Any) -> list[dict[str, str]]:
    """An output for each call of a run that requires action."""
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    return [{"tool_call_id": call["id"], "output": "x"} for call in calls]


def test_a_client_that_leaves_after_one_event_leaves_the_same_world(emulate: Emulate, connect: Connect) -> None:
    worlds = []
    for leaves in (False, True):
        emulator = emulate(LONG_TEXT)
        api = connect(emulator)
        thread, assistant = api.thread("Hi"), api.assistant()
        body = {"assistant_id": assistant, "stream": True}
        with api.client.stream("POST", f"/v1/threads/{thread}/runs", json=body, headers=HEADERS) as response:
            for line in response.iter_lines():
                if leaves and line.startswith("data:"):
                    break
        lists = [api.get(f"/v1/threads/{thread}/{kind}").body for kind in ("messages", "runs")]
        worlds.append((lists, emulator.runs(), emulator.state()))

    assert worlds[0] == worlds[1]


@pytest.mark.parametrize("end", ["reset", "stop"])
def test_reset_and_stop_end_open_streams_without_done(emulate: Emulate, connect: Connect, end: str) -> None:
    emulator = emulate(HELD)
    api = connect(emulator)

    def read() -> list[str]:
        body = {"assistant_id": api.assistant(), "stream": True}
        lines: list[str] = []
        path = f"/v1/threads/{api.thread('Hi')}/runs"
        with (
            api.client.stream("POST", path, json=body, headers=HEADERS) as response,
            pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"),
        ):
            lines.extend(response.iter_lines())
        return lines

    with ThreadPoolExecutor(1) as pool:
        lines = pool.submit(read)
        emulator.wait_held("approval")
        getattr(emulator, end)()

    assert "event: thread.run.in_progress" in lines.result()
    assert "event: done" not in lines.result()


def test_a_deleted_thread_breaks_off_its_stream(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(HELD)
    reader, other = connect(emulator), connect(emulator)
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(lambda: reader.run(reader.thread("Hi"), reader.assistant(), stream=True))
        emulator.wait_held("approval")
        gone = other.delete(f"/v1/threads/{emulator.runs()[0].thread_id}").status

    assert gone == 200
    with pytest.raises(httpx.RemoteProtocolError):
        reply.result()


def test_after_a_reset_the_world_is_new(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate()
    api = connect(emulator)
    first = api.assistant()

    emulator.reset()

    assert api.get(f"/v1/assistants/{first}").status == 404
    assert emulator.requests("create_assistant") == []
    assert api.assistant() == first


# ---- The real clock ----


def test_with_the_real_clock_a_stream_sleeps_until_its_next_event_is_due(emulate: Emulate, connect: Connect) -> None:
    steps = [{"wait": 0.05}, {"say": "One"}, {"wait": 0.05}, {"say": "Two"}]
    api = connect(emulate({"turns": [{"steps": steps}]}, clock="real"))

    reply = api.run(api.thread("Hi"), api.assistant(), stream=True)

    assert reply.event_names[-2:] == ["thread.run.completed", "done"]
    assert reply.event_names.count("thread.message.completed") == 2


def test_with_the_real_clock_each_request_first_plays_what_is_due(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate({"turns": [{"steps": [{"say": "Now"}, {"wait": 3600}]}]}, clock="real")
    api = connect(emulator)
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json

    polled = api.get(f"/v1/threads/{thread}/runs/{run['id']}").json

    assert (run["status"], polled["status"]) == ("queued", "in_progress")
    assert len(api.get(f"/v1/threads/{thread}/messages").json["data"]) == 2
    assert api.post(f"/v1/threads/{thread}/runs/{run['id']}/cancel").json["status"] == "cancelling"
    assert api.get(f"/v1/threads/{thread}/runs/{run['id']}").json["status"] == "cancelled"


def test_with_the_real_clock_holds_and_outputs_work_too(emulate: Emulate, connect: Connect) -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    steps: list[Any] = [{"hold": "approval"}, {"call": {"f": {}}}, {"say": "{{ f }}"}]
    emulator = emulate({"turns": [{"steps": steps}]}, clock="real")
    reader = connect(emulator)
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(lambda: reader.run(reader.thread("Hi"), reader.assistant(tools=[tool]), stream=True))
        emulator.wait_held("approval")
        emulator.release("approval")
    waiting = reply.result().events[-2].json()
    outputs = outputs_for(waiting)
    path = f"/v1/threads/{waiting['thread_id']}/runs/{waiting['id']}/submit_tool_outputs"

    queued = reader.post(path, {"tool_outputs": outputs}).json["status"]

    assert (queued, reader.poll(waiting["thread_id"], waiting["id"])) == ("queued", ["in_progress", "completed"])


def test_with_the_real_clock_a_released_stream_sleeps_no_longer_than_its_wait(
    emulate: Emulate, connect: Connect
) -> None:
    scenario = {"turns": [{"steps": [{"hold": "approval"}, {"wait": 0.05}, {"say": "Done"}]}]}
    emulator = emulate(scenario, clock="real", hold_limit=3600)
    reader = connect(emulator)
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(lambda: reader.run(reader.thread("Hi"), reader.assistant(), stream=True))
        emulator.wait_held("approval")
        emulator.release("approval")
        assert reply.result(20).event_names[-2:] == ["thread.run.completed", "done"]


def test_with_the_real_clock_a_hold_that_a_stream_reaches_late_is_not_forgotten(
    emulate: Emulate, connect: Connect
) -> None:
    scenario = {"turns": [{"steps": [{"wait": 0.05}, {"hold": "approval"}]}]}
    reader = connect(emulate(scenario, clock="real", hold_limit=0.05))
    reply = reader.run(reader.thread("Hi"), reader.assistant(), stream=True)
    assert reply.event_names[-2:] == ["thread.run.failed", "done"]


def test_with_the_real_clock_a_polled_run_is_found_at_its_hold(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate({"turns": [{"steps": [{"wait": 0.05}, {"hold": "approval"}]}]}, clock="real")
    api = connect(emulator)
    run = api.run(api.thread("Hi"), api.assistant()).json["id"]
    assert emulator.wait_held("approval", timeout=20) == run


# ---- Determinism ----


def _everything(seed: int) -> list[bytes]:
    tool = {"type": "function", "function": {"name": "f"}}
    steps: list[Any] = [{"call": {"f": {"x": "{{ fake.name() }}"}}}, {"say": "{{ fake.sentence() }}"}]
    api = InProcess({"turns": [{"steps": steps}]}, seed=seed)
    thread, assistant = api.thread("Hi"), api.assistant(tools=[tool])
    stream = api.run(thread, assistant, stream=True)
    waiting = stream.events[-2].json()
    outputs = outputs_for(waiting)
    submitted = api.post(f"/v1/threads/{thread}/runs/{waiting['id']}/submit_tool_outputs", {"tool_outputs": outputs})
    api.poll(thread, waiting["id"])
    lists = [api.get(f"/v1/threads/{thread}/{kind}") for kind in ("messages", "runs")]
    replies = [stream, submitted, *lists]
    return [part for reply in replies for part in (str(sorted(reply.headers.items())).encode(), reply.body)]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    assert _everything(seed=1) == _everything(seed=1)
    assert all(one != other for one, other in zip(_everything(seed=1), _everything(seed=2), strict=True))


def test_nothing_follows_done_when_a_run_that_requires_action_is_cancelled() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    api = InProcess({"turns": [{"steps": [{"call": {"f": {}}}]}]})
    reply = api.run(api.thread("Hi"), api.assistant(tools=[tool]), stream=True)
    ((run_id, turn),) = api.turns.items()
    path = f"/v1/threads/{turn.thread_id}/runs/{run_id}/cancel"
    assert reply.event_names[-2:] == ["thread.run.requires_action", "done"]
    assert turn.log.stream is None
    assert api.post(path).json["status"] == "cancelling"
