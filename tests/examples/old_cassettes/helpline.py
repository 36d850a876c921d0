"""The helpline of a shop. Its assistant was made by hand, years ago."""

import time

from openai import OpenAI

ASSISTANT = "asst_Wm3qTn8eRzK5yLxVb2HcDu7J"


def ask(question: str) -> str:
    client = OpenAI()
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=ASSISTANT)
    while run.status in ("queued", "in_progress"):
        time.sleep(0.5)
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    (part,) = client.beta.threads.messages.list(thread.id).data[0].content
    return part.text.value if part.type == "text" else ""
