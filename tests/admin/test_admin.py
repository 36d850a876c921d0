"""The admin API: every endpoint with good and bad input. In process; over the socket where waiting is the point."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator import Emulator
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.base.version import __version__
from tests.apis.endpoints.given import SCENARIO, begin, given
from tests.conftest import Emulate
from tests.support import Api, InProcess, Reply

START = 1767225600
ENDPOINTS = [
    "/_emulator/", "/_emulator/backfill", "/_emulator/baseline", "/_emulator/check", "/_emulator/clock/advance",
    "/_emulator/connections",
    "/_emulator/events", "/_emulator/export", "/_emulator/faults", "/_emulator/health", "/_emulator/holds/{label}",
    "/_emulator/holds/{label}/release", "/_emulator/inspector/{name}", "/_emulator/openapi.json",
    "/_emulator/report",
    "/_emulator/requests", "/_emulator/requests/{seq}", "/_emulator/reset", "/_emulator/runs", "/_emulator/scenarios",
    "/_emulator/schema.json", "/_emulator/snapshot", "/_emulator/state", "/_emulator/transcripts", "/_emulator/world",
    "/_emulator/worlds",
]  # fmt: skip


def message(reply: Reply) -> str:
    text: str = reply.json["error"]["message"]
    return text


def say(text: str, **more: Any) -> dict[str, Any]:
    return {"version": 1, "turns": [{"steps": [{"say": text}]}], **more}


def test_health_needs_no_key() -> None:
    reply = InProcess().get("/_emulator/health", headers={"Authorization": ""})
    assert (reply.status, reply.json) == (200, {"status": "ok", "version": __version__, "worlds": 0})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "state"), ("GET", "requests"), ("GET", "runs"), ("GET", "scenarios"), ("GET", "check"), ("GET", "holds/x"),
     ("POST", "reset"), ("POST", "baseline"), ("DELETE", "baseline"), ("POST", "connections"),
     ("DELETE", "connections"), ("POST", "clock/advance"), ("POST", "scenarios"),
     ("POST", "holds/x/release"), ("DELETE", "world")],
)  # fmt: skip
def test_everything_else_needs_one_and_no_other_site(method: str, path: str) -> None:
    api = InProcess()
    assert api.request(method, f"/_emulator/{path}", headers={"Authorization": ""}).status == 401
    assert api.request(method, f"/_emulator/{path}", headers={"Sec-Fetch-Site": "cross-site"}).status == 403


@pytest.mark.parametrize("path", ["/_emulator/nothing", "/_emulator/state/", "/_emulator/health/x"])
def test_an_unknown_url_lists_what_there_is(path: str) -> None:
    reply = InProcess().get(path)
    assert reply.status == 404
    assert message(reply) == f"there is no GET {path}; the paths of the admin API are: {', '.join(ENDPOINTS)}"


@pytest.mark.parametrize(
    ("method", "path", "takes"), [("GET", "reset", "POST"), ("POST", "check", "GET"), ("PUT", "runs", "GET")]
)
def test_the_wrong_method_says_what_it_takes(method: str, path: str, takes: str) -> None:
    reply = InProcess().request(method, f"/_emulator/{path}")
    assert reply.status == 405
    assert f"does not allow {method}; it allows " in message(reply)
    assert takes in message(reply)


# ---- State, requests, runs ----


def test_the_state_of_a_world() -> None:
    api = given()
    thread, run = begin(api, "hold")
    assert api.get("/_emulator/state").json == {
        "clock": "skip",
        "now": START + 1.0,
        "settings": {},
        "objects": {"assistants": 2, "threads": 3, "messages": 2, "runs": 2, "responses": 0},
        "asked": {"create_thread": 1, "create_run": 1, "get_run": 2},
        "active_runs": [{"id": run, "thread_id": thread, "status": "in_progress", "held": "gate"}],
    }


@pytest.mark.parametrize(
    ("query", "operations"),
    [
        ("", ["create_thread", "create_run", "get_run"]),
        ("?operation=create_run", ["create_run"]),
        ("?thread={thread}", ["create_thread", "create_run", "get_run"]),
        ("?run={run}", ["create_run", "get_run"]),
        ("?operation=get_run&run={run}&thread={thread}", ["get_run"]),
        ("?run=run_none", []),
        ("?operation=list_runs", []),
    ],
)
def test_the_requests_of_the_journal_can_be_filtered(query: str, operations: list[str]) -> None:
    api = given()
    thread, run = begin(api, "hold")
    told = api.get("/_emulator/requests" + query.format(thread=thread, run=run)).json
    assert [one["operation"] for one in told["requests"]] == operations
    assert told["dropped"] == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("operation=createRun", "there is no operation 'createRun'; the operations are: "),
        ("operation=", "there is no operation ''; the operations are: "),
        ("operations=x", "unknown parameter operations; expected operation, thread or run"),
    ],
)
def test_a_wrong_filter_of_requests_is_refused(query: str, said: str) -> None:
    reply = given().get(f"/_emulator/requests?{query}")
    assert reply.status == 400
    assert message(reply).startswith(said)


def test_the_runs_with_their_timelines() -> None:
    api = given()
    thread, run = begin(api, "call")
    (told,) = api.get("/_emulator/runs").json["runs"]
    assert [told[key] for key in ("id", "thread_id", "turn", "status")] == [run, thread, "call", "requires_action"]
    about = {"object_id": run, "text": "", "line": None}
    assert told["timeline"][:2] == [
        {"time": START, "event": "thread.run.created", "count": 1, **about},
        {"time": START, "event": "thread.run.queued", "count": 1, **about},
    ]


# ---- The clock ----


@pytest.mark.parametrize("seconds", [0, 1, 0.5, 600])
def test_advance_moves_the_clock(seconds: float) -> None:
    api = InProcess()
    assert api.post("/_emulator/clock/advance", {"seconds": seconds}).json == {"now": START + seconds}
    assert api.get("/_emulator/state").json["now"] == START + seconds


@pytest.mark.parametrize(
    "body", [{}, [], None, {"seconds": -1}, {"seconds": "1"}, {"seconds": True}, {"seconds": 1e300}]
)
def test_advance_by_a_value_that_is_no_time_is_refused(body: Any) -> None:
    reply = InProcess().post("/_emulator/clock/advance", content=b"null" if body is None else None, json=body)
    assert reply.status == 400
    assert message(reply).startswith('expected {"seconds": a number from 0}, got ')


def test_advance_expires_what_is_due() -> None:
    api = given()
    thread, run = begin(api, "call")
    api.post("/_emulator/clock/advance", {"seconds": 597})
    assert api.get(f"/v1/threads/{thread}/runs/{run}").json["status"] == "requires_action"
    api.post("/_emulator/clock/advance", {"seconds": 1})
    assert api.get(f"/v1/threads/{thread}/runs/{run}").json["status"] == "expired"


def test_advance_is_refused_on_the_real_clock() -> None:
    reply = InProcess(clock="real").post("/_emulator/clock/advance", {"seconds": 1})
    said = "only the skip clock can be advanced; this world runs on the real clock"
    assert (reply.status, message(reply)) == (400, said)


def test_the_clock_cannot_be_moved_out_of_the_calendar() -> None:
    api = InProcess()
    replies = [api.post("/_emulator/clock/advance", {"seconds": 9.9e9}) for _ in range(40)]
    assert {reply.status for reply in replies} <= {200, 400}
    assert api.get("/v1/assistants").status == 200


# ---- Scenarios ----


@pytest.mark.parametrize("content", [b'{"version": 1, "name": "a"}', b"version: 1\nname: a\n"], ids=["JSON", "YAML"])
def test_a_scenario_is_posted(content: bytes) -> None:
    api = InProcess()
    assert api.post("/_emulator/scenarios", content=content).json == {"name": "a"}
    assert [one["name"] for one in api.get("/_emulator/scenarios").json["scenarios"]] == ["a"]


def test_what_is_posted_later_is_asked_first_and_replaces_its_name() -> None:
    api = InProcess()
    api.post("/_emulator/scenarios", say("one", name="a"))
    api.post("/_emulator/scenarios", say("two", name="b"))
    api.post("/_emulator/scenarios", say("three", name="a"))
    assert [one["name"] for one in api.get("/_emulator/scenarios").json["scenarios"]] == ["a", "b"]
    thread = api.thread("hi")
    api.poll(thread, api.run(thread, api.assistant()).json["id"])
    assert api.get(f"/v1/threads/{thread}/messages").json["data"][0]["content"][0]["text"]["value"] == "three"
    (turn,) = api.get("/_emulator/scenarios").json["scenarios"][0]["turns"]
    assert turn == {"name": "turn 1", "times": None, "played": 1}


def test_a_bad_scenario_is_refused_whole_with_its_place() -> None:
    api = InProcess()
    reply = api.post("/_emulator/scenarios?file=my.yaml", content=b"version: 1\nturns:\n  - stepz: []\n")
    assert reply.status == 400
    assert all(problem.startswith("my.yaml:3:") for problem in reply.json["error"]["problems"])
    assert message(reply) == "\n".join(reply.json["error"]["problems"])
    assert api.get("/_emulator/scenarios").json["scenarios"] == []


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b"{", b"&a [*a]"])
def test_what_is_no_scenario(content: bytes) -> None:
    reply = InProcess().post("/_emulator/scenarios", content=content)
    assert (reply.status, reply.json["error"]["problems"][0][:9]) == (400, "<posted>:")


def test_settings_that_disagree_are_refused() -> None:
    api = InProcess()
    api.post("/_emulator/scenarios?file=a.yaml", say("x", name="a", settings={"seed": 1}))
    reply = api.post("/_emulator/scenarios?file=b.yaml", say("x", name="b", settings={"seed": 2}))
    assert (reply.status, message(reply)) == (400, "b.yaml: settings.seed is 2 here, but 1 in a.yaml; they must agree")
    assert [one["name"] for one in api.get("/_emulator/scenarios").json["scenarios"]] == ["a"]
    assert api.get("/_emulator/state").json["settings"] == {"seed": 1}


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"seed": 9}, 400),
        ({"clock": "real"}, 400),
        ({"start": "2024-01-01T00:00:00Z"}, 400),
        ({"unmatched": "fail"}, 200),
    ],
)
def test_the_foundations_stand_once_requests_have_made_objects(settings: dict[str, Any], status: int) -> None:
    api = InProcess()
    api.get("/v1/assistants")
    id = api.assistant()
    reply = api.post("/_emulator/scenarios", say("x", settings=settings))
    assert reply.status == status
    if status == 400:
        assert f"{next(iter(settings))} cannot change once requests have made objects; reset first" in message(reply)
    assert api.get(f"/v1/assistants/{id}").status == 200


# ---- Gates ----


@pytest.mark.parametrize(("method", "path"), [("GET", "holds/gait"), ("POST", "holds/gait/release")])
def test_a_hold_that_no_scenario_names(method: str, path: str) -> None:
    reply = given().request(method, f"/_emulator/{path}")
    assert (reply.status, message(reply)) == (404, "there is no hold 'gait'; the holds are: gate")
    reply = InProcess().request(method, f"/_emulator/{path}")
    assert (reply.status, message(reply)) == (404, "there is no hold 'gait'; no scenario has a hold")


@pytest.mark.parametrize(
    ("timeout", "status", "said"),
    [
        ("0", 408, "no run reached the hold 'gate' within 0 seconds"),
        ("-1", 400, "expected ?timeout= in seconds, from 0 to 3600, got '-1'"),
        ("soon", 400, "expected ?timeout= in seconds, from 0 to 3600, got 'soon'"),
        ("nan", 400, "expected ?timeout= in seconds, from 0 to 3600, got 'nan'"),
        ("inf", 400, "expected ?timeout= in seconds, from 0 to 3600, got 'inf'"),
    ],
)
def test_waiting_for_a_hold_that_no_run_reaches(
    timeout: str, status: int, said: str, emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    reply = connect(emulate(SCENARIO)).get(f"/_emulator/holds/gate?timeout={timeout}")
    assert reply.status == status
    assert message(reply).startswith(said)


def test_a_held_run_and_its_release() -> None:
    api = given()
    thread, run = begin(api, "hold")
    assert api.get("/_emulator/holds/gate").json == {"run_id": run, "thread_id": thread}
    (problem,) = api.get("/_emulator/check").json["problems"]
    assert (problem["kind"], problem["message"]) == ("hold", f"{run} still stands at 'gate'; nobody released it")
    assert api.post("/_emulator/holds/gate/release").json == {}
    assert api.poll(thread, run)[-1] == "completed"


def test_a_label_may_have_any_character() -> None:
    api = InProcess({"version": 1, "turns": [{"steps": [{"hold": "a/b c?é"}]}]})
    assert api.post("/_emulator/holds/a%2Fb%20c%3F%C3%A9/release").status == 200


def test_waiting_for_a_run_that_is_still_to_come(emulate: Emulate, connect: Callable[[Emulator], Api]) -> None:
    emulator = emulate(SCENARIO)
    api = connect(emulator)
    held: list[str] = []
    waiting = threading.Thread(target=lambda: held.append(emulator.wait_held("gate")))
    waiting.start()
    thread = api.thread("hold")
    run = api.run(thread, "asst_told").json["id"]
    api.poll(thread, run, times=2)
    waiting.join()
    assert held == [run]


# ---- Reset and baseline ----


def test_reset_is_a_new_world_with_the_scenarios_of_the_start() -> None:
    api = given()
    first = api.assistant()
    api.post("/_emulator/scenarios", say("x", name="posted"))
    assert api.post("/_emulator/reset").json == {}
    assert [one["name"] for one in api.get("/_emulator/scenarios").json["scenarios"]] == ["given"]
    assert api.get("/_emulator/requests").json["requests"] == []
    assert api.assistant() == first


@pytest.mark.parametrize("options", ["null", "[]", "0", "false", '""', "[1]", '"seed"'])
def test_reset_takes_a_mapping_and_nothing_else(options: str) -> None:
    api = InProcess()
    headers = {"Content-Type": "application/json"}
    refused = api.request("POST", "/_emulator/reset", content=options.encode(), headers=headers)
    assert (refused.status, "expected a mapping" in message(refused)) == (400, True)
    assert api.get("/_emulator/state").status == 200


def test_what_is_posted_while_the_world_is_reset_comes_to_the_new_one(emulate: Emulate) -> None:
    emulator = emulate()
    body = b'{"operation": "*", "kind": "garble"}'
    address = urlsplit(emulator.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        head = f"POST /_emulator/faults HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {emulator.api_key}\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
        emulator.reset()
        connection.sendall(body[5:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    with Api(emulator.url, emulator.api_key).client as client:
        answer = client.get("/_emulator/faults", headers={"Authorization": f"Bearer {emulator.api_key}"})
    assert [fault["kind"] for fault in answer.json()["faults"]] == ["garble"]


def test_the_baseline_is_what_resets_return_to_until_it_is_forgotten() -> None:
    api = InProcess()
    kept = api.assistant()
    assert api.post("/_emulator/baseline").json == {}
    later = api.assistant()
    api.delete(f"/v1/assistants/{kept}")
    api.post("/_emulator/reset")
    assert [one["id"] for one in api.get("/v1/assistants").json["data"]] == [kept]
    assert api.assistant() == later
    assert api.delete("/_emulator/baseline").json == {}
    api.post("/_emulator/reset")
    assert api.get("/v1/assistants").json["data"] == []


def test_a_baseline_holds_no_run_that_is_under_way() -> None:
    api = given()
    _, run = begin(api, "hold")
    reply = api.post("/_emulator/baseline")
    assert (reply.status, message(reply)) == (400, f"a baseline cannot hold runs that are under way: {run}")


# ---- check() and Control ----


def test_check_lists_the_problems() -> None:
    api = InProcess({"version": 1, "turns": [{"when": {"message": "never"}, "times": 1, "steps": [{"say": "x"}]}]})
    assert api.get("/_emulator/check").json == {"ok": True, "problems": []}
    thread = api.thread("something else")
    api.run(thread, api.assistant())
    found = api.get("/_emulator/check").json
    assert (found["ok"], [problem["kind"] for problem in found["problems"]]) == (False, ["unmatched", "times"])


def test_what_the_admin_api_refuses_control_raises(emulate: Emulate) -> None:
    emulator = emulate(SCENARIO)
    refusals: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: emulator.release("gait"), EmulatorError, "there is no hold 'gait'"),
        (lambda: emulator.advance(-1), EmulatorError, "expected {\"seconds\": a number from 0}"),
        (lambda: emulator.requests("createRun"), EmulatorError, "there is no operation 'createRun'"),
        (lambda: emulator.load({"version": 2}), ScenarioError, "version"),
        (lambda: emulator.wait_held("gate", timeout=0), EmulatorError, "no run reached the hold 'gate' within"),
    ]  # fmt: skip
    for call, kind, said in refusals:
        with pytest.raises(kind) as refused:
            call()
        assert said in str(refused.value)


@pytest.mark.parametrize(
    ("posted", "status", "words"),
    [
        pytest.param('{ "contents": {"p": "aGk="}, "document": "version: 1" }', 200, "", id="in any order"),
        pytest.param('{"document": "version: 1"}', 200, "", id="without contents"),
        pytest.param('{"document": 5, "contents": {}}', 400, "expected {", id="no text"),
        pytest.param('{"document": "version: 1", "contents": []}', 400, "expected {", id="no mapping"),
        pytest.param('{"document": "version: 1", "file": "x"}', 400, "and nothing else", id="another key"),
        pytest.param(
            '{"document": "version: 1", "contents": {"p.md": "!!!"}}',
            400,
            "contents['p.md']: expected base64",
            id="bad",
        ),
    ],
)
def test_a_document_with_the_contents_of_its_files(posted: str, status: int, words: str) -> None:
    reply = InProcess().request("POST", "/_emulator/scenarios", content=posted.encode())
    assert (reply.status, words in reply.body.decode()) == (status, True)
