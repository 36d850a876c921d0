"""One conversation, and the files in which each recorder would have told of it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

Object = dict[str, Any]

HOST = "https://api.openai.com"
BOUNDARY = "----boundary7"
FILE = "Süppe\r\n\r\nund Brot\n".encode()
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x01\xff\xfe"
EVENTS = (
    'event: thread.message.delta\ndata: {"delta":{"content":[{"index":0,"type":"text","text":{"value":"Süß 😀"}}]}}\n\n'
    "event: done\ndata: [DONE]\n\n"
).encode()
FORM = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="menü.md"\r\n'
    "Content-Type: text/markdown\r\n\r\n"
).encode() + (FILE + f"\r\n--{BOUNDARY}--\r\n".encode())


@dataclass(frozen=True)
class Said:
    """A request and its answer: the bodies' bytes, and the JSON that they are, if they are."""

    method: str
    path: str
    status: int
    asked: bytes | None
    answered: bytes
    answer_type: str = "application/json"
    asked_type: str = "application/json"

    @property
    def asked_json(self) -> Any:
        return json.loads(self.asked) if self.asked and self.asked_type == "application/json" else None

    @property
    def answered_json(self) -> Any:
        return json.loads(self.answered) if self.answer_type == "application/json" else None

    @property
    def sent(self) -> dict[str, str]:
        return {"Authorization": "Bearer sk-x", "OpenAI-Beta": "assistants=v2", "Content-Type": self.asked_type}

    @property
    def came(self) -> dict[str, str]:
        return {"Content-Type": self.answer_type, "Date": "Sat, 27 Apr 2024 20:47:42 GMT"}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


STORY = (
    Said(
        "POST",
        "/v1/threads",
        200,
        _json({"messages": [{"role": "user", "content": "Grüß Gott 😀"}]}),
        _json({"id": "thread_1", "object": "thread", "metadata": {}}),
    ),
    Said(
        "POST",
        "/v1/threads/thread_1/runs?include[]=x",
        200,
        _json({"assistant_id": "asst_1", "stream": True}),
        EVENTS,
        answer_type="text/event-stream; charset=utf-8",
    ),
    Said(
        "POST",
        "/v1/files",
        200,
        FORM,
        _json({"id": "file-1", "object": "file", "filename": "menü.md"}),
        asked_type=f"multipart/form-data; boundary={BOUNDARY}",
    ),
    Said("GET", "/v1/threads/thread_x", 404, None, _json({"error": {"message": "No thread found."}})),
    Said("GET", "/v1/files/file-2/content", 200, None, PICTURE, answer_type="application/octet-stream"),
)


def text(raw: bytes | None) -> str | bytes | None:
    """Text if it is text, as recorders in YAML have it."""
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return raw


def _vcrpy(said: Said) -> Object:
    return {
        "request": {
            "method": said.method,
            "uri": HOST + said.path,
            "body": text(said.asked),
            "headers": {name: [value] for name, value in said.sent.items()},
        },
        "response": {
            "status": {"code": said.status, "message": "OK"},
            "headers": {name: [value] for name, value in said.came.items()},
            "body": {"string": text(said.answered)},
        },
    }


def _old_vcrpy(said: Said) -> Object:
    """What vcrpy 4 wrote of httpx."""
    return {
        "request": {"method": said.method, "uri": HOST + said.path, "body": text(said.asked), "headers": said.sent},
        "response": {
            "status_code": said.status,
            "http_version": "HTTP/1.1",
            "headers": said.came,
            "content": text(said.answered),
        },
    }


def _go_vcr(said: Said) -> Object:
    return {
        "id": 0,
        "request": {
            "proto": "HTTP/1.1",
            "content_length": 0,
            "host": "api.openai.com",
            "body": text(said.asked) or "",
            "form": {},
            "headers": {name: [value] for name, value in said.sent.items()},
            "url": HOST + said.path,
            "method": said.method,
        },
        "response": {
            "proto": "HTTP/2.0",
            "uncompressed": True,
            "body": text(said.answered),
            "headers": {name: [value] for name, value in said.came.items()},
            "status": f"{said.status} OK",
            "code": said.status,
            "duration": "1.2ms",
        },
    }


