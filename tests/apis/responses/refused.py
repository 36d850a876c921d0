"""Requests for a response that are refused: situation, changes to a valid body, the error in the service's words."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from tests.apis.endpoints.words import (
    Error,
    empty,
    error,
    ill_typed,
    missing,
    no_value,
    too_high,
    too_long,
    too_low,
    too_many,
    too_many_keys,
    unknown,
)
from tests.apis.responses.valid import CALL, ITEMS, PARTS

DOCUMENT: dict[str, Any] = json.loads(files("emulator.base").joinpath("schemas/responses.json").read_bytes())
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}
KINDS = DOCUMENT["$defs"]["input_item"]["properties"]["type"]["enum"][:-1]
ALL_KINDS = f"{', '.join(repr(kind) for kind in KINDS[:-1])}, and {KINDS[-1]!r}"
ROLES = "'assistant', 'system', 'developer', and 'user'"
ALL_PARTS = (
    "'input_text', 'input_image', 'input_audio', 'output_text', 'refusal', 'input_file', 'computer_screenshot', "
    "'summary_text', and 'encrypted_content'"
)
USER_PARTS = "'input_text', 'input_image', 'input_file', 'scoped_content', and 'input_audio'"
EFFORTS = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'"
INCLUDABLE = (
    "'file_search_call.results', 'web_search_call.results', 'web_search_call.action.sources', "
    "'message.input_image.image_url', 'computer_call_output.output.image_url', 'code_interpreter_call.outputs', "
    "'reasoning.encrypted_content', and 'message.output_text.logprobs'"
)
MOVED = (
    "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again with the "
    "new parameter. See the API documentation for more information: "
    "https://platform.openai.com/docs/api-reference/responses/create."
)
TOOL_TYPES = DOCUMENT["$defs"]["response_tool"]["properties"]["type"]["enum"]
PATTERN = (
    "Invalid 'tools[0].name': string does not match pattern. Expected a string that matches the pattern "
    "'^[a-zA-Z0-9_-]+$'."
)


def item(value: Any, at: int = 0) -> dict[str, Any]:
    """A body whose input has an item at this place."""
    return {"input": [*[{"role": "user", "content": "hi"}] * at, value]}


def message(part: Any, role: str = "user", at: int = 0) -> dict[str, Any]:
    return item({"role": role, "content": [part]}, at)


def tool(**more: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", **more}]}


def json_format(**more: Any) -> dict[str, Any]:
    return {"text": {"format": {"type": "json_schema", **more}}}


REFUSED: list[tuple[str, dict[str, Any], Error]] = [
    # parameters
    ("no model", {"model": ...}, missing("model")),
    ("a null model", {"model": None}, ill_typed("model", "a string", "null")),
    ("no input", {"input": ...}, missing("input")),
    ("no input, null parents", {"input": ..., "previous_response_id": None, "conversation": None}, missing("input")),
    ("unknown", {"zzz": 1}, unknown("zzz")),
    ("unknown and null", {"zzz": None}, unknown("zzz")),
    ("of another API", {"assistant_id": "asst_1"}, unknown("assistant_id")),
    ("response_format", {"response_format": {"type": "json_object"}}, unknown("response_format")),
    ("max_tokens", {"max_tokens": 16}, unknown("max_tokens")),
    ("messages", {"messages": []}, error(MOVED, None, "unsupported_parameter")),
    ("messages for input", {"messages": [], "input": ...}, error(MOVED, None, "unsupported_parameter")),
    ("input", {"input": {"a": 1}}, ill_typed("input", "one of a string or array of input items", "an object")),
    ("temperature", {"temperature": -1}, too_low("temperature", 0, -1, "decimal")),
    ("temperature", {"temperature": "hot"}, ill_typed("temperature", "a decimal", "a string")),
    ("top_p", {"top_p": 1.5}, too_high("top_p", 1, 1.5, "decimal")),
    ("max_output_tokens", {"max_output_tokens": 15}, too_low("max_output_tokens", 16, 15)),
    ("max_output_tokens", {"max_output_tokens": "x"}, ill_typed("max_output_tokens", "an integer", "a string")),
    ("max_tool_calls", {"max_tool_calls": 0}, too_low("max_tool_calls", 1, 0)),
    ("top_logprobs", {"top_logprobs": 21}, too_high("top_logprobs", 20, 21)),
    ("stream", {"stream": "yes"}, ill_typed("stream", "a boolean", "a string")),
    ("metadata", {"metadata": "x"}, ill_typed("metadata", "a metadata object", "a string")),
    ("metadata", {"metadata": {str(n): "v" for n in range(17)}}, too_many_keys("metadata", 16, 17)),
    ("metadata", {"metadata": {"k": "v" * 513}}, too_long("metadata.k", 512, 513)),
    ("truncation", {"truncation": "x"}, no_value("x", "'auto' and 'disabled'", "truncation")),
    ("truncation", {"truncation": {}}, ill_typed("truncation", "one of 'auto' or 'disabled'", "an object")),
    ("service_tier", {"service_tier": 1}, ill_typed(
        "service_tier", "one of 'auto', 'default', 'fast', 'flex', or 'priority'", "an integer")),
    ("include", {"include": ["x"]}, no_value("x", INCLUDABLE, "include[0]")),
    ("include", {"include": [1]}, ill_typed("include[0]", f"one of {INCLUDABLE.replace('and', 'or')}", "an integer")),
    ("conversation", {"conversation": {}}, missing("conversation.id")),
    ("conversation", {"conversation": 1}, ill_typed("conversation", "one of a string or an object", "an integer")),
    ("previous", {"previous_response_id": {}}, ill_typed("previous_response_id", "a string", "an object")),
    ("prompt", {"prompt": "x"}, ill_typed("prompt", "an object", "a string")),
    ("stream_options", {"stream_options": {"include_usage": True}}, unknown("stream_options.include_usage")),
    ("reasoning", {"reasoning": {"effort": "x"}}, no_value("x", EFFORTS, "reasoning.effort")),
    ("reasoning", {"reasoning": {"effort": {}}}, ill_typed(
        "reasoning.effort", f"one of one of {EFFORTS.replace('and', 'or')} or integer", "an object")),
    ("reasoning", {"reasoning": {"zzz": 1}}, unknown("reasoning.zzz")),
    ("context", {"context_management": "x"}, ill_typed("context_management", "an array of objects", "a string")),
    ("context", {"context_management": []}, empty("context_management", "array")),
    # text
    ("text", {"text": {"zzz": 1}}, unknown("text.zzz")),
    ("verbosity", {"text": {"verbosity": "x"}}, no_value("x", "'low', 'medium', and 'high'", "text.verbosity")),
    ("format", {"text": {"format": {"type": "x"}}}, no_value(
        "x", "'json_object', 'text', and 'json_schema'", "text.format.type")),
    ("format without a name", json_format(), missing("text.format.name")),
    ("format in the shape of Chat", json_format(json_schema={"name": "n", "schema": {}}), missing("text.format.name")),
    ("format without a schema", json_format(name="n"), missing("text.format.schema")),
    # tools
    ("tools", {"tools": "x"}, ill_typed("tools", "an array of tools", "a string")),
    ("tool without a type", {"tools": [{}]}, missing("tools[0].type")),
    ("tool of Assistants v1", {"tools": [{"type": "retrieval"}]}, no_value(
        "retrieval", f"{', '.join(repr(one) for one in TOOL_TYPES[:-1])}, and {TOOL_TYPES[-1]!r}", "tools[0].type")),
    ("tool without a name", tool(), missing("tools[0].name")),
    ("tool in the shape of Chat", tool(function={"name": "f"}), missing("tools[0].name")),
    ("tool with both shapes", tool(name="f", function={"name": "f"}), unknown("tools[0].function")),
    ("the second tool", {"tools": [{"type": "function", "name": "f"}, {"type": "function"}]}, missing("tools[1].name")),
    ("name", tool(name="get it"), error(PATTERN, "tools[0].name", "invalid_value")),
    ("name", tool(name="x" * 129), too_long("tools[0].name", 128, 129)),
    ("file_search of Assistants", {"tools": [{"type": "file_search"}]}, missing("tools[0].vector_store_ids")),
    ("file_search of Assistants", {"tools": [{"type": "file_search", "file_search": {}}]},
     missing("tools[0].vector_store_ids")),
    ("results", {"tools": [{"type": "file_search", "vector_store_ids": [], "max_num_results": 51}]},
     too_high("tools[0].max_num_results", 50, 51)),
    ("code_interpreter of Assistants", {"tools": [{"type": "code_interpreter"}]}, missing("tools[0].container")),
    ("container", {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["f"] * 51}}]},
     too_many("tools[0].container.file_ids", 50, 51)),
    ("tool_choice", {"tool_choice": 7}, ill_typed(
        "tool_choice", "one of an object or 'none', 'auto', or 'required'", "an integer")),
    ("tool_choice", {"tool_choice": "any"}, no_value("any", "'none', 'auto', and 'required'", "tool_choice")),
    ("allowed tool of no type", {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": False}]}},
     ill_typed("tool_choice.tools[0].type", "a string", "a boolean")),
    ("allowed tool without a text for its name",
     {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": []}]}},
     ill_typed("tool_choice.tools[0].name", "a string", "an array")),
    ("tool_choice of Chat", {"tool_choice": {"type": "function", "function": {"name": "f"}}},
     missing("tool_choice.name")),
    # items
    ("item", item(7), ill_typed("input[0]", "an input item", "an integer")),
    ("item", item("hi"), ill_typed("input[0]", "an input item", "a string")),
    ("item of no type", item({"type": "x"}), no_value("x", ALL_KINDS, "input[0]")),
    ("type of an item", item({"type": 7, "role": "user", "content": "x"}), no_value("", ALL_KINDS, "input[0]")),
    ("no role", item({}), no_value("", ROLES, "input[0]")),
    ("role", item({"role": "tool", "content": "x", "tool_call_id": "call_1"}, 2), no_value("tool", ROLES, "input[2]")),
    ("no content", item({"role": "user"}), missing("input[0].content")),
    ("unknown", item({"role": "user", "content": "x", "attachments": []}), unknown("input[0].attachments")),
    ("phase of a user", item({"role": "user", "content": "x", "phase": None}), unknown("input[0].phase")),
    ("phase", item({"role": "assistant", "content": "x", "phase": "x"}), no_value(
        "x", "'commentary' and 'final_answer'", "input[0].phase")),
    ("status of reasoning", item({**REASONING, "status": None}, 1), unknown("input[1].status")),
    ("status of reasoning", item({**REASONING, "status": "completed"}, 1), unknown("input[1].status")),
    ("status of a reference", item({"type": "item_reference", "id": "x", "status": None}), unknown("input[0].status")),
    ("status", item({**CALL, "status": None}), ill_typed(
        "input[0].status", "one of 'in_progress', 'completed', or 'incomplete'", "null")),
    ("call", item({"type": "function_call", "name": "f", "arguments": "{}"}), missing("input[0].call_id")),
    ("arguments", item({**CALL, "arguments": {}}), ill_typed("input[0].arguments", "a string", "an object")),
    ("output of Assistants", item({"type": "function_call_output", "tool_call_id": "call_1", "output": "x"}),
     missing("input[0].call_id")),
    ("call_id", item({"type": "function_call_output", "call_id": "c" * 65, "output": ""}),
     too_long("input[0].call_id", 64, 65)),
    ("output", item({"type": "function_call_output", "call_id": "c", "output": {}}), ill_typed(
        "input[0].output", "one of a string or array of content parts", "an object")),
    ("summary", item({"type": "reasoning", "id": "rs_1"}), missing("input[0].summary")),
    # content parts
    ("no type", message({}), missing("input[0].content[0].type")),
    ("part of Assistants", message({"type": "text", "text": "x"}, at=2),
     no_value("text", ALL_PARTS, "input[2].content[0].type")),
    ("image of Assistants", message({"type": "image_file", "image_file": {"file_id": "x"}}),
     no_value("image_file", ALL_PARTS, "input[0].content[0].type")),
    ("part of an assistant", message({"type": "output_text", "text": "x"}),
     no_value("output_text", USER_PARTS, "input[0].content[0]")),
    ("part of a user", message({"type": "input_text", "text": "x"}, "assistant", 1),
     no_value("input_text", "'output_text' and 'refusal'", "input[1].content[0]")),
    ("text", message({"type": "input_text"}), missing("input[0].content[0].text")),
    ("image of Chat", message({"type": "input_image", "image_url": {"url": "https://example.com/a.png"}}),
     ill_typed("input[0].content[0].image_url", "an image URL", "an object")),
    ("second part", item({"role": "user", "content": [PARTS[0], {"type": "input_text", "text": 1}]}),
     ill_typed("input[0].content[1].text", "a string", "an integer")),
    # which comes first
    ("model before unknown", {"model": ..., "zzz": 1}, missing("model")),
    ("unknown before items", {**item({"role": "user", "content": "x", "zzz": 1}), "zzz": 1}, unknown("zzz")),
    ("input before truncation", {"input": 7, "truncation": "x"},
     ill_typed("input", "one of a string or array of input items", "an integer")),
    ("items before truncation", {**item({}), "truncation": "x"}, no_value("", ROLES, "input[0]")),
    ("first item first", {"input": [{"role": "user", "content": [{"type": "text"}]}, {}]},
     no_value("text", ALL_PARTS, "input[0].content[0].type")),
    ("third before tenth", {"input": [*ITEMS[:2], {}, *ITEMS[2:9], {}]}, no_value("", ROLES, "input[2]")),
    ("include before tools", {"include": ["x"], "tools": "x"}, no_value("x", INCLUDABLE, "include[0]")),
    ("metadata before text", {"metadata": "x", "text": "x"}, ill_typed("metadata", "a metadata object", "a string")),
    ("top_p before stream", {"stream": "x", "top_p": "x"}, ill_typed("top_p", "a decimal", "a string")),
]  # fmt: skip
