"""Answers questions about orders, with functions that look into the shop's database."""

import json
from collections.abc import Callable

from openai import OpenAI
from openai.types.beta.threads import Run

ORDERS: dict[str, dict[str, str | None]] = {
    "A-1": {"status": "shipped", "parcel": "P-9"},
    "A-2": {"status": "packed", "parcel": None},
}


def get_order(order: str) -> dict[str, str | None]:
    return ORDERS[order]


def track_parcel(parcel: str) -> dict[str, str]:
    return {"place": "Lyon", "arrives": "tomorrow"}


TOOLS: dict[str, Callable[..., object]] = {"get_order": get_order, "track_parcel": track_parcel}


def call(name: str, arguments: str) -> str:
    """A tool's output as the assistant gets it: its result, or what went wrong."""
    try:
        return json.dumps(TOOLS[name](**json.loads(arguments)))
    except (KeyError, TypeError, ValueError) as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"})


def answer(client: OpenAI, assistant_id: str, question: str) -> str:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    run: Run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant_id)
    while run.status == "requires_action" and run.required_action:
        wanted = run.required_action.submit_tool_outputs.tool_calls
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=thread.id,
            tool_outputs=[
                {"tool_call_id": one.id, "output": call(one.function.name, one.function.arguments)} for one in wanted
            ],
        )
    newest = client.beta.threads.messages.list(thread.id).data[0]
    return "".join(part.text.value for part in newest.content if part.type == "text")
