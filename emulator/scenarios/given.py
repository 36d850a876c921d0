"""The contents of the files that a scenario gives."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from emulator.base.json_types import Object

#: What stands in a file of which only the size is known.
_FILLER: Final = b"(contents were not recorded) "
#: The largest size that can be stated in place of contents.
MAX_STATED: Final = 64 * 1024 * 1024
SIZE: Final[Object] = {"type": "integer", "minimum": 0, "maximum": MAX_STATED}


def filler(size: int) -> bytes:
    """Contents of a size that a scenario states in their place."""
    return (_FILLER * (size // len(_FILLER) + 1))[:size]


def given_content(item: Object, contents: Mapping[str, bytes]) -> bytes:
    """The contents of a given file: text, base64 or a local file's, of ``contents`` by path; or a size alone.

    Raises ValueError for bad base64.
    """
    if "bytes" in item:
        return filler(item["bytes"])
    if "path" in item:
        return contents[item["path"]]
    if "base64" in item:
        try:
            return base64.b64decode(item["base64"], validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None
    text: str = item.get("content", "")
    return text.encode()
