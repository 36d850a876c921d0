"""The registry of the kinds of secrets that a text shows by their form. A new kind is one call of ``kind``.

Keys without a form of their own, such as 32 hexadecimal digits, look like hashes and ids; only names identify them.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SecretKind:
    """A kind of secret. If its form has a group, only the group is the secret.

    ``signs`` are substrings of the texts that can contain it: the search for them is much faster. One without capitals
    is found in any case. Where all signs are frequent, ``also`` is an expression that the text must match besides, and
    that is found faster than the form.
    ``sample`` is an example for tests: ``{20}`` stands for 20 letters and digits, ``{8:hex}`` for hexadecimal digits;
    the secret is the part between ``⟦`` and ``⟧``, or all of it.
    """

    title: str
    signs: tuple[str, ...]
    pattern: str
    sample: str
    also: str = ""

    def may_be_in(self, text: str) -> bool:
        """False if a text with a sign of this kind certainly contains none."""
        return not self.also or compiled(self.also).search(text) is not None

    @property
    def form(self) -> re.Pattern[str]:
        """The form of its secrets, compiled when a text first has one of its signs."""
        return compiled(self.pattern)


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """An expression, compiled when a text first needs it."""
    return re.compile(pattern)


KINDS: Final[dict[str, SecretKind]] = {}

#: What must not stand before a secret: it would be the end of a longer word.
_BEGIN: Final = r"(?<![A-Za-z0-9])"


def kind(title: str, signs: str, form: str, sample: str, *, begin: str = _BEGIN, also: str = "") -> None:
    """Registers a kind of secret; a second one of the same title is refused."""
    if title in KINDS:
        raise ValueError(f"there are two kinds of secrets with the title {title!r}")
    KINDS[title] = SecretKind(title, tuple(signs.split("|")), begin + form, sample, also)


def prefixed(title: str, prefixes: str, sample: str, *, at_least: int = 16, of: str = "A-Za-z0-9_-") -> None:
    """Registers a kind that begins with one of some prefixes, separated by ``|``."""
    begins = "|".join(map(re.escape, prefixes.split("|")))
    kind(title, prefixes, f"(?:{begins})[{of}]{{{at_least},}}", sample)
