"""Recordings of whole sessions, by hand: one that went well, and one in which everything went wrong."""

from __future__ import annotations

from typing import Any

from tests.recording.handmade import (
    Book,
    assistant,
    code,
    delta,
    file,
    found,
    functions,
    image,
    image_part,
    listed,
    logs,
    message,
    refusal,
    requires,
    run,
    search,
    step,
    store,
    stored,
    streamed,
    text_part,
    thread,
)


def session() -> Book:
    """What a small application has asked on one afternoon."""
    tools = [*functions("get_weather"), {"type": "code_interpreter"}, {"type": "file_search"}]
    book = Book("cassettes/session.yaml")
    held = {"file_search": {"vector_store_ids": ["vs_menus"]}}
    helper = assistant(
        "asst_helper", name="Helper", instructions="You help.\nBe brief.", tools=tools, tool_resources=held
    )
    book.ask("GET /v1/assistants/asst_helper", None, helper)
    book.ask("GET /v1/vector_stores/vs_menus", None, store("vs_menus", 1, name="Menus"))
    book.ask("GET /v1/vector_stores/vs_menus/files", None, listed(stored("file-menu", "vs_menus")))
    book.ask("GET /v1/files/file-menu", None, file("file-menu", "menu.md", bytes=30))
    _weather(book, tools)
    _chart(book, tools)
    _soup(book, tools)
    book.thread("Tell me a story", id="thread_4").run("failed", id="run_4", thread="thread_4", assistant="asst_helper",
        tools=tools, last_error={"code": "server_error", "message": "Sorry, something went wrong."})  # fmt: skip
    book.ask("POST /v1/moderations", {"input": "Tell me a story"}, {"id": "modr-1", "results": [{"flagged": False}]})
    return book


def _weather(book: Book, tools: Any) -> None:
    runs = "/v1/threads/thread_1/runs"
    more = {"assistant": "asst_helper", "tools": tools}
    limit = refusal("Rate limit reached for gpt-4o. Please try again in 6s.", type="tokens", code="rate_limit_exceeded")
    book.thread("What is the weather in Paris?\nAnd is it going to rain?")
    book.ask(f"POST {runs}", {"assistant_id": "asst_helper"}, limit, 429,
             response_headers=(("content-type", "application/json"), ("retry-after", "6")))  # fmt: skip
    book.run("in_progress", **more)
    book.ask(f"GET {runs}/run_1", None, requires(("call_1", "get_weather", '{"city":"Paris"}'), **more))
    outputs = [{"tool_call_id": "call_1", "output": '{"celsius": 21, "sky": "clear"}'}]
    book.ask(f"POST {runs}/run_1/submit_tool_outputs", {"tool_outputs": outputs}, run("queued", **more))
    used = {"prompt_tokens": 310, "completion_tokens": 21, "total_tokens": 331}
    book.ask(f"GET {runs}/run_1", None, run("completed", usage=used, **more))
    book.says(
        "It is 21 °C and clear.\n\nNo rain is expected.", "What is the weather in Paris?\nAnd is it going to rain?"
    )


def _chart(book: Book, tools: Any) -> None:
    book.thread("Draw me a chart of the sales.", id="thread_2")
    made = {"id": "run_2", "thread": "thread_2", "assistant": "asst_helper", "tools": tools}
    book.run("in_progress", "completed", **made)
    drawn = "import pandas as pd\n\nsales = pd.read_csv('sales.csv')\nsales.plot()\n"
    steps = [step("step_2", message_id="msg_2", run="run_2", at=15),
             step("step_1", code("call_2", drawn, logs("<Axes>"), image("file-chart")), run="run_2")]  # fmt: skip
    book.ask("GET /v1/threads/thread_2/runs/run_2/steps", None, listed(*steps))
    shown = message(
        [image_part("file-chart"), text_part("Here you are.")], "msg_2", run="run_2", thread="thread_2", at=15
    )
    asked = message("Draw me a chart of the sales.", "msg_1", thread="thread_2", at=1)
    book.ask("GET /v1/threads/thread_2/messages", None, listed(shown, asked))
    book.ask("GET /v1/files/file-chart/content", None, bytes(range(256)) * 4)


