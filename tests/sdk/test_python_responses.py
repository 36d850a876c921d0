"""The Python SDK's real clients on the Responses API, in three major versions, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from emulator import Emulator
from tests.sdk.expected_responses import RESULTS
from tests.sdk.playing import CLIENTS, VERSIONS, play_here, play_with

SCENARIO = Path(__file__).parent / "responses.yaml"


@pytest.fixture(scope="module", params=VERSIONS)
def found(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    with Emulator(SCENARIO) as emulator:
        yield play_with(request.param, "responses", emulator)
        emulator.check()
        assert {request.path.split("/")[1] for request in emulator.requests()} == {"v1", "openai"}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("pattern", RESULTS)
def test_every_version_and_all_clients_find_the_same(found: dict[str, Any], client: str, pattern: str) -> None:
    assert found[client]["results"][pattern] == RESULTS[pattern]


def test_no_pattern_is_left_out(found: dict[str, Any]) -> None:
    assert found.keys() == {*CLIENTS}
    assert all(found[client]["results"].keys() == RESULTS.keys() for client in CLIENTS)


@pytest.mark.parametrize("shapes", ["wire", "spec"])
def test_every_response_fits_the_types_of_the_sdk(shapes: Literal["wire", "spec"]) -> None:
    with Emulator(SCENARIO, shapes=shapes) as emulator:
        strictly = play_here("responses", emulator, strict=True)

    assert all(strictly[client]["results"] == RESULTS for client in CLIENTS)
