"""Containers and their files: what requests and code put into them, what is read from them, and when they expire."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from emulator.apis.responses.containers import disposition
from emulator.base.problems import ScenarioError
from tests.apis.endpoints.test_files import make_file, send_form
from tests.apis.endpoints.words import error, missing, no_value, too_high, too_many, unknown
from tests.apis.responses.driving import CODE, Body, items, made, problems, respond, text, user
from tests.support import InProcess, Reply

CONTAINERS = "/v1/containers"
MINUTE = 60
PIXEL = base64.b64encode(b"\x89PNG").decode()
GONE = error("Container not found", status=404)

SCENARIO: Body = {
    "given": {"files": [{"id": "file-data", "filename": "data.csv", "purpose": "user_data", "content": "1,2"}]},
    "turns": [
        {
            "when": {"message": "plot"},
            "steps": [
                {
                    "code": {
                        "input": "plot()",
                        "images": [{"filename": "plot.png", "base64": PIXEL}],
                        "files": [{"filename": "sums.csv", "content": "3"}],
                    }
                },
                {"say": "See [sums](sandbox:/mnt/data/sums.csv)."},
            ],
        },
        {"when": {"message": "twice"}, "steps": [{"code": {"input": "1"}}, {"wait": 1500}, {"code": {"input": "2"}}]},
        {"when": {"message": "compute"}, "steps": [{"code": {"input": "1 + 1", "logs": "2"}}, {"say": "2"}]},
        {"steps": [{"say": "Yes."}]},
    ],
}


@pytest.fixture
def api() -> InProcess:
    return InProcess(SCENARIO)


def container(api: InProcess, name: str = "mine", **body: Any) -> Body:
    """A new container."""
    reply = api.post(CONTAINERS, {"name": name, **body})
    assert reply.status == 200, reply.body
    made: Body = reply.json
    return made


def upload(api: InProcess, id: str, filename: str = "notes.txt", content: bytes = b"Notes.") -> Body:
    """A file that is put into a container by form."""
    reply = send_form(api, f"{CONTAINERS}/{id}/files", files={"file": (filename, content)})
    assert reply.status == 200, reply.body
    made: Body = reply.json
    return made


def listed(api: InProcess, path: str = "") -> Body:
    reply = api.get(CONTAINERS + path)
    assert reply.status == 200, reply.body
    page: Body = reply.json
    return page


def names(page: Body) -> list[str]:
    return [one["name"] for one in page["data"]]


def paths(api: InProcess, id: str) -> list[str]:
    """The paths of the files in a container, oldest first."""
    return [file["path"] for file in listed(api, f"/{id}/files?order=asc")["data"]]


def used_by(response: Body) -> list[str]:
    """The containers in which a response's code has run."""
    return [item["container_id"] for item in items(response, "code_interpreter_call")]


def idle(api: InProcess, minutes: float) -> None:
    api.world.clock.move_to(api.world.clock.now() + minutes * MINUTE)


def in_container(id: str) -> Body:
    return {"type": "code_interpreter", "container": id}


# ---- Containers ----


def test_a_new_container_to_the_key(api: InProcess) -> None:
    created = container(api)

    assert list(created) == [
        "id",
        "object",
        "created_at",
        "status",
        "expires_after",
        "last_active_at",
        "memory_limit",
        "name",
        "network_policy",
    ]
    assert re.fullmatch(r"cntr_[0-9a-f]{48}", created["id"])
    assert created["id"][5:13] == f"{created['created_at']:08x}"
    assert (created["object"], created["status"], created["name"]) == ("container", "running", "mine")
    assert created["expires_after"] == {"anchor": "last_active_at", "minutes": 20}
    assert created["last_active_at"] == created["created_at"]
    assert (created["memory_limit"], created["network_policy"]) == ("1g", {"type": "disabled"})
    assert listed(api, f"/{created['id']}") == created


def test_parameters_are_echoed_without_secrets(api: InProcess) -> None:
    policy = {"type": "allowlist", "allowed_domains": ["example.com"]}
    secrets = [{"domain": "example.com", "name": "n", "value": "v"}]
    wish: Body = {"memory_limit": "4g", "expires_after": {"anchor": "last_active_at", "minutes": 5}}
    created = container(api, network_policy={**policy, "domain_secrets": secrets}, **wish)

    assert {key: created[key] for key in wish} == wish
    assert created["network_policy"] == policy


