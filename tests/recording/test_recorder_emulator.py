"""A good upstream, the emulator itself, with OpenAI's client and Azure's: through a recorder nothing is different."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.conftest import Emulate
from tests.recording.proxies import Record, recorders
from tests.support import Api

KEY = "sk-proj-planted0123456789"
SCENARIO: dict[str, Any] = {
    "given": {
        "assistants": [
            {
                "id": "asst_weather",
                "model": "gpt-4o",
                "tools": [{"type": "function", "function": {"name": "get_weather"}}],
            }
        ]
    },
    "turns": [
        {
            "steps": [
                {"say": "Let me see."},
                {"call": {"get_weather": {"city": "Paris"}}},
                {"say": "{{ get_weather.celsius }} degrees."},
            ]
        }
    ],
}


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with recorders(tmp_path) as start:
        yield start


def client_of(url: str, flavour: str) -> openai.OpenAI:
    if flavour == "azure":
        return openai.AzureOpenAI(azure_endpoint=url, api_key=KEY, api_version="2025-04-01-preview", max_retries=0)
    return openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0)


def converse(client: openai.OpenAI) -> list[Any]:
    """A streamed run with a tool round, a polled one, a file up and down, and an error: all that the client sees."""
    seen: list[Any] = []
    threads = client.beta.threads
    thread = threads.create(messages=[{"role": "user", "content": "Weather?"}])
    with threads.runs.stream(thread_id=thread.id, assistant_id="asst_weather") as stream:
        seen += [event.to_json() for event in stream]
        run = stream.current_run
    assert run is not None
    assert run.required_action is not None
    call = run.required_action.submit_tool_outputs.tool_calls[0].id
    outputs: Any = [{"tool_call_id": call, "output": json.dumps({"celsius": 21})}]
    with threads.runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread.id, tool_outputs=outputs) as stream:
        seen += [event.to_json() for event in stream]
    seen.append(threads.runs.create_and_poll(thread_id=thread.id, assistant_id="asst_weather").to_json())
    file = client.files.create(file=("menu.bin", b"soup \xff" * 1000), purpose="user_data")
    seen += [file.to_json(), client.files.content(file.id).read()]
    with pytest.raises(openai.NotFoundError) as missing:
        threads.retrieve("thread_unknown")
    return [*seen, missing.value.body]


@pytest.mark.parametrize("flavour", ["openai", "azure"])
def test_the_client_sees_the_same_through_a_recorder(emulate: Emulate, record: Record, flavour: str) -> None:
    direct, behind = emulate(SCENARIO), emulate(SCENARIO)
    proxy = record(behind.base_url)

    with client_of(direct.url, flavour) as client:
        expected = converse(client)
    with client_of(proxy.url, flavour) as client:
        assert converse(client) == expected

    exchanges = proxy.stop().exchanges
    journal = [(one.method, one.path, one.status) for one in behind.requests() for _ in range(1 + one.repeats)]
    assert [(one.method, one.path, one.status) for one in exchanges] == journal
    assert {one.ended for one in exchanges} == {"complete"}
    assert all("api-version=2025-04-01-preview" in one.url for one in exchanges) is (flavour == "azure")
    streams = [one for one in exchanges if one.streamed]
    assert [(one.response_body or b"").endswith(b"event: done\ndata: [DONE]\n\n") for one in streams] == [True, True]
    totals = proxy.recorder.totals
    assert (totals.requests, totals.runs, totals.streams, totals.failures) == (len(exchanges), 2, 2, 1)
    assert KEY.encode() not in proxy.path.read_bytes()


def test_what_is_recorded_is_what_was_answered_to_the_byte(emulate: Emulate, record: Record) -> None:
    """Two emulators of one seed answer the same bytes, and one of them through a recorder."""
    proxy = record(emulate(SCENARIO).url)
    direct, through = Api(emulate(SCENARIO).url, KEY), Api(proxy.url, KEY)

    replies = [api.run(api.thread("Hi"), "asst_weather", stream=True) for api in (direct, through)]
    direct.close()
    through.close()

    assert replies[0].body == replies[1].body
    assert dict(replies[0].headers) == dict(replies[1].headers)
    _, run = proxy.stop().exchanges
    assert run.response_body == replies[1].body
    assert run.request_json() == {"assistant_id": "asst_weather", "stream": True}
