"""The inspector's page and its doors: harmless by its headers, small, alive by events, and readable as one file."""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import suppress
from typing import Any

import httpx
import pytest

from emulator import Emulator
from emulator.admin.inspector.page import PAGE, POLICY, SCRIPTS, STYLE, text_of
from emulator.admin.inspector.report import html_of, report_of
from emulator.base.problems import EmulatorError
from tests.support import InProcess

LARGEST = 60_000
SCENARIO: dict[str, Any] = {"version": 1, "name": "one", "turns": [{"name": "hello", "steps": [{"say": "Hello!"}]}]}
NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
NO_KEY = {"Authorization": ""}


def everything() -> list[str]:
    return [text_of(name) for name in (PAGE, STYLE, *SCRIPTS)]


# ---- The page ----


@pytest.mark.parametrize("path", ["/_emulator", "/_emulator/", *(f"/_emulator/inspector/{one}" for one in SCRIPTS)])
def test_its_files_need_no_key_and_forbid_what_could_harm(path: str) -> None:
    reply = InProcess().get(path, headers=NO_KEY)
    assert reply.status == 200
    assert reply.headers["content-security-policy"] == POLICY
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_policy_has_nothing_unsafe_and_the_page_nothing_inline() -> None:
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY
    page = text_of(PAGE)
    assert not re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)


def test_text_never_becomes_markup() -> None:
    scripts = "".join(text_of(name) for name in SCRIPTS)
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|createContextualFragment"
    assert not re.findall(markup, scripts)


def test_it_is_small_and_has_no_dependencies() -> None:
    assert sum(len(text.encode()) for text in everything()) <= LARGEST
    assert not re.findall(r"\bimport\b.*from|require\(", "".join(text_of(name) for name in SCRIPTS))


@pytest.mark.parametrize("name", ["page.py", "../page.py", "x.js", "__init__.py"])
def test_there_are_no_other_files(name: str) -> None:
    assert InProcess().get(f"/_emulator/inspector/{name}").status == 404


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/_emulator/", NAVIGATION, 200),
        ("/", NAVIGATION, 200),
        ("/_emulator/", {**NAVIGATION, "Sec-Fetch-Dest": "iframe"}, 403),
        ("/_emulator/", {**NAVIGATION, "Sec-Fetch-Mode": "no-cors"}, 403),
        ("/_emulator/snapshot", NAVIGATION, 403),
        ("/_emulator/inspector/app.js", NAVIGATION, 403),
        ("/_emulator/events", NAVIGATION, 403),
    ],
)
def test_a_link_on_another_site_leads_to_a_page_without_data(path: str, headers: dict[str, str], status: int) -> None:
    assert InProcess(SCENARIO).get(path, headers=headers).status == status


def test_the_front_page_leads_a_browser_there() -> None:
    reply = InProcess().get("/", headers={**NO_KEY, "Accept": "text/html"})
    assert reply.status == 200
    assert b'<meta http-equiv="refresh" content="0; url=/_emulator/">' in reply.body


# ---- Events ----


def read_event(lines: Any) -> str:
    event: str = next(line for line in lines if line.startswith("data: "))
    return event


def test_events_tell_of_each_change_and_of_a_reset() -> None:
    with Emulator(SCENARIO) as emulator:
        headers = {"Authorization": f"Bearer {emulator.api_key}"}
        with httpx.stream("GET", f"{emulator.url}/_emulator/events", headers=headers) as stream:
            lines = stream.iter_lines()
            first = read_event(lines)
            httpx.get(f"{emulator.base_url}/models", headers=headers)
            second = read_event(lines)
            emulator.reset()
            third = read_event(lines)
        assert int(re.findall(r'"seq":(\d+)', second)[0]) > int(re.findall(r'"seq":(\d+)', first)[0])
        epochs = [re.findall(r'"epoch":"(.+)"', event)[0] for event in (first, second, third)]
        assert epochs[0] == epochs[1] != epochs[2]


