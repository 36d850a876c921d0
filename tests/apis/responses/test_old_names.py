"""Old names in a request: each is found wherever it stands, once, with its new home; and each is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from emulator.apis.http.validation import request_error
from emulator.apis.responses.old_names import OldName, old_names
from emulator.base.operations import BY_NAME
from tests.apis.http.test_validation import ANYTHING, steady
from tests.apis.responses.valid import BODIES

BODY: dict[str, Any] = {"model": "m", "input": "hi"}


def part(value: Any, role: str = "user") -> dict[str, Any]:
    return {"input": [{"role": role, "content": [value]}]}


def item(**more: Any) -> dict[str, Any]:
    return {"input": ["hi", {"role": "user", "content": "hi", **more}]}


CALL_OUTPUT = {"type": "function_call_output", "tool_call_id": "call_1", "output": "x"}
ROWS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"assistant_id": "asst_1"}, "assistant_id", "assistant_id", "the model, instructions and tools"),
    ({"thread_id": "thread_1"}, "thread_id", "thread_id", "`conversation`"),
    ({"thread": {"messages": []}}, "thread", "thread", "`conversation`"),
    ({"messages": []}, "messages", "messages", "`input`"),
    ({"additional_messages": []}, "additional_messages", "additional_messages", "`input`"),
    ({"additional_instructions": "x"}, "additional_instructions", "additional_instructions", "`instructions`"),
    ({"tool_resources": {}}, "tool_resources", "tool_resources", "`tools[].vector_store_ids`"),
    ({"tool_outputs": []}, "tool_outputs", "tool_outputs", "`function_call_output`"),
    ({"run_id": "run_1"}, "run_id", "run_id", "`previous_response_id`"),
    ({"file_ids": []}, "file_ids", "file_ids", "`tools[].container.file_ids`"),
    ({"attachments": []}, "attachments", "attachments", "`input_file`"),
    ({"role": "user"}, "role", "role", "`input[].role`"),
    ({"content": "x"}, "content", "content", "`input`"),
    ({"response_format": {}}, "response_format", "response_format", "`text.format`"),
    ({"max_completion_tokens": 16}, "max_completion_tokens", "max_completion_tokens", "`max_output_tokens`"),
    ({"max_tokens": 16}, "max_tokens", "max_tokens", "`max_output_tokens`"),
    ({"max_prompt_tokens": 256}, "max_prompt_tokens", "max_prompt_tokens", "`truncation`"),
    ({"truncation_strategy": None}, "truncation_strategy", "truncation_strategy", "`truncation`"),
    ({"functions": []}, "functions", "functions", "`tools`"),
    ({"function_call": "auto"}, "function_call", "function_call", "`tool_choice`"),
    ({"reasoning_effort": "low"}, "reasoning_effort", "reasoning_effort", "`reasoning.effort`"),
    ({"verbosity": "low"}, "verbosity", "verbosity", "`text.verbosity`"),
    ({"logprobs": True}, "logprobs", "logprobs", "`include`"),
    ({"web_search_options": {}}, "web_search_options", "web_search_options", "`web_search`"),
    ({"n": 2}, "n", "n", "has no `n`"),
    ({"stop": "x"}, "stop", "stop", "has no `stop`"),
    ({"seed": 1}, "seed", "seed", "has no `seed`"),
    ({"logit_bias": {}}, "logit_bias", "logit_bias", "has no `logit_bias`"),
    ({"prediction": {}}, "prediction", "prediction", "has no `prediction`"),
    ({"stream_options": {"include_usage": True}}, "stream_options.include_usage", "include_usage", "always"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].function", "function", "tool itself"),
    ({"tools": [7, {"type": "file_search", "file_search": {}}]}, "tools[1].file_search", "file_search", "tool itself"),
    ({"tools": [{"type": "retrieval"}]}, "tools[0].type", "retrieval", "`vector_store_ids`"),
    (
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        "tool_choice.function",
        "function",
        "`tool_choice.name`",
    ),
    (
        {"text": {"format": {"type": "json_schema", "json_schema": {}}}},
        "text.format.json_schema",
        "json_schema",
        "`text.format` itself",
    ),
    (item(role="tool"), "input[1].role", "tool", "`function_call_output`"),
    (item(role="function"), "input[1].role", "function", "`function_call_output`"),
    ({"input": [CALL_OUTPUT]}, "input[0].tool_call_id", "tool_call_id", "`call_id`"),
    (item(tool_calls=[]), "input[1].tool_calls", "tool_calls", "`function_call`"),
    (item(function_call={}), "input[1].function_call", "function_call", "`function_call`"),
    (item(file_ids=[]), "input[1].file_ids", "file_ids", "`input_file`"),
    (item(attachments=[]), "input[1].attachments", "attachments", "`input_file`"),
    (item(metadata={}), "input[1].metadata", "metadata", "a conversation"),
    (item(thread_id="x"), "input[1].thread_id", "thread_id", "`conversation`"),
    (item(assistant_id=None), "input[1].assistant_id", "assistant_id", "of a message"),
    (item(run_id=None), "input[1].run_id", "run_id", "of a message"),
    (part({"type": "text", "text": "x"}), "input[0].content[0].type", "text", "`input_text`"),
    (part({"type": "text", "text": "x"}, "assistant"), "input[0].content[0].type", "text", "`output_text`"),
    (part({"type": "image_file", "image_file": {}}), "input[0].content[0].type", "image_file", "`file_id`"),
    (part({"type": "image_url", "image_url": {}}), "input[0].content[0].type", "image_url", "`input_image`"),
    (part({"type": "file", "file": {}}), "input[0].content[0].type", "file", "`input_file`"),
    (part({"type": "input_image", "image_url": {"url": "x"}}), "input[0].content[0].image_url", "image_url", "string"),
    (part({"type": "input_text", "text": "x"}, "assistant"), "input[0].content[0].type", "input_text", "`output_text`"),
]


@pytest.mark.parametrize(("changes", "path", "name", "home"), ROWS, ids=[row[1] for row in ROWS])
def test_an_old_name_leads_to_its_home(changes: dict[str, Any], path: str, name: str, home: str) -> None:
    (found,) = old_names({**BODY, **changes})
    assert (found.path, found.name) == (path, name)
    assert home in found.home
    assert str(found) == f"{path}: {found.home}"


@pytest.mark.parametrize("changes", [row[0] for row in ROWS], ids=[row[1] for row in ROWS])
def test_an_old_name_is_refused(changes: dict[str, Any]) -> None:
    assert request_error("create_response", {**BODY, **changes}) is not None


@pytest.mark.parametrize("operation", sorted(BODIES))
def test_a_valid_body_has_none(operation: str) -> None:
    assert old_names(BODIES[operation], BY_NAME[operation].heading) == []


@pytest.mark.parametrize(
    ("body", "path", "home"),
    [
        ({"messages": []}, "messages", "`items`"),
        ({"input": "hi"}, "input", "`items`"),
        ({"role": "user"}, "role", "`items[].role`"),
        ({"content": "x"}, "content", "`items[].content`"),
        ({"attachments": []}, "attachments", "`input_file`"),
        ({"file_ids": []}, "file_ids", "`input_file`"),
        ({"tool_resources": {}}, "tool_resources", "each request for a response"),
        ({"thread_id": "thread_1"}, "thread_id", "`metadata`"),
        ({"assistant_id": "asst_1"}, "assistant_id", "each request"),
        ({"items": [{"role": "user", "content": [{"type": "text"}]}]}, "items[0].content[0].type", "`input_text`"),
        ({"items": [{"role": "user", "content": "x", "metadata": {}}]}, "items[0].metadata", "a conversation have it"),
    ],
    ids=str,
)
def test_a_conversation_has_homes_of_its_own(body: dict[str, Any], path: str, home: str) -> None:
    (found,) = old_names(body, "conversations")
    assert found.path == path
    assert home in found.home
    assert request_error("create_conversation", body) is not None


def test_all_of_a_body_are_found_each_once() -> None:
    text = {"type": "text", "text": "x"}
    body = {
        "assistant_id": "asst_1",
        "messages": [{"role": "user", "content": [text, text]}, {"role": "user", "content": [text]}],
        "response_format": {"type": "json_object"},
        "tools": [{"type": "function", "function": {"name": one}} for one in "ab"],
    }

    assert [found[:2] for found in old_names(body)] == [
        ("assistant_id", "assistant_id"),
        ("messages", "messages"),
        ("response_format", "response_format"),
        ("tools[0].function", "function"),
        ("messages[0].content[0].type", "text"),
    ]


@steady(max_examples=100)
@given(value=ANYTHING)
def test_any_body_can_be_asked(value: Any) -> None:
    for key in ("input", "messages", "tools", "tool_choice", "text"):
        assert all(isinstance(one, OldName) for one in old_names({key: value}))
        assert all(isinstance(one, OldName) for one in old_names({key: [value, {"content": [value], "role": value}]}))
    assert isinstance(old_names(value), list)
