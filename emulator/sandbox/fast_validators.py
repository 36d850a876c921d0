"""The validators of ``jsonschema-rs``, which is imported when one is first needed."""

from __future__ import annotations

from typing import Any

from emulator.base.unbroken import unbroken


def fast_validator(schema: Any) -> Any:
    """A validator by draft 2020-12, without reasons."""
    with unbroken():
        import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(schema)
