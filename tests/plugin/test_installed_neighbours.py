"""The other plugins and tools of real sessions, installed: each with a test that uses it and the emulator."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.recording.handmade import Book
from tests.recording.handmade_responses import ask, response, says
from tests.sdk.install import HOW, NEIGHBOURS, is_installed, python_of

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not is_installed(NEIGHBOURS), reason=f"the neighbours are {HOW}"),
]

HEAD = """
import os, pytest
from openai import AsyncOpenAI, OpenAI

pytestmark = pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "Hello!"}]}]})
early = AsyncOpenAI()

def app():
    client = OpenAI()
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    return run.status

"""
PLAIN = "def test_app(assistants_emulator):\n    assert app() == 'completed'\n"
CASSETTE = "@pytest.mark.vcr\n" + PLAIN

#: By tool: the options, and the tests.
NEIGHBOURS_TABLE: dict[str, tuple[list[str], str]] = {
    "vcrpy replays": (["--record-mode=none"], CASSETTE),
    "vcrpy records": (["--record-mode=new_episodes"], CASSETTE),
    "pytest-recording blocks": (["--block-network"], PLAIN),
    "pytest-socket blocks": (["--disable-socket"], PLAIN),
    "pytest-socket allows others": (["--allow-hosts=10.0.0.1"], PLAIN),
    "respx": ([], """
def test_app(respx_mock):
    import httpx
    respx_mock.get("https://example.org/").respond(204)
    assert (httpx.get("https://example.org/").status_code, app()) == (204, "completed")
"""),
    "responses": ([], """
def test_app():
    import requests, responses
    with responses.RequestsMock() as mock:
        mock.get("https://example.org/", status=204)
        assert (requests.get("https://example.org/").status_code, app()) == (204, "completed")
"""),
    "pyfakefs": ([], "def test_app(fs, assistants_emulator):\n    assert app() == 'completed'\n"),
    "freezegun": ([], """
@pytest.mark.parametrize("when", ["1999-01-01", "2090-01-01"])
def test_app(when):
    import freezegun
    with freezegun.freeze_time(when):
        assert app() == "completed"
"""),
    "time-machine": ([], """
@pytest.mark.parametrize("when", ["1999-01-01", "2090-01-01"])
def test_app(when):
    import time_machine
    with time_machine.travel(when):
        assert app() == "completed"
"""),
    "pytest-randomly": (["-p", "randomly", "-p", "no:xdist"], PLAIN),
    "pytest-rerunfailures": (["--reruns", "1"], """
tries = []

def test_app(assistants_emulator):
    tries.append(app())
    assert len(assistants_emulator.runs()) == 1
    assert len(tries) == 2
"""),
    "pytest-timeout": (["--timeout", "60"], PLAIN),
    "pytest-xdist": (["-n", "2"], PLAIN + PLAIN.replace("test_app", "test_again")),
    "pytest-asyncio": (["-o", "asyncio_mode=auto"], """
@pytest.mark.parametrize("n", range(3))
async def test_app(n):
    await early.beta.threads.create()
"""),
    "anyio": ([], """
@pytest.mark.anyio
@pytest.mark.parametrize("n", range(3))
async def test_app(n):
    await early.beta.threads.create()
"""),
    "FastAPI's test client": ([], """
def test_app():
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    web = FastAPI()

    @web.get("/")
    async def page():
        return (await early.beta.threads.create()).object

    assert [TestClient(web).get("/").json() for _ in range(2)] == ["thread", "thread"]
    with TestClient(web) as client:
        assert [client.get("/").json() for _ in range(2)] == ["thread", "thread"]
"""),
    "Django's test client": ([], """
def test_app():
    import django
    from django.conf import settings
    from django.http import HttpResponse
    from django.test import Client
    from django.urls import path

    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="k")
    django.setup()
    globals()["urlpatterns"] = [path("", lambda request: HttpResponse(app()))]
    assert Client().get("/").content == b"completed"