def _ruby(said: Said) -> Object:
    """As with ``preserve_exact_body_bytes`` where a body is no text."""
    answered = text(said.answered)
    body = (
        {"encoding": "ASCII-8BIT", "base64_string": base64.encodebytes(answered).decode()}
        if isinstance(answered, bytes)
        else {"encoding": "UTF-8", "string": answered}
    )
    return {
        "request": {
            "method": said.method.lower(),
            "uri": HOST + said.path,
            "body": {"encoding": "UTF-8", "string": text(said.asked) or ""},
            "headers": {name: [value] for name, value in said.sent.items()},
        },
        "response": {
            "status": {"code": said.status, "message": "OK"},
            "headers": {name: [value] for name, value in said.came.items()},
            "body": body,
            "http_version": None,
        },
        "recorded_at": "Sat, 27 Apr 2024 20:47:42 GMT",
    }


def _har(said: Said) -> Object:
    answered = text(said.answered)
    content = {"size": len(said.answered), "mimeType": said.answer_type}
    if isinstance(answered, bytes):
        content |= {"text": base64.b64encode(answered).decode(), "encoding": "base64"}
    else:
        content |= {"text": answered}
    posted: Object = (
        {"postData": {"mimeType": said.asked_type, "text": text(said.asked), "params": []}} if said.asked else {}
    )
    return {
        "startedDateTime": "2024-04-27T22:47:42.000+02:00",
        "time": 12.5,
        "request": {
            "method": said.method,
            "url": HOST + said.path,
            "httpVersion": "h2",
            "headers": [{"name": ":authority", "value": "api.openai.com"}, *_named(said.sent)],
            "queryString": [],
            **posted,
        },
        "response": {
            "status": said.status,
            "headers": _named({**said.came, "Content-Encoding": "br"}),
            "content": content,
        },
        "cache": {},
    }


def _named(headers: dict[str, str]) -> list[Object]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _polly(said: Said) -> Object:
    """Compressed answers are lists of pieces."""
    packed = gzip.compress(said.answered)
    pieces = [base64.b64encode(piece).decode() for piece in (packed[:5], packed[5:])]
    made = _har(said)
    made["_id"], made["_order"] = "af0c", 0
    made["response"]["headers"] = [
        {"_fromType": "array", **one} for one in _named({**said.came, "Content-Encoding": "gzip"})
    ]
    made["response"]["content"] = {
        "mimeType": said.answer_type,
        "size": 1,
        "encoding": "base64",
        "text": json.dumps(pieces),
    }
    return made


def _nock(said: Said) -> Object:
    answered = text(said.answered)
    return {
        "scope": HOST + ":443",
        "method": said.method,
        "path": said.path,
        "body": said.asked_json or text(said.asked) or "",
        "status": said.status,
        "response": said.answered_json or (answered.hex() if isinstance(answered, bytes) else answered),
        "rawHeaders": [part for pair in said.came.items() for part in pair],
        "reqheaders": said.sent,
        "responseIsBinary": isinstance(answered, bytes),
    }


def _test_proxy(said: Said) -> Object:
    return {
        "RequestUri": HOST + said.path,
        "RequestMethod": said.method,
        "RequestHeaders": said.sent,
        "RequestBody": said.asked_json or _lines(said.asked),
        "StatusCode": said.status,
        "ResponseHeaders": {**said.came, "Vary": ["a", "b"]},
        "ResponseBody": said.answered_json
        or (
            _lines(said.answered) if said.answer_type.startswith("text/") else base64.b64encode(said.answered).decode()
        ),
    }


def _lines(raw: bytes | None) -> list[str] | None:
    return None if raw is None else raw.decode().splitlines(keepends=True)


def _collected(said: Said) -> Object:
    return {
        "method": said.method,
        "path": said.path,
        "request_headers": said.sent,
        "request_body": said.asked_json or text(said.asked),
        "status": said.status,
        "response_headers": said.came,
        "response_body": said.answered_json or text(said.answered),
        "recorded_at": "2024-04-27T20:47:42Z",
    }


def _wiremock(said: Said) -> Object:
    """With the headers of the request that the recorder was told to capture."""
    body = text(said.answered)
    return {
        "request": {
            "method": said.method,
            "url": said.path,
            "headers": {name: {"equalTo": value} for name, value in said.sent.items()},
            **({"bodyPatterns": [{"equalTo": text(said.asked)}]} if said.asked else {}),
        },
        "response": {
            "status": said.status,
            "headers": said.came,
            **({"base64Body": base64.b64encode(body).decode()} if isinstance(body, bytes) else {"body": body}),
        },
    }