def test_containers_are_listed_newest_first_and_by_name(api: InProcess) -> None:
    ids = [container(api, name)["id"] for name in "abcab"]

    assert names(listed(api)) == list("bacba")
    assert names(listed(api, "?order=asc&limit=2")) == ["a", "b"]
    first = listed(api, "?limit=2")
    rest = listed(api, f"?after={first['last_id']}")
    assert (first["has_more"], names(first), names(rest)) == (True, ["b", "a"], ["c", "b", "a"])
    assert [one["id"] for one in listed(api, "?name=a")["data"]] == [ids[3], ids[0]]
    assert listed(api, "?name=nobody")["data"] == []


def test_a_container_can_be_deleted_once(api: InProcess) -> None:
    id = container(api)["id"]
    file = upload(api, id)["id"]

    assert api.delete(f"{CONTAINERS}/{id}").json == {"id": id, "object": "container.deleted", "deleted": True}
    assert api.delete(f"{CONTAINERS}/{id}").error == GONE
    assert api.get(f"{CONTAINERS}/{id}/files/{file}").error == GONE
    assert names(listed(api)) == []


# ---- Files ----


def test_a_file_can_be_uploaded_listed_read_and_deleted(api: InProcess) -> None:
    id = container(api)["id"]
    file = upload(api, id, "notes.txt", b"Gr\xc3\xbc\xc3\x9fe")
    path = f"{CONTAINERS}/{id}/files/{file['id']}"

    assert list(file) == ["id", "object", "created_at", "bytes", "container_id", "path", "source"]
    assert re.fullmatch(r"cfile_[0-9a-f]{32}", file["id"])
    assert (file["object"], file["bytes"], file["container_id"], file["source"]) == ("container.file", 7, id, "user")
    assert re.fullmatch(r"/mnt/data/[0-9a-f]{32}-notes\.txt", file["path"])
    assert api.get(path).json == file
    assert listed(api, f"/{id}/files")["data"] == [file]
    content = api.get(f"{path}/content")
    assert content.body == b"Gr\xc3\xbc\xc3\x9fe"
    assert content.headers["content-type"] == "text/plain; charset=utf-8"
    name = file["path"].removeprefix("/mnt/data/")
    assert content.headers["content-disposition"] == f"attachment; filename=\"file.txt\"; filename*=UTF-8''{name}"

    assert api.delete(path).json == {"id": file["id"], "object": "container.file.deleted", "deleted": True}
    absent = error(f"Container file with id '{file['id']}' not found.", status=404)
    assert [api.get(path).error, api.get(f"{path}/content").error, api.delete(path).error] == [absent] * 3


def test_files_of_the_account_are_put_in_under_their_ids(api: InProcess) -> None:
    id = container(api, file_ids=["file-data"])["id"]
    other = make_file(api, "notes.txt", b"Notes.")
    added = api.post(f"{CONTAINERS}/{id}/files", {"file_id": other}).json

    assert paths(api, id) == ["/mnt/data/file-data-data.csv", f"/mnt/data/{other}-notes.txt"]
    assert (added["bytes"], added["source"]) == (6, "user")
    api.delete(f"/v1/files/{other}")
    assert api.get(f"{CONTAINERS}/{id}/files/{added['id']}/content").body == b"Notes."


def test_files_are_listed_from_page_to_page(api: InProcess) -> None:
    id = container(api)["id"]
    files = [upload(api, id, f"{number}.txt")["id"] for number in range(3)]
    first = listed(api, f"/{id}/files?limit=2")

    assert [one["id"] for one in first["data"]] == [files[2], files[1]]
    assert [one["id"] for one in listed(api, f"/{id}/files?after={first['last_id']}")["data"]] == [files[0]]
    assert [one["id"] for one in listed(api, f"/{id}/files?order=asc")["data"]] == files


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.json", "application/json"),
        ("a.none-of-these", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_a_download_has_the_type_of_its_name(api: InProcess, name: str, kind: str) -> None:
    id = container(api)["id"]
    file = upload(api, id, name)["id"]

    assert api.get(f"{CONTAINERS}/{id}/files/{file}/content").headers["content-type"] == kind


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plot.png", "attachment; filename=\"file.png\"; filename*=UTF-8''plot.png"),
        ("no ending", "attachment; filename=\"file\"; filename*=UTF-8''no%20ending"),
        ("Übersicht.ödt", "attachment; filename=\"file\"; filename*=UTF-8''%C3%9Cbersicht.%C3%B6dt"),
        ('a.x"\r\nb: c', "attachment; filename=\"file\"; filename*=UTF-8''a.x%22%0D%0Ab%3A%20c"),
    ],
)
def test_no_name_breaks_the_header_of_its_download(name: str, header: str) -> None:
    assert disposition(name) == header


