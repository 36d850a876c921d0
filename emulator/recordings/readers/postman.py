"""Collections of Postman, version 2: each example of a request is an exchange."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from emulator.recordings.exchange import Exchange, Headers, Part
from emulator.recordings.readers.decoding import text_bytes
from emulator.recordings.readers.entry import Entry, as_text, clean
from emulator.recordings.readers.registry import reader

#: Levels of folders in a collection.
_DEPTH = 50


def _items(data: Any) -> list[Any] | None:
    if not isinstance(data, dict) or not isinstance(data.get("info"), dict) or not isinstance(data.get("item"), list):
        return None
    return _examples(data["item"], _DEPTH)


def _examples(items: list[Any], levels: int) -> list[Any]:
    """The examples of all requests; one that does not repeat its request has that of the collection."""
    found: list[Any] = []
    for item in items:
        if not isinstance(item, dict):
            found.append(item)
            continue
        if isinstance(item.get("item"), list) and levels:
            found += _examples(item["item"], levels - 1)
        responses = item.get("response")
        for one in responses if isinstance(responses, list) else []:
            is_whole = isinstance(one, dict) and one.get("originalRequest") is not None
            found.append(
                one if is_whole or not isinstance(one, dict) else {**one, "originalRequest": item.get("request")}
            )
    return found


@reader("postman", "collections of Postman with examples", _items, marks=("item",))
def read(entry: Entry) -> Exchange:
    request = "originalRequest"
    if isinstance(entry.get(request), str):
        entry = Entry(entry.source, entry.number, {**entry.value, request: {"url": entry.text(request)}})
    body, form = _request_body(entry, request)
    text = entry.optional_text("body")
    return entry.exchange(
        method=entry.optional_text(request, "method") or "GET",
        url=_url(entry, request),
        status=200 if entry.get("code") is None else entry.status("code"),
        request_headers=_headers(entry, request, "header"),
        request_body=body,
        form=form,
        response_headers=_headers(entry, "header"),
        response_body=None if text is None else text_bytes(text),
        coded=False,  # an example has decoded contents, and the original headers
    )


def _headers(entry: Entry, *path: str) -> Headers:
    """A list of keys with their values; a text, which Postman also takes, is left out."""
    pairs = entry.get(*path)
    named = [one for one in pairs if isinstance(one, dict) and "key" in one] if isinstance(pairs, list) else []
    return tuple((clean(str(one["key"])).lower(), as_text(one.get("value")) or "") for one in named)


def _url(entry: Entry, request: str) -> str:
    url = entry.get(request, "url")
    if isinstance(url, dict) and entry.optional_text(request, "url", "raw") is None:
        parts = url.get("path")
        path = "/".join(as_text(one) or "" for one in parts) if isinstance(parts, list) else as_text(parts) or ""
        return f"/{path.lstrip('/')}"
    raw = entry.text(request, "url", "raw") if isinstance(url, dict) else entry.text(request, "url")
    # a variable stands for the host, or for the host and the base: {{baseUrl}}/threads
    return raw[raw.find("}}") + 2 :] or "/" if raw.startswith("{{") and "}}" in raw else raw


def _request_body(entry: Entry, request: str) -> tuple[bytes | None, tuple[Part, ...] | None]:
    path = (request, "body")
    mode = entry.optional_text(*path, "mode")
    parts = entry.get(*path, mode) if mode in ("formdata", "urlencoded") else None
    if not isinstance(parts, list):
        raw = entry.optional_text(*path, "raw")
        return None if raw is None else text_bytes(raw), None
    named = [one for one in parts if isinstance(one, dict) and isinstance(one.get("key"), str)]
    if mode == "urlencoded":
        return urlencode([(clean(one["key"]), as_text(one.get("value")) or "") for one in named]).encode(), None
    return None, tuple(_part(one) for one in named)


def _part(one: dict[str, Any]) -> Part:
    """A file has the path from which it was sent, and no contents."""
    if one.get("type") == "file":
        return Part(clean(one["key"]), clean(str(one.get("src") or "file")).rpartition("/")[2])
    return Part(clean(one["key"]), content=text_bytes(as_text(one.get("value")) or ""))
