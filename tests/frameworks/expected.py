"""What the applications have to find, framework by framework."""

from __future__ import annotations

from typing import Any

HELLO = "Hello, you're welcome!"
AGAIN = "Hello again!"
CITIES = "It is 18 degrees in Paris and 27 degrees in Rome."
WORDS = ["It", " is", " 18", " degrees", " in", " Paris", " and", " 27", " degrees", " in", " Rome", "."]
HELLO_WORDS = ["Hello", ",", " you're", " welcome", "!"]
AGAIN_WORDS = ["Hello", " again", "!"]
MARKER = "【4:0†menu.md】"
SOUP = f"Leek and potato, with rye bread.{MARKER}"
_CALLED = [["get_weather", {"city": "Paris"}, "18 degrees"], ["get_weather", {"city": "Rome"}, "27 degrees"]]
_KERNEL_CALLS = ["function_call", "function_call", "function_result", "function_result"]
_KERNEL = {
    "polled": [[CITIES], [AGAIN]],
    "history": [
        ["user", "How warm is it in Paris and Rome?"],
        ["assistant", CITIES],
        ["user", "Hello"],
        ["assistant", AGAIN],
    ],
    "between": _KERNEL_CALLS,
    "streamed": [WORDS, AGAIN_WORDS],
    "between streams": _KERNEL_CALLS,
}

FOUND: dict[str, dict[str, Any]] = {
    "agency_swarm": {
        "polled, then streamed": {"polled": CITIES, "streamed": AGAIN, "heard": [*AGAIN_WORDS, "(end)"]},
        "functions streamed": {"streamed": CITIES, "heard": [*WORDS, "(end)"]},
        "delegation": [
            ["text", "User", "Guide"],
            ["function", "Guide", "User"],
            ["text", "Guide", "Cook"],
            ["text", "Cook", "Guide"],
            ["text", "Guide", "User"],
        ],
        "file search": SOUP,
    },
    "azure_ai_agents": {
        "conversation": {
            "polled": [CITIES, AGAIN],
            "history": [
                ["MessageRole.USER", "How warm is it in Paris and Rome?"],
                ["MessageRole.AGENT", CITIES],
                ["MessageRole.USER", "Hello"],
                ["MessageRole.AGENT", AGAIN],
            ],
            "streamed": [WORDS, AGAIN_WORDS],
        },
        "file search": ["VectorStoreFileBatchStatus.COMPLETED", SOUP, [MARKER], 1800.0],
        "tools of Foundry": [3],
    },
    "autogen": {
        "functions": [["ToolCallRequestEvent", "ToolCallExecutionEvent", "Response"], CITIES],
        "conversation": {"answers": [HELLO, AGAIN], "messages before and after a reset": [4, 2]},
        "file search": {"stored": ["completed"], "answer": SOUP, "files left": []},
    },
    "langchain": {
        "executor": {"steps": _CALLED, "output": CITIES},
        "by hand": [CITIES, AGAIN],
        "asynchronous": [HELLO, AGAIN],
        "streamed": [[HELLO]],
        "file search": {"store": [SOUP, [MARKER]], "attachment": [SOUP, [MARKER]]},
    },
    "llama_index": {
        "functions": {"called": _CALLED, "response": CITIES},
        "asynchronous": CITIES,
        "conversation": {
            "said": [HELLO, AGAIN],
            "history": [["user", "Hello"], ["assistant", HELLO], ["user", "Hello"], ["assistant", AGAIN]],
            "remembered": AGAIN,
            "after a reset": 0,
        },
        "file search": ["completed", SOUP, [MARKER]],
    },
    "openai_documentation": {
        "functions": WORDS,
        "file search": [
            "completed",
            "assistant > file_search",
            "assistant >",
            "Leek and potato, with rye bread.[0]",
            "[0] menu.md",
        ],
        "code": ["assistant > code_interpreter", "print((14 ", "- 11) / 3)", "output > 1.0\n", "x", " is", " 1", "."],
        "create and stream": [*HELLO_WORDS, "completed"],
    },
    "semantic_kernel": {"openai": _KERNEL, "azure": _KERNEL, "file search": [SOUP, [MARKER]]},
}

#: How many runs are streamed from their creation, and how many after the outputs of functions.
STREAMED: dict[str, tuple[int, int]] = {
    "agency_swarm": (2, 1),
    "azure_ai_agents": (2, 1),
    "autogen": (0, 0),
    "langchain": (0, 0),
    "llama_index": (0, 0),
    "openai_documentation": (4, 1),
    "semantic_kernel": (4, 2),
}