def _mockserver(said: Said) -> Object:
    path, _, query = said.path.partition("?")
    name, _, value = query.partition("=")
    return {
        "httpRequest": {
            "method": said.method,
            "path": path,
            **({"queryStringParameters": {name: [value]}} if query else {}),
            "headers": {name: [value] for name, value in said.sent.items()},
            **({"body": _mockserver_body(said.asked)} if said.asked else {}),
        },
        "httpResponse": {
            "statusCode": said.status,
            "headers": _named_values(said.came),
            "body": _mockserver_body(said.answered),
        },
    }


def _mockserver_body(raw: bytes) -> Any:
    found = text(raw)
    if isinstance(found, bytes):
        return {"type": "BINARY", "base64Bytes": base64.b64encode(found).decode()}
    return {"type": "STRING", "string": found} if found is not None and found.startswith("{") else found


def _named_values(headers: dict[str, str]) -> list[Object]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _postman(said: Said) -> Object:
    """A request with one example."""
    request = {
        "method": said.method,
        "header": [{"key": name, "value": value} for name, value in said.sent.items()],
        "url": {"raw": HOST + said.path, "host": ["api", "openai", "com"]},
        **({"body": {"mode": "raw", "raw": text(said.asked)}} if said.asked else {}),
    }
    example = {
        "name": "example",
        "originalRequest": request,
        "status": "OK",
        "code": said.status,
        "header": [{"key": name, "value": value} for name, value in said.came.items()],
        "body": text(said.answered),
    }
    return {"name": "request", "request": request, "response": [example]}


def _collection(entries: list[Object]) -> Any:
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    return {"info": {"name": "API", "schema": schema}, "item": [{"name": "folder", "item": entries}]}


def _exvcr(said: Said) -> Object:
    """A binary body is a term of Erlang in base64."""
    body = text(said.answered)
    is_binary = isinstance(body, bytes)
    term = b"\x83m" + len(said.answered).to_bytes(4, "big") + said.answered
    return {
        "request": {
            "body": "",
            "headers": said.sent,
            "method": said.method.lower(),
            "options": [],
            "request_body": text(said.asked) or "",
            "url": HOST + said.path,
        },
        "response": {
            "binary": is_binary,
            "body": base64.b64encode(term).decode() if is_binary else body,
            "headers": said.came,
            "status_code": said.status,
            "type": "ok",
        },
    }


def _php_vcr(said: Said) -> Object:
    return {
        "request": {
            "method": said.method,
            "url": HOST + said.path,
            "headers": said.sent,
            **({"body": text(said.asked)} if said.asked else {}),
        },
        "response": {
            "status": {"http_version": "1.1", "code": said.status, "message": "OK"},
            "headers": said.came,
            "body": text(said.answered),
        },
    }


def _req_cassette(said: Said) -> Object:
    url, _, query = (HOST + said.path).partition("?")
    return {
        "request": {
            "method": said.method,
            "uri": url,
            "query_string": query,
            "headers": {name: [value] for name, value in said.sent.items()},
            **_typed_body(said.asked, said.asked_json),
        },
        "response": {
            "status": said.status,
            "headers": {name: [value] for name, value in said.came.items()},
            **_typed_body(said.answered, said.answered_json),
        },
        "recorded_at": "2024-04-27T20:47:42Z",
    }


def _typed_body(raw: bytes | None, value: Any) -> Object:
    if value is not None:
        return {"body_type": "json", "body_json": value}
    found = text(raw)
    if isinstance(found, bytes):
        return {"body_type": "blob", "body_blob": base64.b64encode(found).decode()}
    return {"body_type": "text", "body": found}


def _r_vcr(said: Said) -> Object:
    made = _ruby(said)
    made["response"]["status"] = {"status_code": said.status, "category": "Success", "reason": "OK"}
    return made


def _in_code(entries: list[Object]) -> bytes:
    """As nock's recorder prints them."""
    return "\n\n".join(map(_call_of_nock, entries)).encode()


def _call_of_nock(one: Object) -> str:
    options = f'{{"encodedQueryParams": true, reqheaders: {json.dumps(one["reqheaders"])}}}'
    asked = ", ".join(map(json.dumps, [one["path"], *([one["body"]] if one["body"] else [])]))
    replied = f"{one['status']}, {_in_js(one)}, {json.dumps(one['rawHeaders'])}"
    return f"nock({json.dumps(one['scope'])}, {options})\n  .{one['method'].lower()}({asked})\n  .reply({replied});"


