"""Finds secrets: by the name of a value, by its form, or because the exchange itself carries it as a credential."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Protocol

from emulator.base.secrets import clouds, general, services  # noqa: F401  (they register their kinds)
from emulator.base.secrets.kinds import KINDS, compiled
from emulator.base.secrets.names import is_secret_name
from emulator.base.secrets.signs import Signs, signs_of_kinds

#: The replacement of a secret.
PLACEHOLDER: Final = "[redacted]"
#: What a secret is called that its name, the exchange or the user identifies.
NAMED, CREDENTIAL, OWN = "named secret", "credential of the request", "--redact"

#: A name and its value in any text: code, JSON that breaks off, headers.
_ASSIGNED: Final = re.compile(
    r"(?i:key|token|secret|password|passwd|passphrase|pwd|authorization|auth|credentials?|cookie|jwt|organi[sz]ation_?id"
    r"|org_?id|connection_?string|dsn)(?P<after>\\*[\"']?\s{0,4}[:=]\s{0,4})"
    r"(?:\\*[\"'](?P<quoted>[^\"'\\\n]+)|(?P<plain>(?=[^\s\"',;&]*\d)[^\s\"'\\,;&(){}<>\[\]]{4,}))"
)
_NAME_BEFORE: Final = re.compile(r"[\w.-]{1,60}\Z")
#: Names of secrets before their value, in lower case, each with a substring of the texts that can contain it.
_NAMED: Final = tuple(
    (sign, rf"{name}s?[\W_]{{0,12}}[:=]")
    for sign, name in {
        "key": r"key(?:[\W_]{0,3}id)?",
        "token": r"token(?!s)",
        "tokens": r"(?:access|refresh|id|auth|bearer|session)[\W_]{0,3}token",
        "secret": r"secret",
        "passw": r"passw(?:or)?d",
        "passphrase": r"passphrase",
        "pwd": r"pwd",
        "auth": r"auth(?:orization)?",
        "bearer": r"bearer",
        "credential": r"credential",
        "cookie": r"cookie",
        "jwt": r"jwt",
        "org": r"org(?:ani[sz]ation)?[\W_]{0,3}id",
        "openai": r"openai[\W_]{0,3}project",
        "connection": r"connection[\W_]{0,3}string",
        "dsn": r"dsn",
    }.items()
)
#: Escapes of JSON that can hide a secret in the text: all but line ends, tabs and quotes.
_HIDING: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|[^nrt\"])", re.DOTALL)
#: Such an escape, which does not hide a secret but may stand where another character must.
_ESCAPE: Final = re.compile(r"\\([nrt\"])")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"'}
#: What other recorders, and this one, write in place of a credential.
_OF_A_RECORDER: Final = re.compile(
    r"(?:(?:bearer|basic)\s+)?\W*(?:redacted|filtered|sanitized|scrubbed|masked|removed|placeholder)\W*", re.IGNORECASE
)
#: A character of ASCII in percent-encoding.
_PERCENT: Final = re.compile(r"%([0-7][0-9A-Fa-f])")
#: The kinds by their signs: those signs that stand in a text as they are, and those that may be in another case.
_EXACT: Final = Signs(one for one in signs_of_kinds() if one[0] != one[0].lower())
_FOLDED: Final = Signs(one for one in signs_of_kinds() if one[0] == one[0].lower())
#: So many characters of texts without secrets are remembered: headers repeat in each exchange, and polls their bodies.
_REMEMBERED: Final = 2_000_000


class Found(NamedTuple):
    """The span of a secret in a text, and its kind."""

    start: int
    end: int
    kind: str


class OwnPatterns(Protocol):
    """The regular expressions of the user."""

    def __bool__(self) -> bool: ...
    def find(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]: ...


class Finder:
    """Finds secrets in texts. ``literals`` are secrets wherever they occur; ``patterns`` are those of the user."""

    def __init__(self, literals: Iterable[str] = (), patterns: OwnPatterns | None = None) -> None:
        words = sorted((one for one in literals if _is_distinct(one)), key=len, reverse=True)
        self._literals = re.compile("|".join(map(re.escape, words))) if words else None
        self._patterns = patterns
        self._harmless: set[str] = set()
        self._room = _REMEMBERED

    def may_find(self, text: str) -> bool:
        """False if a text, and the JSON in it, certainly contain no secret. Fast."""
        if text in self._harmless:
            return False
        if self._may_find(text):
            return True
        if len(text) < self._room:
            self._room -= len(text)
            self._harmless.add(text)
        return False

    def _may_find(self, text: str) -> bool:
        if self._patterns or (self._literals and self._literals.search(text)):
            return True
        if _HIDING.search(text):
            return self._may_find(_HIDING.sub(_shown_character, text))
        if forms := _forms_for(text):
            shown = _unescaped(text)
            if any(form.search(shown) for _, form in forms):
                return True
        lower = text.lower()
        has_values = ":" in text or "=" in text
        if has_values and any(sign in lower and compiled(name).search(lower) is not None for sign, name in _NAMED):
            return True
        return "%" in text and (plain := _PERCENT.sub(_character, text)) != text and self._may_find(plain)

    def find(self, text: str) -> list[Found]:
        """The secrets in a text, in order and without overlap. A placeholder is not a secret.

        The search is repeated on the rest until it finds nothing, so that redacting twice changes nothing.
        """
        if not self.may_find(text):
            return []
        left = _around_placeholders(text)
        kinds: list[Found] = []
        while True:
            shown, places = _shown(text, left)
            hits = self._search(shown, places)
            if not hits:
                return [_named(start, end, kinds) for start, end in _between(left, len(text), text)]
            kinds += _originals(left, places, hits)
            left = _without(left, places, hits)

    def _search(self, text: str, places: Places) -> list[Found]:
        forms = _forms_for(text)
        found: list[Found] = []
        for start, end in places:
            found += (one for one in self._matches(forms, text, start, end) if one.start < one.end)
        if "%" in text:
            found += self._encoded(text, places)
        return sorted(found)

    def _encoded(self, text: str, places: Places) -> Iterator[Found]:
        """The secrets that percent-encoding hides: an error quotes the URL of its request."""
        plain, at = _decoded(text)
        forms = _forms_for(plain)
        for start, end in places if len(plain) < len(text) else ():
            for one in self._matches(forms, plain, bisect_left(at, start), bisect_left(at, end)):
                if one.start < one.end:
                    yield Found(at[one.start], at[one.end], one.kind)

    def _matches(self, forms: list[tuple[str, re.Pattern[str]]], text: str, start: int, end: int) -> Iterator[Found]:
        for title, form in forms:
            for match in form.finditer(text, start, end):
                yield Found(*match.span(1 if form.groups else 0), title)
        for match in _ASSIGNED.finditer(text, start, end):
            name = _NAME_BEFORE.search(text, max(start, match.start() - 40), match.start("after"))
            if name and is_secret_name(name[0]):
                yield Found(*match.span("quoted" if match["quoted"] else "plain"), NAMED)
        if self._literals:
            for match in self._literals.finditer(text, start, end):
                yield Found(*match.span(), CREDENTIAL)
        if self._patterns:
            yield from (Found(*span, OWN) for span in self._patterns.find(text, start, end))


def _forms_for(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """The forms of the kinds that a text can contain by their signs."""
    titles = _EXACT.titles_in(text) + _FOLDED.titles_in(text.lower())
    return [(title, one.form) for title in dict.fromkeys(titles) if (one := KINDS[title]).may_be_in(text)]


def _decoded(text: str) -> tuple[str, list[int]]:
    """A text without its percent-encoding, and where in the text each of its characters stands, with the end."""
    at: list[int] = []
    done = 0
    for match in _PERCENT.finditer(text):
        at += [*range(done, match.start()), match.start()]
        done = match.end()
    return _PERCENT.sub(_character, text), [*at, *range(done, len(text) + 1)]


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _shown_character(match: re.Match[str]) -> str:
    return chr(int(match[1][1:], 16)) if len(match[1]) > 1 else match[1]


def _unescaped(text: str) -> str:
    """The text of JSON with its line ends, tabs and quotes as they are."""
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text) if "\\" in text else text


def _is_distinct(word: str) -> bool:
    """True for a word that does not occur in texts by chance."""
    return len(word) >= (16 if word.isalpha() else 8) and not _OF_A_RECORDER.fullmatch(word)


# ---- Places in a text ----

Places = list[tuple[int, int]]


def _around_placeholders(text: str) -> Places:
    places, at = [], 0
    while (found := text.find(PLACEHOLDER, at)) >= 0:
        places.append((at, found))
        at = found + len(PLACEHOLDER)
    return [(start, end) for start, end in [*places, (at, len(text))] if start < end]


def _shown(text: str, left: Places) -> tuple[str, Places]:
    """The text with placeholders for everything but the spans of ``left``, and the spans in that text."""
    pieces: list[str] = []
    places: Places = []
    at = last = 0
    for start, end in left:
        if start > last:
            pieces.append(_gap(text[last:start]))
            at += len(pieces[-1])
        places.append((at, at + end - start))
        pieces.append(text[start:end])
        at, last = at + end - start, end
    if last < len(text):
        pieces.append(_gap(text[last:]))
    return "".join(pieces), places


def _gap(old: str) -> str:
    """The text of a gap: the placeholders that were already there, or one for a secret."""
    many, rest = divmod(len(old), len(PLACEHOLDER))
    return old if many and not rest and old == PLACEHOLDER * many else PLACEHOLDER


def _without(left: Places, places: Places, hits: list[Found]) -> Places:
    """``left`` without the hits. ``places`` are the same pieces in the text that was searched."""
    remaining: Places = []
    for (start, _), (at, end) in zip(left, places, strict=True):
        cursor = at
        for hit_start, hit_end, _ in hits:
            if hit_start >= end or hit_end <= at:
                continue
            if hit_start > cursor:
                remaining.append((start + cursor - at, start + hit_start - at))
            cursor = max(cursor, hit_end)
        if cursor < end:
            remaining.append((start + cursor - at, start + end - at))
    return remaining


def _between(left: Places, length: int, text: str) -> Places:
    """The gaps of ``left``, except for those that are already placeholders."""
    gaps, last = [], 0
    for start, end in [*left, (length, length)]:
        if start > last and _gap(text[last:start]) != text[last:start]:
            gaps.append((last, start))
        last = end
    return gaps


def _originals(left: Places, places: Places, hits: list[Found]) -> Iterator[Found]:
    """The hits with their places in the whole text."""
    for (start, _), (at, end) in zip(left, places, strict=True):
        yield from (Found(start + hit.start - at, start + hit.end - at, hit.kind)
                    for hit in hits if hit.start < end and hit.end > at)  # fmt: skip


def _named(start: int, end: int, kinds: list[Found]) -> Found:
    """A span with its kind: that of the first secret in it that covers most of it."""
    within = [one for one in kinds if one.start < end and one.end > start]
    longest = max(within, key=lambda one: min(one.end, end) - max(one.start, start), default=None)
    return Found(start, end, longest.kind if longest else NAMED)
