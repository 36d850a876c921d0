"""How the Responses API writes JSON: the order of keys, and the bytes (docs/wire.md, Responses §1 and §2).

One law orders the keys of every object: its heads first, then the alphabet, then its tails. So a new key finds its
place by itself, and nothing keeps tables of orders.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from emulator.apis.http.json_text import pretty
from emulator.base.json_types import Object

_RESPONSE_HEADS: Final = ("id", "object", "created_at", "status")
_RESPONSE_TAILS: Final = ("usage", "user", "metadata")
_ITEM_HEADS: Final = ("id", "type", "status")
_LIST_HEADS: Final = ("object", "data")

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def in_order(thing: Mapping[str, Any], heads: tuple[str, ...], tails: tuple[str, ...] = ()) -> Object:
    """An object's keys by the law: these heads and tails as far as they are there, the rest by the alphabet."""
    return {key: thing[key] for key in _order(tuple(thing), heads, tails)}


@lru_cache(maxsize=1024)
def _order(keys: tuple[str, ...], heads: tuple[str, ...], tails: tuple[str, ...]) -> tuple[str, ...]:
    first = [key for key in heads if key in keys]
    last = [key for key in tails if key in keys]
    return (*first, *sorted(set(keys) - {*first, *last}), *last)


def response_in_order(thing: Mapping[str, Any]) -> Object:
    """A response object."""
    return in_order(thing, _RESPONSE_HEADS, _RESPONSE_TAILS)


def item_in_order(thing: Mapping[str, Any]) -> Object:
    """An item of a response or conversation."""
    return in_order(thing, _ITEM_HEADS)


def part_in_order(thing: Mapping[str, Any]) -> Object:
    """A part, tool, annotation or format: ``type`` first."""
    return in_order(thing, ("type",))


def list_in_order(thing: Mapping[str, Any]) -> Object:
    """The envelope of a list."""
    return in_order(thing, _LIST_HEADS)


def escaped(value: Any) -> bytes:
    """JSON with two spaces, and every character beyond ASCII as ``\\uXXXX``; no newline at its end."""
    body = pretty(value)
    return body if body.isascii() else _NOT_ASCII.sub(_escape, body.decode()).encode("ascii")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def opaque(owner: str) -> str:
    """Text that only the service can read: the same for the same owner on every run."""
    digest = blake2b(owner.encode(), digest_size=60).digest()
    return "gAAAAA" + base64.urlsafe_b64encode(digest).decode()
