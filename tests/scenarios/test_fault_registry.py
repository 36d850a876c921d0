"""A kind of fault is one registered class: a made-up kind is found at every door, and a broken one is reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from emulator import Emulator, EmulatorError
from emulator.base.problems import ScenarioError
from emulator.cli.main import main
from emulator.scenarios.faults import (
    KINDS,
    BodyPiece,
    FaultKind,
    ResponseWriter,
    UnhandledRequest,
    fault,
    parameter,
)
from emulator.scenarios.loading import load_scenario
from emulator.scenarios.published_schema import published_schema
from tests.conftest import Emulate
from tests.readme_tables import faults as fault_table
from tests.server.test_server import Connect
from tests.support import InProcess

WORLD: dict[str, Any] = {
    "given": {
        "files": [{"id": "file-1", "filename": "menu.txt", "purpose": "user_data", "content": "soup"}],
        "assistants": [{"id": "asst_1", "model": "gpt-4o"}],
        "threads": [{"id": "thread_1", "messages": [{"role": "user", "content": "Hi"}]}],
    },
    "turns": [{"steps": [{"say": "Hello."}]}],
}
THREAD = "/v1/threads/thread_1"
STREAM = {"assistant_id": "asst_1", "stream": True}
DONE = b"event: done\ndata: [DONE]\n\n"


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds that a test registers are gone after it."""
    for name in ("repeat", "broken"):
        monkeypatch.setitem(KINDS, name, FaultKind)
        del KINDS[name]


@pytest.fixture
def repeat() -> None:
    """All that a new kind needs."""

    @fault("repeat", "sends the last piece of the body again")
    class Repeat(FaultKind):
        copies: int = parameter({"type": "integer", "minimum": 1})
        note: str = parameter({"type": "string"}, default="")

        def applies_to(self, piece: BodyPiece, response: ResponseWriter) -> bool:
            return piece.is_last

        async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
            for _ in range(self.copies):
                await response.write(piece.body, is_last=False)
            await response.write(piece.body, is_last=True)


def repeating(**more: Any) -> dict[str, Any]:
    return {"operation": "*", "kind": "repeat", "copies": 2, **more}


def scenario(*faults: dict[str, Any]) -> dict[str, Any]:
    return {**WORLD, "faults": [*faults]}


# ---- A made-up kind at every door ----


@pytest.mark.usefixtures("repeat")
def test_a_scenario_names_the_kind_and_its_whole_numbers_are_ints() -> None:
    loaded = load_scenario(scenario(repeating(copies=2.0)))

    assert [one.as_json() for one in loaded.faults] == [
        {"kind": "repeat", "operation": "*", "when": {}, "skip": 0, "times": None, "after": None}
        | {"copies": 2, "note": ""}
    ]
    assert isinstance(loaded.faults[0].as_json()["copies"], int)


@pytest.mark.usefixtures("repeat")
@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("copies: 0", "faults[1].copies: expected at least 1; got 0"),
        ("copies: many", 'faults[1].copies: expected a whole number; got "many"'),
        ("note: x", "faults[1]: 'copies' is missing"),
        (
            "copies: 1, copis: 2",
            "faults[1].copis: unknown key; did you mean 'copies'? expected one of: kind, operation, when, skip, times, "
            "after, copies, note",
        ),
    ],
)
def test_a_mistake_in_a_scenario_file_has_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: str, problem: str
) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(
        "turns: [{steps: [{say: Hi}]}]\nfaults:\n  - {operation: '*', kind: repeat, copies: 1}\n"
        f"  - {{operation: '*', kind: repeat, {keys}}}\n"
    )

    assert main(["check", str(file)]) == 1
    assert f"{file}:4:" in (printed := capsys.readouterr().out)
    assert problem in printed


@pytest.mark.usefixtures("repeat")
def test_the_published_schema_and_the_documentation_have_the_kind() -> None:
    schema = published_schema()
    validator = Draft202012Validator(schema)
    (described,) = (
        one["properties"]
        for one in schema["properties"]["faults"]["items"]["anyOf"]
        if one["properties"]["kind"]["const"] == "repeat"
    )

    assert described["kind"]["description"] == "sends the last piece of the body again"
    assert described["copies"] == {"type": "integer", "minimum": 1}
    assert validator.is_valid({"faults": [repeating()]})
    assert not validator.is_valid({"faults": [repeating(copies=0)]})
    assert "| `repeat` | sends the last piece of the body again | `copies` `note` |" in fault_table().splitlines()


