"""Objects as the newest recordings have them: keys in order, defaults, echoes (docs/wire.md §2)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from emulator.apis.assistants import objects, tools
from emulator.apis.http.lists import deleted
from emulator.base.json_types import Object

MODEL: Object = {"model": "gpt-4o"}
ASSISTANT = objects.assistant(
    "asst_1", 5,
    {**MODEL, "name": "Weather", "instructions": "Be brief.", "temperature": 0, "tools": [{"type": "code_interpreter"}],
     "response_format": {"type": "text"}, "metadata": {"of": "assistant"}},
)  # fmt: skip
RUN = objects.run("run_1", 5, "thread_1", ASSISTANT, {})

KEYS: dict[str, tuple[Mapping[str, Any], str]] = {
    "assistant": (
        objects.assistant("asst_1", 5, MODEL),
        "id object created_at name description model instructions tools top_p temperature reasoning_effort "
        "tool_resources metadata response_format",
    ),
    "thread": (objects.thread("thread_1", 5, {}), "id object created_at metadata tool_resources"),
    "message": (
        objects.message("msg_1", 5, "thread_1", {"role": "user", "content": "hi"}),
        "id object created_at assistant_id thread_id run_id status incomplete_details incomplete_at completed_at role "
        "content attachments metadata",
    ),
    "a run's message": (
        objects.run_message("msg_1", 5, RUN),
        "id object created_at assistant_id thread_id run_id status incomplete_details incomplete_at completed_at role "
        "content attachments metadata",
    ),
    "run": (
        RUN,
        "id object created_at assistant_id thread_id status started_at expires_at cancelled_at failed_at completed_at "
        "required_action last_error model instructions tools tool_resources metadata temperature top_p "
        "reasoning_effort max_completion_tokens max_prompt_tokens truncation_strategy incomplete_details usage "
        "response_format tool_choice parallel_tool_calls",
    ),
    "run step": (
        objects.run_step("step_1", 5, RUN, {"type": "tool_calls", "tool_calls": []}),
        "id object created_at run_id assistant_id thread_id type status cancelled_at completed_at expires_at "
        "expired_at failed_at last_error step_details usage metadata",
    ),
    "deleted": (deleted("asst_1", "assistant"), "id object deleted"),
}


@pytest.mark.parametrize("kind", KEYS)
def test_objects_have_their_keys_in_the_order_of_the_wire(kind: str) -> None:
    made, keys = KEYS[kind]
    assert list(made) == keys.split()


def test_a_bare_assistant_has_the_service_s_defaults() -> None:
    assert objects.assistant("asst_1", 5, MODEL) == {
        "id": "asst_1", "object": "assistant", "created_at": 5, "name": None, "description": None, "model": "gpt-4o",
        "instructions": None, "tools": [], "top_p": 1.0, "temperature": 1.0, "reasoning_effort": None,
        "tool_resources": {}, "metadata": {}, "response_format": "auto",
    }  # fmt: skip


EMPTY_PARAMETERS = {"type": "object", "properties": {}}
RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ({"type": "code_interpreter"}, {"type": "code_interpreter"}),
        ({"type": "function", "function": {"name": "f"}},
         {"type": "function", "function": {"name": "f", "parameters": EMPTY_PARAMETERS, "strict": False}}),
        ({"type": "function", "function": {"strict": True, "parameters": {"type": "object"}, "description": "d",
                                           "name": "f"}},
         {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"},
                                           "strict": True}}),
        ({"type": "function", "function": {"name": "f", "strict": None, "description": None}},
         {"type": "function", "function": {"name": "f", "description": None, "parameters": EMPTY_PARAMETERS,
                                           "strict": False}}),
        ({"type": "file_search"}, {"type": "file_search", "file_search": {"ranking_options": RANKING}}),
        ({"type": "file_search", "file_search": {"max_num_results": 5}},
         {"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options": RANKING}}),
        ({"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 1}}},
         {"type": "file_search", "file_search": {"ranking_options": {**RANKING, "score_threshold": 1.0}}}),
    ],
    ids=["code_interpreter", "bare function", "full function", "nulls in a function", "file_search", "limited search",
         "ranked search"],
)  # fmt: skip
def test_tools_are_echoed_with_their_defaults_and_in_the_service_s_order(sent: Object, echoed: Object) -> None:
    (tool,) = tools.echo_tools([sent])
    assert repr(tool) == repr(echoed)


@pytest.mark.parametrize(
    ("body", "resources"),
    [
        ({}, {}),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, {}),
        ({"tools": [{"type": "code_interpreter"}]}, {"code_interpreter": {"file_ids": []}}),
        ({"tools": [{"type": "code_interpreter"}], "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}}},
         {"code_interpreter": {"file_ids": ["file-1"]}}),
        ({"tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}, "code_interpreter": None}},
         {"file_search": {"vector_store_ids": ["vs_1"]}}),
    ],
    ids=["nothing", "function", "code_interpreter", "with files", "null"],
)  # fmt: skip
def test_an_assistant_s_resources(body: Object, resources: Object) -> None:
    assert objects.assistant("asst_1", 5, {**MODEL, **body})["tool_resources"] == resources


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({}, {}),
        ({"name": "New"}, {"name": "New"}),
        ({"name": None, "instructions": None}, {"name": None, "instructions": None}),
        ({"model": None, "temperature": None, "tools": None, "metadata": None}, {}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        ({"metadata": {}}, {"metadata": {}}),
        ({"temperature": 2}, {"temperature": 2.0}),
        ({"response_format": "auto"}, {"response_format": "auto"}),
        ({"tool_resources": {"file_search": {"vector_store_ids": []}}},
         {"tool_resources": {"file_search": {"vector_store_ids": []}, "code_interpreter": {"file_ids": []}}}),
    ],
    ids=str,
)  # fmt: skip
def test_modify_replaces_what_was_sent_and_nothing_else(body: Object, changed: Object) -> None:
    before = copy.deepcopy(ASSISTANT)
    modified = objects.modified_assistant(ASSISTANT, body)
    assert modified == {**before, **changed}
    assert list(modified) == list(before)
    assert before == ASSISTANT


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("hi", [{"type": "text", "text": {"value": "hi", "annotations": []}}]),
        ([{"type": "text", "text": "hi"}], [{"type": "text", "text": {"value": "hi", "annotations": []}}]),
        ([{"type": "image_url", "image_url": {"url": "https://x"}}],
         [{"type": "image_url", "image_url": {"url": "https://x", "detail": "auto"}}]),
        ([{"type": "image_file", "image_file": {"detail": "low", "file_id": "file-1"}}],
         [{"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}}]),
    ],
    ids=["text", "text part", "image_url", "image_file"],
)  # fmt: skip
def test_content_is_echoed_in_parts(content: Any, parts: list[Object]) -> None:
    made = objects.message("msg_1", 5, "thread_1", {"role": "user", "content": content})
    assert repr(made["content"]) == repr(parts)


def test_a_message_of_the_api_is_complete_at_once() -> None:
    made = objects.message("msg_1", 5, "thread_1", {"role": "user", "content": "hi"})
    picked = {key: made[key] for key in ("status", "completed_at", "assistant_id", "run_id", "attachments", "metadata")}
    assert picked == {"status": "completed", "completed_at": 5, "assistant_id": None, "run_id": None,
                      "attachments": [], "metadata": {}}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({}, "model", "gpt-4o"),
        ({"model": "o3"}, "model", "o3"),
        ({"model": None}, "model", "gpt-4o"),
        ({}, "instructions", "Be brief."),
        ({"instructions": "Be long."}, "instructions", "Be long."),
        ({"instructions": ""}, "instructions", ""),
        ({"additional_instructions": "Or not."}, "instructions", "Be brief. Or not."),
        ({"instructions": "", "additional_instructions": "Or not."}, "instructions", "Or not."),
        ({}, "temperature", 0.0),
        ({"temperature": 1}, "temperature", 1.0),
        ({"top_p": 0}, "top_p", 0.0),
        ({}, "tools", [{"type": "code_interpreter"}]),
        ({"tools": []}, "tools", []),
        ({"tools": None}, "tools", [{"type": "code_interpreter"}]),
        ({}, "tool_resources", {}),
        ({}, "metadata", {}),
        ({"metadata": {"of": "run"}}, "metadata", {"of": "run"}),
        ({}, "truncation_strategy", {"type": "auto", "last_messages": None}),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 3}}, "truncation_strategy",
         {"type": "last_messages", "last_messages": 3}),
        ({}, "response_format", {"type": "text"}),
        ({}, "tool_choice", "auto"),
        ({"tool_choice": "none"}, "tool_choice", "none"),
        ({}, "parallel_tool_calls", True),
        ({"parallel_tool_calls": False}, "parallel_tool_calls", False),
        ({}, "expires_at", 605),
        ({}, "started_at", None),
        ({}, "status", "queued"),
        ({}, "usage", None),
    ],
)  # fmt: skip
def test_a_run_takes_the_assistant_s_settings_unless_told_otherwise(body: Object, field: str, value: Any) -> None:
    run: Mapping[str, Any] = objects.run("run_1", 5, "thread_1", ASSISTANT, body)
    made = run[field]
    assert (made, type(made)) == (value, type(value))


def test_a_run_step_expires_with_its_run() -> None:
    assert (
        objects.run_step("step_1", 5, RUN, {"type": "tool_calls", "tool_calls": []})["expires_at"] == RUN["expires_at"]
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [("one", "one"), ([{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "u"}},
                       {"type": "text", "text": "two"}], "one\ntwo")],
    ids=["one part", "three parts"],
)  # fmt: skip
def test_all_text_of_a_message(content: Any, text: str) -> None:
    assert objects.text_of(objects.message("msg_1", 5, "t", {"role": "user", "content": content})) == text
