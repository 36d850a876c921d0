"""Files."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from emulator.apis.files import errors, objects
from emulator.apis.files.views import view_of
from emulator.apis.http import errors as request_errors
from emulator.apis.http.form import Form
from emulator.apis.http.lists import envelope, read_query
from emulator.apis.http.request import FileResponse, JsonResponse, Request, line_response
from emulator.apis.http.validation import request_error
from emulator.base.json_types import Object
from emulator.base.limits import MAX_FILE

#: In the order of the service's own message (recorded).
PURPOSES: Final = ["fine-tune", "assistants", "batch", "user_data", "vision", "evals"]
#: Those that Azure's gateway lets pass (docs/wire.md §6): of uploads, and of lists besides.
_UPLOADED_ON_AZURE: Final = frozenset({"fine-tune", "assistants", "batch", "user_data", "evals"})
_LISTED_ON_AZURE: Final = _UPLOADED_ON_AZURE | {"assistants_output", "batch_output", "fine-tune-results"}
#: A batch's file lives this long when nothing else is said (recorded, 2025-10).
_BATCH_LIFETIME: Final = 30 * 86_400
#: What may be uploaded and not be downloaded (docs/wire.md §4).
_NOT_DOWNLOADED: Final = frozenset({"assistants"})
_FIELDS: Final = frozenset({"purpose", "file", "expires_after"})


def form_of(request: Request) -> Form:
    """The request's form. Raises ApiError if it has none or if that could not be read."""
    if request.form is None:
        raise request_errors.bad_form("expected multipart/form-data")
    if request.form.problem:
        raise request.form.problem
    return request.form


def check_fields(form: Form, known: frozenset[str]) -> None:
    """Raises ApiError for parts of a form that the operation does not know."""
    if others := [name for name in (*form.fields, *form.files) if name not in known]:
        raise errors.unknown_form_fields(others)


def list_files(request: Request) -> JsonResponse:
    query = read_query(request, limit=10_000)
    purpose = request.query.get("purpose")
    if purpose is not None and request.flavour == "azure" and purpose not in _LISTED_ON_AZURE:
        raise errors.bad_purpose_on_azure()
    now = request.world.clock.now()

    def keep(file: Object) -> bool:
        expired = file["expires_at"] is not None and now >= file["expires_at"]
        return not expired and (purpose is None or file["purpose"] == purpose)

    page = request.world.store.files.page(query, keep)
    listed = envelope(request, page, [view_of(request, file) for file in page.rows])
    order = ("object", "data", "has_more", "first_id", "last_id")  # recorded: another than that of other lists
    return line_response({key: listed[key] for key in order})


def create_file(request: Request) -> JsonResponse:
    form = form_of(request)
    check_fields(form, _FIELDS)
    if "file" not in form.files:
        raise request_errors.form_field_missing("file")
    purpose = form.fields.get("purpose")
    if not purpose:
        raise request_errors.form_field_missing("purpose")
    if request.flavour == "azure" and purpose not in _UPLOADED_ON_AZURE:
        raise errors.bad_purpose_on_azure()
    if purpose not in PURPOSES:
        raise errors.bad_purpose(purpose, PURPOSES)
    if "expires_after" in form.fields:
        _check_expiry(form.fields["expires_after"])
    content = form.files["file"].content
    if content.size > MAX_FILE:
        raise request_errors.file_too_large(MAX_FILE)
    made = make_file(request, form.files["file"].filename, purpose, content.size, form.fields.get("expires_after"))
    request.world.store.put_file(made, content)
    return _shown(request, made)


def _check_expiry(sent: Any) -> None:
    """Raises ApiError for an ``expires_after`` that an upload could not have either: its schema is the same."""
    upload = {"filename": "x", "purpose": "assistants", "bytes": 0, "mime_type": "text/plain", "expires_after": sent}
    if error := request_error("create_upload", upload):
        raise error


def make_file(request: Request, filename: str, purpose: str, size: int, expires_after: Object | None) -> Object:
    """A new file object, with the id and expiry it has."""
    world = request.world
    at = world.now
    lifetime = _BATCH_LIFETIME if purpose == "batch" else None
    if expires_after:
        lifetime = expires_after["seconds"]
    id = world.ids.make("azure file" if request.on_azure else "file")
    return objects.file(id, at, filename, purpose, size, None if lifetime is None else at + lifetime)


def _file(request: Request) -> Object:
    """The file that the path names. Raises ApiError for one that is not there."""
    id = request.path["file_id"]
    found = request.world.store.live_file(id, request.world.clock.now())
    if found is None:
        raise errors.no_such_file(id)
    return found


def retrieve_file(request: Request) -> JsonResponse:
    file = _file(request)
    request.note_poll(partial(_rest_of, file))
    return _shown(request, file)


def _rest_of(file: Object) -> str:
    return f"{file['id']} is {file['status']!r}"


def download_file(request: Request) -> FileResponse:
    file = _file(request)
    if file["purpose"] in _NOT_DOWNLOADED:
        raise errors.download_not_allowed(file["purpose"])
    return FileResponse(request.world.store.contents[file["id"]], file["filename"])


def delete_file(request: Request) -> JsonResponse:
    id = _file(request)["id"]
    request.world.store.remove_file(id)
    return line_response(objects.deleted_file(id))


def _shown(request: Request, file: Object) -> JsonResponse:
    return line_response(view_of(request, file))
