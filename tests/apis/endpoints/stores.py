"""Vector stores for tests: made, filled, refused."""

from __future__ import annotations

from typing import Any

from tests.apis.endpoints.test_files import make_file
from tests.apis.endpoints.words import (
    Error,
    error,
)
from tests.support import InProcess

STORE_KEYS = (
    "id object created_at name description usage_bytes file_counts status expires_after expires_at last_active_at "
    "metadata"
).split()
FILE_KEYS = ("id object usage_bytes created_at vector_store_id status last_error chunking_strategy attributes").split()
BATCH_KEYS = "id object created_at status vector_store_id file_counts".split()
COUNTS = ["in_progress", "completed", "failed", "cancelled", "total"]
AUTO = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


def make_store(api: InProcess, **body: Any) -> str:
    """The URL of a new store."""
    reply = api.post("/v1/vector_stores", body)
    assert reply.status == 200, reply.body
    return f"/v1/vector_stores/{reply.json['id']}"


def store_of(api: InProcess, *texts: str) -> tuple[str, list[str]]:
    """The URL of a store with a file for each text, indexed, and the files."""
    files = [make_file(api, f"{n}.txt", text.encode()) for n, text in enumerate(texts)]
    store = make_store(api, file_ids=files)
    api.get(store)
    return store, files


def advance(api: InProcess, seconds: float) -> None:
    assert api.post("/_emulator/clock/advance", {"seconds": seconds}).status == 200


def not_searchable(*extensions: str) -> Error:
    return error(
        f"Files with extensions [{', '.join(extensions)}] are not supported for retrieval. "
        "See https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
        "file_ids",
        "unsupported_file",
    )


def filled(value: Any, file: str) -> Any:
    """A body with a file's id in place of ``{file}``."""
    if isinstance(value, dict):
        return {key: filled(inner, file) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, file) for inner in value]
    return file if value == "{file}" else value
