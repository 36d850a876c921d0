"""For each operation a valid body and a valid query with everything in it that the operation knows."""

from __future__ import annotations

from typing import Any

_FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": None}
_RANKING = {"ranker": "auto", "score_threshold": 0.5, "hybrid_search": None}
_SEARCH = {"max_num_results": 50, "ranking_options": _RANKING}
_TOOLS: list[Any] = [
    {"type": "function", "function": _FUNCTION},
    {"type": "code_interpreter"},
    {"type": "file_search", "file_search": _SEARCH},
]
_RESOURCES = {"code_interpreter": {"file_ids": ["file-1"]}, "file_search": {"vector_store_ids": ["vs_1"]}}
_JSON_SCHEMA = {"name": "n", "description": "d", "schema": {"type": "object"}, "strict": True}
_CONTENT = [
    {"type": "text", "text": "hi"},
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "high"}},
]
_ATTACHMENT = {"file_id": "file-1", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]}
_MESSAGE = {"role": "user", "content": _CONTENT, "attachments": [_ATTACHMENT], "metadata": {"k": "v"}}
_ASSISTANT: dict[str, Any] = {
    "model": "gpt-4o",
    "name": "n",
    "description": None,
    "instructions": "i",
    "reasoning_effort": "low",
    "tools": _TOOLS,
    "tool_resources": _RESOURCES,
    "metadata": {"k": "v"},
    "temperature": 0.5,
    "top_p": 1,
    "response_format": {"type": "json_schema", "json_schema": _JSON_SCHEMA},
}
_THREAD = {"messages": [_MESSAGE], "tool_resources": _RESOURCES, "metadata": None}
_RUN: dict[str, Any] = {
    "assistant_id": "asst_1",
    "model": None,
    "instructions": "i",
    "tools": _TOOLS,
    "metadata": {},
    "temperature": 2,
    "top_p": 0.0,
    "stream": False,
    "max_prompt_tokens": 256,
    "max_completion_tokens": 16,
    "truncation_strategy": {"type": "last_messages", "last_messages": 1},
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": True,
    "response_format": "auto",
}
_MORE = {"reasoning_effort": None, "additional_instructions": "more", "additional_messages": [_MESSAGE]}
_CHUNKS = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
_EACH: dict[str, Any] = {"chunking_strategy": _CHUNKS, "attributes": {"s": "x", "n": 1.5, "b": True}}
_STORED = {"file_id": "file-1", **_EACH}
_ACTIVE = {"anchor": "last_active_at", "days": 365}
_IN = {"type": "in", "key": "k", "value": ["x", 1]}
_FILTER = {"type": "and", "filters": [_IN, {"type": "gt", "key": "k", "value": 2}]}
BODIES: dict[str, dict[str, Any]] = {
    "create_assistant": _ASSISTANT,
    "modify_assistant": _ASSISTANT,
    "create_thread": _THREAD,
    "modify_thread": {"tool_resources": _RESOURCES, "metadata": {"k": "v"}},
    "create_message": _MESSAGE,
    "modify_message": {"metadata": {"k": "v"}},
    "create_run": {**_RUN, **_MORE},
    "create_thread_and_run": {**_RUN, "thread": _THREAD, "tool_resources": _RESOURCES},
    "modify_run": {"metadata": {"k": "v"}},
    "cancel_run": {},
    "submit_tool_outputs_to_run": {"tool_outputs": [{"tool_call_id": "call_1", "output": "o"}], "stream": True},
    "create_upload": {
        "filename": "a.md",
        "purpose": "assistants",
        "bytes": 0,
        "mime_type": "text/markdown",
        "expires_after": {"anchor": "created_at", "seconds": 3600},
    },
    "complete_upload": {"part_ids": ["part_1"], "md5": None},
    "cancel_upload": {},
    "create_vector_store": {
        "file_ids": ["file-1"],
        "name": "n",
        "description": "d",
        "expires_after": _ACTIVE,
        "chunking_strategy": {"type": "auto"},
        "metadata": {"k": "v"},
    },
    "modify_vector_store": {"name": None, "expires_after": _ACTIVE, "metadata": {}},
    "create_vector_store_file": _STORED,
    "update_vector_store_file_attributes": {"attributes": _EACH["attributes"]},
    "create_vector_store_file_batch": {**_EACH, "file_ids": ["file-1"], "files": [_STORED]},
    "cancel_vector_store_file_batch": {},
    "search_vector_store": {
        "query": ["x"],
        "rewrite_query": None,
        "max_num_results": 50,
        "filters": _FILTER,
        "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
    },
}
_PAGE: dict[str, Any] = {"limit": 100, "order": "asc", "after": "x", "before": "y"}
_INCLUDE = {"include[]": ["step_details.tool_calls[*].file_search.results[*].content"]}
QUERIES: dict[str, dict[str, Any]] = {
    "list_assistants": _PAGE,
    "list_messages": {**_PAGE, "run_id": "run_1"},
    "list_runs": _PAGE,
    "list_run_steps": {**_PAGE, **_INCLUDE},
    "get_run_step": _INCLUDE,
    "create_run": _INCLUDE,
    "list_files": {"purpose": "assistants", "limit": 10_000, "order": "asc", "after": "x"},
    "list_vector_stores": _PAGE,
    "list_vector_store_files": {**_PAGE, "filter": "completed"},
    "list_files_in_vector_store_batch": {**_PAGE, "filter": "failed"},
}
