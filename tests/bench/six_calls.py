"""What an application does with the SDK: an assistant, a thread, a message, a run, a look at it, the messages.

It knows nothing of who answers, so that other environments run it too.
"""

from __future__ import annotations

from typing import Any

#: How an emulated run is polled: it is over at the first look, so that one is enough.
POLLS = {"queued": 0, "in_progress": 0}
#: What then comes of it: the run is over, and its message is there.
DONE = ("completed", 2)


def six_calls(client: Any) -> tuple[str, int]:
    """The run's status at that look, and how many messages there are then."""
    beta = client.beta
    assistant = beta.assistants.create(model="gpt-4o", name="Weather")
    thread = beta.threads.create()
    beta.threads.messages.create(thread.id, role="user", content="What is the weather in Paris?")
    created = beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    run = beta.threads.runs.retrieve(created.id, thread_id=thread.id)
    page = beta.threads.messages.list(thread.id)
    return run.status, len(page.data)
