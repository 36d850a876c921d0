"""Summarizes support tickets."""

import openai
from openai import OpenAI


def summarize(ticket: str) -> str:
    """Two sentences about a ticket; a run that failed is tried once more."""
    client = OpenAI(max_retries=3)
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Summarize in two sentences.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": ticket}])
    for _ in range(2):
        try:
            run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        except openai.RateLimitError:
            return "Too busy to summarize this ticket."
        if run.status == "completed":
            newest = client.beta.threads.messages.list(thread.id).data[0]
            return "".join(part.text.value for part in newest.content if part.type == "text")
    return f"Not summarized: {run.last_error.message if run.last_error else run.status}"
