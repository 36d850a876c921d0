"""What was tried by hand becomes a fixture: a world's objects as ``given``, its journal as a recording."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator
from emulator.base.problems import EmulatorError
from emulator.recordings.own_format import read
from emulator.scenarios.document import parse
from emulator.scenarios.loading import parse_scenario
from tests.conftest import Emulate
from tests.recording.carried import Watched, play
from tests.recording.handmade import QUESTION, RANKED, functions, proof_of
from tests.support import Api, InProcess

KEY = "sk-planted-0123456789abcdefghij"
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def _upload(api: Api, filename: str, content: bytes, purpose: str = "assistants") -> str:
    fields = [b'name="purpose"\r\n\r\n' + purpose.encode()]
    fields.append(f'name="file"; filename="{filename}"\r\nContent-Type: text/plain\r\n\r\n'.encode() + content)
    body = b"".join(b"--x\r\nContent-Disposition: form-data; " + field + b"\r\n" for field in fields) + b"--x--\r\n"
    id: str = api.post("/v1/files", content=body, headers=FORM).json["id"]
    return id


def _again(api: Api) -> InProcess:
    """A fresh emulator with the exported scenario."""
    other = InProcess()
    text = api.get("/_emulator/export?as=scenario").body.decode()
    reply = other.post("/_emulator/scenarios", content=text.encode())
    assert reply.status == 200, f"{reply.body!r}\n{text}"
    return other


def _shown(reply: Any) -> Any:
    """An answer without its times."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(one) for one in value]
        if isinstance(value, dict):
            return {key: (key.endswith("_at") and one is not None) or plain(one) for key, one in value.items()}
        return value

    return reply.status, plain(json.loads(reply.body))


@pytest.mark.parametrize(
    "steps", [[{"fail": "server_error"}], [{"hold": "gate"}, {"say": "Dry."}]], ids=["failed", "held"]
)
def test_a_run_without_run_steps_is_exported(steps: list[Any]) -> None:
    api = InProcess({"turns": [{"name": "dry", "steps": steps}]})
    assistant = api.assistant()
    thread = {"messages": [{"role": "user", "content": "Is it dry?"}]}
    run = api.post("/v1/threads/runs", {"assistant_id": assistant, "thread": thread}).json
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    assert api.get(f"{path}/steps").json["data"] == []

    for query in ("", f"&run={run['id']}"):
        exported = api.get(f"/_emulator/export?as=scenario{query}")

        assert exported.status == 200, exported.body
        assert parse_scenario(exported.body.decode(), "exported.yaml").name


BINARY = bytes(range(256))


def _furnished() -> tuple[InProcess, list[str]]:
    """A world with a bit of everything, and all that can be got of it."""
    api = InProcess()
    menu, sales = _upload(api, "menu.md", "Süppe\r\n".encode()), _upload(api, "../sales.bin", BINARY, "user_data")
    after = {"anchor": "last_active_at", "days": 3}
    store = api.post("/v1/vector_stores", {"name": "Menus", "file_ids": [menu], "expires_after": after}).json["id"]
    held = {"code_interpreter": {"file_ids": [sales]}, "file_search": {"vector_store_ids": [store]}}
    ranked = {"type": "file_search", "file_search": {"max_num_results": 3, "ranking_options": RANKED}}
    rich = api.assistant(
        name="Ann", instructions="You help.\nBe brief.", temperature=0.2, metadata={"k": "null"}, description="- x",
        tools=[*functions("f"), ranked, {"type": "code_interpreter"}], tool_resources=held,
        response_format={"type": "json_object"},
    )  # fmt: skip
    plain = api.assistant()
    parts = [{"type": "text", "text": "See "}, {"type": "image_file", "image_file": {"file_id": sales}}]
    messages = [
        {"role": "user", "content": "  odd: text\n\nwith\t\x07 lines \n", "metadata": {"m": "1"}},
        {"role": "assistant", "content": "Said by hand"},
        {"role": "user", "content": parts,
         "attachments": [{"file_id": sales, "tools": [{"type": "code_interpreter"}]}]},
    ]  # fmt: skip
    thread = api.post("/v1/threads", {"messages": messages, "metadata": {"user": "7"}}).json["id"]
    run = api.run(thread, plain, model="gpt-4", instructions="Else.", metadata={"r": "1"}, max_prompt_tokens=300).json[
        "id"
    ]
    api.poll(thread, run)
    threads = f"/v1/threads/{thread}"
    paths = ["/v1/assistants", "/v1/files", f"/v1/assistants/{rich}", f"/v1/assistants/{plain}", threads]
    described = {"file_id": sales, "attributes": {"kind": "sales", "year": 2026}}
    api.post(f"/v1/vector_stores/{store}/files", described)
    paths += [
        f"/v1/files/{menu}",
        f"/v1/files/{sales}",
        f"/v1/vector_stores/{store}",
        f"/v1/vector_stores/{store}/files",
    ]
    return api, [*paths, f"{threads}/runs", f"{threads}/runs/{run}"]


