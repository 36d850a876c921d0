"""Through every door: a key has its own world and no other, and pages of other sites and unknown names have none.

The doors are the routes themselves, so one that is added is tested with the others.
"""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from emulator.admin import routes as admin
from emulator.base.operations import OPERATIONS as ROUTES
from emulator.control.client import Control
from emulator.control.report import report
from tests.apis.endpoints import valid
from tests.apis.responses import valid as valid_for_responses
from tests.conftest import Emulate
from tests.hardness.bounds import bounded
from tests.support import Api, InProcess, Reply

BODIES = {**valid.BODIES, **valid_for_responses.BODIES, "create_response": {"model": "m", "input": "hi"}}
#: Stands in everything that the first key makes.
MARK = "only-mine"
HELD = {"version": 1, "name": MARK, "turns": [{"when": {"message": "hold"}, "steps": [{"hold": MARK}]},
        {"steps": [{"say": MARK}]}]}  # fmt: skip
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="%b"; filename="only-mine.md"\r\n\r\nonly-mine\r\n'
    b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n--b--\r\n'
)
IS_FORM = {"Content-Type": "multipart/form-data; boundary=b"}


class Furnished:
    """A world of one key with an object of each kind, and the client of another key of the same server."""

    def __init__(self, mode: Any) -> None:
        self.mine = mine = InProcess(key="sk-mine-0123456789")
        mine.worlds.mode = mode
        self.other = copy.copy(mine)
        self.other.key = "sk-other-0123456789"
        mine.post("/_emulator/scenarios", HELD)
        mine.post("/_emulator/faults", {"operation": "create_run", "kind": "error", "body": MARK, "skip": 1000})
        file = self._made("/v1/files", content=FORM % b"file", headers=IS_FORM)
        searched = {"file_ids": [file], "name": MARK, "metadata": {"k": MARK}}
        store = self._made("/v1/vector_stores", searched)
        batch = self._made(f"/v1/vector_stores/{store}/file_batches", {"file_ids": [file]})
        upload = {"filename": MARK, "purpose": "user_data", "bytes": 9, "mime_type": "text/plain"}
        assistant = mine.assistant(name=MARK, tools=[{"type": "file_search"}])
        thread = mine.thread(MARK)
        run = mine.run(thread, assistant, stream=False).json["id"]
        mine.poll(thread, run)
        held = self._made("/v1/threads/runs", {"assistant_id": assistant, "thread": {"messages": [
            {"role": "user", "content": f"hold {MARK}"}]}})  # fmt: skip
        mine.get(f"/v1/threads/{mine.turns[held].thread_id}/runs/{held}")
        self.ids = {
            "assistant_id": assistant,
            "thread_id": thread,
            "message_id": mine.get(f"/v1/threads/{thread}/messages").json["data"][0]["id"],
            "run_id": run,
            "step_id": mine.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"][0]["id"],
            "file_id": file,
            "vector_store_id": store,
            "batch_id": batch,
            "upload_id": self._made("/v1/uploads", upload),
            "response_id": self._made("/v1/responses", {"model": "gpt-4o", "input": MARK, "background": True}),
            "model": "ft:gpt-4o:mine",
            "label": MARK,
        }

    def _made(self, path: str, body: Any = None, **more: Any) -> str:
        reply = self.mine.post(path, body, **more)
        assert reply.status == 200, reply.body
        id: str = reply.json["id"]
        return id

    def path(self, template: str) -> str:
        template = template.replace(":path}", "}")
        for name, id in self.ids.items():
            template = template.replace("{" + name + "}", id)
        return template

    def body(self, operation: str) -> Any:
        """A valid body that names objects of the first key."""
        text = orjson.dumps(BODIES.get(operation, {})).decode()
        for invented, name in (("file-1", "file_id"), ("vs_1", "vector_store_id"), ("asst_1", "assistant_id")):
            text = text.replace(f'"{invented}"', f'"{self.ids[name]}"')
        return orjson.loads(text)

    def ask(self, client: Api, route: Any, method: str, **more: Any) -> Reply:
        path = self.path(("/v1" if route in ROUTES else "/_emulator") + route.path)
        if route.name in ("create_file", "add_upload_part"):
            name = b"data" if route.name == "add_upload_part" else b"file"
            more = {**more, "content": FORM % name, "headers": {**IS_FORM, **more.get("headers", {})}}
        elif method == "POST":
            more["json"] = self.body(route.name)
        return client.request(method, path, **more)

    def everything(self) -> bytes:
        """All that the first key has, as the admin API shows it."""
        shown = [self.mine.get(f"/_emulator/{one}").body for one in ("scenarios", "faults", "runs")]
        state = self.mine.get("/_emulator/state").json
        return b"".join([*shown, orjson.dumps([state["objects"], state["active_runs"]]), self._exported()])

    def _exported(self) -> bytes:
        return self.mine.get("/_emulator/export?as=scenario").body

    def leaks(self, reply: Reply, *, sent: str = "") -> list[str]:
        """What of the first key is in an answer, beside what the request named."""
        text = reply.body.decode("utf-8", "replace")
        return [one for one in {MARK, *self.ids.values()} if one in text and one not in sent]


#: An event stream has no end, and nothing but numbers in it: ``tests/admin/test_inspector.py`` reads it.
ENDLESS = "/events"
DOORS: list[tuple[Any, str]] = [
    *((route, route.method) for route in ROUTES),
    *(
        (route, method)
        for route in admin.ROUTES
        for method in sorted((route.methods or set()) - {"HEAD"})
        if route.path != ENDLESS
    ),
]
NAMES = [f"{method} {'' if route in ROUTES else '/_emulator'}{route.path}" for route, method in DOORS]
#: What makes things of one's own, and names nobody else's.
NAMES_NOTHING = {"create_upload", "create_file"}


