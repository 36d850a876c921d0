"""Files: what is uploaded, listed, read, deleted, and when it is over."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import Emulator
from emulator.base import limits
from tests.apis.endpoints.words import Error, error, ill_typed, missing, no_value, too_high, too_low, unknown
from tests.conftest import Emulate
from tests.support import Api, InProcess, Reply

DAY = 86_400
START = 1767225600
PURPOSES = ["fine-tune", "assistants", "batch", "user_data", "vision", "evals"]
FILE_KEYS = ["object", "id", "purpose", "filename", "bytes", "created_at", "expires_at", "status", "status_details"]


def send_form(
    api: Api, path: str, data: dict[str, str] | None = None, files: Any = None, headers: dict[str, str] | None = None
) -> Reply:
    """A multipart request, as clients write it."""
    fields = {name: (None, value) for name, value in (data or {}).items()}
    made = httpx.Request("POST", "http://emulator/", files={**fields, **(files or {})})
    body, kind = made.read(), made.headers["content-type"]
    return api.post(path, content=body, headers={"Content-Type": kind, **(headers or {})})


def send_file(api: Api, filename: str = "notes.txt", content: bytes = b"Notes.", purpose: str = "assistants") -> Reply:
    return send_form(api, "/v1/files", {"purpose": purpose}, {"file": (filename, content)})


def make_file(api: Api, filename: str = "notes.txt", content: bytes = b"Notes.", purpose: str = "assistants") -> str:
    """The id of a new file."""
    reply = send_file(api, filename, content, purpose)
    assert reply.status == 200, reply.body
    id: str = reply.json["id"]
    return id


def is_written(reply: Reply) -> bool:
    """Files and uploads are written like everything else, and end with a newline."""
    return reply.body == json.dumps(reply.json, indent=2, ensure_ascii=False).encode() + b"\n"


def no_file(id: str) -> Error:
    return error(f"No such File object: {id}", "id", status=404)


# ---- Upload ----


def test_a_new_file_to_the_byte() -> None:
    api = InProcess()
    reply = send_file(api, "notes.txt", b"Hello")
    assert reply.body.decode() == (
        "{\n"
        '  "object": "file",\n'
        f'  "id": "{reply.json["id"]}",\n'
        '  "purpose": "assistants",\n'
        '  "filename": "notes.txt",\n'
        '  "bytes": 5,\n'
        f'  "created_at": {START},\n'
        '  "expires_at": null,\n'
        '  "status": "processed",\n'
        '  "status_details": null\n'
        "}\n"
    )
    assert reply.json["id"].startswith("file-")
    assert len(reply.json["id"]) == len("file-") + 22
    assert api.get(f"/v1/files/{reply.json['id']}").body == reply.body


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_is_taken(purpose: str) -> None:
    reply = send_file(InProcess(), purpose=purpose)
    assert (reply.status, reply.json["purpose"]) == (200, purpose)
    assert reply.json["expires_at"] == (START + 30 * DAY if purpose == "batch" else None)
    assert list(reply.json) == FILE_KEYS
    assert is_written(reply)


@pytest.mark.parametrize(
    ("anchor", "seconds"), [("created_at", 3600), ("created_at", 2_592_000)], ids=["an hour", "a month"]
)
@pytest.mark.parametrize("purpose", ["assistants", "batch"])
def test_a_requested_expiry_is_shown(purpose: str, anchor: str, seconds: int) -> None:
    asked = {"purpose": purpose, "expires_after[anchor]": anchor, "expires_after[seconds]": str(seconds)}
    made = send_form(InProcess(), "/v1/files", asked, {"file": ("a.txt", b"x")})
    assert made.json["expires_at"] == START + seconds


PURPOSE = "'world_domination' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals']"
SECONDS, ANCHOR = "expires_after[seconds]", "expires_after[anchor]"
BAD_FILES: dict[str, tuple[dict[str, str], bool, Error]] = {
    "an unknown purpose": ({"purpose": "world_domination"}, True, error(f"{PURPOSE} - 'purpose'", "purpose")),
    "no purpose": ({}, True, error("'purpose' is a required property", "purpose")),
    "an empty purpose": ({"purpose": ""}, True, error("'purpose' is a required property", "purpose")),
    "no file": ({"purpose": "assistants"}, False, error("'file' is a required property", "file")),
    "a file that is text": ({"purpose": "x", "file": "text"}, False, error("'file' is a required property", "file")),
    "a field too many": (
        {"purpose": "assistants", "colour": "red"},
        True,
        error("Additional properties are not allowed ('colour' was unexpected)"),
    ),
    "fields too many": (
        {"purpose": "assistants", "purpose[x]": "y", "colour": "red"},
        True,
        error("Additional properties are not allowed ('purpose[x]', 'colour' were unexpected)"),
    ),
    "an expiry in a word": (
        {"purpose": "assistants", "expires_after": "soon"},
        True,
        ill_typed("expires_after", "an object", "a string"),
    ),
    "an expiry without seconds": (
        {"purpose": "assistants", ANCHOR: "created_at"},
        True,
        missing("expires_after.seconds"),
    ),
    "an expiry without an anchor": ({"purpose": "assistants", SECONDS: "3600"}, True, missing("expires_after.anchor")),
    "an expiry of another anchor": (
        {"purpose": "assistants", ANCHOR: "last_active_at", SECONDS: "3600"},
        True,
        error("Invalid value: 'last_active_at'. Value must be 'created_at'.", "expires_after.anchor", "invalid_value"),
    ),
    "an expiry too soon": (
        {"purpose": "assistants", ANCHOR: "created_at", SECONDS: "3599"},
        True,
        too_low("expires_after.seconds", 3600, 3599),
    ),
    "an expiry too late": (
        {"purpose": "assistants", ANCHOR: "created_at", SECONDS: "2592001"},
        True,
        too_high("expires_after.seconds", 2_592_000, 2_592_001),
    ),
    "an expiry of no number": (
        {"purpose": "assistants", ANCHOR: "created_at", SECONDS: "many"},
        True,
        ill_typed("expires_after.seconds", "an integer", "a string"),
    ),
    "an expiry of 5,000 digits": (
        {"purpose": "assistants", ANCHOR: "created_at", SECONDS: "9" * 5000},
        True,
        ill_typed("expires_after.seconds", "an integer", "a string"),
    ),
    "an unknown part of an expiry": (
        {"purpose": "assistants", ANCHOR: "created_at", SECONDS: "3600", "expires_after[x]": "1"},
        True,
        unknown("expires_after.x"),
    ),
}


@pytest.mark.parametrize(("fields", "has_file", "refusal"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_wrong_file_request_is_refused(fields: dict[str, str], has_file: bool, refusal: Error) -> None:
    api = InProcess()
    reply = send_form(api, "/v1/files", fields, {"file": ("a.txt", b"x")} if has_file else None)
    assert reply.error == refusal
    assert api.get("/v1/files").json["data"] == []


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda api: send_file(api, purpose="world_domination"), f"{PURPOSE} - 'purpose'"),
        (lambda api: api.get("/v1/files/fake_id"), "No such File object: fake_id"),
        (lambda api: api.get("/v1/files/fake_id/content"), "No such File object: fake_id"),
        (lambda api: api.delete("/v1/files/fake_id"), "No such File object: fake_id"),
    ],
    ids=["purpose", "retrieve", "content", "delete"],
)
def test_errors_of_files_repeat_themselves_in_detail(ask: Callable[[Api], Reply], message: str) -> None:
    """Recorded: a sibling of ``error``, and a newline at the end."""
    reply = ask(InProcess())
    assert reply.body.decode() == (
        "{\n"
        '  "error": {\n'
        f'    "message": "{message}",\n'
        '    "type": "invalid_request_error",\n'
        f'    "param": {json.dumps(reply.json["error"]["param"])},\n'
        '    "code": null\n'
        "  },\n"
        '  "detail": {\n'
        f'    "message": "{message}",\n'
        '    "code": null\n'
        "  }\n"
        "}\n"
    )


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--x--\r\n'
BAD_BODIES = {
    "JSON": (b'{"purpose": "assistants"}', {"Content-Type": "application/json"}),
    "nothing": (b"", {"Content-Type": ""}),
    "no boundary": (PART, {"Content-Type": "multipart/form-data"}),
    "garbage": (b"garbage", FORM),
    "a charset that decodes nothing": (PART, {"Content-Type": "multipart/form-data; boundary=x; charset=undefined"}),
    "a part without a name": (b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n", FORM),
    "a broken header": (b"--x\r\nbad header\r\n\r\nabc\r\n--x--\r\n", FORM),
    "a field of 2 MB": (PART.replace(b"assistants", b"a" * 2_000_000), FORM),
    "too many fields": (PART.removesuffix(b"--x--\r\n") * 101 + b"--x--\r\n", FORM),
}


@pytest.mark.parametrize(("body", "headers"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_no_form_is_refused_at_once(
    emulate: Emulate, connect: Callable[[Emulator], Api], body: bytes, headers: dict[str, str]
) -> None:
    """Over a socket: an answer that waits for more of a body that has come to its end would never come."""
    emulator = emulate()
    reply = connect(emulator).post("/v1/files", content=body, headers=headers)
    assert reply.status == 400
    assert reply.json["error"]["message"].startswith("We could not parse the multipart body of your request: ")
    emulator.check()


def test_a_form_that_breaks_off_has_no_file() -> None:
    reply = InProcess().post("/v1/files", content=PART.removesuffix(b"--\r\n"), headers=FORM)
    assert reply.error == error("'file' is a required property", "file")


def test_a_file_over_a_socket(emulate: Emulate) -> None:
    content = os.urandom(3_000_000)
    emulator = emulate()
    with httpx.Client(base_url=emulator.base_url, headers={"Authorization": "Bearer sk-x"}) as client:
        made = client.post("/files", data={"purpose": "user_data"}, files={"file": ("data.bin", content)})
        id = made.json()["id"]
        got = client.get(f"/files/{id}/content")
    assert (made.status_code, made.json()["bytes"]) == (200, 3_000_000)
    assert got.content == content
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-length"] == "3000000"
    assert made.headers["content-type"] == "application/json"
    (request,) = emulator.requests("create_file")
    assert request.json == {"purpose": "user_data", "file": {"filename": "data.bin", "bytes": 3_000_000}}


# ---- Limits ----


@pytest.mark.parametrize(("size", "status"), [(999, 200), (1000, 200), (1001, 400)])
def test_the_largest_file(monkeypatch: pytest.MonkeyPatch, size: int, status: int) -> None:
    """512 MB, made smaller here; ``test_large_upload`` sends that much."""
    monkeypatch.setattr("emulator.apis.files.endpoints.files.MAX_FILE", 1000)
    api = InProcess()
    reply = send_file(api, content=b"x" * size)
    assert reply.status == status
    if status == 400:
        assert reply.error == error(
            "Invalid 'file': file too large. Expected a file with maximum size 1000 bytes, "
            "but got a larger one instead.",
            "file",
            "file_above_max_size",
        )
    assert len(api.get("/v1/files").json["data"]) == (status == 200)


def test_the_limit_is_512_mb() -> None:
    assert limits.MAX_FILE == 512 * 1024 * 1024


def test_what_is_far_too_large_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    monkeypatch.setattr("emulator.apis.http.form_reader.MAX_FILE", 1000)
    reply = send_file(connect(emulate()), content=bytes(3_000_000))
    assert reply.error[3:] == ("file", "file_above_max_size")


# ---- Lists ----


def test_a_list_has_its_keys_in_an_order_of_its_own() -> None:
    api = InProcess()
    assert api.get("/v1/files").body == (
        b'{\n  "object": "list",\n  "data": [],\n  "has_more": false,\n  "first_id": null,\n  "last_id": null\n}\n'
    )
    ids = [make_file(api, f"{n}.txt") for n in range(3)]
    reply = api.get("/v1/files")
    assert is_written(reply)
    assert list(reply.json) == ["object", "data", "has_more", "first_id", "last_id"]
    assert [list(one) for one in reply.json["data"]] == [FILE_KEYS] * 3
    assert (reply.json["first_id"], reply.json["last_id"]) == (ids[2], ids[0])


LISTS: list[tuple[str, list[int], bool]] = [
    ("", [5, 4, 3, 2, 1, 0], False),
    ("?order=asc", [0, 1, 2, 3, 4, 5], False),
    ("?limit=2", [5, 4], True),
    ("?limit=6", [5, 4, 3, 2, 1, 0], False),
    ("?limit=10000", [5, 4, 3, 2, 1, 0], False),
    ("?limit=2&after={4}", [3, 2], True),
    ("?order=asc&after={3}", [4, 5], False),
    ("?after={0}", [], False),
    ("?purpose=vision", [5, 3, 1], False),
    ("?purpose=vision&limit=2", [5, 3], True),
    ("?purpose=vision&limit=2&after={3}", [1], False),
    ("?purpose=vision&order=asc&after={2}", [3, 5], False),
    ("?purpose=evals", [], False),
    ("?purpose=nonsense", [], False),
]


@pytest.mark.parametrize(("query", "rows", "has_more"), LISTS, ids=[query or "all" for query, _, _ in LISTS])
def test_lists_of_files(query: str, rows: list[int], has_more: bool) -> None:
    api = InProcess()
    ids = [make_file(api, f"{n}.png", purpose="vision" if n % 2 else "assistants") for n in range(6)]
    for n, id in enumerate(ids):
        query = query.replace(f"{{{n}}}", id)
    reply = api.get(f"/v1/files{query}").json
    assert [one["id"] for one in reply["data"]] == [ids[row] for row in rows]
    assert reply["has_more"] is has_more


def test_more_than_a_page_of_other_lists_is_one_page() -> None:
    api = InProcess()
    for n in range(120):
        make_file(api, f"{n}.txt")
    reply = api.get("/v1/files").json
    assert (len(reply["data"]), reply["has_more"]) == (120, False)


BAD_LISTS = {
    "?limit=0": too_low("limit", 1, 0),
    "?limit=10001": too_high("limit", 10_000, 10_001),
    "?limit=ten": ill_typed("limit", "an integer", "a string"),
    "?order=up": no_value("up", "'asc' and 'desc'", "order"),
    "?before=file-1": unknown("before"),
}


@pytest.mark.parametrize(("query", "refusal"), BAD_LISTS.items(), ids=BAD_LISTS)
def test_a_wrong_query_of_a_list_is_refused(query: str, refusal: Error) -> None:
    assert InProcess().get(f"/v1/files{query}").error == refusal


def test_a_cursor_that_never_was_is_no_fault_of_ours() -> None:
    assert InProcess().get("/v1/files?after=file-none").status in (400, 404)


# ---- Content ----


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_may_be_downloaded(purpose: str) -> None:
    api = InProcess()
    id = make_file(api, "a.txt", "Grüße 🌍".encode(), purpose)
    reply = api.get(f"/v1/files/{id}/content")
    if purpose == "assistants":
        assert reply.error == error("Not allowed to download files of purpose: assistants")
    else:
        assert (reply.status, reply.body) == (200, "Grüße 🌍".encode())


def test_an_empty_file_is_a_file() -> None:
    api = InProcess()
    id = make_file(api, "empty.txt", b"", "user_data")
    assert api.get(f"/v1/files/{id}").json["bytes"] == 0
    assert api.get(f"/v1/files/{id}/content").body == b""


# ---- Names ----

NAMES = [
    "你好.txt",
    "Grüße 🌍.md",
    "a b.txt",
    'quoted"name".txt',
    "semi;colon.txt",
    "percent%20.txt",
    "no extension",
    ".hidden",
    "../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows.txt",
    "C:\\windows.txt",
    "a" * 300 + ".txt",
]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:24] for name in NAMES])
def test_a_name_is_a_name_and_no_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    api = InProcess()
    reply = send_file(api, name, b"x", "user_data")
    # httpx writes a quote as %22, as browsers do; python-multipart takes the drive away, as old browsers sent it
    assert reply.json["filename"] == name.replace('"', "%22").replace("C:\\", "")
    got = api.get(f"/v1/files/{reply.json['id']}/content")
    assert got.body == b"x"
    assert got.headers["content-disposition"].startswith("attachment; filename")
    assert list(tmp_path.rglob("*")) == [tmp_path / "deep"]


@pytest.mark.parametrize("name", ['a"b.txt', "a\r\nX-Evil: 1.txt", "a\x00b.txt", "../../x"])
def test_a_name_in_json_breaks_no_header(name: str) -> None:
    """An upload's name comes in JSON, which can hold any character."""
    api = InProcess()
    body = {"filename": name, "purpose": "user_data", "bytes": 0, "mime_type": "text/plain"}
    upload = api.post("/v1/uploads", body).json["id"]
    file = api.post(f"/v1/uploads/{upload}/complete", {"part_ids": []}).json["file"]
    assert file["filename"] == name
    disposition = api.get(f"/v1/files/{file['id']}/content").headers["content-disposition"]
    assert disposition.isprintable()
    assert disposition.count('"') in (0, 2)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40))
