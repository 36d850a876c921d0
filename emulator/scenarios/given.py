"""The contents of the files that a scenario gives."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from emulator.base.json_types import Object


def given_content(item: Object, contents: Mapping[str, bytes]) -> bytes:
    """The contents of a given file: text, base64 or a local file's, of ``contents`` by path.

    Raises ValueError for bad base64.
    """
    if "path" in item:
        return contents[item["path"]]
    if "base64" in item:
        try:
            return base64.b64decode(item["base64"], validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None
    text: str = item.get("content", "")
    return text.encode()
