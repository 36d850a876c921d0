"""The errors of every request: its key, host, URL, method and body. ``ApiError`` is the error response of all APIs.

An ``ApiError`` is sent in OpenAI's envelope, or in Azure's where Azure's gateway answers. The words are the service's
where they are known (docs/wire.md §4); a function whose words are inferred from its pattern says so.

Refusal             (base/problems.py)
  Missing           an id that names no object (world/state/missing.py)
  ApiError          an error response
    Busy            one that a client who leaves may make wrong
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import unquote

import orjson

from emulator.base.problems import Refusal
from emulator.base.text import shorten
from emulator.world.kept_worlds import NoWorld

_KEYS_PAGE = "https://platform.openai.com/account/api-keys"


class ApiError(Refusal):
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
        on_azure: ApiError | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.type, self.param, self.code = status, message, type, param, code
        self.headers = list(headers)
        #: On Azure this is answered by the gateway, in an envelope of its own.
        self.gateway = gateway
        #: The body repeats the message in a sibling of ``error`` (recorded for files, 2026).
        self.has_detail = has_detail
        #: What Azure and Foundry say in its place, where they have other words.
        self.on_azure = on_azure

    def body(self) -> bytes:
        """The JSON that OpenAI sends, pretty-printed."""
        body = {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}
        if self.has_detail:
            body["detail"] = {"message": self.message, "code": self.code}
        return orjson.dumps(body, option=orjson.OPT_INDENT_2)


class Busy(ApiError):
    """Refused because another request is under way. Its client may just have left, which nobody has noticed yet."""


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


def cross_site() -> ApiError:
    """Ours: no page of another site may drive the emulator through a developer's browser."""
    return ApiError(403, "Requests that a browser marks as cross-site are refused.", code="cross_site_request")


def unknown_host(name: str) -> ApiError:
    """Ours: a name that a page of another site may have let lead here."""
    shown = shorten(name, 100)
    words = f"This emulator does not answer to the host {shown!r}; started with `--allow-host {shown}` it does."
    return ApiError(403, words, code="unknown_host")


def unknown_url(method: str, path: str) -> ApiError:
    return ApiError(404, f"Invalid URL ({method} {path})", gateway=True)


def unknown_url_of(segments: list[str], method: str, path: str) -> ApiError:
    """The error for a URL below a base, by its segments: every API may have words of its own for some of them."""
    return unknown_url(method, unquote(path))


def removed(method: str, path: str) -> ApiError:
    """An Assistants operation after 2026-08-26. Inferred: a 404 was reported, the words are those of an unknown URL."""
    return unknown_url(method, unquote(path))


def not_recorded(method: str, path: str, why: str) -> ApiError:
    """The emulator's own: a strict replay takes nothing but what was recorded."""
    return ApiError(400, f"{method} {path} was not recorded, and this replay is strict: {why}", code="not_recorded")


def no_world(error: NoWorld) -> ApiError:
    """Ours. SDKs send a request again after a 429; here they are told not to."""
    return ApiError(error.status, str(error), code=error.code, headers=[(b"x-should-retry", b"false")])


def polls_without_end(what: str, polls: int) -> ApiError:
    """Ours: a client polls what is at rest, as if it were not. No status that the SDKs try again."""
    return ApiError(
        400,
        f"{what}: no poll changes that. This client has sent {polls} polls in a row with nothing else in between; "
        "it waits for something that will not come.",
        code="polls_without_end",
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


def bad_form(reason: str) -> ApiError:
    """Inferred."""
    return ApiError(400, f"We could not parse the multipart body of your request: {reason}")


def file_too_large(limit: int, param: str = "file") -> ApiError:
    """Inferred: the limit is documented, its words are not."""
    return ApiError(
        400,
        f"Invalid '{param}': file too large. Expected a file with maximum size {limit} bytes, "
        "but got a larger one instead.",
        param=param,
        code="file_above_max_size",
    )


def form_field_missing(name: str) -> ApiError:
    """Uploads have the words of an older validator (known for ``purpose``)."""
    return ApiError(400, f"'{name}' is a required property", param=name, has_detail=True)


def server_error(request_id: str) -> ApiError:
    return ApiError(
        500,
        "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
        "through our help center at help.openai.com if you keep seeing this error. (Please include the request ID "
        f"{request_id} in your email.)",
        type="server_error",
    )
