"""What a world lacks: an id that names no object. An API turns it into its own error response."""

from __future__ import annotations

from typing import Final, NamedTuple

from emulator.base.problems import Refusal


class Kind(NamedTuple):
    """A kind of object: the value of its key ``object``, its noun in sentences, and how its ids begin.

    ``prefix``: as the service quotes it; only that of batches has its underscore.
    """

    name: str
    noun: str
    prefix: str


class Missing(Refusal):
    """No object of this kind has this id. ``param`` names the parameter that held the id."""

    def __init__(self, kind: Kind, id: str, param: str) -> None:
        super().__init__(f"No {kind.noun} found with id '{id}'.")
        self.kind, self.id, self.param = kind, id, param


FILE: Final = Kind("file", "file", "file")
UPLOAD: Final = Kind("upload", "upload", "upload")
UPLOAD_PART: Final = Kind("upload.part", "part", "part")
VECTOR_STORE: Final = Kind("vector_store", "vector store", "vs")
VECTOR_STORE_FILE: Final = Kind("vector_store.file", "file", "file")
FILE_BATCH: Final = Kind("vector_store.file_batch", "file batch", "vsfb_")
