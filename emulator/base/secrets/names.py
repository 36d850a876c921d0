"""Which headers, parameters and keys carry secrets, recognised by their names alone."""

from __future__ import annotations

import functools
import re
from typing import Final

_KEYS: Final = (
    r"(api|subscription|access|account|secret|private|shared|signing|encryption|functions?|master|host|client|webhook)"
    r"_?keys?"
)
_NAME: Final = re.compile(
    rf"(^|_)({_KEYS}|access_key_ids?|token|(access|refresh|id|auth|bearer|session)_tokens|secrets?|passwords?|passwd|pwd"
    r"|passphrase|passcode|connection_?strings?|dsn|mnemonic|private_key_id|client_key_data|authorization|auth|bearer"
    r"|credentials?|cookies?|jwt|organi[sz]ation_ids?|org_ids?|openai_project)$"
)
#: Words that a number follows: ``max_token`` is no secret.
_AMOUNT: Final = re.compile(r"(max|min|num|total)_")
_HEADER: Final = re.compile(
    r".*(authorization|cookie|secret|credential|password).*|(.*[-_])?(token|key)|.*openai-(organization|project)"
    r"|x-ms-(client-principal|token).*|x-auth.*"
)
#: Called so, but none.
_HARMLESS_HEADER: Final = re.compile(r"(x-)?idempotency-key|sec-websocket-key|surrogate-key|access-control-.*")
#: Called so in a query they are secrets, though elsewhere they are not.
_QUERY: Final = frozenset({"key", "code", "sig", "signature", "sas", "apikey"})
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """For keys of JSON and fields of forms, however they are written: ``api_key``, ``apiKey``, ``X-API-Key``."""
    words = "_".join(_WORD.findall(name)).lower()
    return _NAME.search(words) is not None and _AMOUNT.match(words) is None


def is_secret_header(name: str) -> bool:
    """``name`` is in lower case."""
    return _HEADER.fullmatch(name) is not None and _HARMLESS_HEADER.fullmatch(name) is None


def is_secret_parameter(name: str) -> bool:
    """For a query."""
    return name.lower() in _QUERY or is_secret_name(name)
