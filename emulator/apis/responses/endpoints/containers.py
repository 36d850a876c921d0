"""Containers and their files."""

from __future__ import annotations

from emulator.apis.files.endpoints.files import form_of
from emulator.apis.http import errors as request_errors
from emulator.apis.http.lists import deleted, read_query
from emulator.apis.http.request import FileResponse, JsonResponse, Request
from emulator.apis.http.validation_words import unknown
from emulator.apis.responses import errors
from emulator.apis.responses.code_files import check_files
from emulator.apis.responses.containers import (
    Container,
    ContainerFile,
    disposition,
    media_type,
    new_container,
    put_account_file,
    put_file,
)
from emulator.apis.responses.store import responses_of
from emulator.apis.responses.views import json_response, list_response
from emulator.base.limits import MAX_FILE


def _found(request: Request) -> Container:
    """The container that the path names. Raises ApiError for one that is not there."""
    found = responses_of(request.world).containers.get(request.path["container_id"])
    if found is None:
        raise errors.container_not_found()
    return found


def _running(request: Request) -> Container:
    """The container that the path names. Raises ApiError for one that is not there any more: its files are gone."""
    found = _found(request)
    if found.has_expired(request.world.clock.now()):
        raise errors.container_not_found()
    return found


def _file(request: Request) -> tuple[Container, ContainerFile]:
    """The file that the path names, and its container. Raises ApiError for one that is not there."""
    container, id = _running(request), request.path["file_id"]
    found = container.files.get(id)
    if found is None:
        raise errors.container_file_not_found(id)
    return container, found


# ---- Containers ----


def create_container(request: Request) -> JsonResponse:
    world, body = request.world, request.body
    ids = body.get("file_ids") or []
    check_files(world, ids, "file_ids")
    container = new_container(world, world.ids.family(), body, body["name"])
    for id in ids:
        put_account_file(world, container, id)
    responses_of(world).containers.put(container.id, container)
    return json_response(container.view(world.now))


def list_containers(request: Request) -> JsonResponse:
    now, name = request.world.clock.now(), request.query.get("name")
    page = responses_of(request.world).containers.page(
        read_query(request), None if name is None else lambda container: container.name == name
    )
    return list_response(request, page, [container.view(now) for container in page.rows])


def get_container(request: Request) -> JsonResponse:
    return json_response(_found(request).view(request.world.now))


def delete_container(request: Request) -> JsonResponse:
    container = _found(request)
    responses_of(request.world).containers.remove(container.id)
    return json_response(deleted(container.id, "container"))


# ---- Files ----


def create_container_file(request: Request) -> JsonResponse:
    """A file that the form brings, or that the account has."""
    world, container = request.world, _running(request)
    if request.form is None:
        id = request.body.get("file_id")
        if id is None:
            raise request_errors.form_field_missing("file")
        check_files(world, [id], "file_id")
        made = put_account_file(world, container, id)
    else:
        form = form_of(request)
        for name in (*form.fields, *form.files):
            if name != "file":
                raise unknown([name])
        if "file" not in form.files:
            raise request_errors.form_field_missing("file")
        sent = form.files["file"]
        if sent.content.size > MAX_FILE:
            raise request_errors.file_too_large(MAX_FILE)
        made = put_file(world, container, f"{world.ids.nonce(container.id)}-{sent.filename}", sent.content, "user")
    container.touch(world.clock.now())
    return json_response(made.object)


def list_container_files(request: Request) -> JsonResponse:
    page = _running(request).files.page(read_query(request))
    return list_response(request, page, [file.object for file in page.rows])


def get_container_file(request: Request) -> JsonResponse:
    return json_response(_file(request)[1].object)


def get_container_file_content(request: Request) -> FileResponse:
    container, file = _file(request)
    container.touch(request.world.clock.now())
    return FileResponse(file.content, file.name, media_type(file.name), disposition(file.name))


def delete_container_file(request: Request) -> JsonResponse:
    container, file = _file(request)
    container.files.remove(file.object["id"])
    return json_response(deleted(file.object["id"], "container.file"))
