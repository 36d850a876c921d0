"""Uploads: files that come in parts, within an hour."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apis.endpoints.test_files import FILE_KEYS, START, is_written, make_file, send_form
from tests.apis.endpoints.words import (
    Error,
    absent,
    error,
    ill_typed,
    missing,
    no_value,
    too_high,
    too_low,
    unknown,
    wrong_id,
)
from tests.support import InProcess, Reply

HOUR = 3600
UPLOAD_KEYS = ["id", "object", "bytes", "created_at", "filename", "purpose", "status", "expires_at"]
BODY: dict[str, Any] = {"filename": "a.txt", "purpose": "user_data", "bytes": 6, "mime_type": "text/plain"}


def begin(api: InProcess, **body: Any) -> str:
    """The id of a new upload."""
    id: str = api.post("/v1/uploads", {**BODY, **body}).json["id"]
    return id


def add(api: InProcess, upload: str, data: bytes) -> Reply:
    return send_form(api, f"/v1/uploads/{upload}/parts", files={"data": ("part", data)})


def part(api: InProcess, upload: str, data: bytes) -> str:
    """The id of a new part."""
    id: str = add(api, upload, data).json["id"]
    return id


def complete(api: InProcess, upload: str, *parts: str, **body: Any) -> Reply:
    return api.post(f"/v1/uploads/{upload}/complete", {"part_ids": list(parts), **body})


def cancel(api: InProcess, upload: str) -> Reply:
    return api.post(f"/v1/uploads/{upload}/cancel")


# ---- From the beginning to the end ----


def test_an_upload_from_its_beginning_to_its_file() -> None:
    api = InProcess()
    begun = api.post("/v1/uploads", BODY)
    id = begun.json["id"]
    assert is_written(begun)
    assert list(begun.json) == UPLOAD_KEYS
    assert begun.json == {
        "id": id,
        "object": "upload",
        "bytes": 6,
        "created_at": START,
        "filename": "a.txt",
        "purpose": "user_data",
        "status": "pending",
        "expires_at": START + HOUR,
    }
    assert id.startswith(f"upload_{START:08x}")
    assert len(id) == len("upload_") + 32

    added = add(api, id, b"abcdef")
    assert is_written(added)
    assert added.json == {"id": added.json["id"], "object": "upload.part", "created_at": START, "upload_id": id}
    assert list(added.json) == ["id", "object", "created_at", "upload_id"]
    assert added.json["id"].startswith(f"part_{START:08x}")

    done = complete(api, id, added.json["id"])
    assert is_written(done)
    assert list(done.json) == [*UPLOAD_KEYS, "file"]
    assert done.json["status"] == "completed"
    file = done.json["file"]
    assert list(file) == FILE_KEYS
    assert (file["filename"], file["purpose"], file["bytes"]) == ("a.txt", "user_data", 6)
    assert api.get(f"/v1/files/{file['id']}").json == file
    assert api.get(f"/v1/files/{file['id']}/content").body == b"abcdef"


@pytest.mark.parametrize(
    ("order", "content"),
    [((0, 1, 2), b"onetwothree"), ((2, 0, 1), b"threeonetwo"), ((1,), b"two"), ((0, 0), b"oneone"), ((), b"")],
    ids=str,
)
def test_the_order_of_part_ids_decides(order: tuple[int, ...], content: bytes) -> None:
    api = InProcess()
    id = begin(api, bytes=len(content))
    parts = [part(api, id, data) for data in (b"one", b"two", b"three")]
    done = complete(api, id, *(parts[n] for n in order), md5=hashlib.md5(content).hexdigest())
    assert done.json["file"]["bytes"] == len(content)
    assert api.get(f"/v1/files/{done.json['file']['id']}/content").body == content


@given(
    st.lists(st.binary(max_size=20), max_size=5).flatmap(
        lambda parts: st.tuples(st.just(parts), st.permutations(range(len(parts))))
    )
)
@settings(deadline=None, max_examples=25)
def test_any_parts_in_any_order(case: tuple[list[bytes], list[int]]) -> None:
    datas, order = case
    api = InProcess()
    content = b"".join(datas[n] for n in order)
    id = begin(api, bytes=len(content))
    parts = [part(api, id, data) for data in datas]
    done = complete(api, id, *(parts[n] for n in order))
    assert api.get(f"/v1/files/{done.json['file']['id']}/content").body == content


def test_a_part_may_be_a_field() -> None:
    """curl's ``-F data=abc``."""
    api = InProcess()
    id = begin(api, bytes=3)
    made = send_form(api, f"/v1/uploads/{id}/parts", {"data": "abc"}).json["id"]
    assert complete(api, id, made).json["file"]["bytes"] == 3


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_a_correct_checksum_completes_the_upload(spelling: Any) -> None:
    api = InProcess()
    id = begin(api)
    made = part(api, id, b"abcdef")
    assert complete(api, id, made, md5=spelling(hashlib.md5(b"abcdef").hexdigest())).status == 200


