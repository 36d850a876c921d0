"""The Python SDK's real clients on the Responses API, in three major versions, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from openai import OpenAI

from emulator import Emulator
from tests.sdk.expected import GREETING
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


def test_the_newest_client_counts_tokens_and_compacts() -> None:
    with Emulator(SCENARIO) as emulator, OpenAI(base_url=emulator.base_url, api_key="sk-test") as client:
        counted = client.responses.input_tokens.count(model="gpt-4o", input="Hello")
        compacted = client.responses.compact(model="gpt-4o", input="Hello")
        history: Any = [
            *(item.to_dict(warnings=False) for item in compacted.output),
            {"role": "user", "content": "Hi!"},
        ]
        response = client.responses.create(model="gpt-4o", input=history)

    assert counted.input_tokens == 2
    assert [item.type for item in compacted.output] == ["message", "compaction"]
    assert response.output_text == GREETING


@pytest.mark.parametrize("shapes", ["wire", "spec"])
def test_every_response_fits_the_types_of_the_sdk(shapes: Literal["wire", "spec"]) -> None:
    with Emulator(SCENARIO, shapes=shapes) as emulator:
        strictly = play_here("responses", emulator, strict=True)

    assert all(strictly[client]["results"] == RESULTS for client in CLIENTS)