def test_every_object_is_there_under_its_id_and_as_it_was() -> None:
    api, paths = _furnished()
    other = _again(api)

    for path in paths:
        assert _shown(other.get(path)) == _shown(api.get(path)), path


def test_messages_and_run_steps_are_those_that_were() -> None:
    api, paths = _furnished()
    other = _again(api)
    thread, run = (next(path for path in paths if path.startswith(start)) for start in ("/v1/threads/", paths[-1]))

    assert [one["run_id"] is None for one in api.get(f"{thread}/messages").json["data"]] == [False, True, True, True]
    assert len(api.get(f"{run}/steps").json["data"]) == 1
    for path in (f"{thread}/messages", f"{run}/steps"):
        assert _shown(other.get(path)) == _shown(api.get(path))


def test_contents_of_files_are_the_same_bytes() -> None:
    api = InProcess()
    ids = [_upload(api, "a", content, "user_data") for content in (b"", b"text\r\n", BINARY, "{{ x }} \u2028".encode())]
    other = _again(api)

    assert [other.get(f"/v1/files/{id}/content").body for id in ids] == [
        b"",
        b"text\r\n",
        BINARY,
        "{{ x }} \u2028".encode(),
    ]


def test_an_exported_scenario_is_exported_as_it_was() -> None:
    api, _ = _furnished()
    once = _again(api)
    text = once.get("/_emulator/export?as=scenario").body
    twice = _again(once).get("/_emulator/export?as=scenario").body

    assert parse(text.decode(), "").data == parse(twice.decode(), "").data
    assert b"Not carried over" not in twice


def test_what_no_scenario_can_give_is_told() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Hi"}, {"hold": "x"}]}]})
    thread, helper = api.thread("Hi"), api.assistant()
    live = api.run(thread, helper).json["id"]
    api.poll(thread, live, 2)
    sent = {"filename": "a.txt", "bytes": 5, "mime_type": "text/plain", "purpose": "assistants"}
    upload = api.post("/v1/uploads", sent).json["id"]

    text = api.get("/_emulator/export?as=scenario").body.decode()

    assert text.startswith("# Exported from an emulator.\n#\n# Not carried over:\n")
    for told in (
        f"# * run {live}, which is in_progress: a scenario gives only runs at rest",
        f"# * upload {upload}, which is pending",
    ):
        assert told in text
    assert "runs" not in parse(text, "").data["given"]["threads"][0]


@pytest.mark.parametrize("gone", ["assistant", "file", "store", "message"])
def test_a_world_from_which_something_was_deleted_can_be_loaded(gone: str) -> None:
    api = InProcess()
    file, picture = _upload(api, "menu.md", b"Soup"), _upload(api, "x.png", BINARY, "vision")
    store = api.post("/v1/vector_stores", {"file_ids": [file]}).json["id"]
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    held = {"code_interpreter": {"file_ids": [file]}, "file_search": {"vector_store_ids": [store]}}
    helper = api.assistant(tools=tools, tool_resources=held)
    parts = [{"type": "text", "text": "See"}, {"type": "image_file", "image_file": {"file_id": picture}}]
    attached = [{"file_id": file, "tools": [{"type": "code_interpreter"}]}]
    thread = api.post("/v1/threads", {"messages": [{"role": "user", "content": parts, "attachments": attached}]}).json[
        "id"
    ]
    run = api.run(thread, helper).json["id"]
    api.poll(thread, run)
    message = api.get(f"/v1/threads/{thread}/messages?order=asc").json["data"][0]["id"]
    path = {
        "assistant": f"/v1/assistants/{helper}",
        "file": f"/v1/files/{file}",
        "store": f"/v1/vector_stores/{store}",
        "message": f"/v1/threads/{thread}/messages/{message}",
    }[gone]
    assert api.delete(path).status == 200
    if gone == "file":
        api.delete(f"/v1/files/{picture}")

    other = _again(api)

    assert other.get(path).status == 404
    assert other.get(f"/v1/threads/{thread}/runs/{run}").status == (404 if gone == "assistant" else 200)
    if gone in ("assistant", "file"):
        assert "Not carried over" in api.get("/_emulator/export?as=scenario").body.decode()


def test_an_empty_world_is_an_empty_scenario() -> None:
    text = InProcess().get("/_emulator/export?as=scenario").body.decode()

    assert text == "# Exported from an emulator.\n\nversion: 1\nname: exported\n"
    assert parse_scenario(text, "exported.yaml").given == {}


# ---- As a recording ----


def _recorded(api: Api) -> Any:
    return read(api.get("/_emulator/export").body, "journal.jsonl")


