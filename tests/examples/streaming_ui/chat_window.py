"""A chat window that shows an answer while it is being written."""

from collections.abc import Callable

import openai
from openai import OpenAI


class ChatWindow:
    """``draw`` gets the whole text of the window whenever it changes."""

    def __init__(self, assistant_id: str, draw: Callable[[str], None]) -> None:
        self.client = OpenAI()
        self.assistant_id = assistant_id
        self.draw = draw
        self.thread_id = self.client.beta.threads.create().id

    def ask(self, question: str) -> None:
        self.client.beta.threads.messages.create(self.thread_id, role="user", content=question)
        shown, complete = "", False
        self.draw("…")
        try:
            for event in self.client.beta.threads.runs.create(
                thread_id=self.thread_id, assistant_id=self.assistant_id, stream=True
            ):
                if event.event == "thread.message.delta":
                    for part in event.data.delta.content or []:
                        if part.type == "text" and part.text and part.text.value:
                            shown += part.text.value
                            self.draw(shown)
                complete = complete or event.event == "thread.run.completed"
        except openai.APIError:
            self.draw(f"{shown} [connection lost]")
        else:
            if not complete:
                self.draw(f"{shown} [broke off]")
