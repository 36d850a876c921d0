"""A chat service in FastAPI, whose client is made when the module is imported. It does not know the emulator."""

import json
from collections.abc import AsyncIterator

from fastapi import FastAPI, HTTPException, UploadFile
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI, RateLimitError
from pydantic import BaseModel

client = AsyncOpenAI()
app = FastAPI()
ASSISTANT = "asst_service"


class Question(BaseModel):
    text: str


@app.post("/chats")
async def begin() -> dict[str, str]:
    return {"id": (await client.beta.threads.create()).id}


@app.post("/chats/{chat}/questions")
async def ask(chat: str, question: Question) -> dict[str, str | None]:
    """Answers a question, with the weather where the assistant asks for it."""
    await client.beta.threads.messages.create(chat, role="user", content=question.text)
    try:
        run = await client.beta.threads.runs.create_and_poll(thread_id=chat, assistant_id=ASSISTANT)
    except RateLimitError:
        raise HTTPException(503, "too busy") from None
    while run.status == "requires_action" and run.required_action:
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs = [{"tool_call_id": call.id, "output": weather(call.function.arguments)} for call in calls]
        run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=chat, tool_outputs=outputs
        )
    messages = await client.beta.threads.messages.list(chat, run_id=run.id)
    texts = [part.text.value for message in messages.data for part in message.content if part.type == "text"]
    return {"status": run.status, "answer": texts[0] if texts else None}


def weather(arguments: str) -> str:
    return json.dumps({"celsius": 21, "city": json.loads(arguments)["city"]})


@app.post("/chats/{chat}/stream")
async def stream(chat: str, question: Question) -> StreamingResponse:
    await client.beta.threads.messages.create(chat, role="user", content=question.text)

    async def words() -> AsyncIterator[str]:
        async with client.beta.threads.runs.stream(thread_id=chat, assistant_id=ASSISTANT) as events:
            async for delta in events.text_deltas:
                yield delta

    return StreamingResponse(words(), media_type="text/plain")


@app.post("/chats/{chat}/stop")
async def stop(chat: str) -> dict[str, str]:
    """The stop button: cancels the run that is under way."""
    runs = await client.beta.threads.runs.list(chat, limit=1)
    run = await client.beta.threads.runs.cancel(runs.data[0].id, thread_id=chat)
    return {"status": run.status}


@app.post("/documents")
async def upload(file: UploadFile) -> dict[str, str]:
    made = await client.files.create(file=(file.filename or "file", await file.read()), purpose="assistants")
    return {"id": made.id, "name": made.filename}