def test_what_does_not_match_can_be_put_right() -> None:
    api = InProcess()
    id = begin(api)
    made = part(api, id, b"abcdef")
    wrong, right = hashlib.md5(b"other").hexdigest(), hashlib.md5(b"abcdef").hexdigest()
    assert complete(api, id, made, md5=wrong).error == error(
        f"Expected contents with md5 checksum {wrong}, but got {right} instead.", "md5"
    )
    for parts, got in (([], 0), ([made, made], 12)):
        assert complete(api, id, *parts).error == error(
            f"Expected the parts to have 6 bytes in total, but got {got} bytes instead.", "bytes"
        )
    assert api.get("/v1/files").json["data"] == []
    assert complete(api, id, made).json["status"] == "completed"


@pytest.mark.parametrize("purpose", ["assistants", "batch", "fine-tune", "vision", "user_data"])
def test_the_purpose_and_its_expiry_are_the_file_s(purpose: str) -> None:
    api = InProcess()
    id = begin(api, purpose=purpose, bytes=0)
    api.post("/_emulator/clock/advance", {"seconds": 60})
    file = complete(api, id).json["file"]
    assert (file["purpose"], file["created_at"]) == (purpose, START + 60)
    assert file["expires_at"] == (START + 60 + 30 * 86_400 if purpose == "batch" else None)


def test_a_requested_expiry_counts_from_the_file() -> None:
    api = InProcess()
    id = begin(api, bytes=0, expires_after={"anchor": "created_at", "seconds": HOUR})
    api.post("/_emulator/clock/advance", {"seconds": 60})
    assert complete(api, id).json["file"]["expires_at"] == START + 60 + HOUR


# ---- What is refused ----


def ended(api: InProcess, status: str) -> tuple[str, str]:
    """An upload of that status with the id of its part."""
    id = begin(api)
    made = part(api, id, b"abcdef")
    if status == "completed":
        complete(api, id, made)
    elif status == "cancelled":
        assert cancel(api, id).json["status"] == "cancelled"
    elif status == "expired":
        api.post("/_emulator/clock/advance", {"seconds": HOUR})
    return id, made


@pytest.mark.parametrize("status", ["completed", "cancelled", "expired"])
def test_an_upload_that_has_ended_refuses_every_change(status: str) -> None:
    api = InProcess()
    id, made = ended(api, status)
    files = api.get("/v1/files").json["data"]
    for act, reply in (
        ("add a part to", add(api, id, b"more")),
        ("complete", complete(api, id, made)),
        ("cancel", cancel(api, id)),
    ):
        assert reply.error == error(f"Cannot {act} upload with status '{status}'.")
    assert api.get("/v1/files").json["data"] == files


def test_the_last_second_of_an_upload() -> None:
    api = InProcess()
    id, made = ended(api, "pending")
    api.post("/_emulator/clock/advance", {"seconds": HOUR - 1})
    assert complete(api, id, made).json["status"] == "completed"


def test_a_completed_upload_does_not_expire() -> None:
    api = InProcess()
    id, _ = ended(api, "completed")
    api.post("/_emulator/clock/advance", {"seconds": 2 * HOUR})
    assert cancel(api, id).error == error("Cannot cancel upload with status 'completed'.")


def test_the_response_of_a_cancelled_upload() -> None:
    api = InProcess()
    reply = cancel(api, begin(api))
    assert is_written(reply)
    assert list(reply.json) == UPLOAD_KEYS
    assert reply.json["status"] == "cancelled"


