"""A client that polls what is at rest without end is stopped, and told what it waits for."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.limits import MAX_IDLE_POLLS
from tests.support import InProcess, Reply

FUNCTION = {"type": "function", "function": {"name": "ask"}}
WORLD: dict[str, Any] = {
    "given": {
        "files": [
            {"id": "file-1", "filename": "menu.md", "content": "Soup."},
            {"id": "file-2", "filename": "broken.pdf", "content": "?"},
        ],
        "vector_stores": [{"id": "vs_1"}],
        "assistants": [{"id": "asst_1", "model": "gpt-4o", "tools": [FUNCTION]}],
        "threads": [{"id": "thread_quiet", "messages": [{"role": "user", "content": "Hello?"}]}],
    },
    "turns": [
        {"when": {"message": "cut"}, "steps": [{"say": "Well"}, {"incomplete": "max_completion_tokens"}]},
        {"when": {"message": "fail"}, "steps": [{"fail": "rate_limit_exceeded"}]},
        {"when": {"message": "call"}, "steps": [{"call": {"ask": {}}}]},
        {"when": {"message": "hold"}, "steps": [{"hold": "approval"}]},
        {"steps": [{"say": "Hi"}], "polls": {"in_progress": 2 * MAX_IDLE_POLLS}},
    ],
}


@pytest.fixture(autouse=True)
def few_polls(monkeypatch: pytest.MonkeyPatch) -> int:
    """Ten polls stand for the thousand: that it is a thousand, one test says."""
    for module in ("emulator.world.idle_polls", "emulator.apis.http.idle_polls"):
        monkeypatch.setattr(f"{module}.MAX_IDLE_POLLS", 10)
    return 10


def run(api: InProcess, message: str) -> tuple[str, str]:
    """A thread with a run that has come to its rest, if it has one."""
    thread = api.thread(message)
    id = api.run(thread, "asst_1").json["id"]
    api.poll(thread, id, times=2)
    return thread, id


def stopped(api: InProcess, *paths: str, rounds: int = 12) -> list[int]:
    """How many of so many rounds of these polls are answered before each next one is refused."""
    replies = [api.get(path) for _ in range(rounds) for path in paths]
    return [reply.status for reply in replies]


def error(reply: Reply) -> str:
    status, message, kind, param, code = reply.error
    assert (status, kind, param, code) == (400, "invalid_request_error", None, "polls_without_end")
    assert message.endswith(
        ": no poll changes that. This client has sent 10 polls in a row with nothing else in between; "
        "it waits for something that will not come."
    )
    return message.partition(": no poll")[0]


# ---- What is at rest ----

RUN = "/v1/threads/{thread}/runs/{run}"


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("cut", "{run} is 'incomplete' (max_completion_tokens), which is its end"),
        ("fail", "{run} is 'failed' (rate_limit_exceeded), which is its end"),
        ("call", "{run} is 'requires_action' and waits for the outputs of 'ask' ({call}), which nobody submits"),
    ],
)
@pytest.mark.parametrize("path", [RUN, f"{RUN}/steps", "/v1/threads/{thread}/runs", "/v1/threads/{thread}/messages"])
def test_a_client_that_polls_a_run_at_rest_is_told_where_it_stands(message: str, what: str, path: str) -> None:
    api = InProcess(WORLD)
    thread, id = run(api, message)
    call = next((one["id"] for one in api.required_calls(id)), "")
    api.delete("/v1/files/file-2")  # something else

    url = path.format(thread=thread, run=id)
    assert stopped(api, url) == [200] * 10 + [400] * 2
    assert error(api.get(url)) == what.format(run=id, call=call)
    (problem,) = api.world.check()
    assert problem.kind == "polls"
    assert what.format(run=id, call=call) in problem.message


def stores(api: InProcess) -> tuple[str, str]:
    """A store with a file that is indexed and one that is not, and the batch that brought both."""
    batch = api.post("/v1/vector_stores/vs_1/file_batches", {"file_ids": ["file-1", "file-2"]}).json
    return "vs_1", batch["id"]


COUNTS = "(files: 0 in_progress, 1 completed, 1 failed, 0 cancelled, 2 total)"


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/vector_stores/{store}", f"{{store}} is 'completed' {COUNTS}"),
        ("/v1/vector_stores", f"{{store}} is 'completed' {COUNTS}"),
        ("/v1/vector_stores/{store}/files", f"{{store}} is 'completed' {COUNTS}"),
        ("/v1/vector_stores/{store}/files?filter=failed", f"{{store}} is 'completed' {COUNTS}"),
        ("/v1/vector_stores/{store}/files/file-2", "file-2 in {store} is 'failed' (invalid_file)"),
        ("/v1/vector_stores/{store}/files/file-1", "file-1 in {store} is 'completed'"),
        ("/v1/vector_stores/{store}/file_batches/{batch}", f"{{batch}} is 'completed' {COUNTS}"),
        ("/v1/vector_stores/{store}/file_batches/{batch}/files", f"{{batch}} is 'completed' {COUNTS}"),
        ("/v1/files/file-1", "file-1 is 'processed'"),
    ],
)
def test_a_client_that_polls_stores_and_files_at_rest_is_told_so(path: str, what: str) -> None:
    api = InProcess(WORLD)
    store, batch = stores(api)
    api.get(f"/v1/vector_stores/{store}/file_batches/{batch}")
    api.post("/v1/threads", {})

    url = path.format(store=store, batch=batch)
    assert stopped(api, url) == [200] * 10 + [400] * 2
    assert error(api.get(url)) == what.format(store=store, batch=batch)


def test_a_client_that_searches_a_store_again_and_again_is_stopped_too() -> None:
    api = InProcess(WORLD)
    stores(api)
    replies = [api.post("/v1/vector_stores/vs_1/search", {"query": "dumplings"}) for _ in range(13)]

    assert [reply.status for reply in replies] == [200] * 11 + [400] * 2  # the first one has moved the files
    assert error(replies[-1]).startswith("vs_1 is 'completed'")


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("cut", "{id} is 'incomplete' (max_output_tokens), which is its end"),
        ("fail", "{id} is 'failed' (rate_limit_exceeded), which is its end"),
        ("call", "{id} is 'completed' with calls of 'ask' ({call}), and a next response brings their outputs"),
    ],
)
def test_a_client_that_polls_a_background_response_at_rest_is_told_where_it_stands(message: str, what: str) -> None:
    api = InProcess(WORLD)
    body = {"model": "gpt-4o", "input": message, "background": True, "tools": [{"type": "function", "name": "ask"}]}
    id = api.post("/v1/responses", body).json["id"]
    api.get(f"/v1/responses/{id}")
    last = api.get(f"/v1/responses/{id}").json
    call = next((item["call_id"] for item in last["output"] if item["type"] == "function_call"), "")

    assert stopped(api, f"/v1/responses/{id}") == [200] * 10 + [400] * 2
    assert error(api.get(f"/v1/responses/{id}")) == what.format(id=id, call=call)


def test_a_client_that_polls_a_conversation_is_told_that_nothing_is_under_way() -> None:
    api = InProcess(WORLD)
    conversation = api.post("/v1/conversations", {}).json["id"]
    api.post("/v1/responses", {"model": "gpt-4o", "input": "cut", "conversation": conversation})

    assert stopped(api, f"/v1/conversations/{conversation}/items") == [200] * 10 + [400] * 2
    assert error(api.get(f"/v1/conversations/{conversation}/items")) == f"{conversation} has no response under way"


def test_it_is_a_thousand_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    api = InProcess(WORLD)
    thread, id = run(api, "cut")
    api.post("/v1/threads", {})

    assert stopped(api, RUN.format(thread=thread, run=id), rounds=1001) == [200] * 1000 + [400]


# ---- In a row ----


@pytest.mark.parametrize(
    "others",
    [
        ["/v1/threads/{thread}/messages"],
        ["/v1/threads/{thread}/messages", "/v1/threads/{thread}/runs/{run}/steps?order=asc", "/v1/files/file-1"],
        ["/v1/models", "/v1/threads/{thread}"],
        ["/v1/threads/thread_unknown"],
        ["/_emulator/state"],
    ],
)
def test_a_client_that_alternates_several_requests_is_stopped_too(others: list[str]) -> None:
    api = InProcess(WORLD)
    thread, id = run(api, "cut")
    paths = [path.format(thread=thread, run=id) for path in (RUN, *others)]

    assert 400 not in stopped(api, *paths, rounds=3)
    replies = [api.get(paths[0]) for _ in range(10) if [api.get(path) for path in paths]]

    assert error(replies[-1]).startswith(f"{id} is 'incomplete'")
    assert [one.kind for one in api.world.check()] == ["polls"]


def test_a_refused_request_is_nothing_in_between() -> None:
    api = InProcess(WORLD)
    thread, id = run(api, "cut")
    api.post("/v1/threads", {})
    path = RUN.format(thread=thread, run=id)

    statuses = [(api.post(f"{path}/cancel").status, api.get(path).status) for _ in range(11)]

    assert statuses == [(400, 200)] * 10 + [(400, 400)]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/threads", {}),
        ("POST", "/v1/threads/{thread}/messages", {"role": "user", "content": "Anybody?"}),
        ("DELETE", "/v1/files/file-1", None),
    ],
)
def test_something_else_in_between_begins_the_count_anew(method: str, path: str, body: Any) -> None:
    api = InProcess(WORLD)
    thread, id = run(api, "cut")
    url = RUN.format(thread=thread, run=id)
    stopped(api, url, rounds=11)
    assert api.get(url).status == 400

    assert api.request(method, path.format(thread=thread), body).status == 200

    assert stopped(api, url) == [200] * 10 + [400] * 2
    assert [one.kind for one in api.world.check()] == ["polls"] * 2


@pytest.mark.parametrize("message", ["hold", "patience"])
def test_a_run_that_is_under_way_may_be_polled_as_often_as_one_likes(message: str) -> None:
    api = InProcess(WORLD)
    thread, id = run(api, message)
    finished, done = run(api, "cut")

    paths = [RUN.format(thread=finished, run=done), RUN.format(thread=thread, run=id)]
    assert 400 not in stopped(api, *paths, rounds=30)


def test_pages_of_a_list_are_no_polls_without_end() -> None:
    api = InProcess(WORLD)
    thread, _ = run(api, "cut")

    assert 400 not in stopped(
        api, *[f"/v1/threads/{thread}/messages?limit={limit + 1}" for limit in range(60)], rounds=1
    )


def test_a_thread_without_a_run_has_nothing_to_wait_for() -> None:
    api = InProcess(WORLD)

    assert 400 not in stopped(api, "/v1/threads/thread_quiet/messages", rounds=30)


def test_a_reset_world_counts_anew() -> None:
    api = InProcess(WORLD)
    thread, id = run(api, "cut")
    stopped(api, RUN.format(thread=thread, run=id), rounds=11)
    api.post("/_emulator/reset")

    thread, id = run(api, "cut")
    assert api.get(RUN.format(thread=thread, run=id)).status == 200
    assert api.world.check() == []
