"""What a request's head says (key, flavour), and the headers of every response."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from typing import Final, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote

import orjson

from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.base.clock import http_date

Flavour = Literal["openai", "azure"]
Header = tuple[bytes, bytes]
Headers = list[Header]

JSON: Final[Header] = (b"content-type", b"application/json")

#: A version as Azure and Foundry write it: a date, perhaps a preview, or ``v1``.
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?|v\d+|latest|preview")
#: Long enough for the tokens of Azure's directory, which take the place of a key.
_KEY = re.compile(rb"[\x21-\x7e]{1,8192}")

#: Sent with every response. Left out on purpose: Cloudflare's and HSTS (docs/differences.md).
_OPENAI: Final[Headers] = [
    (b"openai-organization", b"assistants-emulator"),
    (b"openai-processing-ms", b"1"),
    (b"openai-project", b"proj_assistants_emulator"),
    (b"openai-version", b"2020-10-01"),
    (b"x-content-type-options", b"nosniff"),
]
_AZURE: Final[Headers] = [
    (b"openai-processing-ms", b"1"),
    (b"openai-version", b"2020-10-01"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-ms-region", b"Emulator"),
]


class Address(NamedTuple):
    """Where a request goes: its path without version or base, as segments, and the flavour that base speaks."""

    segments: list[str]
    flavour: Flavour
    query: dict[str, str | list[str]]
    waives_beta: bool


def read_query(raw: bytes) -> dict[str, str | list[str]]:
    """A query string; names that end in ``[]`` are lists."""
    query: dict[str, str | list[str]] = {}
    for name, value in _pairs(raw):
        if name.endswith("[]"):
            query[name] = [*query.get(name, []), value]
        else:
            query[name] = value
    return query


@functools.lru_cache(maxsize=256)
def _pairs(raw: bytes) -> list[tuple[str, str]]:
    return parse_qsl(raw.decode("latin-1"), keep_blank_values=True)


def read_address(path: str, query_string: bytes, roots: frozenset[str], method: str) -> Address:
    """Raises ApiError for a path that no base of ours begins, and for a bad or missing version under ``/openai``.

    ``/v1/…`` is OpenAI's; ``/openai/…`` and, with ``?api-version=``, any other base are Azure's and Foundry's. Azure's
    own v1, ``/openai/v1/…``, needs no version.
    """
    segments = path.split("/")[1:]
    query = read_query(query_string) if query_string else {}
    if segments[0] == "v1" and "api-version" not in query:
        plain = segments[1:] if "%" not in path else [unquote(segment) for segment in segments[1:]]
        return Address(plain, "openai", query, waives_beta=False)
    version = query.pop("api-version", None)
    if segments[0] != "openai" and version is None:
        raise errors.unknown_url(method, unquote(path))
    if version is None and segments[1:2] == ["v1"]:
        version = "v1"
    if not isinstance(version, str) or not _API_VERSION.fullmatch(version):
        raise errors.unknown_url(method, unquote(path))
    start = next((n for n, segment in enumerate(segments) if segment in roots), None)
    if start is None:
        raise errors.unknown_url(method, unquote(path))
    return Address([unquote(s) for s in segments[start:]], "azure", query, waives_beta=True)


def read_key(headers: Headers) -> str:
    """The API key: bearer, ``api-key``, or the password of Basic auth. Raises ApiError if there is none, or no such."""
    for name, value in headers:
        if name in (b"authorization", b"api-key") and (key := _key_in(name, value)):
            return key
    raise errors.no_api_key()


@functools.lru_cache(maxsize=1024)
def _key_in(name: bytes, value: bytes) -> str:
    """The key that a header carries, or nothing. Raises ApiError for what cannot be a key."""
    key = value.strip()
    if name == b"authorization":
        scheme, _, rest = value.partition(b" ")
        key = {b"bearer": rest.strip(), b"basic": _password(rest.strip())}.get(scheme.lower(), b"")
    if key and not _KEY.fullmatch(key):
        raise errors.incorrect_api_key(key.decode("latin-1"))
    return key.decode("ascii")


def _password(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def shared_headers(flavour: Flavour, request_id: str, now: float) -> Headers:
    """The headers that all responses of a flavour share."""
    date = (b"date", http_date(int(now)))
    if flavour == "azure":
        digits = request_id.removeprefix("req_")
        uuid = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}".encode()
        return [date, *_AZURE, (b"apim-request-id", uuid), (b"x-request-id", uuid)]
    return [date, *_OPENAI, (b"x-request-id", request_id.encode())]


@functools.lru_cache(maxsize=64)
def _head_before_id(flavour: Flavour, second: int) -> bytes:
    """The lines of ``shared_headers`` before the request's id: the same for a whole second."""
    return lines_of(shared_headers(flavour, "", second)[: 1 + len(_AZURE if flavour == "azure" else _OPENAI)])


def shared_head(flavour: Flavour, request_id: str, now: float) -> bytes:
    """``shared_headers`` as lines."""
    if flavour == "azure":
        return lines_of(shared_headers(flavour, request_id, now))
    return b"%bx-request-id: %b\r\n" % (_head_before_id(flavour, int(now)), request_id.encode())


def lines_of(headers: Headers) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def error_body(error: ApiError, flavour: Flavour) -> bytes:
    """OpenAI's envelope; on Azure the gateway has its own for what does not get past it (docs/wire.md §6)."""
    if flavour == "azure" and error.gateway:
        body = {"code": str(error.status), "message": _AZURE_WORDS.get(error.status, error.message)}
        return orjson.dumps({"error": body})
    return error.body()


def gateway_body(status: int, operation: str) -> bytes | None:
    """The error of Azure's gateway for a request; None for one that the gateway lets pass."""
    words = {
        401: _AZURE_WORDS[401],
        429: (
            f"Requests to the {operation.title()} Operation under Azure OpenAI API have exceeded token rate limit of "
            "your current OpenAI S0 pricing tier. Please retry after 1 second. Please go here: "
            "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
        ),
    }.get(status)
    return None if words is None else orjson.dumps({"error": {"code": str(status), "message": words}})


_AZURE_WORDS: Final = {
    401: (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource."
    ),
    404: "Resource not found",
}