@pytest.mark.usefixtures("repeat")
def test_the_admin_api_injects_and_lists_the_kind() -> None:
    api = InProcess(WORLD)

    refused = api.post("/_emulator/faults", repeating(copies=0))
    assert (refused.status, refused.json["error"]["message"]) == (400, "copies: expected at least 1; got 0")
    assert api.post("/_emulator/faults", repeating(times=1)).status == 200
    api.get(THREAD)

    (listed,) = api.get("/_emulator/faults").json["faults"]
    assert (listed["kind"], listed["copies"], listed["note"], listed["applied"]) == ("repeat", 2, "", 1)
    assert api.world.journal.requests("get_thread")[-1].fault == "repeat"


@pytest.mark.usefixtures("repeat")
def test_a_test_injects_the_kind_and_a_client_receives_it(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(WORLD)
    api = connect(emulator)
    plain = api.get(THREAD).body
    with pytest.raises(EmulatorError, match="fault: 'copies' is missing"):
        emulator.inject({"operation": "*", "kind": "repeat"})
    emulator.inject(repeating(copies=1, times=2))

    assert api.get(THREAD).body == plain * 2
    assert api.post(f"{THREAD}/runs", STREAM).body.endswith(DONE * 2)
    assert api.get(THREAD).body == plain
    emulator.check()


@pytest.mark.usefixtures("repeat")
def test_a_json_response_a_download_and_a_stream_carry_the_copies() -> None:
    plain, api = InProcess(WORLD), InProcess(scenario(repeating()))

    assert api.get(THREAD).body == plain.get(THREAD).body * 3
    assert api.get("/v1/files/file-1/content").body == b"soup"  # its last piece is empty
    assert api.post(f"{THREAD}/runs", STREAM).body == plain.post(f"{THREAD}/runs", STREAM).body + DONE * 2


@pytest.mark.usefixtures("repeat")
def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="there is a kind of fault 'repeat' already"):
        fault("repeat", "again")(type("Again", (FaultKind,), {}))


def test_a_kind_is_unknown_unless_it_is_registered() -> None:
    with pytest.raises(ScenarioError, match=r'expected one of.*; got "repeat"'):
        load_scenario(scenario(repeating()))


# ---- Kinds that fail ----


@pytest.fixture
def broken() -> None:
    @fault("broken", "fails")
    class Broken(FaultKind):
        moment: str = parameter({"enum": ["before", "first", "later"]})

        def acts_before(self, after: int | None) -> bool:
            return self.moment == "before"

        async def before(self, request: UnhandledRequest) -> None:
            await request.wait(0)
            raise ZeroDivisionError("no such request")

        async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
            if self.moment == "later":
                await response.write(b"x", is_last=False)
            raise ZeroDivisionError("no such piece")


REQUESTS: dict[str, Callable[[Any], Any]] = {
    "json": lambda api: api.get(THREAD),
    "download": lambda api: api.get("/v1/files/file-1/content"),
    "stream": lambda api: api.post(f"{THREAD}/runs", STREAM),
}


def breaking(moment: str) -> dict[str, Any]:
    return scenario({"operation": "*", "kind": "broken", "moment": moment, "times": 1})


def assert_is_reported(emulator: Emulator, message: str) -> None:
    (problem,) = emulator.problems()
    assert problem.kind == "internal"
    assert "Traceback (most recent call last)" in problem.message
    assert problem.message.endswith(message)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("of", REQUESTS)
def test_a_kind_that_fails_before_the_status_is_sent_is_a_500_and_a_problem(
    emulate: Emulate, connect: Connect, of: str
) -> None:
    emulator = emulate(breaking("first"))
    api = connect(emulator)

    assert REQUESTS[of](api).status == 500
    assert_is_reported(emulator, "ZeroDivisionError: no such piece")
    assert REQUESTS[of](api).status == 200


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("of", REQUESTS)
def test_a_kind_that_fails_later_breaks_the_connection_off_and_is_a_problem(
    emulate: Emulate, connect: Connect, of: str
) -> None:
    emulator = emulate(breaking("later"))
    api = connect(emulator)

    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        REQUESTS[of](api)

    assert_is_reported(emulator, "ZeroDivisionError: no such piece")
    assert REQUESTS[of](api).status == 200


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("of", REQUESTS)
def test_a_kind_that_fails_before_the_request_is_handled_is_the_service_s_500(
    emulate: Emulate, connect: Connect, of: str
) -> None:
    emulator = emulate(breaking("before"))

    reply = REQUESTS[of](connect(emulator))

    assert (reply.status, reply.json["error"]["type"]) == (500, "server_error")
    assert_is_reported(emulator, "ZeroDivisionError: no such request")
    assert emulator.state()["objects"]["runs"] == 0
