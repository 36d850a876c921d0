"""Records what the Python SDK asks for with vcrpy: ``python vcrpy_program.py CASSETTE yaml|json``.

It runs where the SDK and vcrpy are installed, and nothing of ours. The SDK's second version sends with httpx, its third
with httpx2; vcrpy records both.
"""

from __future__ import annotations

import sys

import vcr
from openai import NotFoundError, OpenAI
from openai.types.beta import FunctionToolParam
from openai.types.beta.threads.run_submit_tool_outputs_params import ToolOutput

TOOL: FunctionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def play(client: OpenAI) -> None:
    threads, runs = client.beta.threads, client.beta.threads.runs
    client.files.create(file=("menü.md", "Süppe\n".encode()), purpose="assistants")
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[TOOL])
    polled = threads.create(messages=[{"role": "user", "content": "Hi!"}])
    runs.create_and_poll(thread_id=polled.id, assistant_id=assistant.id)
    streamed = threads.create(messages=[{"role": "user", "content": "How is the weather in Köln?"}])
    with runs.stream(thread_id=streamed.id, assistant_id=assistant.id) as stream:
        run = stream.get_final_run()
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    output: ToolOutput = {"tool_call_id": call.id, "output": '{"celsius": 18}'}
    with runs.submit_tool_outputs_stream(run_id=run.id, thread_id=streamed.id, tool_outputs=[output]) as stream:
        stream.until_done()
    threads.messages.list(streamed.id, order="asc")
    try:
        threads.retrieve("thread_unknown")
    except NotFoundError:
        return
    raise AssertionError("an unknown thread was found")


if __name__ == "__main__":
    cassette, serializer = sys.argv[1:]
    with vcr.use_cassette(cassette, serializer=serializer, filter_headers=["authorization"]):
        play(OpenAI())
