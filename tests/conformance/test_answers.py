"""What ``answers`` holds the suite to: that it bites, that nothing in it is idle, and how much it sees at least."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from openai import OpenAI

from emulator import Emulator
from emulator.base.json_types import Object
from emulator.world.state.state import Shape
from tests.conformance.all_operations import SCENARIO
from tests.conformance.answers import ALLOWANCES, OPERATIONS, Allowance, Judge, Part, event_schemas, parts_of
from tests.conformance.test_sdk_operations import play
from tests.golden import expect
from tests.support import ASSISTANTS_OPERATIONS as ROUTES
from tests.support import Api, InProcess, needs_shared

pytestmark = needs_shared

#: Operations and statuses that the suite has seen once.
SEEN = Path(__file__).with_name("seen.json")

#: Values that a scenario or a request says, and that the published enumerations do not know.
SAID: Object = {
    "version": 1,
    "name": "said",
    "turns": [
        {"name": "filter", "when": {"message": "filter"}, "steps": [{"incomplete": "content_filter"}]},
        {
            "name": "engine",
            "when": {"message": "engine"},
            "steps": [{"fail": {"code": "invalid_engine_error", "message": "No such model."}}],
        },
    ],
}

Seen = tuple[str, int]


def exchange(shapes: Shape) -> list[tuple[Seen, list[Part]]]:
    """Every operation, every kind of refusal it has, and every value that can be said: what was answered."""
    with Emulator(SCENARIO, SAID, shapes=shapes) as emulator:
        with OpenAI(base_url=emulator.base_url, api_key=emulator.api_key, max_retries=0) as client:
            play(emulator, client)
        api = Api(emulator.url, emulator.api_key)
        try:
            say_all(api)
            refuse_all(api)
        finally:
            api.close()
        worlds = emulator._worlds
        entries = [entry for world in worlds.all() for entry in world.journal.requests()]
        return [
            ((entry.operation, entry.status), list(parts_of(entry.operation, entry.status, entry.answer)))
            for entry in entries
            if entry.operation
        ]


def say_all(api: Api) -> None:
    """What neither the tour nor a refusal shows."""
    for text in ("filter", "engine"):
        thread = api.thread(text)
        api.run(thread, api.assistant(), stream=True, max_completion_tokens=16)
    form = "--b\r\ncontent-disposition: form-data; name=purpose\r\n\r\nevals\r\n--b\r\n"
    form += 'content-disposition: form-data; name=file; filename="a.txt"\r\n\r\na\r\n--b--\r\n'
    sent = api.post("/v1/files", content=form.encode(), headers={"content-type": "multipart/form-data; boundary=b"})
    assert sent.status == 200
    assert api.get("/v1/files?purpose=fine-tune").json["data"] == []
    store = api.post("/v1/vector_stores", {"name": "empty"}).json["id"]
    thread = api.thread()
    run = api.run(thread, api.assistant(instructions="Go.")).json["id"]
    empty = [
        f"/v1/threads/{api.thread()}/messages",
        f"/v1/threads/{api.thread()}/runs",
        f"/v1/threads/{thread}/runs/{run}/steps",
        f"/v1/vector_stores/{store}/files",
    ]
    for path in empty:
        assert api.get(path).json["data"] == [], path


#: Ids that are not there.
UNKNOWN = {
    "assistant_id": "asst_no", "thread_id": "thread_no", "message_id": "msg_no", "run_id": "run_no",
    "step_id": "step_no", "file_id": "file-no", "upload_id": "upload_no", "vector_store_id": "vs_no",
    "batch_id": "vsfb_no", "model": "no",
}  # fmt: skip


def refuse_all(api: Api) -> None:
    """Each operation with an unknown id, one of another kind, an unknown parameter, and without the beta header."""
    api.delete("/v1/models/gpt-4o")
    for route in ROUTES:
        method, path = route.method, "/v1" + route.path.format_map(UNKNOWN)
        body: Any = BODIES.get(route.name, {}) if method == "POST" else None
        api.request(method, path, body)
        api.request(method, "/v1" + route.path.format_map(dict.fromkeys(UNKNOWN, "none")), body)
        api.request(method, path, {"no": 1} if method == "POST" else None, headers={"OpenAI-Beta": ""})
        if method == "GET":
            api.request(method, path + "?limit=0")
            api.request(method, path + "?after=none")
    files, resources = {"file_ids": ["file-no"]}, {"code_interpreter": {"file_ids": ["file-no"]}}
    api.post("/v1/vector_stores", files)
    api.post("/v1/assistants", {"model": "gpt-4o", "tool_resources": resources})
    api.post("/v1/threads", {"tool_resources": resources})


#: Bodies that are well-formed, so that the unknown id is what is refused.
BODIES: dict[str, Any] = {
    "create_message": {"role": "user", "content": "Hi"},
    "create_run": {"assistant_id": "asst_no"},
    "create_thread_and_run": {"assistant_id": "asst_no"},
    "submit_tool_outputs_to_run": {"tool_outputs": []},
    "complete_upload": {"part_ids": ["part_no"]},
    "create_vector_store_file": {"file_id": "file-no"},
    "create_vector_store_file_batch": {"file_ids": ["file-no"]},
    "update_vector_store_file_attributes": {"attributes": {}},
    "search_vector_store": {"query": "no"},
}


Answered = dict[Shape, list[tuple[Seen, list[Part]]]]


@pytest.fixture(scope="module")
def answered() -> Answered:
    return {"wire": exchange("wire"), "spec": exchange("spec")}


def parts(answered: Answered) -> Iterator[tuple[Shape, Part]]:
    return ((shape, part) for shape, all_parts in answered.items() for _, some in all_parts for part in some)


def fits(judge: Judge, answered: Answered, shapes: frozenset[Shape]) -> bool:
    return not any(judge.errors(shape, part) for shape, part in parts(answered) if shape in shapes)


def test_every_answer_is_as_published(answered: Answered) -> None:
    judge = Judge()
    assert [why for shape, part in parts(answered) for why in judge.errors(shape, part)] == []


def test_spec_shape_fits_the_published_schema_as_it_is(answered: Answered) -> None:
    """Properties that are not published are open there; the only exceptions are values that somebody chose."""
    judge = Judge([one for one in ALLOWANCES if one.said], closed=False)
    assert [why for shape, part in parts(answered) if shape == "spec" for why in judge.errors(shape, part)] == []


@pytest.mark.parametrize("allowance", ALLOWANCES, ids=lambda one: str(one.what))
def test_every_allowance_is_needed(allowance: Allowance, answered: Answered) -> None:
    """In each shape that it is for."""
    others = Judge([one for one in ALLOWANCES if one is not allowance])
    assert [shape for shape in sorted(allowance.shapes) if fits(others, answered, frozenset({shape}))] == []


def test_wire_shape_does_not_fit_the_published_schema(answered: Answered) -> None:
    assert not fits(Judge([], closed=False), answered, frozenset({"wire"}))


def test_all_that_was_seen_once_is_seen(answered: Answered) -> None:
    """The least that the whole suite sees: distinct operations and statuses."""
    for all_parts in answered.values():
        statuses: dict[str, list[int]] = {}
        for operation, status in sorted({pair for pair, _ in all_parts}):
            statuses.setdefault(operation, []).append(status)
        expect(SEEN, json.dumps(statuses, indent=2).encode() + b"\n")


def test_every_operation_is_seen_to_succeed(answered: Answered) -> None:
    for all_parts in answered.values():
        assert {operation for (operation, status), _ in all_parts if status == 200} == OPERATIONS


def test_an_event_of_any_name_is_judged(answered: Answered) -> None:
    seen = {part.schema for _, part in parts(answered) if part.door == "event"}
    assert seen == set(event_schemas().values()) - {"Error"}


# ---- It bites ----


@pytest.mark.parametrize(
    ("operation", "spoil"),
    [
        ("create_thread", {"surprise": 1}),
        ("create_thread", {"metadata": {"a": 1}}),
        ("create_thread", {"created_at": 1.5}),
        ("create_thread", {"object": "thread.run"}),
    ],
)
def test_what_is_not_as_published_is_found(operation: str, spoil: Object) -> None:
    good = InProcess().post("/v1/threads", {}).json
    judge = Judge()
    for thing, is_good in ((good, True), ({**good, **spoil}, False)):
        (part,) = parts_of(operation, 200, json.dumps(thing).encode())
        assert (judge.errors("wire", part) == []) is is_good


def test_an_event_of_an_unknown_name_is_found() -> None:
    with pytest.raises(KeyError):
        list(parts_of("create_run", 200, b"event: thread.run.surprised\ndata: {}\n\n"))


def test_other_data_of_done_are_found() -> None:
    with pytest.raises(ValueError, match="done"):
        list(parts_of("create_run", 200, b"event: done\ndata: done\n\n"))


def test_the_watch_keeps_no_world_alive() -> None:
    """Every worker would keep all worlds of all tests, and each full collection would walk through them."""
    api = InProcess()
    api.assistant()
    world = ref(api.world)

    del api
    gc.collect()

    assert world() is None
