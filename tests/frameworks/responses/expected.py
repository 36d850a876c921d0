"""What the applications on the Responses API have to find, framework by framework."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.frameworks.expected import AGAIN, CITIES, HELLO, WORDS

HAT = "A hat, at 27 degrees."
MENU = "The soup of the day is leek and potato, with rye bread."
CODE = "print((14 - 11) / 3)"
_HOSTED = ["Leek and potato, with rye bread.", "x is 1.", AGAIN]
_RECIPE = {"title": "Soup", "minutes": 20}
_TALK = [HELLO, AGAIN]
_CALLED = [["get_weather", {"city": "Paris"}, "18 degrees"], ["get_weather", {"city": "Rome"}, "27 degrees"]]

FOUND: dict[str, dict[str, Any]] = {
    "langchain": {
        "functions": {"messages": ["human", "ai", "tool", "tool", "ai"], "output": CITIES},
        "streamed": WORDS,
        "conversations": {"history": _TALK, "chain": _TALK},
        "unstored": {"messages": ["human", "ai", "tool", "ai"], "output": HAT},
        "hosted": {
            "blocks": [["file_search_call", "text"], ["code_interpreter_call", "text"]],
            "cited": ["menu.md"],
            "outputs": _HOSTED,
        },
        "structured": _RECIPE,
    },
    "llama_index": {
        "functions": {"called": _CALLED, "words": [], "output": CITIES},
        "streamed": {"called": _CALLED, "words": WORDS, "output": CITIES},
        "conversations": {"memory": _TALK, "history": _TALK, "chain": _TALK},
        "unstored": {
            "called": [["get_weather", {"city": "Rome"}, "27 degrees"]],
            "words": ["A", " hat", ",", " at", " 27", " degrees", "."],
            "output": HAT,
        },
        "hosted": {"called": ["file_search_call"], "cited": ["menu.md"], "outputs": _HOSTED},
        "structured": _RECIPE,
    },
    "openai_agents": {
        "functions": CITIES,
        "streamed": {
            "words": WORDS,
            "items": [*["tool_call_item"] * 2, *["tool_call_output_item"] * 2, "message_output_item"],
            "output": CITIES,
        },
        "conversations": {
            "history": _TALK,
            "chain": [AGAIN],
            "session": _TALK,
            "conversation": _TALK,
            "items": [["user", "Hello"], ["assistant", HELLO], ["user", "Hello again"], ["assistant", AGAIN]],
        },
        "unstored": {
            "items": [
                "reasoning_item",
                "tool_call_item",
                "tool_call_output_item",
                "reasoning_item",
                "message_output_item",
            ],
            "output": HAT,
        },
        "handoff": {"last": "Cook", "output": "Soup."},
        "hosted": {
            "items": ["file_search_call", "message", "code_interpreter_call", "message"],
            "results": [["menu.md", MENU]],
            "code": [CODE],
            "cited": ["menu.md"],
            "outputs": _HOSTED,
        },
        "structured": _RECIPE,
    },
    "pydantic_ai": {
        "functions": {
            "parts": ["user-prompt", "tool-call", "tool-call", "tool-return", "tool-return", "text"],
            "output": CITIES,
        },
        "streamed": {"words": WORDS, "requests": 2},
        "conversations": {"history": _TALK, "chain": _TALK},
        "unstored": {
            "parts": ["user-prompt", "thinking", "tool-call", "tool-return", "thinking", "text"],
            "output": HAT,
        },
        "hosted": {
            "parts": ["user-prompt", "builtin-tool-call", "builtin-tool-return", "text"] * 2,
            "called": [["file_search", "queries"], ["code_execution", "code", "container_id"]],
            "results": [["menu.md", MENU]],
            "outputs": _HOSTED,
        },
        "structured": _RECIPE,
    },
    "vercel_ai": {
        "functions": {
            "steps": 2,
            "calls": [[{"city": "Paris"}, "18 degrees"], [{"city": "Rome"}, "27 degrees"]],
            "text": CITIES,
        },
        "streamed": {"words": WORDS, "steps": 2},
        "conversations": {"history": _TALK, "chain": [AGAIN]},
        "unstored": {"thoughts": ["It depends on the weather.", "That is warm."], "text": HAT},
        "hosted": {
            "content": ["tool-call", "tool-result", "source", "text"],
            "results": [["menu.md", MENU]],
            "sources": ["menu.md"],
            "kinds": [
                "start",
                "start-step",
                "tool-input-start",
                "tool-input-delta",
                "tool-input-end",
                "tool-call",
                "tool-result",
                "text-start",
                "text-delta",
                "text-end",
                "finish-step",
                "finish",
            ],
            "code": [["code_interpreter", CODE]],
            "outputs": _HOSTED,
        },
        "structured": _RECIPE,
    },
}


class Sent(NamedTuple):
    """How many requests a framework sends for a stream, by the previous response, and with encrypted reasoning.

    ``kinds``: the items of their inputs, without messages.
    """

    streamed: int
    continuing: int
    encrypted: int
    kinds: set[str]


_LOOP = {"function_call", "function_call_output"}
_HOSTED_CALLS = {"file_search_call", "code_interpreter_call"}
SENT: dict[str, Sent] = {
    "langchain": Sent(3, 1, 1, {*_LOOP, *_HOSTED_CALLS, "reasoning"}),
    "llama_index": Sent(5, 1, 0, _LOOP),
    "openai_agents": Sent(3, 1, 1, {*_LOOP, *_HOSTED_CALLS, "reasoning"}),
    "pydantic_ai": Sent(3, 1, 1, {*_LOOP, "reasoning"}),
    "vercel_ai": Sent(3, 1, 1, {*_LOOP, "reasoning", "item_reference"}),
}
