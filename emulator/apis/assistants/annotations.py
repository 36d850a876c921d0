"""The forms of annotations in a message's text."""

from __future__ import annotations

from emulator.base.json_types import Object
from emulator.scenarios.steps.actions import Annotation


def stored(annotation: Annotation, file_id: str) -> Object:
    """As a message keeps it."""
    kind = "file_citation" if annotation.kind == "citation" else "file_path"
    return {
        "type": kind,
        "text": annotation.text,
        "start_index": annotation.start,
        "end_index": annotation.end,
        kind: {"file_id": file_id},
    }


def streamed(annotation: Annotation, file_id: str, index: int) -> Object:
    """In a delta an annotation has an index, and a citation an empty quote (docs/wire.md §3)."""
    made = stored(annotation, file_id)
    if annotation.kind == "citation":
        made["file_citation"]["quote"] = ""
    return {"index": index, **made}
