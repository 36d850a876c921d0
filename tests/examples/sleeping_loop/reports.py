"""Writes reports, which take a while."""

import time

from openai import OpenAI

PATIENCE = 120


def write_report(subject: str) -> str | None:
    """The report, or None if it has not come in two minutes; then the run is cancelled."""
    client = OpenAI()
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Write a report.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": subject}])
    run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    waited = 0
    while run.status in ("queued", "in_progress"):
        if waited >= PATIENCE:
            client.beta.threads.runs.cancel(run.id, thread_id=thread.id)
            return None
        time.sleep(5)
        waited += 5
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    newest = client.beta.threads.messages.list(thread.id).data[0]
    return "".join(part.text.value for part in newest.content if part.type == "text")
