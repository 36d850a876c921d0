"""Redacts the parts of one exchange: texts, JSON, forms, headers, URLs.

JSON stays JSON, every byte outside a secret stays as it is, and redacting twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, unquote_plus

from emulator.base.secrets.finder import NAMED, PLACEHOLDER, Finder, Found
from emulator.base.secrets.names import is_secret_header, is_secret_name, is_secret_parameter
from emulator.recordings.exchange import Headers, Part
from emulator.recordings.redaction.json_leaves import Leaf, Span, apply, encode, is_json, leaves
from emulator.recordings.redaction.streams import redact_stream, redacted_events

#: Characters that stay readable in a URL.
_SAFE: Final = "[]:@!$'()*,;~"
#: Levels of JSON in strings of JSON; deeper ones are plain text.
_MAX_DEPTH: Final = 8
_MAX_ROUNDS: Final = 8
#: The types of JSON Schema: in a schema, the name of a secret is that of a parameter.
_SCHEMA_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_SCHEMA_KEYS: Final = frozenset({"$ref", "anyOf", "oneOf", "allOf", "properties"})


class Scrubber:
    """Redacts the parts of one exchange and counts the secrets."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        #: How many secrets were found, by part of the exchange and kind.
        self.found: Counter[tuple[str, str]] = Counter()
        self.part_name = ""

    @property
    def count(self) -> int:
        return self.found.total()

    def _note(self, kind: str) -> None:
        self.found[self.part_name, kind] += 1

    # ---- Texts ----

    def plain(self, text: str) -> str:
        """Redacts a text of no known form."""
        return apply(text, self._found(text))

    def _found(self, text: str) -> list[Span]:
        places = self._finder.find(text)
        for found in places:
            self._note(found.kind)
        return [(found.start, found.end, PLACEHOLDER) for found in places]

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
            self._note(NAMED)
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
        self._note(NAMED)
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
        return apply(path, self._path_spans(path)) + mark + self.query(query)

    def _path_spans(self, path: str) -> list[Span]:
        """Those of each segment and those of several together, as a webhook's; where they overlap it is one."""
        found, at = self._finder.find(path), 0
        for segment in path.split("/"):
            found += [Found(at + one.start, at + one.end, one.kind) for one in self._finder.find(segment)]
            at += len(segment) + 1
        spans: list[Span] = []
        for start, end, kind in sorted(found):
            if spans and start < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]), PLACEHOLDER)
            else:
                self._note(kind)
                spans.append((start, end, PLACEHOLDER))
        return spans

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


def redacted_value(value: Any, scrubber: Scrubber, *, name: str = "") -> Any:
    """A JSON value without its secrets. ``name``: the key of the value; a schema's names are those of parameters."""
    if isinstance(value, dict):
        is_schema = value.get("type") in _SCHEMA_TYPES or bool(_SCHEMA_KEYS & value.keys())
        return {
            scrubber.plain(key): redacted_value(inner, scrubber, name="" if is_schema else key)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        events = bool(value) and all(isinstance(one, dict) and one.keys() == {"event", "data"} for one in value)
        return [
            redacted_value(inner, scrubber, name=name)
            for inner in (redacted_events(list(value), scrubber) if events else value)
        ]
    if not isinstance(value, str):
        return value
    if is_secret_name(name):
        return scrubber.whole(value)
    return apply(value, scrubber.spans(value))
