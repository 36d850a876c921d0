"""The errors of responses: when, status, words (docs/wire.md).

Each docstring says where the words are from. *Recorded*: from traffic. *Quoted*: pasted or measured by others against
the service. *Inferred*: by the pattern of those. *Ours*: no words of the service are known.
"""

from __future__ import annotations

from emulator.apis.http.errors import ApiError, Busy

_ERROR_CODES_PAGE = "https://platform.openai.com/docs/guides/error-codes/api-errors"
_FILE_TYPES_PAGE = "https://platform.openai.com/docs/assistants/tools/file-search#supported-files"


def model_not_found(model: str) -> ApiError:
    """Recorded: a 400, where most services say 404."""
    message = f"The requested model '{model}' does not exist."
    return ApiError(400, message, param="model", code="model_not_found")


# ---- What a request refers to ----


def response_not_found(response_id: str) -> ApiError:
    """Recorded: an unknown, deleted or unstored response in the path."""
    return ApiError(404, f"Response with id '{response_id}' not found.")


def previous_response_not_found(response_id: str) -> ApiError:
    """Recorded: an unknown, deleted or unstored ``previous_response_id``; that failed ones count is inferred."""
    message = f"Previous response with id '{response_id}' not found."
    return ApiError(400, message, param="previous_response_id", code="previous_response_not_found")


def conversation_not_found(conversation_id: str) -> ApiError:
    """Quoted."""
    return ApiError(404, f"Conversation with id '{conversation_id}' not found.")


def conversation_item_not_found(item_id: str) -> ApiError:
    """Inferred: an unknown item of a conversation in the path."""
    return ApiError(404, f"Item with id '{item_id}' not found.")


def conversation_locked() -> Busy:
    """Quoted: another response on the conversation is not finished."""
    return Busy(
        400,
        "Another process is currently operating on this conversation. Please retry in a few seconds.",
        param="conversation",
        code="conversation_locked",
    )


def two_parents() -> ApiError:
    """Inferred: ``previous_response_id`` and ``conversation`` in one request."""
    return ApiError(
        400,
        "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
        code="mutually_exclusive_parameters",
    )


def stored_prompt_gone(prompt_id: str) -> ApiError:
    """Ours: prompts ended on 2026-11-30. The first sentence is the service's for an unknown one (quoted)."""
    return ApiError(
        404,
        f"Prompt with id '{prompt_id}' not found. Reusable prompts were shut down on 2026-11-30: "
        "send the model, instructions and tools with the request.",
        param="prompt",
        code="prompt_not_found",
    )


def container_not_found() -> ApiError:
    """Quoted in part: an unknown container, or a file of an expired one."""
    return ApiError(404, "Container not found")


def container_file_not_found(file_id: str) -> ApiError:
    """Inferred from the words for responses and conversations."""
    return ApiError(404, f"Container file with id '{file_id}' not found.")


def container_expired(container_id: str, param: str = "tools") -> ApiError:
    """Inferred: an expired container that a tool names. ``param``: the path of the tool's container."""
    return ApiError(400, f"Container '{container_id}' has expired.", param=param, code="container_expired")


def vector_store_not_found(store_ids: list[str]) -> ApiError:
    """Quoted: unknown vector stores that a tool names."""
    return ApiError(404, f"Vector store with id {store_ids} not found.")


# ---- The input ----


def input_missing() -> ApiError:
    """Quoted: no ``input`` at all."""
    return ApiError(400, "Missing required parameter: 'input'.", param="input", code="missing_required_parameter")


def nothing_to_respond_to() -> ApiError:
    """Quoted: an empty ``input``, and nothing else that leads to one; instructions are not enough."""
    return ApiError(
        400,
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.",
        code="missing_required_parameter",
    )


def _about_input(message: str, status: int = 400, code: str | None = None) -> ApiError:
    return ApiError(status, message, param="input", code=code)


def no_tool_output(call_id: str) -> ApiError:
    """Quoted: a call of the context has no output in the next input."""
    return _about_input(f"No tool output found for function call {call_id}.")


def no_tool_call(call_id: str) -> ApiError:
    """Quoted: an output for a call that is not in the context."""
    return _about_input(f"No tool call found for function call output with call_id {call_id}.")


