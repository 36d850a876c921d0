"""What is over is gone at once: a server that runs for long must not wait for the collector to get its memory back."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
import starlette.formparsers

from emulator.apis.http.form_reader import read_form
from tests.load.wire import form_bytes
from tests.support import InProcess

SCENARIO = {
    "turns": [
        {"when": {"message": "wait"}, "steps": [{"say": "Hm."}, {"hold": "x"}]},
        {"when": {"message": "call"}, "steps": [{"call": {"f": {}}, "undeclared": True}, {"say": "Done."}]},
        {"when": {"message": "code"}, "steps": [{"code": {"input": "1+1", "logs": "2"}}, {"say": "Two."}]},
        {"steps": [{"say": "Hi"}]},
    ]
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _refuse(api: InProcess) -> None:
    assert api.post("/v1/threads", content=b"{").status == 400
    assert api.get("/v1/nothing").status == 404


def _run(api: InProcess, text: str, *, stream: bool) -> None:
    assert api.run(api.thread(text), api.assistant(), stream=stream).status == 200


def _respond(api: InProcess, text: str, **more: Any) -> dict[str, Any]:
    response: dict[str, Any] = api.post("/v1/responses", {"model": "gpt-4o", "input": text, **more}).json
    return response


def _go_on(api: InProcess) -> None:
    called = _respond(api, "call")
    outputs = [{"type": "function_call_output", "call_id": called["output"][0]["call_id"], "output": "1"}]
    api.post("/v1/responses", {"model": "gpt-4o", "input": outputs, "previous_response_id": called["id"]})


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    "use",
    [
        lambda api: None,
        _refuse,
        lambda api: _run(api, "Hi", stream=True),
        lambda api: _run(api, "Hi", stream=False),
        lambda api: api.poll(thread := api.thread("wait"), api.run(thread, api.assistant()).json["id"], 2),
        lambda api: _respond(api, "Hi"),
        lambda api: _respond(api, "code", conversation=api.post("/v1/conversations", {}).json["id"]),
        lambda api: api.get(f"/v1/responses/{_respond(api, 'wait', background=True)['id']}"),
        lambda api: _respond(api, "call"),
        _go_on,
    ],
    ids=[
        "unused",
        "with refused requests",
        "with a run that is over",
        "with one that began",
        "with one at a hold",
        "with a response",
        "with code in a conversation",
        "with a response at a hold",
        "with one that waits for outputs",
        "with one that went on",
    ],
)
def test_a_world_that_was_reset_is_gone(use: Callable[[InProcess], Any]) -> None:
    api = InProcess(SCENARIO)
    world = weakref.ref(api.world)
    use(api)

    assert api.post("/_emulator/reset", {}).status == 200

    assert world() is None
    assert api.post("/v1/threads").status == 200


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("sent", [0.2, 0.9])
def test_the_files_of_an_upload_that_its_client_left_are_closed(monkeypatch: pytest.MonkeyPatch, sent: float) -> None:
    spooled: list[Any] = []

    def spool(*arguments: Any, **more: Any) -> Any:
        spooled.append(SpooledTemporaryFile(*arguments, **more))  # noqa: SIM115  # whether it is closed is the question
        return spooled[-1]

    monkeypatch.setattr(starlette.formparsers, "SpooledTemporaryFile", spool)
    body, headers = form_bytes({"purpose": "user_data"}, "file", "half.bin", bytes(3 << 20))
    messages = [
        {"type": "http.request", "body": body[: int(len(body) * sent)], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    scope = {"type": "http", "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]}

    assert asyncio.run(read_form(scope, receive)) is None
    assert [one.closed for one in spooled] == [True]
