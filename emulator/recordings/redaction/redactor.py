"""Removes secrets from exchanges before they are written: from URLs, headers, bodies and forms.

JSON stays JSON, every byte outside a secret stays as it is, and redacting twice changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_plus

from emulator.base.secrets.finder import PLACEHOLDER, Finder
from emulator.base.secrets.names import is_secret_header, is_secret_parameter
from emulator.recordings.exchange import Exchange, Recording
from emulator.recordings.redaction.patterns import Patterns
from emulator.recordings.redaction.scrubber import Scrubber, redacted_value

__all__ = ["PLACEHOLDER", "Redactor"]


class Place(NamedTuple):
    """A place where secrets of a kind stood: the exchange in words, its part, and the kind."""

    exchange: str
    part: str
    kind: str


class Redactor:
    """Redacts exchanges. ``patterns``: regular expressions for more than it knows by itself.

    Raises EmulatorError for an invalid pattern. ``count``: the number of secrets removed so far.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = Patterns(patterns)
        self.count = 0
        #: How many secrets stood in each place of ``recordings``, headers left out: no scenario has them.
        self.places: Counter[Place] = Counter()

    @property
    def slow_patterns(self) -> frozenset[str]:
        """Patterns that took too long for a text, which was then redacted as a whole."""
        return frozenset(self._patterns.slow)

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without its secrets; itself if it has none."""
        redacted, scrubber = self._scrubbed(exchange, Finder(_literals(exchange), self._patterns))
        self.count += scrubber.count
        return redacted

    def recordings(self, recordings: Iterable[Recording]) -> list[Recording]:
        """Recordings without their secrets; the credentials of one request are secrets in all of them."""
        recordings = list(recordings)
        literals = {one for recording in recordings for exchange in recording.exchanges for one in _literals(exchange)}
        finder = Finder(literals, self._patterns)
        return [replace(one, exchanges=tuple(self._counted(each, finder) for each in one.exchanges))
                for one in recordings]  # fmt: skip

    def value(self, value: Any) -> Any:
        """A JSON value without its secrets."""
        scrubber = Scrubber(Finder((), self._patterns))
        redacted = redacted_value(value, scrubber)
        self.count += scrubber.count
        return redacted

    def content(self, raw: bytes) -> bytes:
        """The content of a file without its secrets."""
        scrubber = Scrubber(Finder((), self._patterns))
        redacted = scrubber.body(raw, None) or b""
        self.count += scrubber.count
        return redacted

    def _counted(self, exchange: Exchange, finder: Finder) -> Exchange:
        redacted, scrubber = self._scrubbed(exchange, finder)
        for (part, kind), count in scrubber.found.items():
            if part != HEADERS:
                self.count += count
                self.places[Place(redacted.described(), part, kind)] += count
        return redacted

    @staticmethod
    def _scrubbed(exchange: Exchange, finder: Finder) -> tuple[Exchange, Scrubber]:
        scrubber = Scrubber(finder)
        redacted = _redacted(exchange, scrubber)
        return (redacted if scrubber.count else exchange), scrubber


#: The parts of an exchange.
URL, HEADERS, REQUEST, FORM, RESPONSE = "URL", "headers", "request", "form", "response"


def _redacted(exchange: Exchange, scrubber: Scrubber) -> Exchange:
    scrubber.part_name = REQUEST
    request_body = scrubber.body(exchange.request_body, exchange.request_header("content-type"))
    scrubber.part_name = RESPONSE
    response_body = scrubber.body(exchange.response_body, exchange.response_header("content-type"))
    scrubber.part_name = FORM
    form = None if exchange.form is None else tuple(scrubber.part(part) for part in exchange.form)
    changed = form != exchange.form or request_body != exchange.request_body
    scrubber.part_name = URL
    url = scrubber.url(exchange.url)
    scrubber.part_name = HEADERS
    return replace(
        exchange,
        url=url,
        request_headers=scrubber.headers(exchange.request_headers, request_body, changed),
        request_body=request_body,
        form=form,
        response_headers=scrubber.headers(
            exchange.response_headers, response_body, response_body != exchange.response_body
        ),
        response_body=response_body,
    )


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
