"""The Python SDK's real clients, in three major versions, over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.sdk.expected import RESULTS
from tests.sdk.install import HOW, PYTHON_SDKS, is_installed, python_of
from tests.sdk.polls import looks_of_helpers
from tests.sdk.python_client.play import play
from tests.sdk.scenarios import OF_THE_PATTERNS

HERE = Path(__file__).parent
CLIENTS = ("sync", "async", "azure", "async azure")
VERSIONS = ["newest", *(pytest.param(sdk, marks=pytest.mark.clients) for sdk in PYTHON_SDKS)]


@dataclass
class Played:
    """What the client program found, and what the emulator saw of it."""

    found: dict[str, Any]
    looks_at_runs: list[list[str]]
    looks_at_batches: list[list[str]]
    bases: set[str]


@pytest.fixture(scope="module", params=VERSIONS)
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    with Emulator(*OF_THE_PATTERNS) as emulator:
        found = play_here(emulator) if request.param == "newest" else play_with(request.param, emulator)
        emulator.check()
        batches = looks_of_helpers(emulator, "get_vector_store_file_batch")
        bases = {request.path.split("/")[1] for request in emulator.requests()}
        yield Played(found, [*looks_of_helpers(emulator).values()], [*batches.values()], bases)


def play_here(emulator: Emulator, *, strict: bool = False) -> dict[str, Any]:
    """In this process, so that a warning of the SDK's is an error."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in emulator.environ.items():
            environment.setenv(name, value)
        return asyncio.run(play(strict=strict))


def play_with(sdk: str, emulator: Emulator) -> dict[str, Any]:
    """In an environment that has another version of the SDK, and nothing of ours."""
    if not is_installed(sdk):
        pytest.skip(f"{sdk} is {HOW}")
    command = [str(python_of(sdk)), "-W", "error", "-W", "ignore::DeprecationWarning", "-m", "python_client"]
    environment = {**os.environ, **emulator.environ}
    run = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("pattern", RESULTS)
def test_every_version_and_all_clients_find_the_same(played: Played, client: str, pattern: str) -> None:
    assert played.found[client]["results"][pattern] == RESULTS[pattern]


def test_no_pattern_is_left_out(played: Played) -> None:
    assert played.found.keys() == {*CLIENTS}
    assert all(played.found[client]["results"].keys() == RESULTS.keys() for client in CLIENTS)


def test_azures_clients_ask_azures_addresses(played: Played) -> None:
    assert played.bases == {"v1", "openai"}


def test_polling_helpers_poll_no_more_than_twice_before_a_run_rests(played: Played) -> None:
    straight, cancelled = ["in_progress", "completed"], ["cancelled"]
    with_functions = ["in_progress", "requires_action", "in_progress", "completed"]
    seen = played.looks_at_runs

    assert [seen.count(statuses) for statuses in (straight, cancelled, with_functions)] == [
        times * len(CLIENTS) for times in (7, 1, 2)
    ]
    assert len(seen) == 10 * len(CLIENTS)


def test_polling_helpers_poll_a_batch_until_its_files_are_indexed(played: Played) -> None:
    assert played.looks_at_batches == [["in_progress"] * 3 + ["completed"]] * len(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS)
def test_polling_helpers_do_not_sleep(played: Played, client: str) -> None:
    """Without ``openai-poll-after-ms`` each would sleep a second at least."""
    seconds = played.found[client]["seconds"]

    assert {name: len(taken) for name, taken in seconds.items()} == {
        "create_and_poll": 1,
        "create_and_run_poll": 1,
        "functions_polled": 2,
        "rag": 1,
    }
    assert max(max(taken) for taken in seconds.values()) < 1


def test_in_spec_shape_every_answer_fits_the_types_of_the_sdk() -> None:
    with Emulator(*OF_THE_PATTERNS, shapes="spec") as emulator:
        found = play_here(emulator, strict=True)

    assert all(found[client]["results"] == RESULTS for client in CLIENTS)
