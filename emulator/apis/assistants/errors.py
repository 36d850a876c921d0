"""The errors of assistants, threads, messages, runs and run steps: when, status, words (docs/wire.md §4)."""

from __future__ import annotations

from emulator.apis.http.errors import ApiError

_MIGRATION_PAGE = "https://platform.openai.com/docs/assistants/migration"


def missing_beta() -> ApiError:
    return ApiError(
        400,
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the "
        "header 'OpenAI-Beta: assistants=v2'.",
        code="invalid_beta",
    )


def deprecated_beta() -> ApiError:
    return ApiError(
        400,
        "The v1 Assistants API has been deprecated. Please try again by setting the header "
        f"'OpenAI-Beta: assistants=v2'. See the migration guide for more information: {_MIGRATION_PAGE}.",
        code="invalid_beta",
    )


def deprecated_route() -> ApiError:
    """A route that only the first version had, as ``/assistants/{id}/files``."""
    return ApiError(
        400,
        f"The v1 Assistants API has been deprecated. See the migration guide for more information: {_MIGRATION_PAGE}.",
        code="invalid_beta",
    )


def unsupported_model(model: str) -> ApiError:
    message = f"The requested model '{model}' cannot be used with the Assistants API."
    return ApiError(400, message, param="model", code="unsupported_model")


def model_not_found(model: str) -> ApiError:
    message = f"The requested model '{model}' does not exist."
    return ApiError(400, message, param="model", code="model_not_found")


def thread_has_active_run(thread_id: str, run_id: str) -> ApiError:
    return ApiError(400, f"Thread {thread_id} already has an active run {run_id}.")


def message_during_run(thread_id: str, run_id: str) -> ApiError:
    return ApiError(400, f"Can't add messages to {thread_id} while a run {run_id} is active.")


def thread_is_full(thread_id: str, limit: int) -> ApiError:
    """Inferred: the limit is documented, its words are not."""
    return ApiError(400, f"Thread {thread_id} already has the maximum number of messages. Expected at most {limit}.")


def nothing_to_run_on() -> ApiError:
    return ApiError(
        400,
        "Run creation requires a Thread with a user message or an assistant with instructions.",
        code="invalid_thread",
    )


def cannot_cancel(status: str) -> ApiError:
    return ApiError(400, f"Cannot cancel run with status '{status}'.")


def cannot_update(status: str) -> ApiError:
    return ApiError(400, f"Cannot update run with status '{status}'.")


def outputs_refused(status: str) -> ApiError:
    return ApiError(400, f'Runs in status "{status}" do not accept tool outputs.')


def outputs_mismatch(expected: list[str], got: list[str]) -> ApiError:
    return ApiError(400, f"Expected tool outputs for call_ids {expected}, got {got}")


def invalid_function_schema(subject: str, reason: str, param: str) -> ApiError:
    message = f"Invalid schema for {subject}: {reason}"
    return ApiError(400, message, param=param, code="invalid_function_parameters")


def invalid_response_format(name: str, reason: str) -> ApiError:
    return ApiError(400, f"Invalid schema for response_format '{name}': {reason}", param="response_format")


def unsupported_parameter(name: str) -> ApiError:
    """A sampling parameter with a reasoning model. ``top_p`` is inferred from ``temperature``."""
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    return ApiError(400, message, param="model", code="unsupported_model")


def unsupported_effort(effort: str | None) -> ApiError:
    """An effort, or none, that the model does not have. Inferred for one that the request itself sends."""
    shown = "null" if effort is None else effort
    message = f"Unsupported value: 'reasoning_effort' does not support '{shown}' with this model."
    return ApiError(400, message, code="unsupported_value")


def no_structured_outputs(model: str) -> ApiError:
    message = (
        f"Invalid parameter: 'response_format' of type 'json_schema' is not supported with model version `{model}`."
    )
    return ApiError(400, message, param="response_format")


def tools_beside_json_schema() -> ApiError:
    """The sentence is quoted; that it has neither param nor code is inferred."""
    return ApiError(
        400, "Invalid tools: all tools must be of type `function` when `response_format` is of type `json_schema`"
    )


def outputs_too_large() -> ApiError:
    return ApiError(
        400,
        "'tool_outputs' too large: the combined tool outputs must be less than 512kb.",
        param="tool_outputs",
        code="invalid_value",
    )


def unknown_response_format() -> ApiError:
    """Azure's words before it had structured outputs; param and code are inferred."""
    message = "Invalid value: 'json_schema'. Supported values are: 'json_object' and 'text'."
    return ApiError(400, message, param="response_format.type", code="invalid_value")
