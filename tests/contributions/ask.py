"""An application without an SDK: asks each text of its command line in a run, first polled, then streamed.

``ask.py TEXT …`` reads OPENAI_BASE_URL and OPENAI_API_KEY, as ``exec`` sets them. For each text it prints two lines:
how it read the run, the status of the run, and the text of the assistant's messages.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import Any


def send(path: str, body: Any = None) -> bytes:
    """The body of the response. Raises urllib.error.HTTPError for a status of 400 or more."""
    headers = {
        "Authorization": "Bearer " + os.environ["OPENAI_API_KEY"],
        "Content-Type": "application/json",
        "OpenAI-Beta": "assistants=v2",
    }
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(
        urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, data, headers)
    ) as response:
        content: bytes = response.read()
        return content


def ask(text: str, stream: bool) -> str:
    assistant = json.loads(send("/assistants", {"model": "gpt-4o"}))["id"]
    thread = json.loads(send("/threads", {"messages": [{"role": "user", "content": text}]}))["id"]
    runs = f"/threads/{thread}/runs"
    content = send(runs, {"assistant_id": assistant, "stream": stream})
    if stream:
        run = json.loads(send(runs))["data"][0]
        assert f"event: thread.run.{run['status']}\n".encode() in content
    else:
        run = json.loads(content)
        while run["status"] in ("queued", "in_progress"):
            run = json.loads(send(f"{runs}/{run['id']}"))
    messages = json.loads(send(f"/threads/{thread}/messages?order=asc"))["data"]
    said = [part["text"]["value"] for one in messages if one["role"] == "assistant" for part in one["content"]]
    return f"{'streamed' if stream else 'polled'}: {run['status']}: {' / '.join(said)}"


if __name__ == "__main__":
    for text in sys.argv[1:]:
        print(ask(text, stream=False))
        print(ask(text, stream=True))
