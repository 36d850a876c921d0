"""Makes files and uploads: complete, with all keys in the order of the wire (docs/wire.md §2)."""

from __future__ import annotations

from typing import Any, Final

from emulator.base.json_types import Object

#: Seconds until an upload that is not complete expires.
UPLOAD_LIFETIME: Final = 3600
#: What OpenAI fills in for a file_search tool that says nothing of ranking; Azure leaves it out.
RANKING_DEFAULTS: Final[dict[str, Any]] = {
    "ranker": "default_2024_08_21",
    "score_threshold": 0.0,
    "hybrid_search": None,
}


def file(id: str, at: int, filename: str, purpose: str, size: int, expires_at: int | None = None) -> Object:
    """A file. ``object`` comes first, as recorded."""
    return {
        "object": "file",
        "id": id,
        "purpose": purpose,
        "filename": filename,
        "bytes": size,
        "created_at": at,
        "expires_at": expires_at,
        "status": "processed",
        "status_details": None,
    }


def upload(id: str, at: int, body: Object) -> Object:
    """An upload, as long as it has no file."""
    return {
        "id": id,
        "object": "upload",
        "bytes": body["bytes"],
        "created_at": at,
        "filename": body["filename"],
        "purpose": body["purpose"],
        "status": "pending",
        "expires_at": at + UPLOAD_LIFETIME,
    }


def deleted_file(id: str) -> Object:
    """A deleted file has its keys in an order of its own (2025)."""
    return {"object": "file", "deleted": True, "id": id}
