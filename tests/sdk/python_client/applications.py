"""The seed's three applications. It has them in TypeScript; here they are as the Python SDK writes them.

What the SDK or a placeholder makes different is listed beside each; what uses the application is below its dashed line.
"""

from __future__ import annotations

from typing import Any

from openai.types.beta.threads import Message, Run
from openai.types.beta.threads.runs import CodeInterpreterToolCall, FileSearchToolCall, RunStep

from .shared import Client, collect, done, replies, text_of, timed

MENU = b"# Menu\n\nThe soup of the day is leek and potato, with rye bread.\n"
HOURS = b"Open from Tuesday to Sunday, noon to ten."
WINES = b"House wine, red or white."
SALES = b"month,revenue\njanuary,150\nfebruary,160\nmarch,170\n"


async def chatbot(client: Client) -> dict[str, Any]:
    """Multi-user chatbot.

    Map        a dict, which needs no ``!``
    camelCase  snake_case
    """
    user_threads: dict[str, str] = {}

    async def get_user_thread(user_id: str) -> str:
        if user_id not in user_threads:
            thread = await done(client.beta.threads.create(metadata={"user_id": user_id}))
            user_threads[user_id] = thread.id
        return user_threads[user_id]

    # ----
    assistant = await done(client.beta.assistants.create(model="gpt-4o", instructions="Be brief."))
    for user_id in ("ada", "bob", "ada"):
        thread_id = await get_user_thread(user_id)
        await done(client.beta.threads.messages.create(thread_id, role="user", content="Hello chatbot!"))
        await done(client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant.id))
    return {user_id: await replies(client, thread_id) for user_id, thread_id in user_threads.items()}


async def rag(client: Client) -> dict[str, Any]:
    """RAG application.

    beta.vectorStores  ``vector_stores`` since 1.66: they are not in ``beta`` any more
    fileBatches        ``file_batches``
    {...}              the store's name, the ids of files, an assistant's model
    documents          files are uploaded before a batch can name them
    """
    menu = await done(client.files.create(file=("menu.md", MENU), purpose="assistants"))
    # 1. Create vector store with documents
    vector_store = await done(client.vector_stores.create(name="Restaurant"))
    await done(client.vector_stores.file_batches.create(vector_store.id, file_ids=[menu.id]))
    # 2. Create assistant with file_search
    assistant = await done(
        client.beta.assistants.create(
            model="gpt-4o",
            tools=[{"type": "file_search"}],
            tool_resources={"file_search": {"vector_store_ids": [vector_store.id]}},
        )
    )

    # ---- More documents, by the SDK's helper, which uploads and polls; then a question, and what it was answered from
    batches, more = client.vector_stores.file_batches, [("hours.txt", HOURS), ("wines.txt", WINES)]
    batch, seconds = await timed(lambda: batches.upload_and_poll(vector_store.id, files=more))
    store = await done(client.vector_stores.retrieve(vector_store.id))
    run = await _ask(client, assistant.id, "What is the soup of the day?")
    (answer,) = await _answers(client, run)
    searching, _ = await _steps(client, run)
    contents = await collect(client.vector_stores.files.content(menu.id, vector_store_id=vector_store.id))
    return {
        "batch": [batch.status, batch.file_counts.completed],
        "store": [store.status, store.file_counts.completed],
        "answer": text_of(answer),
        "citations": await _citations(client, answer),
        "found": _found(searching),
        "content": [one.text for one in contents],
        "seconds": [seconds],
    }


async def data_analysis(client: Client) -> dict[str, Any]:
    """Data analysis.

    {...}   the file and its purpose; an assistant's model
    thread  is made before it is used
    role    is missing in the seed's message
    """
    assistant = await done(client.beta.assistants.create(model="gpt-4o", tools=[{"type": "code_interpreter"}]))
    # Upload data
    file = await done(client.files.create(file=("sales.csv", SALES), purpose="assistants"))
    thread = await done(client.beta.threads.create())
    # Attach to message
    await done(
        client.beta.threads.messages.create(
            thread.id,
            role="user",
            content="Analyze this data",
            attachments=[{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}],
        )
    )

    # ---- What was done with it, and what came of it
    runs = client.beta.threads.runs
    run = await done(runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id))
    (answer,) = await _answers(client, run)
    coding, _ = await _steps(client, run)
    resources = (await done(client.beta.threads.retrieve(thread.id))).tool_resources
    assert resources is not None
    assert resources.code_interpreter is not None
    return {
        "status": run.status,
        "has the file": resources.code_interpreter.file_ids == [file.id],
        "code": _code(coding),
        "images": await _images(client, coding, answer),
        "answer": text_of(answer),
        "files": await _files(client, answer),
    }


# ---- What both read ----


async def _ask(client: Client, assistant_id: str, question: str) -> Run:
    return await done(
        client.beta.threads.create_and_run_poll(
            assistant_id=assistant_id, thread={"messages": [{"role": "user", "content": question}]}
        )
    )


async def _answers(client: Client, run: Run) -> list[Message]:
    return await collect(client.beta.threads.messages.list(run.thread_id, run_id=run.id))


async def _steps(client: Client, run: Run) -> list[RunStep]:
    """Oldest first; searches with the text that they found."""
    return await collect(
        client.beta.threads.runs.steps.list(
            run.id,
            thread_id=run.thread_id,
            order="asc",
            include=["step_details.tool_calls[*].file_search.results[*].content"],
        )
    )


async def _citations(client: Client, message: Message) -> list[list[Any]]:
    """Where the answer has its citations, and the names of the files that are cited."""
    found: list[list[Any]] = []
    for part in message.content:
        for note in part.text.annotations if part.type == "text" else []:
            if note.type == "file_citation":
                cited = await done(client.files.retrieve(note.file_citation.file_id))
                found.append([note.text, note.start_index, note.end_index, cited.filename])
    return found


def _found(step: RunStep) -> list[list[Any]]:
    """What a search found: file, score and text."""
    assert step.step_details.type == "tool_calls"
    (call,) = step.step_details.tool_calls
    assert isinstance(call, FileSearchToolCall)
    results = call.file_search.results or []
    return [[one.file_name, one.score, [part.text for part in one.content or []]] for one in results]


def _code_call(step: RunStep) -> CodeInterpreterToolCall:
    assert step.step_details.type == "tool_calls"
    (call,) = step.step_details.tool_calls
    assert isinstance(call, CodeInterpreterToolCall)
    return call


def _code(step: RunStep) -> dict[str, Any]:
    code = _code_call(step).code_interpreter
    return {
        "first line": code.input.splitlines()[0],
        "logs": [output.logs for output in code.outputs if output.type == "logs"],
    }


async def _images(client: Client, step: RunStep, message: Message) -> dict[str, Any]:
    """The images that the code drew, which are those that the message shows."""
    outputs = _code_call(step).code_interpreter.outputs
    drawn = [output.image.file_id for output in outputs if output.type == "image"]
    shown = [part.image_file.file_id for part in message.content if part.type == "image_file"]
    contents = [(await done(client.files.content(id))).content for id in shown]
    return {"as drawn": shown == drawn, "begin": [content[1:4].decode() for content in contents]}


async def _files(client: Client, message: Message) -> list[list[str]]:
    """The files that an answer links to: link, name and contents."""
    found: list[list[str]] = []
    for part in message.content:
        for note in part.text.annotations if part.type == "text" else []:
            if note.type == "file_path":
                made = await done(client.files.retrieve(note.file_path.file_id))
                content = await done(client.files.content(made.id))
                found.append([note.text, made.filename, content.text])
    return found
