"""Recordings written by hand, exchange by exchange: what a misbehaving or foreign service has sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Self

from emulator.base.json_types import Object
from emulator.recordings.distil.distil import Distilled, distil
from emulator.recordings.exchange import Exchange, Part, Recording
from emulator.recordings.proof.replay import prove
from emulator.recordings.proof.result import Proof
from emulator.recordings.sources import scenario_from
from tests.support import InProcess

HOST = "https://api.openai.com"
#: Options of file_search that are not the default.
RANKED = {"ranker": "auto", "score_threshold": 0.5}
JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream; charset=utf-8"),)

#: A question that most recordings here begin with.
QUESTION = "How is the weather?"


class Book:
    """A recording in the making. Times go up by a second with each exchange."""

    def __init__(self, name: str = "hand.yaml", host: str = HOST) -> None:
        self.name, self.host = name, host
        self.exchanges: list[Exchange] = []

    def ask(self, request: str, sent: Any = None, answer: Any = None, status: int = 200, **more: Any) -> Self:
        """``request``: method and path, or a URL. ``answer``: JSON, text, bytes, or None if it was not recorded."""
        method, _, path = request.partition(" ")
        number = len(self.exchanges) + 1
        exchange = Exchange(
            method,
            path if "://" in path else self.host + path,
            status,
            request_headers=(*JSON, ("openai-beta", "assistants=v2")),
            request_body=json.dumps(sent).encode() if isinstance(sent, (dict, list)) else sent,
            response_headers=JSON,
            response_body=_raw(answer),
            ended="complete",
            source=self.name,
            number=number,
            time=1_700_000_000.0 + number,
        )
        self.exchanges.append(replace(exchange, **more))
        return self

    def upload(self, id: str, filename: str, content: bytes | None, purpose: str = "assistants", **more: Any) -> Self:
        """A file that a request sends; ``content`` None: its bytes were not recorded."""
        form = (Part("purpose", content=purpose.encode()), Part("file", filename, content))
        size = len(content) if content is not None else 9
        return self.ask("POST /v1/files", None, file(id, filename, bytes=size, purpose=purpose), form=form, **more)

    def stream(self, request: str, sent: Any, *events: tuple[str, Any], **more: Any) -> Self:
        """An event stream, as it came."""
        return self.ask(request, {**sent, "stream": True}, frames(events), **{"response_headers": SSE, **more})

    def run(
        self, *statuses: str, id: str = "run_1", thread: str = "thread_1", assistant: str = "asst_1", **more: Any
    ) -> Self:
        """A run that is created and polled: what each poll saw. ``more`` is in each answer, but what comes of it."""
        ends: Object = {key: more.pop(key) for key in ("last_error", "incomplete_details", "usage") if key in more}
        body = {"assistant_id": assistant}
        made: Object = {"thread": thread, "assistant": assistant, **more}
        self.ask(f"POST /v1/threads/{thread}/runs", body, run("queued", id, **made))
        for status in statuses:
            over: Object = ends if status not in ("queued", "in_progress") else {}
            self.ask(f"GET /v1/threads/{thread}/runs/{id}", None, run(status, id, **{**made, **over}))
        return self

    def thread(self, *questions: str, id: str = "thread_1", **more: Any) -> Self:
        body = {"messages": [{"role": "user", "content": text} for text in questions], **more}
        return self.ask("POST /v1/threads", body, thread(id, **more))

    def assistant(self, id: str = "asst_1", **more: Any) -> Self:
        body = {"model": "gpt-4o", **more}
        return self.ask("POST /v1/assistants", body, assistant(id, **more))

    def says(self, words: str, question: str = QUESTION, *, run: str = "run_1", thread: str = "thread_1") -> Self:
        """The thread's messages: the question and the answer."""
        answer = message(words, f"msg_of_{run}", thread=thread, run=run, at=20)
        asked = message(question, f"msg_before_{run}", thread=thread, at=5)
        return self.ask(f"GET /v1/threads/{thread}/messages", None, listed(answer, asked))

    def talk(self, question: str, words: str, number: int = 1, assistant: str = "asst_1", **more: Any) -> Self:
        """A thread of its own, a polled run, and what was said."""
        id, thread_id = f"run_{number}", f"thread_{number}"
        self.thread(question, id=thread_id)
        self.run("in_progress", "completed", id=id, thread=thread_id, assistant=assistant, **more)
        return self.says(words, question, run=id, thread=thread_id)

    def recording(self) -> Recording:
        return Recording(self.name, "by hand", tuple(self.exchanges))

    def distilled(self, name: str = "imported") -> Distilled:
        return distil([self.recording()], name)