def test_a_recording_has_every_request_in_its_order() -> None:
    api = InProcess(
        {"stubs": [{"request": "POST /v1/x", "body": "plain"}, {"request": "POST /v1/y", "body": {"a": 1}}]}
    )
    helper = api.assistant()
    thread = api.thread(QUESTION)
    api.run(thread, helper, stream=True)
    api.post("/v1/x", {})
    api.post("/v1/y", {})
    api.get(f"/v1/threads/{thread}/messages?limit=1&order=asc")

    exchanges = _recorded(api).exchanges

    assert [(one.number, one.method, one.url.replace(thread, "T"), one.status) for one in exchanges] == [
        (1, "POST", "/v1/assistants", 200),
        (2, "POST", "/v1/threads", 200),
        (3, "POST", "/v1/threads/T/runs", 200),
        (4, "POST", "/v1/x", 200),
        (5, "POST", "/v1/y", 200),
        (6, "GET", "/v1/threads/T/messages?limit=1&order=asc", 200),
    ]
    kinds = [one.response_header("content-type") for one in exchanges]
    assert kinds[2:5] == ["text/event-stream; charset=utf-8", "text/plain; charset=utf-8", "application/json"]
    assert exchanges[3].response_body == b"plain"


def test_a_text_of_a_stub_is_text_again() -> None:
    def script(api: Api) -> None:
        api.assistant()
        api.post("/v1/x", {})

    source = play({"stubs": [{"request": "POST /v1/x", "body": "plain: text"}]}, script)

    assert [stub["body"] for stub in source.imported().document["stubs"]] == ["plain: text"]


def test_no_key_is_in_a_recording() -> None:
    api = InProcess(key=KEY)
    api.get(f"/v1/models?key={KEY}", headers={"api-key": KEY, "Cookie": f"session={KEY}"})
    api.assistant(metadata={"api_key": KEY}, instructions=f"Use {KEY} for it.")
    api.thread(f"My key is {KEY}.")
    _upload(api, f"{KEY}.txt", KEY.encode())
    api.get(
        "/v1/threads/x",
        headers={"OpenAI-Organization": "org-abcdefghijklmnop12345678", "OpenAI-Project": "proj_abcdefghij12345"},
    )

    raw = api.get("/_emulator/export?as=recording").body

    assert KEY.encode() not in raw
    assert b"org-abcdefghij" not in raw
    assert len(read(raw, "journal.jsonl").exchanges) == 5


def test_requests_that_the_journal_dropped_are_missed() -> None:
    api = InProcess()
    journal = api.world.journal
    journal._limit = 2
    for _ in range(4):
        api.assistant()

    recording = _recorded(api)

    assert [one.number for one in recording.exchanges] == [3, 4]
    assert recording.notes == (
        "journal.jsonl: no response to requests 1-2: not finished when the recorder stopped, or removed from the file",
    )


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "disconnect"}, 200),
        ({"kind": "truncate"}, 200),
        ({"kind": "error", "status": 500}, 500),
        ({"kind": "slice", "bytes": 7}, 200),
    ],
)
def test_faults_are_in_a_recording_as_far_as_a_client_saw_them(fault: dict[str, Any], status: int) -> None:
    api = InProcess()
    api.post("/_emulator/faults", {"operation": "get_assistant", **fault})
    api.get(f"/v1/assistants/{api.assistant()}")
    exchange = _recorded(api).exchanges[1]

    assert (exchange.status, exchange.ended) == (status, "cut" if fault["kind"] == "disconnect" else "complete")


# ---- The door ----


@pytest.mark.parametrize("kind", ["", "yaml", "Recording"])
def test_other_kinds_are_refused(kind: str) -> None:
    reply = InProcess().get(f"/_emulator/export?as={kind}")

    assert reply.status == 400
    assert reply.json["error"]["message"] == f"expected ?as=recording or ?as=scenario, got {kind!r}"


def test_control_exports_over_the_socket(emulate: Emulate, connect: Callable[[Emulator], Api]) -> None:
    emulator = emulate()
    connect(emulator).assistant(name="Ann")

    assert parse(emulator.export("scenario"), "").data["given"]["assistants"][0]["name"] == "Ann"
    assert emulator.export() == emulator.export("recording")
    assert read(emulator.export().encode(), "x").exchanges[0].method == "POST"
    with pytest.raises(EmulatorError, match="expected \\?as=recording"):
        emulator.export("else")  # type: ignore[arg-type]


def test_what_was_tried_by_hand_is_what_is_played() -> None:
    def script(api: Api) -> None:
        helper, thread = api.assistant(), api.thread(QUESTION)
        api.poll(thread, api.run(thread, helper).json["id"])
        api.get(f"/v1/threads/{thread}/messages")

    tried = Watched()
    script(tried)

    distilled = tried.imported()
    assert play(distilled.document, script).seen == tried.seen
    assert proof_of(distilled).differences == []
