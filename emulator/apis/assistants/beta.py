"""The header ``OpenAI-Beta``, which every request to the Assistants API needs."""

from __future__ import annotations

from emulator.apis.assistants import errors
from emulator.apis.http.headers import Headers


def check_beta(headers: Headers) -> None:
    """Raises ApiError unless the request states version 2 of the Assistants API."""
    if (b"openai-beta", b"assistants=v2") in headers:
        return
    for name, value in headers:
        if name == b"openai-beta":
            stated = {part.strip() for part in value.split(b",")}
            if b"assistants=v2" in stated:
                return
            if b"assistants=v1" in stated:
                raise errors.deprecated_beta()
    raise errors.missing_beta()
