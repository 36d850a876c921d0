"""The errors that faults make up: the service's words for a status, unless the fault has its own body."""

from __future__ import annotations

from typing import Any, Final

import orjson

from emulator.apis.http import gateway
from emulator.apis.http.flavours import Flavour
from emulator.apis.http.headers import Headers
from emulator.apis.http.request import JsonResponse
from emulator.apis.http.response import FRAMING
from emulator.apis.http.stubs import BODILESS
from emulator.base.json_types import Object

#: Type, code and message by status.
_WORDS: Final = {
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    404: ("invalid_request_error", None, "Not found"),
    429: ("tokens", "rate_limit_exceeded", "Rate limit reached for requests. Please try again in 20ms."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}
_CLIENT_ERROR: Final = ("invalid_request_error", None, "Bad request")
_SERVER_ERROR: Final = (
    "server_error",
    None,
    "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
    "through our help center at help.openai.com if you keep seeing this error.",
)
#: Headers that the SDKs read before they retry; the wait is short, so that tests are fast.
_RETRY: Final = {"retry-after-ms": "20", "retry-after": "1", "x-should-retry": "true"}


def error_response(
    status: int,
    body: Object | str | None,
    headers: dict[str, str],
    operation: str,
    flavour: Flavour,
    version: str = "",
) -> JsonResponse:
    """The response of a fault to a request for an operation. On Azure the gateway has its own words for some."""
    words = gateway.fault_body(status, operation, flavour, version) if body is None else None
    return JsonResponse(words or error_body(status, body), status, headers=error_headers(status, headers))


def error_body(status: int, body: Object | str | None = None) -> bytes:
    """The body of an error response: the given one, or the service's words for the status."""
    if isinstance(body, str):
        return body.encode()
    return orjson.dumps({"error": _error(status)} if body is None else body, option=orjson.OPT_INDENT_2)


def replaced_body(body: Object | list[Any] | str) -> bytes:
    """The body of a response that takes the place of the API's own."""
    return body.encode() if isinstance(body, str) else orjson.dumps(body, option=orjson.OPT_INDENT_2)


def replaced_headers(
    before: Headers, status: int, body: Object | list[Any] | str | None, raw: bytes | None, headers: dict[str, str]
) -> Headers:
    """The headers of such a response: the given ones beat those of ``before``, and the body decides the rest."""
    given = {name.lower().encode(): value.encode("latin-1", "replace") for name, value in headers.items()}
    own = {name: value for name, value in given.items() if name not in FRAMING}
    if raw is not None:
        own.setdefault(b"content-type", b"text/plain; charset=utf-8" if isinstance(body, str) else b"application/json")
        own[b"content-length"] = str(len(raw)).encode()
    kept = [pair for pair in before if pair[0] not in own]
    sent = [*kept, *own.items()]
    return [pair for pair in sent if pair[0] != b"content-length"] if status in BODILESS else sent


def error_event(status: int, body: Object | str | None = None) -> bytes:
    """The event that ends a stream: the error stands in ``error`` (docs/wire.md §3 K)."""
    data = body if isinstance(body, dict) else {"error": _error(status)}
    if "error" not in data:
        data = {"error": data}
    return b"event: error\ndata: %b\n\n" % orjson.dumps(data)


def response_error_event(status: int, body: Object | str | None, number: int) -> bytes:
    """The same in a stream of the Responses API, where events have a type and a number (docs/wire.md, Responses §3)."""
    error = body.get("error", body) if isinstance(body, dict) else _error(status)
    data = {"type": "error", "error": error, "sequence_number": number}
    return b"event: error\ndata: %b\n\n" % orjson.dumps(data)


def error_headers(status: int, headers: dict[str, str]) -> Headers:
    """The given headers; 429 and 5xx carry those for retries too, unless the given ones replace them."""
    retried = _RETRY if status == 429 or status >= 500 else {}
    sent = {**retried, **{name.lower(): value for name, value in headers.items()}}
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in sent.items()]


def _error(status: int) -> Object:
    type, code, message = _WORDS.get(status, _SERVER_ERROR if status >= 500 else _CLIENT_ERROR)
    return {"message": message, "type": type, "param": None, "code": code}
