"""Removes secrets from exchanges before they are written: from URLs, headers, bodies and forms.

JSON stays JSON, every byte outside a secret stays as it is, and redacting twice changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from emulator.base.secret_names import is_secret_header, is_secret_name, is_secret_parameter
from emulator.recordings.exchange import Exchange, Headers, Part
from emulator.recordings.record.json_leaves import Leaf, Span, apply, encode, is_json, leaves
from emulator.recordings.record.redacted_stream import redact_stream
from emulator.recordings.record.secrets import PLACEHOLDER, Finder, Patterns

__all__ = ["PLACEHOLDER", "Redactor"]

#: Levels of JSON in strings of JSON; deeper ones are plain text.
_MAX_DEPTH: Final = 8
_MAX_ROUNDS: Final = 8
#: The types of JSON Schema: in a schema, the name of a secret is that of a parameter.
_SCHEMA_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_SCHEMA_KEYS: Final = frozenset({"$ref", "anyOf", "oneOf", "allOf", "properties"})


class Redactor:
    """Redacts exchanges. ``patterns``: regular expressions for more than it knows by itself.

    Raises EmulatorError for an invalid pattern. ``count``: the number of secrets removed so far.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = Patterns(patterns)
        self.count = 0

    @property
    def slow_patterns(self) -> frozenset[str]:
        """Patterns that took too long for a text, which was then redacted as a whole."""
        return frozenset(self._patterns.slow)

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without its secrets; itself if it has none."""
        scrubber = Scrubber(Finder(_literals(exchange), self._patterns))
        redacted = _redacted(exchange, scrubber)
        self.count += scrubber.count
        return redacted if scrubber.count else exchange


def _redacted(exchange: Exchange, scrubber: Scrubber) -> Exchange:
    request_body = scrubber.body(exchange.request_body, exchange.request_header("content-type"))
    response_body = scrubber.body(exchange.response_body, exchange.response_header("content-type"))
    form = None if exchange.form is None else tuple(scrubber.part(part) for part in exchange.form)
    changed = form != exchange.form or request_body != exchange.request_body
    return replace(
        exchange,
        url=scrubber.url(exchange.url),
        request_headers=scrubber.headers(exchange.request_headers, request_body, changed),
        request_body=request_body,
        form=form,
        response_headers=scrubber.headers(
            exchange.response_headers, response_body, response_body != exchange.response_body
        ),
        response_body=response_body,
    )


class Scrubber:
    """Redacts the parts of one exchange and counts the secrets."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self.count = 0

    # ---- Texts ----

    def plain(self, text: str) -> str:
        """Redacts a text of no known form."""
        return apply(text, self._found(text))

    def _found(self, text: str) -> list[Span]:
        places = self._finder.find(text)
        self.count += len(places)
        return [(start, end, PLACEHOLDER) for start, end in places]

    def spans(self, text: str, depth: int = 0) -> list[Span]:
        """The spans to replace in a string, which may itself be JSON."""
        if not self._finder.may_find(text):
            return []
        if depth < _MAX_DEPTH and text.lstrip()[:1] in ("{", "[") and is_json(text):
            return self._json_spans(text, depth + 1)
        return self._found(text)

    def text(self, text: str) -> str:
        """Redacts a body: JSON, lines of JSON, the start of JSON, or any other text."""
        if not self._finder.may_find(text):
            return text
        if text.startswith("\ufeff"):
            return "\ufeff" + self.text(text[1:])
        if text.lstrip()[:1] not in ("{", "["):
            return self.plain(text)
        if is_json(text):
            return self.json(text)
        first, end, _ = text.partition("\n")
        if end and is_json(first):
            return "\n".join(self.text(line) for line in text.split("\n"))
        # Almost JSON: first its strings, as far as they can be read, then the text as a whole.
        return self.plain(apply(text, self._json_spans(text, 0, plain_values=False)))

    def may_find(self, text: str) -> bool:
        return self._finder.may_find(text)

    # ---- JSON ----

    def json(self, text: str) -> str:
        """Redacts a body with the content type of JSON, perhaps a single value."""
        if not self._finder.may_find(text):
            return text
        return apply(text, self._json_spans(text, 0)) if is_json(text) else self.text(text)

    def _json_spans(self, text: str, depth: int, *, plain_values: bool = True) -> list[Span]:
        spans = []
        for leaf in leaves(text):
            if leaf.kind == "plain" and not plain_values:
                continue
            raw = text[leaf.start : leaf.end]
            new = self.leaf(leaf, raw, depth)
            if new is not None:
                spans.append((leaf.start, leaf.end, new))
        return spans

    def leaf(self, leaf: Leaf, raw: str, depth: int = 0) -> str | None:
        """The replacement of a leaf; None to keep it."""
        if leaf.kind == "plain":
            if raw in ("true", "false", "null") or not (is_covered(leaf) or self._finder.find(raw)):
                return None
            self.count += 1
            return f'"{PLACEHOLDER}"'
        if leaf.kind == "string" and is_covered(leaf):
            new = self.whole(leaf.value)
        else:
            new = apply(leaf.value, self.spans(leaf.value, depth))
        return None if new == leaf.value else encode(new, raw)

    def whole(self, value: str) -> str:
        """Redacts a value whose name says that it is a secret."""
        if value in ("", PLACEHOLDER):
            return value
        self.count += 1
        return PLACEHOLDER

    # ---- Parts of an exchange ----

    def body(self, raw: bytes | None, kind: str | None) -> bytes | None:
        """Redacts a body of a content type."""
        if not raw:
            return raw
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return self.plain(raw.decode("latin-1")).encode("latin-1")
        after = _settled(self._by_kind((kind or "").lower(), raw), text)
        return raw if after == text else after.encode()

    def _by_kind(self, kind: str, raw: bytes) -> Callable[[str], str]:
        if kind.startswith("text/event-stream") or raw.startswith((b"event:", b"data:")):
            return lambda text: redact_stream(text, self)
        if kind.startswith("application/x-www-form-urlencoded"):
            return self.query
        return self.json if kind.startswith("application/json") else self.text

    def part(self, part: Part) -> Part:
        """Redacts a part of a form. A changed file loses its hash and gets its new length."""
        content = part.content
        if content and part.filename is None and is_secret_name(part.name):
            content = self.whole(content.decode("utf-8", "replace")).encode()
        else:
            content = self.body(content, None)
        name = self.plain(part.name)
        filename = None if part.filename is None else self.plain(part.filename)
        if content == part.content:
            return replace(part, name=name, filename=filename)
        size = None if part.size is None else len(content or b"")
        return replace(part, name=name, filename=filename, content=content, size=size, sha256=None)

    def headers(self, headers: Headers, body: bytes | None, changed: bool) -> Headers:
        """Redacts headers, and corrects the length of a changed body, or removes it if it is not known."""
        return tuple(
            (
                name,
                str(len(body))
                if changed and body is not None and name == "content-length"
                else self._header(name, value),
            )
            for name, value in headers
            if not (changed and body is None and name == "content-length")
        )

    def _header(self, name: str, value: str) -> str:
        if is_secret_header(name):
            return self.whole(value)
        return value if name == "content-type" else self.plain(value)  # it says how to read the body

    def url(self, url: str) -> str:
        return _settled(self._url, url)

    def _url(self, url: str) -> str:
        path, mark, query = url.partition("?")
        path = self.plain(path)
        segments = [
            self._encoded(segment, unquote, lambda text: quote(text, safe=_SAFE)) for segment in path.split("/")
        ]
        return "/".join(segments) + mark + self.query(query)

    def query(self, query: str) -> str:
        """Redacts the query of a URL, or a form that is encoded as one."""
        return "&".join(self._parameter(pair) for pair in query.split("&"))

    def _parameter(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if is_secret_parameter(unquote_plus(name)):
            value = self.whole(value)
        else:
            value = self._encoded(value, unquote_plus, lambda text: quote(text, safe=_SAFE))
        return self._encoded(name, unquote_plus, lambda text: quote(text, safe=_SAFE)) + equals + value

    def _encoded(self, encoded: str, decode: Callable[[str], str], encode: Callable[[str], str]) -> str:
        text = decode(encoded)
        new = apply(text, self.spans(text))
        return encoded if new == text else encode(new)


def _settled(redact: Callable[[str], str], text: str) -> str:
    """Redacts until nothing more is found: removing one secret can reveal another."""
    for _ in range(_MAX_ROUNDS):
        before, text = text, redact(text)
        if before == text:
            break
    return text


#: Characters that stay readable in a URL.
_SAFE: Final = "[]:@!$'()*,;~"


def is_covered(leaf: Leaf) -> bool:
    """True for a leaf under the name of a secret, directly or in lists and objects that are not a schema."""
    key, inside = leaf.key, leaf.inside
    while inside is not None:
        if isinstance(key, str) and is_secret_name(key):
            return True
        if not inside.is_list and (inside.type in _SCHEMA_TYPES or inside.names & _SCHEMA_KEYS):
            return False
        key, inside = inside.key, inside.outer
    return False


# ---- The credentials of an exchange ----


def _literals(exchange: Exchange) -> set[str]:
    """The credentials of a request, in the forms in which they may occur elsewhere."""
    found: set[str] = set()
    for name, value in exchange.request_headers:
        if is_secret_header(name):
            found.update(_cookies(value) if name == "cookie" else _credentials(value))
    for name, value in exchange.response_headers:
        if name == "set-cookie":
            found.update(_cookies(value.partition(";")[0]))
    for pair in exchange.url.partition("?")[2].split("&"):
        name, _, value = pair.partition("=")
        if is_secret_parameter(unquote_plus(name)):
            found.update((value, unquote(value), unquote_plus(value)))
    return found


def _credentials(value: str) -> Iterator[str]:
    yield value
    scheme, _, rest = value.partition(" ")
    yield rest.strip()
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return
        yield decoded
        yield decoded.partition(":")[2]


def _cookies(value: str) -> Iterator[str]:
    for pair in re.split(r";\s*", value):
        content = pair.partition("=")[2].strip('"')
        yield content
        yield unquote(content)
