"""``create_and_poll`` of an SDK that does not know the status ``incomplete``; prints the error that ends it."""

from __future__ import annotations

import json

from openai import BadRequestError, OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Tell me more."}])
try:
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    print(json.dumps(run.status))
except BadRequestError as error:
    print(json.dumps(error.body))
