"""Tests in tests: what a user's module begins with, and a pytest of its own to run it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

#: Plugins that have nothing to do with it, and take their time.
WITHOUT = [
    word
    for name in ("cacheprovider", "hypothesispytest", "faker", "pytest_httpserver", "asyncio")
    for word in ("-p", f"no:{name}")
]
#: This suite turns warnings into errors; inner tests show those of the plugin as a user's do.
AS_A_USER = ["-W", "default::emulator.testing.loose_ends.LooseEndWarning"]

#: The SDK's own announcements are not the plugin's affair.
HEAD = """
import os
import pytest
from openai import OpenAI
pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning")]

def ask(client, text="Hi"):
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    return run, client.beta.threads.messages.list(thread.id).data[0].content[0].text.value

def app(text="Hi"):
    with OpenAI() as client:
        return ask(client, text)
"""
#: The same by the standard library, for workers that would take long to load the SDK.
LIGHT = """
import json, os, pytest, urllib.request

def send(path, body=None, method=None):
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "OpenAI-Beta": "assistants=v2"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, data, headers, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)

def app(text="Hi"):
    assistant = send("/assistants", {"model": "gpt-4o"})
    thread = send("/threads", {"messages": [{"role": "user", "content": text}]})
    path = f"/threads/{thread['id']}/runs"
    run = send(path, {"assistant_id": assistant["id"]})
    while run["status"] in ("queued", "in_progress"):
        run = send(f"{path}/{run['id']}")
    return run["status"]
"""
GREETING = "turns: [{when: {message: hi}, times: 1, steps: [{say: Hello!}]}]\n"


def run(
    pytester: pytest.Pytester, test: str, *arguments: str, head: str = HEAD, plugins: Sequence[object] = ()
) -> pytest.RunResult:
    """Runs pytest on a module that begins with HEAD, in this process; xdist's workers are always others."""
    pytester.makepyfile(test_app=head + test)
    return pytester.runpytest_inprocess(*WITHOUT, *AS_A_USER, "-q", *arguments, plugins=list(plugins))


def sections(result: pytest.RunResult) -> list[str]:
    """What the reports of failed tests tell about the emulator."""
    told = result.stdout.str().split("assistants emulator -")[1:]
    return [re.split(r"\n(___|===|---|\[gw)", one.partition("-\n")[2])[0] for one in told]
