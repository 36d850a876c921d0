"""A tour of the API with the SDK: one method per operation, called what the operation is called, in an order in which
each finds what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from openai import OpenAI
from openai.types.beta import FunctionToolParam

from emulator.base.json_types import Object

#: What the runs of the tour do: everything that a run can show.
SCENARIO: Final[Object] = {
    "version": 1,
    "name": "tour",
    "turns": [
        {"name": "call", "when": {"message": "weather"}, "steps": [{"call": {"get_weather": {}}}, {"say": "Dry."}]},
        {"name": "hold", "when": {"message": "wait"}, "steps": [{"hold": "gate"}, {"say": "Late."}]},
        {"name": "refuse", "when": {"message": "crime"}, "steps": [{"refuse": "I can't."}]},
        {"name": "short", "when": {"message": "short"}, "steps": [{"incomplete": "max_completion_tokens"}]},
        {"name": "cut off", "when": {"message": "cut off"}, "steps": [{"say": "Half"}, {"fail": "server_error"}]},
        {"name": "expire", "when": {"message": "expire"}, "steps": [{"say": "Half"}, {"expire": True}]},
        {
            "name": "tools",
            "steps": [
                {
                    "code": {
                        "input": "print(1)\nplot()",
                        "logs": "1",
                        "images": [{"filename": "plot.png", "content": "PNG"}],
                        "files": [{"filename": "data.csv", "content": "a,b"}],
                    }
                },
                {"search": "auto"},
                {
                    "say": {
                        "text": "Soup 【4:0†menu.md】, see sandbox:/mnt/data/data.csv.",
                        "cite": [{"file": "menu.md", "marker": "【4:0†menu.md】"}],
                        "images": ["plot.png"],
                    }
                },
            ],
        },
    ],
}
WEATHER: Final[FunctionToolParam] = {"type": "function", "function": {"name": "get_weather"}}
FINE_TUNED: Final = "ft:gpt-4o-mini:acme::abc123"


class Tour:
    """One method an operation; what it answered is kept for those that follow."""

    def __init__(self, client: OpenAI) -> None:
        self._client = client
        #: Azure and Foundry show no attributes of a file in a store (docs/wire.md §6).
        self._shows_attributes = client.base_url.path == "/v1/"
        self._ids: dict[str, str] = {}

    def _keep(self, name: str, thing: Any) -> Any:
        self._ids[name] = thing.id
        return thing

    def _thread(self, text: str) -> str:
        return self._client.beta.threads.create(messages=[{"role": "user", "content": text}]).id

    # ---- Files and uploads ----

    def create_file(self) -> None:
        menu = self._client.files.create(file=("menu.md", b"# Menu\n\nSoup of the day"), purpose="assistants")
        self._keep("file", menu)
        self._keep("other file", self._client.files.create(file=("hours.txt", b"9 to 5"), purpose="user_data"))
        expires_after: Any = {"anchor": "created_at", "seconds": 3600}
        brief = self._client.files.create(file=("a.txt", b"a"), purpose="batch", expires_after=expires_after)
        assert brief.expires_at == brief.created_at + 3600

    def list_files(self) -> None:
        assert [file.filename for file in self._client.files.list(order="asc")] == ["menu.md", "hours.txt", "a.txt"]

    def retrieve_file(self) -> None:
        assert self._client.files.retrieve(self._ids["file"]).filename == "menu.md"

    def download_file(self) -> None:
        assert self._client.files.content(self._ids["other file"]).read() == b"9 to 5"

    def create_upload(self) -> None:
        for name in ("upload", "unwanted upload"):
            made = self._client.uploads.create(
                filename="a.md", purpose="assistants", bytes=6, mime_type="text/markdown"
            )
            self._keep(name, made)

    def add_upload_part(self) -> None:
        for name, data in (("part", b"abc"), ("other part", b"def")):
            self._keep(name, self._client.uploads.parts.create(self._ids["upload"], data=data))

    def complete_upload(self) -> None:
        parts = [self._ids["part"], self._ids["other part"]]
        upload = self._client.uploads.complete(self._ids["upload"], part_ids=parts)
        assert upload.file is not None
        assert upload.file.bytes == 6

    def cancel_upload(self) -> None:
        assert self._client.uploads.cancel(self._ids["unwanted upload"]).status == "cancelled"

    # ---- Vector stores ----

    def create_vector_store(self) -> None:
        self._keep("store", self._client.vector_stores.create())
        after: Any = {"anchor": "last_active_at", "days": 3}
        self._keep("named store", self._client.vector_stores.create(name="Menus", expires_after=after))

    def create_vector_store_file(self) -> None:
        attributes: dict[str, str | float | bool] = {"course": "first", "price": 4.5, "vegan": True}
        made = self._client.vector_stores.files.create(
            self._ids["store"], file_id=self._ids["file"], attributes=attributes
        )
        assert made.attributes == (attributes if self._shows_attributes else None)

    def get_vector_store_file(self) -> None:
        file = self._client.vector_stores.files.retrieve(self._ids["file"], vector_store_id=self._ids["store"])
        assert file.status == "completed"

    def update_vector_store_file_attributes(self) -> None:
        files = self._client.vector_stores.files
        changed = files.update(self._ids["file"], vector_store_id=self._ids["store"], attributes={"course": "main"})
        assert changed.attributes == ({"course": "main"} if self._shows_attributes else None)

    def list_vector_store_files(self) -> None:
        assert [one.id for one in self._client.vector_stores.files.list(self._ids["store"])] == [self._ids["file"]]

    def retrieve_vector_store_file_content(self) -> None:
        pages = self._client.vector_stores.files.content(self._ids["file"], vector_store_id=self._ids["store"])
        assert [page.text for page in pages] == ["# Menu\n\nSoup of the day"]

    def create_vector_store_file_batch(self) -> None:
        files = [self._ids["other file"]]
        self._keep("batch", self._client.vector_stores.file_batches.create(self._ids["store"], file_ids=files))

    def get_vector_store_file_batch(self) -> None:
        batches = self._client.vector_stores.file_batches
        batch = batches.retrieve(self._ids["batch"], vector_store_id=self._ids["store"])
        assert batch.file_counts.completed == 1

    def list_files_in_vector_store_batch(self) -> None:
        batches = self._client.vector_stores.file_batches
        listed = batches.list_files(self._ids["batch"], vector_store_id=self._ids["store"])
        assert [one.id for one in listed] == [self._ids["other file"]]

    def cancel_vector_store_file_batch(self) -> None:
        batches = self._client.vector_stores.file_batches
        assert batches.cancel(self._ids["batch"], vector_store_id=self._ids["store"]).status == "completed"

    def get_vector_store(self) -> None:
        assert self._client.vector_stores.retrieve(self._ids["store"]).file_counts.completed == 2

    def modify_vector_store(self) -> None:
        assert self._client.vector_stores.update(self._ids["store"], name="Old").name == "Old"

    def list_vector_stores(self) -> None:
        listed = [store.id for store in self._client.vector_stores.list(order="asc")]
        assert listed == [self._ids["store"], self._ids["named store"]]

    def search_vector_store(self) -> None:
        found = self._client.vector_stores.search(self._ids["store"], query="Which soup?").data
        assert [one.filename for one in found] == ["menu.md"]

    # ---- Assistants and threads ----

    def create_assistant(self) -> None:
        assistants = self._client.beta.assistants
        bare = assistants.create(model="gpt-4o")
        assert bare.instructions is None
        made = assistants.create(
            model="gpt-4o",
            name="Waiter",
            instructions="Serve.",
            tools=[{"type": "code_interpreter"}, {"type": "file_search"}, WEATHER],
            tool_resources={"file_search": {"vector_store_ids": [self._ids["store"]]}},
            metadata={"table": "4"},
        )
        self._keep("assistant", made)
        self._keep("bare assistant", bare)

    def get_assistant(self) -> None:
        assert self._client.beta.assistants.retrieve(self._ids["assistant"]).name == "Waiter"

    def modify_assistant(self) -> None:
        assert self._client.beta.assistants.update(self._ids["assistant"], name="Cook").name == "Cook"

    def list_assistants(self) -> None:
        listed = [assistant.id for assistant in self._client.beta.assistants.list()]
        assert listed == [self._ids["assistant"], self._ids["bare assistant"]]

    def create_thread(self) -> None:
        self._keep("thread", self._client.beta.threads.create(messages=[{"role": "user", "content": "Soup?"}]))

    def get_thread(self) -> None:
        assert self._client.beta.threads.retrieve(self._ids["thread"]).metadata == {}

    def modify_thread(self) -> None:
        assert self._client.beta.threads.update(self._ids["thread"], metadata={"a": "b"}).metadata == {"a": "b"}

    # ---- Messages ----

    def create_message(self) -> None:
        made = self._client.beta.threads.messages.create(
            self._ids["thread"],
            role="user",
            content=[
                {"type": "text", "text": "Soup like this?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/soup.png"}},
                {"type": "image_file", "image_file": {"file_id": self._ids["other file"]}},
            ],
            attachments=[
                {
                    "file_id": self._ids["other file"],
                    "tools": [{"type": "code_interpreter"}, {"type": "file_search"}],
                }
            ],
        )
        self._keep("message", made)

    def get_message(self) -> None:
        found = self._client.beta.threads.messages.retrieve(self._ids["message"], thread_id=self._ids["thread"])
        assert found.role == "user"

    def modify_message(self) -> None:
        messages = self._client.beta.threads.messages
        changed = messages.update(self._ids["message"], thread_id=self._ids["thread"], metadata={"a": "b"})
        assert changed.metadata == {"a": "b"}

    def list_messages(self) -> None:
        listed = self._client.beta.threads.messages.list(self._ids["thread"])
        assert next(iter(listed)).id == self._ids["message"]

    # ---- Runs ----

    def create_run(self) -> None:
        runs = self._client.beta.threads.runs
        run = runs.create_and_poll(thread_id=self._ids["thread"], assistant_id=self._ids["assistant"])
        assert run.status == "completed"
        self._keep("run", run)
        asked = runs.create(
            self._ids["thread"],
            assistant_id=self._ids["assistant"],
            additional_messages=[{"role": "user", "content": "Soup, again?"}],
            stream=True,
        )
        assert [event.event for event in asked][-1] == "thread.run.completed"

    def create_thread_and_run(self) -> None:
        threads = self._client.beta.threads
        said: Any = {"messages": [{"role": "user", "content": "How is the weather?"}]}
        run = threads.create_and_run(assistant_id=self._ids["assistant"], thread=said)
        self._ids["weather"], self._ids["weather thread"] = run.id, run.thread_id
        streamed = threads.create_and_run(assistant_id=self._ids["assistant"], thread=said, stream=True)
        assert [event.event for event in streamed][-1] == "thread.run.requires_action"

    def get_run(self) -> None:
        runs = self._client.beta.threads.runs
        run = runs.poll(self._ids["weather"], thread_id=self._ids["weather thread"])
        assert run.required_action is not None
        self._ids["call"] = run.required_action.submit_tool_outputs.tool_calls[0].id

    def submit_tool_outputs_to_run(self) -> None:
        run = self._client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=self._ids["weather"],
            thread_id=self._ids["weather thread"],
            tool_outputs=[{"tool_call_id": self._ids["call"], "output": "dry"}],
        )
        assert run.status == "completed"

    def modify_run(self) -> None:
        runs = self._client.beta.threads.runs
        changed = runs.update(self._ids["run"], thread_id=self._ids["thread"], metadata={"a": "b"})
        assert changed.metadata == {"a": "b"}

    def list_runs(self) -> None:
        listed = list(self._client.beta.threads.runs.list(self._ids["thread"]))
        assert listed[-1].id == self._ids["run"]
        ends = {"crime": "completed", "short": "incomplete", "cut off": "failed"}
        for text, status in {**ends, "expire": "expired"}.items():
            thread = self._thread(text)
            run = self._client.beta.threads.runs.create_and_poll(
                thread_id=thread, assistant_id=self._ids["assistant"], max_completion_tokens=16
            )
            assert [one.status for one in self._client.beta.threads.runs.list(thread)] == [run.status] == [status]
            self._client.beta.threads.messages.list(thread)
            events = self._client.beta.threads.runs.create(
                thread, assistant_id=self._ids["assistant"], model="o3-mini", reasoning_effort="low", stream=True
            )
            assert [event.event for event in events][-1] == f"thread.run.{status}"

    def cancel_run(self) -> None:
        runs = self._client.beta.threads.runs
        thread = self._thread("Please wait.")
        run = runs.create(thread, assistant_id=self._ids["bare assistant"])
        assert runs.cancel(run.id, thread_id=thread).status == "cancelling"
        assert runs.poll(run.id, thread_id=thread).status == "cancelled"

    def list_run_steps(self) -> None:
        steps = self._client.beta.threads.runs.steps.list(
            self._ids["run"],
            thread_id=self._ids["thread"],
            order="asc",
            include=["step_details.tool_calls[*].file_search.results[*].content"],
        )
        code, search, message = steps
        assert code.step_details.type == search.step_details.type == "tool_calls"
        assert message.step_details.type == "message_creation"
        assert search.step_details.tool_calls[0].type == "file_search"
        assert search.step_details.tool_calls[0].file_search.results
        self._keep("step", code)

    def get_run_step(self) -> None:
        steps = self._client.beta.threads.runs.steps
        found = steps.retrieve(self._ids["step"], thread_id=self._ids["thread"], run_id=self._ids["run"])
        assert found.status == "completed"

    # ---- Models ----

    def list_models(self) -> None:
        assert "gpt-4o" in [model.id for model in self._client.models.list()]

    def retrieve_model(self) -> None:
        assert self._client.models.retrieve("gpt-4o").id == "gpt-4o"

    def delete_model(self) -> None:
        assert self._client.models.delete(FINE_TUNED).deleted

    # ---- The end ----

    def delete_message(self) -> None:
        messages = self._client.beta.threads.messages
        assert messages.delete(self._ids["message"], thread_id=self._ids["thread"]).deleted

    def delete_thread(self) -> None:
        assert self._client.beta.threads.delete(self._ids["thread"]).deleted

    def delete_assistant(self) -> None:
        assert self._client.beta.assistants.delete(self._ids["assistant"]).deleted

    def delete_vector_store_file(self) -> None:
        files = self._client.vector_stores.files
        assert files.delete(self._ids["file"], vector_store_id=self._ids["store"]).deleted

    def delete_vector_store(self) -> None:
        assert self._client.vector_stores.delete(self._ids["store"]).deleted

    def delete_file(self) -> None:
        assert self._client.files.delete(self._ids["file"]).deleted


#: How the SDK asks for each operation.
OPERATIONS: Final[dict[str, Callable[[Tour], None]]] = {
    name: method for name, method in vars(Tour).items() if not name.startswith("_")
}