def _raw(answer: Any) -> bytes | None:
    if answer is None or isinstance(answer, bytes):
        return answer
    return answer.encode() if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False).encode()


def frames(events: Iterable[tuple[str, Any]]) -> bytes:
    """Server-sent events; data that is text is sent as it is."""
    return "".join(
        f"event: {name}\ndata: {data if isinstance(data, str) else json.dumps(data)}\n\n" for name, data in events
    ).encode()


# ---- Objects, as the service sends them ----


def run(status: str, id: str = "run_1", *, thread: str = "thread_1", assistant: str = "asst_1", **more: Any) -> Object:
    return {
        "id": id,
        "object": "thread.run",
        "created_at": 10,
        "assistant_id": assistant,
        "thread_id": thread,
        "status": status,
        "started_at": None if status == "queued" else 11,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "metadata": {},
        "incomplete_details": None,
        "usage": None,
        **more,
    }


def requires(*calls: tuple[str, str, str], **more: Any) -> Object:
    """A run that waits for the outputs of these calls: id, function, arguments."""
    asked = [_function(id, name, arguments) for id, name, arguments in calls]
    return run("requires_action", required_action={
        "type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": asked},
    }, **more)  # fmt: skip


def _function(id: str, name: str, arguments: str, **more: Any) -> Object:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments, **more}}


def functions(*names: str) -> list[Object]:
    """Tools, as a run shows them."""
    schema = {"type": "object", "properties": {}}
    return [{"type": "function", "function": {"name": name, "parameters": schema, "strict": False}} for name in names]


def message(
    text: str | list[Object], id: str, *, thread: str = "thread_1", run: str | None = None, at: int = 12, **more: Any
) -> Object:
    """A user's, or that of a run."""
    return {
        "id": id,
        "object": "thread.message",
        "created_at": at,
        "assistant_id": "asst_1" if run else None,
        "thread_id": thread,
        "run_id": run,
        "role": "assistant" if run else "user",
        "content": [text_part(text)] if isinstance(text, str) else text,
        "attachments": [],
        "metadata": {},
        **more,
    }


def text_part(text: str, *annotations: Object) -> Object:
    return {"type": "text", "text": {"value": text, "annotations": list(annotations)}}


def image_part(file_id: str) -> Object:
    return {"type": "image_file", "image_file": {"file_id": file_id, "detail": "auto"}}


def step(id: str, *calls: Object, message_id: str = "", run: str = "run_1", at: int = 12, **more: Any) -> Object:
    """A run step: of a message, or of calls."""
    details: Object = (
        {"type": "message_creation", "message_creation": {"message_id": message_id}}
        if message_id
        else {"type": "tool_calls", "tool_calls": list(calls)}
    )
    return {
        "id": id,
        "object": "thread.run.step",
        "created_at": at,
        "run_id": run,
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "type": details["type"],
        "status": "completed",
        "step_details": details,
        "usage": None,
        **more,
    }


def code(id: str, input: str, *outputs: Object) -> Object:
    return {"id": id, "type": "code_interpreter", "code_interpreter": {"input": input, "outputs": list(outputs)}}


def logs(text: str) -> Object:
    return {"type": "logs", "logs": text}


def image(file_id: str) -> Object:
    return {"type": "image", "image": {"file_id": file_id}}


def search(id: str, *results: Object) -> Object:
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
    return {"id": id, "type": "file_search", "file_search": {"ranking_options": ranking, "results": list(results)}}


def found(file_id: str, name: str, score: float = 0.5, text: str = "") -> Object:
    content = {"content": [{"type": "text", "text": text}]} if text else {}
    return {"file_id": file_id, "file_name": name, "score": score, "attributes": {}, **content}


def thread(id: str = "thread_1", **more: Any) -> Object:
    return {"id": id, "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}} | {
        key: more[key] for key in ("metadata", "tool_resources") if key in more
    }


def assistant(id: str = "asst_1", **more: Any) -> Object:
    return {
        "id": id,
        "object": "assistant",
        "created_at": 1,
        "name": None,
        "description": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "top_p": 1.0,
        "temperature": 1.0,
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": {},
        "response_format": "auto",
        **more,
    }