@settings(deadline=None, max_examples=40)
def test_any_name_comes_back(name: str) -> None:
    reply = send_file(InProcess(), name, b"x", "user_data")
    assert reply.json["filename"] == name.replace('"', "%22")


# ---- Delete and expiry ----


def test_a_deleted_file_is_gone_and_has_left_its_stores_but_not_their_counts() -> None:
    api = InProcess()
    id, other = make_file(api, "a.txt", b"apples"), make_file(api, "b.txt", b"bananas")
    stores = [api.post("/v1/vector_stores", {"file_ids": [id, other]}).json["id"] for _ in range(2)]
    for store in stores:
        assert api.get(f"/v1/vector_stores/{store}").json["file_counts"]["completed"] == 2
    deleted = api.delete(f"/v1/files/{id}")
    assert deleted.body.decode() == f'{{\n  "object": "file",\n  "deleted": true,\n  "id": "{id}"\n}}\n'
    assert api.get(f"/v1/files/{id}").error == no_file(id)
    assert api.delete(f"/v1/files/{id}").error == no_file(id)
    assert [one["id"] for one in api.get("/v1/files").json["data"]] == [other]
    for store in stores:
        found = api.get(f"/v1/vector_stores/{store}").json
        assert (found["file_counts"]["total"], found["usage_bytes"]) == (2, len(b"bananas"))
        assert [one["id"] for one in api.get(f"/v1/vector_stores/{store}/files").json["data"]] == [other]
        assert api.post(f"/v1/vector_stores/{store}/search", {"query": "apples"}).json["data"] == []


