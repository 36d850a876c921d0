"""A hotel's concierge: one thread for each guest."""

import openai
from openai import OpenAI


class Concierge:
    def __init__(self, assistant_id: str) -> None:
        self.client = OpenAI()
        self.assistant_id = assistant_id
        self.threads: dict[str, str] = {}

    def ask(self, guest: str, question: str) -> str:
        thread_id = self.threads.get(guest)
        if thread_id is None:
            thread_id = self.threads[guest] = self.client.beta.threads.create(metadata={"guest": guest}).id
        try:
            self.client.beta.threads.messages.create(thread_id, role="user", content=question)
        except openai.BadRequestError:
            return "One moment, I am still thinking about your last question."
        self.client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=self.assistant_id)
        newest = self.client.beta.threads.messages.list(thread_id).data[0]
        return "".join(part.text.value for part in newest.content if part.type == "text")
