"""The only place that reads a private attribute of pytest: the definitions of an item's fixtures.

pytest has no public way to them. Without the attribute the plugin works on: it then cannot tell which requests a wide
fixture sent, and counts them for the test that caused its setup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

#: The attributes on the way to the definitions.
PATH: Final = ["_fixtureinfo", "name2fixturedefs"]


def fixture_definitions(item: pytest.Item) -> Mapping[str, Sequence[pytest.FixtureDef[Any]]]:
    """The definitions of the item's fixtures by name, the one in force last; empty if pytest does not have them."""
    found: Any = item
    for name in PATH:
        found = getattr(found, name, None)
    return found if isinstance(found, Mapping) else {}