def _soup(book: Book, tools: Any) -> None:
    book.thread("Which soup do you have?", id="thread_3")
    pieces = ["We have ", "leek", " and ", "potato", " soup【4:0†menu.md】", "."]
    moved = {"thread": "thread_3", "assistant": "asst_helper", "tools": tools}
    events: list[tuple[str, Any]] = []
    for name, data in streamed(*pieces, id="run_3", message_id="msg_3"):
        if name.startswith("thread.run.") and "step" not in name:
            data = run(name.rpartition(".")[2].replace("created", "queued"), "run_3", **moved)
        if name == "thread.run.step.created" and len(events) == 3:
            hit = found("file-menu", "menu.md", 0.72, "Soups: leek and potato, 5 €.")
            looked = step("step_0", search("call_3", hit), run="run_3", at=11)
            begun = step("step_0", run="run_3", at=11, status="in_progress")
            events += [("thread.run.step.created", begun), ("thread.run.step.in_progress", begun)]
            events += [delta("thread.run.step", "step_0", {}), ("thread.run.step.completed", looked)]
        if name == "thread.message.completed":
            cited = {"type": "file_citation", "text": "【4:0†menu.md】", "start_index": 29, "end_index": 43,
                     "file_citation": {"file_id": "file-menu"}}  # fmt: skip
            data = message(
                [text_part("".join(pieces), cited)], "msg_3", run="run_3", thread="thread_3", status="completed"
            )
        events.append((name, data))
    book.stream("POST /v1/threads/thread_3/runs", {"assistant_id": "asst_helper"}, *events)


def failures() -> Book:
    """Everything that can go wrong."""
    runs = "/v1/threads/thread_1/runs"
    tools = functions("f")
    sorry = refusal("Sorry.", type="server_error")
    limit = {"code": "rate_limit_exceeded", "message": "Too much."}
    book = Book("failures.yaml").assistant(tools=tools).upload("file-1", "broken.pdf", b"%PDF").thread("Hi")
    book.ask("POST /v1/vector_stores", {"file_ids": ["file-1"]}, store("vs_1", 1))
    error = {"code": "invalid_file", "message": "It could not be parsed."}
    book.ask("GET /v1/vector_stores/vs_1/files/file-1", None, stored("file-1", "vs_1", "failed", last_error=error))
    book.ask(f"POST {runs}", {"assistant_id": "asst_1"}, None, 0, ended="unreachable")
    book.run("in_progress", tools=tools)
    busy = refusal("Can't add messages to thread_1 while a run run_1 is active.")
    book.ask("POST /v1/threads/thread_1/messages", {"role": "user", "content": "x"}, busy, 400)
    book.ask(f"GET {runs}/run_1", None, sorry, 500)
    book.ask(f"GET {runs}/run_1", None, requires(("call_1", "f", '{"broken'), ("call_2", "f", "{}"), tools=tools))
    late = refusal('Runs in status "expired" do not accept tool outputs.')
    sent = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}, {"tool_call_id": "call_2", "output": None}]}
    book.ask(f"POST {runs}/run_1/submit_tool_outputs", sent, late, 400)
    book.run("in_progress", id="run_2").ask(f"POST {runs}/run_2/cancel", None, run("cancelling", "run_2"))
    book.ask(f"GET {runs}/run_2", None, run("cancelled", "run_2"))
    book.stream(f"POST {runs}", {"assistant_id": "asst_1"}, *streamed("So", " far", id="run_3", message_id="msg_3")[:9],
                ("error", sorry))  # fmt: skip
    book.ask(f"GET {runs}", None, listed(run("failed", "run_3", last_error=limit), run("cancelled", "run_2")))
    book.run("incomplete", id="run_4", incomplete_details={"reason": "content_filter"})
    book.ask(f"GET {runs}/run_4/steps", None, listed(step("step_4", message_id="msg_4", run="run_4")))
    book.ask("GET /v1/threads/thread_8", None, thread("thread_8", metadata={"k": "v"}))
    book.ask("GET /v1/threads/thread_8/runs", None, listed(run("completed", "run_old", thread="thread_8")))
    return book.ask(
        "DELETE /v1/assistants/asst_1", None, {"id": "asst_1", "object": "assistant.deleted", "deleted": True}
    )
