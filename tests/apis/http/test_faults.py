"""Faults at every heading, in their order, counted as they are applied; the world stays as it is without them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator, EmulatorError
from emulator.apis.assistants.store import objects_of
from emulator.apis.http.fault_errors import error_headers
from emulator.scenarios.faults import fault_of
from tests.conftest import Emulate
from tests.server.test_server import Connect
from tests.support import InProcess, Reply

WORLD: dict[str, Any] = {
    "given": {
        "files": [{"id": "file-1", "filename": "menu.txt", "purpose": "user_data", "content": "Grüße aus 東京"}],
        "vector_stores": [{"id": "vs_1", "file_ids": ["file-1"]}],
        "assistants": [{"id": "asst_1", "model": "gpt-4o", "instructions": "Be brief."}],
        "threads": [
            {
                "id": "thread_1",
                "messages": [{"id": "msg_1", "role": "user", "content": "Hi"}],
                "runs": [{"id": "run_1", "assistant_id": "asst_1"}],
            }
        ],
    },
    "turns": [{"name": "hello", "steps": [{"say": "Grüße aus 東京"}]}],
}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
_PART = '--x\r\ncontent-disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
FILE = (_PART.format("purpose", "", "assistants") + _PART.format("file", '; filename="a.txt"', "a") + "--x--").encode()
DATA = (_PART.format("data", '; filename="a"', "a") + "--x--").encode()
RUN = {"assistant_id": "asst_1"}
STREAM = {**RUN, "stream": True}
THREAD = "/v1/threads/thread_1"

#: Requests of every heading, by operation: JSON answers, a stream, a download and multipart uploads.
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "list_assistants": ("GET", "/v1/assistants", {}),
    "create_assistant": ("POST", "/v1/assistants", {"json": {"model": "gpt-4o"}}),
    "delete_assistant": ("DELETE", "/v1/assistants/asst_1", {}),
    "get_thread": ("GET", THREAD, {}),
    "create_thread": ("POST", "/v1/threads", {"json": {}}),
    "create_message": ("POST", f"{THREAD}/messages", {"json": {"role": "user", "content": "Hm"}}),
    "list_messages": ("GET", f"{THREAD}/messages", {}),
    "create_thread_and_run": ("POST", "/v1/threads/runs", {"json": STREAM}),
    "create_run": ("POST", f"{THREAD}/runs", {"json": STREAM}),
    "get_run": ("GET", f"{THREAD}/runs/run_1", {}),
    "list_run_steps": ("GET", f"{THREAD}/runs/run_1/steps", {}),
    "create_file": ("POST", "/v1/files", {"content": FILE, "headers": FORM}),
    "download_file": ("GET", "/v1/files/file-1/content", {}),
    "delete_file": ("DELETE", "/v1/files/file-1", {}),
    "add_upload_part": ("POST", "/v1/uploads/{upload}/parts", {"content": DATA, "headers": FORM}),
    "get_vector_store": ("GET", "/v1/vector_stores/vs_1", {}),
    "search_vector_store": ("POST", "/v1/vector_stores/vs_1/search", {"json": {"query": "soup"}}),
    "list_models": ("GET", "/v1/models", {}),
}
STREAMS = ("create_run", "create_thread_and_run")


def world(*faults: dict[str, Any]) -> InProcess:
    """The faults come last: what is there before is made without them."""
    api = InProcess(WORLD)
    body = {"filename": "a.txt", "purpose": "assistants", "bytes": 1, "mime_type": "text/plain"}
    assert api.post("/v1/uploads", body).status == 200
    assert api.post("/_emulator/scenarios", {"name": "faults", "faults": [*faults]}).status == 200
    return api


def ask(api: InProcess, operation: str) -> Reply:
    method, path, more = REQUESTS[operation]
    (upload,) = api.world.store.uploads
    return api.request(method, path.replace("{upload}", upload), **more)


def left_in(api: InProcess) -> list[Any]:
    """All that a world holds, but its journal."""
    store, objects = api.world.store, objects_of(api.world)
    threads = [
        (
            thread.object,
            [one.message() for one in thread.messages],
            [*thread.runs],
            [[*thread.steps_of(run["id"])] for run in thread.runs],
        )
        for thread in objects.threads.values()
    ]
    runs = [turn.as_json() for turn in api.turns.values()]
    stores = [(one.object, [*one.files]) for one in store.vector_stores]
    parts = [list(upload.parts) for upload in store.uploads.values()]
    return [threads, runs, stores, parts, [*objects.assistants], [*store.files], api.world.clock.now()]


def fault(kind: str, operation: Any = "*", **more: Any) -> dict[str, Any]:
    needs: dict[str, dict[str, Any]] = {"delay": {"seconds": 0.001}, "slice": {"bytes": 3}}
    return {"operation": operation, "kind": kind, **needs.get(kind, {}), **more}


# ---- Every kind, everywhere ----


@pytest.mark.parametrize("operation", REQUESTS)
def test_an_error_is_answered_before_anything_happens(operation: str) -> None:
    api = world(fault("error", operation, status=503))
    before = left_in(api)

    reply = ask(api, operation)

    assert reply.error == (
        503,
        "The engine is currently overloaded, please try again later.",
        "server_error",
        None,
        None,
    )
    assert left_in(api) == before
    entry = api.world.journal.requests(operation)[-1]
    assert (entry.operation, entry.status, entry.fault) == (operation, 503, "error")


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize("kind", ["delay", "disconnect", "truncate", "slice", "garble"])
def test_a_fault_in_a_response_leaves_the_world_as_without_it(operation: str, kind: str) -> None:
    plain, faulty = world(), world(fault(kind, operation))

    whole, reply = ask(plain, operation).body, ask(faulty, operation).body

    expected = {
        "delay": whole,
        "slice": whole,
        "disconnect": b"",
        "truncate": whole.removesuffix(b"event: done\ndata: [DONE]\n\n") if operation in STREAMS else None,
        "garble": whole.replace(b"}\n\n", b"\n\n", 1) if operation in STREAMS else whole.rstrip()[:-1],
    }[kind]
    assert reply == (whole[: len(whole) // 2] if expected is None else expected)
    assert left_in(faulty) == left_in(plain)
    assert faulty.world.journal.requests(operation)[-1].fault == kind


@pytest.mark.parametrize("kind", ["error", "disconnect", "truncate", "slice", "garble"])
@pytest.mark.parametrize("after", range(14))
def test_a_fault_applies_at_any_event_of_a_stream(kind: str, after: int) -> None:
    plain, faulty = world(), world(fault(kind, "create_run", after=after, times=1))
    frames = ask(plain, "create_run").body.split(b"\n\n")[:-1]
    assert len(frames) == 14

    came = ask(faulty, "create_run").body.split(b"\n\n")[:-1]

    assert came[:after] == frames[:after]
    match kind:
        case "error":
            assert came[after].startswith(b'event: error\ndata: {"error":{"message":"The server had an error')
            assert len(came) == after + 1
        case "garble":
            assert came[after:] == [frames[after][:-1], *frames[after + 1 :]]
        case "slice":
            assert came == frames
        case _:
            assert len(came) == after
    assert left_in(faulty) == left_in(plain)
    assert [active.applied for active in faulty.world.faults] == [1]


# ---- Replaced ----

HTML = "<html>Bad gateway</html>"


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize(
    ("more", "status", "type", "body"),
    [
        ({"status": 202, "body": {"odd": True}}, 202, "application/json", b'{\n  "odd": true\n}'),
        ({"body": []}, 200, "application/json", b"[]"),
        ({"status": 502, "body": HTML}, 502, "text/plain; charset=utf-8", HTML.encode()),
        ({"status": 502, "body": HTML, "headers": {"Content-Type": "text/html"}}, 502, "text/html", HTML.encode()),
        ({"status": 204, "body": "dropped"}, 204, "text/plain; charset=utf-8", b""),
    ],
)
def test_a_replaced_response_is_another_one(
    operation: str, more: dict[str, Any], status: int, type: str, body: bytes
) -> None:
    plain, faulty = world(), world(fault("replace", operation, **more))
    ask(plain, operation)

    reply = ask(faulty, operation)

    assert (reply.status, reply.headers["content-type"], reply.body) == (status, type, body)
    assert reply.headers.get("content-length") == (None if status == 204 else str(len(body)))
    assert left_in(faulty) == left_in(plain)
    entry = faulty.world.journal.requests(operation)[-1]
    assert (entry.status, entry.fault, entry.answer) == (status, "replace", body)


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize("more", [{"status": 418}, {"headers": {"X-Request-Id": "req_1", "Retry-After": "3"}}])
def test_what_a_fault_does_not_replace_stays(operation: str, more: dict[str, Any]) -> None:
    whole, reply = ask(world(), operation), ask(world(fault("replace", operation, **more)), operation)

    assert (reply.status, reply.body) == (more.get("status", whole.status), whole.body)
    given = {name.lower(): value for name, value in more.get("headers", {}).items()}
    assert {**reply.headers} == {**whole.headers, **given}


def test_a_refusal_is_replaced_too() -> None:
    reply = world(fault("replace", "get_run", status=200, body={"id": "run_2"})).get(f"{THREAD}/runs/run_2")

    assert (reply.status, reply.json) == (200, {"id": "run_2"})


@pytest.mark.parametrize(
    ("more", "path", "why"),
    [
        ({}, "", "expected at least one of status, body, headers"),
        ({"status": 200, "after": 2}, "after", "a response is replaced as a whole"),
        ({"status": 100}, "status", "expected at least 200; got 100"),
    ],
)
def test_a_fault_that_replaces_nothing_is_refused(more: dict[str, Any], path: str, why: str) -> None:
    reply = world().post("/_emulator/faults", fault("replace", "get_run", **more))

    assert reply.status == 400
    assert why in reply.json["error"]["message"]
    assert path in reply.json["error"]["message"]


# ---- Which applies ----


def statuses(api: InProcess, number: int, operation: str = "list_models") -> list[int]:
    return [ask(api, operation).status for _ in range(number)]


def test_skip_lets_requests_pass_and_times_is_an_end() -> None:
    assert statuses(world(fault("error", "list_models", skip=2, times=2)), 6) == [200, 200, 500, 500, 200, 200]


def test_an_operation_is_a_name_a_list_or_all() -> None:
    api = world(fault("error", ["list_models", "get_thread"]))
    assert [ask(api, name).status for name in ("list_models", "get_thread", "list_messages")] == [500, 500, 200]
    assert ask(world(fault("error")), "list_messages").status == 500
    assert ask(world(fault("error", ["list_models", "*"])), "list_messages").status == 500


def test_the_published_misspelling_names_the_same_operation() -> None:
    assert fault_of(fault("stall", "submit_tool_ouputs_to_run")).operations == {"submit_tool_outputs_to_run"}


def test_injected_before_scripted_later_before_earlier() -> None:
    api = world(fault("error", status=501, times=1), fault("error", status=502, times=1))
    api.post("/_emulator/scenarios", {"name": "later", "faults": [fault("error", status=503, times=1)]})
    api.post("/_emulator/faults", fault("error", status=504, times=1))
    api.post("/_emulator/faults", fault("error", status=505, times=1))

    assert statuses(api, 6) == [505, 504, 503, 501, 502, 200]


def test_a_scenario_that_is_posted_again_brings_its_faults_anew() -> None:
    api = world()
    for status in (501, 502):
        api.post("/_emulator/scenarios", {"name": "again", "faults": [fault("error", status=status, times=1)]})
    assert statuses(api, 2) == [502, 200]


def test_after_counts_only_for_streams() -> None:
    api = world(fault("error", "create_run", after=2, times=1))
    thread = api.thread("Hi")
    run = api.run(thread, "asst_1")
    assert run.status == 200
    api.poll(thread, run.json["id"])

    assert ask(api, "create_run").event_names[-1] == "error"


@pytest.mark.parametrize("kind", ["error", "disconnect", "truncate", "garble", "slice", "stall"])
def test_a_fault_that_is_never_reached_does_not_count(kind: str) -> None:
    api = world(fault(kind, "create_run", after=100, times=1))

    assert ask(api, "create_run").event_names[-1] == "done"

    (active,) = api.world.faults
    assert (active.applied, api.world.journal.requests("create_run")[-1].fault) == (0, None)


@pytest.mark.parametrize("kind", ["error", "disconnect", "truncate", "garble", "slice", "stall"])
def test_a_stream_that_is_refused_has_no_events_for_a_fault(kind: str) -> None:
    plain, faulty = world(), world(fault(kind, "create_run", after=0, times=1))
    body = {"assistant_id": "asst_unknown", "stream": True}

    reply = faulty.post(f"{THREAD}/runs", body)

    assert (reply.status, reply.body) == (404, plain.post(f"{THREAD}/runs", body).body)
    assert [active.applied for active in faulty.world.faults] == [0]


def test_a_request_without_a_key_or_for_nothing_meets_no_fault() -> None:
    api = world(fault("error", times=1))
    assert api.get("/v1/models", headers={"Authorization": ""}).status == 401
    assert api.get("/v1/chat/completions").status == 404
    assert api.get("/v1/models").status == 500


# ---- What an error says ----


@pytest.mark.parametrize(
    ("status", "type", "code", "begins"),
    [
        (400, "invalid_request_error", None, "Bad request"),
        (401, "invalid_request_error", "invalid_api_key", "Incorrect API key"),
        (404, "invalid_request_error", None, "Not found"),
        (429, "tokens", "rate_limit_exceeded", "Rate limit reached"),
        (500, "server_error", None, "The server had an error"),
        (503, "server_error", None, "The engine is currently overloaded"),
        (599, "server_error", None, "The server had an error"),
    ],
)
def test_an_error_has_the_services_words(status: int, type: str, code: str | None, begins: str) -> None:
    reply = ask(world(fault("error", status=status)), "list_models")

    came, message, *rest = reply.error
    assert (came, rest) == (status, [type, None, code])
    assert message.startswith(begins)
    retried = {"retry-after": "1", "retry-after-ms": "20", "x-should-retry": "true"}
    sent = {name: reply.headers.get(name) for name in retried}
    assert sent == (retried if status == 429 or status >= 500 else dict.fromkeys(retried))


def test_a_fault_says_its_own_body_and_headers() -> None:
    api = world(
        fault("error", body={"error": {"message": "No."}}, times=1),
        fault("error", body="<html>", status=502, headers={"Content-Type": "text/html", "X-Request-ID": "r"}, times=1),
        fault("error", body={}, times=1),
        fault("error", body="", times=1),
        fault("error", status=429, headers={"Retry-After-MS": "1", "x-should-retry": "false"}, times=1),
    )
    own, html, empty, nothing, limited = (ask(api, "list_models") for _ in range(5))

    assert own.json == {"error": {"message": "No."}}
    assert (html.status, html.body) == (502, b"<html>")
    assert (html.headers["content-type"], html.headers["x-request-id"]) == ("text/html", "r")
    assert (empty.json, nothing.body) == ({}, b"")
    assert [limited.headers[name] for name in ("retry-after-ms", "retry-after", "x-should-retry")] == [
        "1",
        "1",
        "false",
    ]


def test_no_header_is_sent_twice(emulate: Emulate, connect: Connect) -> None:
    said = {"Content-Type": "text/plain", "X-Request-Id": "r", "Date": "today", "Content-Length": "1000"}
    emulator = emulate({"faults": [fault("error", body="busy", headers=said)]})

    response = connect(emulator).client.get("/v1/models", headers={"Authorization": "Bearer x"})

    names = [name.lower() for name, _ in response.headers.multi_items()]
    assert len(names) == len(set(names))
    assert (response.text, response.headers["content-length"], response.headers["date"]) == ("busy", "4", "today")


def test_an_error_event_says_what_the_fault_says() -> None:
    for body, data in [
        ({"message": "Gone."}, '{"error":{"message":"Gone."}}'),
        ({"error": {"message": "Gone."}}, '{"error":{"message":"Gone."}}'),
    ]:
        event = ask(world(fault("error", "create_run", after=1, body=body)), "create_run").events[-1]
        assert (event.event, event.data) == ("error", data)


def test_headers_that_http_cannot_say_are_replaced() -> None:
    assert error_headers(400, {"X-Note": "…é"}) == [(b"x-note", b"?\xe9")]


# ---- check() ----


def test_check_demands_times_once_a_run_was_made() -> None:
    api = world(fault("error", "create_run", skip=1, times=2), fault("delay", ["get_run", "list_runs"], times=1))
    ask(api, "list_models")
    assert api.get("/_emulator/check").json == {"ok": True, "problems": []}

    for _ in range(2):
        ask(api, "create_run")

    told = api.get("/_emulator/check").json["problems"]
    assert [(one["kind"], one["message"]) for one in told] == [
        ("times", "fault 'error' of create_run was applied 1 of 2 times"),
        ("times", "fault 'delay' of get_run, list_runs was applied 0 of 1 times"),
    ]


def test_check_names_file_and_line(tmp_path: Any, emulate: Emulate, connect: Connect) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("turns: [{steps: [{say: Hi}]}]\nfaults:\n  - {operation: '*', kind: garble, skip: 9, times: 1}\n")
    emulator = emulate(file)
    api = connect(emulator)
    api.run(api.thread("Hi"), api.assistant())

    (problem,) = emulator.problems()

    assert (problem.kind, problem.file, problem.line) == ("times", str(file), 3)
    assert problem.message == "fault 'garble' of * was applied 0 of 1 times"


# ---- Doors ----


def test_the_admin_api_lists_injects_and_clears() -> None:
    api = world(fault("slice", "create_run"))
    assert api.post("/_emulator/faults", fault("error", "list_models", times=2, status=404)).status == 200
    ask(api, "list_models")

    injected, scripted = api.get("/_emulator/faults").json["faults"]
    assert injected == {
        "kind": "error",
        "operation": ["list_models"],
        "when": {},
        "skip": 0,
        "times": 2,
        "after": None,
        "status": 404,
        "body": None,
        "headers": {},
        "applied": 1,
    }
    assert (scripted["kind"], scripted["bytes"], scripted["applied"]) == ("slice", 3, 0)

    assert api.delete("/_emulator/faults").status == 200
    assert [one["kind"] for one in api.get("/_emulator/faults").json["faults"]] == ["slice"]


_BAD: list[tuple[Any, str]] = [
    ([], "fault: expected a mapping; got []"),
    ({"kind": "error"}, "fault: 'operation' is missing"),
    (
        fault("eror"),
        'kind: expected one of: error, delay, stall, disconnect, truncate, slice, garble, replace; got "eror"; '
        "did you mean 'error'?",
    ),
    (
        fault("error", 5),
        "operation: expected an operation, a list of them, or *; got 5; put it in quotes if it is text",
    ),
    (fault("error", []), "operation: this is empty"),
    (fault("error", status=200), "status: expected at least 400; got 200"),
    ({"operation": "*", "kind": "delay"}, "fault: 'seconds' is missing"),
    (fault("slice", bytes=0), "bytes: expected at least 1; got 0"),
    (fault("stall", times=0), "times: expected at least 1; got 0"),
    (fault("stall", skip=-1), "skip: expected at least 0; got -1"),
    (fault("stall", status=500), "status: unknown key; expected one of: kind, operation, when, skip, times, after"),
    (
        fault("delay", after=2),
        "after: a delay acts before the request is handled; a stream is slowed by steps that wait",
    ),
    (
        fault("stall", when={"message": {"matches": "("}}),
        "when.message.matches: '(' is no regular expression: missing ) at position 1",
    ),
    (
        fault("stall", "create_thread", when={"message": "x"}),
        "when: only requests about a run or a response have one to compare with: cancel_response, cancel_run, "
        "create_response, create_run, create_thread_and_run, delete_response, get_response, get_run, get_run_step, "
        "list_input_items, list_run_steps, modify_run, submit_tool_outputs_to_run",
    ),
]


@pytest.mark.parametrize(("bad", "message"), _BAD, ids=[message.split(":")[0] for _, message in _BAD])
def test_a_bad_fault_is_refused(bad: Any, message: str) -> None:
    reply = world().post("/_emulator/faults", bad)
    assert (reply.status, reply.json["error"]["message"]) == (400, message)


def test_an_unknown_operation_is_refused_with_the_nearest() -> None:
    message = world().post("/_emulator/faults", fault("stall", "create_runs")).json["error"]["message"]
    assert message.startswith("operation: expected one of: list_assistants, ")
    assert message.endswith("got \"create_runs\"; did you mean 'create_run'?")


def test_whole_numbers_may_be_written_as_json_likes() -> None:
    api = world()
    assert api.post("/_emulator/faults", fault("slice", bytes=2.0, times=1.0)).status == 200
    assert statuses(api, 1) == [200]


def test_a_test_injects_faults(emulate: Emulate, connect: Connect) -> None:
    emulator: Emulator = emulate()
    api = connect(emulator)
    emulator.inject(fault("error", "list_models", status=429, times=1))

    assert [api.get("/v1/models").status for _ in range(2)] == [429, 200]
    assert [one.fault for one in emulator.requests("list_models")] == ["error", None]
    with pytest.raises(EmulatorError, match="kind: expected one of"):
        emulator.inject(fault("nonsense"))
    emulator.inject(fault("error"))
    emulator.reset()
    assert api.get("/v1/models").status == 200


# ---- Stubs ----

STUBS: list[dict[str, Any]] = [
    {"request": "POST /v1/moderations", "body": {"results": []}},
    {"request": "GET /v1/images/*", "status": 418, "body": "short and stout", "headers": {"X-Pot": "tea"}},
    {"request": "POST /v1/*", "body": [1, 2]},
    {"request": "DELETE /v1/batches/b", "status": 204},
    {"request": "PUT /elsewhere", "headers": {"content-type": "text/plain"}, "body": "moved"},
]


def test_a_stub_answers_what_is_outside_the_api() -> None:
    api = InProcess({"stubs": STUBS})
    moderated, teapot, any_other = (
        api.post("/v1/moderations", {}), api.get("/v1/images/1/edits"), api.post("/v1/chat/completions", {})
    )  # fmt: skip

    assert (moderated.status, moderated.json) == (200, {"results": []})
    assert moderated.headers["content-type"] == "application/json"
    assert (teapot.status, teapot.body, teapot.headers["x-pot"]) == (418, b"short and stout", "tea")
    assert teapot.headers["content-type"] == "text/plain; charset=utf-8"
    assert any_other.json == [1, 2]
    moved = api.request("PUT", "/elsewhere")
    assert (moved.body, moved.headers["content-type"]) == (b"moved", "text/plain")
    assert api.get("/_emulator/check").json["ok"]


def test_a_stub_without_a_body_does_not_spoil_the_connection(emulate: Emulate, connect: Connect) -> None:
    api = connect(emulate({"stubs": STUBS}))
    assert (api.delete("/v1/batches/b").status, api.get("/v1/models").status) == (204, 200)


def test_stubs_do_not_answer_for_the_api() -> None:
    api = InProcess({"stubs": [{"request": "GET /v1/*", "body": {}}]})
    assert api.get("/v1/models").json["object"] == "list"
    assert api.get("/v1/threads/thread_unknown").status == 404
    assert api.get("/v1/images", headers={"Authorization": ""}).status == 401


def test_what_no_stub_answers_is_a_404_and_a_problem() -> None:
    api = InProcess({"stubs": STUBS})
    assert api.get("/v1/moderations").status == 404
    assert api.get("/v1/images").status == 404

    kinds = [(one["kind"], one["message"]) for one in api.get("/_emulator/check").json["problems"]]

    assert kinds == [
        (
            "unknown_operation",
            f"GET {path} is no operation of the API (did you mean {meant!r}?), and no stub answers it",
        )
        for path, meant in (("/v1/moderations", "GET /v1/models"), ("/v1/images", "GET /v1/files"))
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/openai/moderations?api-version=2024-05-01-preview",
        "/openai/v1/moderations",
        "/openai/deployments/gpt-4o/moderations?api-version=2024-05-01-preview",
    ],
)
def test_a_stub_answers_azure_s_clients_too(path: str) -> None:
    api = InProcess({"stubs": STUBS})
    assert api.post(path, {}).json == {"results": []}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param({"status": 429}, ("429", "Requests to the Create_Assistant Operation under Azure"), id="429"),
        pytest.param({"status": 401}, ("401", "Access denied due to invalid subscription key"), id="401"),
        pytest.param({"status": 500}, (None, "The server had an error"), id="from behind the gateway"),
        pytest.param({"status": 429, "body": {"error": {"code": "x", "message": "Own"}}}, ("x", "Own"), id="its own"),
    ],
)
def test_an_error_speaks_as_azure_s_gateway(said: dict[str, Any], error: tuple[str | None, str]) -> None:
    api = InProcess({"faults": [{"operation": "create_assistant", "kind": "error", **said}]})
    reply = api.post("/openai/assistants?api-version=2024-05-01-preview", {"model": "gpt-4o"})
    code, words = error
    assert (reply.status, reply.json["error"]["code"]) == (said["status"], code)
    assert reply.json["error"]["message"].startswith(words)
    assert ("type" in reply.json["error"]) == (said["status"] == 500)
