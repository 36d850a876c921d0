"""What the patterns on the Responses API share."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai.types.responses import FunctionToolParam, Response
from openai.types.responses.response_input_param import FunctionCallOutput
from pydantic import BaseModel

from .shared import CELSIUS

MODEL = "gpt-4o"
REASONING_MODEL = "gpt-5"
CLOTHES = "What should I wear in Rome?"
GET_WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "get_weather",
    "description": "How warm it is in a city",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


class Recipe(BaseModel):
    title: str
    minutes: int
    ingredients: list[str]


def calls_of(response: Response) -> list[list[str]]:
    """The function calls of a response: names and arguments."""
    return [[item.name, item.arguments] for item in response.output if item.type == "function_call"]


def outputs_of(response: Response) -> list[FunctionCallOutput]:
    """Calls the functions that a response calls."""
    return [
        {
            "type": "function_call_output",
            "call_id": item.call_id,
            "output": json.dumps({"celsius": CELSIUS[json.loads(item.arguments)["city"]]}),
        }
        for item in response.output
        if item.type == "function_call"
    ]


def kinds_of(response: Response) -> list[str]:
    return [item.type for item in response.output]


@asynccontextmanager
async def opened(manager: Any) -> AsyncIterator[Any]:
    """A stream of either client."""
    if hasattr(manager, "__aenter__"):
        async with manager as async_stream:
            yield async_stream
    else:
        with manager as stream:
            yield stream
