"""What the applications share: their questions, and a function to call."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel

CITIES = "How warm is it in Paris and Rome?"
CLOTHES = "What should I wear in Rome?"
RECIPE = "A recipe, please."
SOUP = "What is the soup of the day?"
EQUATION = "Please solve 3x + 11 = 14."
STORE = "vs_restaurant"
HELLO = "Hello"
AGAIN = "Hello again"

_DEGREES = {"Paris": "18 degrees", "Rome": "27 degrees"}


class Recipe(BaseModel):
    title: str
    minutes: int


def degrees(city: str) -> str:
    return _DEGREES[city]


def tell(found: Mapping[str, object]) -> None:
    print(json.dumps(found))
