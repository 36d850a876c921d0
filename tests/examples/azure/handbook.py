"""Answers questions from the staff handbook, on Azure."""

from pathlib import Path

from openai import AzureOpenAI


def ask_handbook(handbook: Path, question: str) -> tuple[str, list[str]]:
    """The answer, and the files that it quotes."""
    client = AzureOpenAI()
    file = client.files.create(file=handbook, purpose="assistants")
    store = client.vector_stores.create(name="handbook", file_ids=[file.id])
    assistant = client.beta.assistants.create(
        model="our-gpt-4o-deployment",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    (part,) = client.beta.threads.messages.list(thread.id).data[0].content
    assert part.type == "text"
    quoted = [note.file_citation.file_id for note in part.text.annotations if note.type == "file_citation"]
    return part.text.value, [client.files.retrieve(id).filename for id in quoted]
