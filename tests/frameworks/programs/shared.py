"""What the applications share: their questions, a function to call, a file to search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

CITIES = "How warm is it in Paris and Rome?"
SOUP = "What is the soup of the day?"
MENU = "# Menu\n\nThe soup of the day is leek and potato, with rye bread.\n"

_DEGREES = {"Paris": "18 degrees", "Rome": "27 degrees"}


def degrees(city: str) -> str:
    return _DEGREES[city]


def menu() -> str:
    """The path of a file, in the working directory."""
    path = Path("menu.md").resolve()
    path.write_text(MENU)
    return str(path)


def tell(found: Mapping[str, object]) -> None:
    print(json.dumps(found))
