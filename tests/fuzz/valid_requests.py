"""Raw HTTP requests that our OpenAPI document allows, in parts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from emulator.admin.openapi import document
from tests.fuzz.seeds import BODIES, IDS, QUERIES
from tests.recording.samples import BOUNDARY, FORM


@dataclass
class Raw:
    """One request in parts, so that each can be hurt."""

    method: str
    target: bytes
    headers: list[bytes]
    body: bytes = b""
    version: bytes = b"HTTP/1.1"
    end: bytes = b"\r\n"

    def whole(self) -> bytes:
        line = self.method.encode("latin-1") + b" " + self.target + b" " + self.version
        return self.end.join([line, *self.headers, b"", b""]) + self.body

    def without(self, name: bytes) -> None:
        self.headers = [one for one in self.headers if not one.lower().startswith(name + b":")]


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    form: bool
    beta: bool


def _operations() -> list[Operation]:
    made = []
    for path, methods in document()["paths"].items():
        for method, about in methods.items():
            if path.startswith("/_emulator") or "operationId" not in about:
                continue
            content = about.get("requestBody", {}).get("content", {})
            beta = any(one.get("name") == "OpenAI-Beta" for one in about.get("parameters", []))
            made.append(Operation(about["operationId"], method.upper(), path, "multipart/form-data" in content, beta))
    return made


OPERATIONS: Final = _operations()


def valid(operation: Operation, random: Random) -> Raw:
    """A request that the document allows."""
    target = "/v1" + re.sub(r"\{(\w+)\}", lambda found: IDS.get(found[1], found[1]), operation.path)
    query: Mapping[str, Any] = QUERIES.get(operation.name, {})
    if query and random.random() < 0.5:
        chosen = {name: value for name, value in query.items() if random.random() < 0.5 and not isinstance(value, list)}
        target += "?" + "&".join(f"{name}={value}" for name, value in chosen.items())
    headers = [b"Host: localhost", b"Authorization: Bearer sk-%d" % random.randrange(3)]
    if operation.beta:
        headers.append(b"OpenAI-Beta: assistants=v2")
    body = b""
    if operation.form:
        headers.append(f"Content-Type: multipart/form-data; boundary={BOUNDARY}".encode())
        body = FORM
    elif operation.method == "POST":
        headers.append(b"Content-Type: application/json")
        body = json.dumps(BODIES.get(operation.name, {})).encode()
    made = Raw(operation.method, target.encode(), headers, body)
    if body and random.random() < 0.3:
        _chunk(made, random)
    elif body:
        made.headers.append(b"Content-Length: %d" % len(body))
    random.shuffle(made.headers)
    return made


def _chunk(request: Raw, random: Random) -> None:
    request.headers.append(b"Transfer-Encoding: chunked")
    chunks, at = b"", 0
    while at < len(request.body):
        size = random.randint(1, max(1, len(request.body)))
        piece = request.body[at : at + size]
        chunks += b"%x%s\r\n%s\r\n" % (len(piece), random.choice([b"", b"", b";a=b", b";a"]), piece)
        at += size
    request.body = chunks + b"0\r\n" + random.choice([b"", b"", b"X-Trailer: 1\r\n"]) + b"\r\n"