def _in_js(one: Object) -> str:
    response = json.dumps(one["response"])
    return f"Buffer.from({response}, 'hex')" if one["responseIsBinary"] else response


def _zipped(document: Any) -> bytes:
    """As Playwright does with ``.zip``: the bodies beside the archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, entry in enumerate(document["log"]["entries"]):
            content = entry["response"]["content"]
            raw = content.pop("text")
            is_coded = content.pop("encoding", "") == "base64"
            content["_file"] = f"{number}.bin"
            archive.writestr(content["_file"], base64.b64decode(raw) if is_coded else raw)
        archive.writestr("har.har", json.dumps(document))
    return packed.getvalue()


@dataclass(frozen=True)
class Format:
    """How a recorder writes: an exchange, the file around them, its bytes; and which of the story it can keep."""

    name: str
    entry: Callable[[Said], Object]
    around: Callable[[list[Object]], Any]
    dump: Callable[[Any], bytes]
    story: tuple[Said, ...] = field(default=STORY)

    def document(self) -> Any:
        return self.around([self.entry(said) for said in self.story])

    def sample(self) -> bytes:
        return self.dump(self.document())


def in_yaml(data: Any) -> bytes:
    return yaml.dump(data, allow_unicode=False).encode()


def in_json(data: Any) -> bytes:
    return json.dumps(data, indent=2).encode()


def _interactions(entries: list[Object]) -> Any:
    return {"version": 1, "interactions": entries}


def _two_lists(entries: list[Object]) -> Any:
    """As the serializer of langchain-tests writes what vcrpy holds."""
    return {side + "s": [entry[side] for entry in entries] for side in ("request", "response")}


def _http_interactions(entries: list[Object]) -> Any:
    return {"http_interactions": entries, "recorded_with": "VCR 6.2.0"}


def _log(entries: list[Object]) -> Any:
    return {"log": {"version": "1.2", "entries": entries}}


TEXTS = STORY[:-1]
FORMATS = {
    "vcrpy, YAML": Format("vcr", _vcrpy, _interactions, in_yaml),
    "vcrpy, JSON": Format("vcr", _vcrpy, _interactions, in_json, TEXTS),
    "vcrpy, two lists": Format("vcr", _vcrpy, _two_lists, in_yaml),
    "vcrpy 4 with httpx": Format("vcr", _old_vcrpy, _interactions, in_yaml),
    "go-vcr": Format("vcr", _go_vcr, lambda entries: {"version": 2, "interactions": entries}, in_yaml),
    "Ruby, YAML": Format("ruby_vcr", _ruby, _http_interactions, in_yaml),
    "Ruby, JSON": Format("ruby_vcr", _ruby, _http_interactions, in_json),
    "HAR": Format("har", _har, lambda entries: {"log": {"version": "1.2", "entries": entries}}, in_json),
    "Polly.JS": Format("polly", _polly, lambda entries: {"log": {"_recordingName": "x", "entries": entries}}, in_json),
    "nock": Format("nock", _nock, list, in_json),
    "test proxy": Format("azure", _test_proxy, lambda entries: {"Entries": entries, "Variables": {}}, in_json),
    "WireMock": Format("wiremock", _wiremock, lambda entries: {"mappings": entries}, in_json),
    "MockServer": Format("mockserver", _mockserver, list, in_json),
    "Postman": Format("postman", _postman, _collection, in_json, TEXTS),
    "ExVCR": Format("exvcr", _exvcr, list, in_json),
    "PHP-VCR, YAML": Format("php_vcr", _php_vcr, list, in_yaml),
    "PHP-VCR, JSON": Format("php_vcr", _php_vcr, list, in_json, TEXTS),
    "ReqCassette": Format("req_cassette", _req_cassette, _interactions, in_json),
    "R's vcr": Format("ruby_vcr", _r_vcr, _http_interactions, in_yaml),
    "nock, code": Format("nock", _nock, list, _in_code),
    "HAR, gzip": Format("har", _har, _log, lambda data: gzip.compress(in_json(data))),
    "HAR, zip": Format("har", _har, _log, _zipped),
    "collected": Format("collected", _collected, lambda entries: {"source": "a", "exchanges": entries}, in_json, TEXTS),
}
