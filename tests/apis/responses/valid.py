"""For each operation on responses a valid body, or query, with every parameter that the operation knows."""

from __future__ import annotations

from typing import Any

BREAKPOINT = {"mode": "explicit"}
IMAGE = {"type": "input_image", "image_url": "https://example.com/a.png", "file_id": None, "detail": "low"}
FILE = {
    "type": "input_file",
    "file_id": "file-1",
    "filename": "a.pdf",
    "file_data": None,
    "file_url": None,
    "detail": "auto",
    "prompt_cache_breakpoint": BREAKPOINT,
}
PARTS: list[Any] = [{"type": "input_text", "text": "hi", "prompt_cache_breakpoint": BREAKPOINT}, IMAGE, FILE]
ANNOTATIONS: list[Any] = [
    {"type": "file_citation", "file_id": "file-1", "filename": "a.md", "index": 1},
    {"type": "url_citation", "url": "https://example.com", "start_index": 0, "end_index": 1, "title": "t"},
    {
        "type": "container_file_citation",
        "container_id": "cntr_1",
        "file_id": "cfile_1",
        "filename": "a.png",
        "start_index": 0,
        "end_index": 1,
    },
    {"type": "file_path", "file_id": "file-1", "index": 0},
]
OUTPUT = {"type": "output_text", "text": "hello", "annotations": ANNOTATIONS, "logprobs": []}
USER = {"type": "message", "id": "msg_1", "status": "completed", "role": "user", "content": PARTS}
ASSISTANT = {
    "type": "message",
    "id": "msg_2",
    "status": "completed",
    "role": "assistant",
    "content": [OUTPUT, {"type": "refusal", "refusal": "no"}],
    "phase": "final_answer",
}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "f",
    "namespace": "n",
    "arguments": "{}",
    "status": "completed",
    "caller": None,
}
CALL_OUTPUT = {
    "type": "function_call_output",
    "id": None,
    "call_id": "call_1",
    "output": PARTS,
    "name": None,
    "namespace": None,
    "status": None,
    "caller": None,
}
ITEMS: list[Any] = [
    {"role": "user", "content": "hi"},
    {"role": "developer", "content": [{"type": "input_text", "text": "be terse"}]},
    USER,
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "s"}],
        "content": [{"type": "reasoning_text", "text": "r"}],
        "encrypted_content": "gAAAA",
    },
    ASSISTANT,
    CALL,
    CALL_OUTPUT,
    {"type": "function_call_output", "call_id": "call_1", "output": "21"},
    {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["q"], "results": None},
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "status": "completed",
        "container_id": "cntr_1",
        "code": "1",
        "outputs": [{"type": "logs", "logs": "1"}, {"type": "image", "url": "data:image/png;base64,AA=="}],
    },
    {"type": "code_interpreter_call", "id": "ci_2", "status": "completed", "container_id": "cntr_1", "code": "1"},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAA"},
    {"type": "item_reference", "id": "msg_1"},
    {"id": "msg_3"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
    {"type": "compaction_trigger"},
]
FUNCTION = {
    "type": "function",
    "name": "f",
    "description": "d",
    "parameters": {"type": "object"},
    "strict": None,
    "output_schema": None,
    "defer_loading": False,
    "allowed_callers": ["direct"],
}
TOOLS: list[Any] = [
    FUNCTION,
    {
        "type": "file_search",
        "vector_store_ids": ["vs_1"],
        "max_num_results": 50,
        "ranking_options": {
            "ranker": "auto",
            "score_threshold": 0.5,
            "hybrid_search": {"embedding_weight": 1, "text_weight": 1},
        },
        "filters": {"type": "and", "filters": [{"type": "eq", "key": "k", "value": 1}]},
    },
    {
        "type": "code_interpreter",
        "container": {
            "type": "auto",
            "file_ids": ["file-1"],
            "memory_limit": "4g",
            "network_policy": {"type": "disabled"},
        },
        "allowed_callers": None,
    },
    {"type": "code_interpreter", "container": "cntr_1"},
    {"type": "web_search", "search_context_size": "low"},
    {"type": "custom", "name": "c"},
]
FORMAT = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True, "description": "d"}
SHARED: dict[str, Any] = {
    "model": "gpt-4o",
    "input": ITEMS,
    "previous_response_id": None,
    "instructions": "i",
}
MODEL: dict[str, Any] = {
    "conversation": {"id": "conv_1"},
    "tools": TOOLS,
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    "text": {"format": FORMAT, "verbosity": "low"},
    "parallel_tool_calls": False,
    "reasoning": {
        "effort": "low",
        "summary": "auto",
        "generate_summary": None,
        "context": "current_turn",
        "mode": "standard",
    },
    "truncation": "auto",
}
CACHE: dict[str, Any] = {
    "prompt_cache_key": "k",
    "prompt_cache_retention": "24h",
    "prompt_cache_options": {"mode": "implicit", "ttl": "30m"},
    "service_tier": "flex",
}
BODIES: dict[str, dict[str, Any]] = {
    "create_response": {
        **SHARED,
        **MODEL,
        **CACHE,
        "prompt": None,
        "moderation": {"model": "m", "policy": {"input": {"mode": "score"}, "output": None}},
        "include": ["file_search_call.results", "reasoning.encrypted_content"],
        "metadata": {"k": "v"},
        "temperature": 0.5,
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": -2,
        "stream": True,
        "stream_options": {"include_obfuscation": False},
        "background": False,
        "max_output_tokens": 16,
        "max_tool_calls": 1,
        "user": "u",
        "safety_identifier": "s",
        "store": False,
        "top_logprobs": 20,
        "context_management": [{"type": "compaction", "compact_threshold": 1000}],
    },
    "cancel_response": {},
    "create_conversation": {"metadata": {"k": "v"}, "items": ITEMS},
    "update_conversation": {"metadata": {"k": "v"}},
    "create_conversation_items": {"items": ITEMS},
    "create_container": {
        "name": "n",
        "file_ids": ["file-1"],
        "expires_after": {"anchor": "last_active_at", "minutes": 20},
        "memory_limit": "4g",
        "network_policy": {
            "type": "allowlist",
            "allowed_domains": ["example.com"],
            "domain_secrets": [{"domain": "example.com", "name": "n", "value": "v"}],
        },
        "skills": [{"type": "skill_reference", "skill_id": "s"}],
    },
    "create_container_file": {"file_id": "file-1"},
    "get_input_token_counts": {**SHARED, **MODEL, "personality": "friendly"},
    "compact_conversation": {**SHARED, **CACHE},
}
QUERIES: dict[str, dict[str, Any]] = {
    "get_response": {
        "include[]": ["code_interpreter_call.outputs"],
        "stream": True,
        "starting_after": 0,
        "include_obfuscation": False,
    },
    "list_input_items": {
        "limit": 100,
        "order": "asc",
        "after": "msg_1",
        "before": "msg_2",
        "include[]": ["message.input_image.image_url"],
    },
    "create_conversation_items": {"include[]": ["file_search_call.results"]},
    "list_conversation_items": {
        "limit": 100,
        "order": "asc",
        "after": "msg_1",
        "before": "msg_2",
        "include[]": ["file_search_call.results"],
    },
    "get_conversation_item": {"include[]": ["file_search_call.results"]},
    "list_containers": {"limit": 100, "order": "asc", "after": "cntr_1", "name": "n"},
    "list_container_files": {"limit": 100, "order": "asc", "after": "cfile_1"},
}
