"""Loads once what inner tests use: pytest in pytest forgets what it has imported, and would load it for each anew."""

from __future__ import annotations

import asyncio
import importlib
import warnings

import pytest

from emulator import Emulator


@pytest.fixture(scope="session", autouse=True)
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    for module in ("hooks", "own_emulator", "parity", "summary"):
        importlib.import_module(f"emulator.testing.{module}")
    importlib.import_module("yaml")  # its parser in C keeps the classes of the first import, and would match no others
    with Emulator({"turns": [{"steps": [{"say": "{{ message }}"}]}]}) as running:
        _ask(running.base_url)
        asyncio.run(_ask_async(running.base_url))
        running.state()
        scenario = tmp_path_factory.mktemp("loaded") / "scenario.yaml"
        scenario.write_text("turns: [{steps: [{say: Hi}]}]")
        running.load(scenario)
        running.report()


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inner tests are not those of the worker that runs the outer ones."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


def _ask(url: str) -> None:
    from openai import OpenAI

    with warnings.catch_warnings(), OpenAI(base_url=url, api_key="sk-test") as client:
        warnings.simplefilter("ignore", DeprecationWarning)
        assistant = client.beta.assistants.create(model="gpt-4o")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        client.beta.threads.messages.list(thread.id)


async def _ask_async(url: str) -> None:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key="sk-test") as client:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            await client.beta.threads.create()
