"""The world that the inspector shows in these tests, and the requests that make it, by the standard library alone."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}
#: A question that no turn fits, with all that could be read as something else than text.
HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'> \u202eevil\u202c javascript:alert(1)"

SCENARIO: dict[str, Any] = {
    "version": 1,
    "name": "restaurant",
    "given": {
        "files": [{"id": "file-menu", "filename": "menu.md", "content": "# Menu\nSoup and bread"}],
        "vector_stores": [{"id": "vs_menu", "file_ids": ["file-menu"]}],
        "assistants": [
            {
                "id": "asst_host",
                "model": "gpt-4o",
                "name": "Host",
                "instructions": "Be kind.",
                "tools": [
                    {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}},
                    {"type": "code_interpreter"},
                    {"type": "file_search"},
                ],
                "tool_resources": {"file_search": {"vector_store_ids": ["vs_menu"]}},
            }
        ],
    },
    "turns": [
        {
            "name": "weather",
            "when": {"message": "weather"},
            "steps": [
                {"call": {"get_weather": {"city": "Paris"}}},
                {"say": "It is {{ get_weather.celsius }} degrees in Paris, so a table outside is fine."},
            ],
        },
        {
            "name": "menu",
            "when": {"message": "menu"},
            "steps": [
                {"search": {"results": [{"file": "menu.md", "text": "Soup and bread", "score": 0.92}]}},
                {
                    "say": {
                        "text": "Today there is soup and bread【m】.",
                        "cite": [{"file": "menu.md", "marker": "【m】"}],
                    }
                },
            ],
        },
        {
            "name": "bookings",
            "when": {"message": "bookings"},
            "steps": [
                {
                    "code": {
                        "input": "plot(bookings)",
                        "logs": "7 days",
                        "images": [{"filename": "b.png", "base64": PNG}],
                    }
                },
                {"wait": 90},
                {"say": "Here are the bookings of this week."},
            ],
        },
        {
            "name": "table",
            "when": {"message": "table"},
            "steps": [{"hold": "kitchen"}, {"say": "Your table is ready."}],
        },
    ],
}


class Client:
    """Sends requests to an emulator."""

    def __init__(self, url: str, key: str = "sk-browser") -> None:
        self.url, self.key = url, key

    def send(self, method: str, path: str, body: Any = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "OpenAI-Beta": "assistants=v2",
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def ask(self, text: str, thread: str | None = None) -> dict[str, Any]:
        """A question, polled until its run rests or is held; the run."""
        if thread is None:
            thread = self.send("POST", "/v1/threads", {})["id"]
        self.send("POST", f"/v1/threads/{thread}/messages", {"role": "user", "content": text})
        path = f"/v1/threads/{thread}/runs"
        run: dict[str, Any] = self.send("POST", path, {"assistant_id": "asst_host"})
        for _ in range(3):
            run = self.send("GET", f"{path}/{run['id']}")
        if run["status"] == "requires_action":
            calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": call["id"], "output": '{"celsius": 21}'} for call in calls]
            self.send("POST", f"{path}/{run['id']}/submit_tool_outputs", {"tool_outputs": outputs})
            for _ in range(3):
                run = self.send("GET", f"{path}/{run['id']}")
        return run

    def respond(self, text: str) -> None:
        """The same question about the weather on the Responses API."""
        tools = [{"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": False}]
        body = {"model": "gpt-4o", "instructions": "Be kind.", "input": text, "tools": tools}
        first = self.send("POST", "/v1/responses", body)
        output = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": '{"celsius": 21}'}
        self.send("POST", "/v1/responses", {**body, "previous_response_id": first["id"], "input": [output]})

    def tour(self) -> None:
        """All that the panes show."""
        run = self.ask("What is the weather in Paris?")
        self.ask("What is on the menu?", run["thread_id"])
        self.ask("Show me the bookings", run["thread_id"])
        self.ask(HOSTILE)
        self.respond("What is the weather in Paris?")
        self.ask("Is my table ready?")
