"""Recordings that were edited, cut and anonymised: an import says what it cannot read, and goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.base.problems import ScenarioError
from emulator.recordings.distil.api_calls import read_events
from emulator.recordings.distil.distil import distil
from emulator.recordings.exchange import Ended, Exchange, Recording
from emulator.recordings.proof.replay import prove
from emulator.recordings.sources import scenario_from
from emulator.scenarios.document import from_data, parse
from emulator.scenarios.loading import check_document
from tests.recording.handmade import Book, assistant, file, frames, listed, store, stored
from tests.recording.samples_of_sessions import failures, session

BOOKS: list[list[Exchange]] = [session().exchanges, failures().exchanges]
JUNK: list[Any] = [
    None, True, False, 0, -1, 7, 1.5, 1e300, 2**70, "", "x", "queued", "completed", "run_1", "thread_1", "file-menu",
    "msg_1", "a/b", "{{", "\x00", [], {}, [None], [7], [{}], [[]], {"a": 1}, {"id": "run_1", "object": "thread.run"},
    {"object": "thread.message"}, {"type": "text"}, {"file_id": 7}, "function", "9" * 30,
]  # fmt: skip
URLS = ["", "x", "{method} {url}", "https://api.openai.com", "/v1/threads//runs/", "/v1/threads/%ff/runs/..", "/v1/x y",
        "//", "http://[", "/v1/threads/t/runs?limit=%zz&&=", "/openai/threads/t", "*"]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in a JSON value."""
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _places(inner, (*path, key))
    return found


def _changed(value: Any, path: tuple[Any, ...], change: Callable[[Any, Any], object]) -> Any:
    """The value with something else at a path; ``change`` gets the holder and the key."""
    copied = json.loads(json.dumps(value))
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copied


@dataclass(frozen=True)
class Edit:
    """Something that is done to a recording: to which exchange, to what of it, where in that, and what is put there."""

    at: int
    what: str
    where: int
    junk: Any
    status: int | None
    ended: Ended
    method: str | None
    url: str | None
    raw: bytes | None

    def apply(self, exchanges: list[Exchange]) -> None:
        at = self.at % len(exchanges)
        one = exchanges[at]
        match self.what:
            case "answer":
                exchanges[at] = replace(one, response_body=self._hurt_body(one.response_body))
            case "request":
                exchanges[at] = replace(one, request_body=self._hurt_body(one.request_body))
            case "all":
                status = one.status if self.status is None else self.status
                method, url = self.method or one.method, one.url if self.url is None else self.url
                exchanges[at] = replace(one, status=status, ended=self.ended, method=method, url=url)
            case "bytes":
                exchanges[at] = replace(one, response_body=self.raw)
            case "gone" if len(exchanges) > 1:
                del exchanges[at]
            case _:
                exchanges.insert(at, one)

    def _hurt_body(self, raw: bytes | None) -> bytes | None:
        """JSON, or one event of a stream."""
        if raw and (events := [tuple(one) for one in read_events(raw)]):
            at = self.where // 100 % len(events)
            events[at] = (events[at][0], self._hurt(events[at][1]))
            return frames(events)
        try:
            value = json.loads(raw or b"")
        except ValueError:
            return raw
        return json.dumps(self._hurt(value)).encode()

    def _hurt(self, value: Any) -> Any:
        """A key is gone, or something else stands there."""
        places = [path for path in _places(value) if path]
        if not places:
            return None if self.junk is ... else self.junk

        def change(holder: Any, key: Any) -> None:
            if self.junk is ...:
                del holder[key]
            else:
                holder[key] = self.junk

        return _changed(value, places[self.where % len(places)], change)


