"""The help desk on the Responses API: the service keeps the conversation, and each request carries the rest."""

from desk import HANDBOOK, INSTRUCTIONS, MODEL, PARAMETERS, Answer, DeskError, call
from openai import APIError

TOOLS = [
    *(
        {
            "type": "function",
            "name": name,
            "parameters": {"type": "object", "properties": properties, "required": list(properties)},
        }
        for name, properties in PARAMETERS.items()
    ),
    {"type": "file_search", "vector_store_ids": [HANDBOOK]},
    {"type": "code_interpreter", "container": {"type": "auto"}},
]
AT_ONCE = 20  # a request takes no more items


class ResponsesDesk:
    def __init__(self, client):
        self.client, self.stopping = client, False

    def open(self, earlier=()):
        items = [{"type": "message", "role": role, "content": text} for role, text in earlier]
        chat = self.client.conversations.create(items=items[:AT_ONCE]).id
        for begin in range(AT_ONCE, len(items), AT_ONCE):
            self.client.conversations.items.create(chat, items=items[begin : begin + AT_ONCE])
        return chat

    def history(self, chat):
        items = self.client.conversations.items.list(chat, order="asc")
        return [(item.role, item.content[0].text) for item in items if item.type == "message"]

    def stop(self):
        self.stopping = True

    def ask(self, chat, question, show):
        self.stopping, answer = False, Answer()
        input = [{"role": "user", "content": question}]
        while input:
            stream = self.client.responses.create(
                conversation=chat,
                input=input,
                model=MODEL,
                instructions=INSTRUCTIONS,
                tools=TOOLS,
                stream=True,
            )
            try:
                response = self._follow(stream, show)
            except APIError as error:  # the SDK raises the event of a response that fails
                raise DeskError(error.message) from error
            if response is None:
                return Answer(stopped=True)
            if response.status != "completed":
                raise DeskError(response.incomplete_details.reason)
            self._add(answer, response)
            calls = [item for item in response.output if item.type == "function_call"]
            input = [
                {"type": "function_call_output", "call_id": one.call_id, "output": call(one.name, one.arguments)}
                for one in calls
            ]
        return answer

    def _follow(self, stream, show):
        """The response as the last event has it; None if the user stopped it: a closed stream ends a response."""
        for event in stream:
            if event.type == "response.output_text.delta":
                show(event.delta)
                if self.stopping:
                    stream.close()
                    return None
            elif event.type in ("response.completed", "response.incomplete"):
                return event.response
        raise DeskError("the stream broke")

    def _add(self, answer, response):
        answer.tokens += response.usage.input_tokens + response.usage.output_tokens
        messages = [item for item in response.output if item.type == "message"]
        for part in [part for message in messages for part in message.content]:
            answer.text += part.text
            for mark in part.annotations:
                if mark.type == "file_citation":
                    answer.sources.append(mark.filename)
                else:
                    content = self.client.containers.files.content
                    answer.files[mark.filename] = content.retrieve(mark.file_id, container_id=mark.container_id).content
