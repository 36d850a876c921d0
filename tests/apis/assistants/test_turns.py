"""What the Assistants API shows of a run to conditions, steps and templates."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.apis.assistants import objects
from emulator.apis.assistants.situations import situation_of, tools_of
from emulator.scenarios.steps.tool import Tool
from tests.support import InProcess

FUNCTION = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
RANKED = {"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options": {"score_threshold": 0.5}}}


def run(*tools: dict[str, Any], **body: Any) -> objects.Run:
    return objects.run("run_1", 0, "thread_1", objects.assistant("asst_1", 0, {"model": "m", "tools": tools}), body)


@pytest.mark.parametrize(
    ("tool", "shown"),
    [
        (FUNCTION, Tool("function", "get_weather", {"type": "object"})),
        ({"type": "code_interpreter"}, Tool("code_interpreter", "code_interpreter")),
        ({"type": "file_search"}, Tool("file_search", "file_search", limit=20, threshold=0.0)),
        (RANKED, Tool("file_search", "file_search", limit=5, threshold=0.5)),
    ],
    ids=["function", "code_interpreter", "file_search", "file_search with options"],
)
def test_tools_free_of_the_api_s_form(tool: dict[str, Any], shown: Tool) -> None:
    assert tools_of(run(tool)) == [shown]


def test_conditions_need_only_the_names_of_tools() -> None:
    """A recorded run may show less of them than a stored one."""
    recorded = {**run(), "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "file_search"}]}
    assert situation_of("Hi", recorded, {}, {}, 1).tools == ["f", "file_search"]


def test_conditions_see_the_run_and_what_it_was_created_on() -> None:
    assistant, thread = {"name": "Weather"}, {"id": "thread_1"}
    situation = situation_of("Hi", run(FUNCTION, metadata={"k": "v"}), assistant, thread, 2)
    assert situation._asdict() == {
        "message": "Hi", "instructions": "", "model": "m", "tools": ["get_weather"], "assistant": assistant,
        "thread": thread, "metadata": {"k": "v"}, "carried": (), "former_threads": (), "run": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ message }}", "What's up?"),
        ("{{ assistant.name }}", "Weather"),
        ("{{ thread.metadata.user }}", "ann"),
        ("{{ run.metadata['try'] }} {{ run.model }}", "2 gpt-4o"),
    ],
)
def test_templates_see_the_api_s_objects(template: str, text: str) -> None:
    api = InProcess({"turns": [{"steps": [{"say": template}]}]})
    messages = [{"role": "user", "content": "What's up?"}]
    thread = api.post("/v1/threads", {"messages": messages, "metadata": {"user": "ann"}}).json["id"]
    api.poll(thread, api.run(thread, api.assistant(name="Weather"), metadata={"try": "2"}).json["id"])
    (part,) = api.get(f"/v1/threads/{thread}/messages").json["data"][0]["content"]
    assert part["text"]["value"] == text
