"""The top-level keys of scenarios, which distinguish a scenario from a recording."""

from __future__ import annotations

import re
from typing import Final

from emulator.scenarios.schema import SCENARIO

SCENARIO_KEYS: Final = frozenset(SCENARIO["properties"])
#: Without the keys that other documents have too: a cassette also has a version.
SCENARIO_ONLY_KEYS: Final = SCENARIO_KEYS - {"version", "name", "description"}

_KEY_LINE: Final = re.compile(rf"^(?:{'|'.join(sorted(SCENARIO_ONLY_KEYS))})\s*:".encode(), re.MULTILINE)


def is_yaml_scenario(raw: bytes) -> bool:
    """True if a line begins with a key that only scenarios have. False for a scenario in JSON: that needs parsing."""
    return _KEY_LINE.search(raw) is not None