# ---- What is refused ----


def test_nothing_can_be_done_with_a_container_that_is_not_there(api: InProcess) -> None:
    path = f"{CONTAINERS}/cntr_nowhere"
    replies: list[Reply] = [
        api.get(path),
        api.delete(path),
        api.get(f"{path}/files"),
        api.post(f"{path}/files", {"file_id": "file-data"}),
        api.get(f"{path}/files/cfile_1"),
        api.get(f"{path}/files/cfile_1/content"),
        api.delete(f"{path}/files/cfile_1"),
        respond(api, "compute", tools=[in_container("cntr_nowhere")]),
    ]

    assert [reply.error for reply in replies] == [GONE] * len(replies)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, missing("name")),
        ({"name": "n", "zzz": 1}, unknown("zzz")),
        ({"name": "n", "file_ids": ["f"] * 51}, too_many("file_ids", 50, 51)),
        ({"name": "n", "file_ids": ["file-none"]}, error("No file found with id 'file-none'.", "file_ids", status=404)),
        (
            {"name": "n", "expires_after": {"anchor": "last_active_at", "minutes": 21}},
            too_high("expires_after.minutes", 20, 21),
        ),
        ({"name": "n", "memory_limit": "2g"}, no_value("2g", "'1g', '4g', '16g', and '64g'", "memory_limit")),
    ],
)
def test_containers_that_cannot_be_are_refused(api: InProcess, body: Body, expected: Any) -> None:
    assert api.post(CONTAINERS, body).error == expected
    assert listed(api)["data"] == []


