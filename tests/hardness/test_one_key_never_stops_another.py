"""One key never stops another: nothing works in the loop for long, however large the world of a key is."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from emulator.apis.assistants.store import Thread, objects_of
from tests.soak.watchdog import Watchdog
from tests.support import InProcess, Reply, hide_from_collector

#: Seconds. The loop may not be kept for longer.
_BOUND: Final = 0.05
_MESSAGES: Final = 700
_TURNS: Final = 150
_DOCUMENTS: Final = 500
_RUNS: Final = 1_000
#: A copy of each would take twice the time that is allowed.
_THREADS: Final = 8_000

SCENARIO: Final = {"turns": [{"name": "echo", "steps": [{"say": "You said: {{ message }}"}]}]}
LARGE: Final = json.dumps(
    {"version": 1, "turns": [{"when": {"message": f"m{n}"}, "steps": [{"say": f"text {n}"}]} for n in range(3_000)]}
).encode()


def with_messages() -> InProcess:
    """A key with a thread of many messages."""
    api = InProcess(SCENARIO)
    api.worlds.mode = "key"
    thread = api.post("/v1/threads", {}).json["id"]
    for number in range(_MESSAGES):
        api.post(f"/v1/threads/{thread}/messages", {"role": "user", "content": f"hello {number} " * 50})
    return api


@pytest.fixture(scope="module")
def large() -> InProcess:
    """A key with a large world, which the collector leaves alone, as it does what ``serve`` has frozen."""
    api = with_messages()
    assistant = api.assistant()
    for _ in range(_TURNS):
        thread = api.thread("Hi")
        api.poll(thread, api.run(thread, assistant).json["id"])
        api.post("/v1/responses", {"model": "gpt-4o", "input": "Hi"})
    hide_from_collector()
    return api


@pytest.fixture(scope="module")
def with_threads() -> InProcess:
    """A key with thousands of threads, each with a run at its end. They are put into the store, which is faster."""
    api = InProcess(SCENARIO)
    api.worlds.mode = "key"
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]
    api.poll(thread, run)
    store = objects_of(api.world)
    first = store.thread(thread)
    messages, (step,) = [stored.message() for stored in first.messages], first.steps_of(run)
    for number in range(_THREADS):
        other = Thread({**first.object, "id": f"thread_{number}"})
        for message in messages:
            other.put_message({**message, "thread_id": other.id})
        other.put_run({**first.runs.find(run, "run_id"), "thread_id": other.id})
        other.put_step({**step, "thread_id": other.id})
        store.threads.put(other)
    hide_from_collector()
    return api


async def _kept(api: InProcess, method: str, path: str, body: bytes = b"") -> tuple[Reply, float, int]:
    """The response, the longest time that the loop was kept, and how many requests of another key it answered."""
    headers = {"Authorization": f"Bearer {api.key}", "OpenAI-Beta": "assistants=v2", "Content-Type": "application/json"}
    other = headers | {"Authorization": "Bearer another"}
    answered = 0

    async def ask() -> None:
        nonlocal answered
        while True:
            assert (await api._exchange("GET", "/v1/models", b"", other)).status == 200
            answered += 1
            await asyncio.sleep(0.001)

    asking = asyncio.create_task(ask())
    async with Watchdog() as watchdog:
        reply = await api._exchange(method, path, body, headers)
    asking.cancel()
    return reply, watchdog.longest, answered


PATHS: Final = [
    "export?as=scenario", "export?as=recording", "export?as=scenario&run=RUN", "requests", "runs", "transcripts",
    "snapshot", "report", "state", "check", "backfill", "openapi.json", "scenarios",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_what_an_admin_request_reads_is_read_beside_others(path: str, large: InProcess) -> None:
    path = path.replace("RUN", next(iter(large.turns)))
    reply, longest, answered = asyncio.run(_kept(large, "GET", f"/_emulator/{path}"))
    assert reply.status == 200
    assert longest < _BOUND
    assert answered > 0


def _messages(number: int, role: str = "user") -> list[Any]:
    return [{"role": role, "content": f"hello {n}"} for n in range(number)]


def _with_image(size: int) -> dict[str, Any]:
    image = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * size}
    return {"model": "gpt-4o", "input": [{"role": "user", "content": [image]}]}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("responses", _with_image(20_000_000), 200),
        ("responses", _with_image(21_000_000), 400),
        ("responses", {"model": "gpt-4o", "input": [*_messages(20_000), {"role": "nobody", "content": "hi"}]}, 400),
        ("responses", {"model": "gpt-4o", "input": "hi", "metadata": dict.fromkeys(map(str, range(30_000)), "x")}, 400),
        ("threads", {"messages": _messages(20_000)}, 400),
        ("threads", dict.fromkeys(map(str, range(30_000)), "x"), 400),
        ("conversations", {"items": _messages(20_000, "nobody")}, 400),
    ],
)
def test_a_large_body_is_read_beside_others(path: str, body: dict[str, Any], status: int) -> None:
    """One that does not fit as well: to say why takes longer than to see that."""
    api = InProcess(SCENARIO)
    api.worlds.mode = "key"
    for path_ in ("responses", "threads", "conversations"):  # what only the first of them imports
        api.post(f"/v1/{path_}", {"model": 5})
    reply, longest, answered = asyncio.run(_kept(api, "POST", f"/v1/{path}", json.dumps(body).encode()))
    assert reply.status == status
    assert longest < _BOUND
    assert answered > 0


def test_a_large_scenario_is_read_beside_others(large: InProcess) -> None:
    reply, longest, answered = asyncio.run(_kept(large, "POST", "/_emulator/scenarios?name=large", LARGE))
    assert reply.status == 200, reply.body
    assert longest < _BOUND
    assert answered > 5


GIVEN: Final = {"threads": [{"id": "thread_given", "messages": _messages(5_000)}]}


@pytest.mark.parametrize("has_made_objects", [False, True])
def test_a_scenario_that_gives_thousands_of_messages(has_made_objects: bool) -> None:
    """They are made aside; also where requests of the key have made objects before."""
    api = InProcess(SCENARIO)
    api.worlds.mode = "key"
    api.post("/_emulator/scenarios", {"version": 1, "given": {"threads": [{"messages": _messages(1)}]}})  # imports
    if has_made_objects:
        api.thread("Hi")
    body = json.dumps({"version": 1, "given": GIVEN}).encode()
    reply, longest, answered = asyncio.run(_kept(api, "POST", "/_emulator/scenarios", body))
    assert reply.status == 200
    assert longest < _BOUND
    assert answered > 5
    assert api.get("/v1/threads/thread_given/messages").status == 200


def test_the_first_request_of_a_key_for_which_much_is_given() -> None:
    """Its world begins with a copy of what was made at the start, or by the reset that chose other options."""
    api = InProcess({**SCENARIO, "given": GIVEN})
    api.worlds.mode = "key"
    api.worlds.prepare({})
    api.post("/_emulator/reset", {"seed": 5})  # imports the check of options
    requests = [("POST", "/_emulator/reset", options) for options in (b"", b'{"seed": 7}')]
    requests.append(("POST", "/_emulator/scenarios", b'{"version": 1, "name": "little", "turns": []}'))
    for request in [(one, ("GET", "/v1/threads/thread_given/messages", b"")) for one in requests]:
        for method, path, body in request:
            reply, longest, _ = asyncio.run(_kept(api, method, path, body))
            assert reply.status == 200
            assert longest < _BOUND


def test_an_export_does_not_see_what_happens_meanwhile() -> None:
    """In a world of its own: how many threads are made depends on the machine."""
    api = with_messages()

    async def exported() -> tuple[bytes, int]:
        headers = {"Authorization": f"Bearer {api.key}", "OpenAI-Beta": "assistants=v2"}
        export = asyncio.create_task(api._exchange("GET", "/_emulator/export?as=scenario", b"", headers))
        await asyncio.sleep(0.01)
        made = 0
        while not export.done():
            await api._exchange("POST", "/v1/threads", b'{"metadata": {"made": "meanwhile"}}', headers)
            made += 1
            await asyncio.sleep(0)
        return (await export).body, made

    body, made = asyncio.run(exported())
    assert made > 0
    assert b"meanwhile" not in body


def test_a_first_search_in_many_documents() -> None:
    """Polls have indexed some of the text, and the first search the rest."""
    api = InProcess({"turns": [{"steps": [{"search": "auto"}, {"say": "Found."}]}]})
    files = [
        {"id": f"file-{n}", "filename": f"{n}.md", "purpose": "assistants", "content": f"Document {n} of soup. " * 180}
        for n in range(_DOCUMENTS)
    ]
    api.post("/_emulator/scenarios", {"given": {"files": files}})
    store = api.post("/v1/vector_stores", {"file_ids": [file["id"] for file in files]}).json["id"]
    for _ in range(2):
        api.get(f"/v1/vector_stores/{store}")
    body = json.dumps({"query": "soup"}).encode()
    reply, longest, _ = asyncio.run(_kept(api, "POST", f"/v1/vector_stores/{store}/search", body))
    assert reply.status == 200
    assert reply.json["data"]
    assert longest < _BOUND


WHOLE_WORLD: Final = [
    ("GET", "/_emulator/report"), ("GET", "/_emulator/snapshot"), ("GET", "/_emulator/state"),
    ("GET", "/_emulator/backfill"), ("POST", "/_emulator/scenarios"), ("POST", "/_emulator/baseline"),
    ("DELETE", "/v1/vector_stores/STORE"), ("POST", "/_emulator/reset"), ("GET", "/_emulator/check"),
    ("GET", "/v1/threads/thread_7/messages"), ("DELETE", "/v1/threads/thread_7"), ("POST", "/_emulator/reset"),
    ("GET", "/_emulator/state"), ("DELETE", "/_emulator/world"),
]  # fmt: skip


def test_what_concerns_all_threads_is_short(with_threads: InProcess) -> None:
    """A copy of the world costs little for each thread, and its end comes bit by bit."""
    api = with_threads
    scenario = json.dumps({"version": 1, "given": {"assistants": [{"id": "asst_given", "model": "gpt-4o"}]}}).encode()
    store = api.post("/v1/vector_stores", {}).json["id"]
    for method, path in WHOLE_WORLD:
        body = scenario if path.endswith("scenarios") else b""
        reply, longest, _ = asyncio.run(_kept(api, method, path.replace("STORE", store), body))
        assert (reply.status, path) == (200, path)
        assert longest < _BOUND, path
    assert api.get("/v1/threads/thread_7").status == 404


@pytest.fixture
def no_collector() -> Iterator[None]:
    """In ``serve``, the collector looks at few objects at once."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_time_that_passes_for_thousands_of_runs() -> None:
    """They expire in order of time; a report tells all of them before."""
    api = InProcess(SCENARIO)
    api.worlds.mode = "key"
    assistant = api.assistant()
    for _ in range(_RUNS):
        api.run(api.thread("Hi"), assistant)
    requests = [("GET", "report", b""), ("POST", "clock/advance", b'{"seconds": 700}'), ("GET", "state", b"")]
    for method, path, body in requests:
        reply, longest, _ = asyncio.run(_kept(api, method, f"/_emulator/{path}", body))
        assert (reply.status, path) == (200, path)
        assert longest < _BOUND, path
    assert reply.json["active_runs"] == []


@pytest.mark.parametrize(("method", "path"), [("POST", "baseline"), ("POST", "reset"), ("DELETE", "world")])
def test_the_end_of_a_large_world_is_short(method: str, path: str, large: InProcess) -> None:
    """The last test of this module: the world is gone then."""
    reply, longest, _ = asyncio.run(_kept(large, method, f"/_emulator/{path}"))
    assert reply.status == 200
    assert longest < _BOUND
