"""Uploads: files that arrive in parts, within an hour."""

from __future__ import annotations

from emulator.apis.assistants import objects, views
from emulator.apis.files.endpoints.files import check_fields, form_of, make_file
from emulator.apis.http import errors
from emulator.apis.http.forms import MAX_PART
from emulator.apis.http.request import Answer, Call
from emulator.apis.http.showing import view_of
from emulator.base.json_types import Object
from emulator.world.state.contents import Content
from emulator.world.state.store import Upload


def _written(call: Call, thing: Object) -> Answer:
    if "file" in thing:
        thing = {**thing, "file": view_of(call, thing["file"])}
    return Answer(views.pretty(thing) + b"\n")


def _upload(call: Call) -> Upload:
    """The upload that the path names; it is expired when its hour is over."""
    id = call.path["upload_id"]
    upload = call.world.store.uploads.get(id)
    if upload is None:
        raise errors.not_found("upload", id, "upload_id")
    if upload.object["status"] == "pending" and call.world.clock.now() >= upload.object["expires_at"]:
        upload.object = {**upload.object, "status": "expired"}
        upload.parts.clear()
    return upload


def _pending(call: Call, act: str) -> Upload:
    upload = _upload(call)
    if upload.object["status"] != "pending":
        raise errors.upload_is_over(act, upload.object["status"])
    return upload


def create_upload(call: Call) -> Answer:
    world = call.world
    at = int(world.clock.now())
    made = objects.upload(world.ids.make_timed("upload", at), at, call.body)
    world.store.uploads[made["id"]] = Upload(made, expires_after=call.body.get("expires_after"))
    return _written(call, made)


def add_upload_part(call: Call) -> Answer:
    upload = _pending(call, "add a part to")
    form = form_of(call)
    check_fields(form, frozenset({"data"}))
    part = form.files.get("data")
    content = part.content if part else Content.of(str(form.fields["data"]).encode()) if "data" in form.fields else None
    if content is None:
        raise errors.form_field_missing("data")
    if content.size > MAX_PART:
        raise errors.file_too_large(MAX_PART, "data")
    at = int(call.world.clock.now())
    id = call.world.ids.make_timed("upload.part", at, upload.object["id"])
    upload.parts[id] = content
    return _written(call, {"id": id, "object": "upload.part", "created_at": at, "upload_id": upload.object["id"]})


def complete_upload(call: Call) -> Answer:
    """The parts in the order that is asked for are the file, if they have its bytes and its checksum."""
    upload = _pending(call, "complete")
    for id in call.body["part_ids"]:
        if id not in upload.parts:
            raise errors.not_found("upload.part", id, "part_ids")
    content = Content.joined([upload.parts[id] for id in call.body["part_ids"]])
    if content.size != upload.object["bytes"]:
        raise errors.upload_bytes_differ(upload.object["bytes"], content.size)
    md5 = call.body.get("md5")
    if md5 and content.md5() != md5.lower():
        raise errors.upload_md5_differs(md5, content.md5())
    described = upload.object
    file = make_file(call, described["filename"], described["purpose"], content.size, upload.expires_after)
    call.world.store.put_file(file, content)
    upload.object = {**described, "status": "completed", "file": file}
    upload.parts.clear()
    return _written(call, upload.object)


def cancel_upload(call: Call) -> Answer:
    upload = _pending(call, "cancel")
    upload.object = {**upload.object, "status": "cancelled"}
    upload.parts.clear()
    return _written(call, upload.object)
