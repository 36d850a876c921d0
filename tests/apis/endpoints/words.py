"""The service's words (docs/wire.md §4), for tables of expected errors: status, message, type, param, code."""

from __future__ import annotations

MIGRATION = "https://platform.openai.com/docs/assistants/migration"
NO_BETA = (
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
    "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
)
V1_BETA = (
    "The v1 Assistants API has been deprecated. Please try again by setting the header 'OpenAI-Beta: assistants=v2'. "
    f"See the migration guide for more information: {MIGRATION}."
)
V1_ROUTE = f"The v1 Assistants API has been deprecated. See the migration guide for more information: {MIGRATION}."
NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the "
    "API from your browser and are prompted for a username and password. "
    "You can obtain an API key from https://platform.openai.com/account/api-keys."
)
WRONG_KEY = "Incorrect API key provided: {}. You can find your API key at https://platform.openai.com/account/api-keys."
BAD_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
    "figuring out how to fix this, please contact us through our help center at help.openai.com.)"
)
NOTHING_TO_RUN_ON = "Run creation requires a Thread with a user message or an assistant with instructions."
TOOL_TYPES = "'code_interpreter', 'function', and 'file_search'"

Error = tuple[int, str, str, str | None, str | None]


def error(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> Error:
    return status, message, "invalid_request_error", param, code


def absent(noun: str, id: str) -> Error:
    return error(f"No {noun} found with id '{id}'.", status=404)


def no_url(method: str, path: str) -> Error:
    return error(f"Invalid URL ({method} {path})", status=404)


def wrong_id(param: str, id: str, prefix: str) -> Error:
    return error(f"Invalid '{param}': '{id}'. Expected an ID that begins with '{prefix}'.", param, "invalid_value")


def missing(param: str) -> Error:
    return error(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def unknown(param: str) -> Error:
    return error(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def ill_typed(param: str, wanted: str, got: str) -> Error:
    return error(f"Invalid type for '{param}': expected {wanted}, but got {got} instead.", param, "invalid_type")


def no_value(value: str, supported: str, param: str) -> Error:
    return error(f"Invalid value: '{value}'. Supported values are: {supported}.", param, "invalid_value")


def too_low(param: str, limit: float, got: float, kind: str = "integer") -> Error:
    said = f"Expected a value >= {limit}, but got {got} instead."
    return error(f"Invalid '{param}': {kind} below minimum value. {said}", param, f"{kind}_below_min_value")


def too_high(param: str, limit: float, got: float, kind: str = "integer") -> Error:
    said = f"Expected a value <= {limit}, but got {got} instead."
    return error(f"Invalid '{param}': {kind} above maximum value. {said}", param, f"{kind}_above_max_value")


def too_long(param: str, limit: int, got: int) -> Error:
    said = f"Expected a string with maximum length {limit}, but got a string with length {got} instead."
    return error(f"Invalid '{param}': string too long. {said}", param, "string_above_max_length")


def too_many(param: str, limit: int, got: int) -> Error:
    said = f"Expected an array with maximum length {limit}, but got an array with length {got} instead."
    return error(f"Invalid '{param}': array too long. {said}", param, "array_above_max_length")


def too_many_keys(param: str, limit: int, got: int) -> Error:
    said = f"Expected an object with at most {limit} properties, but got an object with {got} properties instead."
    return error(f"Invalid '{param}': too many properties. {said}", param, "object_above_max_properties")


def key_too_long(param: str, key: str, limit: int) -> Error:
    said = f"Expected a string with maximum length {limit}, but got a string with length {len(key)} instead."
    message = f"Invalid property name in '{param}': '{key}' is too long. {said}"
    return error(message, f"{param}.{key}", "property_name_above_max_length")


def empty(param: str, kind: str = "string") -> Error:
    article = "an" if kind[0] in "aeiou" else "a"
    said = f"Expected {article} {kind} with minimum length 1, but got an empty {kind} instead."
    return error(f"Invalid '{param}': empty {kind}. {said}", param, f"empty_{kind}")
