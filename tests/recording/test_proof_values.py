"""The proof compares every value that a client could assert on; what it cannot replay, it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.base.json_types import Object
from emulator.cli.main import main
from emulator.recordings import own_format
from emulator.recordings.proof.comparing import Comparer, Difference
from emulator.recordings.proof.replay import prove
from emulator.recordings.proof.result import Proof
from emulator.recordings.sources import scenario_from
from tests.recording.handmade import QUESTION, Book, assistant, file, listed, run, thread
from tests.recording.handmade_responses import ask, response, says


def _proof(book: Book) -> Proof:
    distilled = book.distilled()
    return prove(distilled, scenario_from(distilled))


def _differences(proof: Proof) -> list[Difference]:
    return [each for one in proof.compared for each in one.differences]


def _same_kind(one: str, other: str) -> bool:
    return one.split("_")[0] == other.split("_")[0]


# ---- Values ----


@pytest.mark.parametrize(
    ("want", "got", "kinds"),
    [
        ({"id": "run_1"}, {"id": "run_abc"}, []),
        ({"id": "run_1"}, {"id": "msg_abc"}, ["id"]),
        ({"name": "run_1"}, {"name": "run_2"}, ["name"]),
        ({"created_at": 1}, {"created_at": 9}, []),
        ({"completed_at": None}, {"completed_at": 9}, ["completed_at"]),
        ({"usage": {"prompt_tokens": 1}}, {"usage": {"prompt_tokens": 9}}, []),
        ({"usage": {"prompt_tokens": 1}}, {"usage": None}, ["usage"]),
        ({"usage": {"prompt_tokens": 1}}, {"usage": {}}, ["usage"]),
        ({"usage_bytes": 5}, {"usage_bytes": 0}, []),
        ({"bytes": 5}, {"bytes": 6}, ["bytes"]),
        ({"score": 0.5}, {"score": 1}, []),
        ({"file_counts": {"total": 1}}, {"file_counts": {"total": 2}}, ["file_counts"]),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": "2"}}, ["metadata"]),
        ({"metadata": {"a": "1"}}, {"metadata": {}}, ["metadata"]),
        ({"temperature": 1}, {"temperature": 1.0}, []),
        ({"temperature": 1}, {"temperature": True}, ["temperature"]),
        ({"text": {"value": "a", "annotations": [{"index": 0}]}}, {"text": {"value": "b", "annotations": []}},
         ["text", "annotations"]),
        ({"attachments": [{"file_id": "file_1"}]}, {"attachments": []}, ["attachments"]),
        ({"outputs": [{"type": "logs", "logs": "1"}]}, {"outputs": [{"type": "logs", "logs": "2"}]}, ["outputs"]),
        ({"data": [1, 2]}, {"data": [1]}, ["length"]),
        ({"tools": []}, {"tools": [{"type": "file_search"}]}, ["tools"]),
        ({"name": None, "empty": {"ids": []}}, {}, []),
        ({"name": "A"}, {}, ["name"]),
        ({"name": "A"}, {"name": "A", "newer": 1}, []),
        ({"object": "thread.run", "status": "in_progress", "usage": None, "model": "a"},
         {"object": "thread.run", "status": "completed", "usage": {}, "model": "b"}, ["model"]),
        ({"object": "thread.run", "status": "failed"}, {"object": "thread.run", "status": "in_progress"}, ["status"]),
    ],
)  # fmt: skip
def test_values_are_compared_by_the_rules_of_a_scorer(want: Any, got: Any, kinds: list[str]) -> None:
    found = Comparer(_same_kind, str).responses(want, got)

    assert [one.kind for one in found] == kinds


def test_a_configuration_that_no_request_made_is_found_out() -> None:
    """The service answered with another assistant than the one that was created."""
    told = assistant(name="B", model="gpt-4o-2024-08-06", instructions="other", metadata={"k": "v"})
    book = Book().ask("POST /v1/assistants", {"model": "gpt-4o", "name": "A"}, told)

    proof = _proof(book)

    assert [one.kind for one in _differences(proof)] == ["name", "model", "instructions", "metadata"]
    assert proof.summary() == (
        "proof: 0 of 1 response is the same; 1 is the same but for name, model, instructions, metadata"
    )
    assert str(proof.compared[0]).endswith("; and 1 more difference")


def test_a_list_of_the_account_is_compared_by_ids_and_length() -> None:
    files = [file(f"file-{number}", f"{number}.txt") for number in range(60)]
    book = Book().ask("GET /v1/files", None, listed(*files)).ask("GET /v1/files/file-3", None, files[3])

    kinds = {(one.kind, one.words) for one in _differences(_proof(book)) if one.kind == "length"}

    assert ("length", "recorded 60 items, the emulator sends 1 item") in kinds


# ---- What is not played ----


def _without_body() -> Book:
    book = Book().ask("POST /v1/threads", None, thread())
    book.ask("POST /v1/threads/thread_1/runs", None, run("queued", "run_1"))
    book.ask("GET /v1/threads/thread_1/runs/run_1", None, run("completed", "run_1"))
    return book.ask("POST /v1/threads/thread_2/runs/run_2/cancel", None, run("cancelling", "run_2", thread="thread_2"))


def test_a_request_without_its_body_is_named_and_those_that_need_what_it_created() -> None:
    proof = _proof(_without_body())

    assert [str(one) for one in proof.unplayed] == [
        "hand.yaml #1 POST /v1/threads: not played, as its body was not recorded",
        "hand.yaml #2 POST /v1/threads/thread_1/runs: "
        "not played, as thread_1 was created by a request that was not played",
        "hand.yaml #3 GET /v1/threads/thread_1/runs/run_1: "
        "not played, as thread_1 was created by a request that was not played",
    ]
    assert proof.played == 1
    assert not proof.holds


# ---- The command ----


def _import(book: Book, folder: Path, *options: str) -> int:
    path = folder / "tape.jsonl"
    path.write_bytes(b"".join([own_format.header_line(None), *map(own_format.line, book.exchanges)]))
    return main(["import", str(path), "--out", str(folder / "out.yaml"), "--force", *options])


def test_a_proof_with_a_difference_exits_with_1_unless_it_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book().ask("POST /v1/assistants", {"model": "gpt-4o"}, assistant(name="B", metadata={"k": "v"}))

    assert _import(book, tmp_path) == 1
    assert "proof: 0 of 1 response is the same; 1 is the same but for name, metadata\n" in capsys.readouterr().err
    assert _import(book, tmp_path, "--allow", "name") == 1
    assert _import(book, tmp_path, "--allow", "name", "--allow", "metadata") == 0
    assert (tmp_path / "out.yaml").exists()


def test_a_proof_that_leaves_requests_out_exits_with_1_unless_that_is_allowed(tmp_path: Path) -> None:
    book = Book().ask("POST /v1/threads", None, thread())

    assert _import(book, tmp_path) == 1
    assert _import(book, tmp_path, "--allow", "unplayed") == 0


def test_the_proof_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book().assistant().ask("POST /v1/assistants", {"model": "gpt-4o"}, assistant("asst_2", name="B"))
    book.ask("POST /v1/threads", None, thread())

    assert _import(book.thread(QUESTION, id="thread_2"), tmp_path, "--json", "--allow", "name") == 1

    told: Object = json.loads(capsys.readouterr().out)["proof"]
    assert {key: told[key] for key in ("played", "alike", "holds")} == {"played": 3, "alike": 2, "holds": False}
    (difference,) = told["differences"]
    assert difference["request"].endswith("tape.jsonl #2 POST /v1/assistants")
    assert {key: difference[key] for key in ("kind", "where", "words", "allowed")} == {
        "kind": "name", "where": "name", "words": "recorded 'B', the emulator sends null", "allowed": True,
    }  # fmt: skip
    assert told["unplayed"][0]["why"] == "its body was not recorded"


# ---- Settings of the account ----


SETTINGS: list[tuple[Object, Object]] = [
    ({}, {"store": False}),
    ({}, {"service_tier": "priority"}),
    ({}, {"reasoning": {"effort": "high", "summary": None}}),
    ({}, {"top_p": 0.85, "temperature": 0.7}),
    ({"model": "gpt-4o-new"}, {"model": "gpt-4o-new-2030-01-01"}),
]


@pytest.mark.parametrize(("sent", "shown"), SETTINGS)
def test_what_the_service_chose_is_no_fault_of_the_scenario(sent: Object, shown: Object) -> None:
    proof = _proof(ask(Book(), response(says("Sunny."), **shown), **sent))

    assert proof.holds
    assert (proof.alike, proof.alike_but_for_the_account, proof.but_for) == (0, 1, [])
    assert proof.summary() == "proof: 0 of 1 response is the same; 1 is the same but for settings of the account"
    assert all(one["allowed"] for one in proof.as_json()["differences"])


def test_what_the_request_states_is_compared() -> None:
    proof = _proof(ask(Book(), response(says("Sunny."), store=False), store=True))

    assert not proof.holds
    assert proof.fields == ["store"]


def test_a_later_request_has_the_settings_of_the_first() -> None:
    shown = response(says("Sunny."), store=False)
    stated, unstated = (
        _proof(ask(Book(), shown, **sent).ask("GET /v1/responses/resp_1", None, shown))
        for sent in ({"store": True}, {})
    )

    assert [one.kind for one in _differences(stated)] == ["store", "store"]
    assert unstated.alike_but_for_the_account == 2


def test_the_order_of_required_keys_means_nothing() -> None:
    comparer = Comparer(_same_kind, str)

    assert comparer.responses({"required": ["a", "b"]}, {"required": ["b", "a"]}) == []
    assert comparer.responses({"required": ["a", "b"]}, {"required": ["a", "c"]}) != []
