"""Error responses, and what the gateways of Azure and Foundry answer by themselves (docs/wire.md §6)."""

from __future__ import annotations

from typing import Final

import orjson

from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.apis.http.flavours import FOUNDRY, Flavour
from emulator.apis.http.request import JsonResponse
from emulator.world.world import World

#: Azure's words by status. The gateway's code is the status.
_WORDS: Final = {
    401: (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource."
    ),
    404: "Resource not found",
}
#: Foundry's 401, with its spaces.
_FOUNDRY_UNAUTHORIZED: Final = (
    b'{ "statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, audience is incorrect '
    b'(https://ai.azure.com), or have expired." }'
)


def error_response(world: World, error: Exception, flavour: Flavour, request_id: str) -> JsonResponse:
    """The response to a request that was refused. What is no refusal is a bug of ours, and a problem."""
    if not isinstance(error, ApiError):
        world.report_exception(error)
        error = errors.server_error(request_id)
    if error.on_azure and flavour != "openai":
        error = error.on_azure
    body = _error_body(error, flavour)
    return JsonResponse(body + b"\n" if error.has_detail else body, error.status, headers=error.headers)


def _error_body(error: ApiError, flavour: Flavour) -> bytes:
    """OpenAI's envelope, unless the flavour's gateway answers."""
    if flavour == "openai" or not error.gateway:
        return error.body()
    if error.status in _WORDS:
        return _body(error.status, _WORDS[error.status], flavour)
    return _envelope(error.code or str(error.status), error.message)


def fault_body(status: int, operation: str, flavour: Flavour, version: str) -> bytes | None:
    """The body of a fault that states none; None for a status that the gateway leaves to the service."""
    if flavour == "openai":
        return None
    words = {
        401: _WORDS[401],
        429: (
            f"Requests to the {operation.title()} Operation under Azure OpenAI API version {version} have exceeded "
            "token rate limit of your current OpenAI S0 pricing tier. Please retry after 1 second. Please go here: "
            "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
        ),
    }.get(status)
    return None if words is None else _body(status, words, flavour)


def _body(status: int, words: str, flavour: Flavour) -> bytes:
    return _FOUNDRY_UNAUTHORIZED if status == 401 and flavour in FOUNDRY else _envelope(str(status), words)


def _envelope(code: str, message: str) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message}})
