"""Keys without end: worlds are bounded, what changes nothing makes none, and a forgotten world is told."""

from __future__ import annotations

import logging
import re
import signal
import subprocess
import sys

import pytest

from emulator.base import clock
from emulator.base.limits import MAX_BARE_WORLDS
from emulator.cli.main import main
from emulator.server.app import Application
from emulator.world import kept_worlds
from emulator.world.worlds import Worlds
from tests.support import Api, InProcess


class Keys:
    """An application with a world for each key, and a clock for idle ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, max_worlds: int = 3, forget_idle: float | None = 60) -> None:
        self.now = 0.0
        monkeypatch.setitem(clock._MACHINE, "monotonic", lambda: self.now)
        self.worlds = Worlds(mode="key", max_worlds=max_worlds, forget_idle=forget_idle)
        self.application = Application(self.worlds)

    def api(self, key: str) -> Api:
        api = InProcess(key=key)
        api.worlds, api.app = self.worlds, self.application
        return api

    def make(self, key: str) -> int:
        return self.api(key).post("/v1/threads", {}).status

    @property
    def number(self) -> int:
        number: int = self.api("any").get("/_emulator/health").json["worlds"]
        return number


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Keys:
    return Keys(monkeypatch)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/v1/threads/thread_x", None), ("GET", "/v1/models", None), ("DELETE", "/v1/threads/thread_x", None),
     ("POST", "/v1/threads/thread_x", {}), ("POST", "/v1/threads", {"x": 1}), ("GET", "/_emulator/check", None),
     ("GET", "/_emulator/snapshot", None), ("POST", "/_emulator/reset", {}), ("DELETE", "/_emulator/world", None),
     ("POST", "/_emulator/scenarios", {"x": 1}), ("PATCH", "/v1/nothing", None)],
)  # fmt: skip
def test_what_makes_nothing_makes_no_world(method: str, path: str, body: object, keys: Keys) -> None:
    for number in range(10):
        assert keys.api(f"key{number}").request(method, path, body).status < 500
    assert keys.number == 0
    assert keys.make("last") == 200
    assert keys.number == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/threads", {}), ("/v1/conversations", {}), ("/_emulator/scenarios", {"version": 1}),
     ("/_emulator/faults", {"operation": "create_run", "kind": "error"}), ("/_emulator/reset", {"seed": 7}),
     ("/_emulator/baseline", {}), ("/_emulator/clock/advance", {"seconds": 1})],
)  # fmt: skip
def test_one_too_many_is_a_429_that_the_sdks_do_not_try_again(path: str, body: object, keys: Keys) -> None:
    for key in ("a", "b", "c"):
        assert keys.make(key) == 200
    keys.api("d").get("/v1/models")
    refused = keys.api("d").post(path, body)
    assert refused.status == 429
    assert "at most 3 worlds" in refused.json["error"]["message"]
    if path.startswith("/v1"):
        assert refused.headers["x-should-retry"] == "false"
    assert keys.make("a") == 200, "a key with a world goes on"
    assert keys.api("c").delete("/_emulator/world").status == 200
    assert keys.api("d").post(path, body).status == 200


def test_the_newest_that_nothing_changed_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys(monkeypatch, max_worlds=5000)
    keys.api("a").get("/v1/models")
    for number in range(MAX_BARE_WORLDS + 5):
        keys.worlds.of(f"bare{number}")
    assert len(keys.worlds.all()) == MAX_BARE_WORLDS
    assert keys.api("a").get("/_emulator/requests").json["requests"] == []


@pytest.mark.parametrize("path", ["/v1/threads", "/_emulator/check", "/openai/threads?api-version=2024-05-01-preview"])
def test_a_forgotten_world_is_told_once(path: str, keys: Keys) -> None:
    thread = keys.api("a").post("/v1/threads", {}).json["id"]
    keys.now = 50
    assert keys.api("a").get(f"/v1/threads/{thread}").status == 200
    keys.now = 111
    told = keys.api("a").get(path) if "check" in path else keys.api("a").post(path, {})
    assert told.status == 410
    assert "because it got no request for 1 minute" in told.json["error"]["message"]
    assert keys.api("a").get(f"/v1/threads/{thread}").status == 404
    assert keys.make("a") == 200


def test_idle_worlds_make_room(keys: Keys) -> None:
    for key in ("a", "b", "c"):
        keys.make(key)
    keys.now = 30
    keys.api("b").get("/v1/models")
    keys.now = 80
    assert keys.make("d") == 200
    assert keys.number == 2
    assert [key for key, _ in keys.worlds.by_key() if key in "abcd"] == ["b", "d"]
    assert keys.api("a").post("/_emulator/reset", {}).status == 200, "a reset expects nothing of the old world"
    assert keys.make("a") == 200


def test_an_open_response_keeps_its_world(keys: Keys) -> None:
    keys.make("a")
    world = keys.worlds.of("a")
    world.open_responses += 1
    keys.now = 1000
    assert keys.worlds.of("a") is world
    keys.now = 2000
    keys.make("b")
    assert keys.worlds.of("a") is world


def test_the_log_warns_of_many(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(kept_worlds, "_WARNINGS", (5, 10))
    keys = Keys(monkeypatch, max_worlds=50)
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            keys.make(f"key{number}")
    assert [re.findall(r"there are \d+", one.getMessage()) for one in caplog.records] == [
        ["there are 5"],
        ["there are 10"],
    ]


@pytest.mark.parametrize(
    ("options", "statuses"),
    [(["--max-worlds", "2"], [200, 200, 429, 200]), (["--forget-idle", "0.000001s"], [200, 200, 200, 410]),
     (["--forget-idle", "0.000001s", "--worlds", "one"], [200] * 4), (["--forget-idle", "never"], [200] * 4)],
)  # fmt: skip
def test_serve_takes_the_bounds(options: list[str], statuses: list[int]) -> None:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        api = Api(process.stdout.readline().split()[-1].removesuffix("/v1"))
        keys = ({"Authorization": f"Bearer key{number}"} for number in (0, 1, 2, 0))
        assert [api.post("/v1/threads", {}, headers=key).status for key in keys] == statuses
        api.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize("bad", [["--max-worlds", "0"], ["--forget-idle", "1 week"], ["--forget-idle=-1s"]])
def test_bounds_that_are_none_are_refused(bad: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["serve", *bad])
    assert "expected a" in capsys.readouterr().err