def following_item_missing(item_id: str) -> ApiError:
    """Recorded: a reasoning item without the item that it led to."""
    return _about_input(f"Item '{item_id}' of type 'reasoning' was provided without its required following item.")


def preceding_reasoning_missing(item_id: str, type: str = "message") -> ApiError:
    """Quoted, without the final period: an item without the reasoning item that led to it."""
    return _about_input(
        f"Item '{item_id}' of type '{type}' was provided without its required preceding item of type 'reasoning'."
    )


def item_not_stored(item_id: str) -> ApiError:
    """Quoted: an id of an item that no stored response or conversation has."""
    return _about_input(
        f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. Try again with "
        "`store` set to true, or remove this item from your input.",
        404,
    )


def duplicate_item(item_id: str) -> ApiError:
    """Quoted: an item whose id is in the context already."""
    return _about_input(
        f"Duplicate item found with id {item_id}. Remove duplicate items from your input and try again."
    )


def wrong_item_id(param: str, item_id: str, prefix: str) -> ApiError:
    """Quoted. ``param``: as ``input[3].id``; ``prefix`` without underscore, as ``msg``."""
    message = f"Invalid '{param}': '{item_id}'. Expected an ID that begins with '{prefix}'."
    return ApiError(400, message, param=param, code="invalid_value")


def strange_id(param: str, id: str) -> ApiError:
    """Quoted: an id with characters that no id has."""
    return ApiError(
        400,
        f"Invalid '{param}': '{id}'. Expected an ID that contains letters, numbers, underscores, or dashes, but this "
        "value contained additional characters.",
        param=param,
        code="invalid_value",
    )


def context_too_long() -> ApiError:
    """Recorded."""
    return _about_input(
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        code="context_length_exceeded",
    )


def unsupported_file(supported: str = "pdf") -> ApiError:
    """Recorded: a file of a type that the model cannot read."""
    message = f"The file type you uploaded is not supported. Please try again with a {supported}"
    return _about_input(message, code="unsupported_file")


def bad_file_data(param: str, mime_type: str) -> ApiError:
    """Recorded. ``param``: as ``input[3].output[0].file_data``."""
    return ApiError(
        400,
        f"Invalid file data: '{param}'. Expected a base64-encoded data URL with a valid file MIME type (e.g. "
        "'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got unsupported MIME type "
        f"'{mime_type}'. Please see {_FILE_TYPES_PAGE} for supported file types.",
        param=param,
        code="invalid_value",
    )


# ---- Parameters ----


def unsupported_parameter(name: str) -> ApiError:
    """Quoted: a parameter that the model lacks, as ``temperature`` of a reasoning model."""
    return ApiError(400, f"Unsupported parameter: '{name}' is not supported with this model.", param=name)


def invalid_function_schema(number: int, name: str, reason: str) -> ApiError:
    """Quoted: the parameters of a function cannot be, or cannot be strict. ``number``: of the tool, from 0."""
    message = f"Invalid schema for function '{name}': {reason}"
    return ApiError(400, message, param=f"tools[{number}].parameters", code="invalid_function_parameters")


def invalid_format_schema(name: str, reason: str) -> ApiError:
    """Inferred from the words for functions: a format's schema cannot be strict."""
    message = f"Invalid schema for response_format '{name}': {reason}"
    return ApiError(400, message, param="text.format.schema", code="invalid_json_schema")


# ---- Responses that are there ----


def cannot_cancel_foreground() -> ApiError:
    """Inferred: another server's words for a response that was not created in the background."""
    return ApiError(400, "Cannot cancel a synchronous response.")


def not_streamed_in_background(response_id: str) -> ApiError:
    """Ours: only a response that was created with ``background`` and ``stream`` can be streamed again."""
    message = f"Response with id '{response_id}' cannot be streamed: it was not created with background and stream."
    return ApiError(400, message, param="stream", code="invalid_value")


def stream_too_old() -> ApiError:
    """Quoted."""
    return ApiError(400, "This response can no longer be streamed because it is more than 5 minutes old")


def quota_exceeded() -> ApiError:
    """Recorded."""
    return ApiError(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        f"error, read the docs: {_ERROR_CODES_PAGE}.",
        type="insufficient_quota",
        code="insufficient_quota",
    )