def file(id: str, filename: str, **more: Any) -> Object:
    return {
        "object": "file",
        "id": id,
        "purpose": "assistants",
        "filename": filename,
        "bytes": 5,
        "created_at": 1,
        "status": "processed",
        **more,
    }


def store(id: str, total: int = 0, **more: Any) -> Object:
    counts = {"in_progress": 0, "completed": total, "failed": 0, "cancelled": 0, "total": total}
    return {
        "id": id,
        "object": "vector_store",
        "created_at": 1,
        "name": None,
        "usage_bytes": 0,
        "file_counts": counts,
        "status": "completed",
        "expires_after": None,
        "expires_at": None,
        "last_active_at": 1,
        "metadata": {},
        **more,
    }


def stored(id: str, store_id: str, status: str = "completed", **more: Any) -> Object:
    """A file in a vector store."""
    return {
        "id": id,
        "object": "vector_store.file",
        "created_at": 1,
        "vector_store_id": store_id,
        "status": status,
        "last_error": None,
        **more,
    }


def listed(*rows: Object) -> Object:
    """A page, as it is by default: newest first."""
    ids = [row.get("id") for row in rows] or [None]
    return {"object": "list", "data": list(rows), "first_id": ids[0], "last_id": ids[-1], "has_more": False}


def refusal(message: str, **more: Any) -> Object:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}}


def delta(kind: str, id: str, content: Object) -> tuple[str, Object]:
    return f"{kind}.delta", {"id": id, "object": f"{kind}.delta", "delta": content}


def piece(text: str, id: str = "msg_1") -> tuple[str, Object]:
    """A piece of a message."""
    return delta(
        "thread.message", id, {"content": [{"index": 0, "type": "text", "text": {"value": text, "annotations": []}}]}
    )


def streamed(*pieces: str, id: str = "run_1", message_id: str = "msg_1") -> list[tuple[str, Any]]:
    """The events of a run that says something in these pieces."""
    said = message([], message_id, run=id, status="in_progress")
    opened = step("step_1", message_id=message_id, run=id, status="in_progress")
    return [
        ("thread.run.created", run("queued", id)),
        ("thread.run.queued", run("queued", id)),
        ("thread.run.in_progress", run("in_progress", id)),
        ("thread.run.step.created", opened),
        ("thread.run.step.in_progress", opened),
        ("thread.message.created", said),
        ("thread.message.in_progress", said),
        *(piece(text, message_id) for text in pieces),
        ("thread.message.completed", message("".join(pieces), message_id, run=id, status="completed")),
        ("thread.run.step.completed", {**opened, "status": "completed"}),
        ("thread.run.completed", run("completed", id)),
        ("done", "[DONE]"),
    ]


# ---- Playing what was imported ----


class Played(InProcess):
    """The emulator with an imported scenario, without a socket."""

    def __init__(self, distilled: Distilled, *, strict: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.world.load(scenario_from(distilled, strict=strict))

    def ask_for(self, assistant: str, question: str, **more: Any) -> tuple[str, str]:
        """A polled run on a new thread, to its end: its status and the newest message."""
        thread_id = self.thread(question)
        made = self.run(thread_id, assistant, **more)
        assert made.status == 200, made.body
        status = self.poll(thread_id, made.json["id"])[-1]
        newest = self.get(f"/v1/threads/{thread_id}/messages").json["data"][0]
        return status, "".join(part["text"]["value"] for part in newest["content"] if part["type"] == "text")


#: What the objects here state at random, as no test is about it.
AT_RANDOM = frozenset({"bytes", "started_at", "expires_at", "annotations", "assistant_id", "detail"})


def proof_of(distilled: Distilled) -> Proof:
    proof = prove(distilled, scenario_from(distilled))
    proof.allowed = AT_RANDOM
    return proof


def proven(book: Book, *allowed: str) -> Distilled:
    """What a recording is distilled to; it answers as recorded, but for differences of the kinds that are allowed."""
    distilled = book.distilled()
    proof = proof_of(distilled)
    proof.allowed |= set(allowed)
    assert not proof.differences, "\n".join([*proof.differences, distilled.text()])
    return distilled


def turn_of(distilled: Distilled) -> Object:
    """The only turn."""
    (turn,) = distilled.document["turns"]
    return dict(turn)


def steps_of(distilled: Distilled) -> list[Object]:
    """The steps of the only turn."""
    steps: list[Object] = turn_of(distilled)["steps"]
    return steps
