"""What an application does with the SDK: an assistant, a thread, a message, a run, a look at it, the messages.

It needs the SDK alone, so other environments run it too: ``python six_calls.py`` is started by ``peers``.
"""

from __future__ import annotations

from typing import Any

#: The run is over at the first look, so that one is enough.
POLLS = {"queued": 0, "in_progress": 0}


def six_calls(client: Any) -> None:
    """Raises AssertionError unless the run is over at the first look, and its message is there."""
    beta = client.beta
    assistant = beta.assistants.create(model="gpt-4o", name="Weather")
    thread = beta.threads.create()
    beta.threads.messages.create(thread.id, role="user", content="What is the weather in Paris?")
    created = beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    run = beta.threads.runs.retrieve(created.id, thread_id=thread.id)
    page = beta.threads.messages.list(thread.id)
    assert run.status == "completed", run.status
    assert len(page.data) == 2, page
