"""Responses that are created, read, parsed, played in the background, cancelled and deleted."""

from __future__ import annotations

from typing import Any, cast

from openai import pydantic_function_tool
from openai.types.responses import Response
from pydantic import BaseModel

from .response_shared import GET_WEATHER, MODEL, Recipe
from .shared import TWO_CITIES, Client, collect, done, error_of


class GetWeather(BaseModel):
    """How warm it is in a city"""

    city: str


async def create(client: Client) -> dict[str, Any]:
    responses = client.responses
    response = await done(
        responses.create(model=MODEL, instructions="Be brief.", input="Hi!", metadata={"user": "ada"})
    )
    retrieved = await done(responses.retrieve(response.id))
    return {
        "status": response.status,
        "text": response.output_text,
        "tokens": response.usage.total_tokens if response.usage else None,
        "retrieved as created": retrieved.to_dict() == response.to_dict(),
    }


async def second_turn(client: Client) -> dict[str, Any]:
    """By the previous response, and by a history that the client keeps."""
    responses = client.responses
    first = await done(responses.create(model=MODEL, input="Hi!"))
    second = await done(responses.create(model=MODEL, input="And now?", previous_response_id=first.id))
    history: list[Any] = [{"role": "user", "content": "Hi!"}, *first.output, {"role": "user", "content": "Hi again!"}]
    own = await done(responses.create(model=MODEL, input=history, store=False))
    return {
        "continues": second.previous_response_id == first.id,
        "texts": [first.output_text, second.output_text, own.output_text],
    }


async def parse(client: Client) -> dict[str, Any]:
    """Texts and arguments as instances of pydantic's models."""
    responses = client.responses
    recipe = await done(responses.parse(model=MODEL, input="A recipe, please.", text_format=Recipe))
    tool = pydantic_function_tool(GetWeather, name="get_weather")
    called = await done(responses.parse(model=MODEL, input=TWO_CITIES, tools=[tool]))
    refused = await done(responses.parse(model=MODEL, input="The secret recipe, please.", text_format=Recipe))
    return {
        "text": recipe.output_parsed.model_dump() if recipe.output_parsed else None,
        "arguments": [_cities(item.parsed_arguments) for item in called.output if item.type == "function_call"],
        "refused": [refused.output_parsed, _refusals(refused)],
    }


def _cities(arguments: object) -> str:
    assert isinstance(arguments, GetWeather)
    return arguments.city


def _refusals(response: Response) -> list[str]:
    return [
        part.refusal
        for item in response.output
        if item.type == "message"
        for part in item.content
        if part.type == "refusal"
    ]


async def background(client: Client) -> dict[str, Any]:
    """The documentation's loop, without its sleep."""
    response = await done(client.responses.create(model=MODEL, input="Hi!", background=True))
    statuses = [response.status]
    while response.status in ("queued", "in_progress"):
        response = await done(client.responses.retrieve(response.id))
        statuses.append(response.status)
    return {"statuses": statuses, "text": response.output_text}


async def cancel(client: Client) -> dict[str, Any]:
    responses = client.responses
    response = await done(responses.create(model=MODEL, input="Write a novel, please.", background=True))
    seen = await done(responses.retrieve(response.id))
    cancelled = await done(responses.cancel(response.id))
    again = await done(responses.retrieve(response.id))
    statuses = [one.status for one in (response, seen, cancelled, again)]
    return {"statuses": statuses, "text": again.output_text}


async def incomplete(client: Client) -> dict[str, Any]:
    response = await done(client.responses.create(model=MODEL, input="Tell me everything.", max_output_tokens=16))
    details = response.incomplete_details
    return {"status": response.status, "reason": details.reason if details else None, "text": response.output_text}


async def input_items(client: Client) -> dict[str, Any]:
    """Three items, two a page, by iterating alone."""
    responses = client.responses
    first = await done(responses.create(model=MODEL, input="Hi!"))
    second = await done(responses.create(model=MODEL, input="And now?", previous_response_id=first.id))
    items = responses.input_items
    page: Any = await done(cast("Any", items.list(second.id, limit=2)))
    listed: list[Any] = await collect(items.list(second.id, limit=2, order="asc"))
    return {
        "first page": [len(page.data), page.has_more],
        "items": [[item.role, item.content[0].text] for item in listed],
    }


async def delete(client: Client) -> dict[str, Any]:
    responses = client.responses
    response = await done(responses.create(model=MODEL, input="Hi!"))
    await done(responses.delete(response.id))
    return {
        "retrieved": await error_of(lambda: responses.retrieve(response.id), response.id),
        "deleted again": await error_of(lambda: responses.delete(response.id), response.id),
        "continued": await error_of(
            lambda: responses.create(model=MODEL, input="Hi!", previous_response_id=response.id), response.id
        ),
    }


async def errors(client: Client) -> dict[str, Any]:
    responses = client.responses
    foreground = await done(responses.create(model=MODEL, input="Hi!"))
    forgotten = await done(responses.create(model=MODEL, input="Hi!", store=False))
    calling = await done(responses.create(model=MODEL, input=TWO_CITIES, tools=[GET_WEATHER]))
    return {
        "unknown": await error_of(lambda: responses.retrieve("resp_unknown")),
        "not stored": await error_of(lambda: responses.retrieve(forgotten.id), forgotten.id),
        "cancel in the foreground": await error_of(lambda: responses.cancel(foreground.id)),
        "no output": await error_of(
            lambda: responses.create(model=MODEL, input="Hi!", previous_response_id=calling.id),
            *(item.call_id for item in calling.output if item.type == "function_call"),
        ),
    }
