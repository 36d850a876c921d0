"""OpenAI's documentation of streaming: its event handlers for functions, files and code, as it has them.

What they print is kept instead, and functions are called by name.
"""

from __future__ import annotations

import json
from typing import Any

from openai import AssistantEventHandler, OpenAI

from .shared import CITIES, SOUP, degrees, menu, tell

GET_WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

client = OpenAI()


class FunctionHandler(AssistantEventHandler):
    """Submits outputs from within the callback: the new stream is read while the first is still open."""

    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self.said = said

    def on_event(self, event: Any) -> None:
        if event.event == "thread.run.requires_action":
            self.handle_requires_action(event.data)

    def handle_requires_action(self, run: Any) -> None:
        tool_outputs: Any = [
            {"tool_call_id": call.id, "output": degrees(**json.loads(call.function.arguments))}
            for call in run.required_action.submit_tool_outputs.tool_calls
        ]
        with client.beta.threads.runs.submit_tool_outputs_stream(
            thread_id=run.thread_id,
            run_id=run.id,
            tool_outputs=tool_outputs,
            event_handler=FunctionHandler(self.said),
        ) as stream:
            self.said += stream.text_deltas


class SearchHandler(AssistantEventHandler):
    """Replaces the marks of citations by numbers, and looks up what is cited."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def on_text_created(self, text: Any) -> None:
        self.said.append("assistant >")

    def on_tool_call_created(self, tool_call: Any) -> None:
        self.said.append(f"assistant > {tool_call.type}")

    def on_message_done(self, message: Any) -> None:
        message_content = message.content[0].text
        citations = []
        for index, annotation in enumerate(message_content.annotations):
            message_content.value = message_content.value.replace(annotation.text, f"[{index}]")
            if file_citation := getattr(annotation, "file_citation", None):
                cited_file = client.files.retrieve(file_citation.file_id)
                citations.append(f"[{index}] {cited_file.filename}")
        self.said += [message_content.value, "\n".join(citations)]


class CodeHandler(AssistantEventHandler):
    """Says what is typed into the code interpreter, and what comes out of it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.said.append(delta.value)

    def on_tool_call_created(self, tool_call: Any) -> None:
        self.said.append(f"assistant > {tool_call.type}")

    def on_tool_call_delta(self, delta: Any, snapshot: Any) -> None:
        if delta.type == "code_interpreter":
            if delta.code_interpreter.input:
                self.said.append(delta.code_interpreter.input)
            for output in delta.code_interpreter.outputs or []:
                if output.type == "logs":
                    self.said.append(f"output > {output.logs}")


def ask(question: str, handler: Any, *tools: Any, **more: Any) -> list[str]:
    assistant = client.beta.assistants.create(model="gpt-4o", tools=tools, **more)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    with client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=assistant.id, event_handler=handler
    ) as stream:
        stream.until_done()
    said: list[str] = handler.said
    return said


def file_search() -> list[str]:
    store = client.vector_stores.create(name="Restaurant")
    with open(menu(), "rb") as file:
        batch = client.vector_stores.file_batches.upload_and_poll(vector_store_id=store.id, files=[file])
    resources = {"file_search": {"vector_store_ids": [store.id]}}
    said = ask(SOUP, SearchHandler(), {"type": "file_search"}, tool_resources=resources)
    return [batch.status, *said]


def create_and_stream() -> list[str]:
    """The older name of ``stream``."""
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    with client.beta.threads.runs.create_and_stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        return [*stream.text_deltas, stream.get_final_run().status]


if __name__ == "__main__":
    tell(
        {
            "functions": ask(CITIES, FunctionHandler([]), GET_WEATHER),
            "file search": file_search(),
            "code": ask("Please solve 3x + 11 = 14.", CodeHandler(), {"type": "code_interpreter"}),
            "create and stream": create_and_stream(),
        }
    )
