"""What a request shows of objects that its response does not contain: those that it names, and those that it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ApiCall


class FoundFile(NamedTuple):
    """A file that a search of a vector store found. ``passages``: the parts of its text that it showed."""

    store_id: str
    id: str
    name: str
    passages: list[Object]
    attributes: Object


def found_files(api_call: ApiCall) -> Iterator[FoundFile]:
    """The files that a search of a vector store found."""
    page = api_call.response if isinstance(api_call.response, dict) else {}
    if api_call.operation != "search_vector_store" or not isinstance(page.get("data"), list):
        return
    for one in page["data"]:
        if isinstance(one, dict) and isinstance(one.get("file_id"), str) and isinstance(one.get("filename"), str):
            content = one.get("content")
            passages = [part for part in (content if isinstance(content, list) else []) if isinstance(part, dict)]
            attributes = one.get("attributes")
            yield FoundFile(
                api_call.parameters["vector_store_id"],
                one["file_id"],
                one["filename"],
                passages,
                attributes if isinstance(attributes, dict) else {},
            )


def present_beside_missing(api_call: ApiCall) -> dict[str, str]:
    """What the path of a 404 names besides the object that the service misses: it looks for that one last."""
    missed = str(api_call.error().get("message") or "")
    present = {name: id for name, id in api_call.parameters.items() if id not in missed}
    return present if api_call.status == 404 and len(present) < len(api_call.parameters) else {}