@pytest.mark.parametrize("act", ["parts", "complete", "cancel"])
@pytest.mark.parametrize(
    ("id", "refusal"),
    [("upload_none", absent("upload", "upload_none")), ("up-1", wrong_id("upload_id", "up-1", "upload"))],
)
def test_an_upload_that_does_not_exist_is_a_404(act: str, id: str, refusal: Error) -> None:
    api = InProcess()
    path = f"/v1/uploads/{id}/{act}"
    reply = (
        send_form(api, path, {"data": "x"})
        if act == "parts"
        else api.post(path, {"part_ids": []} if act == "complete" else None)
    )
    assert reply.error == refusal


def test_a_part_of_another_upload_is_not_found() -> None:
    api = InProcess()
    one, two = begin(api), begin(api)
    made = part(api, one, b"abcdef")
    assert complete(api, two, made).error == absent("part", made)
    assert complete(api, two, "file-1").error == wrong_id("part_ids", "file-1", "part")
    assert complete(api, one, made).status == 200


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"filename": None}, missing("filename")),
        ({"purpose": None}, missing("purpose")),
        ({"bytes": None}, missing("bytes")),
        ({"mime_type": None}, missing("mime_type")),
        ({"bytes": -1}, too_low("bytes", 0, -1)),
        ({"bytes": 8 * 2**30 + 1}, too_high("bytes", 8 * 2**30, 8 * 2**30 + 1)),
        ({"bytes": "6"}, ill_typed("bytes", "an integer", "a string")),
        ({"colour": "red"}, unknown("colour")),
        (
            {"purpose": "evals"},
            no_value("evals", "'assistants', 'batch', 'fine-tune', 'vision', and 'user_data'", "purpose"),
        ),
        (
            {"expires_after": {"anchor": "created_at", "seconds": 3599}},
            too_low("expires_after.seconds", 3600, 3599),
        ),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_a_wrong_upload_request_is_refused(changes: dict[str, Any], refusal: Error) -> None:
    body = {key: value for key, value in {**BODY, **changes}.items() if value is not None}
    assert InProcess().post("/v1/uploads", body).error == refusal


def test_the_largest_upload_that_may_be_begun() -> None:
    assert InProcess().post("/v1/uploads", {**BODY, "bytes": 8 * 2**30}).status == 200


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 400)])
def test_the_largest_part(monkeypatch: pytest.MonkeyPatch, size: int, status: int) -> None:
    from emulator.apis.files.endpoints import uploads
    from emulator.base import limits

    assert limits.MAX_PART == 64 * 1024 * 1024
    monkeypatch.setattr(uploads, "MAX_PART", 1000)
    api = InProcess()
    reply = add(api, begin(api), bytes(size))
    assert reply.status == status
    if status == 400:
        assert reply.error[1:] == (
            "Invalid 'data': file too large. Expected a file with maximum size 1000 bytes, "
            "but got a larger one instead.",
            "invalid_request_error",
            "data",
            "file_above_max_size",
        )


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({}, "We could not parse the multipart body of your request: expected multipart/form-data"),
        ({"colour": "red"}, "Additional properties are not allowed ('colour' was unexpected)"),
        ({"data": "x", "more": "y"}, "Additional properties are not allowed ('more' was unexpected)"),
    ],
    ids=["nothing", "another field", "a field too many"],
)
def test_a_part_without_exactly_its_data_is_refused(fields: dict[str, str], refusal: str) -> None:
    api = InProcess()
    path = f"/v1/uploads/{begin(api)}/parts"
    reply = send_form(api, path, fields) if fields else api.post(path)
    assert (reply.status, reply.json["error"]["message"]) == (400, refusal)


def test_uploads_make_azure_s_ids_and_the_published_shape() -> None:
    api = InProcess(shapes="spec")
    version = "?api-version=2025-04-01-preview"
    id = api.post(f"/openai/uploads{version}", {**BODY, "bytes": 0}).json["id"]
    file = api.post(f"/openai/uploads/{id}/complete{version}", {"part_ids": []}).json["file"]
    assert file["id"].startswith("assistant-")
    assert None not in file.values()


def test_an_upload_s_file_can_be_searched() -> None:
    api = InProcess()
    id = begin(api, purpose="assistants", bytes=6)
    file = complete(api, id, part(api, id, b"apples")).json["file"]["id"]
    store = api.post("/v1/vector_stores", {"file_ids": [file, make_file(api)]}).json["id"]
    assert [
        one["file_id"] for one in api.post(f"/v1/vector_stores/{store}/search", {"query": "apple"}).json["data"]
    ] == [file]