def test_files_that_cannot_be_are_refused(api: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{CONTAINERS}/{container(api)['id']}/files"

    assert api.post(path, {}).error == error("'file' is a required property", "file")
    assert send_form(api, path, {"name": "x"}).json["error"]["code"] == "unknown_parameter"
    absent = error("No file found with id 'file-none'.", "file_id", status=404)
    assert api.post(path, {"file_id": "file-none"}).error == absent
    monkeypatch.setattr("emulator.apis.responses.endpoints.containers.MAX_FILE", 3)
    large = send_form(api, path, files={"file": ("a.txt", b"four")})
    assert large.error[3:] == ("file", "file_above_max_size")
    assert listed(api, path.removeprefix(CONTAINERS))["data"] == []


def test_an_auto_container_needs_files_that_are_there(api: InProcess) -> None:
    tool = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-data", "file-none"]}}
    refused = respond(api, "compute", tools=[CODE, tool])

    message = "No file found with id 'file-none'."
    assert refused.error == error(message, "tools[1].container.file_ids", status=404)
    assert listed(api)["data"] == []


# ---- Expiry ----


def test_a_container_expires_after_20_idle_minutes(api: InProcess) -> None:
    created = container(api)
    id, file = created["id"], upload(api, created["id"])["id"]
    idle(api, 19.9)
    assert listed(api, f"/{id}")["status"] == "running"

    idle(api, 0.1)
    expired = listed(api, f"/{id}")
    assert expired == {**created, "status": "expired", "last_active_at": created["created_at"] + 20 * MINUTE}
    assert [one["status"] for one in listed(api)["data"]] == ["expired"]
    path = f"{CONTAINERS}/{id}/files"
    replies = [
        api.get(path),
        send_form(api, path, files={"file": ("a.txt", b"a")}),
        api.get(f"{path}/{file}"),
        api.get(f"{path}/{file}/content"),
        api.delete(f"{path}/{file}"),
    ]
    assert [reply.error for reply in replies] == [GONE] * 5
    refused = respond(api, "compute", tools=[CODE, in_container(id)])
    message = f"Container '{id}' has expired."
    assert refused.error == error(message, "tools[1].container", "container_expired")
    assert api.delete(f"{CONTAINERS}/{id}").status == 200


def test_a_container_may_expire_sooner(api: InProcess) -> None:
    id = container(api, expires_after={"anchor": "last_active_at", "minutes": 5})["id"]
    idle(api, 5)

    assert listed(api, f"/{id}")["status"] == "expired"


@pytest.mark.parametrize("use", ["upload", "download", "code"])
def test_use_keeps_a_container(api: InProcess, use: str) -> None:
    id = container(api)["id"]
    file = upload(api, id)["id"]
    for _ in range(3):
        idle(api, 15)
        if use == "upload":
            upload(api, id)
        elif use == "download":
            api.get(f"{CONTAINERS}/{id}/files/{file}/content")
        else:
            assert used_by(made(api, "compute", tools=[in_container(id)])) == [id]

    assert listed(api, f"/{id}")["status"] == "running"


def test_looking_does_not_keep_a_container(api: InProcess) -> None:
    id = container(api)["id"]
    file = upload(api, id)["id"]
    for _ in range(2):
        idle(api, 10)
        for path in ("", f"/{id}", f"/{id}/files", f"/{id}/files/{file}"):
            api.get(CONTAINERS + path)

    assert listed(api, f"/{id}")["status"] == "expired"


# ---- The containers of code ----


def test_an_auto_container_is_made_for_each_response_that_runs_code(api: InProcess) -> None:
    first, second = made(api, "compute", tools=[CODE]), made(api, "compute", tools=[CODE])
    made(api, "hi", tools=[CODE])

    assert used_by(first) != used_by(second)
    assert names(listed(api)) == ["auto", "auto"]
    assert [one["id"] for one in listed(api)["data"]] == [*used_by(second), *used_by(first)]
    assert used_by(first)[0].endswith(first["id"][5:21])


def test_later_code_of_a_chain_runs_in_the_same_container(api: InProcess) -> None:
    first = made(api, "compute", tools=[CODE])
    second = made(api, "compute", tools=[CODE], previous_response_id=first["id"])
    third = made(api, [*first["output"], user("compute")], tools=[CODE])
    assert used_by(first) == used_by(second) == used_by(third)

    idle(api, 20)
    late = made(api, "compute", tools=[CODE], previous_response_id=second["id"])
    assert used_by(late) != used_by(first)
    assert problems(api) == []


def test_later_code_on_a_conversation_runs_in_the_same_container(api: InProcess) -> None:
    conversation = api.post("/v1/conversations").json["id"]
    answers = [made(api, "compute", tools=[CODE], conversation=conversation) for _ in range(2)]

    assert used_by(answers[0]) == used_by(answers[1])


def test_the_container_that_the_tool_names_comes_first(api: InProcess) -> None:
    id = container(api)["id"]
    first = made(api, "compute", tools=[CODE])
    second = made(api, "compute", tools=[in_container(id)], previous_response_id=first["id"])

    assert used_by(second) == [id]
    assert used_by(first) != [id]


def test_all_code_of_a_response_runs_in_one_container_however_long_it_takes(api: InProcess) -> None:
    response = made(api, "twice", tools=[CODE])

    left, right = used_by(response)
    assert left == right


def test_an_auto_container_has_the_files_that_it_asks_for(api: InProcess) -> None:
    tool = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-data"], "memory_limit": "4g"}}
    (id,) = used_by(made(api, "compute", tools=[tool]))

    assert listed(api, f"/{id}")["memory_limit"] == "4g"
    assert paths(api, id) == ["/mnt/data/file-data-data.csv"]
    (file,) = listed(api, f"/{id}/files")["data"]
    assert api.get(f"{CONTAINERS}/{id}/files/{file['id']}/content").body == b"1,2"


def test_files_that_code_makes_are_in_its_container_and_not_in_the_account(api: InProcess) -> None:
    response = made(api, "plot", tools=[CODE])
    (id,) = used_by(response)
    image, sums = listed(api, f"/{id}/files?order=asc")["data"]

    assert [image["path"], sums["path"]] == ["/mnt/data/plot.png", "/mnt/data/sums.csv"]
    assert {image["source"], sums["source"]} == {"assistant"}
    (annotation,) = items(response, "message")[0]["content"][0]["annotations"]
    assert (annotation["container_id"], annotation["file_id"], annotation["filename"]) == (id, sums["id"], "sums.csv")
    contents = [api.get(f"{CONTAINERS}/{id}/files/{one['id']}/content") for one in (image, sums)]
    assert [one.body for one in contents] == [b"\x89PNG", b"3"]
    assert [one.headers["content-type"] for one in contents] == ["image/png", "text/csv; charset=utf-8"]
    assert api.get(f"/v1/files/{sums['id']}").status == 404
    assert [one["id"] for one in api.get("/v1/files").json["data"]] == ["file-data"]


def test_files_of_code_have_the_same_names_on_both_apis(api: InProcess) -> None:
    tool: Body = {"type": "code_interpreter"}
    thread = api.thread("plot")
    run = api.run(thread, api.assistant(tools=[tool])).json["id"]
    assert api.poll(thread, run)[-1] == "completed"
    on_assistants = {
        one["filename"].rpartition("/")[2]
        for one in api.get("/v1/files").json["data"]
        if one["purpose"] == "assistants_output"
    }
    (id,) = used_by(made(api, "plot", tools=[CODE]))

    assert {path.rpartition("/")[2] for path in paths(api, id)} == on_assistants == {"plot.png", "sums.csv"}


def test_code_runs_on_in_a_container_that_was_deleted_meanwhile(api: InProcess) -> None:
    """A new one takes its place: the emulator does not run the code."""
    id = container(api)["id"]
    response = made(api, "compute", tools=[in_container(id)], background=True)
    api.delete(f"{CONTAINERS}/{id}")
    while (found := api.get(f"/v1/responses/{response['id']}").json)["status"] != "completed":
        continue

    assert text(found) == "2"
    assert used_by(found) != [id]


# ---- Worlds ----


def test_a_reset_returns_to_the_containers_of_the_baseline(api: InProcess) -> None:
    id = container(api)["id"]
    upload(api, id)
    api.post("/_emulator/baseline")
    for _ in range(2):
        upload(api, id)
        container(api)
        idle(api, 30)
        assert (len(listed(api)["data"]), listed(api, f"/{id}")["status"]) == (2, "expired")
        api.post("/_emulator/reset")
        assert [one["id"] for one in listed(api)["data"]] == [id]
        assert len(paths(api, id)) == 1


# ---- Given ones ----


def test_a_given_container_has_its_files_and_runs_code() -> None:
    files = [
        {"id": "cfile_a", "filename": "a.txt", "content": "hello"},
        {"filename": "b.bin", "bytes": 3, "source": "assistant"},
    ]
    given = {"files": SCENARIO["given"]["files"],
             "containers": [{"id": "cntr_mine", "name": "mine", "file_ids": ["file-data"], "files": files},
                            {"name": "old", "status": "expired"}]}  # fmt: skip
    api = InProcess({**SCENARIO, "given": given})

    expired, mine = api.get(CONTAINERS).json["data"]
    held = api.get(f"{CONTAINERS}/cntr_mine/files?order=asc").json["data"]

    assert (mine["id"], mine["status"], expired["status"]) == ("cntr_mine", "running", "expired")
    assert [(one["path"].rpartition("-")[2], one["source"]) for one in held] == [
        ("data.csv", "user"),
        ("/mnt/data/a.txt", "user"),
        ("/mnt/data/b.bin", "assistant"),
    ]
    assert api.get(f"{CONTAINERS}/cntr_mine/files/cfile_a/content").body == b"hello"
    tool = {"type": "code_interpreter", "container": "cntr_mine"}
    assert respond(api, input="compute", tools=[tool]).json["output"][0]["container_id"] == "cntr_mine"


def test_a_given_container_with_an_unknown_file_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"given\.containers\[0\]: .*file-none"):
        InProcess({"given": {"containers": [{"name": "mine", "file_ids": ["file-none"]}]}}).world  # noqa: B018
