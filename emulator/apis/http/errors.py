"""Every error of the API in one place: when, status, words.

An ``ApiError`` is answered to the client in OpenAI's envelope, or in Azure's for what its gateway answers. The words
are the service's where they are known (FACTS §4); a function whose words are inferred from its pattern says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import unquote

import orjson

_KEYS_PAGE = "https://platform.openai.com/account/api-keys"
_MIGRATION_PAGE = "https://platform.openai.com/docs/assistants/migration"


class ApiError(Exception):
    """An error answer. Body: ``{"error": {message, type, param, code}}``, in this order."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
        gateway: bool = False,
        has_detail: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.type, self.param, self.code = status, message, type, param, code
        self.headers = list(headers)
        #: On Azure this is answered by the gateway, in an envelope of its own.
        self.gateway = gateway
        #: The body repeats the message in a sibling of ``error`` (recorded for files, 2026).
        self.has_detail = has_detail

    def body(self) -> bytes:
        """The JSON that OpenAI sends, pretty-printed."""
        body = {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}
        if self.has_detail:
            body["detail"] = {"message": self.message, "code": self.code}
        return orjson.dumps(body, option=orjson.OPT_INDENT_2)


# ---- Who asks, and how ----


def no_api_key() -> ApiError:
    return ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the "
        "API from your browser and are prompted for a username and password. You can obtain an API key from "
        f"{_KEYS_PAGE}.",
        gateway=True,
    )


def incorrect_api_key(key: str) -> ApiError:
    """A key that cannot be one: the emulator takes any key of printable ASCII."""
    shown = "".join(c if 33 <= ord(c) < 127 else "?" for c in key)
    masked = shown[:8] + "*" * max(len(shown) - 12, 3) + shown[-4:] if len(shown) > 12 else "*" * len(shown)
    return ApiError(
        401,
        f"Incorrect API key provided: {masked[:80]}. You can find your API key at {_KEYS_PAGE}.",
        code="invalid_api_key",
        gateway=True,
    )


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


def cross_site() -> ApiError:
    """Ours: no page of another site may drive the emulator through a developer's browser."""
    return ApiError(403, "Requests that a browser marks as cross-site are refused.", code="cross_site_request")


def unknown_host(name: str) -> ApiError:
    """Ours: a name that a page of another site may have let lead here."""
    shown = name if len(name) <= 100 else name[:99] + "…"
    words = f"This emulator does not answer to the host {shown!r}; started with `--allow-host {shown}` it does."
    return ApiError(403, words, code="unknown_host")


# ---- Which URL ----


def unknown_url(method: str, path: str) -> ApiError:
    return ApiError(404, f"Invalid URL ({method} {path})", gateway=True)


def removed(method: str, path: str) -> ApiError:
    """An Assistants operation after 2026-08-26. Inferred: a 404 was reported, the words are those of an unknown URL."""
    return unknown_url(method, unquote(path))


def not_recorded(method: str, path: str, why: str) -> ApiError:
    """The emulator's own: a strict replay takes nothing but what was recorded."""
    return ApiError(400, f"{method} {path} was not recorded, and this replay is strict: {why}", code="not_recorded")


def deprecated_route() -> ApiError:
    """A route that only the first version had, as ``/assistants/{id}/files``."""
    return ApiError(
        400,
        f"The v1 Assistants API has been deprecated. See the migration guide for more information: {_MIGRATION_PAGE}.",
        code="invalid_beta",
    )


def wrong_method(allowed: Iterable[str]) -> ApiError:
    """Recorded for one allowed method; the plural is inferred."""
    methods = sorted(allowed)
    words = methods[0] if len(methods) == 1 else f"{', '.join(methods[:-1])} and {methods[-1]}"
    return ApiError(
        405,
        f"Only {words} requests are accepted.",
        code="method_not_supported",
        headers=[(b"allow", ", ".join(methods).encode())],
    )


# ---- Which object ----

#: What the service calls an object in its errors, and how that kind's ids begin (quoted without the underscore).
_NOUNS = {
    "assistant": ("assistant", "asst"),
    "thread": ("thread", "thread"),
    "thread.message": ("message", "msg"),
    "thread.run": ("run", "run"),
    "thread.run.step": ("run step", "step"),
    "file": ("file", "file"),
    "vector_store.file": ("file", "file"),
    "vector_store": ("vector store", "vs"),
    "vector_store.file_batch": ("file batch", "vsfb"),
    "upload": ("upload", "upload"),
    "upload.part": ("part", "part"),
}


def not_found(kind: str, id: str, param: str) -> ApiError:
    """404 for an unknown id, 400 for one that cannot be of this kind: it was looked up before its prefix is judged."""
    noun, prefix = _NOUNS[kind]
    if not id.startswith((prefix, "assistant-") if noun == "file" else prefix):  # Azure's files have a prefix of theirs
        message = f"Invalid '{param}': '{id}'. Expected an ID that begins with '{prefix}'."
        return ApiError(400, message, param=param, code="invalid_value")
    return ApiError(404, f"No {noun} found with id '{id}'.")


