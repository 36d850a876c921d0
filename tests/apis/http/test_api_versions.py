"""Versions that did not have what a request wants (docs/wire.md §6): answered, with a warning."""

from __future__ import annotations

import logging
import re
import subprocess
import sys

import httpx
import pytest

from emulator import Emulator, EmulatorWarning
from emulator.apis.http.api_versions import Feature, concern
from emulator.apis.http.flavours import Flavour
from tests.support import InProcess

NONE, OLD, UNKNOWN = "did not have", "had version 1", "is none of"


@pytest.mark.parametrize(
    ("version", "flavour", "feature", "words"),
    [
        ("v1", "azure", "assistants", None),
        ("preview", "azure", "responses", None),
        ("2023-05-15", "azure", "assistants", NONE),
        ("2023-12-01-preview", "azure", "assistants", NONE),
        ("2024-02-15-preview", "azure", "assistants", OLD),
        ("2024-04-01-preview", "azure", "assistants", OLD),
        ("2024-04-01-preview", "azure", "vector_stores", NONE),
        ("2024-05-01-preview", "azure", "assistants", None),
        ("2024-05-01-preview", "azure", "vector_stores", None),
        ("2024-06-01", "azure", "assistants", NONE),
        ("2024-10-21", "azure", "assistants", NONE),
        ("2024-10-21", "azure", "vector_stores", NONE),
        ("2025-02-01-preview", "azure", "assistants", None),
        ("2025-02-01-preview", "azure", "responses", NONE),
        ("2025-03-01-preview", "azure", "responses", None),
        ("2025-04-01-preview", "azure", "assistants", None),
        ("2027-01-01-preview", "azure", "assistants", UNKNOWN),
        ("2024-07-01-preview", "foundry", "assistants", None),
        ("2025-05-15-preview", "foundry_project", "assistants", None),
        ("2025-05-01", "foundry_project", "vector_stores", None),
        ("2024-10-21", "foundry_project", "assistants", UNKNOWN),
        ("2024-10-21", "foundry_project", "responses", None),
    ],
)
def test_what_speaks_against_a_version(version: str, flavour: Flavour, feature: Feature, words: str | None) -> None:
    why = concern(version, flavour, feature)
    assert (why is None) if words is None else (why and version in why and words in why)


@pytest.mark.parametrize(
    ("path", "warned"),
    [
        ("/openai/assistants?api-version=2024-10-21", True),
        ("/openai/threads/thread_none?api-version=2024-10-21", True),
        ("/openai/vector_stores?api-version=2024-10-21", True),
        ("/openai/files?api-version=2024-10-21", False),
        ("/openai/models?api-version=2024-10-21", False),
        ("/openai/assistants?api-version=2025-04-01-preview", False),
        ("/openai/v1/assistants", False),
        ("/api/projects/p/assistants?api-version=2024-10-21", True),
        ("/v1/assistants", False),
    ],
)
def test_a_request_is_answered_and_the_warning_kept_once(
    path: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    api = InProcess()
    with caplog.at_level(logging.WARNING, "assistants_emulator"):
        statuses = {api.get(path).status for _ in range(3)}
    assert statuses <= {200, 404}
    found = api.get("/_emulator/check").json
    assert (found["ok"], found["problems"]) == (True, [])
    kept = found.get("warnings", [])
    assert [one["kind"] for one in kept] == ["api_version"] * warned
    assert [one.getMessage() for one in caplog.records] == [
        f"assistants-emulator: warning: {one['message']}" for one in kept
    ]


def test_check_warns_and_fails_nothing() -> None:
    with Emulator() as emulator:
        httpx.get(f"{emulator.url}/openai/assistants?api-version=2024-10-21", headers={"api-key": emulator.api_key})
        with pytest.warns(EmulatorWarning, match="2024-10-21 of Azure did not have the Assistants API"):
            emulator.check()
        assert [one.kind for one in emulator.warnings()] == ["api_version"]
        assert emulator.problems() == []


def test_serve_shows_the_warning_without_a_request_log() -> None:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://[^/]+", server.stdout.readline())
        assert found is not None
        url = f"{found[0]}/openai/assistants?api-version=2023-05-15"
        assert httpx.get(url, headers={"api-key": "k"}).status_code == 200
        server.terminate()
        _, errors = server.communicate(timeout=30)
    assert errors.count("warning: api-version 2023-05-15 of Azure did not have the Assistants API") == 1
