"""Session records of the Azure SDK's test proxy, as the tests of Azure's and of OpenAI's .NET clients have them."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.recordings.exchange import Exchange, Headers
from emulator.recordings.readers.decoding import BadBody, from_base64, json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry, shortened
from emulator.recordings.readers.registry import listed, reader

_TEXT_TYPES: Final = re.compile(r"text/|[^;]*(json|xml|urlencoded|javascript)")
_BYTES_MARK: Final = "b64:"


@reader("azure", "session records of the Azure SDK's test proxy", listed("Entries"), marks=("Entries",))
def read(entry: Entry) -> Exchange:
    request_headers, response_headers = entry.headers("RequestHeaders"), entry.headers("ResponseHeaders")
    return entry.exchange(
        method=entry.text("RequestMethod"),
        url=entry.text("RequestUri"),
        status=entry.status("StatusCode"),
        request_headers=request_headers,
        request_body=_body(entry, "RequestBody", request_headers),
        response_headers=response_headers,
        response_body=_body(entry, "ResponseBody", response_headers),
    )


def _body(entry: Entry, key: str, headers: Headers) -> bytes | None:
    """A body is a JSON value, a list of lines of text, or base64 for anything else."""
    body = entry.get(key)
    if body is None:
        return None
    content_type = dict(headers).get("content-type", "").lower()
    if isinstance(body, list):
        is_form = content_type.startswith("multipart/")
        return b"".join(_line(entry, key, one, is_form) for one in body)
    if not isinstance(body, str):
        return entry.bytes_of(json_bytes, body, key)
    if _TEXT_TYPES.match(content_type):
        return text_bytes(body)
    try:
        return from_base64(body)
    except BadBody:
        return text_bytes(body)


def _line(entry: Entry, key: str, line: Any, is_form: bool) -> bytes:
    """A line of text; in a form also the bytes of a part, or an empty list for an empty part."""
    if is_form and line == []:
        return b""
    if not isinstance(line, str):
        raise entry.refused((key,), f"expected lines of text, got {shortened(line)}")
    if is_form and line.startswith(_BYTES_MARK):
        return entry.bytes_of(from_base64, line.removeprefix(_BYTES_MARK), key)
    return text_bytes(line)
