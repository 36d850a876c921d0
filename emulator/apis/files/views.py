"""What is sent of files and vector stores: views of stored objects by shape (``wire``, ``spec``)."""

from __future__ import annotations

from typing import Final

from emulator.apis.http.request import JsonResponse, Request, json_response
from emulator.base.json_types import Object
from emulator.world.state.state import Shape

#: A vector store as Azure and Foundry show it: the older keys in their order (docs/wire.md §6).
_STORE_ON_AZURE: Final = (
    "id", "object", "name", "status", "usage_bytes", "created_at", "file_counts", "metadata", "expires_after",
    "expires_at", "last_active_at",
)  # fmt: skip


def in_json(thing: Object, shape: Shape = "wire", *, azure: bool = False) -> Object:
    """An object as JSON responses carry it: in ``spec`` shape without the nulls that the published schema forbids."""
    if azure:
        thing = _on_azure(thing)
    if shape == "wire":
        return thing
    match thing["object"]:
        case "vector_store":
            return {key: "" if key == "name" and value is None else value for key, value in _known(thing).items()}
        case "vector_store.file_batch":
            return {**thing, "object": "vector_store.files_batch"}
        case "file":
            return {key: value for key, value in thing.items() if value is not None}
    return thing


def _on_azure(thing: Object) -> Object:
    """A vector store, or a file in one, without what OpenAI added in 2025."""
    match thing["object"]:
        case "vector_store":
            return {key: thing[key] for key in _STORE_ON_AZURE}
        case "vector_store.file":
            return {key: value for key, value in thing.items() if key != "attributes"}
    return thing


def _known(store: Object) -> Object:
    """A vector store without an expiry that it does not have."""
    return store if store["expires_after"] else {key: value for key, value in store.items() if key != "expires_after"}


def view_of(request: Request, thing: Object) -> Object:
    """An object in the shape of the request's world and the form of its flavour."""
    return in_json(thing, request.world.shapes, azure=request.on_azure)


def shown(request: Request, thing: Object, *, poll_after: int | None = None) -> JsonResponse:
    """The response that is an object."""
    return json_response(view_of(request, thing), poll_after=poll_after)
