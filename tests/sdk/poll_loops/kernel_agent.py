"""Semantic Kernel's loop around a run, which does not know the status ``incomplete``; prints the error that ends it.

It alternates two requests, and goes on when one of them, the run's, is refused.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from openai import BadRequestError
from semantic_kernel.agents.open_ai.open_ai_assistant_agent import OpenAIAssistantAgent
from semantic_kernel.agents.open_ai.run_polling_options import RunPollingOptions
from semantic_kernel.contents.chat_message_content import ChatMessageContent
from semantic_kernel.contents.utils.author_role import AuthorRole
from semantic_kernel.kernel import Kernel

QUICK = RunPollingOptions(run_polling_interval=timedelta(milliseconds=1), run_polling_backoff=timedelta(milliseconds=1))


async def play() -> object:
    agent = await OpenAIAssistantAgent.create(kernel=Kernel(), ai_model_id="gpt-4o", name="Teller")
    agent.polling_options = QUICK
    thread = await agent.create_thread()
    await agent.add_chat_message(thread, ChatMessageContent(role=AuthorRole.USER, content="Tell me more."))
    try:
        return [str(message) async for message in agent.invoke(thread)]
    except BadRequestError as error:
        return error.body


if __name__ == "__main__":
    print(json.dumps(asyncio.run(play())))
