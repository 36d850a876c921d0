"""Recordings of the Responses API, written by hand: what a Book has of them."""

from __future__ import annotations

from typing import Any

from emulator.base.json_types import Object
from tests.recording.handmade import QUESTION, Book

CREATE = "POST /v1/responses"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}


def response(*output: Object, id: str = "resp_1", status: str = "completed", **more: Any) -> Object:
    return {
        "id": id,
        "object": "response",
        "created_at": 1,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "gpt-4o-2024-08-06",
        "output": list(output),
        "usage": None,
        "metadata": {},
        **more,
    }


def says(text: str, *annotations: Object, id: str = "msg_1", **more: Any) -> Object:
    part = {"type": "output_text", "text": text, "annotations": list(annotations)}
    return {"id": id, "type": "message", "status": "completed", "role": "assistant", "content": [part], **more}


def calls(arguments: str, id: str = "call_1", name: str = "get_weather") -> Object:
    return {
        "id": f"fc_{id}",
        "type": "function_call",
        "status": "completed",
        "call_id": id,
        "name": name,
        "arguments": arguments,
    }


def output(text: Any, id: str = "call_1") -> Object:
    return {"type": "function_call_output", "call_id": id, "output": text}


def reasons(*summary: str) -> Object:
    return {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in summary]}


def ask(book: Book, answer: Object, input: Any = QUESTION, **more: Any) -> Book:
    return book.ask(CREATE, {"model": "gpt-4o", "input": input, **more}, answer)


def events(item: Object, *pieces: str, end: bool = True, id: str = "resp_1") -> list[tuple[str, Object]]:
    opened = {**item, "status": "in_progress", "content": []}
    begun = response(status="in_progress", id=id)
    found: list[tuple[str, Object]] = [
        ("response.created", {"response": begun}),
        ("response.in_progress", {"response": begun}),
        ("response.output_item.added", {"output_index": 0, "item": opened}),
        ("response.content_part.added", {"item_id": "msg_1"}),
        *(("response.output_text.delta", {"item_id": "msg_1", "delta": piece}) for piece in pieces),
    ]
    if end:
        found += [
            ("response.output_text.done", {"item_id": "msg_1"}),
            ("response.content_part.done", {"item_id": "msg_1"}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": response(item, id=id)}),
        ]
    return [(name, {"type": name, **data}) for name, data in found]


def talk() -> Book:
    """A call, its output and the answer, on a chain; a stream; a conversation; a response in the background."""
    book = ask(Book("talk.yaml"), response(reasons("Think."), calls('{"city":"Paris"}')), tools=[WEATHER])
    ask(book, response(says("21."), id="resp_2"), [output("21")], previous_response_id="resp_1", tools=[WEATHER])
    spoken = events(says("It is sunny."), "It ", "is sunny.", id="resp_4")
    book.stream(CREATE, {"model": "gpt-4o", "input": "And now?"}, *spoken)
    book.ask("POST /v1/conversations", {}, {"id": "conv_1", "object": "conversation", "created_at": 1, "metadata": {}})
    ask(book, response(id="resp_3", status="queued"), "Hi", conversation="conv_1", background=True)
    return book.ask("GET /v1/responses/resp_3", None, response(says("Hello."), id="resp_3"))
