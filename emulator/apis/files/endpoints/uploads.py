"""Uploads: files that arrive in parts, within an hour."""

from __future__ import annotations

from emulator.apis.files import errors, objects
from emulator.apis.files.endpoints.files import check_fields, form_of, make_file
from emulator.apis.files.views import view_of
from emulator.apis.http import errors as request_errors
from emulator.apis.http.request import JsonResponse, Request, line_response
from emulator.base.json_types import Object
from emulator.base.limits import MAX_PART
from emulator.world.state.contents import Content
from emulator.world.state.missing import UPLOAD, UPLOAD_PART, Missing
from emulator.world.state.store import Upload


def _written(request: Request, thing: Object) -> JsonResponse:
    if "file" in thing:
        thing = {**thing, "file": view_of(request, thing["file"])}
    return line_response(thing)


def _upload(request: Request) -> Upload:
    """The upload that the path names; it is expired when its hour is over."""
    id = request.path["upload_id"]
    upload = request.world.store.uploads.get(id)
    if upload is None:
        raise Missing(UPLOAD, id, "upload_id")
    if upload.object["status"] == "pending" and request.world.clock.now() >= upload.object["expires_at"]:
        upload.object = {**upload.object, "status": "expired"}
        upload.parts.clear()
    return upload


def _pending(request: Request, action: str) -> Upload:
    upload = _upload(request)
    if upload.object["status"] != "pending":
        raise errors.upload_is_over(action, upload.object["status"])
    return upload


def create_upload(request: Request) -> JsonResponse:
    world = request.world
    at = world.now
    made = objects.upload(world.ids.make_timed("upload", at), at, request.body)
    world.store.uploads[made["id"]] = Upload(made, expires_after=request.body.get("expires_after"))
    return _written(request, made)


def add_upload_part(request: Request) -> JsonResponse:
    upload = _pending(request, "add a part to")
    form = form_of(request)
    check_fields(form, frozenset({"data"}))
    part = form.files.get("data")
    content = part.content if part else Content.of(str(form.fields["data"]).encode()) if "data" in form.fields else None
    if content is None:
        raise request_errors.form_field_missing("data")
    if content.size > MAX_PART:
        raise request_errors.file_too_large(MAX_PART, "data")
    at = request.world.now
    id = request.world.ids.make_timed("upload.part", at, upload.object["id"])
    upload.parts[id] = content
    return _written(request, {"id": id, "object": "upload.part", "created_at": at, "upload_id": upload.object["id"]})


def complete_upload(request: Request) -> JsonResponse:
    """The parts in the requested order are the file, if they have its bytes and its checksum."""
    upload = _pending(request, "complete")
    for id in request.body["part_ids"]:
        if id not in upload.parts:
            raise Missing(UPLOAD_PART, id, "part_ids")
    content = Content.joined([upload.parts[id] for id in request.body["part_ids"]])
    if content.size != upload.object["bytes"]:
        raise errors.upload_bytes_differ(upload.object["bytes"], content.size)
    md5 = request.body.get("md5")
    if md5 and content.md5() != md5.lower():
        raise errors.upload_md5_differs(md5, content.md5())
    described = upload.object
    file = make_file(request, described["filename"], described["purpose"], content.size, upload.expires_after)
    request.world.store.put_file(file, content)
    upload.object = {**described, "status": "completed", "file": file}
    upload.parts.clear()
    return _written(request, upload.object)


def cancel_upload(request: Request) -> JsonResponse:
    upload = _pending(request, "cancel")
    upload.object = {**upload.object, "status": "cancelled"}
    upload.parts.clear()
    return _written(request, upload.object)
