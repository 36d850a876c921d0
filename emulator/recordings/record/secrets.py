"""Finds secrets: by the name of a value, by its form, or because the exchange itself carries it as a credential.

Azure's old keys are 32 hexadecimal digits, like hashes and ids, so only names and headers identify them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from emulator.base.limits import REGEX_TIMEOUT
from emulator.base.problems import EmulatorError
from emulator.base.secret_names import is_secret_name
from emulator.sandbox import patterns as patterns_

#: The replacement of a secret.
PLACEHOLDER: Final = "[redacted]"

# ---- By form ----

#: Each form with substrings, in lower case, of the texts that can contain it: the search for them is much faster.
#: If a form has a group, only the group is the secret.
_FORMS: Final = tuple(
    (tuple(signs.split("|")), re.compile(form))
    for signs, form in (
        ("sk-|sess-", r"(?<![A-Za-z0-9])(?:sk|sess)-[A-Za-z0-9_*-]{6,}"),
        ("sk-", r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_*-]{6,}|(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,})"),
        ("org-|proj_", r"(?<![A-Za-z0-9])(?:org-|proj_)[A-Za-z0-9_-]{6,}"),
        ("eyj", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*"),
        ("bearer", r"\b[Bb](?i:earer)\s+((?=\S*\d|\S{16})[A-Za-z0-9._~+/=-]{6,})"),
        ("basic", r"\b[Bb](?i:asic)\s+((?=\S*(?:[0-9=]|[a-z][A-Z]))[A-Za-z0-9+/]{8,}={0,2})"),
        ("api key provided: ", r"API key provided: ([^\s\"']+?)\.?(?=[\s\"']|$)"),
        ("in organization ", r"in organization (\S+) on (?:tokens|requests)"),
        ("jqqj9", r"(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{10,}"),  # Azure's keys since 2024
        ("akia|asia", r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
        ("aiza", r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,}"),
        ("gho_|ghp_|ghs_|ghu_|ghr_|github_pat_", r"(?<![A-Za-z0-9])(?:gh[opsur]|github_pat)_[A-Za-z0-9_]{10,}"),
        ("glpat-|hf_|xox", r"(?<![A-Za-z0-9])(?:glpat-|hf_|xox[abeoprs]-)[A-Za-z0-9_-]{10,}"),
        ("k_live_|k_test_", r"(?<![A-Za-z0-9])[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
        ("private key-", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
        ("@", r"://([^/\s:@\"'\[\]]+:[^/\s@\"'\[\]]+)(?=@)"),
        ("key=|code=|sig=|signature=|token=",
         r"[?&](?i:api[-_]?key|key|code|sig|signature|[a-z_]*token)=([^&\s\"'<>#\\\[\]]+)"),
    )
)  # fmt: skip
#: A name and its value in any text: code, JSON that breaks off, headers.
_ASSIGNED: Final = re.compile(
    r"(?i:key|token|secret|password|passwd|passphrase|pwd|authorization|auth|credentials?|cookie|jwt|organi[sz]ation_?id"
    r"|org_?id)(?P<after>\\*[\"']?\s{0,4}[:=]\s{0,4})"
    r"(?:\\*[\"'](?P<quoted>[^\"'\\\n]+)|(?P<plain>(?=[^\s\"',;&]*\d)[^\s\"'\\,;&(){}<>\[\]]{4,}))"
)
_NAME_BEFORE: Final = re.compile(r"[\w.-]{1,60}\Z")
#: Substrings, in lower case, of the texts that can contain the name of a secret; and such a name before a value.
_SYLLABLES: Final = tuple("key token secret passw passphrase pwd auth bearer credential cookie jwt org openai".split())
_NAMED: Final = re.compile(
    r"(?:key|key[\W_]{0,3}id|token|secret|password|passwd|passphrase|pwd|authorization|auth|bearer|credential|cookie|jwt"
    r"|organi[sz]ation[\W_]{0,3}id|org[\W_]{0,3}id|openai[\W_]{0,3}project)s?[\W_]{0,12}[:=]"
)
#: Escapes of JSON that can hide a secret in the text: all but line ends, tabs and quotes.
_HIDING: Final = re.compile(r"\\[^nrt\"]")


class Finder:
    """Finds secrets in texts. ``literals`` are secrets wherever they occur; ``patterns`` are those of the user."""

    def __init__(self, literals: Iterable[str] = (), patterns: Patterns | None = None) -> None:
        words = sorted((one for one in literals if _is_distinct(one)), key=len, reverse=True)
        self._literals = re.compile("|".join(map(re.escape, words))) if words else None
        self._patterns = patterns

    def may_find(self, text: str) -> bool:
        """False if a text, and the JSON in it, certainly contain no secret. Fast."""
        if self._patterns or _HIDING.search(text) or (self._literals and self._literals.search(text)):
            return True
        lower = text.lower()
        if any(sign in lower for signs, _ in _FORMS for sign in signs):
            return True
        return any(one in lower for one in _SYLLABLES) and _NAMED.search(lower) is not None

    def find(self, text: str) -> list[tuple[int, int]]:
        """The spans of the secrets in a text, in order and without overlap. A placeholder is not a secret.

        The search is repeated on the rest until it finds nothing, so that redacting twice changes nothing.
        """
        if not self.may_find(text):
            return []
        left = _around_placeholders(text)
        while True:
            shown, places = _shown(text, left)
            hits = self._search(shown, places)
            if not hits:
                return _between(left, len(text), text)
            left = _without(left, places, hits)

    def _search(self, text: str, places: list[tuple[int, int]]) -> list[tuple[int, int]]:
        lower = text.lower()
        forms = [form for signs, form in _FORMS if any(sign in lower for sign in signs)]
        found: list[tuple[int, int]] = []
        for start, end in places:
            found += (span for span in self._matches(forms, text, start, end) if span[0] < span[1])
        return sorted(found)

    def _matches(self, forms: list[re.Pattern[str]], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        for form in forms:
            for match in form.finditer(text, start, end):
                yield match.span(1 if form.groups else 0)
        for match in _ASSIGNED.finditer(text, start, end):
            name = _NAME_BEFORE.search(text, max(start, match.start() - 40), match.start("after"))
            if name and is_secret_name(name[0]):
                yield match.span("quoted" if match["quoted"] else "plain")
        if self._literals:
            for match in self._literals.finditer(text, start, end):
                yield match.span()
        if self._patterns:
            yield from self._patterns.find(text, start, end)


class Patterns:
    """The regular expressions of the user. Raises EmulatorError for an invalid one."""

    def __init__(self, patterns: Collection[str]) -> None:
        self._compiled: list[Any] = []
        #: Expressions that took too long for a text; such a text is redacted as a whole.
        self.slow: set[str] = set()
        for pattern in patterns:
            try:
                self._compiled.append(patterns_.compiled(pattern))
            except patterns_.BadPattern as error:
                raise EmulatorError(f"--redact {pattern!r} is not a regular expression: {error}") from None

    def __bool__(self) -> bool:
        return bool(self._compiled)

    def find(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        for compiled in self._compiled:
            try:
                yield from [match.span() for match in compiled.finditer(text, start, end, timeout=REGEX_TIMEOUT)]
            except TimeoutError:
                self.slow.add(compiled.pattern)
                yield start, end


def _is_distinct(word: str) -> bool:
    """True for a word that does not occur in texts by chance."""
    return len(word) >= (16 if word.isalpha() else 8) and word != PLACEHOLDER


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


def _without(left: Places, places: Places, hits: Places) -> Places:
    """``left`` without the hits. ``places`` are the same pieces in the text that was searched."""
    remaining: Places = []
    for (start, _), (at, end) in zip(left, places, strict=True):
        cursor = at
        for hit_start, hit_end in hits:
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
