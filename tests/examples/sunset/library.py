"""A library's catalogue: its shelves are vector stores, which live on; its clerk is an assistant, which does not."""

from openai import OpenAI


def put_on_shelf(client: OpenAI, title: str, text: str) -> str:
    """The id of a new shelf with one book."""
    file = client.files.create(file=(f"{title}.md", text.encode()), purpose="assistants")
    store = client.vector_stores.create(name=title)
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    return store.id


def look_up(client: OpenAI, shelf: str, words: str) -> list[str]:
    return [hit.filename for hit in client.vector_stores.search(shelf, query=words)]


def ask_clerk(client: OpenAI, question: str) -> str:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="You are a librarian.")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": question}]}
    )
    (part,) = client.beta.threads.messages.list(run.thread_id).data[0].content
    return part.text.value if part.type == "text" else ""
