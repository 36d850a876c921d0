"""Samples of all kinds of secrets, made from the registry's own descriptions."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, NamedTuple

from emulator.base.secrets import finder  # noqa: F401  (it imports all kinds)
from emulator.base.secrets.kinds import KINDS

_ALPHABETS: Final = {
    None: "aB3dEf7GhIjK9mNpQrStUvWxYz0124568CDFHJLMOPRSTVZbcegiklnoqsuwxy",
    "hex": "0123456789abcdef",
    "low": "ab3cdef7ghijk9lmnop0qrstu4vwxyz",
    "upper": "AB3CDEF7GHIJK9LMNOP0QRSTU4VWXYZ",
    "digits": "1357902468",
}
_HOLE: Final = re.compile(r"\{(uuid|\d+)(?::(\w+))?\}")


class Sample(NamedTuple):
    """A text with a secret, and the secret alone."""

    text: str
    secret: str


def sample(title: str, salt: str = "") -> Sample:
    """The same for the same salt."""
    number = 0

    def filled(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        if match[1] == "uuid":
            return "-".join(_letters(f"{title}{salt}{number}{size}", size, "hex") for size in (8, 4, 4, 4, 12))
        return _letters(f"{title}{salt}{number}", int(match[1]), match[2])

    text = _HOLE.sub(filled, KINDS[title].sample)
    before, mark, rest = text.partition("⟦")
    secret, _, after = rest.partition("⟧")
    return Sample(before + secret + after, secret) if mark else Sample(text, text)


def _letters(seed: str, size: int, alphabet: str | None) -> str:
    """Letters of an alphabet that look arbitrary; digits, capitals and small letters are among the first three."""
    letters = _ALPHABETS[alphabet]
    rest = b"".join(sha256(f"{seed}{block}".encode()).digest() for block in range(size // 32 + 1))
    first = "".join(one for one in "k7Q" if one in letters)[:size]
    return (first + "".join(letters[byte % len(letters)] for byte in rest))[:size]
