"""Types of JSON values."""

from __future__ import annotations

from typing import Any

#: A JSON object that is anybody's; the API's own objects have types of their own.
Object = dict[str, Any]