def test_a_file_is_over_when_its_time_is() -> None:
    api = InProcess()
    id = make_file(api, "batch.jsonl", b"{}", "batch")
    kept = make_file(api)
    api.post("/_emulator/clock/advance", {"seconds": 30 * DAY - 1})
    assert api.get(f"/v1/files/{id}").status == 200
    assert api.get(f"/v1/files/{id}/content").status == 200
    api.post("/_emulator/clock/advance", {"seconds": 1})
    assert [one["id"] for one in api.get("/v1/files").json["data"]] == [kept]
    for ask in (api.get, api.delete):
        assert ask(f"/v1/files/{id}").error == no_file(id)
    assert api.get(f"/v1/files/{id}/content").error == no_file(id)


# ---- Flavours and shapes ----


def test_azure_has_ids_of_its_own() -> None:
    api = InProcess()
    made = send_form(
        api, "/openai/files?api-version=2025-04-01-preview", {"purpose": "assistants"}, {"file": ("a.txt", b"x")}
    )
    id = made.json["id"]
    assert id.startswith("assistant-")
    assert len(id) == len("assistant-") + 22
    assert api.get(f"/openai/files/{id}?api-version=2025-04-01-preview").json["filename"] == "a.txt"


def test_the_published_shape_has_no_null() -> None:
    """``expires_at`` and ``status_details`` are optional there, and not nullable."""
    api = InProcess(shapes="spec")
    made = send_file(api).json
    assert None not in made.values()
    assert api.get(f"/v1/files/{made['id']}").json == made
    assert api.get("/v1/files").json["data"] == [made]


def test_a_form_where_json_is_due_is_refused() -> None:
    assert send_form(InProcess(), "/v1/assistants", {"model": "gpt-4o"}).status == 400
