"""Files."""

from __future__ import annotations

from typing import Any, Final

from emulator.apis.assistants import objects
from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.apis.http.forms import MAX_FILE, Form
from emulator.apis.http.lists import envelope, read_query
from emulator.apis.http.request import Answer, Call, Download, answer
from emulator.apis.http.showing import view_of
from emulator.apis.http.validation import request_error
from emulator.base.json_types import Object

#: In the order of the service's own message (recorded).
PURPOSES: Final = ["fine-tune", "assistants", "batch", "user_data", "vision", "evals"]
#: A batch's file lives this long when nothing else is said (recorded, 2025-10).
_BATCH_LIFETIME: Final = 30 * 86_400
#: What may be uploaded and not be downloaded (FACTS §4).
_NOT_DOWNLOADED: Final = frozenset({"assistants"})
_FIELDS: Final = frozenset({"purpose", "file", "expires_after"})


def form_of(call: Call) -> Form:
    """The request's form. Raises ApiError if it has none or if that could not be read."""
    if call.form is None:
        raise errors.bad_form("expected multipart/form-data")
    if call.form.problem:
        raise call.form.problem
    return call.form


def check_fields(form: Form, known: frozenset[str]) -> None:
    """Raises ApiError for a part of a form that the operation does not know."""
    unknown = [name for name in (*form.fields, *form.files) if name not in known]
    if unknown:
        raise ApiError(400, f"Unknown parameter: '{unknown[0]}'.", param=unknown[0], code="unknown_parameter")


def list_files(call: Call) -> Answer:
    query = read_query(call, limit=10_000)
    purpose = call.query.get("purpose")
    now = call.world.clock.now()

    def keep(file: Object) -> bool:
        expired = file["expires_at"] is not None and now >= file["expires_at"]
        return not expired and (purpose is None or file["purpose"] == purpose)

    page = call.world.store.files.page(query, keep)
    listed = envelope(call, page, [view_of(call, file) for file in page.rows])
    order = ("object", "data", "has_more", "first_id", "last_id")  # recorded: another than that of other lists
    return _written(answer({key: listed[key] for key in order}))


def create_file(call: Call) -> Answer:
    form = form_of(call)
    check_fields(form, _FIELDS)
    if "file" not in form.files:
        raise errors.form_field_missing("file")
    purpose = form.fields.get("purpose")
    if not purpose:
        raise errors.form_field_missing("purpose")
    if purpose not in PURPOSES:
        raise errors.bad_purpose(purpose, PURPOSES)
    if "expires_after" in form.fields:
        _check_expiry(form.fields["expires_after"])
    content = form.files["file"].content
    if content.size > MAX_FILE:
        raise errors.file_too_large(MAX_FILE)
    made = make_file(call, form.files["file"].filename, purpose, content.size, form.fields.get("expires_after"))
    call.world.store.put_file(made, content)
    return _shown(call, made)


def _check_expiry(sent: Any) -> None:
    """Raises ApiError for an ``expires_after`` that an upload could not have either: its schema is the same."""
    upload = {"filename": "x", "purpose": "assistants", "bytes": 0, "mime_type": "text/plain", "expires_after": sent}
    if error := request_error("create_upload", upload):
        raise error


def make_file(call: Call, filename: str, purpose: str, size: int, expires_after: Object | None) -> Object:
    """A new file object, with the id and expiry it has."""
    world = call.world
    at = int(world.clock.now())
    lifetime = _BATCH_LIFETIME if purpose == "batch" else None
    if expires_after:
        lifetime = expires_after["seconds"]
    id = world.ids.make("azure file" if call.flavour == "azure" else "file")
    return objects.file(id, at, filename, purpose, size, None if lifetime is None else at + lifetime)


def retrieve_file(call: Call) -> Answer:
    return _shown(call, call.world.store.file(call.path["file_id"], call.world.clock.now()))


def download_file(call: Call) -> Download:
    store = call.world.store
    file = store.file(call.path["file_id"], call.world.clock.now())
    if file["purpose"] in _NOT_DOWNLOADED:
        raise errors.download_not_allowed(file["purpose"])
    return Download(store.contents[file["id"]], file["filename"])


def delete_file(call: Call) -> Answer:
    store = call.world.store
    id = store.file(call.path["file_id"], call.world.clock.now())["id"]
    store.remove_file(id)
    return _written(answer(objects.deleted_file(id)))


def _shown(call: Call, file: Object) -> Answer:
    return _written(answer(view_of(call, file)))


def _written(plain: Answer) -> Answer:
    """Files and uploads end their JSON with a newline (208 of 208 recorded)."""
    plain.body += b"\n"
    return plain
