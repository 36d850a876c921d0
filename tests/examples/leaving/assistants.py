"""The help desk on the Assistants API: the assistant, the thread and the run are kept by the service."""

import re

from desk import Answer, DeskError, call


class AssistantsDesk:
    def __init__(self, client, assistant="asst_desk"):
        self.client, self.assistant, self.stopping = client, assistant, False

    def open(self, earlier=()):
        messages = [{"role": role, "content": text} for role, text in earlier]
        return self.client.beta.threads.create(messages=messages).id

    def history(self, chat):
        messages = self.client.beta.threads.messages.list(chat, order="asc")
        return [(message.role, message.content[0].text.value) for message in messages]

    def stop(self):
        self.stopping = True

    def ask(self, chat, question, show):
        self.stopping = False
        runs = self.client.beta.threads.runs
        self.client.beta.threads.messages.create(chat, role="user", content=question)
        run = self._follow(runs.create(chat, assistant_id=self.assistant, stream=True), show)
        while run.status == "requires_action":
            calls = run.required_action.submit_tool_outputs.tool_calls
            outputs = [
                {"tool_call_id": one.id, "output": call(one.function.name, one.function.arguments)} for one in calls
            ]
            run = self._follow(
                runs.submit_tool_outputs(run.id, thread_id=chat, tool_outputs=outputs, stream=True), show
            )
        if run.status == "cancelled":
            return Answer(stopped=True)
        if run.status != "completed":
            raise DeskError(run.last_error.message if run.last_error else run.status)
        return self._answer(chat, run)

    def _follow(self, stream, show):
        """The run as the last event has it."""
        run = None
        for event in stream:
            if event.event == "thread.message.delta":
                for part in event.data.delta.content or []:
                    if part.type == "text":
                        show(part.text.value or "")
                if self.stopping and run.status == "in_progress":
                    run = self.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
            elif event.data.object == "thread.run":
                run = event.data
        return run

    def _answer(self, chat, run):
        answer = Answer(tokens=run.usage.prompt_tokens + run.usage.completion_tokens)
        messages = self.client.beta.threads.messages.list(chat, run_id=run.id, order="asc")
        for part in [part for message in messages for part in message.content]:
            answer.text += re.sub("【.*?】", "", part.text.value)
            for mark in part.text.annotations:
                if mark.type == "file_citation":
                    answer.sources.append(self.client.files.retrieve(mark.file_citation.file_id).filename)
                else:
                    name = mark.text.rpartition("/")[2]
                    answer.files[name] = self.client.files.content(mark.file_path.file_id).content
        return answer
