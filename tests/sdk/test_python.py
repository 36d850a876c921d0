"""The Python SDK's real clients, in three major versions, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from emulator import Emulator
from tests.sdk.expected import RESULTS
from tests.sdk.playing import CLIENTS, VERSIONS, play_here, play_with
from tests.sdk.polls import polls_of_helpers
from tests.sdk.scenarios import OF_THE_PATTERNS


@dataclass
class Played:
    """What the client program found, and what the emulator saw of it."""

    found: dict[str, Any]
    polls_of_runs: list[list[str]]
    polls_of_batches: list[list[str]]
    bases: set[str]


@pytest.fixture(scope="module", params=VERSIONS)
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    with Emulator(*OF_THE_PATTERNS) as emulator:
        found = play_with(request.param, "assistants", emulator)
        emulator.check()
        batches = polls_of_helpers(emulator, "get_vector_store_file_batch")
        bases = {request.path.split("/")[1] for request in emulator.requests()}
        yield Played(found, [*polls_of_helpers(emulator).values()], [*batches.values()], bases)


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
    seen = played.polls_of_runs

    assert [seen.count(statuses) for statuses in (straight, cancelled, with_functions)] == [
        times * len(CLIENTS) for times in (7, 1, 2)
    ]
    assert len(seen) == 10 * len(CLIENTS)


def test_polling_helpers_poll_a_batch_until_its_files_are_indexed(played: Played) -> None:
    assert played.polls_of_batches == [["in_progress"] * 3 + ["completed"]] * len(CLIENTS)


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
        found = play_here("assistants", emulator, strict=True)

    assert all(found[client]["results"] == RESULTS for client in CLIENTS)