"""),
}  # fmt: skip


def run(folder: Path, tests: str, *options: str, head: str = HEAD) -> subprocess.CompletedProcess[str]:
    """A pytest of the environment of neighbours, on these tests."""
    (folder / "pytest.ini").write_text("[pytest]\nassistants_emulator = true\n")
    (folder / "test_it.py").write_text(head + tests)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OPENAI_"))}
    command = [str(python_of(NEIGHBOURS)), "-m", "pytest", "-q", "-W", "ignore::DeprecationWarning", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("tool", NEIGHBOURS_TABLE)
def test_a_tool_and_the_emulator_go_together(tmp_path: Path, tool: str) -> None:
    options, tests = NEIGHBOURS_TABLE[tool]
    random = [] if tool == "pytest-randomly" else ["-p", "no:randomly"]

    done = run(tmp_path, tests, *random, *options)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout
    assert "127.0.0.1" not in "".join(file.read_text() for file in tmp_path.rglob("cassettes/**/*.yaml"))


FAILING = "def test_app(assistants_emulator):\n    assert app() == 'never'\n"


def test_the_reports_of_others_show_the_page_of_a_failed_test(tmp_path: Path) -> None:
    done = run(
        tmp_path, FAILING + PLAIN.replace("test_app", "test_green"), "--assistants-report=pages", "-p", "no:randomly",
        "--html=report.html", "--alluredir=allure",
    )  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    (page,) = (tmp_path / "pages").iterdir()
    assert page.as_uri() in (tmp_path / "report.html").read_text(encoding="utf-8")
    results = [json.loads(file.read_bytes()) for file in (tmp_path / "allure").glob("*-result.json")]
    attached = {one["name"]: one.get("attachments", []) for one in results}
    (shown,) = attached["test_app"]
    assert (shown["name"], shown["type"], attached["test_green"]) == ("assistants emulator", "text/html", [])
    assert (tmp_path / "allure" / shown["source"]).read_bytes() == page.read_bytes()


#: A client with a base of its own, and one whose variables the test clears; vcrpy finds the cassette by its options.
REPLAYED = """
import json, os, pytest
from openai import AsyncOpenAI, OpenAI

@pytest.fixture(scope="module")
def vcr_config():
    return {"cassette_library_dir": "tapes", "serializer": "json"}

@pytest.fixture(autouse=True)
def cleared(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

@pytest.mark.vcr
def test_app(vcr):
    client = OpenAI(base_url="https://api.openai.com/v1", api_key="sk-of-the-test")
    assert client.responses.create(model="gpt-4o", input="How are you?").output_text == "Fine."
    events = client.responses.create(model="gpt-4o", input="How are you?", stream=True)
    assert [event.type for event in events][-1] == "response.completed"
    assert vcr.play_count == 2

@pytest.mark.vcr
@pytest.mark.default_cassette("test_app")
@pytest.mark.anyio
async def test_async():
    response = await AsyncOpenAI(api_key="sk-of-the-test").responses.create(model="gpt-4o", input="How are you?")
    assert response.output_text == "Fine."
    assert response.id != "resp_1"
"""


def test_vcrpy_hands_the_requests_of_a_cassette_on(tmp_path: Path) -> None:
    [exchange] = ask(Book(), response(says("Fine.")), "How are you?").exchanges
    interaction = {
        "request": {
            "method": "POST",
            "uri": exchange.url,
            "headers": {},
            "body": (exchange.request_body or b"").decode(),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": (exchange.response_body or b"").decode()},
        },
    }
    (tmp_path / "tapes").mkdir()
    (tmp_path / "tapes" / "test_app.json").write_text(json.dumps({"version": 1, "interactions": [interaction]}))
    settings = ["-o", "assistants_emulator_cassettes=true", "-o", "assistants_emulator=false", "-p", "no:randomly"]

    done = run(tmp_path, REPLAYED, *settings, head="")

    assert "2 passed" in done.stdout, done.stdout
    assert "2 of 2 tests with the marker vcr got their cassettes as scenarios" in done.stdout