EDITS = st.builds(
    Edit,
    at=st.integers(0, 99),
    what=st.sampled_from(["answer"] * 6 + ["request"] * 3 + ["all", "bytes", "gone", "twice"]),
    where=st.integers(0, 10**6),
    junk=st.sampled_from([..., *JUNK]),
    status=st.sampled_from([None, 0, 100, 204, 301, 400, 404, 409, 429, 500, 999]),
    ended=st.sampled_from(get_args(Ended)),
    method=st.sampled_from([None, "GET", "POST", "DELETE", "OPTIONS", "x"]),
    url=st.sampled_from([None, *URLS]),
    raw=st.sampled_from([None, b"", b"\xff", b"{", b"[]", b"7", b"event: x", b"event: \ndata: {}\n\n"]),
)


def _survives(recording: Recording) -> None:
    distilled = distil([recording])
    check_document(from_data(distilled.document), contents=distilled.files)
    assert parse(distilled.text(), "hurt.yaml").data == distilled.document
    distilled.strict_replay()
    try:
        scenario = scenario_from(distilled)
    except ScenarioError:
        return  # what it gives does not go together, and that is said
    prove(distilled, scenario)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([0, 1]), st.lists(EDITS, min_size=1, max_size=4))
def test_whatever_is_in_a_recording_its_scenario_loads(book: int, edits: list[Edit]) -> None:
    exchanges = list(BOOKS[book])
    for edit in edits:
        edit.apply(exchanges)

    _survives(Recording("hurt.yaml", "by hand", tuple(exchanges)))


@pytest.mark.parametrize("book", BOOKS, ids=["session", "failures"])
def test_whatever_key_is_missing_the_scenario_loads(book: list[Exchange]) -> None:
    """Each key of an answer that has an object of its own, one at a time."""
    tried = set()
    for at, one in enumerate(book):
        value = one.response_json()
        for path in _places(value):
            kind = (
                value.get("object") if isinstance(value, dict) else "",
                *(key for key in path if isinstance(key, str)),
            )
            if path and kind not in tried:
                tried.add(kind)
                hurt = _changed(value, path, lambda holder, key: holder.pop(key))
                distilled = distil(
                    [
                        Recording(
                            "x",
                            "",
                            (*book[:at], replace(one, response_body=json.dumps(hurt).encode()), *book[at + 1 :]),
                        )
                    ]
                )
                check_document(from_data(distilled.document), contents=distilled.files)
    assert len(tried) > 50


MANY = Book().ask("GET /v1/assistants/asst_1", None, assistant())


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        ({"object": "list", "data": 7}, "a response that is not of the API's form"),
        ({"object": "list", "data": [{"object": "assistant"}]}, "1 object that is not of the API's form"),
        ({"object": "list", "data": [{"object": "assistant"}] * 2}, "2 objects that are not of the API's form"),
        ({**assistant(), "tools": 7}, "a response that is not of the API's form"),
        ({**assistant(), "tool_resources": {"file_search": 7}}, "a response that is not of the API's form"),
        ({"id": "upload_1", "object": "upload", "file": {"id": 7}}, "a response that is not of the API's form"),
    ],
)
def test_what_is_not_of_the_apis_form_is_left_out_and_said(answer: Any, remark: str) -> None:
    distilled = Book().ask("GET /v1/assistants", None, answer).distilled()

    assert distilled.left_out == [f"hand.yaml #1 GET /v1/assistants: {remark}"]


def test_references_that_lead_nowhere_lead_to_something_given() -> None:
    held = {"file_search": {"vector_store_ids": ["vs_x"]}, "code_interpreter": {"file_ids": ["file-x"]}}
    book = Book().ask("GET /v1/assistants/asst_1", None, assistant(tool_resources=held))
    book.ask("GET /v1/vector_stores/vs_y", None, store("vs_y"))
    book.ask("GET /v1/vector_stores/vs_y/files", None, listed(stored("file-y", "vs_y")))
    book.ask("GET /v1/files/file-z", None, file("file-z", "z.md"))
    distilled = book.distilled()

    scenario_from(distilled)
    given_ = distilled.document["given"]
    assert {kind: [one["id"] for one in items] for kind, items in given_.items()} == {
        "files": ["file-y", "file-x", "file-z"],
        "vector_stores": ["vs_x", "vs_y"],
        "assistants": ["asst_1"],
    }