@pytest.mark.parametrize(("route", "method"), DOORS, ids=NAMES)
def test_a_key_sees_and_changes_its_own_world_and_nothing_else(route: Any, method: str) -> None:
    world = Furnished("key")
    before = world.everything()
    reply = world.ask(world.other, route, method)
    named = world.path(route.path) + str(world.body(route.name))
    assert world.leaks(reply, sent=named) == [] or route.name in NAMES_NOTHING
    names_another_s = any(id in named for id in world.ids.values()) and "{model}" not in route.path  # nobody's own
    if names_another_s:
        assert reply.status in (400, 404)
        assert "answer" not in reply.json
    assert world.everything() == before


def test_the_same_with_a_stream_and_with_what_a_list_begins_after() -> None:
    world = Furnished("key")
    thread, assistant = world.ids["thread_id"], world.ids["assistant_id"]
    assert world.other.run(thread, assistant, stream=True).status == 404
    for path in ("/v1/assistants", "/v1/files", "/v1/vector_stores"):
        for cursor in ("after", "before"):
            for id in world.ids.values():
                reply = world.other.get(f"{path}?{cursor}={id}")
                assert reply.status in (200, 400, 404)
                assert world.leaks(reply, sent=id) == []


@pytest.mark.parametrize(
    "path",
    ["/v1/assistants", "/v1/files", "/v1/vector_stores", "/_emulator/requests", "/_emulator/runs",
     "/_emulator/scenarios", "/_emulator/faults", "/_emulator/export", "/_emulator/export?as=scenario"],
)  # fmt: skip
def test_with_one_world_every_key_sees_the_same(path: str) -> None:
    world = Furnished("one")
    assert world.leaks(world.other.get(path))


OUTSIDE = {
    "another name": {"Host": "evil.example"},
    "another name and port": {"Host": "evil.example:8787"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "a form of another site": {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
    "an origin": {"Origin": "https://evil.example"},
    "a hidden origin": {"Origin": "null"},
    "an origin that is a file": {"Origin": "file://"},
    "an extension": {"Origin": "chrome-extension://abcdef"},
    "an origin that begins as ours": {"Origin": "http://localhost.evil.example"},
}


@pytest.fixture(scope="module")
def furnished() -> Furnished:
    return Furnished("one")


@pytest.mark.parametrize("headers", OUTSIDE.values(), ids=OUTSIDE)
def test_no_door_is_open_to_other_sites_and_by_unknown_names(headers: dict[str, str], furnished: Furnished) -> None:
    before = furnished.everything()
    for route, method in [*DOORS, *((route, "OPTIONS") for route, _ in DOORS)]:
        for client in (furnished.mine, furnished.other):
            reply = furnished.ask(client, route, method, headers=headers)
            assert (reply.status, reply.json["error"]["code"]) in ((403, "cross_site_request"), (403, "unknown_host"))
            assert "access-control-allow-origin" not in reply.headers
    for path in ("/", "/v1", "/nothing", "/_emulator", "/_emulator/nothing", "/openai/assistants?api-version=v1"):
        assert furnished.mine.get(path, headers=headers).status == 403
    assert furnished.everything() == before


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost:3000"}, {"Origin": "http://127.0.0.1:8787"}, {"Sec-Fetch-Site": "same-origin"},
     {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, {"Sec-Fetch-Site": "none"}],
    ids=str,
)  # fmt: skip
def test_what_is_no_other_site_is_answered(headers: dict[str, str]) -> None:
    assert InProcess().get("/v1/assistants", headers=headers).status == 200


# ---- Secrets ----

SECRET = "s3cret-Value-0123456789"
CARRIED = {
    "Authorization": f"Bearer {SECRET}",
    "api-key": SECRET,
    "Cookie": f"session={SECRET}",
    "Proxy-Authorization": f"Basic {SECRET}",
    "X-Api-Key": SECRET,
    "X-Auth-Token": SECRET,
    "X-Amz-Security-Token": SECRET,
    "Ocp-Apim-Subscription-Key": SECRET,
    "OpenAI-Organization": SECRET,
}
PATHS = [f"/v1/assistants?api-key={SECRET}", f"/openai/assistants?api-version=v1&subscription-key={SECRET}",
         f"/v1/assistants?access_token={SECRET}", f"/v1/unknown?sig={SECRET}"]  # fmt: skip


def test_no_door_tells_a_secret_that_a_request_carried(emulate: Emulate) -> None:
    emulator = emulate()
    api = Api(emulator.url)
    for path in PATHS:
        api.get(path, headers=CARRIED)
    api.post("/v1/assistants", {"model": "gpt-4o", "name": "x"}, headers=CARRIED)
    for route, method in DOORS:
        if route in admin.ROUTES and method == "GET" and "{" not in route.path:
            assert SECRET.encode() not in api.get(f"/_emulator{route.path}").body, route.path
    assert SECRET not in api.get("/_emulator/export?as=scenario").body.decode()
    assert SECRET not in report(Control(emulator.url, "sk-test"))
    api.close()


def test_a_key_that_is_refused_is_not_repeated_whole() -> None:
    with bounded():
        reply = InProcess(key="sk-" + "x" * 9000).get("/v1/assistants")
    assert reply.status == 401
    assert b"x" * 20 not in reply.body
