"""Every published operation, asked for by the real SDK over a socket."""

from __future__ import annotations

import pytest
from openai import AzureOpenAI, OpenAI

from emulator import Emulator
from tests.conformance.all_operations import OPERATIONS, SCENARIO, Tour
from tests.conformance.test_spec import published
from tests.support import needs_shared


@needs_shared
def test_the_tour_has_every_published_operation_and_no_other() -> None:
    assert OPERATIONS.keys() == set(published().values())
    assert len(OPERATIONS) == 51


def play(emulator: Emulator, client: OpenAI) -> None:
    """The whole tour; each of its methods asks for what it is called after."""
    tour = Tour(client)
    for operation, ask in OPERATIONS.items():
        before = len(emulator.requests(operation))
        ask(tour)
        assert len(emulator.requests(operation)) > before, operation
    emulator.check()


@pytest.mark.parametrize(("shapes", "strict"), [("wire", False), ("spec", True)])
def test_the_sdk_sends_every_operation(shapes: str, strict: bool) -> None:
    """``spec`` answers fit the SDK's own types exactly."""
    with (
        Emulator(SCENARIO, shapes=shapes) as emulator,  # type: ignore[arg-type]
        OpenAI(base_url=emulator.base_url, api_key="sk", _strict_response_validation=strict) as client,
    ):
        play(emulator, client)


@pytest.mark.parametrize("shapes", ["wire", "spec"])
def test_the_azure_client_parses_every_operation(shapes: str) -> None:
    with (
        Emulator(SCENARIO, shapes=shapes) as emulator,  # type: ignore[arg-type]
        AzureOpenAI(azure_endpoint=emulator.url, api_version="2025-04-01-preview", api_key="sk") as client,
    ):
        play(emulator, client)


@pytest.mark.parametrize("version", ["v1", "2025-05-15-preview"])
def test_a_client_of_foundry_parses_every_operation(version: str) -> None:
    """A base of its own, a bearer token and a version in the query; the SDK's beta header does no harm."""
    with (
        Emulator(SCENARIO) as emulator,
        OpenAI(
            base_url=f"{emulator.url}/api/projects/p", api_key="token", default_query={"api-version": version}
        ) as client,
    ):
        play(emulator, client)