def no_such_file(id: str) -> ApiError:
    """Recorded, with a sibling of ``error`` that only files' errors have."""
    return ApiError(404, f"No such File object: {id}", param="id", has_detail=True)


def no_file_in_store(file_id: str, store_id: str) -> ApiError:
    return ApiError(404, f"No file found with id '{file_id}' in vector store '{store_id}'.")


def unknown_file(file_id: str, param: str) -> ApiError:
    """A file that a request refers to. Inferred from the pattern of the other 404s."""
    return ApiError(404, f"No file found with id '{file_id}'.", param=param)


def unknown_store(store_id: str, param: str) -> ApiError:
    """A vector store that a request refers to; known in part."""
    return ApiError(404, f"Vector store with id [{store_id}] not found.", param=param)


def sub_route_not_found() -> ApiError:
    """Under a vector store the service does not name the URL."""
    return ApiError(404, "Not found")


def model_not_found(model: str) -> ApiError:
    return ApiError(404, f"The model '{model}' does not exist", param="model", code="model_not_found")


def model_not_yours(model: str) -> ApiError:
    """Inferred: that only fine-tuned models of one's own can be deleted is documented, the words are not."""
    message = f"You have insufficient permissions for this operation. The model '{model}' cannot be deleted."
    return ApiError(403, message, param="model")


def unsupported_model(model: str) -> ApiError:
    message = f"The requested model '{model}' cannot be used with the Assistants API."
    return ApiError(400, message, param="model", code="unsupported_model")


# ---- What the object's state forbids ----


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


def store_expired(store_id: str) -> ApiError:
    return ApiError(400, f"Vector store '{store_id}' has expired")


def store_is_full(store_id: str, limit: int) -> ApiError:
    """Inferred: the limit is documented, its words are not."""
    return ApiError(
        400,
        f"Vector store '{store_id}' has too many files. Expected at most {limit} files.",
        param="file_ids",
        code="array_above_max_length",
    )


def not_searchable(extensions: list[str]) -> ApiError:
    names = ", ".join(extension or "none" for extension in extensions)
    return ApiError(
        400,
        f"Files with extensions [{names}] are not supported for retrieval. See "
        "https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
        param="file_ids",
        code="unsupported_file",
    )


def download_not_allowed(purpose: str) -> ApiError:
    return ApiError(400, f"Not allowed to download files of purpose: {purpose}")


def upload_is_over(act: str, status: str) -> ApiError:
    """Inferred from ``cannot_cancel``."""
    return ApiError(400, f"Cannot {act} upload with status '{status}'.")


def upload_bytes_differ(expected: int, got: int) -> ApiError:
    """Inferred: that the bytes have to match is documented."""
    return ApiError(
        400, f"Expected the parts to have {expected} bytes in total, but got {got} bytes instead.", param="bytes"
    )


def upload_md5_differs(expected: str, got: str) -> ApiError:
    """Inferred: that the checksum has to match is documented."""
    return ApiError(400, f"Expected contents with md5 checksum {expected}, but got {got} instead.", param="md5")


# ---- What was sent ----


def bad_json() -> ApiError:
    return ApiError(
        400,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
        "figuring out how to fix this, please contact us through our help center at help.openai.com.)",
    )


def nested_too_deeply(limit: int) -> ApiError:
    """Ours: what is deeper could be read and not be written."""
    message = f"Invalid body: nested too deeply. Expected at most {limit} levels."
    return ApiError(400, message, code="invalid_value")


def body_too_large(limit: int) -> ApiError:
    """Ours: the service's own limit is not known."""
    return ApiError(413, f"Request body too large. Expected at most {limit} bytes.", code="request_too_large")


def too_many_values(limit: int) -> ApiError:
    """Inferred: no limit of the service's is known."""
    return ApiError(413, f"Request body has too many values. Expected about {limit} at most.", code="request_too_large")


def file_too_large(limit: int, param: str = "file") -> ApiError:
    """Inferred: the limit is documented, its words are not."""
    return ApiError(
        400,
        f"Invalid '{param}': file too large. Expected a file with maximum size {limit} bytes, "
        "but got a larger one instead.",
        param=param,
        code="file_above_max_size",
    )


def bad_form(reason: str) -> ApiError:
    """Inferred."""
    return ApiError(400, f"We could not parse the multipart body of your request: {reason}")


def form_field_missing(name: str) -> ApiError:
    """Uploads have the words of an older validator (known for ``purpose``)."""
    return ApiError(400, f"'{name}' is a required property", param=name, has_detail=True)


def bad_purpose(purpose: str, purposes: list[str]) -> ApiError:
    return ApiError(400, f"'{purpose}' is not one of {purposes} - 'purpose'", param="purpose", has_detail=True)


def server_error(request_id: str) -> ApiError:
    return ApiError(
        500,
        "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
        "through our help center at help.openai.com if you keep seeing this error. (Please include the request ID "
        f"{request_id} in your email.)",
        type="server_error",
    )
