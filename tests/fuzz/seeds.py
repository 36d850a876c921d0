"""What the targets begin with: valid inputs of every kind, made of the tests' samples and the project's fixtures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from emulator.base.operations import OPERATIONS as ROUTES
from emulator.recordings import own_format
from emulator.scenarios.document import parse
from tests.apis.endpoints import valid
from tests.apis.responses import valid as valid_for_responses
from tests.recording.handmade import frames, run, streamed
from tests.recording.handmade_responses import talk
from tests.recording.samples import BOUNDARY, EVENTS, FORM, FORMATS
from tests.recording.samples_of_sessions import failures, session

ROOT: Final = Path(__file__).parent.parent.parent
FOUND: Final = Path(__file__).parent / "found"

BODIES: Final = {**valid.BODIES, **valid_for_responses.BODIES}
QUERIES: Final = {**valid.QUERIES, **valid_for_responses.QUERIES}

#: What stands for a parameter of a path: the ids of ``talking.WORLD``.
IDS: Final = {
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "message_id": "msg_1",
    "run_id": "run_1",
    "step_id": "step_1",
    "file_id": "file-1",
    "vector_store_id": "vs_1",
    "upload_id": "upload_1",
    "batch_id": "vsfb_1",
    "model": "gpt-4o",
    "response_id": "resp_1",
    "conversation_id": "conv_1",
    "item_id": "msg_3",
    "container_id": "cntr_1",
}
_KEY: Final = "Host: localhost\r\nAuthorization: Bearer sk-test\r\nOpenAI-Beta: assistants=v2\r\n"


def seeds(target: str) -> list[bytes]:
    """For a target by its name: valid inputs, and whatever was found with it before."""
    made = {
        "recordings": _recordings,
        "scenarios": _scenarios,
        "forms": _forms,
        "recorded_forms": _forms,
        "bodies": _bodies,
        "responses": _responses,
        "events": _events,
        "requests": _requests,
        "http": _http,
    }[target]
    return list(dict.fromkeys([*made(), *found(target)]))


def found(target: str) -> list[bytes]:
    """What made a target fail before it was repaired."""
    return [path.read_bytes() for path in sorted((FOUND / target).glob("*"))]


def _recordings() -> Iterator[bytes]:
    for format in FORMATS.values():
        yield format.sample()
    yield frames(streamed("It is ", "sunny."))
    yield json.dumps([run("completed"), {"id": "thread_1", "object": "thread", "metadata": {}}]).encode()
    yield json.dumps(json.loads(FORMATS["PHP-VCR, JSON"].sample())[0]).encode()  # as dd-trace has it
    for book in (session(), failures(), talk()):
        lines = [own_format.line(one) for one in book.exchanges]
        yield own_format.header_line("https://api.openai.com") + b"".join(lines)
        for at in range(0, len(lines), 8):  # short ones are tried more often
            yield own_format.header_line("https://api.openai.com") + b"".join(lines[at : at + 8])


def _scenarios() -> Iterator[bytes]:
    for path in sorted((ROOT / "fixtures" / "scenarios").rglob("*.yaml")):
        yield path.read_bytes()
        yield json.dumps(parse(path.read_text("utf-8"), path.name).data).encode()
    for path in sorted((ROOT / "tests" / "broken_scenarios").glob("*.yaml")):
        yield path.read_bytes()


def _forms() -> Iterator[bytes]:
    yield f"; boundary={BOUNDARY}\n".encode() + FORM
    yield b"\n" + FORM
    yield (
        b'; boundary="b"\n--b\r\nContent-Disposition: form-data; name="expires_after[anchor]"\r\n\r\ncreated_at\r\n'
        b'--b\r\ncontent-disposition: form-data; name="expires_after[seconds]"\r\n\r\n3600\r\n'
        b"--b\r\nContent-Disposition: form-data; name=file; filename*=utf-8''m%C3%BC.md\r\n"
        b"Content-Type: text/plain; charset=latin-1\r\n\r\nx\r\n--b--\r\nepilogue"
    )


def _bodies() -> Iterator[bytes]:
    for name in BODIES.keys() | QUERIES.keys():
        yield f"{name} {json.dumps(QUERIES.get(name, {}))}\n{json.dumps(BODIES.get(name, {}))}".encode()


def _responses() -> Iterator[bytes]:
    whole = BODIES["create_response"]
    yield json.dumps(whole).encode()
    for name, value in whole.items():
        yield json.dumps({"model": "m", "input": "hi", name: value}).encode()
    for item in valid_for_responses.ITEMS:
        yield json.dumps({"model": "m", "input": [item]}).encode()
    for tool in valid_for_responses.TOOLS:
        yield json.dumps({"model": "m", "input": "hi", "tools": [tool]}).encode()
    strict = {"type": "object", "required": ["b"], "properties": {"a": {"anyOf": [{"type": "object"}]}, "b": {}}}
    yield json.dumps(
        {"model": "m", "input": [], "tools": [{**valid_for_responses.FUNCTION, "parameters": strict}]}
    ).encode()
    old = {"model": "m", "messages": [{"role": "tool"}], "tools": [{"type": "function", "function": {"name": "f"}}]}
    yield json.dumps(old).encode()


def _events() -> Iterator[bytes]:
    yield b"text/event-stream\n" + EVENTS
    for one in (*session().exchanges, *failures().exchanges):
        if one.response_body:
            kind = (one.response_header("content-type") or "").encode()
            secret = one.response_body.replace(b"sunny", b"sk-proj-abcdefghijklmnop123")
            yield kind + b"\n" + secret[:8192]


def _requests() -> Iterator[bytes]:
    for route in ROUTES:
        path = route.path.format(**IDS)
        yield f"{route.method} /v1{path}\n{json.dumps(BODIES[route.name]) if route.name in BODIES else ''}".encode()
    say = '{"assistant_id": "asst_1", "stream": true}'
    yield f"POST /v1/threads/thread_2/runs\n{say}\n---\nGET /v1/threads/thread_2/messages?order=asc\n".encode()
    polled = ["POST /v1/threads/thread_2/runs", '{"assistant_id": "asst_1"}']
    yield "\n".join([*polled, "---", "GET /v1/threads/thread_2/runs", "", "---"] * 2).encode()
    yield b"GET /openai/threads/thread_1?api-version=2024-05-01-preview\n"
    for path, body in {
        "reset": '{"seed": 7, "clock": "skip", "start": "2026-01-01T00:00:00Z", "shapes": "spec"}',
        "clock/advance": '{"seconds": 600}',
        "faults": '{"kind": "error", "on": "create_run", "status": 429}',
        "scenarios": json.dumps({"version": 1, "turns": [{"steps": [{"say": "{{ message }}"}]}]}),
        "holds/x/release": "",
        "baseline": "",
    }.items():
        yield f"POST /_emulator/{path}\n{body}".encode()
    for path in ("state", "requests?operation=create_run", "runs", "export?as=scenario", "check", "openapi.json"):
        yield f"{polled[0]}\n{polled[1]}\n---\nGET /_emulator/{path}\n".encode()


def _http() -> Iterator[bytes]:
    body = json.dumps(BODIES["create_assistant"])
    post = f"POST /v1/assistants HTTP/1.1\r\n{_KEY}Content-Length: {len(body)}\r\n\r\n{body}"
    yield post.encode()
    yield f"{post}GET /v1/assistants?limit=2 HTTP/1.1\r\n{_KEY}\r\n".encode()
    yield f"GET /v1/assistants HTTP/1.0\r\n{_KEY}Connection: keep-alive\r\n\r\n".encode()
    yield f"HEAD /v1/models HTTP/1.1\r\n{_KEY}Expect: 100-continue\r\n\r\n".encode()
    yield (
        f"POST /v1/threads HTTP/1.1\r\n{_KEY}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nTrailer: x\r\n\r\n"
    ).encode()
    stream = '{"assistant_id": "asst_1", "stream": true}'
    yield (
        f"POST /v1/threads/thread_1/runs HTTP/1.1\r\n{_KEY}Content-Length: {len(stream)}\r\n\r\n{stream}"
        f"GET /_emulator/health HTTP/1.1\r\n{_KEY}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    ).encode()
    form = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(FORM)}\r\n\r\n"
    yield f"POST /v1/files HTTP/1.1\r\n{_KEY}{form}".encode() + FORM
