"""What a request's head says (key, address), and the headers of every response."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from emulator.apis.http import errors
from emulator.apis.http.flavours import FOUNDRY, Base, Flavour, base_of
from emulator.base.clock import http_date

Header = tuple[bytes, bytes]
Headers = list[Header]

JSON: Final[Header] = (b"content-type", b"application/json")

#: A version as Azure and Foundry write it: a date, perhaps a preview, or ``v1``.
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?|v\d+|latest|preview")
#: Long enough for the tokens of Azure's directory, which take the place of a key.
_KEY = re.compile(rb"[\x21-\x7e]{1,8192}")
_KEY_HEADERS: Final = (b"authorization", b"api-key")

#: Sent with every response. Left out on purpose: Cloudflare's and HSTS (docs/differences.md).
_OPENAI: Final[Headers] = [
    (b"openai-organization", b"assistants-emulator"),
    (b"openai-processing-ms", b"1"),
    (b"openai-project", b"proj_assistants_emulator"),
    (b"openai-version", b"2020-10-01"),
    (b"x-content-type-options", b"nosniff"),
]
#: Sent with every response of Azure and Foundry, except on the Responses API.
_OPENAI_ON_AZURE: Final[Headers] = [
    (b"openai-organization", b"a55157a9751c4e4d8a70a55157a9751c"),
    (b"openai-processing-ms", b"1"),
    (b"openai-version", b"2020-10-01"),
]
#: Sent with every response of Azure and Foundry, and what only Foundry sends.
_AZURE: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-ms-region", b"Emulator"),
]
_FOUNDRY: Final[Headers] = [
    (b"azureml-served-by-cluster", b"emulator"),
    (b"request-context", b"appId=cid-v1:emulator"),
    (b"x-aml-cluster", b"emulator"),
    (b"x-ms-response-type", b"standard"),
    (b"x-request-time", b"0.001"),
]
#: A client of Azure names its request in this header, and finds the name in the response.
_CLIENT_REQUEST_ID: Final = b"x-ms-client-request-id"


@dataclass(slots=True)
class Address:
    """Where a request goes: its path without its base, as segments, and the flavour that the base speaks.

    ``version``: the ``api-version`` of Azure and Foundry, empty for none.
    """

    segments: list[str]
    flavour: Flavour
    query: dict[str, str | list[str]]
    version: str = ""


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


def read_address(
    path: str, query_string: bytes, roots: frozenset[str], method: str, base: Base | None = None
) -> Address:
    """Raises ApiError for a path that no base of ours begins, and for a bad or missing version of Azure's.

    ``base``: that of the path, if it is known already.
    """
    flavour, length, needs_version = base or base_of(path, query_string)
    query = read_query(query_string) if query_string else {}
    if flavour == "openai":
        if length is None:
            raise errors.unknown_url(method, unquote(path))
        plain = path.split("/")[2:]
        return Address(plain if "%" not in path else [unquote(segment) for segment in plain], flavour, query)
    version = query.pop("api-version", None)
    if version is None and not needs_version:
        version = "v1"
    segments = _below(path, length, roots)
    if segments is None or not isinstance(version, str) or not _API_VERSION.fullmatch(version):
        raise errors.unknown_url(method, unquote(path))
    return Address([unquote(segment) for segment in segments], flavour, query, version)


def _below(path: str, length: int | None, roots: frozenset[str]) -> list[str] | None:
    """The segments below a base; below an unknown one, those from the first root on. None if there is no root."""
    if length is not None:
        segments = path[length + 1 :].split("/")
        return segments if segments[0] in roots else None
    segments = path.split("/")
    start = next((n for n, segment in enumerate(segments) if segment in roots), None)
    return None if start is None else segments[start:]


def by_name(headers: Sequence[Header]) -> dict[bytes, bytes]:
    """Headers by their names; of several with the same name, the first."""
    return dict(reversed(headers))


class ReadHeaders(NamedTuple):
    """Headers as they were sent, and by name."""

    sent: Headers
    by_name: Mapping[bytes, bytes]


@functools.lru_cache(maxsize=1024)
def read_headers(sent: tuple[Header, ...]) -> ReadHeaders:
    """The same object for the same headers: a client sends them again and again, and the journal keeps them."""
    return ReadHeaders(list(sent), by_name(sent))


def read_key(headers: Mapping[bytes, bytes]) -> str:
    """The API key that headers (by name) carry: bearer, the password of Basic auth, or else ``api-key``.

    Raises ApiError if there is none, or no such.
    """
    for name in _KEY_HEADERS:
        if name in headers and (key := _key_in(name, headers[name])):
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


def openai_headers(request_id: str, now: float) -> Headers:
    """The headers that all responses of OpenAI share."""
    return [_date(now), *_OPENAI, (b"x-request-id", request_id.encode())]


def openai_head(request_id: str, now: float) -> bytes:
    """``openai_headers`` as lines."""
    return b"date: %b\r\n%bx-request-id: %b\r\n" % (http_date(int(now)), _OPENAI_LINES, request_id.encode())


def azure_headers(
    flavour: Flavour, request_id: str, now: float, received: Headers, *, of_responses: bool = False
) -> Headers:
    """The headers that all responses of Azure or Foundry share.

    ``received``: those of the request, whose client may have given it a name. ``of_responses``: the Responses API sends
    no ``openai-*`` there.
    """
    digits = request_id.removeprefix("req_")
    uuid = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}".encode()
    is_foundry = flavour in FOUNDRY
    return [
        _date(now),
        *(() if of_responses else _OPENAI_ON_AZURE),
        *_AZURE,
        *(_FOUNDRY if is_foundry else ()),
        (b"apim-request-id", uuid),
        (b"x-ms-middleware-request-id", uuid),
        (b"x-request-id", digits.encode() if is_foundry else uuid),
        *[header for header in received if header[0] == _CLIENT_REQUEST_ID][:1],
    ]


def _date(now: float) -> Header:
    return b"date", http_date(int(now))


def lines_of(headers: Headers) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


_OPENAI_LINES: Final = lines_of(_OPENAI)