def test_control_yields_the_changes() -> None:
    with Emulator(SCENARIO) as emulator:
        changes = emulator.events()
        epoch, seq = next(changes)
        httpx.get(f"{emulator.base_url}/models", headers={"Authorization": "Bearer sk-x"})
        assert next(changes) > (epoch, seq)
        assert emulator.snapshot(seq)["requests"][0]["operation"] == "list_models"
        with pytest.raises(EmulatorError, match=r"no change within 0\.2 seconds"):
            list(emulator.events(timeout=0.2))


def test_an_open_event_stream_does_not_hold_up_the_end() -> None:
    with Emulator(SCENARIO) as emulator:
        headers = {"Authorization": f"Bearer {emulator.api_key}"}
        client = httpx.Client()
        request = client.build_request("GET", f"{emulator.url}/_emulator/events", headers=headers)
        stream = client.send(request, stream=True)
        lines = stream.iter_lines()
        read_event(lines)
        emulator.stop()
        with suppress(httpx.HTTPError):  # it may end with a cut connection
            assert not [line for line in lines if line.startswith("data: ")]
        client.close()


# ---- Worlds ----


def test_a_server_with_one_world_lists_it_to_anybody() -> None:
    api = InProcess(SCENARIO)
    api.get("/v1/models")
    (world,) = api.get("/_emulator/worlds").json["worlds"]
    assert (world["key"], world["requests"]) == ("", 1)


@pytest.mark.parametrize(("key", "status"), [("sk-admin", 200), ("sk-one", 403)])
def test_where_each_key_has_a_world_only_the_admin_key_lists_them(key: str, status: int) -> None:
    api = InProcess(SCENARIO, key="sk-one")
    api.worlds.mode, api.worlds.admin_key = "key", "sk-admin"
    api.get("/v1/models")
    reply = api.get("/_emulator/worlds", headers={"Authorization": f"Bearer {key}"})
    assert reply.status == status
    if status == 200:
        assert [one["key"] for one in reply.json["worlds"]] == ["…-one"]
    else:
        assert "--admin-key" in reply.json["error"]["message"]
    assert api.worlds.keys() == ["sk-one"]


# ---- Control ----


def test_control_has_the_same_verbs() -> None:
    with Emulator(SCENARIO) as emulator:
        httpx.get(f"{emulator.base_url}/models", headers={"Authorization": "Bearer sk-x"})
        shown = emulator.snapshot()
        assert emulator.snapshot(shown["seq"])["requests"] == []
        assert emulator.request(shown["requests"][0]["seq"])["operation"] == "list_models"
        assert [world["requests"] for world in emulator.worlds()] == [1]
        with pytest.raises(EmulatorError, match="there is no run 'run_none'"):
            emulator.export("scenario", run="run_none")


# ---- The file ----


def test_the_file_runs_its_own_script_alone() -> None:
    page = html_of({"seq": 1, "requests": []}, "a test")
    policy = re.findall(r'content-security-policy" content="([^"]+)"', page)[0]
    inside = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(inside) == 1
    digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "/_emulator/inspector/" not in page


def test_hostile_text_and_secrets_do_not_get_out_of_the_data() -> None:
    hostile = "</script><script>alert(1)</script><!-- <b>"
    secret = "sk-proj-" + "Ab1" * 16
    page = html_of({"chats": [{"title": hostile, "entries": [{"text": f"my key is {secret}"}]}]}, hostile)
    assert "<script>alert" not in page
    assert secret not in page
    assert page.count("</script>") == 2


def test_the_file_of_an_ordinary_world_is_small() -> None:
    with Emulator(SCENARIO) as emulator:
        for _ in range(20):
            httpx.get(f"{emulator.base_url}/models", headers={"Authorization": "Bearer sk-x"})
        assert len(report_of(emulator, "a test").encode()) <= 150_000
